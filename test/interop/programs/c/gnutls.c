/* Judges certificates by GnuTLS in a handshake; see cases.h. */
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include "cases.h"

static void shake_hands(struct test_case *one, gnutls_certificate_credentials_t credentials, int fd) {
  gnutls_session_t session;
  gnutls_typed_vdata_st expected[2];
  unsigned count = 0;
  int result;
  gnutls_init(&session, one->is_server ? GNUTLS_SERVER : GNUTLS_CLIENT);
  gnutls_set_default_priority(session);
  gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials);
  memset(expected, 0, sizeof expected);
  /* Without the purpose GnuTLS does not look at the extended key usage. */
  expected[count].type = GNUTLS_DT_KEY_PURPOSE_OID;
  expected[count++].data = (void *)(one->is_server ? GNUTLS_KP_TLS_WWW_CLIENT : GNUTLS_KP_TLS_WWW_SERVER);
  if (one->is_server) {
    gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUIRE);
  } else {
    struct in_addr address;
    expected[count].type = GNUTLS_DT_DNS_HOSTNAME;
    expected[count++].data = (void *)one->host;
    if (inet_pton(AF_INET, one->host, &address) != 1) {
      gnutls_server_name_set(session, GNUTLS_NAME_DNS, one->host, strlen(one->host));
    }
  }
  gnutls_session_set_verify_cert2(session, expected, count, 0);
  gnutls_transport_set_int(session, fd);
  gnutls_handshake_set_timeout(session, 10000);
  do {
    result = gnutls_handshake(session);
  } while (result < 0 && gnutls_error_is_fatal(result) == 0);
  if (result < 0) {
    unsigned status = gnutls_session_get_verify_cert_status(session);
    gnutls_datum_t text;
    refuse("%s", gnutls_strerror(result));
    if (result == GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR &&
        gnutls_certificate_verification_status_print(status, GNUTLS_CRT_X509, &text, 0) == 0) {
      refuse("%s", (char *)text.data);
      gnutls_free(text.data);
    }
  } else {
    gnutls_bye(session, GNUTLS_SHUT_WR);
  }
  gnutls_deinit(session);
}

static void judge(struct test_case *one) {
  gnutls_certificate_credentials_t credentials;
  int result;
  gnutls_certificate_allocate_credentials(&credentials);
  result = gnutls_certificate_set_x509_trust_file(credentials, one->roots, GNUTLS_X509_FMT_PEM);
  if (result < 1) {
    refuse("roots: %s", gnutls_strerror(result));
  }
  if (one->chain[0] != 0) {
    result = gnutls_certificate_set_x509_key_file(credentials, one->chain, one->key, GNUTLS_X509_FMT_PEM);
    if (result < 0) {
      refuse("own certificate: %s", gnutls_strerror(result));
    }
  }
  if (reason[0] == 0) {
    int fd = connect_to(one->port);
    if (fd >= 0) {
      shake_hands(one, credentials, fd);
      hang_up(fd);
    }
  }
  gnutls_certificate_free_credentials(credentials);
}

int main(void) {
  char version[64];
  snprintf(version, sizeof version, "GnuTLS %s", gnutls_check_version(NULL));
  return judge_all(version, judge);
}

/* Judges certificates by wolfSSL in a handshake; see cases.h. */
#include <wolfssl/options.h>
#include <wolfssl/ssl.h>
#include "cases.h"

static void failed(const char *what, int code) {
  char text[WOLFSSL_MAX_ERROR_SZ];
  wolfSSL_ERR_error_string((unsigned long)code, text);
  refuse("%s: %d %s", what, code, text);
}

/* The handshake's error is that of the leaf; what was wrong above it is told here only. */
static int note(int verified, WOLFSSL_X509_STORE_CTX *store) {
  if (!verified) {
    failed("certificate", store->error);
  }
  return verified;
}

static void shake_hands(struct test_case *one, WOLFSSL_CTX *context, int fd) {
  WOLFSSL *ssl = wolfSSL_new(context);
  wolfSSL_set_fd(ssl, fd);
  if (!one->is_server) {
    struct in_addr address;
    wolfSSL_check_domain_name(ssl, one->host);
    if (inet_pton(AF_INET, one->host, &address) != 1) {
      wolfSSL_UseSNI(ssl, WOLFSSL_SNI_HOST_NAME, one->host, (unsigned short)strlen(one->host));
    }
  }
  if ((one->is_server ? wolfSSL_accept(ssl) : wolfSSL_connect(ssl)) != WOLFSSL_SUCCESS) {
    failed("handshake", wolfSSL_get_error(ssl, 0));
  } else {
    wolfSSL_shutdown(ssl);
  }
  wolfSSL_free(ssl);
}

static void judge(struct test_case *one) {
  WOLFSSL_CTX *context = wolfSSL_CTX_new(one->is_server ? wolfSSLv23_server_method() : wolfSSLv23_client_method());
  char *text;
  int result;
  /* Debian's build verifies nothing until it is told to. */
  wolfSSL_CTX_set_verify(context, WOLFSSL_VERIFY_PEER | WOLFSSL_VERIFY_FAIL_IF_NO_PEER_CERT, note);
  /* From memory, since reading a file turns every error into 0. */
  text = read_text(one->roots);
  result = text == NULL ? 0
                        : wolfSSL_CTX_load_verify_buffer(context, (unsigned char *)text, (long)strlen(text),
                                                         WOLFSSL_FILETYPE_PEM);
  if (result != WOLFSSL_SUCCESS) {
    failed("roots", result);
  }
  if (one->chain[0] != 0) {
    result = wolfSSL_CTX_use_certificate_chain_file(context, one->chain);
    if (result != WOLFSSL_SUCCESS) {
      failed("own chain", result);
    }
    result = wolfSSL_CTX_use_PrivateKey_file(context, one->key, WOLFSSL_FILETYPE_PEM);
    if (result != WOLFSSL_SUCCESS) {
      failed("own key", result);
    }
  }
  if (reason[0] == 0) {
    int fd = connect_to(one->port);
    if (fd >= 0) {
      shake_hands(one, context, fd);
      hang_up(fd);
    }
  }
  wolfSSL_CTX_free(context);
}

int main(void) {
  char version[64];
  wolfSSL_Init();
  snprintf(version, sizeof version, "wolfSSL %s", wolfSSL_lib_version());
  return judge_all(version, judge);
}

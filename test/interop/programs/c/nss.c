/* Judges certificates by NSS in a handshake; see cases.h. Nothing is kept in a database. */
#include <nspr.h>
#include <private/pprio.h>
#include <nss.h>
#include <nssb64.h>
#include <cert.h>
#include <certdb.h>
#include <keyhi.h>
#include <pk11pub.h>
#include <secerr.h>
#include <ssl.h>
#include <sslproto.h>
#include "cases.h"

#define MOST 8

struct list {
  CERTCertificate *items[MOST];
  int count;
};

static void failed(const char *what) {
  PRErrorCode code = PR_GetError();
  const char *name = PR_ErrorToName(code);
  refuse("%s: %s %s", what, name == NULL ? "?" : name, PR_ErrorToString(code, PR_LANGUAGE_I_DEFAULT));
}

/* The next block between BEGIN and END as DER; NULL at the end of the text. */
static SECItem *next_block(char **text) {
  char *start = strstr(*text, "-----BEGIN ");
  char *body = start == NULL ? NULL : strchr(start, '\n');
  char *end = body == NULL ? NULL : strstr(body, "-----END ");
  if (end == NULL) {
    return NULL;
  }
  *text = end + 1;
  return NSSBase64_DecodeBuffer(NULL, NULL, body + 1, (unsigned)(end - body - 1));
}

static void read_certificates(struct list *list, const char *file, const char *what) {
  char *text = read_text(file);
  SECItem *der;
  list->count = 0;
  while (text != NULL && list->count < MOST && (der = next_block(&text)) != NULL) {
    CERTCertificate *certificate =
        CERT_NewTempCertificate(CERT_GetDefaultCertDB(), der, NULL, PR_FALSE, PR_TRUE);
    SECITEM_FreeItem(der, PR_TRUE);
    if (certificate == NULL) {
      failed(what);
      return;
    }
    list->items[list->count++] = certificate;
  }
}

static void set_trust(struct list *roots, const char *flags) {
  CERTCertTrust trust;
  int index;
  memset(&trust, 0, sizeof trust);
  CERT_DecodeTrustString(&trust, flags);
  for (index = 0; index < roots->count; index++) {
    if (CERT_ChangeCertTrust(CERT_GetDefaultCertDB(), roots->items[index], &trust) != SECSuccess) {
      failed("trust");
    }
  }
}

static SECKEYPrivateKey *read_key(const char *file) {
  char *text = read_text(file);
  SECItem *der = text == NULL ? NULL : next_block(&text);
  SECKEYPrivateKey *key = NULL;
  PK11SlotInfo *slot = PK11_GetInternalKeySlot();
  if (der == NULL || PK11_ImportDERPrivateKeyInfoAndReturnKey(slot, der, NULL, NULL, PR_FALSE, PR_FALSE, KU_ALL,
                                                              &key, NULL) != SECSuccess) {
    failed("own key");
  }
  if (der != NULL) {
    SECITEM_ZfreeItem(der, PR_TRUE);
  }
  PK11_FreeSlot(slot);
  return key;
}

static CERTCertificate *own_certificate;
static SECKEYPrivateKey *own_key;

static SECStatus present(void *unused, PRFileDesc *fd, CERTDistNames *names, CERTCertificate **certificate,
                         SECKEYPrivateKey **key) {
  *certificate = CERT_DupCertificate(own_certificate);
  *key = SECKEY_CopyPrivateKey(own_key);
  return SECSuccess;
}

static void shake_hands(struct test_case *one, int fd) {
  PRFileDesc *socket = SSL_ImportFD(NULL, PR_ImportTCPSocket(fd));
  SSL_OptionSet(socket, SSL_SECURITY, PR_TRUE);
  SSL_OptionSet(socket, SSL_NO_CACHE, PR_TRUE);
  SSL_OptionSet(socket, one->is_server ? SSL_HANDSHAKE_AS_SERVER : SSL_HANDSHAKE_AS_CLIENT, PR_TRUE);
  if (one->is_server) {
    SSL_OptionSet(socket, SSL_REQUEST_CERTIFICATE, PR_TRUE);
    SSL_OptionSet(socket, SSL_REQUIRE_CERTIFICATE, SSL_REQUIRE_ALWAYS);
    if (SSL_ConfigServerCert(socket, own_certificate, own_key, NULL, 0) != SECSuccess) {
      failed("own certificate");
    }
  } else {
    SSL_SetURL(socket, one->host);
    if (own_certificate != NULL) {
      SSL_GetClientAuthDataHook(socket, present, NULL);
    }
  }
  SSL_ResetHandshake(socket, one->is_server);
  if (reason[0] == 0 && SSL_ForceHandshakeWithTimeout(socket, PR_SecondsToInterval(10)) != SECSuccess) {
    failed("handshake");
  }
  hang_up(dup(fd));
  PR_Close(socket);
}

static void judge(struct test_case *one) {
  struct list roots, chain = {{NULL}, 0};
  int index;
  read_certificates(&roots, one->roots, "roots");
  own_certificate = NULL;
  own_key = NULL;
  if (one->chain[0] != 0) {
    read_certificates(&chain, one->chain, "own chain");
    own_certificate = chain.items[0];
    own_key = read_key(one->key);
  }
  /* C: signs servers' certificates; T: signs clients'. */
  set_trust(&roots, one->is_server ? "T,," : "C,,");
  if (reason[0] == 0) {
    int fd = connect_to(one->port);
    if (fd >= 0) {
      shake_hands(one, fd);
    }
  }
  set_trust(&roots, ",,");
  if (own_key != NULL) {
    SECKEY_DestroyPrivateKey(own_key);
  }
  for (index = 0; index < chain.count; index++) {
    CERT_DestroyCertificate(chain.items[index]);
  }
  for (index = 0; index < roots.count; index++) {
    CERT_DestroyCertificate(roots.items[index]);
  }
  SSL_ClearSessionCache();
}

int main(void) {
  char version[64];
  PR_Init(PR_USER_THREAD, PR_PRIORITY_NORMAL, 0);
  if (NSS_NoDB_Init(NULL) != SECSuccess) {
    fprintf(stderr, "NSS does not start: %s\n", PR_ErrorToName(PR_GetError()));
    return 1;
  }
  NSS_SetDomesticPolicy();
  SSL_ConfigServerSessionIDCache(0, 0, 0, NULL);
  snprintf(version, sizeof version, "NSS %s", NSS_GetVersion());
  return judge_all(version, judge);
}

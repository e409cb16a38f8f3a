/* Judges certificates by Mbed TLS in a handshake; see cases.h. Reads 2.28 and 3. */
#include <mbedtls/version.h>
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/error.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
#include <psa/crypto.h>
#endif
#include "cases.h"

static mbedtls_entropy_context entropy;
static mbedtls_ctr_drbg_context generator;

static int failed(const char *what, int result) {
  char text[256];
  mbedtls_strerror(result, text, sizeof text);
  refuse("%s: -0x%04x %s", what, (unsigned)-result, text);
  return 0;
}

/* A positive result is the number of certificates it could not read: they are dropped without a word. */
static int read_certificates(mbedtls_x509_crt *list, const char *file, const char *what) {
  int result = mbedtls_x509_crt_parse_file(list, file);
  return result < 0   ? failed(what, result)
         : result > 0 ? refuse("%s: %d certificate(s) not read", what, result)
                      : 1;
}

static int read_key(mbedtls_pk_context *key, const char *file) {
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
  int result = mbedtls_pk_parse_keyfile(key, file, NULL, mbedtls_ctr_drbg_random, &generator);
#else
  int result = mbedtls_pk_parse_keyfile(key, file, NULL);
#endif
  return result != 0 ? failed("own key", result) : 1;
}

static void shake_hands(struct test_case *one, mbedtls_ssl_config *config) {
  mbedtls_ssl_context ssl;
  mbedtls_net_context net;
  int result;
  mbedtls_net_init(&net);
  net.fd = connect_to(one->port);
  if (net.fd < 0) {
    return;
  }
  mbedtls_ssl_init(&ssl);
  result = mbedtls_ssl_setup(&ssl, config);
  if (result == 0 && !one->is_server) {
    result = mbedtls_ssl_set_hostname(&ssl, one->host);
  }
  if (result != 0) {
    failed("setup", result);
  } else {
    mbedtls_ssl_set_bio(&ssl, &net, mbedtls_net_send, mbedtls_net_recv, NULL);
    do {
      result = mbedtls_ssl_handshake(&ssl);
    } while (result == MBEDTLS_ERR_SSL_WANT_READ || result == MBEDTLS_ERR_SSL_WANT_WRITE);
    if (result != 0) {
      char text[1024] = "";
      uint32_t flags = mbedtls_ssl_get_verify_result(&ssl);
      failed("handshake", result);
      if (flags != 0 && flags != (uint32_t)-1) {
        mbedtls_x509_crt_verify_info(text, sizeof text, "", flags);
        refuse("%s", text);
      }
    } else {
      mbedtls_ssl_close_notify(&ssl);
    }
  }
  mbedtls_ssl_free(&ssl);
  hang_up(net.fd);
}

static void judge(struct test_case *one) {
  mbedtls_ssl_config config;
  mbedtls_x509_crt roots, chain;
  mbedtls_pk_context key;
  int ready;
  mbedtls_ssl_config_init(&config);
  mbedtls_x509_crt_init(&roots);
  mbedtls_x509_crt_init(&chain);
  mbedtls_pk_init(&key);
  ready = read_certificates(&roots, one->roots, "roots");
  if (ready && one->chain[0] != 0) {
    ready = read_certificates(&chain, one->chain, "own chain") && read_key(&key, one->key);
  }
  if (ready) {
    mbedtls_ssl_config_defaults(&config, one->is_server ? MBEDTLS_SSL_IS_SERVER : MBEDTLS_SSL_IS_CLIENT,
                                MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT);
    mbedtls_ssl_conf_authmode(&config, MBEDTLS_SSL_VERIFY_REQUIRED);
    mbedtls_ssl_conf_ca_chain(&config, &roots, NULL);
    mbedtls_ssl_conf_rng(&config, mbedtls_ctr_drbg_random, &generator);
    if (one->chain[0] != 0) {
      mbedtls_ssl_conf_own_cert(&config, &chain, &key);
    }
    shake_hands(one, &config);
  }
  mbedtls_pk_free(&key);
  mbedtls_x509_crt_free(&chain);
  mbedtls_x509_crt_free(&roots);
  mbedtls_ssl_config_free(&config);
}

int main(void) {
  char version[64];
  mbedtls_entropy_init(&entropy);
  mbedtls_ctr_drbg_init(&generator);
  mbedtls_ctr_drbg_seed(&generator, mbedtls_entropy_func, &entropy, NULL, 0);
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
  psa_crypto_init();
#endif
  mbedtls_version_get_string_full(version);
  return judge_all(version, judge);
}

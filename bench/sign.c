/* sign.c - signatures in C: `sign ours` is tph_sigv4_sign() of a request as RDS gets them, `sign
 * bare` only what OpenSSL must do for the same signature: two digests (body, canonical request)
 * and five HMACs (four derive the key, one signs). Prints the seconds of one. */
#include "clock.h"
#include "trapheus/sigv4.h"
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BODY "Action=DescribeDBInstances&Version=2014-10-31&DBInstanceIdentifier=orders-1"
#define SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

static void must(int fine) {
    if (!fine) abort();
}

static void ours(void) {
    const struct tph_header headers[] = {
        {TPH_STR("host"), TPH_STR("rds.eu-west-1.amazonaws.com")},
        {TPH_STR("content-type"), TPH_STR("application/x-www-form-urlencoded; charset=utf-8")},
        {TPH_STR("user-agent"), TPH_STR("trapheus/0.1.0")},
    };
    const struct tph_credentials credentials = {
        .access_key_id = TPH_STR("AKIDEXAMPLE"),
        .secret_access_key = TPH_STR(SECRET),
    };
    const struct tph_sigv4_request request = {
        .method = TPH_STR("POST"),
        .path = TPH_STR("/"),
        .body = TPH_STR(BODY),
        .headers = headers,
        .header_count = sizeof headers / sizeof *headers,
    };
    const struct tph_sigv4_identity identity = {
        .credentials = &credentials,
        .region = TPH_STR("eu-west-1"),
        .service = TPH_STR("rds"),
        .time_s = 1440938160,
    };
    struct tph_buf lines;
    tph_buf_init(&lines, TPH_SIGV4_MAX_BYTES);
    must(tph_sigv4_sign(&request, &identity, &lines) == TPH_OK);
    tph_buf_deinit(&lines);
}

static EVP_MAC_CTX *new_hmac(void) {
    const OSSL_PARAM digest[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, "SHA256", 0),
        OSSL_PARAM_construct_end(),
    };
    EVP_MAC_CTX *hmac = EVP_MAC_CTX_new(EVP_MAC_fetch(NULL, OSSL_MAC_NAME_HMAC, NULL));
    must(hmac && EVP_MAC_CTX_set_params(hmac, digest));
    return hmac;
}

static void chain(EVP_MAC_CTX *hmac, const void *seed, size_t seed_bytes, size_t text_bytes,
                  unsigned char key[32]) {
    static const unsigned char text[512];
    must(EVP_MAC_init(hmac, seed, seed_bytes, NULL) && EVP_MAC_update(hmac, text, text_bytes) &&
         EVP_MAC_final(hmac, key, NULL, 32));
}

/* Texts as long as those of ours; the algorithms are looked up once and for all. */
static void bare(void) {
    static EVP_MAC_CTX *hmac;
    static EVP_MD *sha256;
    static const size_t digested_bytes[] = {sizeof BODY - 1, 266};
    static const size_t links_bytes[] = {9, 3, 12, 130}; /* region, service, aws4_request, text */
    static const unsigned char text[512];
    unsigned char key[32];
    if (!hmac) hmac = new_hmac();
    if (!sha256) sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    for (size_t i = 0; i < 2; i++)
        must(EVP_Digest(text, digested_bytes[i], key, NULL, sha256, NULL));
    chain(hmac, "AWS4" SECRET, sizeof "AWS4" SECRET - 1, 8, key);
    for (size_t i = 0; i < 4; i++) chain(hmac, key, sizeof key, links_bytes[i], key);
}

int main(int argc, char **argv) {
    if (argc != 2) return 2;
    printf("%.9g\n", seconds_of(strcmp(argv[1], "ours") == 0 ? ours : bare));
    return 0;
}

#include "sha256.h"
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

enum { block_bytes = 64 };

enum tph_status tph_sha256_init(struct tph_sha256 *sha256) {
    sha256->algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
    sha256->context = EVP_MD_CTX_new();
    return sha256->algorithm && sha256->context ? TPH_OK : TPH_ENOMEM;
}

void tph_sha256_deinit(struct tph_sha256 *sha256) {
    EVP_MD_CTX_free(sha256->context);
    EVP_MD_free(sha256->algorithm);
    *sha256 = (struct tph_sha256){.context = NULL};
}

/* The digest of one text after the other. */
static enum tph_status digest(struct tph_sha256 *sha256, struct tph_str first,
                              struct tph_str second, unsigned char *hash) {
    EVP_MD_CTX *context = sha256->context;
    bool made = EVP_DigestInit_ex(context, sha256->algorithm, NULL) &&
                EVP_DigestUpdate(context, first.data, first.length_bytes) &&
                EVP_DigestUpdate(context, second.data, second.length_bytes) &&
                EVP_DigestFinal_ex(context, hash, NULL);
    return made ? TPH_OK : TPH_ENOMEM;
}

enum tph_status tph_sha256_digest(struct tph_sha256 *sha256, struct tph_str text,
                                  unsigned char hash[tph_sha256_bytes]) {
    return digest(sha256, text, TPH_STR(""), hash);
}

/* RFC 2104: H(K ^ opad, H(K ^ ipad, text)), where K is the key, or its hash if it is longer than
 * a block. */
enum tph_status tph_sha256_hmac(struct tph_sha256 *sha256, struct tph_str key, struct tph_str text,
                                unsigned char mac[tph_sha256_bytes]) {
    unsigned char pad[block_bytes] = {0}, inner[tph_sha256_bytes];
    const struct tph_str padded = {(const char *)pad, sizeof pad};
    enum tph_status status = TPH_OK;
    if (key.length_bytes > sizeof pad)
        status = tph_sha256_digest(sha256, key, pad);
    else if (key.length_bytes)
        memcpy(pad, key.data, key.length_bytes);
    for (size_t i = 0; i < sizeof pad; i++) pad[i] ^= 0x36;
    if (status == TPH_OK) status = digest(sha256, padded, text, inner);
    for (size_t i = 0; i < sizeof pad; i++) pad[i] ^= 0x36 ^ 0x5c;
    if (status == TPH_OK)
        status = digest(sha256, padded, (struct tph_str){(const char *)inner, sizeof inner}, mac);
    OPENSSL_cleanse(pad, sizeof pad);
    OPENSSL_cleanse(inner, sizeof inner);
    return status;
}

/* sha256.h - private to the signer: SHA-256 and HMAC-SHA-256, many times over.
 *
 * OpenSSL's look-up of an algorithm takes longer than hashing a line does, so that a signature,
 * which hashes a dozen, looks it up once. */
#ifndef TRAPHEUS_SHA256_H
#define TRAPHEUS_SHA256_H

#include "trapheus/buf.h"
#include <openssl/types.h>

enum { tph_sha256_bytes = 32 };

struct tph_sha256 {
    EVP_MD *algorithm;
    EVP_MD_CTX *context;
};

/* TPH_ENOMEM, here and below: no memory in OpenSSL. */
enum tph_status tph_sha256_init(struct tph_sha256 *);
void tph_sha256_deinit(struct tph_sha256 *); /* wipes what it saw; safe after a failed init */

enum tph_status tph_sha256_digest(struct tph_sha256 *, struct tph_str text,
                                  unsigned char hash[tph_sha256_bytes]);

/* The HMAC of `text` under `key`; `mac` may be where the key lies. */
enum tph_status tph_sha256_hmac(struct tph_sha256 *, struct tph_str key, struct tph_str text,
                                unsigned char mac[tph_sha256_bytes]);

#endif

/* credentials.h - an AWS key, kept where it can be wiped. */
#ifndef TRAPHEUS_CREDENTIALS_H
#define TRAPHEUS_CREDENTIALS_H

#include "trapheus/buf.h"
#include <stdint.h>

/* A signing key and what it was derived for: a day, a Region and a service, one text after the
 * other. No padding, so that the scopes of two can be compared as bytes. */
struct tph_signing_key {
    char day[8];
    uint32_t region_bytes, service_bytes;
    char names[48];
    unsigned char key[32];
};

/* Filled by tph_credentials_init(), the views point into `block`, which it owns. A value made of
 * borrowed views alone, with no block, is valid too, for as long as the views are. */
struct tph_credentials {
    struct tph_str access_key_id, secret_access_key;
    struct tph_str session_token; /* empty unless temporary */
    int64_t expires_at_s;         /* seconds since the epoch; 0: never */
    char *block;
    size_t block_bytes;
    struct tph_signing_key *derived; /* the last one, kept where the secret is, which it is made of;
                                        NULL without a block */
};

/* Whether these can sign: neither key is empty, and no blank or control character is in what
 * will stand in a header. */
bool tph_credentials_valid(const struct tph_credentials *);

/* Copies what `source` views into memory of its own. TPH_EINVAL: not valid. TPH_ENOMEM. */
enum tph_status tph_credentials_init(struct tph_credentials *,
                                     const struct tph_credentials *source);

/* Wipes and frees the block and forgets the views. Safe to repeat, and on a zeroed struct. */
void tph_credentials_deinit(struct tph_credentials *);

#endif

/* sigv4_plan.h - private to the signer: what all stages of one signature agree on. */
#ifndef TRAPHEUS_SIGV4_PLAN_H
#define TRAPHEUS_SIGV4_PLAN_H

#include "sha256.h"
#include "trapheus/sigv4.h"

/* Views point into the request, the identity or the plan itself: it must not be copied. */
struct tph_sigv4_plan {
    const struct tph_sigv4_request *request;
    const struct tph_sigv4_identity *identity;
    struct tph_sha256 *sha256;
    char date[17]; /* "20150830T123600Z"; its first eight characters are the day */
    char body_hash[64];
    struct tph_str payload_hash;
    struct tph_header added[3]; /* to send besides the given headers, but for the authorization */
    size_t added_count;
    const struct tph_header *signed_headers[TPH_SIGV4_MAX_HEADERS + 3]; /* sorted by name */
    size_t signed_count;
};

/* Checks the arguments and decides. Errors are those of sigv4.h; nothing is allocated. The hasher
 * is borrowed. */
enum tph_status tph_sigv4_plan_init(struct tph_sigv4_plan *, const struct tph_sigv4_request *,
                                    const struct tph_sigv4_identity *, struct tph_sha256 *);

/* These append, and leave `out` longer after an error. */
enum tph_status tph_sigv4_plan_canonical(const struct tph_sigv4_plan *, struct tph_buf *out);
enum tph_status tph_sigv4_plan_names(const struct tph_sigv4_plan *, struct tph_buf *out);

#endif

/* transfer.h - how http puts a curl handle on the loop. Private to core/src. */
#ifndef TRAPHEUS_TRANSFER_H
#define TRAPHEUS_TRANSFER_H

#include "trapheus/buf.h"
#include "trapheus/loop.h"
#include "trapheus/retry.h"
#include <curl/curl.h>

/* Called once, when curl is done with the handle (TPH_OK and curl's answer) or the loop is freed
 * (TPH_ECANCELED). The handle has left the loop by then. */
typedef void tph_transfer_done(void *context, enum tph_status, CURLcode);

/* Embedded in its owner. The first three fields are the owner's to set; the rest zero. */
struct tph_transfer {
    CURL *easy; /* configured; stays the owner's. Its CURLOPT_PRIVATE is the loop's. */
    tph_transfer_done *done;
    void *context;
    struct tph_loop *loop; /* NULL unless in flight */
    struct tph_transfer *previous, *next;
};

CURL *tph_transfer_handle(struct tph_loop *); /* a new one, or NULL: out of memory */
enum tph_status tph_transfer_start(struct tph_loop *, struct tph_transfer *); /* TPH_ENOMEM */
void tph_transfer_stop(struct tph_transfer *); /* without calling back; safe when not in flight */

/* NULL: the system's certificates. */
const char *tph_loop_ca_bundle(const struct tph_loop *);

/* What the AWS calls of a loop share: the budget of their retries, and how far the service's clock
 * is from ours. */
struct tph_aws_shared {
    struct tph_retry_quota quota;
    int64_t skew_ms;
};
struct tph_aws_shared *tph_loop_aws(struct tph_loop *);

/* A random number in [0, 1), for jitter. */
double tph_random_fraction(void);

/* The connections that requests of this name share; NULL when there is no room for another name.
 * The loop owns it. */
CURLSH *tph_loop_pool(struct tph_loop *, struct tph_str name);

#endif

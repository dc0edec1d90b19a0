/* retry.h - what may be sent again, and how often. Pure.
 *
 * The standard mode of the AWS SDKs for what only reads. What changes something is sent again only
 * where the service, or the network, has certainly not begun it. */
#ifndef TRAPHEUS_RETRY_H
#define TRAPHEUS_RETRY_H

#include "trapheus/buf.h"
#include "trapheus/error.h"
#include <stdbool.h>

#define TPH_RETRY_ATTEMPTS 3
#define TPH_RETRY_BASE_MS 1000
#define TPH_RETRY_CAP_MS 20000
#define TPH_RETRY_TOKENS 500

enum tph_retry_kind {
    TPH_RETRY_NEVER,     /* the answer would be the same */
    TPH_RETRY_CLOCK,     /* refused for the time it was signed with: not begun */
    TPH_RETRY_THROTTLED, /* refused for the rate: not begun */
    TPH_RETRY_UNSENT,    /* no byte of it was sent: not begun */
    TPH_RETRY_TRANSIENT  /* may pass, but the request may have been carried out */
};

/* The kind of an error reply: its code ("Throttling") and HTTP status. */
enum tph_retry_kind tph_retry_judge_reply(struct tph_str code, int http_status);

/* The kind of an exchange that ended without a reply. */
enum tph_retry_kind tph_retry_judge_failure(enum tph_status);

/* Whether a request of this kind of failure may be sent again. */
bool tph_retry_allowed(enum tph_retry_kind, bool read_only);

/* A budget that all calls share, so that a service in trouble is not held under by retries. */
struct tph_retry_quota {
    unsigned tokens; /* begins at TPH_RETRY_TOKENS and never exceeds it */
};

/* The price of a retry after this failure (TPH_OK: after an error reply). */
unsigned tph_retry_cost(enum tph_status);

/* False, and nothing taken, when the quota cannot pay. */
bool tph_retry_take(struct tph_retry_quota *, unsigned cost);

/* A success gives back the price of its last retry, or one token if it needed none (cost 0). */
void tph_retry_refund(struct tph_retry_quota *, unsigned cost);

#endif

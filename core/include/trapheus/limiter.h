/* limiter.h - a token bucket: so many calls a second, with bursts.
 *
 * Pure: the caller says what time it is. A bucket that is left alone for long holds `burst`
 * tokens and gains `rate_per_s` of them a second until it is full again. */
#ifndef TRAPHEUS_LIMITER_H
#define TRAPHEUS_LIMITER_H

#include "trapheus/error.h"
#include <stdint.h>

/* Embedded; owns nothing. */
struct tph_limiter {
    double rate_per_s, burst;
    double tokens;   /* 0 to burst */
    int64_t last_ms; /* when `tokens` was true */
};

/* Starts with a full bucket. TPH_EINVAL: a rate that is not positive, or a burst below 1. */
enum tph_status tph_limiter_init(struct tph_limiter *, double rate_per_s, double burst,
                                 int64_t now_ms);

/* Takes a token: 0. If there is none, takes nothing and answers how many milliseconds (1 or more)
 * it is until there is one; somebody else may have it by then, so ask again. A clock that went
 * back neither adds nor costs a token, and counting goes on from there. */
int64_t tph_limiter_take(struct tph_limiter *, int64_t now_ms);

#endif

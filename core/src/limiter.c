#include "trapheus/limiter.h"
#include <math.h>
#include <stdbool.h>

/* Adding many small refills loses a little: what lacks less than this is there. */
static const double slack_tokens = 1e-9;

enum tph_status tph_limiter_init(struct tph_limiter *limiter, double rate_per_s, double burst,
                                 int64_t now_ms) {
    bool valid = isfinite(rate_per_s) && rate_per_s > 0 && isfinite(burst) && burst >= 1;
    if (!valid) return TPH_EINVAL;
    *limiter = (struct tph_limiter){rate_per_s, burst, burst, now_ms};
    return TPH_OK;
}

int64_t tph_limiter_take(struct tph_limiter *limiter, int64_t now_ms) {
    double elapsed_ms = fmax((double)now_ms - (double)limiter->last_ms, 0);
    double tokens = fmin(limiter->burst, limiter->tokens + elapsed_ms * limiter->rate_per_s / 1000);
    bool taken = tokens >= 1 - slack_tokens;
    limiter->last_ms = now_ms;
    limiter->tokens = taken ? fmax(tokens - 1, 0) : tokens;
    if (taken) return 0;
    double wait_ms = ceil((1 - tokens) * 1000 / limiter->rate_per_s - slack_tokens);
    return (int64_t)fmin(fmax(wait_ms, 1), 9e15);
}

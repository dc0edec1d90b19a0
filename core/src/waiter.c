#include "trapheus/waiter.h"
#include <math.h>

int64_t tph_waiter_delay_ms(const struct tph_waiter_phase *phase, double random) {
    double elapsed = fmax((double)phase->elapsed_ms, 0), expected = (double)phase->expected_ms;
    double min = (double)phase->min_ms, max = (double)phase->max_ms;
    double distance = expected > 0 ? fmin(elapsed, fabs(expected - elapsed)) : elapsed;
    double longest = fmin(fmax(distance / 4, min * 5 / 4), max);
    double shortest = fmax(longest * 3 / 4, min);
    double delay = shortest + fmin(fmax(random, 0), 1) * (longest - shortest);
    return (int64_t)fmin(fmax(delay, min), max);
}

static size_t count_equal(const struct tph_waiter_observation *seen, struct tph_str expected) {
    size_t count = 0;
    for (size_t i = 0; i < seen->value_count; i++)
        count += tph_str_equal(seen->values[i], expected);
    return count;
}

bool tph_waiter_matches(const struct tph_waiter_acceptor *acceptor,
                        const struct tph_waiter_observation *seen) {
    if ((acceptor->matcher == TPH_WAITER_ERROR) != (seen->error.length_bytes > 0)) return false;
    size_t equal = count_equal(seen, acceptor->expected);
    switch (acceptor->matcher) {
    case TPH_WAITER_ERROR:
        return tph_str_equal(seen->error, acceptor->expected);
    case TPH_WAITER_PATH:
        return seen->value_count == 1 && equal == 1;
    case TPH_WAITER_PATH_ALL:
        return equal > 0 && equal == seen->value_count;
    case TPH_WAITER_PATH_ANY:
        return equal > 0;
    }
    return false;
}

enum tph_waiter_verdict tph_waiter_otherwise(const struct tph_waiter_observation *seen) {
    return seen->error.length_bytes ? TPH_WAITER_FAILURE : TPH_WAITER_RETRY;
}

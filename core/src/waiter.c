#include "trapheus/waiter.h"
#include <math.h>

/* Of the second part of the hazard: changes to come of one that has just been seen, and for how
 * long they are to be expected. Without a typical length there is nothing else to go by. */
static const double succession_known = 0.1, succession_alone = 0.5, succession_ms = 30000;

static double supposed_per_s(double elapsed, double expected) {
    if (expected <= 0) return 1000 * succession_alone / (elapsed + succession_ms);
    double age = elapsed / expected, cube = age * age * age;
    return 1000 *
           (4 / expected * cube / (1 + cube * age) + succession_known / (elapsed + succession_ms));
}

double tph_waiter_changes_per_s(const struct tph_waiter_phase *phase, double elapsed_ms) {
    double supposed = supposed_per_s(fmax(elapsed_ms, 0), (double)phase->expected_ms);
    return (phase->changes + 1) / (phase->watched_s + 1 / supposed);
}

/* The distance of looks of so many changes a second, within the bounds. */
static double distance_ms(const struct tph_waiter_phase *phase, double changes_per_s) {
    double distance = sqrt(2 * phase->worth_ms * 1000 / fmax(changes_per_s, 1e-9));
    return fmin(fmax(distance, (double)phase->min_ms), (double)phase->max_ms);
}

int64_t tph_waiter_delay_ms(const struct tph_waiter_phase *phase, double random) {
    double elapsed = (double)phase->elapsed_ms, most = tph_waiter_changes_per_s(phase, elapsed);
    for (int i = 0; i < 3; i++) /* each is nearer, and has less of what is to come within it */
        most = fmax(most, tph_waiter_changes_per_s(phase, elapsed + distance_ms(phase, most)));
    double delay = distance_ms(phase, most) * (1 - fmin(fmax(1 - random, 0), 1) / 4);
    return (int64_t)fmin(fmax(delay, (double)phase->min_ms), (double)phase->max_ms);
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

#include "trapheus/waiter.h"
#include <math.h>

/* Of the second part of the hazard: changes to come of one that has just been seen, and for how
 * long they are to be expected. Without a typical length there is nothing else to go by. */
static const double succession_known = 0.1, succession_alone = 0.5, succession_ms = 30000;

/* How often what is recorded is not to be relied on. */
static const double misleading = 0.05;

/* The standard deviation of a logistic distribution of scale 1. */
static const double logistic_deviation = 1.8137993642342178; /* pi / sqrt(3) */

static double typical_per_s(double elapsed, double expected) {
    if (expected <= 0) return 1000 * succession_alone / (elapsed + succession_ms);
    double age = elapsed / expected, cube = age * age * age;
    return 1000 *
           (4 / expected * cube / (1 + cube * age) + succession_known / (elapsed + succession_ms));
}

/* How much of a typical phase is left by then: the chance that it lasts longer. */
static double typical_left(double elapsed, double expected) {
    return expected > 0 ? 1 / (1 + pow(elapsed / expected, 4)) : 1;
}

static double supposed_per_s(const struct tph_waiter_phase *phase, double elapsed) {
    double expected = (double)phase->expected_ms, typical = typical_per_s(elapsed, expected);
    if (!(phase->spread_ms > 0)) return typical;
    double scale = phase->spread_ms / logistic_deviation;
    double over = 1 / (1 + exp(((double)phase->due_ms - elapsed) / scale));
    double known = (1 - misleading) * (1 - over),
           other = misleading * typical_left(elapsed, expected);
    return (known * 1000 / scale * over + other * typical) / (known + other);
}

double tph_waiter_changes_per_s(const struct tph_waiter_phase *phase, double elapsed_ms) {
    double supposed = supposed_per_s(phase, fmax(elapsed_ms, 0));
    return (phase->changes + 1) / (phase->watched_s + 1 / supposed);
}

/* The distance of looks of so many changes a second, within the bounds. */
static double distance_ms(const struct tph_waiter_phase *phase, double changes_per_s) {
    double distance = sqrt(2 * phase->worth_ms * 1000 / fmax(changes_per_s, 1e-9));
    return fmin(fmax(distance, (double)phase->min_ms), (double)phase->max_ms);
}

/* Where nothing stands out: the distance at the moment within it that is the likeliest. */
static double smooth_ms(const struct tph_waiter_phase *phase, double elapsed) {
    double most = tph_waiter_changes_per_s(phase, elapsed);
    for (int i = 0; i < 3; i++) /* each is nearer, and has less of what is to come within it */
        most = fmax(most, tph_waiter_changes_per_s(phase, elapsed + distance_ms(phase, most)));
    return distance_ms(phase, most);
}

/* Where changes crowd around one moment, which may lie within the distance: one look is due when
 * the parts that pass of the distances of their moments come to one. */
static double crowded_ms(const struct tph_waiter_phase *phase, double elapsed) {
    double step = fmax((double)phase->max_ms / 128, 1), left = 1;
    for (int i = 0;; i++) {
        double passed = i * step;
        double distance =
            distance_ms(phase, tph_waiter_changes_per_s(phase, elapsed + passed + step / 2));
        if (left * distance <= step) return passed + left * distance;
        left -= step / distance;
    }
}

int64_t tph_waiter_delay_ms(const struct tph_waiter_phase *phase, double random) {
    double elapsed = (double)phase->elapsed_ms;
    double distance = phase->spread_ms > 0 ? crowded_ms(phase, elapsed) : smooth_ms(phase, elapsed);
    double delay = distance * (1 - fmin(fmax(1 - random, 0), 1) / 4);
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

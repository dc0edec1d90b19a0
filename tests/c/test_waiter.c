#include "unit.h"
#include "trapheus/waiter.h"
#include <math.h>

enum { second = 1000, minute = 60 * second, min_ms = 2 * second, max_ms = 2 * minute };

static struct tph_waiter_phase phase_of(int64_t elapsed_ms, int64_t expected_ms) {
    return (struct tph_waiter_phase){.elapsed_ms = elapsed_ms,
                                     .expected_ms = expected_ms,
                                     .min_ms = min_ms,
                                     .max_ms = max_ms,
                                     .worth_ms = second};
}

static int64_t longest_ms(int64_t elapsed_ms, int64_t expected_ms) {
    struct tph_waiter_phase phase = phase_of(elapsed_ms, expected_ms);
    return tph_waiter_delay_ms(&phase, 1);
}

static void is_short_where_a_change_is_likely(void **state) {
    int64_t expected = 40 * minute;
    assert_true(longest_ms(40 * minute, expected) < longest_ms(15 * minute, expected));
    assert_true(longest_ms(0, expected) < longest_ms(10 * minute, expected));
    assert_true(longest_ms(40 * minute, expected) < longest_ms(200 * minute, expected));
    assert_true(longest_ms(minute, minute) < longest_ms(40 * minute, expected));
}

static void grows_with_the_time_waited_when_nothing_is_known(void **state) {
    int64_t before = longest_ms(-minute, 0);
    assert_int_equal(before, longest_ms(0, 0));
    assert_int_equal(before, longest_ms(0, -1));
    for (int64_t elapsed = minute; elapsed < 50 * minute; elapsed += minute) {
        int64_t delay = longest_ms(elapsed, 0);
        assert_true(delay > before);
        before = delay;
    }
    assert_int_equal(longest_ms(28 * 60 * minute, 0), max_ms);
}

/* Twice the changes: looks at 0.7 of the distance; four times the worth: at twice. */
static void is_the_distance_at_which_a_look_saves_what_it_is_worth(void **state) {
    struct tph_waiter_phase phase = phase_of(5 * minute, 0);
    double changes_per_s = tph_waiter_changes_per_s(&phase, 5 * minute);
    assert_int_equal(tph_waiter_delay_ms(&phase, 1), (int64_t)(1000 * sqrt(2 / changes_per_s)));
    int64_t delay_ms = tph_waiter_delay_ms(&phase, 1);
    phase.worth_ms *= 4;
    assert_in_range(tph_waiter_delay_ms(&phase, 1), 2 * delay_ms, 2 * delay_ms + 1);
}

static void goes_by_what_others_did(void **state) {
    struct tph_waiter_phase phase = phase_of(10 * minute, 10 * minute);
    int64_t alone_ms = tph_waiter_delay_ms(&phase, 1);
    phase.watched_s = 10000;
    assert_true(tph_waiter_delay_ms(&phase, 1) > 2 * alone_ms);
    phase.changes = 1000;
    assert_true(tph_waiter_delay_ms(&phase, 1) < alone_ms / 2);
    assert_true(tph_waiter_changes_per_s(&phase, 0) > 0.05);
}

static void stays_in_its_bounds_and_spreads(void **state) {
    for (int64_t elapsed = -minute; elapsed < 90 * minute; elapsed += 7 * second) {
        struct tph_waiter_phase phase = phase_of(elapsed, 40 * minute);
        int64_t early = tph_waiter_delay_ms(&phase, 0), late = tph_waiter_delay_ms(&phase, 0.999);
        assert_in_range(early, min_ms, max_ms);
        assert_in_range(late, min_ms, max_ms);
        assert_true(late - early >= (late - min_ms) / 5 && late > early);
        assert_in_range(tph_waiter_delay_ms(&phase, 3), min_ms, max_ms);
        assert_in_range(tph_waiter_delay_ms(&phase, -3), min_ms, max_ms);
    }
}

/* The looks of a whole phase: the end, wherever it lies, is seen soon, at a fraction of the looks
 * that a fixed short interval would cost. */
static void sees_the_end_soon_with_few_looks(void **state) {
    for (int64_t end = 20 * minute; end <= 80 * minute; end += minute) {
        int64_t now = 0;
        int looks = 0;
        for (; now < end; looks++) now += longest_ms(now, 40 * minute);
        assert_true(now - end <= 90 * second && looks < 100);
    }
}

static void never_sleeps_through_the_expected_end(void **state) {
    struct tph_waiter_phase phase = phase_of(0, 40 * minute);
    phase.max_ms = 60 * minute;
    for (; phase.elapsed_ms < 40 * minute; phase.elapsed_ms += second)
        assert_true(phase.elapsed_ms + tph_waiter_delay_ms(&phase, 1) < 41 * minute);
}

/* Ten minutes, where a typical phase takes forty; give or take half a minute. */
static struct tph_waiter_phase recorded(int64_t elapsed_ms) {
    struct tph_waiter_phase phase = phase_of(elapsed_ms, 40 * minute);
    phase.due_ms = 10 * minute;
    phase.spread_ms = 30 * second;
    return phase;
}

static int64_t longest_recorded_ms(int64_t elapsed_ms) {
    struct tph_waiter_phase phase = recorded(elapsed_ms);
    return tph_waiter_delay_ms(&phase, 1);
}

static void looks_when_it_is_due_by_the_record(void **state) {
    assert_int_equal(longest_recorded_ms(minute), max_ms);
    assert_true(longest_recorded_ms(10 * minute) < 10 * second);
    for (int64_t elapsed = 0; elapsed < 9 * minute; elapsed += second)
        assert_true(elapsed + longest_recorded_ms(elapsed) < 9 * minute + 45 * second);
}

static void a_record_that_was_wrong_counts_for_nothing(void **state) {
    for (int64_t elapsed = 14 * minute; elapsed < 90 * minute; elapsed += minute) {
        struct tph_waiter_phase with = recorded(elapsed), without = phase_of(elapsed, 40 * minute);
        double changes_per_s = tph_waiter_changes_per_s(&without, (double)elapsed);
        assert_true(tph_waiter_changes_per_s(&with, (double)elapsed) > 0.99 * changes_per_s);
        assert_true(tph_waiter_delay_ms(&with, 1) <= tph_waiter_delay_ms(&without, 1) * 11 / 10);
    }
}

static void a_record_of_nothing_is_none(void **state) {
    for (int64_t elapsed = 0; elapsed < 90 * minute; elapsed += 7 * second) {
        struct tph_waiter_phase phase = recorded(elapsed);
        phase.spread_ms = elapsed % 2 ? NAN : 0;
        assert_int_equal(tph_waiter_delay_ms(&phase, 1), longest_ms(elapsed, 40 * minute));
    }
}

static void what_is_long_due_is_looked_at_as_ever(void **state) {
    struct tph_waiter_phase phase = recorded(0);
    phase.due_ms = -90 * minute;
    assert_in_range(tph_waiter_delay_ms(&phase, 0.5), min_ms, max_ms);
    phase.spread_ms = 1e-300;
    assert_in_range(tph_waiter_delay_ms(&phase, 0.5), min_ms, max_ms);
    phase.min_ms = phase.max_ms = 0;
    assert_int_equal(tph_waiter_delay_ms(&phase, 0.5), 0);
}

static void equal_bounds_give_a_fixed_interval(void **state) {
    struct tph_waiter_phase phase = phase_of(minute, 0);
    phase.min_ms = phase.max_ms = 5000;
    assert_int_equal(tph_waiter_delay_ms(&phase, 0.3), 5000);
}

static const struct tph_waiter_acceptor available[] = {
    {TPH_WAITER_SUCCESS, TPH_WAITER_PATH_ALL, {"available", 9}},
    {TPH_WAITER_FAILURE, TPH_WAITER_PATH_ANY, {"failed", 6}},
    {TPH_WAITER_SUCCESS, TPH_WAITER_ERROR, {"DBInstanceNotFound", 18}},
    {TPH_WAITER_RETRY, TPH_WAITER_ERROR, {"Slow", 4}},
    {TPH_WAITER_FAILURE, TPH_WAITER_PATH, {"true", 4}},
};

static enum tph_waiter_verdict judge(const char *const *values, size_t count, const char *error) {
    struct tph_str views[4];
    for (size_t i = 0; i < count; i++) views[i] = tph_str_from(values[i]);
    struct tph_waiter_observation seen = {views, count, tph_str_from(error)};
    for (size_t i = 0; i < sizeof available / sizeof *available; i++)
        if (tph_waiter_matches(&available[i], &seen)) return available[i].verdict;
    return tph_waiter_otherwise(&seen);
}

static void judges_values(void **state) {
    static const char *const good[] = {"available", "available"};
    static const char *const mixed[] = {"available", "creating"};
    static const char *const bad[] = {"available", "failed"};
    static const char *const flag[] = {"true", "true"};
    assert_int_equal(judge(good, 2, NULL), TPH_WAITER_SUCCESS);
    assert_int_equal(judge(mixed, 2, NULL), TPH_WAITER_RETRY);
    assert_int_equal(judge(bad, 2, NULL), TPH_WAITER_FAILURE);
    assert_int_equal(judge(flag, 1, NULL), TPH_WAITER_FAILURE);
    assert_int_equal(judge(flag, 2, NULL), TPH_WAITER_RETRY);
    assert_int_equal(judge(NULL, 0, NULL), TPH_WAITER_RETRY);
}

static void judges_errors(void **state) {
    static const char *const values[] = {"available"};
    assert_int_equal(judge(NULL, 0, "DBInstanceNotFound"), TPH_WAITER_SUCCESS);
    assert_int_equal(judge(NULL, 0, "Slow"), TPH_WAITER_RETRY);
    assert_int_equal(judge(NULL, 0, "AccessDenied"), TPH_WAITER_FAILURE);
    assert_int_equal(judge(values, 1, "AccessDenied"), TPH_WAITER_FAILURE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_short_where_a_change_is_likely),
        cmocka_unit_test(grows_with_the_time_waited_when_nothing_is_known),
        cmocka_unit_test(is_the_distance_at_which_a_look_saves_what_it_is_worth),
        cmocka_unit_test(goes_by_what_others_did),
        cmocka_unit_test(stays_in_its_bounds_and_spreads),
        cmocka_unit_test(sees_the_end_soon_with_few_looks),
        cmocka_unit_test(never_sleeps_through_the_expected_end),
        cmocka_unit_test(looks_when_it_is_due_by_the_record),
        cmocka_unit_test(a_record_that_was_wrong_counts_for_nothing),
        cmocka_unit_test(a_record_of_nothing_is_none),
        cmocka_unit_test(what_is_long_due_is_looked_at_as_ever),
        cmocka_unit_test(equal_bounds_give_a_fixed_interval),
        cmocka_unit_test(judges_values),
        cmocka_unit_test(judges_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

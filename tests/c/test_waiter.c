#include "unit.h"
#include "trapheus/waiter.h"

enum { second = 1000, minute = 60 * second, min_ms = 2 * second, max_ms = 2 * minute };

static int64_t longest_ms(int64_t elapsed_ms, int64_t expected_ms) {
    struct tph_waiter_phase phase = {elapsed_ms, expected_ms, min_ms, max_ms};
    return tph_waiter_delay_ms(&phase, 1);
}

static void is_short_near_a_change_and_long_between(void **state) {
    int64_t expected = 40 * minute;
    assert_int_equal(longest_ms(0, expected), min_ms * 5 / 4);
    assert_int_equal(longest_ms(20 * minute, expected), max_ms);
    assert_int_equal(longest_ms(39 * minute, expected), 15 * second);
    assert_int_equal(longest_ms(40 * minute, expected), min_ms * 5 / 4);
    assert_int_equal(longest_ms(41 * minute, expected), 15 * second);
    assert_int_equal(longest_ms(80 * minute, expected), max_ms);
}

static void grows_with_the_time_waited_when_nothing_is_known(void **state) {
    assert_int_equal(longest_ms(0, 0), min_ms * 5 / 4);
    assert_int_equal(longest_ms(minute, 0), 15 * second);
    assert_int_equal(longest_ms(minute, -1), 15 * second);
    assert_int_equal(longest_ms(8 * minute, 0), max_ms);
    assert_int_equal(longest_ms(28 * 60 * minute, 0), max_ms);
    assert_int_equal(longest_ms(-minute, 0), min_ms * 5 / 4);
}

static void stays_in_its_bounds_and_spreads(void **state) {
    for (int64_t elapsed = -minute; elapsed < 90 * minute; elapsed += 7 * second) {
        struct tph_waiter_phase phase = {elapsed, 40 * minute, min_ms, max_ms};
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
    for (int64_t end = 30 * minute; end <= 50 * minute; end += minute) {
        int64_t now = 0;
        int looks = 0;
        for (; now < end; looks++) now += longest_ms(now, 40 * minute);
        assert_true(now - end <= 2 * minute + second && looks < 90);
        if (end == 40 * minute) assert_true(now - end <= 5 * second);
    }
}

static void never_sleeps_through_the_expected_end(void **state) {
    for (int64_t elapsed = 0; elapsed < 40 * minute - 4 * min_ms; elapsed += second)
        assert_true(elapsed + longest_ms(elapsed, 40 * minute) < 40 * minute);
}

static void equal_bounds_give_a_fixed_interval(void **state) {
    struct tph_waiter_phase phase = {minute, 0, 5000, 5000};
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
        cmocka_unit_test(is_short_near_a_change_and_long_between),
        cmocka_unit_test(grows_with_the_time_waited_when_nothing_is_known),
        cmocka_unit_test(stays_in_its_bounds_and_spreads),
        cmocka_unit_test(sees_the_end_soon_with_few_looks),
        cmocka_unit_test(never_sleeps_through_the_expected_end),
        cmocka_unit_test(equal_bounds_give_a_fixed_interval),
        cmocka_unit_test(judges_values),
        cmocka_unit_test(judges_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

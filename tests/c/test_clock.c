#include "unit.h"
#include "trapheus/clock.h"

#define YEAR_2020_MS 1577836800000

static void virtual_time_stands_still_until_advanced(void **state) {
    struct tph_clock clock = tph_clock_virtual(YEAR_2020_MS);
    assert_int_equal(tph_clock_wall_ms(&clock), YEAR_2020_MS);
    tph_clock_advance(&clock, 1500);
    tph_clock_advance(&clock, -7);
    assert_int_equal(tph_clock_wall_ms(&clock), YEAR_2020_MS + 1500);
    assert_int_equal(tph_clock_monotonic_ms(&clock), 1500);
    assert_int_equal(tph_clock_real_ms(&clock, 1000), 0);
}

static void system_time_is_the_operating_systems(void **state) {
    struct tph_clock clock = tph_clock_system();
    assert_true(tph_clock_wall_ms(&clock) > YEAR_2020_MS);
    int64_t before_ms = tph_clock_monotonic_ms(&clock);
    tph_clock_advance(&clock, 3600000);
    assert_in_range(tph_clock_monotonic_ms(&clock) - before_ms, 0, 60000);
    assert_int_equal(tph_clock_real_ms(&clock, 250), 250);
}

static void paced_time_runs_faster(void **state) {
    struct tph_clock clock = tph_clock_paced(YEAR_2020_MS, 1e6);
    struct tph_clock real = tph_clock_system();
    int64_t real_start_ms = tph_clock_monotonic_ms(&real);
    while (tph_clock_monotonic_ms(&real) < real_start_ms + 2) continue;
    assert_true(tph_clock_wall_ms(&clock) - YEAR_2020_MS >= 1000000);
    assert_int_equal(tph_clock_real_ms(&clock, 1), 1);
    assert_int_equal(tph_clock_real_ms(&clock, 2500000), 3);
}

static void a_sleep_never_overflows(void **state) {
    struct tph_clock clock = tph_clock_paced(0, 0.001);
    assert_true(tph_clock_real_ms(&clock, INT64_MAX) > 0);
    assert_int_equal(tph_clock_real_ms(&clock, -5), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(virtual_time_stands_still_until_advanced),
        cmocka_unit_test(system_time_is_the_operating_systems),
        cmocka_unit_test(paced_time_runs_faster),
        cmocka_unit_test(a_sleep_never_overflows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "unit.h"
#include "trapheus/limiter.h"
#include <math.h>

static void gives_its_burst_and_then_its_rate(void **state) {
    struct tph_limiter limiter;
    assert_int_equal(tph_limiter_init(&limiter, 4, 3, 1000), TPH_OK);
    for (int i = 0; i < 3; i++) assert_int_equal(tph_limiter_take(&limiter, 1000), 0);
    assert_int_equal(tph_limiter_take(&limiter, 1000), 250);
    assert_int_equal(tph_limiter_take(&limiter, 1100), 150);
    assert_int_equal(tph_limiter_take(&limiter, 1250), 0);
    assert_int_equal(tph_limiter_take(&limiter, 1250), 250);
    for (int i = 0; i < 3; i++) assert_int_equal(tph_limiter_take(&limiter, 60000), 0);
    assert_int_equal(tph_limiter_take(&limiter, 60000), 250);
}

/* Who waits as told gets a token, whether or not the rate divides a second, and gets no more than
 * the burst and the rate allow. */
static void waiting_as_told_is_enough_and_no_more(void **state) {
    static const double rates[] = {0.3, 1, 3, 7, 333, 999, 12345};
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        struct tph_limiter limiter;
        int64_t start_ms = 1600000000000, now_ms = start_ms, wait_ms = 0;
        assert_int_equal(tph_limiter_init(&limiter, rates[i], 5, now_ms), TPH_OK);
        for (int taken = 1; taken <= 1000; taken++) {
            wait_ms = tph_limiter_take(&limiter, now_ms);
            now_ms += wait_ms;
            if (wait_ms) assert_int_equal(tph_limiter_take(&limiter, now_ms), 0);
            assert_true(taken <= 5 + (double)(now_ms - start_ms) * rates[i] / 1000 + 1e-6);
        }
    }
}

static void bears_a_clock_that_goes_back(void **state) {
    struct tph_limiter limiter;
    assert_int_equal(tph_limiter_init(&limiter, 1, 2, 500000), TPH_OK);
    assert_int_equal(tph_limiter_take(&limiter, 500000), 0);
    assert_int_equal(tph_limiter_take(&limiter, 1000), 0);
    assert_int_equal(tph_limiter_take(&limiter, 0), 1000);
    assert_int_equal(tph_limiter_take(&limiter, 600), 400);
    assert_int_equal(tph_limiter_take(&limiter, 1000), 0);
    assert_true(limiter.tokens >= 0);
    assert_int_equal(tph_limiter_take(&limiter, INT64_MAX), 0);
    assert_int_equal(tph_limiter_take(&limiter, INT64_MIN), 0);
    assert_int_equal(tph_limiter_take(&limiter, INT64_MIN), 1000);
}

static void refuses_a_bucket_that_cannot_work(void **state) {
    struct tph_limiter limiter = {.rate_per_s = 7};
    assert_int_equal(tph_limiter_init(&limiter, 0, 1, 0), TPH_EINVAL);
    assert_int_equal(tph_limiter_init(&limiter, NAN, 1, 0), TPH_EINVAL);
    assert_int_equal(tph_limiter_init(&limiter, INFINITY, 1, 0), TPH_EINVAL);
    assert_int_equal(tph_limiter_init(&limiter, 1, 0.5, 0), TPH_EINVAL);
    assert_true(limiter.rate_per_s == 7);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_its_burst_and_then_its_rate),
        cmocka_unit_test(waiting_as_told_is_enough_and_no_more),
        cmocka_unit_test(bears_a_clock_that_goes_back),
        cmocka_unit_test(refuses_a_bucket_that_cannot_work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "unit.h"
#include "trapheus/backoff.h"

static void doubles_up_to_its_cap(void **state) {
    static const struct {
        unsigned attempt;
        int64_t ceiling_ms;
    } rows[] = {{0, 1000},  {1, 1000},  {2, 2000},   {3, 4000},          {5, 16000},
                {6, 20000}, {7, 20000}, {64, 20000}, {4000000000, 20000}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t half_ms = tph_backoff_delay_ms(1000, 20000, rows[i].attempt, 0.5);
        assert_int_equal(half_ms, rows[i].ceiling_ms / 2);
        assert_int_equal(tph_backoff_delay_ms(1000, 20000, rows[i].attempt, 0), 0);
        assert_in_range(tph_backoff_delay_ms(1000, 20000, rows[i].attempt, 0.999999),
                        rows[i].ceiling_ms - 1, rows[i].ceiling_ms);
    }
}

static void is_never_negative_nor_above_its_cap(void **state) {
    assert_int_equal(tph_backoff_delay_ms(-5, 100, 3, 0.5), 0);
    assert_int_equal(tph_backoff_delay_ms(5, -100, 3, 0.5), 0);
    assert_int_equal(tph_backoff_delay_ms(100, 100, 1, 7), 100);
    assert_int_equal(tph_backoff_delay_ms(100, 100, 1, -7), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(doubles_up_to_its_cap),
        cmocka_unit_test(is_never_negative_nor_above_its_cap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

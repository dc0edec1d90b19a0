#include "unit.h"
#include "trapheus/timers.h"
#include <stdlib.h>

struct probe {
    struct tph_timers *timers;
    struct tph_timer timer, *victim;
    int *order, number;
    enum tph_status status;
};

static void record(void *context, enum tph_status status) {
    struct probe *probe = context;
    probe->status = status;
    probe->number = ++*probe->order;
}

static void start(struct tph_timers *timers, struct probe *probe, int64_t due_ms, int *order) {
    *probe = (struct probe){.timers = timers, .order = order, .status = TPH_PENDING};
    assert_int_equal(tph_timers_start(timers, &probe->timer, due_ms, record, probe), TPH_OK);
}

static void fires_in_order_of_time_then_of_start(void **state) {
    enum { COUNT = 100 };
    static struct probe probes[COUNT];
    struct tph_timers timers = {0};
    int order = 0;
    for (int i = 0; i < COUNT; i++) start(&timers, &probes[i], (i * 7) % 10, &order);
    assert_int_equal(tph_timers_fire(&timers, 100), COUNT);
    for (int i = 0; i < COUNT; i++)
        for (int k = 0; k < i; k++) {
            bool earlier = (k * 7) % 10 <= (i * 7) % 10;
            assert_int_equal(probes[k].number < probes[i].number, earlier);
        }
    tph_timers_deinit(&timers);
}

static void fires_only_what_is_due(void **state) {
    struct tph_timers timers = {0};
    struct probe soon, late;
    int order = 0;
    int64_t due_ms;
    assert_false(tph_timers_next(&timers, &due_ms));
    start(&timers, &late, 20, &order);
    start(&timers, &soon, 10, &order);
    assert_true(tph_timers_next(&timers, &due_ms));
    assert_int_equal(due_ms, 10);
    assert_int_equal(tph_timers_fire(&timers, 9), 0);
    assert_int_equal(tph_timers_fire(&timers, 10), 1);
    assert_int_equal(soon.status, TPH_OK);
    assert_int_equal(late.status, TPH_PENDING);
    tph_timers_deinit(&timers);
    assert_int_equal(late.status, TPH_ECANCELED);
}

static void stopped_timers_are_forgotten(void **state) {
    enum { COUNT = 64 };
    static struct probe probes[COUNT];
    struct tph_timers timers = {0};
    int order = 0;
    for (int i = 0; i < COUNT; i++) start(&timers, &probes[i], (i * 37) % COUNT, &order);
    for (int i = 0; i < COUNT; i += 2) tph_timer_stop(&probes[i].timer);
    tph_timer_stop(&probes[0].timer);
    tph_timer_stop(NULL);
    assert_int_equal(tph_timers_fire(&timers, COUNT), COUNT / 2);
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(probes[i].status, i % 2 ? TPH_OK : TPH_PENDING);
    tph_timers_deinit(&timers);
}

static void start_again(void *context, enum tph_status status) {
    struct probe *probe = context;
    ++*probe->order;
    assert_int_equal(tph_timers_start(probe->timers, &probe->timer, 5, start_again, probe), TPH_OK);
}

static void a_timer_that_starts_itself_does_not_starve_the_rest(void **state) {
    struct tph_timers timers = {0};
    int order = 0;
    struct probe greedy = {.timers = &timers, .order = &order}, modest;
    assert_int_equal(tph_timers_start(&timers, &greedy.timer, 5, start_again, &greedy), TPH_OK);
    assert_int_equal(tph_timers_start(&timers, &greedy.timer, 5, start_again, &greedy), TPH_EINVAL);
    start(&timers, &modest, 5, &order);
    assert_int_equal(tph_timers_fire(&timers, 5), 2);
    assert_int_equal(modest.number, 2);
    tph_timer_stop(&greedy.timer);
    tph_timers_deinit(&timers);
}

static void stop_victim(void *context, enum tph_status status) {
    struct probe *probe = context;
    probe->status = status;
    tph_timer_stop(probe->victim);
}

static void a_callback_may_stop_a_timer_that_is_due(void **state) {
    struct tph_timers timers = {0};
    int order = 0;
    struct probe second, first = {.timers = &timers, .victim = &second.timer};
    assert_int_equal(tph_timers_start(&timers, &first.timer, 1, stop_victim, &first), TPH_OK);
    start(&timers, &second, 1, &order);
    assert_int_equal(tph_timers_fire(&timers, 1), 1);
    assert_int_equal(second.status, TPH_PENDING);
    tph_timers_deinit(&timers);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fires_in_order_of_time_then_of_start),
        cmocka_unit_test(fires_only_what_is_due),
        cmocka_unit_test(stopped_timers_are_forgotten),
        cmocka_unit_test(a_timer_that_starts_itself_does_not_starve_the_rest),
        cmocka_unit_test(a_callback_may_stop_a_timer_that_is_due),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "unit.h"
#include "trapheus/loop.h"
#include <signal.h>
#include <unistd.h>

#define EPOCH_MS 1700000000000

struct probe {
    struct tph_timer timer;
    enum tph_status status;
    int calls;
};

static void record(void *context, enum tph_status status) {
    struct probe *probe = context;
    probe->status = status;
    probe->calls++;
}

static struct tph_loop *new_loop(struct tph_clock clock) {
    struct tph_loop *loop = NULL;
    assert_int_equal(tph_loop_new(&(struct tph_loop_options){.clock = clock}, &loop), TPH_OK);
    return loop;
}

static void start(struct tph_loop *loop, struct probe *probe, int64_t delay_ms) {
    *probe = (struct probe){.status = TPH_PENDING};
    assert_int_equal(tph_loop_timer(loop, &probe->timer, delay_ms, record, probe), TPH_OK);
}

static int64_t now_ms(struct tph_loop *loop) { return tph_clock_wall_ms(tph_loop_clock(loop)); }

static void virtual_time_jumps_to_the_next_timer(void **state) {
    struct tph_loop *loop = new_loop(tph_clock_virtual(EPOCH_MS));
    struct probe day, minute;
    start(loop, &day, 86400000);
    start(loop, &minute, 60000);
    assert_int_equal(tph_loop_step(loop, -1), TPH_OK);
    assert_int_equal(now_ms(loop), EPOCH_MS + 60000);
    assert_int_equal(minute.status, TPH_OK);
    assert_int_equal(day.status, TPH_PENDING);
    assert_int_equal(tph_loop_outstanding(loop), 1);
    assert_int_equal(tph_loop_step(loop, 1000), TPH_OK);
    assert_int_equal(now_ms(loop), EPOCH_MS + 61000);
    assert_int_equal(tph_loop_step(loop, -1), TPH_OK);
    assert_int_equal(now_ms(loop), EPOCH_MS + 86400000);
    assert_int_equal(tph_loop_outstanding(loop), 0);
    assert_int_equal(tph_loop_step(loop, -1), TPH_OK);
    tph_loop_free(loop);
}

static void even_a_timer_due_now_waits_for_the_step(void **state) {
    struct tph_loop *loop = new_loop(tph_clock_virtual(EPOCH_MS));
    struct probe probe;
    start(loop, &probe, -5);
    assert_int_equal(probe.calls, 0);
    assert_int_equal(tph_loop_step(loop, -1), TPH_OK);
    assert_int_equal(probe.calls, 1);
    assert_int_equal(now_ms(loop), EPOCH_MS);
    tph_loop_free(loop);
}

static void freeing_cancels_what_is_outstanding(void **state) {
    struct tph_loop *loop = new_loop(tph_clock_virtual(EPOCH_MS));
    struct probe first, second;
    start(loop, &first, INT64_MAX);
    start(loop, &second, 0);
    tph_timer_stop(&second.timer);
    tph_loop_free(loop);
    assert_int_equal(first.status, TPH_ECANCELED);
    assert_int_equal(second.calls, 0);
    tph_loop_free(NULL);
}

static void a_paced_loop_waits_less(void **state) {
    struct tph_loop *loop = new_loop(tph_clock_paced(EPOCH_MS, 1e6));
    struct probe probe;
    start(loop, &probe, 2000000);
    while (probe.calls == 0) assert_int_equal(tph_loop_step(loop, -1), TPH_OK);
    assert_true(now_ms(loop) >= EPOCH_MS + 2000000);
    tph_loop_free(loop);
}

static void a_signal_ends_the_wait(void **state) {
    struct tph_loop *loop = new_loop(tph_clock_system()), *other = new_loop(tph_clock_system());
    struct probe probe;
    assert_int_equal(tph_loop_interrupted(loop), 0);
    assert_int_equal(tph_loop_signals(loop), TPH_OK);
    assert_int_equal(tph_loop_signals(loop), TPH_OK);
    assert_int_equal(tph_loop_signals(other), TPH_EINVAL);
    start(loop, &probe, 3600000);
    raise(SIGTERM);
    assert_int_equal(tph_loop_step(loop, -1), TPH_OK);
    assert_int_equal(tph_loop_interrupted(loop), SIGTERM);
    assert_int_equal(tph_loop_interrupted(loop), 0);
    tph_loop_free(loop);
    assert_int_equal(tph_loop_signals(other), TPH_OK);
    tph_loop_free(other);
}

/* While a call is under way nobody asks which signal came: the wait for it must not be busy. */
static void a_signal_that_nobody_asks_for_ends_one_wait(void **state) {
    struct tph_loop *loop = new_loop(tph_clock_system());
    struct probe probe;
    assert_int_equal(tph_loop_signals(loop), TPH_OK);
    start(loop, &probe, 30);
    raise(SIGTERM);
    int steps = 0;
    for (; tph_loop_outstanding(loop) > 0 && steps < 100; steps++)
        assert_int_equal(tph_loop_step(loop, -1), TPH_OK);
    assert_in_range(steps, 1, 4);
    assert_int_equal(tph_loop_interrupted(loop), SIGTERM);
    assert_int_equal(tph_loop_interrupted(loop), 0);
    tph_loop_free(loop);
}

static void an_ignored_signal_stays_ignored(void **state) {
    void (*previous)(int) = signal(SIGHUP, SIG_IGN);
    struct tph_loop *loop = new_loop(tph_clock_virtual(EPOCH_MS));
    assert_int_equal(tph_loop_signals(loop), TPH_OK);
    raise(SIGHUP);
    assert_int_equal(tph_loop_interrupted(loop), 0);
    tph_loop_free(loop);
    assert_ptr_equal(signal(SIGHUP, previous), SIG_IGN);
}

struct seat {
    struct tph_watch watch;
    int turns, ends;
    int64_t patience_ms;
};

static int64_t seat_patience(void *context) { return ((struct seat *)context)->patience_ms; }

static void seat_turn(void *context, enum tph_status status) {
    struct seat *seat = context;
    if (status == TPH_OK)
        seat->turns++;
    else
        seat->ends++;
}

static struct seat new_seat(int fd) {
    return (struct seat){.watch = {fd, seat_patience, seat_turn, NULL, NULL}, .patience_ms = -1};
}

static void a_watched_descriptor_ends_the_wait(void **state) {
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    struct tph_loop *loop = new_loop(tph_clock_system());
    struct seat seat = new_seat(ends[0]);
    seat.watch.context = &seat;
    assert_int_equal(tph_loop_watch(loop, &seat.watch), TPH_OK);
    assert_int_equal(tph_loop_watch(loop, &seat.watch), TPH_EINVAL);
    assert_int_equal(tph_loop_outstanding(loop), 1);
    assert_int_equal(write(ends[1], "x", 1), 1);
    assert_int_equal(tph_loop_step(loop, -1), TPH_OK);
    assert_int_equal(seat.turns, 1);
    char byte;
    assert_int_equal(read(ends[0], &byte, 1), 1);
    seat.patience_ms = 1;
    assert_int_equal(tph_loop_step(loop, -1), TPH_OK);
    assert_int_equal(seat.turns, 2);
    tph_watch_stop(&seat.watch);
    tph_watch_stop(&seat.watch);
    assert_int_equal(tph_loop_step(loop, -1), TPH_OK);
    assert_int_equal(seat.turns, 2);
    assert_int_equal(tph_loop_watch(loop, &seat.watch), TPH_OK);
    tph_loop_free(loop);
    assert_int_equal(seat.ends, 1);
    assert_null(seat.watch.loop);
    close(ends[0]);
    close(ends[1]);
}

static void a_loop_watches_a_few(void **state) {
    struct tph_loop *loop = new_loop(tph_clock_system());
    struct tph_loop *timeless = new_loop(tph_clock_virtual(EPOCH_MS));
    struct seat seats[8];
    enum tph_status status = TPH_OK;
    size_t count = 0;
    while (status == TPH_OK && count < 8) {
        seats[count] = new_seat(-1);
        seats[count].watch.context = &seats[count];
        status = tph_loop_watch(loop, &seats[count++].watch);
    }
    assert_int_equal(status, TPH_ETOOBIG);
    assert_int_equal(tph_loop_watch(timeless, &seats[count - 1].watch), TPH_EINVAL);
    tph_loop_free(loop);
    tph_loop_free(timeless);
    for (size_t i = 0; i < count; i++) assert_int_equal(seats[i].ends, i + 1 < count);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(virtual_time_jumps_to_the_next_timer),
        cmocka_unit_test(even_a_timer_due_now_waits_for_the_step),
        cmocka_unit_test(freeing_cancels_what_is_outstanding),
        cmocka_unit_test(a_paced_loop_waits_less),
        cmocka_unit_test(a_signal_ends_the_wait),
        cmocka_unit_test(a_signal_that_nobody_asks_for_ends_one_wait),
        cmocka_unit_test(an_ignored_signal_stays_ignored),
        cmocka_unit_test(a_watched_descriptor_ends_the_wait),
        cmocka_unit_test(a_loop_watches_a_few),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

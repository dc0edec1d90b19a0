#include "trapheus/clock.h"
#include <math.h>
#include <time.h>

#define NS_PER_MS 1000000
#define LONGEST_MS ((int64_t)1 << 53) /* what a double still counts exactly */

static int64_t read_ns(clockid_t id) {
    struct timespec now = {0};
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000 * NS_PER_MS + now.tv_nsec;
}

struct tph_clock tph_clock_system(void) {
    return (struct tph_clock){.kind = TPH_CLOCK_SYSTEM, .pace = 1};
}

struct tph_clock tph_clock_virtual(int64_t wall_start_ms) {
    return (struct tph_clock){.kind = TPH_CLOCK_VIRTUAL, .pace = 1, .wall_start_ms = wall_start_ms};
}

struct tph_clock tph_clock_paced(int64_t wall_start_ms, double pace) {
    return (struct tph_clock){.kind = TPH_CLOCK_PACED,
                              .pace = pace,
                              .wall_start_ms = wall_start_ms,
                              .monotonic_start_ns = read_ns(CLOCK_MONOTONIC)};
}

int64_t tph_clock_monotonic_ms(const struct tph_clock *clock) {
    if (clock->kind == TPH_CLOCK_VIRTUAL) return clock->virtual_ms;
    int64_t elapsed_ns = read_ns(CLOCK_MONOTONIC) - clock->monotonic_start_ns;
    if (clock->kind == TPH_CLOCK_SYSTEM) return elapsed_ns / NS_PER_MS;
    return (int64_t)((double)elapsed_ns * clock->pace / NS_PER_MS);
}

int64_t tph_clock_wall_ms(const struct tph_clock *clock) {
    if (clock->kind == TPH_CLOCK_SYSTEM) return read_ns(CLOCK_REALTIME) / NS_PER_MS;
    return clock->wall_start_ms + tph_clock_monotonic_ms(clock);
}

void tph_clock_advance(struct tph_clock *clock, int64_t ms) {
    if (clock->kind == TPH_CLOCK_VIRTUAL && ms > 0) clock->virtual_ms += ms;
}

int64_t tph_clock_real_ms(const struct tph_clock *clock, int64_t ms) {
    if (clock->kind == TPH_CLOCK_VIRTUAL || ms <= 0) return 0;
    double real_ms = ceil((double)ms / clock->pace);
    return real_ms < (double)LONGEST_MS ? (int64_t)real_ms : LONGEST_MS;
}

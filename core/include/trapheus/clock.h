/* clock.h - the time. Nothing else in the program reads it.
 *
 * Wall time is milliseconds since the epoch: it is shown, stored and compared with other hosts,
 * and may jump. Monotonic time is milliseconds since an arbitrary start: it measures, and never
 * goes back. The two are never mixed. */
#ifndef TRAPHEUS_CLOCK_H
#define TRAPHEUS_CLOCK_H

#include <stdint.h>

enum tph_clock_kind {
    TPH_CLOCK_SYSTEM,  /* the operating system's */
    TPH_CLOCK_VIRTUAL, /* stands still until it is advanced: for simulations and tests */
    TPH_CLOCK_PACED /* the operating system's, running `pace` times as fast: for demonstrations */
};

/* A plain value: copy it freely. Its fields are private. */
struct tph_clock {
    enum tph_clock_kind kind;
    double pace;
    int64_t wall_start_ms, monotonic_start_ns, virtual_ms;
};

struct tph_clock tph_clock_system(void);
struct tph_clock tph_clock_virtual(int64_t wall_start_ms);
/* `pace` is more than 0: 60 makes a minute of a second. */
struct tph_clock tph_clock_paced(int64_t wall_start_ms, double pace);

int64_t tph_clock_wall_ms(const struct tph_clock *);
int64_t tph_clock_monotonic_ms(const struct tph_clock *);

/* Moves a virtual clock forward; any other clock, or a step backwards, is left alone. */
void tph_clock_advance(struct tph_clock *, int64_t ms);

/* How long the operating system must sleep for this clock to move by `ms`: rounded up, so that a
 * timer is due when the sleep is over. 0 for a virtual clock, which nobody waits for. */
int64_t tph_clock_real_ms(const struct tph_clock *, int64_t ms);

#endif

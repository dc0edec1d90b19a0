/* timers.h - a heap of timers, earliest first. Pure: it is told the time.
 *
 * Timers of the same time fire in the order they were started. A timer is embedded in whatever
 * waits for it and allocates nothing of its own. */
#ifndef TRAPHEUS_TIMERS_H
#define TRAPHEUS_TIMERS_H

#include "trapheus/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tph_timers;

/* Called once when the timer is due; it is no longer running by then and may be started again. */
typedef void tph_timer_done(void *context, enum tph_status);

/* Zero-initialise. Its memory stays where it is while it runs; its fields are private. */
struct tph_timer {
    struct tph_timers *timers; /* NULL unless running */
    size_t index;
    int64_t due_ms;
    uint64_t order;
    tph_timer_done *done;
    void *context;
};

/* Zero-initialise. */
struct tph_timers {
    struct tph_timer **heap;
    size_t count, capacity;
    uint64_t next_order;
};

/* Calls every running timer with TPH_ECANCELED, then frees the heap. */
void tph_timers_deinit(struct tph_timers *);

/* TPH_ENOMEM; TPH_EINVAL: it runs already. */
enum tph_status tph_timers_start(struct tph_timers *, struct tph_timer *, int64_t due_ms,
                                 tph_timer_done *, void *context);

/* Forgets the timer without calling it. Safe at any time, also for NULL and one not running. */
void tph_timer_stop(struct tph_timer *);

/* The earliest due time, or false when nothing runs. */
bool tph_timers_next(const struct tph_timers *, int64_t *due_ms);

/* Fires what is due at now_ms and was running before the call, in order: a timer that is started
 * by what it fires waits for the next call. Returns how many fired. */
size_t tph_timers_fire(struct tph_timers *, int64_t now_ms);

#endif

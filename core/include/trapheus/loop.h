/* loop.h - the one wait in the program: timers, transfers and signals in one curl_multi_poll.
 *
 * A completion callback runs inside tph_loop_step() or tph_loop_free() and nowhere else, so never
 * before the function that started the operation has returned. It may start and cancel operations
 * of its loop; it must not step or free the loop.
 *
 * The loop's time is its clock's. With a virtual clock a step that would wait moves the clock to
 * the next timer instead, unless a transfer is in flight: bytes take real time, in which the
 * clock stands still. Time limits of a transfer are real time on every clock. */
#ifndef TRAPHEUS_LOOP_H
#define TRAPHEUS_LOOP_H

#include "trapheus/clock.h"
#include "trapheus/error.h"
#include "trapheus/timers.h"
#include <stddef.h>
#include <stdint.h>

struct tph_loop;

struct tph_loop_options {
    struct tph_clock clock;
    const char *ca_bundle; /* file of trusted certificates; NULL: the system's. Copied. */
};

/* On TPH_OK the caller owns *out. TPH_ENOMEM. */
enum tph_status tph_loop_new(const struct tph_loop_options *, struct tph_loop **out);

/* Ends what is outstanding with TPH_ECANCELED, then frees. NULL does nothing. */
void tph_loop_free(struct tph_loop *);

/* The loop's clock, for as long as the loop lives. */
const struct tph_clock *tph_loop_clock(const struct tph_loop *);

/* Timers and transfers that have not ended. */
size_t tph_loop_outstanding(const struct tph_loop *);

/* Calls done(context, TPH_OK) delay_ms from now (less than 0 counts as 0), in the loop's time.
 * Stop it with tph_timer_stop(). TPH_ENOMEM; TPH_EINVAL: the timer runs already. */
enum tph_status tph_loop_timer(struct tph_loop *, struct tph_timer *, int64_t delay_ms,
                               tph_timer_done *done, void *context);

/* Waits once, until something ends or a signal comes, at most max_wait_ms of the loop's time
 * (less than 0: no limit), then calls back what has ended. With nothing outstanding it returns
 * at once. It may return early with nothing done. TPH_ENOMEM; TPH_EIO: the wait itself failed. */
enum tph_status tph_loop_step(struct tph_loop *, int64_t max_wait_ms);

/* From now on SIGINT, SIGTERM and SIGHUP end a wait instead of the process. The program's signals
 * are one for all loops: one loop at a time may have them, TPH_EINVAL for a second.
 * tph_loop_free() puts back what was before. A signal that was ignored stays ignored. TPH_EIO. */
enum tph_status tph_loop_signals(struct tph_loop *);

/* The last signal that came since it was last asked, 0 for none. */
int tph_loop_interrupted(struct tph_loop *);

#endif

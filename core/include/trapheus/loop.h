/* loop.h - the one wait in the program: timers, transfers, signals and what else has a descriptor,
 * in one curl_multi_poll.
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

/* Timers and transfers that have not ended, and watches. */
size_t tph_loop_outstanding(const struct tph_loop *);

/* Calls done(context, TPH_OK) delay_ms from now (less than 0 counts as 0), in the loop's time.
 * Stop it with tph_timer_stop(). TPH_ENOMEM; TPH_EINVAL: the timer runs already. */
enum tph_status tph_loop_timer(struct tph_loop *, struct tph_timer *, int64_t delay_ms,
                               tph_timer_done *done, void *context);

/* A descriptor that belongs to somebody else. The watch is its owner's memory: zero it, fill in the
 * first four, and leave it where it is until it is stopped or has been cancelled. */
struct tph_watch {
    int fd;                                /* when it is readable the wait ends */
    int64_t (*patience_ms)(void *context); /* and after so long, in real time; less than 0: never */
    void (*turn)(void *context, enum tph_status); /* TPH_OK at each step, whatever ended the wait;
                                                   * TPH_ECANCELED: the loop is being freed */
    void *context;
    struct tph_loop *loop; /* private; NULL: not watched */
};

/* TPH_EINVAL: it is watched already, or the clock is virtual, which waits for nobody.
 * TPH_ETOOBIG: the loop watches too many. */
enum tph_status tph_loop_watch(struct tph_loop *, struct tph_watch *);

/* Does nothing when it is not watched. May be called in the watch's own turn. */
void tph_watch_stop(struct tph_watch *);

/* Waits once, until something ends or a signal comes, at most max_wait_ms of the loop's time
 * (less than 0: no limit), then calls back what has ended. With nothing outstanding it returns
 * at once. It may return early with nothing done. TPH_ENOMEM; TPH_EIO: the wait itself failed. */
enum tph_status tph_loop_step(struct tph_loop *, int64_t max_wait_ms);

/* From now on SIGINT, SIGTERM and SIGHUP end a wait instead of the process. The program's signals
 * are one for all loops: one loop at a time may have them, TPH_EINVAL for a second.
 * tph_loop_free() puts back what was before. A signal that was ignored stays ignored. TPH_EIO. */
enum tph_status tph_loop_signals(struct tph_loop *);

/* The last signal that came since it was last asked, 0 for none. It ends one wait only: who waits
 * for several things asks before each. */
int tph_loop_interrupted(struct tph_loop *);

#endif

/* clock.h - how much processor time one call takes. */
#ifndef BENCH_CLOCK_H
#define BENCH_CLOCK_H

#include <time.h>

static inline double now_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Calls for a fifth of a second, in batches that double; the mean of the last one, which is half
 * of all. */
static inline double seconds_of(void (*call)(void)) {
    for (unsigned long count = 1;; count *= 2) {
        double began_s = now_s();
        for (unsigned long i = 0; i < count; i++) call();
        double took_s = now_s() - began_s;
        if (took_s > 0.1) return took_s / (double)count;
    }
}

#endif

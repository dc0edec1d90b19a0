/* waiter.h - when to look again at something that takes minutes, and what a look means.
 *
 * Pure: it is fed numbers and observations; the caller has the clock, the chance and the call. */
#ifndef TRAPHEUS_WAITER_H
#define TRAPHEUS_WAITER_H

#include "trapheus/buf.h"
#include <stdint.h>

/* Where a phase stands: how long the state has been what it is, and how long such a phase
 * usually takes. */
struct tph_waiter_phase {
    int64_t elapsed_ms;     /* since the state last changed */
    int64_t expected_ms;    /* typical length; 0 or less: not known */
    int64_t due_ms;         /* when it is to end, by what is recorded of this very one */
    double spread_ms;       /* standard deviation of that; not above 0: nothing is recorded */
    int64_t min_ms, max_ms; /* bounds of the delay: 0 <= min_ms <= max_ms */
    double worth_ms;        /* how much sooner a change must be seen on average for one look more */
    double watched_s;       /* how long others were watched in this phase, at about this age, */
    double changes;         /* and how many of them changed meanwhile */
};

/* How many changes of state a second of waiting is to bring now. A length is half to twice the
 * typical one, mostly (log-logistic, of shape 4); and states come in quick succession, so that one
 * which has just changed may do so again. That counts as one change among those of others.
 *
 * With a record, nineteen times in twenty the phase ends when that says, give or take its spread
 * (logistic), and else as without one. The time that has passed tells which it is: until shortly
 * before that moment a change is hardly expected, and well after it the record counts for nothing.
 */
double tph_waiter_changes_per_s(const struct tph_waiter_phase *, double elapsed_ms);

/* How long until the next look. Of looks at a distance of d, at a moment when a second brings h
 * changes, each costs d * h changes half of d on average: the distance at which one look more
 * would save just what it is worth is
 *
 *     sqrt(2 * worth / h)
 *
 * taken where h is greatest within it, so that it never sleeps through the expected end; with a
 * record, where one such distance has passed, each part of it by the h of its moment. A quarter
 * less at random (in [0, 1)) keeps a thousand waiters from looking at the same moment. The result
 * is within [min_ms, max_ms]. */
int64_t tph_waiter_delay_ms(const struct tph_waiter_phase *, double random);

enum tph_waiter_verdict { TPH_WAITER_RETRY, TPH_WAITER_SUCCESS, TPH_WAITER_FAILURE };

enum tph_waiter_matcher {
    TPH_WAITER_PATH,     /* there is exactly one value, and it is the expected one */
    TPH_WAITER_PATH_ALL, /* there are values, and all are the expected one */
    TPH_WAITER_PATH_ANY, /* one of the values is the expected one */
    TPH_WAITER_ERROR,    /* the call failed with the expected code */
};

/* A row of AWS's waiter tables. */
struct tph_waiter_acceptor {
    enum tph_waiter_verdict verdict;
    enum tph_waiter_matcher matcher;
    struct tph_str expected; /* compared byte by byte; a boolean or a number as text */
};

/* What a call showed: either values or an error code. The views are borrowed. */
struct tph_waiter_observation {
    const struct tph_str *values;
    size_t value_count;
    struct tph_str error; /* empty: the call went well */
};

bool tph_waiter_matches(const struct tph_waiter_acceptor *, const struct tph_waiter_observation *);

/* The verdict is that of the first acceptor that matches; when none does, this one: a state that
 * nobody names means retry, an error that nobody names means failure. Whether an error deserves
 * another call is for the client to know: it does not show the waiter what it retries. */
enum tph_waiter_verdict tph_waiter_otherwise(const struct tph_waiter_observation *);

#endif

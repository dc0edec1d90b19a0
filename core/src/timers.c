#include "trapheus/timers.h"
#include <stdlib.h>

static bool before(const struct tph_timer *a, const struct tph_timer *b) {
    return a->due_ms != b->due_ms ? a->due_ms < b->due_ms : a->order < b->order;
}

static void place(struct tph_timers *timers, struct tph_timer *timer, size_t index) {
    timers->heap[index] = timer;
    timer->index = index;
}

static void sift_up(struct tph_timers *timers, struct tph_timer *timer, size_t index) {
    while (index > 0 && before(timer, timers->heap[(index - 1) / 2])) {
        place(timers, timers->heap[(index - 1) / 2], index);
        index = (index - 1) / 2;
    }
    place(timers, timer, index);
}

static void sift_down(struct tph_timers *timers, struct tph_timer *timer, size_t index) {
    for (size_t child; (child = 2 * index + 1) < timers->count; index = child) {
        if (child + 1 < timers->count && before(timers->heap[child + 1], timers->heap[child]))
            child++;
        if (!before(timers->heap[child], timer)) break;
        place(timers, timers->heap[child], index);
    }
    place(timers, timer, index);
}

static enum tph_status grow(struct tph_timers *timers) {
    if (timers->count < timers->capacity) return TPH_OK;
    size_t capacity = timers->capacity ? 2 * timers->capacity : 16;
    struct tph_timer **heap = realloc(timers->heap, capacity * sizeof *heap);
    if (!heap) return TPH_ENOMEM;
    timers->heap = heap;
    timers->capacity = capacity;
    return TPH_OK;
}

enum tph_status tph_timers_start(struct tph_timers *timers, struct tph_timer *timer, int64_t due_ms,
                                 tph_timer_done *done, void *context) {
    if (timer->timers) return TPH_EINVAL;
    enum tph_status status = grow(timers);
    if (status != TPH_OK) return status;
    *timer = (struct tph_timer){.timers = timers,
                                .due_ms = due_ms,
                                .order = timers->next_order++,
                                .done = done,
                                .context = context};
    sift_up(timers, timer, timers->count++);
    return TPH_OK;
}

void tph_timer_stop(struct tph_timer *timer) {
    if (!timer || !timer->timers) return;
    struct tph_timers *timers = timer->timers;
    timer->timers = NULL;
    struct tph_timer *last = timers->heap[--timers->count];
    if (last == timer) return;
    if (before(last, timer))
        sift_up(timers, last, timer->index);
    else
        sift_down(timers, last, timer->index);
}

bool tph_timers_next(const struct tph_timers *timers, int64_t *due_ms) {
    if (timers->count == 0) return false;
    *due_ms = timers->heap[0]->due_ms;
    return true;
}

static void finish_first(struct tph_timers *timers, enum tph_status status) {
    struct tph_timer *timer = timers->heap[0];
    tph_timer_stop(timer);
    timer->done(timer->context, status);
}

/* What is started while firing is due no earlier than now_ms and comes later in order, so that
 * it stands behind everything this call may fire. */
size_t tph_timers_fire(struct tph_timers *timers, int64_t now_ms) {
    uint64_t end = timers->next_order;
    size_t fired = 0;
    for (; timers->count > 0; fired++) {
        const struct tph_timer *first = timers->heap[0];
        if (first->due_ms > now_ms || first->order >= end) break;
        finish_first(timers, TPH_OK);
    }
    return fired;
}

void tph_timers_deinit(struct tph_timers *timers) {
    while (timers->count > 0) finish_first(timers, TPH_ECANCELED);
    free(timers->heap);
    *timers = (struct tph_timers){0};
}

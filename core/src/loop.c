#include "trapheus/loop.h"
#include "signals.h"
#include "transfer.h"
#include <limits.h>
#include <openssl/rand.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define MOST_CONNECTIONS 256L /* below the usual limit of 1024 descriptors */
#define MOST_POOLS 8
#define MOST_WATCHES 4

struct pool {
    char *name; /* NULL: free */
    CURLSH *share;
};

struct tph_loop {
    struct tph_clock clock;
    struct tph_timers timers;
    CURLM *multi;                   /* NULL until something needs it, and all of curl with it */
    struct tph_transfer *transfers; /* in flight */
    size_t transfer_count;
    struct pool pools[MOST_POOLS];
    struct tph_aws_shared aws;
    char *ca_bundle;
    struct tph_watch *watches[MOST_WATCHES]; /* NULL: free */
    int signal_fd;                           /* -1 unless this loop has the signals */
};

static enum tph_status loop_init(struct tph_loop *loop, const struct tph_loop_options *options) {
    loop->clock = options->clock;
    loop->signal_fd = -1;
    loop->aws.quota.tokens = TPH_RETRY_TOKENS;
    if (options->ca_bundle) loop->ca_bundle = strdup(options->ca_bundle);
    return options->ca_bundle && !loop->ca_bundle ? TPH_ENOMEM : TPH_OK;
}

static enum tph_status open_curl(struct tph_loop *loop) {
    if (loop->multi) return TPH_OK;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return TPH_ENOMEM;
    loop->multi = curl_multi_init();
    if (loop->multi) {
        curl_multi_setopt(loop->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, MOST_CONNECTIONS);
        return TPH_OK;
    }
    curl_global_cleanup();
    return TPH_ENOMEM;
}

/* False: a request is using it. */
static bool close_pool(struct pool *pool) {
    if (pool->share && curl_share_cleanup(pool->share) != CURLSHE_OK) return false;
    free(pool->name);
    *pool = (struct pool){0};
    return true;
}

static void close_curl(struct tph_loop *loop) {
    if (!loop->multi) return;
    curl_multi_cleanup(loop->multi);
    for (size_t i = 0; i < MOST_POOLS; i++) close_pool(&loop->pools[i]);
    curl_global_cleanup();
}

enum tph_status tph_loop_new(const struct tph_loop_options *options, struct tph_loop **out) {
    struct tph_loop *loop = calloc(1, sizeof *loop);
    if (!loop) return TPH_ENOMEM;
    enum tph_status status = loop_init(loop, options);
    if (status == TPH_OK)
        *out = loop;
    else
        tph_loop_free(loop);
    return status;
}

static CURLSH *open_pool(struct pool *pool, struct tph_str name) {
    pool->name = strndup(name.data, name.length_bytes);
    pool->share = pool->name ? curl_share_init() : NULL;
    if (pool->share) {
        curl_share_setopt(pool->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_CONNECT);
        return pool->share;
    }
    close_pool(pool);
    return NULL;
}

CURLSH *tph_loop_pool(struct tph_loop *loop, struct tph_str name) {
    struct pool *pools = loop->pools;
    for (size_t i = 0; i < MOST_POOLS; i++)
        if (pools[i].name && tph_str_equal(tph_str_from(pools[i].name), name))
            return pools[i].share;
    for (size_t i = 0; i < MOST_POOLS; i++)
        if (!pools[i].name) return open_pool(&pools[i], name);
    for (size_t i = 0; i < MOST_POOLS; i++)
        if (close_pool(&pools[i])) return open_pool(&pools[i], name);
    return NULL;
}

enum tph_status tph_loop_watch(struct tph_loop *loop, struct tph_watch *watch) {
    if (watch->loop || loop->clock.kind == TPH_CLOCK_VIRTUAL) return TPH_EINVAL;
    for (size_t i = 0; i < MOST_WATCHES; i++) {
        if (loop->watches[i]) continue;
        loop->watches[i] = watch;
        watch->loop = loop;
        return TPH_OK;
    }
    return TPH_ETOOBIG;
}

void tph_watch_stop(struct tph_watch *watch) {
    for (size_t i = 0; watch->loop && i < MOST_WATCHES; i++)
        if (watch->loop->watches[i] == watch) watch->loop->watches[i] = NULL;
    watch->loop = NULL;
}

/* A turn may stop its watch, and free it. */
static void take_turns(struct tph_loop *loop, enum tph_status status) {
    for (size_t i = 0; i < MOST_WATCHES; i++) {
        struct tph_watch *watch = loop->watches[i];
        if (!watch) continue;
        if (status != TPH_OK) tph_watch_stop(watch);
        watch->turn(watch->context, status);
    }
}

void tph_loop_free(struct tph_loop *loop) {
    if (!loop) return;
    while (loop->transfers) {
        struct tph_transfer *transfer = loop->transfers;
        tph_transfer_stop(transfer);
        transfer->done(transfer->context, TPH_ECANCELED, CURLE_OK);
    }
    tph_timers_deinit(&loop->timers);
    take_turns(loop, TPH_ECANCELED);
    if (loop->signal_fd >= 0) tph_signals_release();
    close_curl(loop);
    free(loop->ca_bundle);
    free(loop);
}

const struct tph_clock *tph_loop_clock(const struct tph_loop *loop) { return &loop->clock; }

const char *tph_loop_ca_bundle(const struct tph_loop *loop) { return loop->ca_bundle; }

struct tph_aws_shared *tph_loop_aws(struct tph_loop *loop) {
    return &loop->aws;
}

double tph_random_fraction(void) {
    uint32_t number = 0;
    RAND_bytes((unsigned char *)&number, sizeof number);
    return number / 4294967296.0;
}

size_t tph_loop_outstanding(const struct tph_loop *loop) {
    size_t count = loop->timers.count + loop->transfer_count;
    for (size_t i = 0; i < MOST_WATCHES; i++) count += loop->watches[i] != NULL;
    return count;
}

enum tph_status tph_loop_timer(struct tph_loop *loop, struct tph_timer *timer, int64_t delay_ms,
                               tph_timer_done *done, void *context) {
    int64_t now_ms = tph_clock_monotonic_ms(&loop->clock);
    if (delay_ms < 0) delay_ms = 0;
    if (delay_ms > INT64_MAX - now_ms) delay_ms = INT64_MAX - now_ms;
    return tph_timers_start(&loop->timers, timer, now_ms + delay_ms, done, context);
}

CURL *tph_transfer_handle(struct tph_loop *loop) {
    return open_curl(loop) == TPH_OK ? curl_easy_init() : NULL;
}

enum tph_status tph_transfer_start(struct tph_loop *loop, struct tph_transfer *transfer) {
    curl_easy_setopt(transfer->easy, CURLOPT_PRIVATE, transfer);
    if (curl_multi_add_handle(loop->multi, transfer->easy) != CURLM_OK) return TPH_ENOMEM;
    transfer->loop = loop;
    transfer->previous = NULL;
    transfer->next = loop->transfers;
    if (transfer->next) transfer->next->previous = transfer;
    loop->transfers = transfer;
    loop->transfer_count++;
    return TPH_OK;
}

void tph_transfer_stop(struct tph_transfer *transfer) {
    struct tph_loop *loop = transfer->loop;
    if (!loop) return;
    curl_multi_remove_handle(loop->multi, transfer->easy);
    if (transfer->next) transfer->next->previous = transfer->previous;
    if (transfer->previous)
        transfer->previous->next = transfer->next;
    else
        loop->transfers = transfer->next;
    transfer->loop = NULL;
    loop->transfer_count--;
}

/* Moves bytes and calls back every transfer that has ended. Returns whether there was one. */
static enum tph_status run_transfers(struct tph_loop *loop, bool *ended) {
    int left;
    if (loop->transfer_count == 0) return TPH_OK;
    if (curl_multi_perform(loop->multi, &left) != CURLM_OK) return TPH_EIO;
    for (CURLMsg *message; (message = curl_multi_info_read(loop->multi, &left));) {
        struct tph_transfer *transfer = NULL;
        CURLcode code = message->data.result; /* the message dies with its handle's removal */
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
        tph_transfer_stop(transfer);
        transfer->done(transfer->context, TPH_OK, code);
        *ended = true;
    }
    return TPH_OK;
}

/* How long this step may wait, in the loop's time; less than 0 for ever. */
static int64_t patience_ms(const struct tph_loop *loop, int64_t max_wait_ms) {
    int64_t due_ms;
    if (!tph_timers_next(&loop->timers, &due_ms)) return max_wait_ms;
    int64_t left_ms = due_ms - tph_clock_monotonic_ms(&loop->clock);
    if (left_ms < 0) left_ms = 0;
    return max_wait_ms >= 0 && max_wait_ms < left_ms ? max_wait_ms : left_ms;
}

/* Fills in what the wait looks at beside the transfers, and cuts *real_ms down to the patience of
 * the watches. Returns how many descriptors there are. */
static unsigned int gather(const struct tph_loop *loop, struct curl_waitfd *fds, int64_t *real_ms) {
    unsigned int count = 0;
    if (loop->signal_fd >= 0)
        fds[count++] = (struct curl_waitfd){.fd = loop->signal_fd, .events = CURL_WAIT_POLLIN};
    for (size_t i = 0; i < MOST_WATCHES; i++) {
        const struct tph_watch *watch = loop->watches[i];
        if (!watch) continue;
        fds[count++] = (struct curl_waitfd){.fd = watch->fd, .events = CURL_WAIT_POLLIN};
        int64_t ms = watch->patience_ms(watch->context);
        if (ms >= 0 && (*real_ms < 0 || ms < *real_ms)) *real_ms = ms;
    }
    return count;
}

/* Sleeps until a descriptor or the limit, in real time; less than 0 for ever. */
static enum tph_status poll_once(struct tph_loop *loop, int64_t real_ms) {
    struct curl_waitfd fds[1 + MOST_WATCHES];
    if (open_curl(loop) != TPH_OK) return TPH_ENOMEM;
    unsigned int count = gather(loop, fds, &real_ms);
    int limit_ms = real_ms < 0 || real_ms > INT_MAX ? INT_MAX : (int)real_ms;
    CURLMcode code = curl_multi_poll(loop->multi, fds, count, limit_ms, NULL);
    if (code != CURLM_OK) return code == CURLM_OUT_OF_MEMORY ? TPH_ENOMEM : TPH_EIO;
    if (loop->signal_fd >= 0) tph_signals_hush(); /* it has ended one wait, and ends no other */
    return TPH_OK;
}

static enum tph_status wait_once(struct tph_loop *loop, int64_t max_wait_ms) {
    if (loop->clock.kind != TPH_CLOCK_VIRTUAL) {
        int64_t ms = patience_ms(loop, max_wait_ms);
        return poll_once(loop, ms < 0 ? ms : tph_clock_real_ms(&loop->clock, ms));
    }
    if (loop->transfer_count > 0) return poll_once(loop, max_wait_ms);
    tph_clock_advance(&loop->clock, patience_ms(loop, max_wait_ms));
    return loop->signal_fd >= 0 ? poll_once(loop, 0) : TPH_OK;
}

enum tph_status tph_loop_step(struct tph_loop *loop, int64_t max_wait_ms) {
    if (tph_loop_outstanding(loop) == 0) return TPH_OK;
    bool ended = false;
    enum tph_status status = run_transfers(loop, &ended);
    if (status == TPH_OK && !ended && patience_ms(loop, max_wait_ms) != 0)
        status = wait_once(loop, max_wait_ms);
    if (status == TPH_OK) status = run_transfers(loop, &ended);
    if (status == TPH_OK) take_turns(loop, TPH_OK);
    if (status == TPH_OK) tph_timers_fire(&loop->timers, tph_clock_monotonic_ms(&loop->clock));
    return status;
}

enum tph_status tph_loop_signals(struct tph_loop *loop) {
    return loop->signal_fd >= 0 ? TPH_OK : tph_signals_take(&loop->signal_fd);
}

int tph_loop_interrupted(struct tph_loop *loop) {
    return loop->signal_fd >= 0 ? tph_signals_read() : 0;
}

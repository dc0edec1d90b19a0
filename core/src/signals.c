#include "signals.h"
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

static const int watched[] = {SIGINT, SIGTERM, SIGHUP};
enum { WATCHED = sizeof watched / sizeof *watched };

/* Signals belong to the process, and so does this. */
static int event_fd = -1;
static volatile sig_atomic_t last_signal;
static struct sigaction before[WATCHED];

static void record(int number) {
    int error = errno;
    uint64_t one = 1;
    last_signal = number;
    ssize_t written = write(event_fd, &one, sizeof one);
    (void)written; /* a full counter is readable all the same */
    errno = error;
}

enum tph_status tph_signals_take(int *fd) {
    if (event_fd >= 0) return TPH_EINVAL;
    event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (event_fd < 0) return TPH_EIO;
    last_signal = 0;
    struct sigaction action = {.sa_handler = record, .sa_flags = SA_RESTART};
    for (size_t i = 0; i < WATCHED; i++) {
        sigaction(watched[i], NULL, &before[i]);
        if (before[i].sa_handler != SIG_IGN) sigaction(watched[i], &action, NULL);
    }
    *fd = event_fd;
    return TPH_OK;
}

void tph_signals_release(void) {
    for (size_t i = 0; i < WATCHED; i++) sigaction(watched[i], &before[i], NULL);
    close(event_fd);
    event_fd = -1;
}

void tph_signals_hush(void) {
    uint64_t count;
    ssize_t got = read(event_fd, &count, sizeof count);
    (void)got; /* it was quiet already */
}

int tph_signals_read(void) {
    tph_signals_hush();
    int number = last_signal;
    last_signal = 0;
    return number;
}

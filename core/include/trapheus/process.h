/* process.h - a program run on the loop: without a shell, its output kept, its time and its output
 * limited. */
#ifndef TRAPHEUS_PROCESS_H
#define TRAPHEUS_PROCESS_H

#include "trapheus/buf.h"
#include "trapheus/loop.h"
#include <stdbool.h>

struct tph_process_request {
    char *const *argv;        /* ends with NULL; the first is looked for in PATH */
    int64_t timeout_ms;       /* in real time */
    size_t max_bytes;         /* of its output */
    char *const *environment; /* "NAME=value", …, NULL; or NULL: that of this process */
    bool apart; /* never on the terminal; what it writes to its standard error is kept, the
                   first 64 KiB of it; else that goes nowhere */
};

struct tph_process;

/* TPH_OK: it ended with that code (128 and more: by a signal); what it wrote, which is wiped
 * afterwards, lives until the callback returns. TPH_ETIMEDOUT, TPH_ETOOBIG: it was killed.
 * TPH_EIO: it could not be waited for. TPH_ENOMEM. TPH_ECANCELED: the loop was freed. */
typedef void tph_process_done(void *context, enum tph_status, int code, struct tph_str output,
                              struct tph_str errors);

/* Starts it. Where there is a terminal it keeps that, to ask on; apart, or elsewhere, it is the
 * head of a process group of its own, all of which is killed with it, and has nothing to read.
 * TPH_EIO: it cannot be started; *os_error is the operating system's number of why.
 * TPH_EINVAL: a loop with a virtual clock. TPH_ENOMEM, TPH_ETOOBIG. */
enum tph_status tph_process_start(struct tph_loop *, const struct tph_process_request *,
                                  tph_process_done *, void *context, struct tph_process **out,
                                  int *os_error);

/* Kills it and frees it; `done` will not be called. NULL does nothing. */
void tph_process_cancel(struct tph_process *);

#endif

/* signals.h - SIGINT, SIGTERM and SIGHUP as a readable descriptor. Private to core/src.
 *
 * A handler and an eventfd rather than a blocked mask and a signalfd: a child process inherits a
 * blocked mask, and could then be stopped by nothing milder than SIGKILL. */
#ifndef TRAPHEUS_SIGNALS_H
#define TRAPHEUS_SIGNALS_H

#include "trapheus/error.h"

/* *fd becomes readable when a signal has come. TPH_EINVAL: taken already. TPH_EIO. */
enum tph_status tph_signals_take(int *fd);
void tph_signals_release(void);

/* The descriptor is quiet until the next signal; the last one is remembered. */
void tph_signals_hush(void);

/* The last signal since the last call, 0 for none; the descriptor is quiet again. */
int tph_signals_read(void);

#endif

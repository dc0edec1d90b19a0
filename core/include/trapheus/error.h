/* error.h - what a core function can answer.
 *
 * Every function that can fail returns enum tph_status; after a failure its outputs are as
 * they were before the call. There is no other channel: no errno, no last-error, no abort. */
#ifndef TRAPHEUS_ERROR_H
#define TRAPHEUS_ERROR_H

/* One row a code: its name, and what a person reads. */
#define TPH_STATUS_MAP(X)                                                                          \
    X(OK, "done")                                                                                  \
    X(PENDING, "not finished yet")                                                                 \
    X(EINVAL, "invalid argument")                                                                  \
    X(ENOMEM, "out of memory")                                                                     \
    X(ETOOBIG, "larger than its limit")                                                            \
    X(EPARSE, "malformed")                                                                         \
    X(ECANCELED, "cancelled")                                                                      \
    X(ETIMEDOUT, "timed out")                                                                      \
    X(ERESOLVE, "host name not found")                                                             \
    X(ECONNECT, "connection refused or host unreachable")                                          \
    X(ETLS, "TLS failed: certificate or handshake")                                                \
    X(EIO, "connection lost")                                                                      \
    X(EREFUSED, "refused by a safety check")                                                       \
    X(ESTORE, "the journal could not be read or written")                                          \
    X(ELOCKED, "held by another process")

enum tph_status {
#define TPH_STATUS_ROW(name, text) TPH_##name,
    TPH_STATUS_MAP(TPH_STATUS_ROW)
#undef TPH_STATUS_ROW
        TPH_STATUS_COUNT
};

/* The code's name ("ETIMEDOUT") and text ("timed out"). Static strings; never NULL. */
const char *tph_status_name(enum tph_status);
const char *tph_status_text(enum tph_status);

#endif

/* http.h - one HTTP exchange on the loop.
 *
 * Strict: https unless plain http is allowed, certificate and host name always verified, no
 * redirect, no cookie, no netrc, no decompression, nothing longer or slower than its limit. Proxies
 * are those of the usual environment variables. What goes out is overwritten when it has gone. */
#ifndef TRAPHEUS_HTTP_H
#define TRAPHEUS_HTTP_H

#include "trapheus/loop.h"
#include "trapheus/sigv4.h" /* struct tph_header */

#define TPH_HTTP_TIMEOUT_MS 60000
#define TPH_HTTP_CONNECT_TIMEOUT_MS 10000
#define TPH_HTTP_MAX_BYTES ((size_t)16 << 20)

/* Zero is the default of every field but method and url. The views are borrowed for the call of
 * tph_http_send() only. */
struct tph_http_request {
    struct tph_str method; /* upper case */
    struct tph_str url, body;
    const struct tph_header *headers; /* without Content-Length, Transfer-Encoding, User-Agent */
    size_t header_count;
    struct tph_str pool; /* requests of the same name may share a connection: one per credentials */
    int64_t timeout_ms, connect_timeout_ms; /* in real time, whatever the loop's clock */
    size_t max_bytes;                       /* of the reply's body */
    bool allow_http;
    bool fresh_connection; /* a connection of its own, closed afterwards: see tph_http_send() */
    bool no_proxy;         /* whatever the environment says */
    bool public_only;      /* refuse any address off the public Internet; implies no_proxy */
};

/* What came back. The views live until the callback returns. */
struct tph_http_reply {
    int status;                       /* 0 when there was no complete reply */
    const struct tph_header *headers; /* names in lower case, in the order they came */
    size_t header_count;
    struct tph_str body;
    struct tph_buf *whole; /* where the body is: `done` may take it away; NULL: it may not */
    const char *detail; /* after a failure, curl's words ("": none): names the host, not the path */
};

/* The value of the first header of that (lower-case) name, empty when there is none. */
struct tph_str tph_http_header(const struct tph_http_reply *, const char *name);

struct tph_http_call;

/* TPH_OK: a whole reply, whatever its status. Otherwise:
 * TPH_ERESOLVE, TPH_ECONNECT, TPH_ETLS: no byte of the request was sent.
 * TPH_EREFUSED: a host off the public Internet; nothing was sent.
 * TPH_ETIMEDOUT, TPH_EIO: it may have been sent, and carried out.
 * TPH_ETOOBIG, TPH_EPARSE: a reply past its limits, or one that contradicts itself.
 * TPH_ENOMEM. TPH_ECANCELED: the loop was freed. */
typedef void tph_http_done(void *context, enum tph_status, const struct tph_http_reply *);

/* Starts the exchange. On TPH_OK *out lives until `done` is called, or it is cancelled.
 *
 * libcurl repeats a request by itself when a connection that it used before turns out to be dead,
 * though the server may have carried out the first. So what must be sent once is sent with
 * fresh_connection, where there is no such case.
 *
 * TPH_EINVAL: malformed URL, method or header. TPH_EREFUSED: http, not allowed. TPH_ENOMEM. */
enum tph_status tph_http_send(struct tph_loop *, const struct tph_http_request *,
                              tph_http_done *done, void *context, struct tph_http_call **out);

/* Stops it and frees it; `done` will not be called. NULL does nothing. */
void tph_http_cancel(struct tph_http_call *);

#endif

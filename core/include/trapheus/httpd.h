/* httpd.h - an HTTP server on the loop, for clients on this machine.
 *
 * A request is handed over when the whole of it is there; its connection waits until it is answered
 * or dropped. What is malformed, too long or too slow never gets that far. Nothing here knows what
 * the requests are about. */
#ifndef TRAPHEUS_HTTPD_H
#define TRAPHEUS_HTTPD_H

#include "trapheus/loop.h"
#include "trapheus/sigv4.h" /* struct tph_header */
#include <stdint.h>

#define TPH_HTTPD_MAX_HEAD_BYTES ((size_t)64 << 10) /* request line and headers together */

/* Zero is the default of every field but the address. */
struct tph_httpd_options {
    const char *address;      /* numeric: "127.0.0.1", "::1"; only loopback is taken */
    uint16_t port;            /* 0: a free one */
    size_t max_body_bytes;    /* 1 MiB */
    unsigned int connections; /* at a time: 64; those beyond are turned away */
    unsigned int timeout_s;   /* that a client may be silent, in real time: 30 */
};

struct tph_httpd;
struct tph_httpd_request;

/* Told in a step of the loop: TPH_OK, there is a request to take; TPH_ECANCELED, the loop is being
 * freed and there will be no more. */
typedef void tph_httpd_arrived(void *context, enum tph_status);

/* On TPH_OK the server listens, and the caller owns *out.
 * TPH_EREFUSED: not a loopback address. TPH_EINVAL: no address, or a loop with a virtual clock.
 * TPH_ECONNECT: the port is taken, or may not be listened on. TPH_ETOOBIG: as tph_loop_watch().
 * TPH_ENOMEM. */
enum tph_status tph_httpd_listen(struct tph_loop *, const struct tph_httpd_options *,
                                 tph_httpd_arrived *, void *context, struct tph_httpd **out);

uint16_t tph_httpd_port(const struct tph_httpd *);

/* Closes every connection, frees the server and the requests that nobody has taken. Those that were
 * taken are still their owners', but are nothing any more. NULL does nothing. */
void tph_httpd_free(struct tph_httpd *);

/* The request that came first, which is now the caller's to answer or to drop; NULL: none. */
struct tph_httpd_request *tph_httpd_take(struct tph_httpd *);

/* What was asked. The views live until the request is answered or dropped, or the server freed. */
struct tph_httpd_message {
    struct tph_str method, path, query, body; /* path and query as sent, percent-encoded */
    const struct tph_header *headers;         /* in the order they came */
    size_t header_count;
};

const struct tph_httpd_message *tph_httpd_message(const struct tph_httpd_request *);

/* Sends a reply, and with TPH_OK frees the request. Date, Content-Length and Connection are added.
 * TPH_EINVAL: a status outside 200 to 599, a malformed header. TPH_ENOMEM. TPH_ECANCELED: the
 * server is gone. */
enum tph_status tph_httpd_reply(struct tph_httpd_request *, unsigned int status,
                                const struct tph_header *, size_t header_count,
                                struct tph_str body);

/* The same, but the connection ends after `sent_bytes` of the body, less than the whole that was
 * announced: for those who try what a client makes of that. */
enum tph_status tph_httpd_break_off(struct tph_httpd_request *, unsigned int status,
                                    const struct tph_header *, size_t header_count,
                                    struct tph_str body, size_t sent_bytes);

/* Closes the connection without a word, and frees the request. NULL does nothing. */
void tph_httpd_drop(struct tph_httpd_request *);

#endif

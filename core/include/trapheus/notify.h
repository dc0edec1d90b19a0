/* notify.h - a message posted to a webhook.
 *
 * The address of a webhook is a secret, and often comes from a file or a variable that somebody
 * else fills: so only Slack's hosts are accepted unless another is named, and a name that leads
 * into the own network, now or when it is looked up again, is not followed unless that is allowed.
 * No redirect is followed. Delivery is at least once: a message whose reply was lost is sent again.
 * It ends within TPH_NOTIFY_ATTEMPTS times TPH_NOTIFY_ATTEMPT_MS, and TPH_NOTIFY_PATIENCE_MS. */
#ifndef TRAPHEUS_NOTIFY_H
#define TRAPHEUS_NOTIFY_H

#include "trapheus/http.h"

#define TPH_NOTIFY_ATTEMPTS 3
#define TPH_NOTIFY_ATTEMPT_MS 15000 /* for each of them */
#define TPH_NOTIFY_PATIENCE_MS                                                                     \
    60000 /* between them, all in all; who wants more is not waited for */

/* Borrowed for the call only. */
struct tph_notify_request {
    struct tph_str url;
    struct tph_str body;       /* JSON */
    struct tph_str allow_host; /* one more host, on any port */
    bool allow_private;        /* an address off the public Internet, or by way of a proxy */
    bool allow_http;           /* allow_host may be spoken to without TLS */
};

/* Why the request would be refused, for a person; NULL if it would not. Never shows the address. */
const char *tph_notify_fault(const struct tph_notify_request *);

struct tph_notify_call;

/* TPH_OK: there was an answer; http_status tells which, 2xx being success. Otherwise as for
 * tph_http_done(), of the last attempt. */
typedef void tph_notify_done(void *context, enum tph_status, int http_status);

/* Starts the delivery. On TPH_OK *out lives until `done` is called, or it is cancelled.
 * TPH_EREFUSED: there is a fault. TPH_ENOMEM. */
enum tph_status tph_notify_send(struct tph_loop *, const struct tph_notify_request *,
                                tph_notify_done *done, void *context, struct tph_notify_call **out);

/* Stops it and frees it; `done` will not be called. NULL does nothing. */
void tph_notify_cancel(struct tph_notify_call *);

#endif

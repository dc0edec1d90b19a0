/* aws.h - one call of a service of the query or a JSON protocol: signed, sent, judged, and where
 * that is safe, sent again.
 *
 * What only reads is repeated as the SDKs do. What changes something is repeated only when it was
 * certainly not begun: it was throttled, refused for the time of its signature, or no byte of it
 * was sent. Otherwise the error says that it is ambiguous, and the caller has to look. */
#ifndef TRAPHEUS_AWS_H
#define TRAPHEUS_AWS_H

#include "trapheus/aws_reply.h"
#include "trapheus/credentials.h"

/* Borrowed for the call of tph_aws_send() only. */
struct tph_aws_request {
    struct tph_str url;             /* the endpoint: "https://rds.eu-west-1.amazonaws.com/" */
    struct tph_str body;            /* a form, or JSON */
    struct tph_str target;          /* X-Amz-Target: then a JSON protocol is spoken; empty: query */
    struct tph_str content_type;    /* empty: a form's */
    struct tph_str service, region; /* what is signed for: "rds", "eu-west-1" */
    const struct tph_credentials *credentials; /* NULL: it is not signed */
    unsigned max_attempts;                     /* 0: TPH_RETRY_ATTEMPTS */
    int64_t timeout_ms;                        /* of one attempt, in real time; 0: as in http.h */
    bool read_only;                            /* it changes nothing, and may be sent twice */
    bool allow_http;
};

/* The views live until the callback returns. */
struct tph_aws_reply {
    const struct tph_http_reply *http; /* the last one; its status is 0 when there was none */
    struct tph_str request_id;         /* may be empty */
    unsigned attempts;
    const struct tph_aws_error *error; /* NULL: the call succeeded */
};

struct tph_aws_call;

/* TPH_OK: the call came to an end, be it success or error. Otherwise there is no reply:
 * TPH_ECANCELED: the loop was freed, and what was under way may have been carried out.
 * TPH_ENOMEM: there was no memory for another attempt; the earlier ones did nothing. */
typedef void tph_aws_done(void *context, enum tph_status, const struct tph_aws_reply *);

/* Starts the call. On TPH_OK *out lives until `done` is called, or it is cancelled.
 * TPH_EINVAL: malformed URL, region, service or credentials. TPH_EREFUSED: http, not allowed.
 * TPH_ENOMEM. */
enum tph_status tph_aws_send(struct tph_loop *, const struct tph_aws_request *, tph_aws_done *done,
                             void *context, struct tph_aws_call **out);

/* Stops it and frees it; `done` will not be called. NULL does nothing. */
void tph_aws_cancel(struct tph_aws_call *);

#endif

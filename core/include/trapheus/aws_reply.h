/* aws_reply.h - what a reply of a service says about the call. Pure. */
#ifndef TRAPHEUS_AWS_REPLY_H
#define TRAPHEUS_AWS_REPLY_H

#include "trapheus/http.h"
#include "trapheus/retry.h"

/* What could be read out of a reply; owned. */
struct tph_aws_verdict {
    bool ok;                                  /* a reply of the service, and no error */
    bool readable;                            /* a reply of the service at all, and whole */
    struct tph_buf code, message, request_id; /* code and message: empty when ok or unreadable */
};

void tph_aws_verdict_init(struct tph_aws_verdict *);
void tph_aws_verdict_deinit(struct tph_aws_verdict *);

/* Reads a reply into an initialised verdict. Errors are known in five forms: <ErrorResponse> with
 * <Error>, the same inside <Errors>, <Response><Errors><Error>, a JSON object with "__type" or
 * "code", and the header x-amzn-errortype. Anything else, also a page of some proxy, is not
 * readable. `json`: the service speaks a JSON protocol, where a success is an object. TPH_ENOMEM.
 */
enum tph_status tph_aws_reply_read(struct tph_aws_verdict *, const struct tph_http_reply *,
                                   bool json);

struct tph_aws_error {
    struct tph_str code; /* the service's, or one of the table in aws.c: "RequestTimeout", … */
    struct tph_str message;
    bool retryable; /* the same call may succeed later */
    bool ambiguous; /* a change that may have been made */
};

/* What to do about a reply that is not `ok`. */
enum tph_retry_kind tph_aws_reply_kind(const struct tph_aws_verdict *, int http_status);

#define TPH_AWS_REPLY_TEXT_BYTES 80

/* What the caller is told of it. The views are of the verdict, of static text, or of `text`. */
struct tph_aws_error tph_aws_reply_error(const struct tph_aws_verdict *, int http_status,
                                         bool read_only, char text[TPH_AWS_REPLY_TEXT_BYTES]);

#endif

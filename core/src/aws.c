#include "trapheus/aws.h"
#include "transfer.h"
#include "trapheus/backoff.h"
#include "trapheus/uri.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST_TEXT_BYTES ((size_t)16 << 20)
#define MOST_HEADERS 16
#define TOLERATED_SKEW_MS (INT64_C(4) * 60 * 1000) /* the services tolerate five minutes */

/* The codes of what went wrong before there was a reply. */
static const struct {
    enum tph_status status;
    const char *code;
} local_codes[] = {
    {TPH_ERESOLVE, "NameResolutionError"},
    {TPH_ECONNECT, "ConnectError"},
    {TPH_ETLS, "TLSError"},
    {TPH_ETIMEDOUT, "RequestTimeout"},
    {TPH_EPARSE, "MalformedReply"},
    {TPH_ETOOBIG, "MalformedReply"},
};

struct tph_aws_call {
    struct tph_loop *loop;
    struct tph_aws_request request; /* its views point into `text` */
    struct tph_credentials credentials;
    struct tph_buf text, lines; /* lines: the headers made by signing */
    struct tph_http_call *http; /* an attempt is under way, */
    struct tph_timer timer;     /* or the next one is waited for */
    unsigned attempts, cost;    /* cost: what the last retry was paid with */
    bool clock_adjusted;
    tph_aws_done *done;
    void *context;
};

static void call_free(struct tph_aws_call *call) {
    tph_timer_stop(&call->timer);
    tph_http_cancel(call->http);
    tph_credentials_deinit(&call->credentials);
    tph_buf_wipe(&call->text);
    tph_buf_wipe(&call->lines);
    free(call);
}

void tph_aws_cancel(struct tph_aws_call *call) {
    if (call) call_free(call);
}

static void end(struct tph_aws_call *call, enum tph_status status,
                const struct tph_aws_reply *reply) {
    call->done(call->context, status, reply);
    call_free(call);
}

/* Appends the lines "name: value" as headers. */
static size_t split_lines(struct tph_str lines, struct tph_header *out, size_t count) {
    while (count < MOST_HEADERS && lines.length_bytes > 0) {
        const char *stop = memmem(lines.data, lines.length_bytes, "\r\n", 2);
        const char *colon = memmem(lines.data, lines.length_bytes, ": ", 2);
        if (!stop || !colon) break;
        out[count++] = (struct tph_header){
            .name = {lines.data, (size_t)(colon - lines.data)},
            .value = {colon + 2, (size_t)(stop - colon - 2)},
        };
        lines.length_bytes -= (size_t)(stop + 2 - lines.data);
        lines.data = stop + 2;
    }
    return count;
}

/* The headers that a call has before it is signed. */
static size_t plain_headers(const struct tph_aws_request *request, struct tph_str authority,
                            struct tph_header *headers) {
    struct tph_str type = request->content_type;
    if (type.length_bytes == 0) type = TPH_STR("application/x-www-form-urlencoded; charset=utf-8");
    headers[0] = (struct tph_header){TPH_STR("Host"), authority};
    headers[1] = (struct tph_header){TPH_STR("Content-Type"), type};
    headers[2] = (struct tph_header){TPH_STR("X-Amz-Target"), request->target};
    return request->target.length_bytes > 0 ? 3 : 2;
}

/* Signs with the real time, whatever the loop's clock: the service looks at its own. */
static enum tph_status sign(struct tph_aws_call *call, struct tph_header *headers, size_t *count) {
    const struct tph_aws_request *request = &call->request;
    struct tph_clock clock = tph_clock_system();
    struct tph_uri uri;
    if (tph_uri_parse(request->url, &uri) != TPH_OK) return TPH_EINVAL;
    *count = plain_headers(request, uri.authority, headers);
    if (!request->credentials) return TPH_OK;
    struct tph_sigv4_request plain = {.method = TPH_STR("POST"),
                                      .path = uri.path,
                                      .query = uri.query,
                                      .body = request->body,
                                      .headers = headers,
                                      .header_count = *count};
    struct tph_sigv4_identity identity = {
        .credentials = &call->credentials,
        .region = request->region,
        .service = request->service,
        .time_s = (tph_clock_wall_ms(&clock) + tph_loop_aws(call->loop)->skew_ms) / 1000};
    tph_buf_truncate(&call->lines, 0);
    enum tph_status status = tph_sigv4_sign(&plain, &identity, &call->lines);
    if (status == TPH_OK) *count = split_lines(tph_buf_view(&call->lines), headers, *count);
    return status;
}

static tph_http_done on_reply;

static enum tph_status attempt(struct tph_aws_call *call) {
    struct tph_header headers[MOST_HEADERS];
    size_t count = 0;
    enum tph_status status = sign(call, headers, &count);
    if (status != TPH_OK) return status;
    struct tph_http_request request = {
        .method = TPH_STR("POST"),
        .url = call->request.url,
        .body = call->request.body,
        .headers = headers,
        .header_count = count,
        .pool = call->credentials.access_key_id,
        .timeout_ms = call->request.timeout_ms,
        .allow_http = call->request.allow_http,
        .fresh_connection = !call->request.read_only, /* libcurl must not repeat it: http.h */
    };
    status = tph_http_send(call->loop, &request, on_reply, call, &call->http);
    if (status == TPH_OK) call->attempts++;
    return status;
}

static void on_timer(void *context, enum tph_status status) {
    struct tph_aws_call *call = context;
    if (status == TPH_OK) status = attempt(call);
    if (status != TPH_OK) end(call, status, NULL);
}

/* Whether another attempt is on its way; else this was the last. */
static bool retry(struct tph_aws_call *call, enum tph_retry_kind kind, enum tph_status failure) {
    unsigned cost = tph_retry_cost(failure);
    if (call->attempts >= call->request.max_attempts) return false;
    if (!tph_retry_allowed(kind, call->request.read_only)) return false;
    if (!tph_retry_take(&tph_loop_aws(call->loop)->quota, cost)) return false;
    call->cost = cost;
    int64_t delay_ms = tph_backoff_delay_ms(TPH_RETRY_BASE_MS, TPH_RETRY_CAP_MS, call->attempts,
                                            tph_random_fraction());
    return tph_loop_timer(call->loop, &call->timer, delay_ms, on_timer, call) == TPH_OK;
}

/* A signature of the wrong time: takes the service's for all later calls of the loop and sends
 * this one again, once. It was rejected before anything was done. */
static bool adjust_clock(struct tph_aws_call *call, const struct tph_http_reply *reply) {
    struct tph_clock clock = tph_clock_system();
    struct tph_aws_shared *shared = tph_loop_aws(call->loop);
    struct tph_str date = tph_http_header(reply, "date");
    char text[64];
    if (call->clock_adjusted || date.length_bytes >= sizeof text) return false;
    snprintf(text, sizeof text, "%.*s", (int)date.length_bytes, date.data);
    int64_t server_s = curl_getdate(text, NULL);
    if (server_s <= 0) return false;
    int64_t skew_ms = server_s * 1000 - tph_clock_wall_ms(&clock);
    if (llabs(skew_ms - shared->skew_ms) < TOLERATED_SKEW_MS) return false;
    shared->skew_ms = skew_ms;
    call->clock_adjusted = true;
    return tph_loop_timer(call->loop, &call->timer, 0, on_timer, call) == TPH_OK;
}

static void end_with_error(struct tph_aws_call *call, const struct tph_http_reply *http,
                           struct tph_str request_id, const struct tph_aws_error *error) {
    struct tph_aws_reply reply = {
        .http = http, .request_id = request_id, .attempts = call->attempts, .error = error};
    end(call, TPH_OK, &reply);
}

static const char *local_code(enum tph_status status) {
    for (size_t i = 0; i < sizeof local_codes / sizeof *local_codes; i++)
        if (local_codes[i].status == status) return local_codes[i].code;
    return "ConnectionLost";
}

static void on_failure(struct tph_aws_call *call, enum tph_status failure,
                       const struct tph_http_reply *http) {
    enum tph_retry_kind kind = tph_retry_judge_failure(failure);
    struct tph_uri uri = {0};
    char message[512];
    if (retry(call, kind, failure)) return;
    tph_uri_parse(call->request.url, &uri);
    snprintf(message, sizeof message, "%.*s: %s%s%.300s%s", (int)uri.authority.length_bytes,
             uri.authority.data, tph_status_text(failure), *http->detail ? " (" : "", http->detail,
             *http->detail ? ")" : "");
    struct tph_aws_error error = {.code = tph_str_from(local_code(failure)),
                                  .message = tph_str_from(message),
                                  .retryable = kind != TPH_RETRY_NEVER,
                                  .ambiguous =
                                      !call->request.read_only && kind != TPH_RETRY_UNSENT};
    end_with_error(call, http, TPH_STR(""), &error);
}

static void on_error(struct tph_aws_call *call, const struct tph_http_reply *http,
                     const struct tph_aws_verdict *verdict) {
    enum tph_retry_kind kind = tph_aws_reply_kind(verdict, http->status);
    char text[TPH_AWS_REPLY_TEXT_BYTES];
    if (kind == TPH_RETRY_CLOCK ? adjust_clock(call, http) : retry(call, kind, TPH_OK)) return;
    struct tph_aws_error error =
        tph_aws_reply_error(verdict, http->status, call->request.read_only, text);
    end_with_error(call, http, tph_buf_view(&verdict->request_id), &error);
}

static void on_success(struct tph_aws_call *call, const struct tph_http_reply *http,
                       const struct tph_aws_verdict *verdict) {
    struct tph_aws_reply reply = {
        .http = http, .request_id = tph_buf_view(&verdict->request_id), .attempts = call->attempts};
    tph_retry_refund(&tph_loop_aws(call->loop)->quota, call->cost);
    end(call, TPH_OK, &reply);
}

static void on_reply(void *context, enum tph_status status, const struct tph_http_reply *http) {
    struct tph_aws_call *call = context;
    struct tph_aws_verdict verdict;
    call->http = NULL;
    if (status == TPH_ECANCELED) {
        end(call, status, NULL);
        return;
    }
    if (status != TPH_OK) {
        on_failure(call, status, http);
        return;
    }
    tph_aws_verdict_init(&verdict);
    status = tph_aws_reply_read(&verdict, http, call->request.target.length_bytes > 0);
    if (status != TPH_OK)
        on_failure(call, status, http);
    else if (verdict.ok)
        on_success(call, http, &verdict);
    else
        on_error(call, http, &verdict);
    tph_aws_verdict_deinit(&verdict);
}

/* Copies the texts of the request into one block, so that later attempts can be made of them. */
static enum tph_status keep(struct tph_aws_call *call, const struct tph_aws_request *request) {
    call->request = *request;
    struct tph_str *texts[] = {&call->request.url,     &call->request.body,
                               &call->request.service, &call->request.region,
                               &call->request.target,  &call->request.content_type};
    const size_t count = sizeof texts / sizeof *texts;
    enum tph_status status = TPH_OK;
    if (request->credentials) {
        status = tph_credentials_init(&call->credentials, request->credentials);
        call->request.credentials = &call->credentials;
    }
    for (size_t i = 0; status == TPH_OK && i < count; i++)
        status = tph_buf_append(&call->text, *texts[i]);
    const char *at = call->text.data;
    for (size_t i = 0; status == TPH_OK && i < count; at += texts[i++]->length_bytes)
        texts[i]->data = at;
    if (call->request.max_attempts == 0) call->request.max_attempts = TPH_RETRY_ATTEMPTS;
    return status;
}

enum tph_status tph_aws_send(struct tph_loop *loop, const struct tph_aws_request *request,
                             tph_aws_done *done, void *context, struct tph_aws_call **out) {
    struct tph_aws_call *call = calloc(1, sizeof *call);
    if (!call) return TPH_ENOMEM;
    call->loop = loop;
    call->done = done;
    call->context = context;
    tph_buf_init(&call->text, LONGEST_TEXT_BYTES);
    tph_buf_init(&call->lines, LONGEST_TEXT_BYTES);
    enum tph_status status = keep(call, request);
    if (status == TPH_OK) status = attempt(call);
    if (status == TPH_OK)
        *out = call;
    else
        call_free(call);
    return status;
}

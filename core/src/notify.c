#include "trapheus/notify.h"
#include "transfer.h"
#include "trapheus/backoff.h"
#include "trapheus/timestamp.h"
#include "trapheus/uri.h"
#include <stdlib.h>
#include <string.h>

#define LONGEST_TEXT_BYTES ((size_t)1 << 20)
#define MOST_REPLY_BYTES 65536
#define BASE_MS 1000
#define CAP_MS 20000
#define LONGEST_RETRY_AFTER_S 86400

static const char *const slack_hosts[] = {"hooks.slack.com", "hooks.slack-gov.com"};

struct tph_notify_call {
    struct tph_loop *loop;
    struct tph_buf url, body;
    bool allow_http, public_only;
    unsigned attempts;
    int64_t patience_ms;        /* what is left of it */
    struct tph_http_call *http; /* an attempt is under way, */
    struct tph_timer timer;     /* or the next one is waited for */
    tph_notify_done *done;
    void *context;
};

static bool is_slack(struct tph_str host) {
    for (size_t i = 0; i < sizeof slack_hosts / sizeof *slack_hosts; i++)
        if (tph_str_equal_nocase(host, tph_str_from(slack_hosts[i]))) return true;
    return false;
}

static bool is_named(struct tph_str host, const struct tph_notify_request *request) {
    return request->allow_host.length_bytes > 0 && tph_str_equal_nocase(host, request->allow_host);
}

const char *tph_notify_fault(const struct tph_notify_request *request) {
    struct tph_uri uri;
    if (tph_uri_parse(request->url, &uri) != TPH_OK) return "not an https address";
    bool named = is_named(uri.host, request);
    if (!(named && request->allow_http) && !tph_str_equal(uri.scheme, TPH_STR("https")))
        return "not an https address";
    if (!named && !is_slack(uri.host)) return "a host that is not Slack's and was not allowed";
    if (!named && uri.port != 0 && uri.port != 443) return "a port other than 443";
    return NULL;
}

static void call_free(struct tph_notify_call *call) {
    tph_timer_stop(&call->timer);
    tph_http_cancel(call->http);
    tph_buf_wipe(&call->url);
    tph_buf_wipe(&call->body);
    free(call);
}

void tph_notify_cancel(struct tph_notify_call *call) {
    if (call) call_free(call);
}

static void end(struct tph_notify_call *call, enum tph_status status, int http_status) {
    call->done(call->context, status, http_status);
    call_free(call);
}

static tph_http_done on_reply;

static enum tph_status attempt(struct tph_notify_call *call) {
    static const struct tph_header type = {{"Content-Type", 12}, {"application/json", 16}};
    struct tph_http_request request = {.method = TPH_STR("POST"),
                                       .url = tph_buf_view(&call->url),
                                       .body = tph_buf_view(&call->body),
                                       .headers = &type,
                                       .header_count = 1,
                                       .max_bytes = MOST_REPLY_BYTES,
                                       .timeout_ms = TPH_NOTIFY_ATTEMPT_MS,
                                       .allow_http = call->allow_http,
                                       .fresh_connection = true,
                                       .public_only = call->public_only};
    call->attempts++;
    return tph_http_send(call->loop, &request, on_reply, call, &call->http);
}

static void on_timer(void *context, enum tph_status status) {
    struct tph_notify_call *call = context;
    if (status == TPH_OK) status = attempt(call);
    if (status != TPH_OK) end(call, status, 0);
}

static bool may_pass(enum tph_status status, int http_status) {
    if (status == TPH_OK) return http_status == 429 || http_status >= 500;
    return status == TPH_ERESOLVE || status == TPH_ECONNECT || status == TPH_ETLS ||
           status == TPH_ETIMEDOUT || status == TPH_EIO;
}

static bool is_digit(char byte) { return byte >= '0' && byte <= '9'; }

/* What the server asks for in Retry-After: seconds, or a moment by its own clock. 0 when it asks
 * for nothing. */
static int64_t asked_ms(const struct tph_http_reply *reply) {
    struct tph_str value = tph_http_header(reply, "retry-after");
    double seconds = 0, now_s = 0;
    if (tph_timestamp_parse(value, &seconds) != TPH_OK) return 0;
    if (!is_digit(value.data[0]) &&
        tph_timestamp_parse(tph_http_header(reply, "date"), &now_s) != TPH_OK)
        return 0;
    seconds -= now_s;
    if (seconds <= 0) return 0;
    return (int64_t)(1000 * (seconds < LONGEST_RETRY_AFTER_S ? seconds : LONGEST_RETRY_AFTER_S));
}

static bool wait_to_retry(struct tph_notify_call *call, int64_t wanted_ms) {
    int64_t delay_ms = tph_backoff_delay_ms(BASE_MS, CAP_MS, call->attempts, tph_random_fraction());
    if (wanted_ms > delay_ms) delay_ms = wanted_ms;
    call->patience_ms -= delay_ms;
    return call->patience_ms >= 0 &&
           tph_loop_timer(call->loop, &call->timer, delay_ms, on_timer, call) == TPH_OK;
}

static void on_reply(void *context, enum tph_status status, const struct tph_http_reply *reply) {
    struct tph_notify_call *call = context;
    call->http = NULL;
    bool again = call->attempts < TPH_NOTIFY_ATTEMPTS && may_pass(status, reply->status);
    if (!again || !wait_to_retry(call, asked_ms(reply))) end(call, status, reply->status);
}

static enum tph_status start(struct tph_notify_call *call,
                             const struct tph_notify_request *request) {
    call->allow_http = request->allow_http;
    call->public_only = !request->allow_private;
    call->patience_ms = TPH_NOTIFY_PATIENCE_MS;
    enum tph_status status = tph_buf_append(&call->url, request->url);
    if (status == TPH_OK) status = tph_buf_append(&call->body, request->body);
    return status == TPH_OK ? attempt(call) : status;
}

enum tph_status tph_notify_send(struct tph_loop *loop, const struct tph_notify_request *request,
                                tph_notify_done *done, void *context,
                                struct tph_notify_call **out) {
    if (tph_notify_fault(request)) return TPH_EREFUSED;
    struct tph_notify_call *call = calloc(1, sizeof *call);
    if (!call) return TPH_ENOMEM;
    call->loop = loop;
    call->done = done;
    call->context = context;
    tph_buf_init(&call->url, LONGEST_TEXT_BYTES);
    tph_buf_init(&call->body, LONGEST_TEXT_BYTES);
    enum tph_status status = start(call, request);
    if (status == TPH_OK)
        *out = call;
    else
        call_free(call);
    return status;
}

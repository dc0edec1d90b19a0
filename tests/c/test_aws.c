#include "calls.h"
#include "trapheus/aws.h"

#define OK_BODY                                                                                    \
    "<DescribeEventsResponse><ResponseMetadata><RequestId>req-1</RequestId></ResponseMetadata>"    \
    "</DescribeEventsResponse>"
#define ERROR_BODY(code)                                                                           \
    "<ErrorResponse><Error><Code>" code "</Code><Message>says why</Message></Error>"               \
    "<RequestId>req-2</RequestId></ErrorResponse>"
#define FINE                                                                                       \
    { .status = "200 OK", .body = OK_BODY }
#define THROTTLED                                                                                  \
    { .status = "400 Bad Request", .body = ERROR_BODY("Throttling") }
#define BROKEN                                                                                     \
    { .status = "500 Internal Server Error", .body = ERROR_BODY("InternalFailure") }
#define NOT_FOUND                                                                                  \
    { .status = "404 Not Found", .body = ERROR_BODY("DBInstanceNotFound") }

struct outcome {
    enum tph_status status;
    int calls, answer;
    unsigned attempts;
    bool failed, retryable, ambiguous;
    char code[64], message[512], request_id[64];
};

static void copy(char *out, size_t size, struct tph_str text) {
    snprintf(out, size, "%.*s", (int)text.length_bytes, text.data ? text.data : "");
}

static void record(void *context, enum tph_status status, const struct tph_aws_reply *reply) {
    struct outcome *outcome = context;
    outcome->calls++;
    outcome->status = status;
    if (status != TPH_OK) return;
    outcome->answer = reply->http->status;
    outcome->attempts = reply->attempts;
    copy(outcome->request_id, sizeof outcome->request_id, reply->request_id);
    if (!reply->error) return;
    outcome->failed = true;
    outcome->retryable = reply->error->retryable;
    outcome->ambiguous = reply->error->ambiguous;
    copy(outcome->code, sizeof outcome->code, reply->error->code);
    copy(outcome->message, sizeof outcome->message, reply->error->message);
}

static const struct tph_credentials credentials = {.access_key_id = {"AKIDEXAMPLE", 11},
                                                   .secret_access_key = {"very-secret", 11},
                                                   .session_token = {"a-token", 7}};

static enum tph_status start(struct tph_aws_request request, struct outcome *outcome,
                             struct tph_aws_call **call) {
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", server.port);
    request.url = tph_str_from(url);
    request.body = TPH_STR("Action=DescribeEvents&Version=2014-10-31");
    request.service = TPH_STR("rds");
    request.region = TPH_STR("eu-west-1");
    if (!request.credentials) request.credentials = &credentials;
    request.allow_http = true;
    *outcome = (struct outcome){.status = TPH_PENDING};
    return tph_aws_send(loop, &request, record, outcome, call);
}

static struct outcome call(struct tph_aws_request request) {
    struct outcome outcome;
    struct tph_aws_call *running = NULL;
    assert_int_equal(start(request, &outcome, &running), TPH_OK);
    assert_int_equal(outcome.calls, 0);
    while (outcome.calls == 0) assert_int_equal(tph_loop_step(loop, -1), TPH_OK);
    return outcome;
}

static struct outcome look(void) { return call((struct tph_aws_request){.read_only = true}); }
static struct outcome change(void) { return call((struct tph_aws_request){0}); }

static void expect_line(const char *request, const char *line) {
    if (!strstr(request, line)) fail_msg("no '%s' in: %s", line, request);
}

static void a_call_is_signed_and_sent(void **state) {
    SCRIPT(FINE);
    struct outcome outcome = look();
    server_stop(&server);
    assert_int_equal(outcome.status, TPH_OK);
    assert_false(outcome.failed);
    assert_int_equal(outcome.attempts, 1);
    assert_string_equal(outcome.request_id, "req-1");
    const char *request = server.requests[0];
    char host[64];
    snprintf(host, sizeof host, "\r\nHost: 127.0.0.1:%d\r\n", server.port);
    expect_line(request, "POST / HTTP/1.1\r\n");
    expect_line(request, host);
    expect_line(request, "\r\nContent-Type: application/x-www-form-urlencoded; charset=utf-8\r\n");
    expect_line(request, "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/");
    expect_line(request, "/eu-west-1/rds/aws4_request, "
                         "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, ");
    expect_line(request, "\r\n\r\nAction=DescribeEvents&Version=2014-10-31");
    assert_null(strstr(request, "very-secret"));
    assert_null(strstr(request, "19700101")); /* the real time, not the loop's */
}

static void an_error_of_the_service_is_told(void **state) {
    SCRIPT(NOT_FOUND, NOT_FOUND);
    for (int i = 0; i < 2; i++) {
        struct outcome outcome = i == 0 ? look() : change();
        assert_true(outcome.failed && !outcome.retryable && !outcome.ambiguous);
        assert_int_equal(outcome.answer, 404);
        assert_int_equal(outcome.attempts, 1);
        assert_string_equal(outcome.code, "DBInstanceNotFound");
        assert_string_equal(outcome.message, "says why");
        assert_string_equal(outcome.request_id, "req-2");
    }
    server_stop(&server);
}

static void throttled_calls_are_repeated_with_backoff(void **state) {
    SCRIPT(THROTTLED, THROTTLED, FINE, THROTTLED, THROTTLED, FINE);
    for (int i = 0; i < 2; i++) {
        int64_t before_ms = tph_clock_monotonic_ms(tph_loop_clock(loop));
        struct outcome outcome = i == 0 ? look() : change();
        assert_false(outcome.failed);
        assert_int_equal(outcome.attempts, 3);
        assert_in_range(tph_clock_monotonic_ms(tph_loop_clock(loop)) - before_ms, 0, 3000);
    }
    server_stop(&server);
    assert_int_equal(server.request_count, 6);
    assert_true(tph_clock_monotonic_ms(tph_loop_clock(loop)) > 0);
}

static void throttling_that_lasts_is_an_error(void **state) {
    SCRIPT(THROTTLED, THROTTLED, THROTTLED, FINE);
    struct outcome outcome = change();
    server_stop(&server);
    assert_true(outcome.failed && outcome.retryable && !outcome.ambiguous);
    assert_int_equal(outcome.attempts, 3);
    assert_string_equal(outcome.code, "Throttling");
}

static const struct answer ambiguous_answers[] = {
    BROKEN,
    {.raw = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbusy"},
    {.after = RESET},
    {.raw = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n<DescribeEv"},
    {.status = "200 OK", .body = "<DescribeEventsResponse><Describe"},
    {.status = "200 OK", .body = "<html>sign in</html>"},
};
static const char *const ambiguous_codes[] = {"InternalFailure", "MalformedReply",
                                              "ConnectionLost",  "ConnectionLost",
                                              "MalformedReply",  "MalformedReply"};
enum { AMBIGUOUS_ANSWERS = sizeof ambiguous_answers / sizeof *ambiguous_answers };

static void a_change_that_may_have_been_made_is_sent_once(void **state) {
    SERVER_START(&server, ambiguous_answers);
    for (int i = 0; i < AMBIGUOUS_ANSWERS; i++) {
        struct outcome outcome = change();
        assert_int_equal(outcome.status, TPH_OK);
        assert_true(outcome.failed && outcome.ambiguous && outcome.retryable);
        assert_int_equal(outcome.attempts, 1);
        assert_string_equal(outcome.code, ambiguous_codes[i]);
    }
    server_stop(&server);
    assert_int_equal(server.request_count, AMBIGUOUS_ANSWERS);
}

static void a_look_is_repeated(void **state) {
    for (int i = 0; i < AMBIGUOUS_ANSWERS; i++) {
        static struct answer script[2];
        script[0] = ambiguous_answers[i];
        script[1] = (struct answer)FINE;
        SERVER_START(&server, script);
        struct outcome outcome = look();
        assert_false(outcome.failed);
        assert_int_equal(outcome.attempts, 2);
        server_stop(&server);
    }
}

static void a_look_that_keeps_failing_is_no_ambiguity(void **state) {
    SCRIPT({.after = RESET}, {.after = SILENCE}, {.after = SILENCE});
    struct outcome outcome = call((struct tph_aws_request){.read_only = true, .timeout_ms = 40});
    server_stop(&server);
    assert_true(outcome.failed && outcome.retryable && !outcome.ambiguous);
    assert_int_equal(outcome.attempts, 3);
    assert_int_equal(outcome.answer, 0);
    assert_string_equal(outcome.code, "RequestTimeout");
}

static void a_change_whose_reply_is_late_is_ambiguous(void **state) {
    SCRIPT({.after = SILENCE}, FINE);
    struct outcome outcome = call((struct tph_aws_request){.timeout_ms = 40});
    server_stop(&server);
    assert_true(outcome.failed && outcome.ambiguous);
    assert_string_equal(outcome.code, "RequestTimeout");
    assert_int_equal(server.request_count, 1);
}

static void a_redirect_is_not_followed(void **state) {
    SCRIPT({.status = "307 Temporary Redirect", .headers = "Location: http://127.0.0.1:1/\r\n"});
    struct outcome outcome = change();
    server_stop(&server);
    assert_true(outcome.failed && outcome.ambiguous && !outcome.retryable);
    assert_string_equal(outcome.code, "MalformedReply");
    assert_string_equal(outcome.message, "HTTP 307, and not a reply of the service");
}

static void a_change_that_was_not_sent_is_repeated(void **state) {
    SCRIPT(FINE);
    server_stop(&server);
    struct outcome outcome = change();
    assert_true(outcome.failed && outcome.retryable && !outcome.ambiguous);
    assert_int_equal(outcome.attempts, 3);
    assert_string_equal(outcome.code, "ConnectError");
    char host[64];
    snprintf(host, sizeof host, "127.0.0.1:%d: ", server.port);
    expect_line(outcome.message, host);
}

static void the_quota_stops_retries(void **state) {
    static struct answer script[4] = {THROTTLED, THROTTLED, THROTTLED, THROTTLED};
    SERVER_START(&server, script);
    server_stop(&server);
    for (int i = 0; i < 25; i++) assert_int_equal(look().attempts, 3); /* 2 retries of 10 tokens */
    assert_int_equal(look().attempts, 1);
}

static void a_wrong_clock_is_put_right_once(void **state) {
#define LATE                                                                                       \
    {.status = "403 Forbidden",                                                                    \
     .headers = "Date: Fri, 01 Jan 2049 12:00:00 GMT\r\n",                                         \
     .body = ERROR_BODY("SignatureDoesNotMatch")}
    SCRIPT(LATE, FINE, FINE, LATE);
    struct outcome outcome = change();
    assert_false(outcome.failed);
    assert_int_equal(outcome.attempts, 2);
    assert_false(change().failed);
    outcome = change();
    server_stop(&server);
    assert_true(outcome.failed && !outcome.retryable && !outcome.ambiguous);
    assert_int_equal(outcome.attempts, 1);
    assert_null(strstr(server.requests[0], "x-amz-date: 20490101T"));
    for (int i = 1; i < 4; i++) expect_line(server.requests[i], "x-amz-date: 20490101T1200");
}

static void credentials_do_not_share_connections(void **state) {
    SCRIPT({.status = "200 OK", .body = OK_BODY, .after = KEEP},
           {.status = "200 OK", .body = OK_BODY, .after = KEEP},
           {.status = "200 OK", .body = OK_BODY, .after = KEEP},
           {.status = "200 OK", .body = OK_BODY, .after = KEEP});
    struct tph_credentials other = credentials;
    other.access_key_id = TPH_STR("AKIDOTHER");
    look();
    call((struct tph_aws_request){.read_only = true, .credentials = &other});
    look();
    change();
    server_stop(&server);
    assert_int_equal(server.connection_count, 3);
}

static void what_is_malformed_is_not_started(void **state) {
    struct outcome outcome;
    struct tph_aws_call *running = NULL;
    struct tph_credentials none = {0};
    SCRIPT(FINE);
    assert_int_equal(start((struct tph_aws_request){.credentials = &none}, &outcome, &running),
                     TPH_EINVAL);
    assert_null(running);
    server_stop(&server);
    assert_int_equal(server.connection_count, 0);
}

static void a_cancelled_call_is_not_called_back(void **state) {
    struct outcome sending, waiting;
    struct tph_aws_call *first = NULL, *second = NULL;
    SCRIPT(FINE);
    assert_int_equal(start((struct tph_aws_request){0}, &sending, &first), TPH_OK);
    tph_aws_cancel(first);
    server_stop(&server);
    assert_int_equal(start((struct tph_aws_request){0}, &waiting, &second), TPH_OK);
    for (int i = 0; i < 3; i++) assert_int_equal(tph_loop_step(loop, 0), TPH_OK);
    tph_aws_cancel(second); /* refused by now, it waits for its second attempt */
    tph_aws_cancel(NULL);
    assert_int_equal(tph_loop_outstanding(loop), 0);
    assert_int_equal(sending.calls + waiting.calls, 0);
}

static void a_freed_loop_cancels_its_calls(void **state) {
    struct outcome sending, waiting;
    struct tph_aws_call *first = NULL, *second = NULL;
    SCRIPT(FINE);
    server_stop(&server);
    assert_int_equal(start((struct tph_aws_request){0}, &waiting, &second), TPH_OK);
    for (int i = 0; i < 3; i++) assert_int_equal(tph_loop_step(loop, 0), TPH_OK);
    assert_int_equal(start((struct tph_aws_request){0}, &sending, &first), TPH_OK);
    tph_loop_free(loop);
    loop = NULL;
    assert_int_equal(sending.calls, 1);
    assert_int_equal(sending.status, TPH_ECANCELED);
    assert_int_equal(waiting.calls, 1);
    assert_int_equal(waiting.status, TPH_ECANCELED);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_call_is_signed_and_sent),
        TEST(an_error_of_the_service_is_told),
        TEST(throttled_calls_are_repeated_with_backoff),
        TEST(throttling_that_lasts_is_an_error),
        TEST(a_change_that_may_have_been_made_is_sent_once),
        TEST(a_look_is_repeated),
        TEST(a_look_that_keeps_failing_is_no_ambiguity),
        TEST(a_change_whose_reply_is_late_is_ambiguous),
        TEST(a_redirect_is_not_followed),
        TEST(a_change_that_was_not_sent_is_repeated),
        TEST(the_quota_stops_retries),
        TEST(a_wrong_clock_is_put_right_once),
        TEST(credentials_do_not_share_connections),
        TEST(what_is_malformed_is_not_started),
        TEST(a_cancelled_call_is_not_called_back),
        TEST(a_freed_loop_cancels_its_calls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "calls.h"
#include "trapheus/notify.h"

struct outcome {
    enum tph_status status;
    int calls, answer;
};

static void record(void *context, enum tph_status status, int http_status) {
    struct outcome *outcome = context;
    outcome->calls++;
    outcome->status = status;
    outcome->answer = http_status;
}

static bool allow_private = true;

static enum tph_status start(struct outcome *outcome, struct tph_notify_call **call) {
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/services/T0/B0/hush", server.port);
    struct tph_notify_request request = {.url = tph_str_from(url),
                                         .body = TPH_STR("{\"text\":\"done\"}"),
                                         .allow_host = TPH_STR("127.0.0.1"),
                                         .allow_private = allow_private,
                                         .allow_http = true};
    *outcome = (struct outcome){.status = TPH_PENDING};
    return tph_notify_send(loop, &request, record, outcome, call);
}

static struct outcome deliver(void) {
    struct outcome outcome;
    struct tph_notify_call *call = NULL;
    assert_int_equal(start(&outcome, &call), TPH_OK);
    while (outcome.calls == 0) assert_int_equal(tph_loop_step(loop, -1), TPH_OK);
    return outcome;
}

static int64_t now_ms(void) { return tph_clock_monotonic_ms(tph_loop_clock(loop)); }

static void a_message_is_posted(void **state) {
    SCRIPT({.status = "200 OK", .body = "ok"});
    struct outcome outcome = deliver();
    server_stop(&server);
    assert_int_equal(outcome.status, TPH_OK);
    assert_int_equal(outcome.answer, 200);
    const char *request = server.requests[0];
    assert_ptr_equal(strstr(request, "POST /services/T0/B0/hush HTTP/1.1\r\n"), request);
    assert_non_null(strstr(request, "\r\nContent-Type: application/json\r\n"));
    assert_non_null(strstr(request, "\r\n\r\n{\"text\":\"done\"}"));
}

static void what_may_pass_is_sent_again(void **state) {
    SCRIPT({.status = "503 Service Unavailable"}, {.after = RESET}, {.status = "200 OK"});
    struct outcome outcome = deliver();
    server_stop(&server);
    assert_int_equal(outcome.answer, 200);
    assert_int_equal(server.request_count, 3);
    assert_in_range(now_ms(), 1, 3000);
}

static void the_server_says_when(void **state) {
    SCRIPT({.status = "429 Too Many Requests", .headers = "Retry-After: 30\r\n"},
           {.status = "429 Too Many Requests",
            .headers = "Date: Fri, 02 Jan 2026 10:20:30 GMT\r\n"
                       "Retry-After: Fri, 02 Jan 2026 10:20:59 GMT\r\n"},
           {.status = "200 OK"});
    assert_int_equal(deliver().answer, 200);
    server_stop(&server);
    assert_int_equal(now_ms(), 59000);
}

static void who_wants_too_much_patience_is_not_waited_for(void **state) {
    SCRIPT({.status = "429 Too Many Requests", .headers = "Retry-After: 40\r\n"},
           {.status = "429 Too Many Requests", .headers = "Retry-After: 21\r\n"},
           {.status = "429 Too Many Requests", .headers = "Retry-After: 99999999999999999999\r\n"});
    assert_int_equal(deliver().answer, 429);
    assert_int_equal(now_ms(), 40000);
    assert_int_equal(deliver().answer, 429);
    server_stop(&server);
    assert_int_equal(server.request_count, 3);
    assert_int_equal(now_ms(), 40000);
}

static void an_address_of_the_own_network_is_not_reached_unless_allowed(void **state) {
    SCRIPT({.status = "200 OK"});
    allow_private = false;
    assert_int_equal(deliver().status, TPH_EREFUSED);
    assert_int_equal(server.request_count, 0);
    allow_private = true;
    assert_int_equal(deliver().status, TPH_OK);
    server_stop(&server);
}

static void three_attempts_are_all(void **state) {
    SCRIPT({.status = "500 Oops"}, {.status = "500 Oops"}, {.status = "502 Bad Gateway"},
           {.status = "200 OK"});
    struct outcome outcome = deliver();
    server_stop(&server);
    assert_int_equal(outcome.status, TPH_OK);
    assert_int_equal(outcome.answer, 502);
    assert_int_equal(server.request_count, 3);
    assert_int_equal(deliver().status, TPH_ECONNECT);
}

static void what_will_not_pass_is_told_at_once(void **state) {
    SCRIPT({.status = "404 Not Found"},
           {.status = "302 Found", .headers = "Location: http://127.0.0.1:1/\r\n"});
    assert_int_equal(deliver().answer, 404);
    assert_int_equal(deliver().answer, 302);
    server_stop(&server);
    assert_int_equal(server.request_count, 2);
}

static void faults_are_found_before_anything_is_sent(void **state) {
    static const struct {
        const char *url, *allow_host;
        bool allow_http;
        const char *fault;
    } rows[] = {
        {"https://hooks.slack.com/services/T/B/x", "", false, NULL},
        {"https://HOOKS.slack-gov.com:443/services/T/B/x", "", false, NULL},
        {"https://example.org/x", "example.org", false, NULL},
        {"http://example.org:8080/x", "example.org", true, NULL},
        {"http://hooks.slack.com/x", "", false, "not an https address"},
        {"http://hooks.slack.com/x", "", true, "not an https address"},
        {"http://example.org/x", "example.org", false, "not an https address"},
        {"https://user@hooks.slack.com/x", "", false, "not an https address"},
        {"https://hooks.slack.com@example.org/x", "", false, "not an https address"},
        {"ftp://hooks.slack.com/x", "", false, "not an https address"},
        {"", "", false, "not an https address"},
        {"https://example.org/x", "", false, "a host that is not Slack's and was not allowed"},
        {"https://hooks.slack.com.example.org/x", "", false,
         "a host that is not Slack's and was not allowed"},
        {"https://hooks.slack.com:8443/x", "", false, "a port other than 443"},
        {"https://hooks.slack.com:80/x", "example.org", true, "a port other than 443"},
        {"https://example.org:8443/x", "example.org", false, NULL},
    };
    struct tph_notify_call *call = NULL;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct tph_notify_request request = {.url = tph_str_from(rows[i].url),
                                             .allow_host = tph_str_from(rows[i].allow_host),
                                             .allow_http = rows[i].allow_http};
        const char *fault = tph_notify_fault(&request);
        if (!rows[i].fault) {
            assert_null(fault);
            continue;
        }
        assert_string_equal(fault, rows[i].fault);
        assert_int_equal(tph_notify_send(loop, &request, record, NULL, &call), TPH_EREFUSED);
        assert_null(call);
    }
}

static void a_cancelled_delivery_is_not_called_back(void **state) {
    struct outcome cancelled, freed;
    struct tph_notify_call *first = NULL, *second = NULL;
    SCRIPT({.after = SILENCE}, {.after = SILENCE});
    assert_int_equal(start(&cancelled, &first), TPH_OK);
    assert_int_equal(start(&freed, &second), TPH_OK);
    tph_notify_cancel(first);
    tph_notify_cancel(NULL);
    tph_loop_free(loop);
    loop = NULL;
    server_stop(&server);
    assert_int_equal(cancelled.calls, 0);
    assert_int_equal(freed.status, TPH_ECANCELED);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_message_is_posted),
        TEST(what_may_pass_is_sent_again),
        TEST(the_server_says_when),
        TEST(who_wants_too_much_patience_is_not_waited_for),
        TEST(an_address_of_the_own_network_is_not_reached_unless_allowed),
        TEST(three_attempts_are_all),
        TEST(what_will_not_pass_is_told_at_once),
        TEST(faults_are_found_before_anything_is_sent),
        TEST(a_cancelled_delivery_is_not_called_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "server.h"
#include "trapheus/http.h"

static struct server server;
static struct tph_loop *loop;

struct outcome {
    enum tph_status status;
    int answer, calls;
    char body[4096], kind[64], detail[256];
};

static void record(void *context, enum tph_status status, const struct tph_http_reply *reply) {
    struct outcome *outcome = context;
    struct tph_str kind = tph_http_header(reply, "x-kind");
    outcome->calls++;
    outcome->status = status;
    outcome->answer = reply->status;
    snprintf(outcome->body, sizeof outcome->body, "%.*s", (int)reply->body.length_bytes,
             reply->body.data ? reply->body.data : "");
    snprintf(outcome->kind, sizeof outcome->kind, "%.*s", (int)kind.length_bytes, kind.data);
    snprintf(outcome->detail, sizeof outcome->detail, "%s", reply->detail);
}

static struct outcome finish(struct tph_http_request request, int port) {
    struct outcome outcome = {.status = TPH_PENDING};
    struct tph_http_call *call = NULL;
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/path?q=1", port);
    if (!request.url.data) request.url = tph_str_from(url);
    if (!request.method.data) request.method = TPH_STR("GET");
    request.allow_http = true;
    request.no_proxy = true;
    enum tph_status status = tph_http_send(loop, &request, record, &outcome, &call);
    if (status != TPH_OK) return (struct outcome){.status = status};
    assert_int_equal(outcome.calls, 0);
    while (outcome.calls == 0) assert_int_equal(tph_loop_step(loop, -1), TPH_OK);
    return outcome;
}

#define SCRIPT(...)                                                                                \
    static const struct answer script[] = {__VA_ARGS__};                                           \
    SERVER_START(&server, script)

static struct outcome get(struct tph_http_request request) { return finish(request, server.port); }

static int set_up(void **state) {
    return tph_loop_new(&(struct tph_loop_options){.clock = tph_clock_virtual(0)}, &loop) != TPH_OK;
}

static int tear_down(void **state) {
    tph_loop_free(loop);
    return 0;
}

static void a_plain_exchange(void **state) {
    SCRIPT({.status = "201 Created", .headers = "X-Kind:  thing \r\n", .body = "hello"});
    struct tph_header headers[] = {{TPH_STR("X-One"), TPH_STR("1")},
                                   {TPH_STR("X-Two"), TPH_STR("")}};
    struct outcome outcome = get((struct tph_http_request){
        .method = TPH_STR("POST"), .body = TPH_STR("a=b"), .headers = headers, .header_count = 2});
    server_stop(&server);
    assert_int_equal(outcome.status, TPH_OK);
    assert_int_equal(outcome.answer, 201);
    assert_string_equal(outcome.body, "hello");
    assert_string_equal(outcome.kind, "thing");
    char expected[256];
    snprintf(expected, sizeof expected,
             "POST /path?q=1 HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUser-Agent: trapheus/%s\r\n"
             "Accept: */*\r\nX-One: 1\r\nX-Two:\r\nContent-Length: 3\r\n\r\na=b",
             server.port, TRAPHEUS_VERSION);
    assert_string_equal(server.requests[0], expected);
}

static void a_path_arrives_as_it_is(void **state) {
    char url[64];
    SCRIPT({.status = "200 OK"});
    snprintf(url, sizeof url, "http://127.0.0.1:%d/a/../b//./%%2e?q=../c", server.port);
    assert_int_equal(get((struct tph_http_request){.url = tph_str_from(url)}).status, TPH_OK);
    server_stop(&server);
    assert_non_null(strstr(server.requests[0], "GET /a/../b//./%2e?q=../c HTTP/1.1\r\n"));
}

static void every_form_of_body_arrives_whole(void **state) {
    SCRIPT({.raw = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                   "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"},
           {.raw = "HTTP/1.1 200 OK\r\n\r\nuntil the end"},
           {.raw = "HTTP/1.1 100 Continue\r\nX-Kind: early\r\n\r\nHTTP/1.1 200 OK\r\n"
                   "Content-Length: 4\r\n\r\nlate"},
           {.status = "200 OK", .headers = "X-Kind: slow\r\n", .body = "in pieces", .after = DRIP},
           {.status = "204 No Content"});
    static const char *const bodies[] = {"abcde", "until the end", "late", "in pieces", ""};
    static const char *const kinds[] = {"", "", "", "slow", ""};
    for (int i = 0; i < 5; i++) {
        struct outcome outcome = get((struct tph_http_request){0});
        assert_int_equal(outcome.status, TPH_OK);
        assert_string_equal(outcome.body, bodies[i]);
        assert_string_equal(outcome.kind, kinds[i]);
    }
    server_stop(&server);
}

static void a_reply_that_breaks_off_is_a_lost_connection(void **state) {
    SCRIPT({.raw = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"},
           {.raw = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"}, {.raw = ""},
           {.after = RESET});
    for (int i = 0; i < 4; i++) {
        struct outcome outcome = get((struct tph_http_request){0});
        assert_int_equal(outcome.status, TPH_EIO);
        assert_int_equal(outcome.answer, 0);
        assert_string_equal(outcome.body, "");
    }
    server_stop(&server);
    assert_int_equal(server.request_count, 4);
}

static void contradicting_lengths_are_refused(void **state) {
    SCRIPT({.raw = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 4\r\n\r\nabcd"},
           {.raw = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
                   "2\r\nab\r\n0\r\n\r\n"},
           {.raw = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nab"});
    assert_int_not_equal(get((struct tph_http_request){0}).status, TPH_OK);
    assert_int_not_equal(get((struct tph_http_request){0}).status, TPH_OK);
    assert_int_equal(get((struct tph_http_request){0}).status, TPH_OK);
    server_stop(&server);
}

static void what_is_no_http_is_malformed(void **state) {
    SCRIPT({.raw = "SSH-2.0-OpenSSH_9.2\r\n"}, {.raw = "HTTP/9.9 200 OK\r\n\r\n"});
    assert_int_equal(get((struct tph_http_request){0}).status, TPH_EPARSE);
    assert_int_equal(get((struct tph_http_request){0}).status, TPH_EPARSE);
    server_stop(&server);
}

static void limits_hold(void **state) {
    static char headers[80000];
    size_t length = (size_t)snprintf(headers, sizeof headers, "HTTP/1.1 200 OK\r\n");
    while (length < 70000)
        length +=
            (size_t)snprintf(headers + length, sizeof headers - length, "X-Pad: %0500d\r\n", 0);
    snprintf(headers + length, sizeof headers - length, "Content-Length: 0\r\n\r\n");
    static struct answer script[4] = {{.status = "200 OK", .body = "12345"},
                                      {.status = "200 OK", .body = "12345"},
                                      {.after = SILENCE}};
    script[3].raw = headers;
    SERVER_START(&server, script);
    assert_int_equal(get((struct tph_http_request){.max_bytes = 5}).status, TPH_OK);
    assert_int_equal(get((struct tph_http_request){.max_bytes = 4}).status, TPH_ETOOBIG);
    assert_int_equal(get((struct tph_http_request){.timeout_ms = 40}).status, TPH_ETIMEDOUT);
    assert_int_equal(get((struct tph_http_request){0}).status, TPH_ETOOBIG);
    server_stop(&server);
}

static void redirects_are_replies(void **state) {
    SCRIPT({.status = "302 Found", .headers = "Location: http://127.0.0.1:1/\r\n"});
    struct outcome outcome = get((struct tph_http_request){0});
    server_stop(&server);
    assert_int_equal(outcome.status, TPH_OK);
    assert_int_equal(outcome.answer, 302);
}

static void nothing_listening_is_not_sent(void **state) {
    SCRIPT({.after = CLOSE});
    server_stop(&server);
    struct outcome outcome = get((struct tph_http_request){0});
    assert_int_equal(outcome.status, TPH_ECONNECT);
    assert_true(outcome.detail[0] != '\0');
    struct tph_http_request nowhere = {.url = TPH_STR("http://does-not-exist.invalid/")};
    assert_int_equal(finish(nowhere, 0).status, TPH_ERESOLVE);
}

static void addresses_off_the_public_internet_are_refused_on_request(void **state) {
    SCRIPT({.status = "200 OK"});
    assert_int_equal(get((struct tph_http_request){.public_only = true}).status, TPH_EREFUSED);
    server_stop(&server);
    assert_int_equal(server.connection_count, 0);
}

static void a_request_that_is_not_one_is_refused(void **state) {
    static const struct tph_header bad[] = {
        {{"X-A", 3}, {"1\r\nX-B: 2", 9}},
        {{"X-A", 3}, {"1\n", 2}},
        {{"X-A", 3}, {"1\0", 2}},
        {{"X A", 3}, {"1", 1}},
        {{"", 0}, {"1", 1}},
        {{"X-A:", 4}, {"1", 1}},
        {{"Content-Length", 14}, {"1", 1}},
        {{"transfer-encoding", 17}, {"chunked", 7}},
        {{"User-Agent", 10}, {"me", 2}},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct tph_http_request request = {.headers = &bad[i], .header_count = 1};
        assert_int_equal(finish(request, 1).status, TPH_EINVAL);
    }
    static const char *const urls[] = {"ftp://127.0.0.1/", "http://user:secret@127.0.0.1/",
                                       "http://127.0.0.1/a b", "file:///etc/passwd", "127.0.0.1"};
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        struct tph_http_request request = {.url = tph_str_from(urls[i])};
        assert_int_equal(finish(request, 1).status, TPH_EINVAL);
    }
    struct tph_http_request spaced = {.method = TPH_STR("GET / HTTP/1.0\r\nX:")};
    assert_int_equal(finish(spaced, 1).status, TPH_EINVAL);
}

static void plain_http_must_be_allowed(void **state) {
    struct tph_http_call *call = NULL;
    struct tph_http_request request = {.method = TPH_STR("GET"), .url = TPH_STR("http://a.b/")};
    assert_int_equal(tph_http_send(loop, &request, record, NULL, &call), TPH_EREFUSED);
    assert_null(call);
}

static void a_cancelled_call_is_never_called_back(void **state) {
    SCRIPT({.after = SILENCE}, {.after = SILENCE});
    struct outcome cancelled = {0}, freed = {0};
    struct tph_http_call *first = NULL, *second = NULL;
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", server.port);
    struct tph_http_request request = {
        .method = TPH_STR("GET"), .url = tph_str_from(url), .allow_http = true, .no_proxy = true};
    assert_int_equal(tph_http_send(loop, &request, record, &cancelled, &first), TPH_OK);
    assert_int_equal(tph_http_send(loop, &request, record, &freed, &second), TPH_OK);
    assert_int_equal(tph_loop_step(loop, 0), TPH_OK);
    tph_http_cancel(first);
    tph_http_cancel(NULL);
    assert_int_equal(tph_loop_outstanding(loop), 1);
    tph_loop_free(loop);
    loop = NULL;
    server_stop(&server);
    assert_int_equal(cancelled.calls, 0);
    assert_int_equal(freed.calls, 1);
    assert_int_equal(freed.status, TPH_ECANCELED);
}

static void connections_are_shared_within_a_pool_only(void **state) {
    SCRIPT({.status = "200 OK", .after = KEEP}, {.status = "200 OK", .after = KEEP},
           {.status = "200 OK", .after = KEEP}, {.status = "200 OK", .after = KEEP},
           {.status = "200 OK", .after = KEEP}, {.status = "200 OK", .after = KEEP});
    struct tph_http_request alice = {.pool = TPH_STR("alice")}, bob = {.pool = TPH_STR("bob")};
    struct tph_http_request alone = {.pool = TPH_STR("alice"), .fresh_connection = true};
    const struct tph_http_request *order[] = {&alice, &bob, &alice, &bob, &alone, &alice};
    for (size_t i = 0; i < 6; i++) assert_int_equal(get(*order[i]).status, TPH_OK);
    server_stop(&server);
    assert_int_equal(server.connection_count, 3);
}

static void more_pools_than_there_is_room_for(void **state) {
    SCRIPT({.status = "200 OK", .after = KEEP}, {.status = "200 OK", .after = KEEP},
           {.status = "200 OK", .after = KEEP}, {.status = "200 OK", .after = KEEP},
           {.status = "200 OK", .after = KEEP}, {.status = "200 OK", .after = KEEP},
           {.status = "200 OK", .after = KEEP}, {.status = "200 OK", .after = KEEP},
           {.status = "200 OK", .after = KEEP}, {.status = "200 OK", .after = KEEP});
    for (int i = 0; i < 10; i++) {
        char name[] = {(char)('a' + i), '\0'};
        struct tph_http_request request = {.pool = tph_str_from(name)};
        assert_int_equal(get(request).status, TPH_OK);
    }
    server_stop(&server);
    assert_int_equal(server.connection_count, 10);
}

/* Why fresh_connection exists: the second test shows what curl does without it. */
static void a_dead_connection_is_not_met_with_a_fresh_one(void **state) {
    SCRIPT({.status = "200 OK", .after = KEEP}, {.after = CLOSE}, {.status = "200 OK"});
    struct tph_http_request post = {.method = TPH_STR("POST"), .fresh_connection = true};
    assert_int_equal(get(post).status, TPH_OK);
    assert_int_equal(get(post).status, TPH_EIO);
    server_stop(&server);
    assert_int_equal(server.request_count, 2);
}

static void a_dead_connection_is_met_with_a_second_request(void **state) {
    SCRIPT({.status = "200 OK", .after = KEEP}, {.after = CLOSE}, {.status = "200 OK"});
    struct tph_http_request post = {.method = TPH_STR("POST")};
    assert_int_equal(get(post).status, TPH_OK);
    assert_int_equal(get(post).status, TPH_OK);
    server_stop(&server);
    assert_int_equal(server.request_count, 3);
}

static void count_up(void *context, enum tph_status status) { ++*(int *)context; }

/* A transfer that has ended does not hold up what is due in the same step. */
static void a_step_ends_transfers_and_fires_timers(void **state) {
    struct outcome outcome = {.status = TPH_PENDING};
    struct tph_http_call *call = NULL;
    struct tph_timer timer = {0};
    int fired = 0;
    SCRIPT({.status = "200 OK"});
    server_stop(&server);
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", server.port);
    struct tph_http_request request = {
        .method = TPH_STR("GET"), .url = tph_str_from(url), .allow_http = true, .no_proxy = true};
    assert_int_equal(tph_http_send(loop, &request, record, &outcome, &call), TPH_OK);
    while (outcome.calls == 0) {
        if (!timer.timers)
            assert_int_equal(tph_loop_timer(loop, &timer, 0, count_up, &fired), TPH_OK);
        int before = fired;
        assert_int_equal(tph_loop_step(loop, -1), TPH_OK);
        assert_int_equal(fired, before + 1);
    }
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_plain_exchange),
        TEST(a_path_arrives_as_it_is),
        TEST(every_form_of_body_arrives_whole),
        TEST(a_reply_that_breaks_off_is_a_lost_connection),
        TEST(contradicting_lengths_are_refused),
        TEST(what_is_no_http_is_malformed),
        TEST(limits_hold),
        TEST(redirects_are_replies),
        TEST(nothing_listening_is_not_sent),
        TEST(addresses_off_the_public_internet_are_refused_on_request),
        TEST(a_request_that_is_not_one_is_refused),
        TEST(plain_http_must_be_allowed),
        TEST(a_cancelled_call_is_never_called_back),
        TEST(connections_are_shared_within_a_pool_only),
        TEST(more_pools_than_there_is_room_for),
        TEST(a_dead_connection_is_not_met_with_a_fresh_one),
        TEST(a_dead_connection_is_met_with_a_second_request),
        TEST(a_step_ends_transfers_and_fires_timers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

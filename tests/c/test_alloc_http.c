/* Requests and calls, when memory runs out: whatever happens, a change is sent once at most, and
 * one that may have been made is not reported as one that was not. */
#include "server.h"
#include "faulty.h"
#include "trapheus/aws.h"
#include "trapheus/notify.h"

#define FINE                                                                                       \
    {                                                                                              \
        .status = "200 OK", .headers = "X-Header: a value\r\n",                                    \
        .body = "<RResponse><ResponseMetadata><RequestId>req-1</RequestId></ResponseMetadata></"   \
                "RResponse>"                                                                       \
    }
#define THROTTLED                                                                                  \
    {                                                                                              \
        .status = "400 Bad Request",                                                               \
        .body = "<ErrorResponse><Error><Code>Throttling</Code><Message>m</Message></Error>"        \
                "</ErrorResponse>"                                                                 \
    }

#define JSON_FINE                                                                                  \
    { .status = "200 OK", .headers = "x-amzn-requestid: req-1\r\n", .body = "{}" }
#define JSON_THROTTLED                                                                             \
    { .status = "400 Bad Request", .body = "{\"__type\":\"ThrottlingException\"}" }

static const struct answer fine[] = {FINE, FINE, FINE, FINE};
static const struct answer throttled[] = {THROTTLED, FINE, FINE, FINE};
static const struct answer json_throttled[] = {JSON_THROTTLED, JSON_FINE, JSON_FINE, JSON_FINE};

static const struct tph_credentials credentials = {.access_key_id = {"AKIDEXAMPLE", 11},
                                                   .secret_access_key = {"very-secret", 11}};

struct outcome {
    int calls; /* of the callback */
    enum tph_status status;
    bool failed, ambiguous, right;
};

static struct server server;
static struct tph_loop *loop;
static struct tph_str target; /* of the calls; empty: the query protocol */
static char url[64];

/* Each attempt has a loop of its own: a loop remembers what its retries have cost. */
static void begin(const struct answer *script) {
    struct tph_loop_options options = {.clock = tph_clock_virtual(0)};
    assert_int_equal(tph_loop_new(&options, &loop), TPH_OK);
    server_start(&server, script, 4);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", server.port);
}

static void finish(void) {
    assert_int_equal(tph_loop_outstanding(loop), 0);
    tph_loop_free(loop);
    server_stop(&server);
}

/* Steps until `outcome` is there; a step that fails for want of memory ends the attempt. */
static enum tph_status wait_for(const struct outcome *outcome) {
    enum tph_status status = TPH_OK;
    while (status == TPH_OK && outcome->calls == 0) status = tph_loop_step(loop, -1);
    return status;
}

static void aws_done(void *context, enum tph_status status, const struct tph_aws_reply *reply) {
    struct outcome *outcome = context;
    outcome->calls++;
    outcome->status = status;
    if (status != TPH_OK) return;
    outcome->failed = reply->error != NULL;
    outcome->ambiguous = reply->error && reply->error->ambiguous;
    outcome->right = tph_str_equal(reply->request_id, TPH_STR("req-1"));
}

static enum tph_status call_aws(bool read_only, struct outcome *outcome) {
    struct tph_aws_call *call = NULL;
    struct tph_aws_request request = {.url = tph_str_from(url),
                                      .body = TPH_STR("Action=RebootDBInstance"),
                                      .target = target,
                                      .service = TPH_STR("rds"),
                                      .region = TPH_STR("eu-west-1"),
                                      .credentials = &credentials,
                                      .read_only = read_only,
                                      .allow_http = true};
    enum tph_status status = tph_aws_send(loop, &request, aws_done, outcome, &call);
    if (status != TPH_OK) {
        assert_null(call);
        assert_int_equal(outcome->calls, 0);
        return status;
    }
    status = wait_for(outcome);
    if (outcome->calls == 0) tph_aws_cancel(call);
    return status;
}

static enum tph_status try_look(void *context) {
    struct outcome outcome = {0};
    begin(context);
    enum tph_status status = FAULTY(call_aws(true, &outcome));
    finish();
    assert_true(outcome.calls <= 1);
    if (outcome.calls == 0) return status;
    if (outcome.status == TPH_OK && !outcome.failed) assert_true(outcome.right);
    assert_false(outcome.ambiguous);
    return outcome.failed ? TPH_ENOMEM : outcome.status;
}

static enum tph_status try_change(void *context) {
    struct outcome outcome = {0};
    begin(fine);
    enum tph_status status = FAULTY(call_aws(false, &outcome));
    finish();
    assert_true(server.request_count <= 1 && outcome.calls <= 1);
    if (outcome.calls == 0) return status;
    if (server.request_count == 1) {
        assert_int_equal(outcome.status, TPH_OK);
        assert_true(outcome.failed ? outcome.ambiguous : outcome.right);
    } else {
        assert_true(outcome.status != TPH_OK || outcome.failed);
    }
    return outcome.failed ? TPH_ENOMEM : outcome.status;
}

static void notify_done(void *context, enum tph_status status, int http_status) {
    struct outcome *outcome = context;
    outcome->calls++;
    outcome->status = status;
    outcome->right = http_status == 200;
}

static enum tph_status notify(struct outcome *outcome) {
    struct tph_notify_call *call = NULL;
    struct tph_notify_request request = {.url = tph_str_from(url),
                                         .body = TPH_STR("{}"),
                                         .allow_host = TPH_STR("127.0.0.1"),
                                         .allow_private = true,
                                         .allow_http = true};
    enum tph_status status = tph_notify_send(loop, &request, notify_done, outcome, &call);
    if (status != TPH_OK) return status;
    status = wait_for(outcome);
    if (outcome->calls == 0) tph_notify_cancel(call);
    return status;
}

static enum tph_status try_notify(void *context) {
    struct outcome outcome = {0};
    begin(fine);
    enum tph_status status = FAULTY(notify(&outcome));
    finish();
    if (outcome.calls == 0) return status;
    assert_int_equal(outcome.calls, 1);
    assert_int_equal(outcome.right, outcome.status == TPH_OK);
    return outcome.status == TPH_OK ? TPH_OK : TPH_ENOMEM;
}

static void a_change_is_sent_once_and_its_outcome_told(void **state) {
    faulty_sweep(try_change, NULL);
}

static void a_look_tells_the_truth(void **state) { faulty_sweep(try_look, (void *)fine); }

static void a_retry_tells_the_truth(void **state) { faulty_sweep(try_look, (void *)throttled); }

static void a_retry_in_json_tells_the_truth(void **state) {
    target = TPH_STR("SimpleSystems.GetParameter");
    faulty_sweep(try_look, (void *)json_throttled);
    target = TPH_STR("");
}

static void a_message_is_delivered_or_not(void **state) { faulty_sweep(try_notify, NULL); }

static enum tph_status try_loop(void *context) {
    struct tph_loop_options options = {.clock = tph_clock_virtual(0), .ca_bundle = "/nowhere"};
    struct tph_loop *made = NULL;
    enum tph_status status = FAULTY(tph_loop_new(&options, &made));
    assert_int_equal(made != NULL, status == TPH_OK);
    tph_loop_free(made);
    return status;
}

static void a_loop_is_there_or_not(void **state) { faulty_sweep(try_loop, NULL); }

int main(void) {
    static const char *const proxies[] = {"http_proxy", "all_proxy", "ALL_PROXY"};
    for (size_t i = 0; i < 3; i++) unsetenv(proxies[i]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_change_is_sent_once_and_its_outcome_told),
        cmocka_unit_test(a_look_tells_the_truth),
        cmocka_unit_test(a_retry_tells_the_truth),
        cmocka_unit_test(a_retry_in_json_tells_the_truth),
        cmocka_unit_test(a_message_is_delivered_or_not),
        cmocka_unit_test(a_loop_is_there_or_not),
    };
    return cmocka_run_group_tests(tests, faulty_set_up, NULL);
}

#include "unit.h"
#include "trapheus/aws_reply.h"
#include <stdio.h>
#include <string.h>

struct expectation {
    int status;
    bool ok, readable;
    const char *body, *code, *message, *request_id;
};

static void expect_text(const struct tph_buf *actual, const char *expected) {
    if (!tph_str_equal(tph_buf_view(actual), tph_str_from(expected)))
        fail_msg("'%s' instead of '%s'", actual->data ? actual->data : "", expected);
}

static void expect(const struct expectation *row) {
    struct tph_aws_verdict verdict;
    struct tph_http_reply reply = {.status = row->status, .body = tph_str_from(row->body)};
    tph_aws_verdict_init(&verdict);
    assert_int_equal(tph_aws_reply_read(&verdict, &reply, false), TPH_OK);
    assert_int_equal(verdict.ok, row->ok);
    assert_int_equal(verdict.readable, row->readable);
    expect_text(&verdict.code, row->code);
    expect_text(&verdict.message, row->message);
    expect_text(&verdict.request_id, row->request_id);
    tph_aws_verdict_deinit(&verdict);
}

static void every_form_of_error_is_read(void **state) {
    static const struct expectation rows[] = {
        {404, false, true,
         "<ErrorResponse xmlns=\"http://rds\"><Error><Type>Sender</Type><Code>DBInstanceNotFound"
         "</Code><Message>No &lt;orders&gt;</Message></Error><RequestId>r1</RequestId>"
         "</ErrorResponse>",
         "DBInstanceNotFound", "No <orders>", "r1"},
        {403, false, true,
         "<?xml version=\"1.0\"?><ErrorResponse><Errors><Error><Code>SignatureDoesNotMatch</Code>"
         "<Message>m</Message><Type>Sender</Type></Error></Errors></ErrorResponse>",
         "SignatureDoesNotMatch", "m", ""},
        {503, false, true,
         "<Response><Errors><Error><Code>RequestLimitExceeded</Code><Message>slow</Message>"
         "</Error></Errors><RequestID>r2</RequestID></Response>",
         "RequestLimitExceeded", "slow", "r2"},
        {400, false, true, "{\"__type\": \"InvalidToken\", \"message\": \"Invalid \\u0041\\n\"}",
         "InvalidToken", "Invalid A\n", ""},
        {400, false, true,
         "{\"Message\":\"\\\"x\\\" \\u00e9\\u20ac\\ud83d\\ude00\",\"__type\":\"com.amazon#Bad\"}",
         "Bad", "\"x\" \303\251\342\202\254??", ""},
        {400, false, true,
         "{\"more\": {\"a\": [1, \"}\"]}, \"n\": 2.5, \"code\": \"Foo:http://x#y\", \"message\": "
         "\"m\"}",
         "Foo", "m", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) expect(&rows[i]);
}

static void success_is_a_response_of_the_service(void **state) {
    static const struct expectation rows[] = {
        {200, true, true,
         "<DescribeEventsResponse><DescribeEventsResult><Error><Code>C</Code></Error>"
         "</DescribeEventsResult><ResponseMetadata><RequestId>r3</RequestId></ResponseMetadata>"
         "</DescribeEventsResponse>",
         "", "", "r3"},
        {200, true, true, "<AResponse xmlns=\"u\"><AResult/></AResponse>", "", "", ""},
        {200, true, true, "\n<AResponse><RequestId>r4</RequestId></AResponse>\n", "", "", "r4"},
        {200, true, true, "<a:AResponse><RequestId>r5</RequestId></a:AResponse>", "", "", "r5"},
        {200, false, true, "<ErrorResponse><Error><Code>C</Code></Error></ErrorResponse>", "C", "",
         ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) expect(&rows[i]);
}

static void anything_else_is_not_readable(void **state) {
    static const char *const bodies[] = {
        "",
        "OK",
        "<html><body>sign in</body></html>",
        "<DescribeEventsResponse><Describe",
        "<Response/>",
        "<AResponse>",
        "</AResponse>",
        "<AResponse></BResponse>",
        "<AResponse><RequestId>r</RequestId></AResponse",
        "<AResponse><RequestId>r</RequestId>AResponse>",
        "<AResponse><RequestId>r</RequestId></BResponse>",
        "<ErrorResponse><Error><Message>no code</Message></Error></ErrorResponse>",
        "<!DOCTYPE html><html/>",
        "{\"message\":\"no type\"}",
        "{\"__type\":\"A\"",
        "{\"__type\":1}",
        "{\"__type\":\"A\\x\"}",
        "{\"__type\":\"\\u00g0\"}",
        "{\"__type\":\"A\",}",
        "{",
    };
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct expectation row = {200, false, false, bodies[i], "", "", ""};
        struct tph_aws_verdict verdict;
        struct tph_http_reply reply = {.status = 200, .body = tph_str_from(row.body)};
        tph_aws_verdict_init(&verdict);
        assert_int_equal(tph_aws_reply_read(&verdict, &reply, false), TPH_OK);
        if (verdict.readable || verdict.ok) fail_msg("read: %s", row.body);
        tph_aws_verdict_deinit(&verdict);
    }
    struct expectation failed = {500, false, false, "<AResponse/>", "", "", ""};
    expect(&failed);
}

static void headers_name_the_request(void **state) {
    struct tph_header header = {TPH_STR("x-amzn-requestid"), TPH_STR("from-header")};
    struct tph_http_reply reply = {
        .status = 200,
        .headers = &header,
        .header_count = 1,
        .body = TPH_STR("<AResponse><RequestId>from-body</RequestId></AResponse>")};
    struct tph_aws_verdict verdict;
    tph_aws_verdict_init(&verdict);
    assert_int_equal(tph_aws_reply_read(&verdict, &reply, false), TPH_OK);
    expect_text(&verdict.request_id, "from-header");
    tph_aws_verdict_deinit(&verdict);
}

static void long_messages_are_cut(void **state) {
    static char body[20000];
    (void)snprintf(body, sizeof body, "{\"__type\":\"A\",\"message\":\"%015000d\"}", 0);
    struct tph_http_reply reply = {.status = 400, .body = tph_str_from(body)};
    struct tph_aws_verdict verdict;
    tph_aws_verdict_init(&verdict);
    assert_int_equal(tph_aws_reply_read(&verdict, &reply, false), TPH_OK);
    assert_true(verdict.readable);
    assert_int_equal(verdict.message.length_bytes, 4096);
    tph_aws_verdict_deinit(&verdict);
}

static void expect_json(int status, const char *body, const char *type, bool ok, const char *code) {
    struct tph_aws_verdict verdict;
    struct tph_header header = {TPH_STR("x-amzn-errortype"), tph_str_from(type)};
    struct tph_http_reply reply = {.status = status,
                                   .body = tph_str_from(body),
                                   .headers = &header,
                                   .header_count = type ? 1 : 0};
    tph_aws_verdict_init(&verdict);
    assert_int_equal(tph_aws_reply_read(&verdict, &reply, true), TPH_OK);
    assert_int_equal(verdict.ok, ok);
    assert_int_equal(verdict.readable, ok || *code);
    expect_text(&verdict.code, code);
    tph_aws_verdict_deinit(&verdict);
}

static void json_protocols(void **state) {
    expect_json(200, "{\"Parameters\": [{\"__type\": \"x\"}]}\n", NULL, true, "");
    expect_json(200, "", NULL, true, "");
    expect_json(200, "<html>", NULL, false, "");
    expect_json(200, "{\"cut", NULL, false, "");
    expect_json(400, "{\"__type\":\"ns#A\"}", NULL, false, "A");
    expect_json(400, "", "ns#B:http://c", false, "B");
    expect_json(500, "<html>", NULL, false, "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_protocols),
        cmocka_unit_test(every_form_of_error_is_read),
        cmocka_unit_test(success_is_a_response_of_the_service),
        cmocka_unit_test(anything_else_is_not_readable),
        cmocka_unit_test(headers_name_the_request),
        cmocka_unit_test(long_messages_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

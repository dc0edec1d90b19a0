/* What takes bytes and gives bytes, when memory runs out. */
#include "faulty.h"
#include "trapheus/aws_reply.h"
#include "trapheus/inflate.h"
#include "trapheus/pool.h"
#include "trapheus/query.h"
#include "trapheus/sigv4.h"
#include "trapheus/timers.h"
#include "trapheus/uri.h"
#include "trapheus/xml.h"

#define LONG_PATH                                                                                  \
    "/a%20b/./c/../some-longer-segment-of-a-path/x y/+/another-longer-segment-of-the-same-path/"
#define LONG_QUERY "b=2&a=1&a=0&long-name-of-a-parameter=with%20a%20value%20that%20is%20long+too"

typedef enum tph_status append(struct tph_buf *out);

static enum tph_status append_formatted(struct tph_buf *out) {
    return tph_buf_appendf(out, "%s %d %s", LONG_PATH, 42, LONG_QUERY);
}
static enum tph_status append_hex(struct tph_buf *out) {
    return tph_buf_append_hex(out, (const unsigned char *)LONG_PATH, sizeof LONG_PATH);
}
static enum tph_status append_encoded(struct tph_buf *out) {
    return tph_uri_encode(TPH_STR(LONG_PATH), "/", out);
}
static enum tph_status append_decoded(struct tph_buf *out) {
    return tph_uri_decode(TPH_STR(LONG_PATH), out);
}
static enum tph_status append_recoded(struct tph_buf *out) {
    return tph_uri_recode(TPH_STR(LONG_PATH), "/", out);
}
static enum tph_status append_normalized(struct tph_buf *out) {
    return tph_uri_normalize(TPH_STR(LONG_PATH), out);
}
static enum tph_status append_pair(struct tph_buf *out) {
    return tph_query_append(out, TPH_STR(LONG_PATH), TPH_STR(LONG_QUERY));
}
static enum tph_status append_decoded_form(struct tph_buf *out) {
    return tph_query_decode(TPH_STR(LONG_QUERY), out);
}
static enum tph_status append_inflated(struct tph_buf *out) { /* forty thousand times "z" */
    static const unsigned char packed[] = {
        31,  139, 8,   0,   0,  0,   0,   0,  2,  3,   237, 193, 49, 1,   0, 0, 0, 194, 160,
        222, 75,  239, 101, 11, 160, 0,   0,  0,  0,   0,   0,   0,  0,   0, 0, 0, 0,   0,
        0,   0,   0,   0,   0,  0,   0,   0,  0,  0,   0,   0,   0,  0,   0, 0, 0, 0,   0,
        0,   0,   0,   0,   0,  0,   128, 27, 21, 157, 133, 67,  64, 156, 0, 0};
    return tph_inflate((struct tph_str){(const char *)packed, sizeof packed}, out);
}

static const struct tph_credentials credentials = {.access_key_id = {"AKIDEXAMPLE", 11},
                                                   .secret_access_key = {"very-secret", 11},
                                                   .session_token = {"a-token", 7}};
static const struct tph_header headers[] = {{{"Host", 4}, {"example.amazonaws.com", 21}},
                                            {{"X-Other", 7}, {"  a  b ", 7}}};
static const struct tph_sigv4_request request = {.method = {"POST", 4},
                                                 .path = {LONG_PATH, sizeof LONG_PATH - 1},
                                                 .query = {LONG_QUERY, sizeof LONG_QUERY - 1},
                                                 .body = {"Action=A", 8},
                                                 .headers = headers,
                                                 .header_count = 2};
static const struct tph_sigv4_identity identity = {.credentials = &credentials,
                                                   .region = {"eu-west-1", 9},
                                                   .service = {"rds", 3},
                                                   .time_s = 1440938160,
                                                   .sign_body = true};

static enum tph_status append_signed(struct tph_buf *out) {
    return tph_sigv4_sign(&request, &identity, out);
}

struct appending {
    append *run;
    struct tph_buf right; /* what it makes of kept() */
};

/* A buffer without room for more. */
static struct tph_buf kept(void) {
    struct tph_buf out;
    tph_buf_init(&out, TPH_SIGV4_MAX_BYTES);
    do assert_int_equal(tph_buf_append_char(&out, 'k'), TPH_OK);
    while (out.length_bytes + 1 < out.capacity_bytes);
    return out;
}

static enum tph_status try_appending(void *context) {
    struct appending *appending = context;
    struct tph_buf out = kept(), before = kept();
    enum tph_status status = FAULTY(appending->run(&out));
    assert_string_equal(out.data, status == TPH_OK ? appending->right.data : before.data);
    tph_buf_deinit(&out);
    tph_buf_deinit(&before);
    return status;
}

static void what_appends_leaves_its_buffer_as_it_was(void **state) {
    static append *const all[] = {
        append_formatted,  append_hex,  append_encoded,      append_decoded, append_recoded,
        append_normalized, append_pair, append_decoded_form, append_signed,  append_inflated,
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct appending appending = {all[i], kept()};
        assert_int_equal(appending.run(&appending.right), TPH_OK);
        faulty_sweep(try_appending, &appending);
        tph_buf_deinit(&appending.right);
    }
}

static enum tph_status try_signing(void *context) {
    struct tph_buf stages[TPH_SIGV4_STAGES];
    tph_sigv4_init(stages);
    enum tph_status status = FAULTY(tph_sigv4_run(&request, &identity, stages));
    for (size_t i = 0; i < TPH_SIGV4_STAGES; i++)
        assert_int_equal(stages[i].length_bytes > 0, status == TPH_OK);
    tph_sigv4_wipe(stages);
    return status;
}

static void all_stages_of_a_signature_are_there_or_none(void **state) {
    faulty_sweep(try_signing, NULL);
}

/* Enough elements, attributes and text for each array to grow twice. */
static struct tph_buf long_document(void) {
    struct tph_buf text;
    tph_buf_init(&text, 65536);
    assert_int_equal(tph_buf_append(&text, TPH_STR("<r>")), TPH_OK);
    for (int i = 0; i < 150; i++)
        assert_int_equal(tph_buf_appendf(&text, "<e a='%d' b='&lt;'>text &amp; text</e>", i),
                         TPH_OK);
    assert_int_equal(tph_buf_append(&text, TPH_STR("</r>")), TPH_OK);
    return text;
}

static enum tph_status try_parsing(void *context) {
    struct tph_xml xml, empty;
    tph_xml_init(&xml);
    tph_xml_init(&empty);
    enum tph_status status = FAULTY(tph_xml_parse(&xml, tph_buf_view(context)));
    if (status == TPH_OK) {
        assert_int_equal(xml.node_count, 151);
        assert_int_equal(xml.attribute_count, 300);
        assert_true(tph_str_equal(tph_xml_text(&xml, xml.nodes[150].text), TPH_STR("text & text")));
    } else {
        assert_memory_equal(&xml, &empty, sizeof xml);
    }
    tph_xml_deinit(&xml);
    return status;
}

static void a_document_is_parsed_or_not_there(void **state) {
    struct tph_buf text = long_document();
    faulty_sweep(try_parsing, &text);
    tph_buf_deinit(&text);
}

/* An error of a JSON protocol, with members to pass over. */
static const char json_error[] =
    "{\"list\": [1, {\"a member with a name that is longer than most of them are\": \"x\"}],"
    " \"__type\": \"com.amazonaws.some.service#ThrottlingException\","
    " \"Message\": \"caf\\u00e9, and \\\"Rate exceeded\\\"\"}";

static enum tph_status try_reading(void *context) {
    struct tph_header header = {TPH_STR("x-amzn-requestid"),
                                TPH_STR("a-request-id-of-some-length")};
    struct tph_http_reply reply = {.status = 400,
                                   .body = {json_error, sizeof json_error - 1},
                                   .headers = &header,
                                   .header_count = 1,
                                   .detail = ""};
    struct tph_aws_verdict verdict;
    tph_aws_verdict_init(&verdict);
    enum tph_status status = FAULTY(tph_aws_reply_read(&verdict, &reply, true));
    assert_false(verdict.ok);
    if (status == TPH_OK) {
        assert_string_equal(verdict.code.data, "ThrottlingException");
        assert_string_equal(verdict.message.data, "caf\xc3\xa9, and \"Rate exceeded\"");
        assert_string_equal(verdict.request_id.data, "a-request-id-of-some-length");
    }
    tph_aws_verdict_deinit(&verdict);
    return status;
}

static void an_error_is_read_whole_or_not(void **state) { faulty_sweep(try_reading, NULL); }

static enum tph_status try_copying(void *context) {
    struct tph_credentials copy = {.expires_at_s = 7};
    enum tph_status status = FAULTY(tph_credentials_init(&copy, &credentials));
    assert_int_equal(copy.expires_at_s, status == TPH_OK ? 0 : 7);
    assert_true(tph_str_equal(copy.secret_access_key,
                              status == TPH_OK ? TPH_STR("very-secret") : TPH_STR("")));
    tph_credentials_deinit(&copy);
    return status;
}

static void credentials_are_copied_or_as_before(void **state) { faulty_sweep(try_copying, NULL); }

static void count_fired(void *context, enum tph_status status) { ++*(int *)context; }

/* The timers that were running before stay so; the heap grows at the 17th. */
static enum tph_status try_starting(void *context) {
    struct tph_timers timers = {.heap = NULL};
    struct tph_timer many[17] = {{.timers = NULL}};
    int fired = 0;
    for (int i = 0; i < 16; i++)
        assert_int_equal(tph_timers_start(&timers, &many[i], i, count_fired, &fired), TPH_OK);
    enum tph_status status = FAULTY(tph_timers_start(&timers, &many[16], 16, count_fired, &fired));
    assert_int_equal(tph_timers_fire(&timers, 100), status == TPH_OK ? 17 : 16);
    assert_int_equal(fired, status == TPH_OK ? 17 : 16);
    tph_timers_deinit(&timers);
    return status;
}

static void timers_run_on(void **state) { faulty_sweep(try_starting, NULL); }

static enum tph_status grow(struct tph_pool *pool, char **piece, size_t *bytes) {
    static const size_t sizes[] = {40, 400, 4000, 40000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char *moved = tph_pool_resize(pool, *piece, *bytes, sizes[i]);
        if (!moved) return TPH_ENOMEM;
        memset(moved + *bytes, 'x', sizes[i] - *bytes);
        *piece = moved;
        *bytes = sizes[i];
    }
    return TPH_OK;
}

static enum tph_status try_growing(void *context) {
    struct tph_pool *pool = tph_pool_new();
    char *piece = NULL;
    size_t bytes = 0;
    enum tph_status status = FAULTY(grow(pool, &piece, &bytes));
    for (size_t i = 0; i < bytes; i++) assert_int_equal(piece[i], 'x');
    tph_pool_resize(pool, piece, bytes, 0);
    tph_pool_free(pool);
    return status;
}

static void a_piece_grows_or_is_as_before(void **state) { faulty_sweep(try_growing, NULL); }

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_appends_leaves_its_buffer_as_it_was),
        cmocka_unit_test(all_stages_of_a_signature_are_there_or_none),
        cmocka_unit_test(a_document_is_parsed_or_not_there),
        cmocka_unit_test(an_error_is_read_whole_or_not),
        cmocka_unit_test(credentials_are_copied_or_as_before),
        cmocka_unit_test(timers_run_on),
        cmocka_unit_test(a_piece_grows_or_is_as_before),
    };
    return cmocka_run_group_tests(tests, faulty_set_up, NULL);
}

#include "unit.h"
#include "trapheus/uri.h"

static struct tph_buf out;

static int setup(void **state) {
    tph_buf_init(&out, 256);
    return 0;
}

static int teardown(void **state) {
    tph_buf_deinit(&out);
    return 0;
}

static void encodes_all_but_the_unreserved(void **state) {
    assert_int_equal(tph_uri_encode(TPH_STR("aZ0-._~ /+\0\xe1"), NULL, &out), TPH_OK);
    assert_string_equal(out.data, "aZ0-._~%20%2F%2B%00%E1");
    tph_buf_truncate(&out, 0);
    assert_int_equal(tph_uri_encode(TPH_STR("/a b\0"), "/", &out), TPH_OK);
    assert_string_equal(out.data, "/a%20b%00");
}

static void decodes_and_refuses_bad_escapes(void **state) {
    static const char *const bad[] = {"%", "a%4", "%4g", "%%41"};
    assert_int_equal(tph_uri_decode(TPH_STR("a%2fB%2B+%7e"), &out), TPH_OK);
    assert_string_equal(out.data, "a/B++~");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(tph_uri_decode(tph_str_from(bad[i]), &out), TPH_EPARSE);
        assert_string_equal(out.data, "a/B++~");
    }
}

static void recodes_to_one_spelling(void **state) {
    assert_int_equal(tph_uri_recode(TPH_STR("/a%2fb%7e%e1\xb4 %zz%"), "/", &out), TPH_OK);
    assert_string_equal(out.data, "/a%2Fb~%E1%B4%20%25zz%25");
}

static void stays_within_the_buffer(void **state) {
    struct tph_buf small;
    tph_buf_init(&small, 4);
    assert_int_equal(tph_buf_append(&small, TPH_STR("ab")), TPH_OK);
    assert_int_equal(tph_uri_encode(TPH_STR("c d"), NULL, &small), TPH_ETOOBIG);
    assert_int_equal(tph_uri_recode(TPH_STR("c d"), NULL, &small), TPH_ETOOBIG);
    assert_int_equal(tph_uri_decode(TPH_STR("cde"), &small), TPH_ETOOBIG);
    assert_int_equal(tph_uri_normalize(TPH_STR("/cde"), &small), TPH_ETOOBIG);
    assert_string_equal(small.data, "ab");
    tph_buf_deinit(&small);
}

static void normalizes_paths(void **state) {
    static const struct {
        const char *path, *normal;
    } rows[] = {
        {"", "/"},           {"/", "/"},          {"//", "/"},          {"/..", "/"},
        {"/./", "/"},        {"/a/..", "/"},      {"/a/../", "/"},      {"/a/b/../..", "/"},
        {"/a//b/", "/a/b/"}, {"/./a", "/a"},      {"/a/./b", "/a/b"},   {"/../../a", "/a"},
        {"/a/b/..", "/a"},   {"/a/b/../", "/a/"}, {"/a/...", "/a/..."}, {"/a/%2e%2e", "/a/%2e%2e"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        tph_buf_truncate(&out, 0);
        assert_int_equal(tph_buf_append_char(&out, '>'), TPH_OK);
        assert_int_equal(tph_uri_normalize(tph_str_from(rows[i].path), &out), TPH_OK);
        assert_string_equal(out.data + 1, rows[i].normal);
    }
}

static void parses_urls(void **state) {
    static const struct {
        const char *text, *scheme, *authority, *host, *path, *query;
        int port;
    } rows[] = {
        {"https://a-b.example", "https", "a-b.example", "a-b.example", "/", "", 0},
        {"HTTP://h:80/p/q?x=1&y?z", "http", "h:80", "h", "/p/q", "x=1&y?z", 80},
        {"http://[::1]:5000/?", "http", "[::1]:5000", "::1", "/", "", 5000},
        {"https://[fd00:ec2::23]", "https", "[fd00:ec2::23]", "fd00:ec2::23", "/", "", 0},
        {"http://127.0.0.1:65535?q", "http", "127.0.0.1:65535", "127.0.0.1", "/", "q", 65535},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct tph_uri uri;
        assert_int_equal(tph_uri_parse(tph_str_from(rows[i].text), &uri), TPH_OK);
        assert_true(tph_str_equal(uri.scheme, tph_str_from(rows[i].scheme)));
        assert_true(tph_str_equal(uri.authority, tph_str_from(rows[i].authority)));
        assert_true(tph_str_equal(uri.host, tph_str_from(rows[i].host)));
        assert_true(tph_str_equal(uri.path, tph_str_from(rows[i].path)));
        assert_true(tph_str_equal(uri.query, tph_str_from(rows[i].query)));
        assert_int_equal(uri.port, rows[i].port);
    }
}

static void refuses_what_is_no_plain_url(void **state) {
    static const char *const bad[] = {
        "",
        "http",
        "http:/a",
        "ftp://a",
        "//a",
        "http://",
        "http:///p",
        "http://u:p@a/",
        "http://u@a/",
        "http://a:0",
        "http://a:",
        "http://a:65536",
        "http://a:080000",
        "http://a:8x",
        "http://a b/",
        "http://a/#f",
        "http://a/\n",
        "http://[::1",
        "http://[::1]x",
        "http://[a]/",
        "http://[]/",
        "http://[::1%25eth0]/",
        "http://a\\b/",
        "http://a%2fb/",
    };
    struct tph_uri uri = {.port = 7};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(tph_uri_parse(tph_str_from(bad[i]), &uri), TPH_EPARSE);
    assert_int_equal(tph_uri_parse(TPH_STR("http://[::1\0]/"), &uri), TPH_EPARSE);
    assert_int_equal(uri.port, 7);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(encodes_all_but_the_unreserved, setup, teardown),
        cmocka_unit_test_setup_teardown(decodes_and_refuses_bad_escapes, setup, teardown),
        cmocka_unit_test_setup_teardown(recodes_to_one_spelling, setup, teardown),
        cmocka_unit_test(stays_within_the_buffer),
        cmocka_unit_test_setup_teardown(normalizes_paths, setup, teardown),
        cmocka_unit_test(parses_urls),
        cmocka_unit_test(refuses_what_is_no_plain_url),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "unit.h"
#include "trapheus/buf.h"

static void appends_and_terminates(void **state) {
    struct tph_buf buf;
    tph_buf_init(&buf, 64);
    assert_int_equal(tph_buf_append(&buf, TPH_STR("ab")), TPH_OK);
    assert_int_equal(tph_buf_append_char(&buf, 'c'), TPH_OK);
    assert_int_equal(tph_buf_appendf(&buf, "-%d", 42), TPH_OK);
    assert_int_equal(tph_buf_append_hex(&buf, (const unsigned char *)"\x0f\xa0", 2), TPH_OK);
    assert_string_equal(buf.data, "abc-420fa0");
    tph_buf_truncate(&buf, 2);
    assert_string_equal(buf.data, "ab");
    tph_buf_wipe(&buf);
    assert_null(buf.data);
}

static void refuses_more_than_its_limit_and_stays_as_it_was(void **state) {
    struct tph_buf buf;
    tph_buf_init(&buf, 4);
    assert_int_equal(tph_buf_append(&buf, TPH_STR("abcd")), TPH_OK);
    assert_int_equal(tph_buf_append_char(&buf, 'e'), TPH_ETOOBIG);
    assert_int_equal(tph_buf_appendf(&buf, "%s", "e"), TPH_ETOOBIG);
    assert_int_equal(tph_buf_append_hex(&buf, (const unsigned char *)"x", 1), TPH_ETOOBIG);
    assert_true(tph_str_equal(tph_buf_view(&buf), TPH_STR("abcd")));
    tph_buf_deinit(&buf);
}

static void compares_views(void **state) {
    assert_true(tph_str_equal(TPH_STR(""), tph_str_from(NULL)));
    assert_false(tph_str_equal(TPH_STR("a"), TPH_STR("A")));
    assert_true(tph_str_equal_nocase(TPH_STR("aB"), TPH_STR("Ab")));
    assert_false(tph_str_equal_nocase(TPH_STR("a"), TPH_STR("ab")));
}

static void names_every_status(void **state) {
    assert_string_equal(tph_status_name(TPH_ETIMEDOUT), "ETIMEDOUT");
    assert_string_equal(tph_status_text(TPH_ETIMEDOUT), "timed out");
    assert_string_equal(tph_status_name(TPH_STATUS_COUNT), "UNKNOWN");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appends_and_terminates),
        cmocka_unit_test(refuses_more_than_its_limit_and_stays_as_it_was),
        cmocka_unit_test(compares_views),
        cmocka_unit_test(names_every_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

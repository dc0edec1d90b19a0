#include "unit.h"
#include "trapheus/json.h"
#include <limits.h>
#include <math.h>
#include <stdio.h>

static void writes_string(struct tph_str text, const char *expected) {
    struct tph_buf out;
    tph_buf_init(&out, 256);
    assert_int_equal(tph_json_put_string(text, &out), TPH_OK);
    assert_string_equal(out.data, expected);
    tph_buf_deinit(&out);
}

static void writes_rune(unsigned rune, bool escaped) {
    char text[] = {(char)0xe2, (char)(0x80 | (rune >> 6 & 63)), (char)(0x80 | (rune & 63)), '\0'};
    char expected[16];
    if (escaped)
        snprintf(expected, sizeof expected, "\"\\u%04x\"", rune);
    else
        snprintf(expected, sizeof expected, "\"%s\"", text);
    writes_string(tph_str_from(text), expected);
}

static void writes_number(double value, const char *expected) {
    struct tph_buf out;
    tph_buf_init(&out, 64);
    assert_int_equal(tph_json_put_number(value, &out), TPH_OK);
    assert_string_equal(out.data, expected);
    tph_buf_deinit(&out);
}

static void copies_what_is_plain(void **state) {
    writes_string(TPH_STR(""), "\"\"");
    writes_string((struct tph_str){NULL, 0}, "\"\"");
    writes_string(TPH_STR("a/b é – ~"), "\"a/b é – ~\"");
    writes_string(TPH_STR("\x80\xff\xc3"), "\"\x80\xff\xc3\"");
}

static void escapes_what_steers_a_terminal(void **state) {
    writes_string(TPH_STR("\"\\\n\r\t\b\0|\x1f\x7f"),
                  "\"\\\"\\\\\\n\\r\\t\\u0008\\u0000|\\u001f\\u007f\"");
    writes_string(TPH_STR("\xc2\x80\xc2\x9f\u00a0"), "\"\\u0080\\u009f\u00a0\"");
    for (unsigned rune = 0x2000; rune < 0x2080; rune++)
        writes_rune(rune, rune == 0x200e || rune == 0x200f || (rune >= 0x2028 && rune <= 0x202e) ||
                              (rune >= 0x2066 && rune <= 0x2069));
}

static void keeps_runes_that_are_cut_short(void **state) {
    writes_string(TPH_STR("\xc2"), "\"\xc2\"");
    writes_string(TPH_STR("\xc2\n"), "\"\xc2\\n\"");
    writes_string(TPH_STR("\xe2"), "\"\xe2\"");
    writes_string(TPH_STR("\xe2\x80"), "\"\xe2\x80\"");
    writes_string(TPH_STR("\xe2\xe2\x80\x8e"), "\"\xe2\\u200e\"");
    writes_string(TPH_STR("\xe2\x80\xc2\x85"), "\"\xe2\x80\\u0085\"");
    writes_string((struct tph_str){"\xe2\x80\x8e", 2}, "\"\xe2\x80\"");
}

static void writes_the_shortest_number(void **state) {
    writes_number(0.1, "0.1");
    writes_number(1.0 / 3, "0.3333333333333333");
    writes_number(0.1 + 0.2, "0.30000000000000004");
    writes_number(1e300, "1e+300");
    writes_number(1e-5, "1e-05");
    writes_number(5e-324, "4.94065645841247e-324");
    writes_number(0x1p63, "9.223372036854776e+18");
}

static void writes_whole_numbers_as_such(void **state) {
    struct tph_buf out;
    tph_buf_init(&out, 64);
    writes_number(120.0, "120");
    writes_number(-0.0, "0");
    writes_number(1e15, "1000000000000000");
    writes_number(-0x1p63, "-9223372036854775808");
    assert_int_equal(tph_json_put_integer(LLONG_MIN, &out), TPH_OK);
    assert_int_equal(tph_json_put_integer(LLONG_MAX, &out), TPH_OK);
    assert_int_equal(tph_json_put_integer(0, &out), TPH_OK);
    assert_string_equal(out.data, "-922337203685477580892233720368547758070");
    tph_buf_deinit(&out);
}

static void writes_milliseconds(void **state) {
    writes_number(1767225742.699, "1767225742.699");
    writes_number(-116.6, "-116.6");
    writes_number(0.001, "0.001");
    writes_number(-0.25, "-0.25");
    writes_number(0.0005, "0.0005");
    writes_number(999999999999.999, "999999999999.999");
    writes_number(1000000000000.001, "1000000000000.001");
    writes_number(99999999999999.92, "99999999999999.92");
}

/* What is written quickly is what printf() says. */
static void writes_decimals_as_printf_does(void **state) {
    char expected[64];
    for (long long count = 1; count < 1000000000000000; count = count * 7 / 3 + 1) {
        double value = (double)count / 1000;
        if (value == floor(value)) continue;
        snprintf(expected, sizeof expected, "%.15g", value);
        writes_number(value, expected);
    }
}

static void refuses_what_is_not_finite(void **state) {
    struct tph_buf out;
    tph_buf_init(&out, 64);
    assert_int_equal(tph_json_put_number(INFINITY, &out), TPH_EINVAL);
    assert_int_equal(tph_json_put_number(NAN, &out), TPH_EINVAL);
    assert_int_equal(out.length_bytes, 0);
}

static void stops_at_the_limit(void **state) {
    struct tph_buf out;
    tph_buf_init(&out, 4);
    assert_int_equal(tph_json_put_string(TPH_STR("abc"), &out), TPH_ETOOBIG);
    tph_buf_truncate(&out, 0);
    assert_int_equal(tph_json_put_string(TPH_STR("\1"), &out), TPH_ETOOBIG);
    tph_buf_truncate(&out, 0);
    assert_int_equal(tph_json_put_number(0.12345, &out), TPH_ETOOBIG);
    assert_int_equal(tph_json_put_integer(12345, &out), TPH_ETOOBIG);
    tph_buf_deinit(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_what_is_plain),
        cmocka_unit_test(escapes_what_steers_a_terminal),
        cmocka_unit_test(keeps_runes_that_are_cut_short),
        cmocka_unit_test(writes_the_shortest_number),
        cmocka_unit_test(writes_whole_numbers_as_such),
        cmocka_unit_test(writes_milliseconds),
        cmocka_unit_test(writes_decimals_as_printf_does),
        cmocka_unit_test(refuses_what_is_not_finite),
        cmocka_unit_test(stops_at_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

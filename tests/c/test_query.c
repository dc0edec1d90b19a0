#include "unit.h"
#include "trapheus/query.h"

static void writes_pairs(void **state) {
    struct tph_buf out;
    tph_buf_init(&out, TPH_QUERY_MAX_BYTES);
    assert_int_equal(tph_query_append(&out, TPH_STR("Action"), TPH_STR("A b+c&d=-._~")), TPH_OK);
    assert_int_equal(tph_query_append(&out, TPH_STR("k\xc3\xa9"), TPH_STR("")), TPH_OK);
    assert_string_equal(out.data, "Action=A+b%2Bc%26d%3D-._~&k%C3%A9=");
    tph_buf_deinit(&out);
}

static void writes_a_pair_or_nothing(void **state) {
    struct tph_buf out;
    tph_buf_init(&out, 8);
    assert_int_equal(tph_query_append(&out, TPH_STR("a"), TPH_STR("b")), TPH_OK);
    assert_int_equal(tph_query_append(&out, TPH_STR("c"), TPH_STR("d\n")), TPH_ETOOBIG);
    assert_string_equal(out.data, "a=b");
    tph_buf_deinit(&out);
}

static void reads_pairs(void **state) {
    static const char *const expected[] = {"a", "1", "b c", "", "", "x=y", "d", "+ e"};
    struct tph_str rest = TPH_STR("&a=1&&b+c&=x=y&d=%2B+e&"), pair[2];
    struct tph_buf out;
    tph_buf_init(&out, 64);
    for (size_t i = 0; i < 8; i += 2) {
        assert_true(tph_query_next(&rest, &pair[0], &pair[1]));
        for (size_t part = 0; part < 2; part++) {
            tph_buf_truncate(&out, 0);
            assert_int_equal(tph_query_decode(pair[part], &out), TPH_OK);
            assert_true(tph_str_equal(tph_buf_view(&out), tph_str_from(expected[i + part])));
        }
    }
    assert_false(tph_query_next(&rest, &pair[0], &pair[1]));
    tph_buf_deinit(&out);
}

static void refuses_bad_escapes_and_what_does_not_fit(void **state) {
    struct tph_buf out;
    tph_buf_init(&out, 4);
    assert_int_equal(tph_query_decode(TPH_STR("ab"), &out), TPH_OK);
    assert_int_equal(tph_query_decode(TPH_STR("c+%zz"), &out), TPH_EPARSE);
    assert_int_equal(tph_query_decode(TPH_STR("c+%64"), &out), TPH_ETOOBIG);
    assert_string_equal(out.data, "ab");
    tph_buf_deinit(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_pairs),
        cmocka_unit_test(writes_a_pair_or_nothing),
        cmocka_unit_test(reads_pairs),
        cmocka_unit_test(refuses_bad_escapes_and_what_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

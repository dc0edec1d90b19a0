#include "unit.h"
#include "trapheus/pool.h"
#include <string.h>

static void gives_pieces_that_do_not_overlap_and_keep_what_is_in_them(void **state) {
    enum { COUNT = 600 };
    struct tph_pool *pool = tph_pool_new();
    char *pieces[COUNT];
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < COUNT; i++) {
            pieces[i] = tph_pool_resize(pool, NULL, 99, i + 1);
            assert_non_null(pieces[i]);
            assert_int_equal((uintptr_t)pieces[i] % 16, 0);
            memset(pieces[i], (int)(i % 251), i + 1);
        }
        for (size_t i = 0; i < COUNT; i++) {
            for (size_t at = 0; at <= i; at++)
                assert_int_equal((unsigned char)pieces[i][at], i % 251);
            assert_null(tph_pool_resize(pool, pieces[i], i + 1, 0));
        }
    }
    tph_pool_free(pool);
}

static void keeps_what_is_in_a_piece_that_grows_or_shrinks(void **state) {
    static const size_t sizes[] = {1, 16, 17, 500, 512, 513, 5000, 9000, 600, 512, 40, 8, 3};
    struct tph_pool *pool = tph_pool_new();
    char *piece = NULL;
    size_t bytes = 0, kept = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        piece = tph_pool_resize(pool, piece, bytes, sizes[i]);
        assert_non_null(piece);
        kept = i == 0 ? 0 : kept < sizes[i] ? kept : sizes[i];
        for (size_t at = 0; at < kept; at++) assert_int_equal(piece[at], 'x');
        bytes = kept = sizes[i];
        memset(piece, 'x', bytes);
    }
    assert_null(tph_pool_resize(pool, piece, bytes, 0));
    tph_pool_free(pool);
}

static void nothing_is_no_piece(void **state) {
    struct tph_pool *pool = tph_pool_new();
    assert_null(tph_pool_resize(pool, NULL, 0, 0));
    assert_null(tph_pool_resize(pool, NULL, 5, 0));
    tph_pool_free(pool);
    tph_pool_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_pieces_that_do_not_overlap_and_keep_what_is_in_them),
        cmocka_unit_test(keeps_what_is_in_a_piece_that_grows_or_shrinks),
        cmocka_unit_test(nothing_is_no_piece),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

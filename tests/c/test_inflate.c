#include "unit.h"
#include "trapheus/inflate.h"
#include <string.h>
#include <zlib.h>

static struct tph_str pack(const char *text, size_t length, unsigned char *out, size_t size) {
    z_stream stream = {.next_in = (unsigned char *)text,
                       .avail_in = (uInt)length,
                       .next_out = out,
                       .avail_out = (uInt)size};
    assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    struct tph_str packed = {(const char *)out, stream.total_out};
    deflateEnd(&stream);
    return packed;
}

static void test_there_and_back(void **state) {
    static char text[100000];
    static unsigned char room[200000];
    for (size_t i = 0; i < sizeof text; i++) text[i] = (char)(i * i % 251);
    struct tph_str packed = pack(text, sizeof text, room, sizeof room);
    struct tph_buf out;
    tph_buf_init(&out, sizeof text);
    assert_int_equal(tph_inflate(packed, &out), TPH_OK);
    assert_int_equal(out.length_bytes, sizeof text);
    assert_memory_equal(out.data, text, sizeof text);
    tph_buf_deinit(&out);
    tph_buf_init(&out, sizeof text - 1);
    assert_int_equal(tph_inflate(packed, &out), TPH_ETOOBIG);
    tph_buf_deinit(&out);
}

static void test_what_is_not_whole(void **state) {
    unsigned char room[100];
    struct tph_str packed = pack("hello", 5, room, sizeof room);
    struct tph_buf out;
    tph_buf_init(&out, 100);
    for (size_t length = 0; length < packed.length_bytes; length++) {
        struct tph_str cut = {packed.data, length};
        assert_int_equal(tph_inflate(cut, &out), TPH_EPARSE);
        assert_int_equal(out.length_bytes, 0);
    }
    assert_int_equal(tph_inflate(TPH_STR("plain text"), &out), TPH_EPARSE);
    tph_buf_deinit(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_what_is_not_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The parts of an address lie inside it; what is normal or recoded stays as it is. */
#include "trapheus/uri.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void require(bool holds) {
    if (!holds) abort();
}

static bool is_within(struct tph_str part, struct tph_str whole) {
    return part.data >= whole.data &&
           part.data + part.length_bytes <= whole.data + whole.length_bytes;
}

static void check_parts(struct tph_str text) {
    struct tph_uri uri;
    if (tph_uri_parse(text, &uri) != TPH_OK) return;
    require(uri.port >= 0 && uri.port <= 65535 && uri.host.length_bytes > 0);
    require(is_within(uri.authority, text) && is_within(uri.host, uri.authority));
    require(uri.path.length_bytes > 0 && uri.path.data[0] == '/');
    require(uri.query.length_bytes == 0 || is_within(uri.query, text));
    require(memchr(uri.authority.data, '@', uri.authority.length_bytes) == NULL);
}

typedef enum tph_status change(struct tph_str text, struct tph_buf *out);

static enum tph_status recode(struct tph_str text, struct tph_buf *out) {
    return tph_uri_recode(text, "/", out);
}

static void check_idempotent(change *change, struct tph_str text) {
    struct tph_buf once, twice;
    tph_buf_init(&once, 1 << 20);
    tph_buf_init(&twice, 1 << 20);
    require(change(text, &once) == TPH_OK);
    require(change(tph_buf_view(&once), &twice) == TPH_OK);
    require(tph_str_equal(tph_buf_view(&once), tph_buf_view(&twice)));
    tph_buf_deinit(&once);
    tph_buf_deinit(&twice);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size) {
    struct tph_str text = {(const char *)data, size};
    check_parts(text);
    check_idempotent(recode, text);
    if (size > 0 && data[0] == '/') check_idempotent(tph_uri_normalize, text);
    return 0;
}

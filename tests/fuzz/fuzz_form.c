/* What is decoded and encoded again says the same when it is decoded once more. */
#include "trapheus/query.h"
#include "trapheus/uri.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void require(bool holds) {
    if (!holds) abort();
}

/* Decodes every pair of `body` and appends it, encoded, to `out`. */
static bool recode(struct tph_str body, struct tph_buf *out) {
    struct tph_str key, value;
    struct tph_buf parts[2];
    bool good = true;
    while (good && tph_query_next(&body, &key, &value)) {
        tph_buf_init(&parts[0], TPH_QUERY_MAX_BYTES);
        tph_buf_init(&parts[1], TPH_QUERY_MAX_BYTES);
        good = tph_query_decode(key, &parts[0]) == TPH_OK &&
               tph_query_decode(value, &parts[1]) == TPH_OK;
        if (good)
            require(tph_query_append(out, tph_buf_view(&parts[0]), tph_buf_view(&parts[1])) ==
                    TPH_OK);
        tph_buf_deinit(&parts[0]);
        tph_buf_deinit(&parts[1]);
    }
    return good;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size) {
    struct tph_buf once, twice;
    tph_buf_init(&once, TPH_QUERY_MAX_BYTES);
    tph_buf_init(&twice, TPH_QUERY_MAX_BYTES);
    if (recode((struct tph_str){(const char *)data, size}, &once)) {
        require(recode(tph_buf_view(&once), &twice));
        require(tph_str_equal(tph_buf_view(&once), tph_buf_view(&twice)));
    }
    tph_buf_deinit(&once);
    tph_buf_deinit(&twice);
    return 0;
}

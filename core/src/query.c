#include "trapheus/query.h"
#include "trapheus/uri.h"
#include <string.h>

/* Cuts `text` at the first `mark`: gives what precedes it, leaves what follows it. */
static struct tph_str take(struct tph_str *text, char mark) {
    const char *end = text->length_bytes ? memchr(text->data, mark, text->length_bytes) : NULL;
    size_t length = end ? (size_t)(end - text->data) : text->length_bytes;
    struct tph_str head = {text->data, length};
    *text = end ? (struct tph_str){end + 1, text->length_bytes - length - 1} : (struct tph_str){0};
    return head;
}

/* Blanks stay as they are in the encoding and then become '+': a literal '+' is %2B by then. */
static enum tph_status append_part(struct tph_buf *out, struct tph_str part) {
    size_t start = out->length_bytes;
    enum tph_status status = tph_uri_encode(part, " ", out);
    for (size_t i = start; i < out->length_bytes; i++)
        if (out->data[i] == ' ') out->data[i] = '+';
    return status;
}

enum tph_status tph_query_append(struct tph_buf *out, struct tph_str key, struct tph_str value) {
    size_t before = out->length_bytes;
    enum tph_status status = before ? tph_buf_append_char(out, '&') : TPH_OK;
    if (status == TPH_OK) status = append_part(out, key);
    if (status == TPH_OK) status = tph_buf_append_char(out, '=');
    if (status == TPH_OK) status = append_part(out, value);
    if (status != TPH_OK) tph_buf_truncate(out, before);
    return status;
}

bool tph_query_next(struct tph_str *rest, struct tph_str *key, struct tph_str *value) {
    struct tph_str pair = {0};
    while (rest->length_bytes && pair.length_bytes == 0) pair = take(rest, '&');
    if (pair.length_bytes == 0) return false;
    *key = take(&pair, '=');
    *value = pair;
    return true;
}

enum tph_status tph_query_decode(struct tph_str encoded, struct tph_buf *out) {
    size_t before = out->length_bytes;
    enum tph_status status = TPH_OK;
    while (encoded.length_bytes && status == TPH_OK) {
        bool blank = memchr(encoded.data, '+', encoded.length_bytes) != NULL;
        status = tph_uri_decode(take(&encoded, '+'), out);
        if (status == TPH_OK && blank) status = tph_buf_append_char(out, ' ');
    }
    if (status != TPH_OK) tph_buf_truncate(out, before);
    return status;
}

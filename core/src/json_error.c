#include "json_error.h"
#include <string.h>

struct reader {
    const char *at, *end;
};

/* The next character that is no blank; NUL at the end. */
static char peek(struct reader *reader) {
    while (reader->at < reader->end && strchr(" \t\r\n", *reader->at) && *reader->at) reader->at++;
    if (reader->at == reader->end) return '\0';
    return *reader->at;
}

static bool take(struct reader *reader, char wanted) {
    if (peek(reader) != wanted || reader->at == reader->end) return false;
    reader->at++;
    return true;
}

static int hex_digit(char c) {
    static const char digits[] = "0123456789abcdef";
    const char *found = c ? strchr(digits, c >= 'A' && c <= 'F' ? c | 32 : c) : NULL;
    return found ? (int)(found - digits) : -1;
}

/* The character of a \uXXXX; surrogates, which come in pairs, are shown as '?'. */
static enum tph_status append_unicode(struct reader *reader, struct tph_buf *out) {
    unsigned code = 0;
    if (reader->end - reader->at < 4) return TPH_EPARSE;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(*reader->at++);
        if (digit < 0) return TPH_EPARSE;
        code = code * 16 + (unsigned)digit;
    }
    if (code >= 0xd800 && code < 0xe000) return tph_buf_append_char(out, '?');
    if (code < 0x80) return tph_buf_append_char(out, (char)code);
    char bytes[3] = {(char)(0xe0 | code >> 12), (char)(0x80 | (code >> 6 & 63)),
                     (char)(0x80 | (code & 63))};
    if (code >= 0x800) return tph_buf_append(out, (struct tph_str){bytes, 3});
    bytes[1] = (char)(0xc0 | code >> 6);
    return tph_buf_append(out, (struct tph_str){bytes + 1, 2});
}

static enum tph_status append_escape(struct reader *reader, struct tph_buf *out) {
    static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    if (reader->at == reader->end) return TPH_EPARSE;
    char name = *reader->at++;
    if (name == 'u') return append_unicode(reader, out);
    const char *found = name ? strchr(names, name) : NULL;
    return found ? tph_buf_append_char(out, values[found - names]) : TPH_EPARSE;
}

/* Appends a string; what `out` has no room for is read and dropped. */
static enum tph_status read_string(struct reader *reader, struct tph_buf *out) {
    if (!take(reader, '"')) return TPH_EPARSE;
    while (reader->at < reader->end) {
        char c = *reader->at++;
        if (c == '"') return TPH_OK;
        if ((unsigned char)c < 32) return TPH_EPARSE;
        enum tph_status status =
            c == '\\' ? append_escape(reader, out) : tph_buf_append_char(out, c);
        if (status != TPH_OK && status != TPH_ETOOBIG) return status;
    }
    return TPH_EPARSE;
}

/* How much deeper, or less deep, brackets are after this character. */
static int nesting(char c) {
    if (c == '{' || c == '[') return 1;
    return c == '}' || c == ']' ? -1 : 0;
}

/* Passes over a value that is no string: brackets in pairs, up to what ends the member. */
static enum tph_status skip_value(struct reader *reader, struct tph_buf *scratch) {
    long depth = 0;
    for (char c; (c = peek(reader)) != '\0';) {
        if (depth == 0 && (c == ',' || c == '}')) return TPH_OK;
        depth += nesting(c);
        if (depth < 0) return TPH_EPARSE;
        tph_buf_truncate(scratch, 0);
        enum tph_status status = c == '"' ? read_string(reader, scratch) : TPH_OK;
        if (status != TPH_OK) return status;
        if (c != '"') reader->at++;
    }
    return TPH_EPARSE;
}

static struct tph_buf *choose(struct tph_str name, struct tph_buf *code, struct tph_buf *message,
                              struct tph_buf *other) {
    bool codes = tph_str_equal(name, TPH_STR("__type")) || tph_str_equal(name, TPH_STR("code"));
    if (codes && code->length_bytes == 0) return code;
    return tph_str_equal_nocase(name, TPH_STR("message")) ? message : other;
}

static enum tph_status read_members(struct reader *reader, struct tph_buf *code,
                                    struct tph_buf *message, struct tph_buf *scratch) {
    do {
        tph_buf_truncate(scratch, 0);
        enum tph_status status = read_string(reader, scratch);
        if (status != TPH_OK) return status;
        struct tph_buf *out = choose(tph_buf_view(scratch), code, message, scratch);
        if (!take(reader, ':')) return TPH_EPARSE;
        bool text = peek(reader) == '"';
        status = text ? read_string(reader, out) : skip_value(reader, scratch);
        if (status != TPH_OK) return status;
    } while (take(reader, ','));
    return take(reader, '}') ? TPH_OK : TPH_EPARSE;
}

static void cut_namespace(struct tph_buf *code) {
    const char *mark = memrchr(code->data, '#', code->length_bytes);
    const char *colon = memchr(code->data, ':', code->length_bytes);
    if (colon && (!mark || colon < mark)) tph_buf_truncate(code, (size_t)(colon - code->data));
    if (!mark || mark >= code->data + code->length_bytes) return;
    size_t rest = code->length_bytes - (size_t)(mark + 1 - code->data);
    memmove(code->data, mark + 1, rest);
    tph_buf_truncate(code, rest);
}

enum tph_status tph_json_error_read(struct tph_str text, struct tph_buf *code,
                                    struct tph_buf *message) {
    struct reader reader = {text.data, text.data + text.length_bytes};
    struct tph_buf scratch;
    tph_buf_init(&scratch, 256);
    enum tph_status status =
        take(&reader, '{') ? read_members(&reader, code, message, &scratch) : TPH_EPARSE;
    tph_buf_deinit(&scratch);
    if (status == TPH_OK && code->length_bytes > 0) cut_namespace(code);
    return status == TPH_OK && code->length_bytes == 0 ? TPH_EPARSE : status;
}

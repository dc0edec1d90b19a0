#include "trapheus/buf.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct tph_str tph_str_from(const char *text) {
    return (struct tph_str){text, text ? strlen(text) : 0};
}

bool tph_str_equal(struct tph_str a, struct tph_str b) {
    return a.length_bytes == b.length_bytes &&
           (a.length_bytes == 0 || memcmp(a.data, b.data, a.length_bytes) == 0);
}

bool tph_str_equal_nocase(struct tph_str a, struct tph_str b) {
    return a.length_bytes == b.length_bytes &&
           (a.length_bytes == 0 || strncasecmp(a.data, b.data, a.length_bytes) == 0);
}

enum { least_bytes = 256 };

void tph_buf_init(struct tph_buf *buf, size_t max_bytes) {
    *buf = (struct tph_buf){.max_bytes = max_bytes};
}

void tph_buf_deinit(struct tph_buf *buf) {
    free(buf->data);
    tph_buf_init(buf, buf->max_bytes);
}

void tph_buf_wipe(struct tph_buf *buf) {
    if (buf->data) explicit_bzero(buf->data, buf->capacity_bytes);
    tph_buf_deinit(buf);
}

void tph_buf_truncate(struct tph_buf *buf, size_t length_bytes) {
    if (length_bytes >= buf->length_bytes) return;
    buf->length_bytes = length_bytes;
    buf->data[length_bytes] = '\0';
}

struct tph_str tph_buf_view(const struct tph_buf *buf) {
    return (struct tph_str){buf->data, buf->length_bytes};
}

/* Old bytes are wiped when the block moves, as a buffer may hold a secret. */
enum tph_status tph_buf_reserve(struct tph_buf *buf, size_t more) {
    if (more > buf->max_bytes || buf->length_bytes > buf->max_bytes - more) return TPH_ETOOBIG;
    size_t needed = buf->length_bytes + more + 1;
    if (needed <= buf->capacity_bytes) return TPH_OK;
    size_t capacity = buf->capacity_bytes ? buf->capacity_bytes * 2 : least_bytes;
    if (capacity < needed) capacity = needed;
    if (capacity > buf->max_bytes + 1) capacity = buf->max_bytes + 1;
    char *data = malloc(capacity);
    if (!data) return TPH_ENOMEM;
    if (buf->data) {
        memcpy(data, buf->data, buf->length_bytes + 1);
        explicit_bzero(buf->data, buf->capacity_bytes);
        free(buf->data);
    }
    buf->data = data;
    buf->capacity_bytes = capacity;
    return TPH_OK;
}

enum tph_status tph_buf_append(struct tph_buf *buf, struct tph_str more) {
    if (more.length_bytes >= buf->capacity_bytes - buf->length_bytes) {
        enum tph_status status = tph_buf_reserve(buf, more.length_bytes);
        if (status != TPH_OK) return status;
    }
    if (more.length_bytes) memcpy(buf->data + buf->length_bytes, more.data, more.length_bytes);
    buf->length_bytes += more.length_bytes;
    buf->data[buf->length_bytes] = '\0';
    return TPH_OK;
}

enum tph_status tph_buf_append_char(struct tph_buf *buf, char c) {
    return tph_buf_append(buf, (struct tph_str){&c, 1});
}

enum tph_status tph_buf_append_hex(struct tph_buf *buf, const unsigned char *bytes, size_t count) {
    static const char digits[] = "0123456789abcdef";
    enum tph_status status = tph_buf_reserve(buf, count * 2);
    if (status != TPH_OK) return status;
    for (size_t i = 0; i < count; i++) {
        buf->data[buf->length_bytes++] = digits[bytes[i] >> 4];
        buf->data[buf->length_bytes++] = digits[bytes[i] & 15];
    }
    buf->data[buf->length_bytes] = '\0';
    return TPH_OK;
}

enum tph_status tph_buf_appendf(struct tph_buf *buf, const char *format, ...) {
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    enum tph_status status = length < 0 ? TPH_EINVAL : tph_buf_reserve(buf, (size_t)length);
    if (status == TPH_OK) {
        vsnprintf(buf->data + buf->length_bytes, (size_t)length + 1, format, again);
        buf->length_bytes += (size_t)length;
    }
    va_end(again);
    return status;
}

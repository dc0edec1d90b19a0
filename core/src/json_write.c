#include "trapheus/json.h"
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* A bit for each byte that is not simply copied: control characters, the quote, the backslash, DEL,
 * and what the runes to be escaped begin with. */
static const uint32_t marked[8] = {
    UINT32_MAX, 1u << ('"' & 31),  1u << ('\\' & 31), 1u << (127 & 31), 0,
    0,          1u << (0xc2 & 31), 1u << (0xe2 & 31)};

static bool is_marked(unsigned char byte) { return marked[byte >> 5] >> (byte & 31) & 1; }

/* Copies what comes before the first marked byte; how many. */
static size_t copy_unmarked(char *to, struct tph_str text) {
    size_t count = 0;
    for (; count < text.length_bytes && !is_marked((unsigned char)text.data[count]); count++)
        to[count] = text.data[count];
    return count;
}

static bool is_steering(unsigned rune) {
    return rune == 0x200e || rune == 0x200f || (rune >= 0x2028 && rune <= 0x202e) ||
           (rune >= 0x2066 && rune <= 0x2069);
}

/* How many bytes has the rune to be escaped that the text begins with? 0: it begins with none. */
static size_t read_rune(struct tph_str text, unsigned *rune) {
    unsigned char bytes[3] = {0};
    memcpy(bytes, text.data, text.length_bytes < 3 ? text.length_bytes : 3);
    *rune = bytes[0];
    if (bytes[0] < 0x80) return 1;
    *rune = bytes[1];
    if (bytes[0] == 0xc2) return bytes[1] >= 0x80 && bytes[1] <= 0x9f ? 2 : 0;
    if ((bytes[1] & 0xc0) != 0x80 || (bytes[2] & 0xc0) != 0x80) return 0;
    *rune = 0x2000u | (bytes[1] & 63u) << 6 | (bytes[2] & 63u);
    return is_steering(*rune) ? 3 : 0;
}

/* Appends what the marked start of the text is written as, and passes over it. */
static enum tph_status put_marked(struct tph_str *text, struct tph_buf *out) {
    static const char short_ones[] = "\"\\\n\r\t", names[] = "\"\\nrt";
    unsigned rune;
    size_t length_bytes = read_rune(*text, &rune);
    const char *found = rune && length_bytes == 1 ? strchr(short_ones, (int)rune) : NULL;
    enum tph_status status;
    if (found)
        status =
            tph_buf_append(out, (struct tph_str){(char[]){'\\', names[found - short_ones]}, 2});
    else if (length_bytes > 0)
        status = tph_buf_appendf(out, "\\u%04x", rune);
    else
        status = tph_buf_append_char(out, *text->data);
    if (length_bytes == 0) length_bytes = 1;
    text->data += length_bytes;
    text->length_bytes -= length_bytes;
    return status;
}

enum tph_status tph_json_put_string(struct tph_str text, struct tph_buf *out) {
    enum tph_status status = tph_buf_reserve(out, text.length_bytes + 2);
    if (status != TPH_OK) return status;
    out->data[out->length_bytes++] = '"';
    for (;;) {
        size_t count = copy_unmarked(out->data + out->length_bytes, text);
        out->length_bytes += count;
        out->data[out->length_bytes] = '\0';
        if (count == text.length_bytes) return tph_buf_append_char(out, '"');
        text = (struct tph_str){text.data + count, text.length_bytes - count};
        status = put_marked(&text, out);
        if (status == TPH_OK) status = tph_buf_reserve(out, text.length_bytes + 1);
        if (status != TPH_OK) return status;
    }
}

enum { MOST_DIGITS = 24 };

/* Writes the digits before `end`; where they begin. */
static char *write_digits(unsigned long long value, char *end) {
    do *--end = (char)('0' + value % 10);
    while ((value /= 10) > 0);
    return end;
}

enum tph_status tph_json_put_integer(long long value, struct tph_buf *out) {
    char digits[MOST_DIGITS], *end = digits + sizeof digits;
    unsigned long long size = (unsigned long long)value;
    char *start = write_digits(value < 0 ? -size : size, end);
    if (value < 0) *--start = '-';
    return tph_buf_append(out, (struct tph_str){start, (size_t)(end - start)});
}

/* Times are seconds with milliseconds: a decimal of up to 15 digits is what %.15g gives of the
 * double that is nearest to it. False: it is no such number. */
static bool put_thousandths(double value, struct tph_buf *out, enum tph_status *status) {
    double thousandths = nearbyint(fabs(value) * 1000);
    if (!(thousandths >= 1 && thousandths < 1e15) || thousandths / 1000 != fabs(value))
        return false;
    char digits[MOST_DIGITS], *end = digits + sizeof digits;
    unsigned long long count = (unsigned long long)thousandths, rest = count % 1000 + 1000;
    char *point = write_digits(rest, end);
    *point = '.';
    while (end[-1] == '0') end--;
    char *start = write_digits(count / 1000, point);
    if (value < 0) *--start = '-';
    *status = tph_buf_append(out, (struct tph_str){start, (size_t)(end - start)});
    return true;
}

enum tph_status tph_json_put_number(double value, struct tph_buf *out) {
    enum tph_status status = TPH_OK;
    if (!isfinite(value)) return TPH_EINVAL;
    if (value >= -0x1p63 && value < 0x1p63 && (double)(long long)value == value)
        return tph_json_put_integer((long long)value, out);
    if (put_thousandths(value, out, &status)) return status;
    size_t length_bytes = out->length_bytes;
    for (int digits = 15; digits <= 17 && status == TPH_OK; digits++) {
        tph_buf_truncate(out, length_bytes);
        status = tph_buf_appendf(out, "%.*g", digits, value);
        if (status == TPH_OK && strtod(out->data + length_bytes, NULL) == value) break;
    }
    return status;
}

/* buf.h - bytes: a borrowed view and an owned, bounded buffer. */
#ifndef TRAPHEUS_BUF_H
#define TRAPHEUS_BUF_H

#include "trapheus/error.h"
#include <stdbool.h>
#include <stddef.h>

/* A view of bytes that somebody else owns. Not NUL-terminated. `data` may be NULL when empty. */
struct tph_str {
    const char *data;
    size_t length_bytes;
};

/* A view of a string literal, or of a C string. */
#define TPH_STR(literal) ((struct tph_str){"" literal, sizeof(literal) - 1})
struct tph_str tph_str_from(const char *text); /* NULL gives the empty view */
bool tph_str_equal(struct tph_str, struct tph_str);
bool tph_str_equal_nocase(struct tph_str, struct tph_str); /* ASCII only */

/* Owned bytes that grow up to max_bytes and no further. One NUL follows the last byte, so
 * that `data` may be handed to C interfaces; it is not counted. */
struct tph_buf {
    char *data; /* NULL until the first append */
    size_t length_bytes, capacity_bytes, max_bytes;
};

void tph_buf_init(struct tph_buf *, size_t max_bytes);
void tph_buf_deinit(struct tph_buf *); /* frees; the buffer may be used again */
void tph_buf_wipe(struct tph_buf *);   /* overwrites what it held, then frees: for secrets */
void tph_buf_truncate(struct tph_buf *, size_t length_bytes); /* shorter only */
struct tph_str tph_buf_view(const struct tph_buf *);          /* until the next change */

/* Append. TPH_ETOOBIG: past max_bytes. TPH_ENOMEM. Either leaves the buffer as it was. */
enum tph_status tph_buf_append(struct tph_buf *, struct tph_str);
enum tph_status tph_buf_append_char(struct tph_buf *, char);
enum tph_status tph_buf_append_hex(struct tph_buf *, const unsigned char *bytes, size_t count);
enum tph_status tph_buf_appendf(struct tph_buf *, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Makes room for `more` bytes, so that the next appends of as many move nothing. Errors as above.
 */
enum tph_status tph_buf_reserve(struct tph_buf *, size_t more);

#endif

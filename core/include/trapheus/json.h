/* json.h - JSON's strings and numbers, as they are written: the same value, the same text. */
#ifndef TRAPHEUS_JSON_H
#define TRAPHEUS_JSON_H

#include "trapheus/buf.h"

/* Each appends, or fails as tph_buf_append() does; `out` may then have a part of it.
 *
 * A string goes between quotes, its bytes as they are but for control characters, DEL, the C1
 * controls, line separators and the marks that turn the writing direction: what is printed cannot
 * steer a terminal. */
enum tph_status tph_json_put_string(struct tph_str, struct tph_buf *out);
enum tph_status tph_json_put_integer(long long, struct tph_buf *out);

/* In the fewest of 15 to 17 digits that give it back; one that a long long holds, as that.
 * TPH_EINVAL, and nothing is appended: it is not finite. */
enum tph_status tph_json_put_number(double, struct tph_buf *out);

#endif

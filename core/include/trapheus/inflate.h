/* inflate.h - what gzip has made smaller. */
#ifndef TRAPHEUS_INFLATE_H
#define TRAPHEUS_INFLATE_H

#include "trapheus/buf.h"

/* Appends the text of a gzip member. TPH_EPARSE: it is none, or not whole. TPH_ETOOBIG: longer than
 * `out` may be. TPH_ENOMEM. */
enum tph_status tph_inflate(struct tph_str packed, struct tph_buf *out);

#endif

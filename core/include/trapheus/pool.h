/* pool.h - memory in small pieces, for whoever says how long a piece is when it gives it back, as
 * Lua does. Quicker than malloc, which has to find that out, and without its headers.
 *
 * What was given back is kept for pieces of the same size, until the pool is freed. */
#ifndef TRAPHEUS_POOL_H
#define TRAPHEUS_POOL_H

#include <stddef.h>

struct tph_pool;

/* NULL: no memory. */
struct tph_pool *tph_pool_new(void);

/* As realloc, and with `new_bytes` 0 as free. `piece` may be NULL: then `old_bytes` counts for
 * nothing. Without memory it returns NULL, and the piece is as it was; to make one shorter always
 * succeeds. */
void *tph_pool_resize(struct tph_pool *, void *piece, size_t old_bytes, size_t new_bytes);

/* Frees the pool and every small piece of it: those above 512 bytes have to be given back first.
 * NULL does nothing. */
void tph_pool_free(struct tph_pool *);

#endif

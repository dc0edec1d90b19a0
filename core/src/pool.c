#include "trapheus/pool.h"
#include <stdlib.h>
#include <string.h>

/* Sizes are rounded up to whole grains; each number of grains has its own list of spare pieces. */
enum { GRAIN_BYTES = 16, MOST_GRAINS = 32, BLOCK_BYTES = 32 << 10 };

#ifdef __SANITIZE_ADDRESS__
enum { MOST_SMALL_BYTES = 0 }; /* it is to see the end of every piece */
#else
enum { MOST_SMALL_BYTES = MOST_GRAINS * GRAIN_BYTES };
#endif

struct piece {
    struct piece *next;
};

/* What pieces are cut from; they begin a grain behind it. */
struct block {
    struct block *next;
};

struct tph_pool {
    struct piece *spare[MOST_GRAINS + 1];
    struct block *blocks;
    char *uncut; /* of the newest block */
    size_t uncut_bytes;
};

struct tph_pool *tph_pool_new(void) {
    return calloc(1, sizeof(struct tph_pool));
}

static size_t grains_of(size_t bytes) { return (bytes + GRAIN_BYTES - 1) / GRAIN_BYTES; }

static void give(struct tph_pool *pool, void *piece, size_t grains) {
    struct piece *spare = piece;
    spare->next = pool->spare[grains];
    pool->spare[grains] = spare;
}

static int add_block(struct tph_pool *pool) {
    struct block *block = malloc(BLOCK_BYTES);
    if (!block) return 0;
    if (pool->uncut_bytes) give(pool, pool->uncut, pool->uncut_bytes / GRAIN_BYTES);
    block->next = pool->blocks;
    pool->blocks = block;
    pool->uncut = (char *)block + GRAIN_BYTES;
    pool->uncut_bytes = BLOCK_BYTES - GRAIN_BYTES;
    return 1;
}

static void *take(struct tph_pool *pool, size_t grains) {
    struct piece *spare = pool->spare[grains];
    if (spare) {
        pool->spare[grains] = spare->next;
        return spare;
    }
    size_t bytes = grains * GRAIN_BYTES;
    if (pool->uncut_bytes < bytes && !add_block(pool)) return NULL;
    char *piece = pool->uncut;
    pool->uncut += bytes;
    pool->uncut_bytes -= bytes;
    return piece;
}

static void *acquire(struct tph_pool *pool, size_t bytes) {
    return bytes <= MOST_SMALL_BYTES ? take(pool, grains_of(bytes)) : malloc(bytes);
}

static void release(struct tph_pool *pool, void *piece, size_t bytes) {
    if (bytes <= MOST_SMALL_BYTES)
        give(pool, piece, grains_of(bytes));
    else
        free(piece);
}

void *tph_pool_resize(struct tph_pool *pool, void *piece, size_t old_bytes, size_t new_bytes) {
    if (!piece || !old_bytes) return new_bytes ? acquire(pool, new_bytes) : NULL;
    if (!new_bytes) {
        release(pool, piece, old_bytes);
        return NULL;
    }
    if (old_bytes > MOST_SMALL_BYTES && new_bytes > MOST_SMALL_BYTES) {
        void *moved = realloc(piece, new_bytes);
        return moved || new_bytes > old_bytes ? moved : piece;
    }
    if (grains_of(old_bytes) == grains_of(new_bytes)) return piece;
    void *moved = acquire(pool, new_bytes);
    if (!moved) return new_bytes > old_bytes ? NULL : piece;
    memcpy(moved, piece, old_bytes < new_bytes ? old_bytes : new_bytes);
    release(pool, piece, old_bytes);
    return moved;
}

void tph_pool_free(struct tph_pool *pool) {
    if (!pool) return;
    for (struct block *block = pool->blocks, *next; block; block = next) {
        next = block->next;
        free(block);
    }
    free(pool);
}

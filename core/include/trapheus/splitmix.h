/* splitmix.h - seeded random numbers that are the same everywhere, for what is simulated:
 * splitmix64. Never for secrets. */
#ifndef TRAPHEUS_SPLITMIX_H
#define TRAPHEUS_SPLITMIX_H

#include "trapheus/buf.h"
#include <stdint.h>

struct tph_splitmix {
    uint64_t state;
};

/* The stream for one purpose: how often one is drawn from makes no difference to another. */
struct tph_splitmix tph_splitmix_new(uint64_t seed, struct tph_str purpose);

/* A number in [0, 1). */
double tph_splitmix_unit(struct tph_splitmix *);

unsigned char tph_splitmix_byte(struct tph_splitmix *);

#endif

#include "trapheus/splitmix.h"

static const uint64_t GOLDEN = 0x9E3779B97F4A7C15;

static uint64_t mix(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
}

static uint64_t next(struct tph_splitmix *stream) { return mix(stream->state += GOLDEN); }

struct tph_splitmix tph_splitmix_new(uint64_t seed, struct tph_str purpose) {
    uint64_t state = mix(seed + GOLDEN);
    for (size_t i = 0; i < purpose.length_bytes; i++)
        state = mix(state ^ ((unsigned char)purpose.data[i] + GOLDEN));
    return (struct tph_splitmix){state};
}

double tph_splitmix_unit(struct tph_splitmix *stream) {
    return (double)(next(stream) >> 11) * 0x1p-53;
}

unsigned char tph_splitmix_byte(struct tph_splitmix *stream) {
    return (unsigned char)(next(stream) >> 56);
}

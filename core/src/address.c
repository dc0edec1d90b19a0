#include "trapheus/address.h"
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A range of the special-purpose registries of IANA that is not globally reachable. */
struct range {
    unsigned char prefix[16];
    unsigned bits;
};

static const struct range special_v4[] = {
    {{0}, 8},             /* "this network" */
    {{10}, 8},            /* private */
    {{100, 64}, 10},      /* shared by carriers */
    {{127}, 8},           /* loopback */
    {{169, 254}, 16},     /* link-local: instance metadata */
    {{172, 16}, 12},      /* private */
    {{192, 0, 0}, 24},    /* protocol assignments */
    {{192, 0, 2}, 24},    /* documentation */
    {{192, 88, 99}, 24},  /* 6to4 relays */
    {{192, 168}, 16},     /* private */
    {{198, 18}, 15},      /* benchmarks */
    {{198, 51, 100}, 24}, /* documentation */
    {{203, 0, 113}, 24},  /* documentation */
    {{224}, 4},           /* multicast */
    {{240}, 4},           /* reserved, and broadcast */
};

/* Only 2000::/3 is given out; these lie within it. */
static const struct range special_v6[] = {
    {{0x20, 0x01, 0x00}, 23},       /* protocol assignments, Teredo */
    {{0x20, 0x01, 0x0d, 0xb8}, 32}, /* documentation */
    {{0x3f, 0xff, 0x00}, 20},       /* documentation */
};
static const struct range global_v6 = {{0x20}, 3};

/* Prefixes after which an IPv4 address stands. */
static const struct range carriers[] = {
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96}, /* mapped */
    {{0x00, 0x64, 0xff, 0x9b}, 96},                   /* NAT64 */
    {{0x20, 0x02}, 16},                               /* 6to4 */
};

static bool within(const unsigned char *bytes, const struct range *range) {
    unsigned whole = range->bits / 8, rest = range->bits % 8;
    if (memcmp(bytes, range->prefix, whole) != 0) return false;
    return rest == 0 || (bytes[whole] ^ range->prefix[whole]) >> (8 - rest) == 0;
}

static bool within_any(const unsigned char *bytes, const struct range *ranges, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (within(bytes, &ranges[i])) return true;
    return false;
}

#define WITHIN_ANY(bytes, ranges) within_any(bytes, ranges, sizeof(ranges) / sizeof *(ranges))

static bool is_public_v6(const unsigned char *bytes) {
    for (size_t i = 0; i < sizeof carriers / sizeof *carriers; i++)
        if (within(bytes, &carriers[i]))
            return !WITHIN_ANY(bytes + carriers[i].bits / 8, special_v4);
    return within(bytes, &global_v6) && !WITHIN_ANY(bytes, special_v6);
}

bool tph_address_is_public(const struct sockaddr *address) {
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const void *)address;
        return !WITHIN_ANY((const unsigned char *)&v4->sin_addr, special_v4);
    }
    if (address->sa_family != AF_INET6) return false;
    return is_public_v6(((const struct sockaddr_in6 *)(const void *)address)->sin6_addr.s6_addr);
}

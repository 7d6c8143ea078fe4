#include "base/checksum.h"

#include <string.h>

/* Eight lanes, so that eight multiplications are under way at once: one word a cycle. */
enum { LANES = 8, STRIPE = LANES * 8 };

#define MULTIPLIER UINT64_C(0x9E3779B97F4A7C15) /* 2^64 / golden ratio, odd. */

static uint64_t rotated(uint64_t x, int by)
{
    return x << by | x >> (64 - by);
}

/* A bijection of the lane for each word, and of the word for each lane: a difference stays one. */
static void take_stripe(uint64_t lane[LANES], const unsigned char *p)
{
    for (int i = 0; i < LANES; i++) {
        uint64_t word;
        memcpy(&word, p + 8 * i, sizeof word);
        lane[i] = (rotated(lane[i], 29) ^ word) * MULTIPLIER;
    }
}

static uint64_t mixed(uint64_t x)
{
    x = (x ^ x >> 32) * MULTIPLIER;
    x = (x ^ x >> 29) * MULTIPLIER;
    return x ^ x >> 32;
}

uint64_t checksum64(uint64_t seed, const void *bytes, size_t len)
{
    const unsigned char *p = bytes;
    uint64_t lane[LANES], sum = seed ^ len;
    for (int i = 0; i < LANES; i++) lane[i] = mixed(seed + (uint64_t)i);
    size_t at = 0;
    for (; len - at >= STRIPE; at += STRIPE) take_stripe(lane, p + at);
    if (at < len) {
        unsigned char last[STRIPE] = { 0 }; /* `sum` knows the length. */
        memcpy(last, p + at, len - at);
        take_stripe(lane, last);
    }
    for (int i = 0; i < LANES; i++) sum = mixed(sum ^ lane[i]);
    return sum;
}

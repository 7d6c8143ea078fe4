/* blocks - how quantised rows are stored in a checkpoint, seen as blocks of 32 codes.
 *
 * Every type is value = scale * code + offset by block of 32 (Q6_K: 16) values:
 *
 *     Q4_0  f16 d, 16 bytes               code 0..15, scale d, offset -8 d
 *     Q4_1  f16 d, f16 m, 16 bytes        offset m
 *     Q5_0  f16 d, u32 high, 16 bytes     code 0..31, offset -16 d
 *     Q5_1  f16 d, f16 m, u32 high, 16 bytes
 *     Q8_0  f16 d, 32 signed bytes        code -128..127, offset 0
 *     Q4_K  f16 d, f16 dmin, 12 bytes of 6-bit scales and mins, 128 bytes: 8 blocks of 32;
 *           scale d * sc, offset -(dmin * min)
 *     Q5_K  as Q4_K with 32 bytes of high bits before the 128
 *     Q6_K  128 bytes low, 64 bytes high, 16 signed scales, f16 d: code 0..63, scale d * sc,
 *           offset -32 * scale
 * In the first five a byte holds value i in its low and value i + 16 in its high nibble.
 */
#ifndef TIRO_KERNELS_REF_BLOCKS_H
#define TIRO_KERNELS_REF_BLOCKS_H

#include "kernels/dtype.h"
#include "kernels/lanes.h"

enum { BLOCK = 32, SUPER = 256 };

static inline void codes_of_nibbles(uint8_t code[BLOCK], const uint8_t *q, uint32_t high)
{
    for (int i = 0; i < 16; i++) {
        code[i] = (uint8_t)((q[i] & 15) | (high >> i & 1) << 4);
        code[i + 16] = (uint8_t)(q[i] >> 4 | (high >> (i + 16) & 1) << 4);
    }
}

static inline uint32_t load_u32(const void *p)
{
    uint32_t u;
    memcpy(&u, p, sizeof u);
    return u;
}

/* Block b (0..7) of a K super-block whose low nibbles begin at q and high bits (or NULL) at h. */
static inline void codes_of_k(uint8_t code[BLOCK], const uint8_t *q, const uint8_t *h, int b)
{
    for (int i = 0; i < BLOCK; i++) {
        int low = q[b / 2 * 32 + i] >> (b % 2 * 4) & 15;
        code[i] = (uint8_t)(low | (h ? (h[i] >> b & 1) << 4 : 0));
    }
}

static inline void codes_of_q6_k(uint8_t code[BLOCK], const uint8_t *super, int b)
{
    const uint8_t *low = super + b / 4 * 64 + b % 2 * 32, *high = super + 128 + b / 4 * 32;
    for (int i = 0; i < BLOCK; i++)
        code[i] = (uint8_t)((low[i] >> (b % 4 / 2 * 4) & 15) | (high[i] >> (b % 4 * 2) & 3) << 4);
}

/* The 6-bit scale and min of block b from the 12 bytes of Q4_K and Q5_K. */
static inline void scale_of_k(int *sc, int *min, const uint8_t *s, int b)
{
    if (b < 4) {
        *sc = s[b] & 63;
        *min = s[b + 4] & 63;
    } else {
        *sc = (s[b + 4] & 15) | s[b - 4] >> 6 << 4;
        *min = s[b + 4] >> 4 | s[b] >> 6 << 4;
    }
}

/* The codes of block b of a row; Q8_0's as their bytes. */
static inline void block_codes(uint8_t code[BLOCK], enum dtype dtype, const uint8_t *row, size_t b)
{
    const struct dtype_info *info = dtype_info(dtype);
    int within = (int)(b % ((size_t)info->block_len / BLOCK));
    const uint8_t *p = row + b / ((size_t)info->block_len / BLOCK) * (size_t)info->block_bytes;
    switch (dtype) {
    case DTYPE_Q4_0: codes_of_nibbles(code, p + 2, 0); break;
    case DTYPE_Q4_1: codes_of_nibbles(code, p + 4, 0); break;
    case DTYPE_Q5_0: codes_of_nibbles(code, p + 6, load_u32(p + 2)); break;
    case DTYPE_Q5_1: codes_of_nibbles(code, p + 8, load_u32(p + 4)); break;
    case DTYPE_Q8_0: memcpy(code, p + 2, BLOCK); break;
    case DTYPE_Q4_K: codes_of_k(code, p + 16, NULL, within); break;
    case DTYPE_Q5_K: codes_of_k(code, p + 48, p + 16, within); break;
    case DTYPE_Q6_K: codes_of_q6_k(code, p, within); break;
    default: break;
    }
}

#endif

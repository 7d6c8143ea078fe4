/* panel_avx2 - reading packed panels (drawn in ref/pack_ref.c) into AVX2 registers.
 *
 * Every function takes the dtype as a compile-time constant and is inlined, so that the branches
 * on it vanish. A quad is 4 k of all 16 rows: two registers, of 8 rows x 4 codes each. */
#ifndef TIRO_KERNELS_X86_PANEL_AVX2_H
#define TIRO_KERNELS_X86_PANEL_AVX2_H

#include "kernels/kernel.h"

#include <immintrin.h>

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 16")

/* Where a block's parts are. */
struct panel_block {
    const uint8_t *codes;  /* LOW BIT TWO or BYTE */
    const uint8_t *d;      /* 16 f16 */
    const uint8_t *min;    /* 16 f16: m or dmin */
    const uint8_t *scales; /* 24 bytes of SCALES, or 2 x 16 int8 of Q6_K */
};

/* Measured best of 1, 2 and 4 KiB with one token; it costs nothing with more. */
enum { PREFETCH_BYTES = 2048 };

/* Bytes of 32 values of a row, without what super-blocks have only once. */
INLINE int block_row_bytes(enum dtype t)
{
    switch (t) {
    case DTYPE_Q4_K: return 16;
    case DTYPE_Q4_0: return 18;
    case DTYPE_Q4_1:
    case DTYPE_Q5_K: return 20;
    case DTYPE_Q5_0: return 22;
    case DTYPE_Q8_0: return 34;
    default: return 24;
    }
}

INLINE bool dtype_is_super(enum dtype t)
{
    return t == DTYPE_Q4_K || t == DTYPE_Q5_K || t == DTYPE_Q6_K;
}

INLINE bool dtype_has_bit(enum dtype t)
{
    return t == DTYPE_Q5_0 || t == DTYPE_Q5_1 || t == DTYPE_Q5_K;
}

INLINE bool dtype_has_offset(enum dtype t)
{
    return t == DTYPE_Q4_1 || t == DTYPE_Q5_1 || t == DTYPE_Q4_K || t == DTYPE_Q5_K;
}

/* log2 of the centre that ref/linear_ref.c names, 0 for none. */
INLINE int dtype_centre_log2(enum dtype t)
{
    return t == DTYPE_Q4_0 ? 3 : dtype_has_bit(t) ? 4 : t == DTYPE_Q6_K ? 5 : 0;
}

INLINE struct panel_block panel_block(enum dtype t, const uint8_t *panel, size_t b)
{
    struct panel_block p = { 0 };
    if (dtype_is_super(t)) {
        size_t bytes = t == DTYPE_Q4_K ? 2304 : t == DTYPE_Q5_K ? 2816 : 3360;
        size_t codes = t == DTYPE_Q4_K ? 256 : t == DTYPE_Q5_K ? 320 : 384;
        p.d = panel + b / 8 * bytes;
        p.min = p.d + 32;
        p.scales = t == DTYPE_Q6_K ? p.d + 32 + b % 8 * 32 : p.d + 64 + b % 8 * 24;
        p.codes = p.d + (t == DTYPE_Q6_K ? 288 : 256) + b % 8 * codes;
    } else {
        size_t codes = t == DTYPE_Q8_0 ? 512 : dtype_has_bit(t) ? 320 : 256;
        p.codes = panel + b * (codes + (dtype_has_offset(t) ? 64 : 32));
        p.d = p.codes + codes;
        p.min = p.d + 32;
    }
    return p;
}

/* Asks for what lies PREFETCH_BYTES behind a block that begins at `codes`. */
INLINE void panel_prefetch(enum dtype t, const uint8_t *codes)
{
    int bytes = PANEL_ROWS * block_row_bytes(t);
    for (int at = 0; at < bytes; at += 64)
        _mm_prefetch((const char *)codes + PREFETCH_BYTES + at, _MM_HINT_T0);
}

/* Asks for block b of the panel that is read next, into L2: while an unpacked panel is computed for
 * many tokens, memory would be idle. (K types' heads are left to the hardware.) */
INLINE void panel_prefetch_next(enum dtype t, const uint8_t *panel, size_t b)
{
    int bytes = PANEL_ROWS * block_row_bytes(t);
    const uint8_t *block = panel + b * (size_t)bytes;
    for (int at = 0; at < bytes; at += 64) _mm_prefetch((const char *)block + at, _MM_HINT_T1);
}

INLINE __m256i load256(const void *p)
{
    return _mm256_loadu_si256(p);
}

/* Codes of quad q: rows 0-7 and 8-15; unsigned, except Q8_0. */
INLINE void panel_quad(__m256i *w0, __m256i *w1, enum dtype t, const uint8_t *codes, int q)
{
    if (t == DTYPE_Q8_0) {
        *w0 = load256(codes + 64 * q);
        *w1 = load256(codes + 64 * q + 32);
        return;
    }
    const __m256i nibble = _mm256_set1_epi8(15);
    __m256i v = load256(codes + 32 * q);
    *w0 = _mm256_and_si256(v, nibble);
    *w1 = _mm256_and_si256(_mm256_srli_epi16(v, 4), nibble);
    if (!dtype_has_bit(t) && t != DTYPE_Q6_K) return;
    int width = t == DTYPE_Q6_K ? 2 : 1, per_plane = 8 / width;
    const uint8_t *plane = codes + 256 + 64 * (q / per_plane);
    int shift = 4 - width * (q % per_plane); /* Left, to bit 4. */
    const __m256i mask = _mm256_set1_epi8(t == DTYPE_Q6_K ? 0x30 : 0x10);
    __m256i h0 = load256(plane), h1 = load256(plane + 32);
    h0 = shift >= 0 ? _mm256_slli_epi16(h0, shift) : _mm256_srli_epi16(h0, -shift);
    h1 = shift >= 0 ? _mm256_slli_epi16(h1, shift) : _mm256_srli_epi16(h1, -shift);
    *w0 = _mm256_or_si256(*w0, _mm256_and_si256(h0, mask));
    *w1 = _mm256_or_si256(*w1, _mm256_and_si256(h1, mask));
}

INLINE void load_halves(__m256 ret[2], const uint8_t *p)
{
    ret[0] = _mm256_cvtph_ps(_mm_loadu_si128((const void *)p));
    ret[1] = _mm256_cvtph_ps(_mm_loadu_si128((const void *)(p + 16)));
}

/* Bytes 0-7 and 8-15 as f32. */
INLINE void bytes_to_f32(__m256 ret[2], __m128i bytes)
{
    ret[0] = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(bytes));
    ret[1] = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_srli_si128(bytes, 8)));
}

/* scale and offset of ref/linear_ref.c's table; offset is left alone when there is none. */
INLINE void panel_scales(__m256 scale[2], __m256 offset[2], enum dtype t,
                         const struct panel_block *p)
{
    load_halves(scale, p->d);
    if (!dtype_has_offset(t)) return;
    load_halves(offset, p->min);
    if (dtype_is_super(t)) {
        __m128i low = _mm_loadu_si128((const void *)p->scales);
        __m128i high = _mm_loadl_epi64((const void *)(p->scales + 16));
        const __m128i nibble = _mm_set1_epi8(15);
        high = _mm_unpacklo_epi64(_mm_and_si128(high, nibble),
                                  _mm_and_si128(_mm_srli_epi16(high, 4), nibble));
        __m128i min = _mm_or_si128(_mm_and_si128(_mm_srli_epi16(low, 6), _mm_set1_epi8(3)),
                                   _mm_slli_epi16(high, 2));
        __m256 sc[2], m[2];
        bytes_to_f32(sc, _mm_and_si128(low, _mm_set1_epi8(63)));
        bytes_to_f32(m, min);
        for (int h = 0; h < 2; h++) {
            scale[h] = _mm256_mul_ps(scale[h], sc[h]);
            offset[h] = _mm256_xor_ps(_mm256_mul_ps(offset[h], m[h]), _mm256_set1_ps(-0.0f));
        }
    }
    if (!dtype_has_bit(t)) return;
    for (int h = 0; h < 2; h++)
        offset[h] = _mm256_fmadd_ps(_mm256_set1_ps(16.0f), scale[h], offset[h]);
}

/* Q6_K: the scales of 16 k for rows 8 half .. 8 half + 7. */
INLINE __m256i panel_sub_scale(const struct panel_block *p, int k16, int half)
{
    return _mm256_cvtepi8_epi32(_mm_loadl_epi64((const void *)(p->scales + 16 * k16 + 8 * half)));
}

/* A block being read, packed or unpacked: both constants to the compiler. Unpacked panels are
 * 512 codes ([quad][16 rows][4], the version's own sign), 16 f32 scales, and 16 f32 offsets or
 * Q6_K's 2 x 16 sub-scales in the version's own type, by block. */
enum { UNPACKED = 704 };
struct source {
    enum dtype dtype;
    bool unpacked;
    struct panel_block at; /* Packed only. */
    const uint8_t *codes;
};

INLINE struct source source_of(enum dtype t, bool unpacked, const uint8_t *panel, size_t b)
{
    struct source s = { .dtype = t, .unpacked = unpacked };
    if (unpacked) {
        s.codes = panel + b * UNPACKED;
    } else {
        s.at = panel_block(t, panel, b);
        s.codes = s.at.codes;
    }
    return s;
}

/* 16 rows and the tokens of one or more groups; y[token][16]. */
struct tile {
    const uint8_t *panel; /* Packed, or unpacked. */
    const uint8_t *act;   /* The first group's records. */
    size_t blocks;
    const uint8_t *ahead; /* The packed panel that is read next; NULL: nothing is asked for. */
};
typedef void tile_fn(float *y, const struct tile *in);

/* Adds bias and residual to n rows of y, [n][16], and stores what of the panel is below m. */
static inline void store_tile(const struct kernel_linear *a, int panel, int t0, int n,
                              const float *y)
{
    int r0 = panel * PANEL_ROWS, rows = a->m - r0 < PANEL_ROWS ? a->m - r0 : PANEL_ROWS;
    for (int c = 0; c < n; c++, y += PANEL_ROWS) {
        size_t at = (size_t)(t0 + c) * a->y_stride + (size_t)r0;
        int i = 0;
        for (; i + 8 <= rows; i += 8) {
            __m256 value = _mm256_loadu_ps(y + i);
            if (a->bias) value = _mm256_add_ps(value, _mm256_loadu_ps(a->bias + r0 + i));
            if (a->add) value = _mm256_add_ps(value, _mm256_loadu_ps(a->add + at + i));
            _mm256_storeu_ps(a->y + at + i, value);
        }
        for (; i < rows; i++) {
            float value = y[i];
            if (a->bias) value = value + a->bias[r0 + i];
            if (a->add) value = value + a->add[at + (size_t)i];
            a->y[at + (size_t)i] = value;
        }
    }
}

#endif

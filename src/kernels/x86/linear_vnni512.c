/* Linear layers with quantised weights, AVX-512 VNNI: one register holds 4 k of all 16 rows, and
 * vpdpbusd adds its products with the broadcast codes of a token to 16 int32 sums, exactly. Same
 * bits as ref/linear_ref.c.
 *
 * Weights are made unsigned (Q8_0: + 128), and sums start at -centre * (sum of codes). Q6_K's total
 * sc0 * dot0 + sc1 * dot1 is at most 2 * 128 * 32 * 127 * 16 < 2^24, so f32 computes it exactly.
 *
 * Tiles have 1 to 4 tokens of one group, or 8, 12 or 16 of whole groups; with TOKENS_UNPACK tokens
 * or more, but for TOKENS_ONCE, a panel is first unpacked to bytes and f32 scales (Q6_K's
 * sub-scales f32 too). TOKENS_ONCE tokens are one tile, so that each code is unpacked once, in a
 * register. */
#include "kernels/x86/panel_avx2.h"

enum { TOKENS_UNPACK = 8, TOKENS_ONCE = 16 };

/* Quad q as unsigned bytes. */
INLINE __m512i source_quad(const struct source *s, int q)
{
    if (s->unpacked) return _mm512_loadu_si512(s->codes + 64 * q);
    if (s->dtype == DTYPE_Q8_0)
        return _mm512_xor_si512(_mm512_loadu_si512(s->codes + 64 * q), _mm512_set1_epi8(-128));
    /* Low nibbles are rows 0-7, high ones 8-15. */
    const __m512i shifts = _mm512_inserti64x4(_mm512_setzero_si512(), _mm256_set1_epi16(4), 1);
    __m512i v = _mm512_broadcast_i64x4(load256(s->codes + 32 * q));
    v = _mm512_and_si512(_mm512_srlv_epi16(v, shifts), _mm512_set1_epi8(15));
    if (!dtype_has_bit(s->dtype) && s->dtype != DTYPE_Q6_K) return v;
    int width = s->dtype == DTYPE_Q6_K ? 2 : 1, per_plane = 8 / width;
    int shift = 4 - width * (q % per_plane); /* Left, to bit 4. */
    __m512i high = _mm512_loadu_si512(s->codes + 256 + 64 * (q / per_plane));
    high = shift >= 0 ? _mm512_slli_epi16(high, (unsigned)shift)
                      : _mm512_srli_epi16(high, (unsigned)-shift);
    const __m512i mask = _mm512_set1_epi8(s->dtype == DTYPE_Q6_K ? 0x30 : 0x10);
    return _mm512_ternarylogic_epi32(v, high, mask, 0xf8); /* v | (high & mask) */
}

INLINE __m512 join(const __m256 half[2])
{
    return _mm512_insertf32x8(_mm512_castps256_ps512(half[0]), half[1], 1);
}

INLINE void source_scales(__m512 *scale, __m512 *offset, const struct source *s)
{
    const float *f = (const float *)(const void *)(s->codes + 512);
    if (s->unpacked) {
        *scale = _mm512_loadu_ps(f);
        if (dtype_has_offset(s->dtype)) *offset = _mm512_loadu_ps(f + 16);
        return;
    }
    __m256 half_scale[2], half_offset[2];
    panel_scales(half_scale, half_offset, s->dtype, &s->at);
    *scale = join(half_scale);
    if (dtype_has_offset(s->dtype)) *offset = join(half_offset);
}

/* Q6_K's scales of 16 k. */
INLINE __m512 source_sub_scale(const struct source *s, int k16)
{
    if (s->unpacked)
        return _mm512_loadu_ps((const float *)(const void *)(s->codes + 576 + 64 * k16));
    __m128i bytes = _mm_loadu_si128((const void *)(s->at.scales + 16 * k16));
    return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(bytes));
}

INLINE __m512i broadcast32(const uint8_t *p)
{
    int32_t v;
    __builtin_memcpy(&v, p, 4);
    return _mm512_set1_epi32(v);
}

INLINE __m512 broadcast_f32(const uint8_t *p)
{
    return _mm512_castsi512_ps(broadcast32(p));
}

/* -centre * (sum of codes) for token c of g, for all 32 k, or Q6_K's k16. */
INLINE __m512i start_of(enum dtype t, const uint8_t *a, int c, int g, int k16)
{
    int centre = t == DTYPE_Q8_0 ? 128 : dtype_centre_log2(t) ? 1 << dtype_centre_log2(t) : 0;
    if (!centre) return _mm512_setzero_si512();
    __m512i minus = broadcast32(a + (t == DTYPE_Q6_K && k16 ? 44 : 40) * g + 4 * c);
    if (t == DTYPE_Q6_K && !k16) minus = _mm512_sub_epi16(minus, broadcast32(a + 44 * g + 4 * c));
    return _mm512_madd_epi16(minus, _mm512_set1_epi16((int16_t)centre));
}

/* Integer dots of quads [from, to) for n tokens in groups of g; record i of group j at
 * a + j * group_stride. */
INLINE void block_dots(__m512i *acc, const struct source *s, const uint8_t *a, size_t group_stride,
                       int n, int g, int from, int to)
{
    UNROLL for (int c = 0; c < n; c++)
        acc[c] = start_of(s->dtype, a + (size_t)(c / g) * group_stride, c % g, g, from / 4);
    UNROLL for (int q = from; q < to; q++)
    {
        __m512i w = source_quad(s, q);
        UNROLL for (int c = 0; c < n; c++)
        {
            const uint8_t *record = a + (size_t)(c / g) * group_stride;
            acc[c] = _mm512_dpbusd_epi32(acc[c], w, broadcast32(record + (q * g + c % g) * 4));
        }
    }
}

/* A block's dot of a token, scaled, onto its sum; `tail` is the token's scale behind the codes. */
INLINE __m512 add_block(__m512 sum, __m512 dot, enum dtype t, const uint8_t *tail, int g,
                        __m512 scale, __m512 offset)
{
    sum = _mm512_fmadd_ps(_mm512_mul_ps(dot, broadcast_f32(tail)), scale, sum);
    return dtype_has_offset(t) ? _mm512_fmadd_ps(broadcast_f32(tail + 4 * g), offset, sum) : sum;
}

/* The whole of K for 16 rows x n tokens in groups of g; y[token][16]. */
INLINE void tile(float *y, const struct tile *in, enum dtype t, bool unpacked, int n, int g)
{
    const size_t stride = (size_t)g * ACT_TOKEN, group_stride = in->blocks * stride;
    __m512 sum[12];
    UNROLL for (int c = 0; c < n; c++) sum[c] = _mm512_setzero_ps();
    for (size_t b = 0; b < in->blocks; b++) {
        const uint8_t *a = in->act + b * stride;
        struct source s = source_of(t, unpacked, in->panel, b);
        if (!unpacked)
            panel_prefetch(t, s.codes);
        else if (in->ahead)
            panel_prefetch_next(t, in->ahead, b);
        __m512i acc[12], second[12];
        __m512 scale, offset;
        if (t == DTYPE_Q6_K) {
            block_dots(acc, &s, a, group_stride, n, g, 0, 4);
            block_dots(second, &s, a, group_stride, n, g, 4, 8);
        } else {
            block_dots(acc, &s, a, group_stride, n, g, 0, 8);
        }
        source_scales(&scale, &offset, &s);
        UNROLL for (int c = 0; c < n; c++)
        {
            const uint8_t *tail = a + (size_t)(c / g) * group_stride + 32 * g + 4 * (c % g);
            __m512 dot = _mm512_cvtepi32_ps(acc[c]);
            if (t == DTYPE_Q6_K)
                dot = _mm512_fmadd_ps(_mm512_cvtepi32_ps(second[c]), source_sub_scale(&s, 1),
                                      _mm512_mul_ps(dot, source_sub_scale(&s, 0)));
            sum[c] = add_block(sum[c], dot, t, tail, g, scale, offset);
        }
    }
    UNROLL for (int c = 0; c < n; c++) _mm512_store_ps(y + 16 * c, sum[c]);
}

/* The same for TOKENS_ONCE tokens, whose sums live in memory (L1): the integer ones fill the
 * registers. */
INLINE void tile_once(float *y, const struct tile *in, enum dtype t)
{
    enum { N = TOKENS_ONCE, G = ACT_GROUP };
    const size_t stride = (size_t)G * ACT_TOKEN, group_stride = in->blocks * stride;
    UNROLL for (int c = 0; c < N; c++) _mm512_store_ps(y + 16 * c, _mm512_setzero_ps());
    for (size_t b = 0; b < in->blocks; b++) {
        const uint8_t *a = in->act + b * stride;
        struct source s = source_of(t, false, in->panel, b);
        panel_prefetch(t, s.codes);
        __m512i acc[N];
        __m512 scale, offset;
        float dots[N][16] __attribute__((aligned(64))); /* Q6_K's first halves. */
        block_dots(acc, &s, a, group_stride, N, G, 0, t == DTYPE_Q6_K ? 4 : 8);
        if (t == DTYPE_Q6_K) {
            __m512 sub = source_sub_scale(&s, 0);
            UNROLL for (int c = 0; c < N; c++)
                _mm512_store_ps(dots[c], _mm512_mul_ps(_mm512_cvtepi32_ps(acc[c]), sub));
            block_dots(acc, &s, a, group_stride, N, G, 4, 8);
        }
        source_scales(&scale, &offset, &s);
        UNROLL for (int c = 0; c < N; c++)
        {
            const uint8_t *tail = a + (size_t)(c / G) * group_stride + 32 * G + 4 * (c % G);
            __m512 dot = _mm512_cvtepi32_ps(acc[c]);
            if (t == DTYPE_Q6_K)
                dot = _mm512_fmadd_ps(dot, source_sub_scale(&s, 1), _mm512_load_ps(dots[c]));
            _mm512_store_ps(y + 16 * c,
                            add_block(_mm512_load_ps(y + 16 * c), dot, t, tail, G, scale, offset));
        }
        /* Keeps gcc from holding the sums in registers, which spills. */
        __asm__ volatile("" : : "r"(y) : "memory");
    }
}

INLINE void unpack(uint8_t *ws, enum dtype t, const uint8_t *panel, size_t blocks)
{
    for (size_t b = 0; b < blocks; b++) {
        struct source s = source_of(t, false, panel, b);
        uint8_t *dst = ws + b * UNPACKED;
        panel_prefetch(t, s.codes);
        UNROLL for (int q = 0; q < 8; q++) _mm512_store_si512(dst + 64 * q, source_quad(&s, q));
        __m512 scale, offset;
        source_scales(&scale, &offset, &s);
        _mm512_store_ps(dst + 512, scale);
        if (dtype_has_offset(t)) _mm512_store_ps(dst + 576, offset);
        for (int k16 = 0; t == DTYPE_Q6_K && k16 < 2; k16++)
            _mm512_store_ps(dst + 576 + 64 * k16, source_sub_scale(&s, k16));
    }
}

/* few[g - 1]: g tokens of one group; groups[i - 1]: i whole groups of an unpacked panel; once:
 * TOKENS_ONCE of a packed one. */
struct tiles {
    tile_fn *few[ACT_GROUP], *groups[3], *once;
    void (*unpack)(uint8_t *ws, const uint8_t *panel, size_t blocks);
};

/* How many whole groups go next: 3, but not so that 1 is left behind. */
static int groups_of(int left)
{
    int groups = left / ACT_GROUP;
    return groups == 4 ? 2 : groups < 3 ? groups : 3;
}

static void linear(const struct kernel_linear *a, enum dtype t, const struct tiles *tiles)
{
    size_t bytes = kernel_panel_bytes(t, a->k);
    uint8_t *ws = (uint8_t *)(((uintptr_t)a->ws + 63) & ~(uintptr_t)63);
    float y[TOKENS_ONCE * PANEL_ROWS] __attribute__((aligned(64)));
    for (int p = a->panel_from; p < a->panel_to; p++) {
        const uint8_t *panel = (const uint8_t *)a->w + (size_t)p * bytes;
        struct tile in = { .blocks = (size_t)a->k / ACT_BLOCK };
        if (a->n == TOKENS_ONCE) {
            in.act = a->act;
            in.panel = panel;
            tiles->once(y, &in);
            store_tile(a, p, 0, TOKENS_ONCE, y);
            continue;
        }
        bool unpacked = a->n >= TOKENS_UNPACK;
        if (unpacked) tiles->unpack(ws, panel, in.blocks);
        for (int t0 = 0, n; t0 < a->n; t0 += n) {
            int left = a->n - t0, groups = unpacked ? groups_of(left) : 0;
            n = groups ? groups * ACT_GROUP : left < ACT_GROUP ? left : ACT_GROUP;
            in.act = (const uint8_t *)a->act + kernel_act_bytes(t0, a->k);
            in.panel = groups ? ws : panel;
            in.ahead = t0 == 0 ? panel + bytes : NULL;
            (groups ? tiles->groups[groups - 1] : tiles->few[n - 1])(y, &in);
            store_tile(a, p, t0, n, y);
        }
    }
}

#define TILE(name, t, unpacked, n, g)                 \
    static void name(float *y, const struct tile *in) \
    {                                                 \
        tile(y, in, t, unpacked, n, g);               \
    }

#define LINEAR(name, t)                                                         \
    TILE(name##_1, t, false, 1, 1)                                              \
    TILE(name##_2, t, false, 2, 2)                                              \
    TILE(name##_3, t, false, 3, 3)                                              \
    TILE(name##_4, t, false, 4, 4)                                              \
    TILE(name##_whole_4, t, true, 4, 4)                                         \
    TILE(name##_whole_8, t, true, 8, 4)                                         \
    TILE(name##_whole_12, t, true, 12, 4)                                       \
    static void name##_unpack(uint8_t *ws, const uint8_t *panel, size_t blocks) \
    {                                                                           \
        unpack(ws, t, panel, blocks);                                           \
    }                                                                           \
    static void name##_once(float *y, const struct tile *in)                    \
    {                                                                           \
        tile_once(y, in, t);                                                    \
    }                                                                           \
    static void linear_##name(const struct kernel_linear *a)                    \
    {                                                                           \
        static const struct tiles tiles = {                                     \
            .few = { name##_1, name##_2, name##_3, name##_4 },                  \
            .groups = { name##_whole_4, name##_whole_8, name##_whole_12 },      \
            .once = name##_once,                                                \
            .unpack = name##_unpack,                                            \
        };                                                                      \
        linear(a, t, &tiles);                                                   \
    }

LINEAR(q4_0, DTYPE_Q4_0)
LINEAR(q4_1, DTYPE_Q4_1)
LINEAR(q5_0, DTYPE_Q5_0)
LINEAR(q5_1, DTYPE_Q5_1)
LINEAR(q8_0, DTYPE_Q8_0)
LINEAR(q4_k, DTYPE_Q4_K)
LINEAR(q5_k, DTYPE_Q5_K)
LINEAR(q6_k, DTYPE_Q6_K)

const struct kernel kernel_linear_q4_0_vnni512 = {
    .slot = KERNEL_LINEAR_Q4_0,
    .isa = ISA_AVX2 | ISA_AVX512 | ISA_VNNI512,
    .rank = 40,
    .fn.linear = linear_q4_0,
};
const struct kernel kernel_linear_q4_1_vnni512 = {
    .slot = KERNEL_LINEAR_Q4_1,
    .isa = ISA_AVX2 | ISA_AVX512 | ISA_VNNI512,
    .rank = 40,
    .fn.linear = linear_q4_1,
};
const struct kernel kernel_linear_q5_0_vnni512 = {
    .slot = KERNEL_LINEAR_Q5_0,
    .isa = ISA_AVX2 | ISA_AVX512 | ISA_VNNI512,
    .rank = 40,
    .fn.linear = linear_q5_0,
};
const struct kernel kernel_linear_q5_1_vnni512 = {
    .slot = KERNEL_LINEAR_Q5_1,
    .isa = ISA_AVX2 | ISA_AVX512 | ISA_VNNI512,
    .rank = 40,
    .fn.linear = linear_q5_1,
};
const struct kernel kernel_linear_q8_0_vnni512 = {
    .slot = KERNEL_LINEAR_Q8_0,
    .isa = ISA_AVX2 | ISA_AVX512 | ISA_VNNI512,
    .rank = 40,
    .fn.linear = linear_q8_0,
};
const struct kernel kernel_linear_q4_k_vnni512 = {
    .slot = KERNEL_LINEAR_Q4_K,
    .isa = ISA_AVX2 | ISA_AVX512 | ISA_VNNI512,
    .rank = 40,
    .fn.linear = linear_q4_k,
};
const struct kernel kernel_linear_q5_k_vnni512 = {
    .slot = KERNEL_LINEAR_Q5_K,
    .isa = ISA_AVX2 | ISA_AVX512 | ISA_VNNI512,
    .rank = 40,
    .fn.linear = linear_q5_k,
};
const struct kernel kernel_linear_q6_k_vnni512 = {
    .slot = KERNEL_LINEAR_Q6_K,
    .isa = ISA_AVX2 | ISA_AVX512 | ISA_VNNI512,
    .rank = 40,
    .fn.linear = linear_q6_k,
};

/* Linear layers with quantised weights, AVX2: tiles of 16 rows x 1 to 4 tokens as outer products.
 * Same bits as ref/linear_ref.c.
 *
 * For each quad (4 k) two weight registers (8 rows each) meet the broadcast codes of each token in
 * vpmaddubsw, which never saturates (63 * 127 * 2 < 32768). Its int16 sums over a block start at
 * -centre * (sum of codes), so a sum on its way is that of (w - centre) * a over the products done
 * and of -centre * a over those to come, and never leaves int16:
 *
 *     Q4_1, Q4_K       15 * 127 * 16 = 30480
 *     Q4_0             8 * 127 * 16 = 16256
 *     Q5_0 Q5_1 Q5_K   16 * 127 * 16 = 32512
 *     Q6_K, of 16 k    32 * 127 * 8 = 32512
 *
 * Q8_0 moves the sign of the weight to the activation; |w| * |a| * 2 <= 128 * 127 * 2 = 32512 fits,
 * and each product is widened at once.
 *
 * With TOKENS_UNPACK tokens or more a panel is first unpacked to bytes and f32 scales. */
#include "kernels/x86/panel_avx2.h"

enum {
    TOKENS_UNPACK = 16,
    /* An unpacked block: 512 codes, 16 f32 scales, 16 f32 offsets or 2 x 16 pairs of int16. */
    UNPACKED = 704,
};

struct tile {
    const uint8_t *panel; /* Packed, or unpacked. */
    const uint8_t *act;   /* The group's records. */
    size_t blocks;
};

/* Keeps gcc from gathering all products before the additions, which spills. */
#define KEEP(v) __asm__("" : "+x"(v))

INLINE __m256i broadcast32(const uint8_t *p)
{
    return _mm256_castps_si256(_mm256_broadcast_ss((const float *)(const void *)p));
}

INLINE __m256 broadcast_f32(const uint8_t *p)
{
    return _mm256_broadcast_ss((const float *)(const void *)p);
}

INLINE __m256i add16(__m256i acc, __m256i w, __m256i a)
{
    acc = _mm256_add_epi16(acc, _mm256_maddubs_epi16(w, a));
    KEEP(acc);
    return acc;
}

INLINE __m256i add_signed(__m256i acc, __m256i w, __m256i magnitude, __m256i a)
{
    __m256i products = _mm256_maddubs_epi16(magnitude, _mm256_sign_epi8(a, w));
    acc = _mm256_add_epi32(acc, _mm256_madd_epi16(products, _mm256_set1_epi16(1)));
    KEEP(acc);
    return acc;
}

/* A block's source: packed or unpacked, both constants to the compiler. */
struct source {
    enum dtype dtype;
    bool unpacked;
    struct panel_block at;
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

INLINE void source_quad(__m256i *w0, __m256i *w1, const struct source *s, int q)
{
    panel_quad(w0, w1, s->unpacked ? DTYPE_Q8_0 : s->dtype, s->codes, q);
}

INLINE void source_scales(__m256 scale[2], __m256 offset[2], const struct source *s)
{
    if (!s->unpacked) {
        panel_scales(scale, offset, s->dtype, &s->at);
        return;
    }
    const float *f = (const float *)(const void *)(s->codes + 512);
    for (int h = 0; h < 2; h++) {
        scale[h] = _mm256_loadu_ps(f + 8 * h);
        if (dtype_has_offset(s->dtype)) offset[h] = _mm256_loadu_ps(f + 16 + 8 * h);
    }
}

INLINE __m256i source_sub_scale(const struct source *s, int k16, int half)
{
    if (s->unpacked) return load256(s->codes + 576 + 64 * k16 + 32 * half);
    return panel_sub_scale(&s->at, k16, half);
}

/* acc[token][half] = int32 dot products of a block, for g tokens whose record begins at a. */
INLINE void block_dots(__m256i acc[4][2], const struct source *s, const uint8_t *a, int g)
{
    const enum dtype t = s->dtype;
    const int centre = dtype_centre_log2(t), quads = t == DTYPE_Q6_K ? 4 : 8;
    UNROLL for (int c = 0; c < g; c++)
    {
        __m256i start = _mm256_setzero_si256();
        if (centre) {
            start = broadcast32(a + 40 * g + 4 * c);
            if (t == DTYPE_Q6_K) start = _mm256_sub_epi16(start, broadcast32(a + 44 * g + 4 * c));
            start = _mm256_slli_epi16(start, centre);
        }
        acc[c][0] = acc[c][1] = start;
    }
    UNROLL for (int q = 0; q < quads; q++)
    {
        __m256i w0, w1, m0, m1;
        source_quad(&w0, &w1, s, q);
        if (t == DTYPE_Q8_0) {
            m0 = _mm256_abs_epi8(w0);
            m1 = _mm256_abs_epi8(w1);
        }
        UNROLL for (int c = 0; c < g; c++)
        {
            __m256i x = broadcast32(a + (q * g + c) * 4);
            acc[c][0] = t == DTYPE_Q8_0 ? add_signed(acc[c][0], w0, m0, x)
                                        : add16(acc[c][0], w0, x);
            acc[c][1] = t == DTYPE_Q8_0 ? add_signed(acc[c][1], w1, m1, x)
                                        : add16(acc[c][1], w1, x);
        }
    }
    if (t == DTYPE_Q8_0 || t == DTYPE_Q6_K) return;
    UNROLL for (int c = 0; c < g; c++) for (int h = 0; h < 2; h++)
        acc[c][h] = _mm256_madd_epi16(acc[c][h], _mm256_set1_epi16(1));
}

/* Q6_K's second 16 k: acc comes with the int16 sums of the first. */
INLINE void block_dots_six(__m256i acc[4][2], const struct source *s, const uint8_t *a, int g)
{
    UNROLL for (int c = 0; c < g; c++) for (int h = 0; h < 2; h++)
        acc[c][h] = _mm256_madd_epi16(acc[c][h], source_sub_scale(s, 0, h));
    /* Two tokens at a time: with their int32 sums that is what the registers hold. */
    UNROLL for (int c0 = 0; c0 < g; c0 += 2)
    {
        __m256i second[2][2];
        int n = g - c0 < 2 ? 1 : 2;
        for (int c = 0; c < n; c++)
            second[c][0] = second[c][1] = _mm256_slli_epi16(broadcast32(a + 44 * g + 4 * (c0 + c)),
                                                            5);
        UNROLL for (int q = 4; q < 8; q++)
        {
            __m256i w0, w1;
            source_quad(&w0, &w1, s, q);
            for (int c = 0; c < n; c++) {
                __m256i x = broadcast32(a + (q * g + c0 + c) * 4);
                second[c][0] = add16(second[c][0], w0, x);
                second[c][1] = add16(second[c][1], w1, x);
            }
        }
        for (int c = 0; c < n; c++)
            for (int h = 0; h < 2; h++)
                acc[c0 + c][h] = _mm256_add_epi32(
                    acc[c0 + c][h], _mm256_madd_epi16(second[c][h], source_sub_scale(s, 1, h)));
    }
}

/* The whole of K for 16 rows x g tokens; y[token][16]. */
INLINE void tile(float *y, const struct tile *in, enum dtype t, bool unpacked, int g)
{
    const size_t stride = (size_t)g * ACT_TOKEN;
    for (int i = 0; i < 2 * g; i++) _mm256_store_ps(y + 8 * i, _mm256_setzero_ps());
    for (size_t b = 0; b < in->blocks; b++) {
        const uint8_t *a = in->act + b * stride;
        struct source s = source_of(t, unpacked, in->panel, b);
        if (!unpacked) panel_prefetch(t, s.codes);
        __m256i acc[4][2];
        block_dots(acc, &s, a, g);
        if (t == DTYPE_Q6_K) block_dots_six(acc, &s, a, g);
        __m256 scale[2], offset[2];
        source_scales(scale, offset, &s);
        UNROLL for (int c = 0; c < g; c++)
        {
            __m256 d = broadcast_f32(a + 32 * g + 4 * c);
            UNROLL for (int h = 0; h < 2; h++)
            {
                float *at = y + 16 * c + 8 * h;
                __m256 dot = _mm256_mul_ps(_mm256_cvtepi32_ps(acc[c][h]), d);
                __m256 sum = _mm256_fmadd_ps(dot, scale[h], _mm256_load_ps(at));
                if (dtype_has_offset(t))
                    sum = _mm256_fmadd_ps(broadcast_f32(a + 36 * g + 4 * c), offset[h], sum);
                _mm256_store_ps(at, sum);
            }
        }
        /* The sums live in memory (L1): in registers gcc would spill the int16 ones instead. */
        __asm__ volatile("" : : "r"(y) : "memory");
    }
}

INLINE void unpack(uint8_t *ws, enum dtype t, const uint8_t *panel, size_t blocks)
{
    for (size_t b = 0; b < blocks; b++) {
        struct source s = source_of(t, false, panel, b);
        uint8_t *dst = ws + b * UNPACKED;
        panel_prefetch(t, s.codes);
        UNROLL for (int q = 0; q < 8; q++)
        {
            __m256i w0, w1;
            source_quad(&w0, &w1, &s, q);
            _mm256_storeu_si256((void *)(dst + 64 * q), w0);
            _mm256_storeu_si256((void *)(dst + 64 * q + 32), w1);
        }
        __m256 scale[2], offset[2];
        source_scales(scale, offset, &s);
        float *f = (float *)(void *)(dst + 512);
        for (int h = 0; h < 2; h++) {
            _mm256_storeu_ps(f + 8 * h, scale[h]);
            if (dtype_has_offset(t)) _mm256_storeu_ps(f + 16 + 8 * h, offset[h]);
            for (int k16 = 0; t == DTYPE_Q6_K && k16 < 2; k16++)
                _mm256_storeu_si256((void *)(dst + 576 + 64 * k16 + 32 * h),
                                    source_sub_scale(&s, k16, h));
        }
    }
}

typedef void tile_fn(float *y, const struct tile *in);

/* packed[g - 1] for g tokens; whole for 4 tokens of an unpacked panel. */
struct tiles {
    tile_fn *packed[ACT_GROUP], *whole;
    void (*unpack)(uint8_t *ws, const uint8_t *panel, size_t blocks);
};

static void linear(const struct kernel_linear *a, enum dtype t, const struct tiles *tiles)
{
    size_t bytes = kernel_panel_bytes(t, a->k);
    uint8_t *ws = (uint8_t *)(((uintptr_t)a->ws + 63) & ~(uintptr_t)63);
    float y[ACT_GROUP * PANEL_ROWS] __attribute__((aligned(64)));
    for (int p = a->panel_from; p < a->panel_to; p++) {
        const uint8_t *panel = (const uint8_t *)a->w + (size_t)p * bytes;
        struct tile in = { .blocks = (size_t)a->k / ACT_BLOCK };
        bool unpacked = a->n >= TOKENS_UNPACK;
        if (unpacked) tiles->unpack(ws, panel, in.blocks);
        for (int t0 = 0; t0 < a->n; t0 += ACT_GROUP) {
            int g = a->n - t0 < ACT_GROUP ? a->n - t0 : ACT_GROUP;
            in.act = (const uint8_t *)a->act + kernel_act_bytes(t0, a->k);
            in.panel = unpacked && g == ACT_GROUP ? ws : panel;
            (unpacked && g == ACT_GROUP ? tiles->whole : tiles->packed[g - 1])(y, &in);
            store_tile(a, p, t0, g, y);
        }
    }
}

#define TILE(name, t, unpacked, g)                    \
    static void name(float *y, const struct tile *in) \
    {                                                 \
        tile(y, in, t, unpacked, g);                  \
    }

#define LINEAR(name, t)                                                                 \
    TILE(name##_1, t, false, 1)                                                         \
    TILE(name##_2, t, false, 2)                                                         \
    TILE(name##_3, t, false, 3)                                                         \
    TILE(name##_4, t, false, 4)                                                         \
    TILE(name##_whole, t, true, 4)                                                      \
    static void name##_unpack(uint8_t *ws, const uint8_t *panel, size_t blocks)         \
    {                                                                                   \
        unpack(ws, t, panel, blocks);                                                   \
    }                                                                                   \
    static void linear_##name(const struct kernel_linear *a)                            \
    {                                                                                   \
        static const struct tiles tiles = { { name##_1, name##_2, name##_3, name##_4 }, \
                                            name##_whole,                               \
                                            name##_unpack };                            \
        linear(a, t, &tiles);                                                           \
    }

LINEAR(q4_0, DTYPE_Q4_0)
LINEAR(q4_1, DTYPE_Q4_1)
LINEAR(q5_0, DTYPE_Q5_0)
LINEAR(q5_1, DTYPE_Q5_1)
LINEAR(q8_0, DTYPE_Q8_0)
LINEAR(q4_k, DTYPE_Q4_K)
LINEAR(q5_k, DTYPE_Q5_K)
LINEAR(q6_k, DTYPE_Q6_K)

const struct kernel kernel_linear_q4_0_avx2 = {
    .slot = KERNEL_LINEAR_Q4_0,
    .isa = ISA_AVX2,
    .rank = 20,
    .fn.linear = linear_q4_0,
};
const struct kernel kernel_linear_q4_1_avx2 = {
    .slot = KERNEL_LINEAR_Q4_1,
    .isa = ISA_AVX2,
    .rank = 20,
    .fn.linear = linear_q4_1,
};
const struct kernel kernel_linear_q5_0_avx2 = {
    .slot = KERNEL_LINEAR_Q5_0,
    .isa = ISA_AVX2,
    .rank = 20,
    .fn.linear = linear_q5_0,
};
const struct kernel kernel_linear_q5_1_avx2 = {
    .slot = KERNEL_LINEAR_Q5_1,
    .isa = ISA_AVX2,
    .rank = 20,
    .fn.linear = linear_q5_1,
};
const struct kernel kernel_linear_q8_0_avx2 = {
    .slot = KERNEL_LINEAR_Q8_0,
    .isa = ISA_AVX2,
    .rank = 20,
    .fn.linear = linear_q8_0,
};
const struct kernel kernel_linear_q4_k_avx2 = {
    .slot = KERNEL_LINEAR_Q4_K,
    .isa = ISA_AVX2,
    .rank = 20,
    .fn.linear = linear_q4_k,
};
const struct kernel kernel_linear_q5_k_avx2 = {
    .slot = KERNEL_LINEAR_Q5_K,
    .isa = ISA_AVX2,
    .rank = 20,
    .fn.linear = linear_q5_k,
};
const struct kernel kernel_linear_q6_k_avx2 = {
    .slot = KERNEL_LINEAR_Q6_K,
    .isa = ISA_AVX2,
    .rank = 20,
    .fn.linear = linear_q6_k,
};

/* linear_tile - what the AVX2 and AVX-VNNI versions of linear layers with quantised weights share:
 * tiles of 16 rows x 1 to 4 tokens as outer products, a quad (4 k) in two registers of 8 rows.
 * ref/linear_ref.c says what is computed.
 *
 * A version is three functions, constants to the compiler, given to tile_with() and
 * unpack_with(). */
#ifndef TIRO_KERNELS_X86_LINEAR_TILE_H
#define TIRO_KERNELS_X86_LINEAR_TILE_H

#include "kernels/x86/panel_avx2.h"

struct version {
    /* Codes of quad q, of the sign that dots wants. */
    void (*quad)(__m256i w[2], const struct source *s, int q);
    /* Q6_K: the scales of 16 k for 8 rows, as dots wants them. */
    __m256i (*sub_scale)(const struct source *s, int k16, int half);
    /* dot[token][half]: centred dots of a block with g tokens whose record begins at a. */
    void (*dots)(__m256 dot[ACT_GROUP][2], const struct source *s, const uint8_t *a, int g);
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

/* What sub_scale gave when the panel was unpacked. */
INLINE __m256i unpacked_sub_scale(const struct source *s, int k16, int half)
{
    return load256(s->codes + 576 + 64 * k16 + 32 * half);
}

/* The whole of K for 16 rows x g tokens; y[token][16]. */
INLINE void tile_with(const struct version *v, float *y, const struct tile *in, enum dtype t,
                      bool unpacked, int g)
{
    const size_t stride = (size_t)g * ACT_TOKEN;
    for (int i = 0; i < 2 * g; i++) _mm256_store_ps(y + 8 * i, _mm256_setzero_ps());
    for (size_t b = 0; b < in->blocks; b++) {
        const uint8_t *a = in->act + b * stride;
        struct source s = source_of(t, unpacked, in->panel, b);
        if (!unpacked) panel_prefetch(t, s.codes);
        __m256 dot[ACT_GROUP][2], scale[2], offset[2];
        v->dots(dot, &s, a, g);
        source_scales(scale, offset, &s);
        UNROLL for (int c = 0; c < g; c++)
        {
            __m256 d = broadcast_f32(a + 32 * g + 4 * c);
            UNROLL for (int h = 0; h < 2; h++)
            {
                float *at = y + 16 * c + 8 * h;
                __m256 sum = _mm256_fmadd_ps(_mm256_mul_ps(dot[c][h], d), scale[h],
                                             _mm256_load_ps(at));
                if (dtype_has_offset(t))
                    sum = _mm256_fmadd_ps(broadcast_f32(a + 36 * g + 4 * c), offset[h], sum);
                _mm256_store_ps(at, sum);
            }
        }
        /* The sums live in memory (L1): in registers gcc would spill the dots instead. */
        __asm__ volatile("" : : "r"(y) : "memory");
    }
}

INLINE void unpack_with(const struct version *v, uint8_t *ws, enum dtype t, const uint8_t *panel,
                        size_t blocks)
{
    for (size_t b = 0; b < blocks; b++) {
        struct source s = source_of(t, false, panel, b);
        uint8_t *dst = ws + b * UNPACKED;
        panel_prefetch(t, s.codes);
        UNROLL for (int q = 0; q < 8; q++)
        {
            __m256i w[2];
            v->quad(w, &s, q);
            _mm256_storeu_si256((void *)(dst + 64 * q), w[0]);
            _mm256_storeu_si256((void *)(dst + 64 * q + 32), w[1]);
        }
        __m256 scale[2], offset[2];
        source_scales(scale, offset, &s);
        float *f = (float *)(void *)(dst + 512);
        for (int h = 0; h < 2; h++) {
            _mm256_storeu_ps(f + 8 * h, scale[h]);
            if (dtype_has_offset(t)) _mm256_storeu_ps(f + 16 + 8 * h, offset[h]);
            for (int k16 = 0; t == DTYPE_Q6_K && k16 < 2; k16++)
                _mm256_storeu_si256((void *)(dst + 576 + 64 * k16 + 32 * h),
                                    v->sub_scale(&s, k16, h));
        }
    }
}

/* packed[g - 1] for g tokens; whole for 4 tokens of an unpacked panel, which pays from
 * tokens_unpack tokens on. */
struct tiles {
    tile_fn *packed[ACT_GROUP], *whole;
    void (*unpack)(uint8_t *ws, const uint8_t *panel, size_t blocks);
    int tokens_unpack;
};

static void linear_with(const struct tiles *tiles, const struct kernel_linear *a, enum dtype t)
{
    size_t bytes = kernel_panel_bytes(t, a->k);
    uint8_t *ws = (uint8_t *)(((uintptr_t)a->ws + 63) & ~(uintptr_t)63);
    float y[ACT_GROUP * PANEL_ROWS] __attribute__((aligned(64)));
    for (int p = a->panel_from; p < a->panel_to; p++) {
        const uint8_t *panel = (const uint8_t *)a->w + (size_t)p * bytes;
        struct tile in = { .blocks = (size_t)a->k / ACT_BLOCK };
        bool unpacked = a->n >= tiles->tokens_unpack;
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

#define TILE(version, name, t, unpacked, g)           \
    static void name(float *y, const struct tile *in) \
    {                                                 \
        tile_with(&(version), y, in, t, unpacked, g); \
    }

/* linear_NAME() of a version, with its tiles. */
#define LINEAR(version, tokens, name, t)                                                    \
    TILE(version, name##_1, t, false, 1)                                                    \
    TILE(version, name##_2, t, false, 2)                                                    \
    TILE(version, name##_3, t, false, 3)                                                    \
    TILE(version, name##_4, t, false, 4)                                                    \
    TILE(version, name##_whole, t, true, 4)                                                 \
    static void name##_unpack(uint8_t *ws, const uint8_t *panel, size_t blocks)             \
    {                                                                                       \
        unpack_with(&(version), ws, t, panel, blocks);                                      \
    }                                                                                       \
    static void linear_##name(const struct kernel_linear *a)                                \
    {                                                                                       \
        static const struct tiles tiles = {                                                 \
            { name##_1, name##_2, name##_3, name##_4 }, name##_whole, name##_unpack, tokens \
        };                                                                                  \
        linear_with(&tiles, a, t);                                                          \
    }

#endif

/* linear_float_tile - what the AVX2 and AVX-512 versions of float linear layers share: the order in
 * which panels meet tokens. ref/linear_float_ref.c says what is computed.
 *
 * A tile is all of K for one or two panels and a few tokens, its sums in registers. Tokens go by
 * blocks that stay in the second-level cache while the panels of the call pass: weights are then
 * read once a block and activations once a call. */
#ifndef TIRO_KERNELS_X86_LINEAR_FLOAT_TILE_H
#define TIRO_KERNELS_X86_LINEAR_FLOAT_TILE_H

#include "kernels/x86/panel_avx2.h"

enum {
    BLOCK_BYTES = 512 << 10, /* Of activations. */
    TILE_TOKENS_MAX = 12,
    TILE_PANELS_MAX = 2,
};

struct float_tile {
    const uint8_t *panel[TILE_PANELS_MAX];
    const float *x;
    size_t x_stride, k;
};

/* Asks for what lies PREFETCH_BYTES behind value k of a panel's rows. */
INLINE void panel_ahead(enum dtype t, const uint8_t *panel, size_t k)
{
    const uint8_t *at = panel + k * PANEL_ROWS * (t == DTYPE_F32 ? 4 : 2) + PREFETCH_BYTES;
    _mm_prefetch((const char *)at, _MM_HINT_T0);
}

/* The next k of three tokens, which a pointer and the stride address: gcc would rather keep a
 * pointer for each token, in vector registers when there are no others left. */
INLINE const float *next_k(const float *x)
{
    x++;
    __asm__("" : "+r"(x));
    return x;
}

/* y[panel][token][16] */
typedef void float_tile_fn(float *y, const struct float_tile *in);

/* Tiles of one type for n tokens; by descending n, the last for 1. */
struct float_tiles {
    int n;
    float_tile_fn *one, *two; /* Of one panel, of two (or NULL). */
};

static void float_panels(const struct kernel_linear *a, const struct float_tiles *tiles,
                         const struct float_tile *panels, int panel, int n_panels, int from, int to)
{
    float y[TILE_PANELS_MAX * TILE_TOKENS_MAX * PANEL_ROWS] __attribute__((aligned(64)));
    struct float_tile in = *panels;
    for (int t0 = from; t0 < to; t0 += tiles->n) {
        while (tiles->n > to - t0) tiles++;
        in.x = (const float *)a->act + (size_t)t0 * a->x_stride;
        (n_panels == 2 ? tiles->two : tiles->one)(y, &in);
        for (int i = 0; i < n_panels; i++)
            store_tile(a, panel + i, t0, tiles->n, y + i * tiles->n * PANEL_ROWS);
    }
}

static void linear_with(const struct float_tiles *tiles, const struct kernel_linear *a,
                        enum dtype t)
{
    size_t bytes = kernel_panel_bytes(t, a->k);
    int block = (int)(BLOCK_BYTES / sizeof(float) / (size_t)a->k);
    block = block < tiles->n ? tiles->n : block - block % tiles->n;
    struct float_tile in = { .x_stride = a->x_stride, .k = (size_t)a->k };
    for (int from = 0; from < a->n; from += block) {
        int to = a->n - from < block ? a->n : from + block;
        for (int p = a->panel_from, n; p < a->panel_to; p += n) {
            n = tiles->two && a->panel_to - p >= 2 ? 2 : 1;
            for (int i = 0; i < n; i++)
                in.panel[i] = (const uint8_t *)a->w + (size_t)(p + i) * bytes;
            float_panels(a, tiles, &in, p, n, from, to);
        }
    }
}

#endif

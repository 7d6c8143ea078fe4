/* attention_chunk - the ATTENTION_CHUNK keys and values at hand: where they lie in the cache's
 * pieces, or as f32 in a workspace, made once for a tile of rows.
 *
 * Included behind the version's registers: VEC floats in a `vec`, and vec_*(). */
#ifndef TIRO_KERNELS_X86_ATTENTION_CHUNK_H
#define TIRO_KERNELS_X86_ATTENTION_CHUNK_H

#include "kernels/attention.h"
#include "kernels/x86/vector_avx2.h"

enum { PIECES = ATTENTION_CHUNK / ATTENTION_BLOCK };

struct chunk {
    const struct kernel_attention *a;
    int first;    /* Its first key. */
    int from, to; /* Those that any row of the tile sees, counted from it. */
    const uint8_t *k[PIECES], *v[PIECES]; /* Of the unseen ones: any that is there. */
    bool in_place;                        /* Else as f32: */
    size_t dim;                           /* head_dim padded to 16 */
    float *keys, *values;                 /* [head_dim][ATTENTION_CHUNK], [ATTENTION_CHUNK][dim] */
};

/* VEC values; `scale` is for codes. */
INLINE vec vec_of(enum dtype dtype, const uint8_t *p, vec scale)
{
    if (dtype == DTYPE_F16) return vec_half(p);
    if (dtype == DTYPE_F32) return vec_load((const float *)(const void *)p);
    return vec_mul(vec_codes(p), scale);
}

INLINE void load_keys_piece(float *keys, const uint8_t *piece, enum dtype dtype, size_t dim,
                            size_t width)
{
    const uint8_t *scales = piece + ATTENTION_BLOCK * dim;
    for (size_t d = 0; d < dim; d++, keys += ATTENTION_CHUNK)
        UNROLL for (size_t i = 0; i < ATTENTION_BLOCK; i += VEC)
        {
            vec scale = vec_set(0.0f);
            if (dtype == DTYPE_Q8_0)
                scale = vec_half(scales + 2 * (d / ATTENTION_SCALE * ATTENTION_BLOCK + i));
            vec_store(keys + i, vec_of(dtype, piece + (d * ATTENTION_BLOCK + i) * width, scale));
        }
}

/* Slots [from, to) of a piece to rows of `padded` values. */
INLINE void load_values_piece(float *values, const uint8_t *piece, enum dtype dtype, size_t dim,
                              size_t padded, size_t width, size_t from, size_t to)
{
    for (size_t slot = from; slot < to; slot++) {
        const uint8_t *p = piece + slot * dim * width, *scales = piece + ATTENTION_BLOCK * dim;
        float *row = values + slot * padded;
        size_t d = 0;
        for (; d + VEC <= dim; d += VEC) {
            vec scale = vec_set(0.0f);
            if (dtype == DTYPE_Q8_0)
                scale = vec_set(
                    load_f16(scales + 2 * (d / ATTENTION_SCALE * ATTENTION_BLOCK + slot)));
            vec_store(row + d, vec_of(dtype, p + d * width, scale));
        }
        for (; d < dim; d++) {
            if (dtype == DTYPE_F16)
                row[d] = load_f16(p + 2 * d);
            else
                memcpy(&row[d], p + 4 * d, 4);
        }
        for (; d < padded; d++) row[d] = 0;
    }
}

INLINE void load_pieces(struct chunk *c, enum dtype dtype, size_t width)
{
    size_t dim = (size_t)c->a->head_dim;
    int from = c->from / ATTENTION_BLOCK;
    for (int b = from; b * ATTENTION_BLOCK < c->to; b++) {
        int first = b * ATTENTION_BLOCK, left = c->to - first;
        load_keys_piece(c->keys + first, c->k[b], dtype, dim, width);
        load_values_piece(c->values + (size_t)first * c->dim, c->v[b], dtype, dim, c->dim, width,
                          (size_t)(b == from ? c->from - first : 0),
                          (size_t)(left < ATTENTION_BLOCK ? left : ATTENTION_BLOCK));
    }
}

/* 8 x 8 values, rows of src to columns of dst. */
INLINE void transpose8(float *dst, size_t dst_stride, const float *src, size_t src_stride)
{
    __m256 x[8], y[8];
    UNROLL for (size_t i = 0; i < 8; i++) x[i] = _mm256_loadu_ps(src + i * src_stride);
    UNROLL for (int i = 0; i < 8; i += 2)
    {
        y[i] = _mm256_unpacklo_ps(x[i], x[i + 1]);
        y[i + 1] = _mm256_unpackhi_ps(x[i], x[i + 1]);
    }
    UNROLL for (int i = 0; i < 8; i += 4)
    {
        x[i] = _mm256_shuffle_ps(y[i], y[i + 2], 0x44);
        x[i + 1] = _mm256_shuffle_ps(y[i], y[i + 2], 0xee);
        x[i + 2] = _mm256_shuffle_ps(y[i + 1], y[i + 3], 0x44);
        x[i + 3] = _mm256_shuffle_ps(y[i + 1], y[i + 3], 0xee);
    }
    UNROLL for (size_t i = 0; i < 4; i++)
    {
        _mm256_storeu_ps(dst + i * dst_stride, _mm256_permute2f128_ps(x[i], x[i + 4], 0x20));
        _mm256_storeu_ps(dst + (i + 4) * dst_stride, _mm256_permute2f128_ps(x[i], x[i + 4], 0x31));
    }
}

static void load_rows(struct chunk *c)
{
    size_t dim = (size_t)c->a->head_dim, stride = c->a->kv_stride;
    const float *k = (const float *)c->a->k + (size_t)c->first * stride;
    const float *v = (const float *)c->a->v + (size_t)c->first * stride;
    size_t j = (size_t)c->from, to = (size_t)c->to;
    for (; j < to; j += 8) {
        size_t d = 0, n = to - j < 8 ? to - j : 8;
        for (; n == 8 && d + 8 <= dim; d += 8)
            transpose8(c->keys + d * ATTENTION_CHUNK + j, ATTENTION_CHUNK, k + j * stride + d,
                       stride);
        for (; d < dim; d++)
            for (size_t i = j; i < j + n; i++) c->keys[d * ATTENTION_CHUNK + i] = k[i * stride + d];
    }
    for (j = (size_t)c->from; j < to; j++) {
        memcpy(c->values + j * c->dim, v + j * stride, dim * sizeof *v);
        memset(c->values + j * c->dim + dim, 0, (c->dim - dim) * sizeof *v);
    }
}

static void load_chunk(struct chunk *c)
{
    const struct kernel_attention *a = c->a;
    if (!a->blocks) {
        load_rows(c);
        return;
    }
    const int32_t *blocks = a->blocks + c->first / ATTENTION_BLOCK;
    for (int b = 0; b < PIECES; b++) {
        bool seen = (b + 1) * ATTENTION_BLOCK > c->from && b * ATTENTION_BLOCK < c->to;
        size_t at = (size_t)blocks[seen ? b : c->from / ATTENTION_BLOCK] * a->block_stride;
        c->k[b] = (const uint8_t *)a->k + at;
        c->v[b] = (const uint8_t *)a->v + at;
    }
    if (c->in_place) return;
    switch (a->kv_dtype) {
    case DTYPE_F16: load_pieces(c, DTYPE_F16, 2); break;
    case DTYPE_F32: load_pieces(c, DTYPE_F32, 4); break;
    default: load_pieces(c, DTYPE_Q8_0, 1); break;
    }
}

#endif

/* attention_product - C (+)= A B with a few rows of A, the one loop that both halves of attention
 * are: scores have a row of A for each query and a row of B for each dimension, outputs a row of A
 * for each query (its weights) and a row of B for each key.
 *
 * Included behind the version's registers: VEC floats in a `vec`, and vec_*(). */
#ifndef TIRO_KERNELS_X86_ATTENTION_PRODUCT_H
#define TIRO_KERNELS_X86_ATTENTION_PRODUCT_H

#include "kernels/attention.h"
#include "kernels/x86/vector_avx2.h"

enum {
    TOGETHER = 6, /* Rows of C that stay in registers. */
    VECS_MAX = 4,
    VECS_OF_BLOCK = ATTENTION_BLOCK / VEC,
    PARTS_MAX = ATTENTION_DIM_MAX / ATTENTION_SCALE,
};

/* What B is made of. */
enum element {
    ELEMENT_F32,
    ELEMENT_F16,
    ELEMENT_KEYS,   /* Codes of keys: a part is 32 dimensions, its scales one for each column. */
    ELEMENT_VALUES, /* Codes of values: a part is one piece, its scales one for each row. */
};

/* Rows of B in registers: register i of a row at at[i], the next row `step` bytes on. */
struct part {
    const uint8_t *at[VECS_MAX];
    const uint8_t *scales[VECS_MAX]; /* f16: of register i, or of all slots for it */
    size_t rows, slot;               /* Of the first row, for ELEMENT_VALUES. */
};

struct product {
    float *c; /* c[r] * alpha[r] + ..., or from zero where alpha is NULL */
    size_t c_stride;
    const float *alpha;
    const float *a;
    size_t a_stride;
    struct part parts[PARTS_MAX];
    int n_parts;
    size_t step;
};

struct scales {
    vec of_columns[VECS_MAX];
    float of_rows[VECS_MAX][ATTENTION_BLOCK];
};

INLINE void take_scales(struct scales *ret, const struct part *part, int v, enum element e)
{
    UNROLL for (int i = 0; i < v; i++)
    {
        if (e == ELEMENT_KEYS) ret->of_columns[i] = vec_half(part->scales[i]);
        if (e == ELEMENT_VALUES)
            UNROLL for (size_t j = 0; j < ATTENTION_BLOCK; j += VEC)
                vec_store(&ret->of_rows[i][j], vec_half(part->scales[i] + 2 * j));
    }
}

/* Register i of a row of B, `at` bytes behind the part's first. */
INLINE vec element_of(const struct part *part, const struct scales *s, size_t row, size_t at, int i,
                      enum element e)
{
    const uint8_t *p = part->at[i] + at;
    switch (e) {
    case ELEMENT_F32: return vec_load((const float *)(const void *)p);
    case ELEMENT_F16: return vec_half(p);
    case ELEMENT_KEYS: return vec_mul(vec_codes(p), s->of_columns[i]);
    default: return vec_mul(vec_codes(p), vec_set(s->of_rows[i][part->slot + row]));
    }
}

/* n rows and v registers of C. */
INLINE void product_of(const struct product *m, int n, int v, enum element e)
{
    vec c[TOGETHER][VECS_MAX];
    UNROLL for (int r = 0; r < n; r++) UNROLL for (int i = 0; i < v; i++)
    {
        c[r][i] = vec_set(0.0f);
        if (m->alpha)
            c[r][i] = vec_mul(vec_load(m->c + (size_t)r * m->c_stride + (size_t)(VEC * i)),
                              vec_set(m->alpha[r]));
    }
    const float *a = m->a;
    for (int k = 0; k < m->n_parts; k++) {
        const struct part *part = &m->parts[k];
        struct scales scales;
        take_scales(&scales, part, v, e);
        for (size_t row = 0, at = 0; row < part->rows; row++, at += m->step, a++) {
            /* The side with fewer registers is kept, so that AVX2's sixteen suffice. */
            vec w[TOGETHER], b[VECS_MAX];
            UNROLL for (int r = 0; n <= v && r < n; r++) w[r] = vec_set(a[(size_t)r * m->a_stride]);
            UNROLL for (int i = 0; i < v; i++)
            {
                b[i] = element_of(part, &scales, row, at, i, e);
                UNROLL for (int r = 0; n <= v && r < n; r++) c[r][i] = vec_fma(w[r], b[i], c[r][i]);
            }
            UNROLL for (int r = 0; n > v && r < n; r++)
            {
                w[r] = vec_set(a[(size_t)r * m->a_stride]);
                UNROLL for (int i = 0; i < v; i++) c[r][i] = vec_fma(w[r], b[i], c[r][i]);
            }
        }
    }
    UNROLL for (int r = 0; r < n; r++) UNROLL for (int i = 0; i < v; i++)
        vec_store(m->c + (size_t)r * m->c_stride + (size_t)(VEC * i), c[r][i]);
}

/* Registers of a row of C that go together with n rows: 8 to 12 chains of additions. */
INLINE int vecs_for(int n)
{
    return n <= 3 ? 4 : 2;
}

INLINE void product_sized(const struct product *m, int n, int v, enum element e)
{
    if (v == VECS_OF_BLOCK)
        product_of(m, n, VECS_OF_BLOCK, e);
    else
        product_of(m, n, vecs_for(n), e);
}

INLINE void product_with(const struct product *m, int n, int v, enum element e)
{
    switch (n) {
    case 1: product_sized(m, 1, v, e); break;
    case 2: product_sized(m, 2, v, e); break;
    case 3: product_sized(m, 3, v, e); break;
    case 4: product_sized(m, 4, v, e); break;
    case 5: product_sized(m, 5, v, e); break;
    default: product_sized(m, 6, v, e); break;
    }
}

/* n up to TOGETHER; v is vecs_for(n) or, for what is left of a row, VECS_OF_BLOCK. */
static void product(const struct product *m, int n, int v, enum element e)
{
    switch (e) {
    case ELEMENT_F32: product_with(m, n, v, ELEMENT_F32); break;
    case ELEMENT_F16: product_with(m, n, v, ELEMENT_F16); break;
    case ELEMENT_KEYS: product_with(m, n, v, ELEMENT_KEYS); break;
    default: product_with(m, n, v, ELEMENT_VALUES); break;
    }
}

#endif

/* Keys and values into their pieces, AVX2. Same bits as ref/attention_ref.c. */
#include "kernels/kernel.h"
#include "kernels/x86/vector_avx2.h"

/* 32 codes and their scale. */
INLINE uint16_t codes_of(int8_t codes[ATTENTION_SCALE], const float *p)
{
    __m256 x[4];
    UNROLL for (int i = 0; i < 4; i++) x[i] = _mm256_loadu_ps(p + 8 * i);
    uint16_t half = f16_of_f32(amax32(x) / 127.0f);
    float scale = f16_to_f32(half);
    bool normal = scale > 0 && scale <= 65504.0f;
    __m256 inverse = f32(normal ? 1.0f / scale : 0.0f);
    __m256i whole[4];
    UNROLL for (int i = 0; i < 4; i++)
    {
        __m256 code = _mm256_mul_ps(x[i], inverse);
        code = _mm256_max_ps(f32(-127.0f), _mm256_min_ps(f32(127.0f), code));
        whole[i] = _mm256_cvtps_epi32(code);
    }
    __m256i all = _mm256_packs_epi16(_mm256_packs_epi32(whole[0], whole[1]),
                                     _mm256_packs_epi32(whole[2], whole[3]));
    all = _mm256_permutevar8x32_epi32(all, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
    all = _mm256_and_si256(all, _mm256_set1_epi32(normal ? -1 : 0));
    _mm256_storeu_si256((void *)codes, all);
    return half;
}

static void store_codes(const struct kernel_kv_store *a)
{
    size_t dim = (size_t)a->head_dim, slot = (size_t)a->slot;
    int8_t *piece = a->piece, codes[ATTENTION_SCALE];
    for (size_t from = 0; from < dim; from += ATTENTION_SCALE) {
        uint16_t scale = codes_of(codes, a->x + from);
        size_t at = from / ATTENTION_SCALE * ATTENTION_BLOCK + slot;
        memcpy(piece + ATTENTION_BLOCK * dim + 2 * at, &scale, 2);
        if (a->is_value)
            memcpy(piece + slot * dim + from, codes, sizeof codes);
        else
            for (size_t i = 0; i < ATTENTION_SCALE; i++)
                piece[(from + i) * ATTENTION_BLOCK + slot] = codes[i];
    }
}

static void store_halves(const struct kernel_kv_store *a)
{
    size_t dim = (size_t)a->head_dim, slot = (size_t)a->slot, d = 0;
    uint8_t *to = (uint8_t *)a->piece + 2 * slot * (a->is_value ? dim : 1);
    size_t step = a->is_value ? 2 : 2 * ATTENTION_BLOCK; /* between dimensions */
    for (; d + 8 <= dim; d += 8) {
        uint16_t halves[8];
        _mm_storeu_si128((void *)halves, _mm256_cvtps_ph(_mm256_loadu_ps(a->x + d), 0));
        if (a->is_value)
            memcpy(to + 2 * d, halves, sizeof halves);
        else
            UNROLL for (size_t i = 0; i < 8; i++) memcpy(to + (d + i) * step, &halves[i], 2);
    }
    for (; d < dim; d++) {
        uint16_t half = f16_of_f32(a->x[d]);
        memcpy(to + d * step, &half, 2);
    }
}

static void store_floats(const struct kernel_kv_store *a)
{
    size_t dim = (size_t)a->head_dim, slot = (size_t)a->slot;
    float *to = (float *)a->piece + slot * (a->is_value ? dim : 1);
    for (size_t d = 0; d < dim; d++) to[d * (a->is_value ? 1 : ATTENTION_BLOCK)] = a->x[d];
}

static void kv_store(const struct kernel_kv_store *a)
{
    if (a->dtype == DTYPE_Q8_0)
        store_codes(a);
    else if (a->dtype == DTYPE_F16)
        store_halves(a);
    else
        store_floats(a);
}

const struct kernel kernel_kv_store_avx2 = {
    .slot = KERNEL_KV_STORE,
    .isa = ISA_AVX2,
    .rank = 20,
    .fn.kv_store = kv_store,
};

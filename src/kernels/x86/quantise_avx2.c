/* Rows of f32 to ACT_Q8, AVX2. Same bits as ref/quantise_ref.c. */
#include "kernels/kernel.h"
#include "kernels/x86/vector_avx2.h"

#define AMAX_MIN 1e-36f

struct block {
    __m256i codes; /* 32 codes in order. */
    float d, s;
    uint32_t minus[2]; /* Each a pair of int16. */
};

INLINE struct block quantise_block(const float *p)
{
    __m256 x[4];
    UNROLL for (int i = 0; i < 4; i++) x[i] = _mm256_loadu_ps(p + 8 * i);
    struct block ret;
    float amax = amax32(x);
    bool normal = amax > AMAX_MIN && f32_bits(amax) < 0x7f800000;
    __m256 inverse = f32(normal ? 127.0f / amax : 0.0f);
    ret.d = amax <= AMAX_MIN ? 0.0f : amax / 127.0f;
    __m256i whole[4];
    UNROLL for (int i = 0; i < 4; i++) whole[i] = _mm256_cvtps_epi32(_mm256_mul_ps(x[i], inverse));
    __m256i codes = _mm256_packs_epi16(_mm256_packs_epi32(whole[0], whole[1]),
                                       _mm256_packs_epi32(whole[2], whole[3]));
    /* The packs work in halves: put the quads back in order. */
    codes = _mm256_permutevar8x32_epi32(codes, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
    codes = _mm256_and_si256(codes, _mm256_set1_epi32(normal ? -1 : 0));
    ret.codes = codes;
    /* Sums of neighbours: in each quad one int16 for i = 0, 1 and one for i = 2, 3. */
    __m256i pairs = _mm256_maddubs_epi16(_mm256_set1_epi8(1), codes);
    __m128i second = _mm256_extracti128_si256(pairs, 1);
    __m128i sum = _mm_unpacklo_epi64(_mm_add_epi16(_mm256_castsi256_si128(pairs), second), second);
    __m128i rest = _mm_unpackhi_epi64(_mm_add_epi16(_mm256_castsi256_si128(pairs), second), second);
    sum = _mm_add_epi16(sum, rest);
    sum = _mm_add_epi16(sum, _mm_shuffle_epi32(sum, 0xb1)); /* [all all second second] */
    __m128i minus = _mm_sub_epi16(_mm_setzero_si128(), sum);
    ret.minus[0] = (uint32_t)_mm_cvtsi128_si32(minus);
    ret.minus[1] = (uint32_t)_mm_extract_epi32(minus, 2);
    int total = _mm_cvtsi128_si32(_mm_madd_epi16(sum, _mm_set1_epi16(1)));
    ret.s = ret.d * (float)total;
    return ret;
}

/* Four blocks of 8 quads, interleaved by quad. */
INLINE void store_codes(uint8_t *record, const struct block b[4])
{
    __m256i lo01 = _mm256_unpacklo_epi32(b[0].codes, b[1].codes);
    __m256i hi01 = _mm256_unpackhi_epi32(b[0].codes, b[1].codes);
    __m256i lo23 = _mm256_unpacklo_epi32(b[2].codes, b[3].codes);
    __m256i hi23 = _mm256_unpackhi_epi32(b[2].codes, b[3].codes);
    __m256i q04 = _mm256_unpacklo_epi64(lo01, lo23), q15 = _mm256_unpackhi_epi64(lo01, lo23);
    __m256i q26 = _mm256_unpacklo_epi64(hi01, hi23), q37 = _mm256_unpackhi_epi64(hi01, hi23);
    __m256i *out = (void *)record;
    _mm256_storeu_si256(out, _mm256_permute2x128_si256(q04, q15, 0x20));
    _mm256_storeu_si256(out + 1, _mm256_permute2x128_si256(q26, q37, 0x20));
    _mm256_storeu_si256(out + 2, _mm256_permute2x128_si256(q04, q15, 0x31));
    _mm256_storeu_si256(out + 3, _mm256_permute2x128_si256(q26, q37, 0x31));
}

INLINE void store_tail(uint8_t *record, const struct block *b, int t, int g)
{
    uint8_t *tail = record + g * ACT_BLOCK + t * 4;
    memcpy(tail, &b->d, 4);
    memcpy(tail + 4 * g, &b->s, 4);
    memcpy(tail + 8 * g, &b->minus[0], 4);
    memcpy(tail + 12 * g, &b->minus[1], 4);
}

static void group_of_four(uint8_t *record, const float *x, size_t stride)
{
    struct block b[4];
    for (int t = 0; t < 4; t++) {
        b[t] = quantise_block(x + (size_t)t * stride);
        store_tail(record, &b[t], t, 4);
    }
    store_codes(record, b);
}

static void group_of_few(uint8_t *record, const float *x, size_t stride, int g)
{
    for (int t = 0; t < g; t++) {
        struct block b = quantise_block(x + (size_t)t * stride);
        uint32_t quads[8];
        memcpy(quads, &b.codes, sizeof quads);
        for (int q = 0; q < 8; q++) memcpy(record + (q * g + t) * 4, &quads[q], 4);
        store_tail(record, &b, t, g);
    }
}

static void quantise(const struct kernel_quantise *a)
{
    int from = a->k_from / ACT_BLOCK, to = (a->k_to ? a->k_to : a->k) / ACT_BLOCK;
    for (int t0 = 0; t0 < a->n; t0 += ACT_GROUP) {
        int g = a->n - t0 < ACT_GROUP ? a->n - t0 : ACT_GROUP;
        uint8_t *group = kernel_act_at(a->act, a->k, t0);
        for (int b = from; b < to; b++) {
            uint8_t *record = group + (size_t)b * (size_t)g * ACT_TOKEN;
            const float *x = a->x + (size_t)t0 * a->x_stride + (size_t)b * ACT_BLOCK;
            if (g == ACT_GROUP)
                group_of_four(record, x, a->x_stride);
            else
                group_of_few(record, x, a->x_stride, g);
        }
    }
}

const struct kernel kernel_quantise_avx2 = {
    .slot = KERNEL_QUANTISE,
    .isa = ISA_AVX2,
    .rank = 20,
    .fn.quantise = quantise,
};

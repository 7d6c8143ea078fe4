#include "index/dot.h"

#include <assert.h>
#include <math.h>

enum { ROW_MAX = 127, QUERY_MAX = 2047 };

void dot_rows_plain(int32_t *ret, const int8_t *rows, size_t n_rows, size_t stride,
                    const int16_t *query)
{
    for (size_t r = 0; r < n_rows; r++, rows += stride) {
        int32_t sum = 0;
        for (size_t i = 0; i < stride; i++) sum += rows[i] * query[i];
        ret[r] = sum;
    }
}

#if defined(__x86_64__)
#    include <immintrin.h>

__attribute__((target("avx2"))) static int32_t sum_of(__m256i v)
{
    __m128i four = _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
    __m128i two = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4e));
    return _mm_cvtsi128_si32(_mm_add_epi32(two, _mm_shuffle_epi32(two, 0xb1)));
}

__attribute__((target("avx2"))) static __m256i widen(const int8_t *p)
{
    return _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(const void *)p));
}

__attribute__((target("avx2"))) static void dot_rows_avx2(int32_t *ret, const int8_t *rows,
                                                          size_t n_rows, size_t stride,
                                                          const int16_t *query)
{
    for (size_t r = 0; r < n_rows; r++, rows += stride) {
        __m256i a = _mm256_setzero_si256(), b = _mm256_setzero_si256();
        for (size_t i = 0; i < stride; i += DOT_ALIGN) {
            const __m256i *q = (const __m256i *)(const void *)(query + i);
            a = _mm256_add_epi32(a, _mm256_madd_epi16(widen(rows + i), _mm256_loadu_si256(q)));
            b = _mm256_add_epi32(
                b, _mm256_madd_epi16(widen(rows + i + 16), _mm256_loadu_si256(q + 1)));
        }
        ret[r] = sum_of(_mm256_add_epi32(a, b));
    }
}
#endif

void dot_rows(int32_t *ret, const int8_t *rows, size_t n_rows, size_t stride, const int16_t *query)
{
    assert(stride % DOT_ALIGN == 0 && stride <= DOT_DIMENSIONS_MAX);
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) {
        dot_rows_avx2(ret, rows, n_rows, stride, query);
        return;
    }
#endif
    dot_rows_plain(ret, rows, n_rows, stride, query);
}

/* The scale that makes `limit` of its greatest part, and that of the unit vector; 0: all zeros;
 * negative: no vector. */
static double steps(double *ret_unit, const float *vector, size_t dimensions, int limit)
{
    double square = 0, most = 0;
    for (size_t i = 0; i < dimensions; i++) {
        double v = fabs((double)vector[i]);
        if (!isfinite(v)) return -1;
        square += v * v;
        if (v > most) most = v;
    }
    *ret_unit = 0;
    if (most == 0) return 0;
    *ret_unit = most / limit / sqrt(square);
    return limit / most;
}

bool dot_cut_row(int8_t *ret, float *ret_scale, const float *vector, size_t dimensions,
                 size_t stride)
{
    double unit, per = steps(&unit, vector, dimensions, ROW_MAX);
    if (per < 0) return false;
    for (size_t i = 0; i < stride; i++)
        ret[i] = i < dimensions ? (int8_t)lrint((double)vector[i] * per) : 0;
    *ret_scale = (float)unit;
    return true;
}

bool dot_cut_query(int16_t *ret, float *ret_scale, const float *vector, size_t dimensions,
                   size_t stride)
{
    double unit, per = steps(&unit, vector, dimensions, QUERY_MAX);
    if (per < 0) return false;
    for (size_t i = 0; i < stride; i++)
        ret[i] = i < dimensions ? (int16_t)lrint((double)vector[i] * per) : 0;
    *ret_scale = (float)unit;
    return true;
}

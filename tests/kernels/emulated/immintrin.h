/* immintrin - the intrinsics that src/kernels/x86 uses, as plain C through SIMDe, so that every
 * version's logic is tested on any machine. Found in place of the compiler's own header; here is
 * what SIMDe (0.7.4) lacks, or computes otherwise than the processor does. */
#ifndef TIRO_TESTS_EMULATED_IMMINTRIN_H
#define TIRO_TESTS_EMULATED_IMMINTRIN_H

#define SIMDE_ENABLE_NATIVE_ALIASES
#include <math.h>
#include <simde/x86/avx512.h>
#include <simde/x86/f16c.h>
#include <simde/x86/fma.h>

/* An empty statement that pins a value to a vector register; emulated ones have none. */
#define __asm__(...)

typedef simde__mmask16 __mmask16;

#define EMULATED static inline __attribute__((always_inline))

/* SIMDe multiplies and then adds; the processor rounds once. */
EMULATED __m256 emulated_fma256(__m256 a, __m256 b, __m256 c, float sign_ab, float sign_c)
{
    simde__m256_private x = simde__m256_to_private(a), y = simde__m256_to_private(b),
                        z = simde__m256_to_private(c);
    for (int i = 0; i < 8; i++) x.f32[i] = fmaf(sign_ab * x.f32[i], y.f32[i], sign_c * z.f32[i]);
    return simde__m256_from_private(x);
}

EMULATED __m512 emulated_fma512(__m512 a, __m512 b, __m512 c)
{
    simde__m512_private x = simde__m512_to_private(a), y = simde__m512_to_private(b),
                        z = simde__m512_to_private(c);
    for (int i = 0; i < 16; i++) x.f32[i] = fmaf(x.f32[i], y.f32[i], z.f32[i]);
    return simde__m512_from_private(x);
}

#undef _mm256_fmadd_ps
#undef _mm256_fmsub_ps
#undef _mm256_fnmadd_ps
#undef _mm512_fmadd_ps
#define _mm256_fmadd_ps(a, b, c)  emulated_fma256(a, b, c, 1, 1)
#define _mm256_fmsub_ps(a, b, c)  emulated_fma256(a, b, c, 1, -1)
#define _mm256_fnmadd_ps(a, b, c) emulated_fma256(a, b, c, -1, 1)
#define _mm512_fmadd_ps(a, b, c)  emulated_fma512(a, b, c)

/* Two halves of 256 bits where SIMDe has no 512-bit form. */
EMULATED __m512 emulated_join(__m256 low, __m256 high)
{
    return simde_mm512_insertf32x8(simde_mm512_castps256_ps512(low), high, 1);
}

EMULATED __m512i emulated_join_i(__m256i low, __m256i high)
{
    return simde_mm512_inserti64x4(simde_mm512_castsi256_si512(low), high, 1);
}

EMULATED __m512 _mm512_cvtepi32_ps(__m512i a)
{
    return emulated_join(simde_mm256_cvtepi32_ps(simde_mm512_castsi512_si256(a)),
                         simde_mm256_cvtepi32_ps(simde_mm512_extracti64x4_epi64(a, 1)));
}

EMULATED __m512i _mm512_cvtepi8_epi32(__m128i a)
{
    return emulated_join_i(simde_mm256_cvtepi8_epi32(a),
                           simde_mm256_cvtepi8_epi32(simde_mm_srli_si128(a, 8)));
}

EMULATED __m512i _mm512_cvtepu16_epi32(__m256i a)
{
    return emulated_join_i(simde_mm256_cvtepu16_epi32(simde_mm256_castsi256_si128(a)),
                           simde_mm256_cvtepu16_epi32(simde_mm256_extracti128_si256(a, 1)));
}

EMULATED __m512 _mm512_cvtph_ps(__m256i a)
{
    return emulated_join(simde_mm256_cvtph_ps(simde_mm256_castsi256_si128(a)),
                         simde_mm256_cvtph_ps(simde_mm256_extracti128_si256(a, 1)));
}

EMULATED __m256 emulated_extract256(__m512 a, int i)
{
    return simde__m512_to_private(a).m256[i];
}

#undef _mm512_madd_epi16 /* A wrong alias. */
#define _mm512_madd_epi16(a, b)            simde_mm512_madd_epi16(a, b)
#define _mm512_extractf32x8_ps(a, i)       emulated_extract256(a, i)
#define _mm256_dpbusd_avx_epi32(sum, a, b) simde_mm256_dpbusd_epi32(sum, a, b)

#endif

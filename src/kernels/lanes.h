/* lanes - the scalar arithmetic that every kernel must agree with to the bit.
 *
 * Sums over a row run in 16 lanes (index mod 16; index ascending in each lane) that are folded
 * 16 -> 8 -> 4 -> 2 -> 1 by adding the upper half to the lower: what one AVX-512 register or two
 * AVX2 registers do. A multiply followed by an add is one fmaf where written so, and only there.
 */
#ifndef TIRO_KERNELS_LANES_H
#define TIRO_KERNELS_LANES_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { LANES = 16 };

static inline float lanes_fold(float s[LANES])
{
    for (int half = LANES / 2; half > 0; half /= 2)
        for (int i = 0; i < half; i++) s[i] = s[i] + s[i + half];
    return s[0];
}

static inline float lanes_sum(const float *x, size_t n)
{
    float s[LANES] = { 0 };
    for (size_t i = 0; i < n; i++) s[i % LANES] = s[i % LANES] + x[i];
    return lanes_fold(s);
}

static inline float lanes_dot(const float *x, const float *y, size_t n)
{
    float s[LANES] = { 0 };
    for (size_t i = 0; i < n; i++) s[i % LANES] = fmaf(x[i], y[i], s[i % LANES]);
    return lanes_fold(s);
}

static inline uint32_t f32_bits(float x)
{
    uint32_t u;
    memcpy(&u, &x, sizeof u);
    return u;
}

static inline float f32_of_bits(uint32_t u)
{
    float x;
    memcpy(&x, &u, sizeof x);
    return x;
}

/* Values of any alignment, little-endian as in files and memory. */
static inline uint16_t load_u16(const void *p)
{
    uint16_t u;
    memcpy(&u, p, sizeof u);
    return u;
}

static inline float f16_to_f32(uint16_t h)
{
    uint32_t sign = (uint32_t)(h & 0x8000) << 16, exponent = h >> 10 & 31, mantissa = h & 1023;
    if (exponent == 31) /* Infinity, or a NaN made quiet as the hardware does. */
        return f32_of_bits(sign | 0x7f800000 | mantissa << 13 | (mantissa ? 0x400000 : 0));
    if (exponent == 0) { /* Subnormal: mantissa * 2^-24, exact in f32. */
        float magnitude = (float)mantissa * 0x1p-24f;
        return sign ? -magnitude : magnitude;
    }
    return f32_of_bits(sign | (exponent + 112) << 23 | mantissa << 13);
}

static inline float load_f16(const void *p)
{
    return f16_to_f32(load_u16(p));
}

/* Nearest, ties to even; too large becomes infinity. */
static inline uint16_t f16_of_f32(float x)
{
    uint32_t u = f32_bits(x), sign = u >> 16 & 0x8000, a = u & 0x7fffffff;
    if (a > 0x7f800000) return (uint16_t)(sign | 0x7e00 | (a >> 13 & 0x3ff));
    if (a >= 0x477ff000) return (uint16_t)(sign | 0x7c00); /* From 65520. */
    if (a < 0x38800000) /* Below 2^-14: adding 2^-1 leaves the rounded mantissa in the low bits. */
        return (uint16_t)(sign | (f32_bits(f32_of_bits(a) + 0.5f) - f32_bits(0.5f)));
    uint32_t odd = a >> 13 & 1;
    return (uint16_t)(sign | (a - (112u << 23) + 0xfff + odd) >> 13);
}

static inline float bf16_to_f32(uint16_t h)
{
    return f32_of_bits((uint32_t)h << 16);
}

static inline uint16_t bf16_of_f32(float x)
{
    uint32_t u = f32_bits(x);
    if ((u & 0x7fffffff) > 0x7f800000) return (uint16_t)(u >> 16 | 0x40);
    return (uint16_t)((u + 0x7fff + (u >> 16 & 1)) >> 16);
}

/* e^x to 1 ulp; 0 below EXP_MIN and e^EXP_MAX above EXP_MAX, so never subnormal or infinite.
 * x = n ln 2 + r with |r| <= ln 2 / 2; e^r = 1 + r + r^2 P(r), P by minimax fit. */
#define EXP_MIN    -87.0f
#define EXP_MAX    88.0f
#define EXP_LOG2E  0x1.715476p+0f
#define EXP_LN2_HI 0x1.62e4p-1f /* 14 bits, so n * it is exact */
#define EXP_LN2_LO 0x1.7f7d1cp-20f
#define EXP_ROUND  0x1.8p+23f /* Adding it rounds to a whole number, kept in the low bits. */
#define EXP_P0     0.49999994f
#define EXP_P1     0.16666521f
#define EXP_P2     0.04166839f
#define EXP_P3     0.0083687175f
#define EXP_P4     0.0013814596f

static inline float exp_f32(float x)
{
    float c = EXP_MAX < x ? EXP_MAX : x; /* In this order a NaN stays one. */
    c = EXP_MIN > c ? EXP_MIN : c;
    float t = fmaf(c, EXP_LOG2E, EXP_ROUND);
    float n = t - EXP_ROUND;
    float r = fmaf(n, -EXP_LN2_HI, c);
    r = fmaf(n, -EXP_LN2_LO, r);
    float p = fmaf(EXP_P4, r, EXP_P3);
    p = fmaf(p, r, EXP_P2);
    p = fmaf(p, r, EXP_P1);
    p = fmaf(p, r, EXP_P0);
    p = fmaf(p, r, 1.0f);
    p = fmaf(p, r, 1.0f);
    float y = f32_of_bits(f32_bits(p) + (f32_bits(t) << 23));
    return x < EXP_MIN ? 0.0f : y;
}

/* tanh: an odd polynomial near zero, else 1 - 2 / (e^2x + 1). */
#define TANH_SMALL 0.6f
#define TANH_P0    -0.333333f
#define TANH_P1    0.13331924f
#define TANH_P2    -0.053783827f
#define TANH_P3    0.020795964f
#define TANH_P4    -0.0058951504f

static inline float tanh_f32(float x)
{
    float a = f32_of_bits(f32_bits(x) & 0x7fffffff), u = x * x;
    float p = fmaf(TANH_P4, u, TANH_P3);
    p = fmaf(p, u, TANH_P2);
    p = fmaf(p, u, TANH_P1);
    p = fmaf(p, u, TANH_P0);
    float small = fmaf(p * u, x, x);
    float large = 1.0f - 2.0f / (exp_f32(a + a) + 1.0f);
    large = f32_of_bits(f32_bits(large) | (f32_bits(x) & 0x80000000));
    return a < TANH_SMALL ? small : large;
}

/* erfc(z) for z >= 0: 1 - z P(z^2) near zero, else t Q(t) e^(-z^2) with t = 1 / (1 + 0.4 z). */
#define ERFC_SMALL 0.9f
#define ERFC_P0    1.1283792f
#define ERFC_P1    -0.37612635f
#define ERFC_P2    0.11283715f
#define ERFC_P3    -0.026860509f
#define ERFC_P4    0.005203859f
#define ERFC_P5    -0.0008175639f
#define ERFC_P6    8.5131025e-05f
#define ERFC_Q0    0.22562958f
#define ERFC_Q1    0.22665273f
#define ERFC_Q2    0.19902992f
#define ERFC_Q3    0.2122628f
#define ERFC_Q4    0.009620926f
#define ERFC_Q5    0.24239816f
#define ERFC_Q6    -0.11582721f

static inline float erfc_f32(float z)
{
    float u = z * z;
    float p = fmaf(ERFC_P6, u, ERFC_P5);
    p = fmaf(p, u, ERFC_P4);
    p = fmaf(p, u, ERFC_P3);
    p = fmaf(p, u, ERFC_P2);
    p = fmaf(p, u, ERFC_P1);
    p = fmaf(p, u, ERFC_P0);
    float t = 1.0f / fmaf(0.4f, z, 1.0f);
    float q = fmaf(ERFC_Q6, t, ERFC_Q5);
    q = fmaf(q, t, ERFC_Q4);
    q = fmaf(q, t, ERFC_Q3);
    q = fmaf(q, t, ERFC_Q2);
    q = fmaf(q, t, ERFC_Q1);
    q = fmaf(q, t, ERFC_Q0);
    return z < ERFC_SMALL ? fmaf(-p, z, 1.0f) : q * t * exp_f32(-u);
}

/* x / (1 + e^-x) */
static inline float silu_f32(float x)
{
    return x / (1.0f + exp_f32(-x));
}

/* x * (1 + erf(x / sqrt 2)) / 2, without cancellation for negative x. */
static inline float gelu_erf_f32(float x)
{
    float z = f32_of_bits(f32_bits(x) & 0x7fffffff) * 0.70710678f;
    float tail = erfc_f32(z);
    return 0.5f * x * (x < 0.0f ? tail : 2.0f - tail);
}

/* x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))) / 2 */
static inline float gelu_tanh_f32(float x)
{
    float inner = 0.7978845608f * fmaf(0.044715f * x * x, x, x);
    return 0.5f * x * (1.0f + tanh_f32(inner));
}

#endif

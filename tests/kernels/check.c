#include "check.h"

#include <math.h>
#include <stdio.h>

uint32_t dice_u32(struct dice *d)
{
    d->state ^= d->state << 13;
    d->state ^= d->state >> 7;
    d->state ^= d->state << 17;
    return (uint32_t)(d->state >> 32);
}

float dice_uniform(struct dice *d)
{
    return (float)(int32_t)dice_u32(d) * 0x1p-31f;
}

int dice_below(struct dice *d, int n)
{
    return (int)(dice_u32(d) % (uint32_t)n);
}

void values_fill(float *x, size_t n, enum values kind, struct dice *d)
{
    for (size_t i = 0; i < n; i++) {
        float u = dice_uniform(d);
        switch (kind) {
        case VALUES_RANDOM: x[i] = u * 3.0f; break;
        case VALUES_WIDE: x[i] = ldexpf(u, dice_below(d, 40) - 20); break;
        case VALUES_ZERO: x[i] = u < 0 ? -0.0f : 0.0f; break;
        case VALUES_TINY: x[i] = ldexpf(u, -120 - dice_below(d, 29)); break;
        case VALUES_EXTREME: x[i] = u < 0.6f ? 127.0f : -127.0f; break;
        case VALUES_MINUS: x[i] = -1.0f; break;
        case VALUES_SPLIT: x[i] = i / 16 % 2 ? -1.0f : 1.0f; break;
        default: x[i] = 1.0f; break;
        }
    }
}

static uint16_t scale_half(enum codes kind, struct dice *d)
{
    /* 1.0 where sums are to be exact, else 2^-8 .. 2^-5 of either sign. */
    if (kind != CODES_RANDOM) return 0x3c00;
    return (uint16_t)((dice_u32(d) & 0x8000) | 7 << 10 | (dice_u32(d) & 0x0fff));
}

/* Byte offsets of the f16 fields of a block. */
static int half_fields(int offsets[2], enum dtype dtype)
{
    offsets[0] = dtype == DTYPE_Q6_K ? 208 : 0;
    offsets[1] = 2;
    bool two = dtype == DTYPE_Q4_1 || dtype == DTYPE_Q5_1 || dtype == DTYPE_Q4_K ||
               dtype == DTYPE_Q5_K;
    return two ? 2 : 1;
}

static void block_fill(uint8_t *p, enum dtype dtype, enum codes kind, struct dice *d)
{
    int bytes = dtype_info(dtype)->block_bytes, offsets[2], n = half_fields(offsets, dtype);
    for (int i = 0; i < bytes; i++) {
        bool max = kind == CODES_MAX || (kind == CODES_MIXED && dice_below(d, 8) > 0);
        p[i] = kind == CODES_RANDOM ? (uint8_t)dice_u32(d) : max ? 0xff : 0;
        if (dtype == DTYPE_Q8_0 && kind != CODES_RANDOM) p[i] = max ? 127 : 0x80;
    }
    for (int i = 0; i < n; i++) {
        uint16_t half = scale_half(kind, d);
        memcpy(p + offsets[i], &half, 2);
    }
    if (dtype == DTYPE_Q6_K && kind == CODES_MAX) memset(p + 192, 0x80, 16);
}

void rows_fill(uint8_t *rows, enum dtype dtype, int m, int k, enum codes kind, struct dice *d)
{
    const struct dtype_info *info = dtype_info(dtype);
    size_t blocks = (size_t)m * (size_t)(k / info->block_len);
    for (size_t b = 0; b < blocks; b++) {
        uint8_t *p = rows + b * (size_t)info->block_bytes;
        if (info->quantised) {
            block_fill(p, dtype, kind, d);
            continue;
        }
        float v = kind == CODES_ZERO ? 0.0f : kind == CODES_MAX ? 2.0f : dice_uniform(d);
        uint32_t bits;
        memcpy(&bits, &v, 4);
        if (dtype == DTYPE_F32) memcpy(p, &v, 4);
        if (dtype == DTYPE_BF16) memcpy(p, (char *)&bits + 2, 2);
        if (dtype == DTYPE_F16) {
            uint16_t half = kind == CODES_ZERO ? 0 : (uint16_t)(dice_u32(d) & 0xbfff);
            memcpy(p, &half, 2);
        }
    }
}

void *skewed_new(size_t bytes, size_t skew)
{
    void *p = NULL;
    int failed = posix_memalign(&p, 64, bytes + skew);
    assert_int_equal(failed, 0);
    return (char *)p + skew;
}

void skewed_free(void *p, size_t skew)
{
    free((char *)p - skew);
}

void untouched_fill(float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t bits = UNTOUCHED;
        memcpy(&x[i], &bits, 4);
    }
}

const char *check_name(const struct check *c)
{
    static char name[128];
    (void)snprintf(name, sizeof name, "%s isa %x rank %d", kernel_slot_name(c->kernel->slot),
                   (unsigned)c->kernel->isa, c->kernel->rank);
    return name;
}

void check_bits(const struct check *c, const float *got, const float *want, size_t n,
                const char *fmt, ...)
{
    if (memcmp(got, want, n * sizeof *got) == 0) return;
    size_t i = 0;
    while (memcmp(&got[i], &want[i], 4) == 0) i++;
    char text[256];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    fail_msg("%s: value %zu of %zu is %.9g (%a), not %.9g (%a): %s", check_name(c), i, n,
             (double)got[i], (double)got[i], (double)want[i], (double)want[i], text);
}

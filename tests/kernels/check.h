/* check - what the parts of the kernel test share.
 *
 * A check gets one kernel and the reference of its slot, runs both over edge sizes, odd pointers
 * and hostile values, and fails on the first bit that differs. The reference itself goes through
 * the same checks (which then test that it is batch invariant) and is held against double
 * arithmetic in test_truth.c. */
#ifndef TIRO_TESTS_KERNELS_CHECK_H
#define TIRO_TESTS_KERNELS_CHECK_H

#include "kernels/kernel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct check {
    const struct kernel *kernel, *ref;
    struct kernels refs; /* All references. */
};

/* Check functions by the member of union kernel_fn. */
typedef void check_fn(const struct check *c);
check_fn check_pack, check_dequant, check_quantise, check_linear, check_norm, check_rope,
    check_softmax, check_attention, check_attention_merge, check_kv_store, check_conv2d,
    check_group_norm, check_unary, check_binary, check_scale, check_mean, check_to_half,
    check_maximum, check_exp_sum, check_select, check_upsample;

/* Prints what the kernel reaches; for --time. */
void time_linear(const struct check *c);
void time_rows(const struct check *c);

/* Repeatable: the same seed gives the same numbers. */
struct dice {
    uint64_t state;
};
uint32_t dice_u32(struct dice *d);
float dice_uniform(struct dice *d); /* [-1, 1) */
int dice_below(struct dice *d, int n);

/* Kinds of f32 input. */
enum values {
    VALUES_RANDOM,
    VALUES_WIDE,
    VALUES_ZERO,
    VALUES_TINY,
    VALUES_EXTREME,
    VALUES_ONES,
    VALUES_COUNT
};
void values_fill(float *x, size_t n, enum values kind, struct dice *d);

/* Rows of a quantised or float type, with finite scales. */
enum codes { CODES_RANDOM, CODES_ZERO, CODES_MAX, CODES_MIXED, CODES_COUNT };
void rows_fill(uint8_t *rows, enum dtype dtype, int m, int k, enum codes kind, struct dice *d);

/* Memory that is `skew` bytes off a 64-byte boundary. test_aligned_free() it. */
void *skewed_new(size_t bytes, size_t skew);
void skewed_free(void *p, size_t skew);

/* Fails, naming the kernel, when any bit differs. */
void check_bits(const struct check *c, const float *got, const float *want, size_t n,
                const char *fmt, ...) __attribute__((format(printf, 5, 6)));
const char *check_name(const struct check *c);
/* A NaN that no kernel produces, to see what was written. */
#define UNTOUCHED 0x7fc0dead
void untouched_fill(float *x, size_t n);

#endif

/* kernel - arithmetic on raw pointers: what there is, and how the best of this CPU is chosen.
 *
 *     struct kernels k;
 *     kernels_select(&k, kernel_isa_detect());       or a smaller mask, in tests
 *     k.quantise(&(struct kernel_quantise){ .act = act, .x = x, .x_stride = K, .n = n, .k = K });
 *     k.linear[DTYPE_Q4_1](&(struct kernel_linear){ .y = y, .y_stride = M, .w = packed, .m = M,
 *         .k = K, .panel_from = 0, .panel_to = kernel_panels(M), .act = act, .n = n, .ws = ws });
 *
 * Contracts, for every kernel:
 * - Pure: no allocation, threads or globals; scratch comes from the caller. Sizes are positive,
 *   pointers need the alignment of their type only (64 bytes is faster), strides count elements.
 * - BATCH INVARIANT: a row's result has the same bits whatever the number of rows, the position of
 *   the row, the tile it falls in or the split over threads.
 * - ISA INVARIANT: all versions of a slot give the same bits for finite inputs. ref/ is the
 *   specification: every order of additions and every fused multiply-add is spelled out there
 *   (lanes.h: sums over a row go to 16 lanes, index mod 16, folded 8, 4, 2, 1).
 * - No path saturates. Activation codes are -127..127, never -128.
 *
 * To add a kernel: docs/how-to/add-a-kernel.md. In short: a file x86/NAME_ISA.c (the last word of
 * the name selects the compiler flags) with a static function and
 *
 *     const struct kernel kernel_linear_q4_1_avx2 = {
 *         .slot = KERNEL_LINEAR_Q4_1, .isa = ISA_AVX2, .rank = 20, .fn.linear = linear_q4_1,
 *     };
 */
#ifndef TIRO_KERNELS_KERNEL_H
#define TIRO_KERNELS_KERNEL_H

#include "kernels/attention.h"
#include "kernels/dtype.h"

enum {
    ISA_AVX2 = 1 << 0,    /* AVX2, FMA, F16C, BMI2 */
    ISA_AVXVNNI = 1 << 1, /* VEX vpdpbusd */
    ISA_AVX512 = 1 << 2,  /* F, BW, VL, DQ */
    ISA_VNNI512 = 1 << 3, /* AVX512_VNNI, VBMI */
    ISA_BF16512 = 1 << 4,
};

enum {
    PANEL_ROWS = 16,   /* Rows of a packed panel. */
    ACT_BLOCK = 32,    /* Values that share an activation scale. */
    ACT_GROUP = 4,     /* Tokens interleaved in ACT_Q8. */
    ACT_TOKEN = 48,    /* Bytes per token and block in ACT_Q8. */
    KERNEL_ALIGN = 64, /* Advisable alignment of packed weights, activations and workspaces. */
};

/* ---- weights ----
 * Packed once at load: panels of 16 rows (the last one padded with zeros), each panel holding all
 * of K at the type's own width; layouts are drawn in ref/pack_ref.c. */
struct kernel_pack {
    void *dst;         /* kernel_packed_bytes() in all; the caller packs any range of panels. */
    const void *src;   /* m rows as stored in a checkpoint (row 0, whatever panel_from). */
    size_t src_stride; /* bytes */
    int m, k;          /* Rows, and values in a row: a multiple of the type's block_len. */
    int panel_from, panel_to;
    /* Only pack[DTYPE_F32] of rows that are not f32 ("f32 mode"): how to read src, else NULL. */
    void (*dequant)(float *y, const void *x, size_t n);
    enum dtype src_dtype;
};

int kernel_panels(int m);
/* Bytes of one panel, and of all panels of m rows. Fits: m and k come from validated shapes. */
size_t kernel_panel_bytes(enum dtype dtype, int k);
size_t kernel_packed_bytes(enum dtype dtype, int m, int k);
size_t kernel_linear_ws_bytes(enum dtype dtype, int k); /* Scratch of one thread; never 0. */

/* ---- activations for quantised weights: ACT_Q8 ----
 * Tokens in groups of 4 (the last group has n % 4 when that is not 0). Group g starts at token
 * 4g: byte 4g * k/32 * 48. In it, for each block of 32 values, with G tokens in the group:
 *     int8 code[8][G][4]    value 4q + i of token t is code[q][t][i]
 *     f32  d[G]             value = d * code; d = amax / 127
 *     f32  s[G]             d * sum of codes
 *     i16  minus[2][G][2]   minus the sum of codes of quads 0-7 / 4-7: [0] i = 0, 1; [1] i = 2, 3
 * So a slice of tokens that begins at a multiple of 4 and ends at one (or at n) is itself an
 * ACT_Q8: kernel_act_at(). */
struct kernel_quantise {
    void *act;
    const float *x;
    size_t x_stride;
    int n, k;         /* k % 32 == 0 */
    int k_from, k_to; /* Part of the row, multiples of 32; both 0 for all. */
};

size_t kernel_act_bytes(int n, int k);
void *kernel_act_at(void *act, int k, int token); /* token % 4 == 0 */

/* y[t][r] = sum over k of w[r][k] * x[t][k]  (+ bias[r]) (+ add[t][r]), for the rows of panels
 * [panel_from, panel_to) below m, and all n tokens. */
struct kernel_linear {
    float *y; /* y[t * y_stride + r], r counted from row 0 of the whole matrix */
    size_t y_stride;
    const void *w; /* panel 0 of the whole matrix */
    int m, k;
    int panel_from, panel_to;
    const void *act; /* ACT_Q8 when dtype_info()->quantised, else const float * */
    size_t x_stride; /* between tokens of f32 activations */
    int n;
    const float *bias; /* m, or NULL */
    const float *add;  /* strided as y, may be y itself; or NULL */
    void *ws;          /* kernel_linear_ws_bytes(), one per thread */
};

/* ---- rows ---- y may be x in all of these. */
struct kernel_norm {
    float *y;
    const float *x;
    size_t y_stride, x_stride;
    int n, d;
    const float *weight, *bias; /* d each; NULL for none */
    float eps;
};

/* Rotates the first n_rot values of every head: pairs (2i, 2i+1) in rope_norm, (i, i + n_rot/2) in
 * rope_neox. cos and sin have rows of n_rot/2; row of token t is pos[t], or t when pos is NULL. */
struct kernel_rope {
    float *x; /* token t, head h: x + t * x_stride + h * head_dim */
    size_t x_stride;
    int n, n_heads, head_dim, n_rot;
    const int32_t *pos;
    const float *cos, *sin;
};

/* y = softmax(scale * x) by rows of d. */
struct kernel_softmax {
    float *y;
    const float *x;
    size_t y_stride, x_stride;
    int n, d;
    float scale;
};

/* ---- pictures ---- NCHW, one picture. */
struct kernel_conv2d {
    float *y;                   /* [c_out][h_out][w_out] */
    const float *x;             /* [c_in][h][w] */
    const float *weight, *bias; /* [c_out][c_in / groups][kh][kw]; bias may be NULL */
    int c_in, h, w, c_out, h_out, w_out, kh, kw;
    int stride_h, stride_w, pad_h, pad_w, dilation_h, dilation_w, groups;
    int c_from, c_to; /* output channels to compute */
};
struct kernel_group_norm {
    float *y;
    const float *x;             /* [c][hw] */
    const float *weight, *bias; /* c each, or NULL */
    int c, hw, groups;
    float eps;
};

typedef void kernel_pack_fn(const struct kernel_pack *a);
typedef void kernel_dequant_fn(float *y, const void *x, size_t n); /* n values of one row */
typedef void kernel_quantise_fn(const struct kernel_quantise *a);
typedef void kernel_linear_fn(const struct kernel_linear *a);
typedef void kernel_norm_fn(const struct kernel_norm *a);
typedef void kernel_rope_fn(const struct kernel_rope *a);
typedef void kernel_softmax_fn(const struct kernel_softmax *a);
typedef void kernel_attention_fn(const struct kernel_attention *a);
typedef void kernel_attention_merge_fn(const struct kernel_attention_merge *a);
typedef void kernel_kv_store_fn(const struct kernel_kv_store *a);
typedef void kernel_conv2d_fn(const struct kernel_conv2d *a);
typedef void kernel_group_norm_fn(const struct kernel_group_norm *a);
typedef void kernel_unary_fn(float *y, const float *x, size_t n);
typedef void kernel_binary_fn(float *y, const float *a, const float *b, size_t n);
typedef void kernel_scale_fn(float *y, const float *x, float scale, size_t n);
typedef void kernel_mean_fn(float *y, const float *x, size_t x_stride, int n, int d);
typedef void kernel_to_half_fn(uint16_t *y, const float *x, size_t n);
typedef float kernel_maximum_fn(const float *x, size_t n);
/* y = e^(scale * (x - max)), 0 below e^-87; returns the sum of y in 16 lanes. */
typedef float kernel_exp_sum_fn(float *y, const float *x, float max, float scale, size_t n);
/* at: ascending indices of what is at least `least`; returns how many. */
typedef size_t kernel_select_fn(int32_t *at, const float *x, float least, size_t n);
typedef void kernel_upsample_fn(float *y, const float *x, int c, int h, int w, int factor);
/* Every slot: X(name, member of struct kernels, member of union kernel_fn). */
#define KERNEL_SLOTS(X)                                                                \
    KERNEL_SLOTS_BY_DTYPE(X, PACK, pack)                                               \
    KERNEL_SLOTS_BY_DTYPE(X, DEQUANT, dequant)                                         \
    KERNEL_SLOTS_BY_DTYPE(X, LINEAR, linear)                                           \
    X(QUANTISE, quantise, quantise) /* f32 rows to ACT_Q8 */                           \
    X(RMS_NORM, rms_norm, norm)     /* x / sqrt(mean(x^2) + eps) * weight */           \
    X(LAYER_NORM, layer_norm, norm) /* (x - mean) / sqrt(var + eps) * weight + bias */ \
    X(L2_NORM, l2_norm, norm)       /* x / max(sqrt(sum(x^2)), eps) */                 \
    X(ROPE_NORM, rope_norm, rope)                                                      \
    X(ROPE_NEOX, rope_neox, rope)                                                      \
    X(SOFTMAX, softmax, softmax)                                                       \
    X(ATTENTION, attention, attention)                                                 \
    X(ATTENTION_MERGE, attention_merge, attention_merge)                               \
    X(KV_STORE, kv_store, kv_store)                                                    \
    X(SILU, silu, unary)                                                               \
    X(GELU_ERF, gelu_erf, unary)                                                       \
    X(GELU_TANH, gelu_tanh, unary)                                                     \
    X(TANH, tanh, unary)                                                               \
    X(SILU_MUL, silu_mul, binary)           /* silu(a) * b */                          \
    X(GELU_TANH_MUL, gelu_tanh_mul, binary) /* gelu_tanh(a) * b */                     \
    X(ADD, add, binary)                                                                \
    X(MUL, mul, binary)                                                                \
    X(SCALE, scale, scale)                                                             \
    X(MEAN_POOL, mean_pool, mean)      /* mean of n rows */                            \
    X(F32_TO_F16, f32_to_f16, to_half) /* nearest even; overflow gives infinity */     \
    X(F32_TO_BF16, f32_to_bf16, to_half)                                               \
    X(MAXIMUM, maximum, maximum)                                                       \
    X(EXP_SUM, exp_sum, exp_sum)                                                       \
    X(SELECT, select, select)                                                          \
    X(CONV2D, conv2d, conv2d)                                                          \
    X(GROUP_NORM, group_norm, group_norm)                                              \
    X(UPSAMPLE, upsample, upsample) /* nearest, by a whole factor; y is not x */

#define KERNEL_SLOTS_BY_DTYPE(X, NAME, fn) \
    X(NAME##_F32, fn[DTYPE_F32], fn)       \
    X(NAME##_F16, fn[DTYPE_F16], fn)       \
    X(NAME##_BF16, fn[DTYPE_BF16], fn)     \
    X(NAME##_Q4_0, fn[DTYPE_Q4_0], fn)     \
    X(NAME##_Q4_1, fn[DTYPE_Q4_1], fn)     \
    X(NAME##_Q5_0, fn[DTYPE_Q5_0], fn)     \
    X(NAME##_Q5_1, fn[DTYPE_Q5_1], fn)     \
    X(NAME##_Q8_0, fn[DTYPE_Q8_0], fn)     \
    X(NAME##_Q4_K, fn[DTYPE_Q4_K], fn)     \
    X(NAME##_Q5_K, fn[DTYPE_Q5_K], fn)     \
    X(NAME##_Q6_K, fn[DTYPE_Q6_K], fn)

enum kernel_slot {
#define X(name, member, type) KERNEL_##name,
    KERNEL_SLOTS(X)
#undef X
        KERNEL_SLOT_COUNT
};

union kernel_fn {
    void (*any)(void);
    kernel_pack_fn *pack;
    kernel_dequant_fn *dequant;
    kernel_quantise_fn *quantise;
    kernel_linear_fn *linear;
    kernel_norm_fn *norm;
    kernel_rope_fn *rope;
    kernel_softmax_fn *softmax;
    kernel_attention_fn *attention;
    kernel_attention_merge_fn *attention_merge;
    kernel_kv_store_fn *kv_store;
    kernel_conv2d_fn *conv2d;
    kernel_group_norm_fn *group_norm;
    kernel_unary_fn *unary;
    kernel_binary_fn *binary;
    kernel_scale_fn *scale;
    kernel_mean_fn *mean;
    kernel_to_half_fn *to_half;
    kernel_maximum_fn *maximum;
    kernel_exp_sum_fn *exp_sum;
    kernel_select_fn *select;
    kernel_upsample_fn *upsample;
};

/* A version of a slot. The highest rank whose instruction sets are all allowed is chosen. */
struct kernel {
    enum kernel_slot slot;
    uint32_t isa; /* 0: any CPU; ref/ only */
    int rank;     /* ref 0, AVX2 20, AVX-VNNI 30, AVX-512 40 */
    union kernel_fn fn;
};

extern const struct kernel *const kernel_registry[];
extern const size_t kernel_registry_len;
/* The chosen versions; no member is NULL, except by-dtype members of DTYPE_I32. Read-only. */
struct kernels {
    kernel_pack_fn *pack[DTYPE_COUNT];       /* own width; [DTYPE_F32] from any type */
    kernel_dequant_fn *dequant[DTYPE_COUNT]; /* rows as stored in a checkpoint */
    kernel_linear_fn *linear[DTYPE_COUNT];   /* by the dtype of the packed weights */
    kernel_quantise_fn *quantise;
    kernel_norm_fn *rms_norm, *layer_norm, *l2_norm;
    kernel_rope_fn *rope_norm, *rope_neox;
    kernel_softmax_fn *softmax;
    kernel_attention_fn *attention;
    kernel_attention_merge_fn *attention_merge;
    kernel_kv_store_fn *kv_store;
    kernel_unary_fn *silu, *gelu_erf, *gelu_tanh, *tanh;
    kernel_binary_fn *silu_mul, *gelu_tanh_mul, *add, *mul;
    kernel_scale_fn *scale;
    kernel_mean_fn *mean_pool;
    kernel_to_half_fn *f32_to_f16, *f32_to_bf16;
    kernel_maximum_fn *maximum;
    kernel_exp_sum_fn *exp_sum;
    kernel_select_fn *select;
    kernel_conv2d_fn *conv2d;
    kernel_group_norm_fn *group_norm;
    kernel_upsample_fn *upsample;
    uint32_t isa; /* What was allowed. */
};

uint32_t kernel_isa_detect(void); /* What this CPU and its operating system (xgetbv) can run. */
void kernels_select(struct kernels *ret, uint32_t isa_mask);
const char *kernel_slot_name(enum kernel_slot slot);

#endif

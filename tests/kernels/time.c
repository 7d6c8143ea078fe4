/* What the kernels reach. Figures are of one thread and mean little on a busy machine: the best of
 * several runs is printed, as GMAC/s for matrices and GB/s of weights for one token. */
#include "check.h"

#include <stdio.h>
#include <time.h>

enum { RUNS = 7 };

/* Time this thread was on a core, so that others on the machine count for less. */
static uint64_t cpu_ns(void)
{
    struct timespec ts;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts); /* Cannot fail with these arguments. */
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static bool has_linear_slot(const struct check *c)
{
    return c->kernel->slot >= KERNEL_LINEAR_F32 && c->kernel->slot <= KERNEL_LINEAR_Q6_K;
}

static double best_seconds(kernel_linear_fn *fn, const struct kernel_linear *a)
{
    uint64_t best = UINT64_MAX;
    for (int i = 0; i < RUNS; i++) {
        uint64_t from = cpu_ns();
        fn(a);
        uint64_t took = cpu_ns() - from;
        best = took < best ? took : best;
    }
    return (double)best * 1e-9;
}

void time_linear(const struct check *c)
{
    if (!has_linear_slot(c)) return;
    enum dtype dtype = (enum dtype)(c->kernel->slot - KERNEL_LINEAR_F32);
    enum { M = 1536, K = 768, N = 512, COPIES = 64 };
    struct dice d = { 5 };
    size_t bytes = kernel_packed_bytes(dtype, M, K), row;
    assert_true(dtype_row_bytes(&row, dtype, K));
    int copies = c->kernel->isa ? COPIES : 1; /* More than the caches hold. */
    uint8_t *rows = malloc(M * row), *w = skewed_new(bytes * (size_t)copies, 0);
    rows_fill(rows, dtype, M, K, CODES_RANDOM, &d);
    c->refs.pack[dtype](&(struct kernel_pack){
        .dst = w, .src = rows, .src_stride = row, .m = M, .k = K, .panel_to = M / PANEL_ROWS });
    for (int i = 1; i < copies; i++) memcpy(w + (size_t)i * bytes, w, bytes);
    float *x = malloc((size_t)N * K * 4), *y = malloc((size_t)N * M * COPIES * 4);
    values_fill(x, (size_t)N * K, VALUES_RANDOM, &d);
    void *act = skewed_new(kernel_act_bytes(N, K), 0);
    void *ws = skewed_new(kernel_linear_ws_bytes(dtype, K), 0);
    bool quantised = dtype_info(dtype)->quantised;
    struct kernel_linear a = { .y = y, .w = w, .k = K, .x_stride = K, .ws = ws };
    a.act = quantised ? act : (void *)x;
    const int tokens[] = { 1, 2, 4, 16, 512 };
    printf("%-26s", check_name(c));
    for (int i = 0; i < 5; i++) {
        int n = tokens[i];
        if (!c->kernel->isa && n > 4) continue;
        if (quantised)
            c->refs.quantise(
                &(struct kernel_quantise){ .act = act, .x = x, .x_stride = K, .n = n, .k = K });
        a.n = n;
        a.m = n == 512 ? M : M * copies; /* One tall matrix from memory, or one in L2. */
        a.y_stride = (size_t)a.m;
        a.panel_to = a.m / PANEL_ROWS;
        double s = best_seconds(c->kernel->fn.linear, &a), weights = (double)a.m * K;
        printf("  n=%d %.1f GMAC/s", n, weights * n / s * 1e-9);
        if (n == 1) printf(" %.1f GB/s", (double)a.m / M * (double)bytes / s * 1e-9);
    }
    printf("\n");
    free(rows);
    skewed_free(w, 0);
    free(x);
    free(y);
    skewed_free(act, 0);
    skewed_free(ws, 0);
}

/* A prompt, a draft and single tokens; query heads on one KV head as models have them. */
static const struct attention_shape {
    int heads, dim, n_q, n_kv;
} attention_shapes[] = {
    { 3, 64, 1, 1024 }, { 7, 64, 1, 1024 },  { 4, 256, 1, 1024 }, { 1, 64, 1, 1024 },
    { 3, 64, 4, 1024 }, { 3, 64, 16, 1024 }, { 3, 64, 512, 512 }, { 4, 256, 512, 512 },
};

/* Nanoseconds; the rows by 16, as the graph hands them over. */
static double attention_ns(const struct check *c, struct kernel_attention a, int n_q)
{
    uint64_t best = UINT64_MAX;
    const float *q = a.q;
    float *out = a.out;
    for (int run = 0; run < RUNS; run++) {
        uint64_t from = cpu_ns();
        for (int i = 0; i < n_q; i += 16) {
            a.n_q = n_q - i < 16 ? n_q - i : 16;
            a.pos0 = a.n_kv - n_q + i;
            a.q = q + (size_t)i * a.q_stride;
            a.out = out + (size_t)i * a.out_stride;
            c->kernel->fn.attention(&a);
        }
        uint64_t took = cpu_ns() - from;
        best = took < best ? took : best;
    }
    return (double)best;
}

static void time_attention_type(const struct check *c, enum dtype dtype)
{
    enum { KEYS = 1024, BLOCKS = KEYS / ATTENTION_BLOCK, ROWS = 512 };
    struct dice d = { 6 };
    size_t piece = kernel_kv_piece_bytes(dtype, ATTENTION_DIM_MAX);
    uint8_t *kv = skewed_new(2 * BLOCKS * piece, 0);
    int32_t blocks[BLOCKS];
    float *q = malloc(ROWS * 4 * ATTENTION_DIM_MAX * 4), *out = malloc(ROWS * 4 * 256 * 4);
    void *ws = skewed_new(ATTENTION_WS_MAX, 0);
    values_fill(q, ROWS * 4 * ATTENTION_DIM_MAX, VALUES_RANDOM, &d);
    /* Halves and scales that are finite whatever is read of them. */
    for (size_t i = 0; i < 2 * BLOCKS * piece; i++) kv[i] = (uint8_t)(dice_u32(&d) & 0x3b);
    for (int i = 0; i < BLOCKS; i++) blocks[i] = i;
    for (size_t i = 0; i < sizeof attention_shapes / sizeof *attention_shapes; i++) {
        const struct attention_shape *s = &attention_shapes[i];
        struct kernel_attention a = { .out = out, .q = q, .k = kv, .v = kv + piece, .ws = ws };
        if (!c->kernel->isa && s->n_q > 1) continue;
        a.out_stride = a.q_stride = (size_t)(s->heads * s->dim);
        a.n_heads = s->heads;
        a.head_dim = s->dim;
        a.kv_dtype = dtype;
        a.blocks = blocks;
        a.block_stride = 2 * piece;
        a.n_kv = s->n_kv;
        a.causal = true;
        a.scale = 0.125f;
        double ns = attention_ns(c, a, s->n_q);
        double seen = (double)s->n_q * (s->n_kv - (s->n_q - 1) / 2.0);
        printf("%-24s %-5s %d heads of %3d, %3d queries, %4d keys: %7.1f us %5.1f GMAC/s\n",
               check_name(c), dtype_info(dtype)->name, s->heads, s->dim, s->n_q, s->n_kv, ns * 1e-3,
               seen * s->heads * s->dim * 2 / ns);
    }
    skewed_free(kv, 0);
    skewed_free(ws, 0);
    free(q);
    free(out);
}

static void time_attention(const struct check *c)
{
    time_attention_type(c, DTYPE_F16);
    time_attention_type(c, DTYPE_Q8_0);
}

/* 3 x 3 taps, 64 channels to 64, on 64 x 64 pixels. */
static void time_conv2d(const struct check *c)
{
    enum { C = 64, SIDE = 64 };
    size_t n = (size_t)C * SIDE * SIDE, n_w = (size_t)C * C * 9;
    float *x = malloc(n * 4), *y = malloc(n * 4), *w = malloc(n_w * 4);
    struct dice d = { 8 };
    values_fill(x, n, VALUES_RANDOM, &d);
    values_fill(w, n_w, VALUES_RANDOM, &d);
    struct kernel_conv2d a = { .y = y, .x = x, .weight = w, .c_in = C, .c_out = C, .c_to = C };
    a.h = a.w = a.h_out = a.w_out = SIDE;
    a.kh = a.kw = 3;
    a.stride_h = a.stride_w = a.pad_h = a.pad_w = a.dilation_h = a.dilation_w = a.groups = 1;
    uint64_t from = cpu_ns();
    c->kernel->fn.conv2d(&a);
    double took = (double)(cpu_ns() - from);
    printf("%-26s  %.1f GMAC/s\n", check_name(c), (double)n_w * SIDE * SIDE / took);
    free(x);
    free(y);
    free(w);
}

/* One row of 4096 values in L1, in values per ns. */
static void time_row(const struct check *c)
{
    enum { N = 4096 };
    static float x[N], y[N], z[N];
    static uint8_t act[N / ACT_BLOCK * ACT_TOKEN];
    struct dice d = { 7 };
    values_fill(x, N, VALUES_RANDOM, &d);
    values_fill(z, N, VALUES_RANDOM, &d);
    uint64_t best = UINT64_MAX;
    for (int run = 0; run < 20 * RUNS; run++) {
        uint64_t from = cpu_ns();
        switch (c->kernel->slot) {
        case KERNEL_QUANTISE:
            c->kernel->fn.quantise(
                &(struct kernel_quantise){ .act = act, .x = x, .x_stride = N, .n = 1, .k = N });
            break;
        case KERNEL_RMS_NORM:
        case KERNEL_LAYER_NORM:
            c->kernel->fn.norm(
                &(struct kernel_norm){ .y = y, .x = x, .n = 1, .d = N, .weight = z });
            break;
        case KERNEL_SOFTMAX:
            c->kernel->fn.softmax(
                &(struct kernel_softmax){ .y = y, .x = x, .n = 1, .d = N, .scale = 1 });
            break;
        case KERNEL_SILU:
        case KERNEL_GELU_ERF:
        case KERNEL_GELU_TANH:
        case KERNEL_TANH: c->kernel->fn.unary(y, x, N); break;
        case KERNEL_SILU_MUL:
        case KERNEL_ADD: c->kernel->fn.binary(y, x, z, N); break;
        case KERNEL_MAXIMUM: y[0] = c->kernel->fn.maximum(x, N); break;
        case KERNEL_EXP_SUM: z[0] = c->kernel->fn.exp_sum(y, x, 1, 1, N); break;
        case KERNEL_SELECT: (void)c->kernel->fn.select((int32_t *)(void *)y, x, 0.99f, N); break;
        default: return;
        }
        uint64_t took = cpu_ns() - from;
        best = took < best ? took : best;
    }
    printf("%-26s  %.2f values/ns\n", check_name(c), N / (double)best);
}

void time_rows(const struct check *c)
{
    if (c->kernel->slot == KERNEL_ATTENTION)
        time_attention(c);
    else if (c->kernel->slot == KERNEL_CONV2D)
        time_conv2d(c);
    else
        time_row(c);
}

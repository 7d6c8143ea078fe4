/* What the kernels reach. Figures are of one thread and mean little on a busy machine: the best of
 * several runs is printed, as GMAC/s for matrices and GB/s of weights for one token. */
#include "check.h"

#include "base/seam.h"

#include <stdio.h>

enum { RUNS = 7 };

static bool has_linear_slot(const struct check *c)
{
    return c->kernel->slot >= KERNEL_LINEAR_F32 && c->kernel->slot <= KERNEL_LINEAR_Q6_K;
}

static double best_seconds(kernel_linear_fn *fn, const struct kernel_linear *a)
{
    uint64_t best = UINT64_MAX;
    for (int i = 0; i < RUNS; i++) {
        uint64_t from = now_ns();
        fn(a);
        uint64_t took = now_ns() - from;
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

void time_rows(const struct check *c)
{
    (void)c;
}

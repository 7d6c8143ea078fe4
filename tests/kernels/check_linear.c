/* Linear, quantise, pack and dequant kernels. */
#include "check.h"

#include <math.h>
#include <stdio.h>

/* The dtype of a by-dtype slot, given the slot of its F32. */
static enum dtype dtype_of(const struct check *c, enum kernel_slot first)
{
    return (enum dtype)(c->kernel->slot - first);
}

enum { N_MAX = 70 };
static const int token_counts[] = { 1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 21, 31, 33, 64, N_MAX };

/* One weight matrix with activations for N_MAX tokens and the reference's answer, which was
 * computed a token at a time: any kernel that depends on its batch differs from it somewhere. */
struct problem {
    enum dtype dtype;
    int m, k;
    uint8_t *rows, *packed;
    float *x, *want, *bias, *add;
};

static void *activations_new(const struct check *c, const struct problem *p, int from, int n,
                             size_t skew)
{
    void *act = skewed_new(kernel_act_bytes(n, p->k), skew);
    c->refs.quantise(&(struct kernel_quantise){ .act = act,
                                                .x = p->x + (size_t)from * (size_t)p->k,
                                                .x_stride = (size_t)p->k,
                                                .n = n,
                                                .k = p->k });
    return act;
}

static void problem_run(const struct check *c, const struct problem *p, kernel_linear_fn *fn,
                        float *y, size_t y_stride, int from, int n, size_t skew)
{
    bool quantised = dtype_info(p->dtype)->quantised;
    void *act = quantised ? activations_new(c, p, from, n, skew) : NULL;
    void *ws = skewed_new(kernel_linear_ws_bytes(p->dtype, p->k), skew);
    struct kernel_linear a = { .y = y,
                               .y_stride = y_stride,
                               .w = p->packed,
                               .m = p->m,
                               .k = p->k,
                               .panel_to = kernel_panels(p->m),
                               .act = quantised ? act : p->x + (size_t)from * (size_t)p->k,
                               .x_stride = (size_t)p->k,
                               .n = n,
                               .ws = ws };
    fn(&a);
    skewed_free(ws, skew);
    if (quantised) skewed_free(act, skew);
}

static struct problem problem_new(const struct check *c, enum dtype dtype, int m, int k,
                                  enum codes codes, enum values values, struct dice *d)
{
    struct problem p = { .dtype = dtype, .m = m, .k = k };
    size_t row;
    assert_true(dtype_row_bytes(&row, dtype, (uint64_t)k));
    p.rows = malloc((size_t)m * row);
    rows_fill(p.rows, dtype, m, k, codes, d);
    p.packed = skewed_new(kernel_packed_bytes(dtype, m, k), 2);
    c->refs.pack[dtype](&(struct kernel_pack){ .dst = p.packed,
                                               .src = p.rows,
                                               .src_stride = row,
                                               .m = m,
                                               .k = k,
                                               .panel_to = kernel_panels(m) });
    p.x = malloc((size_t)N_MAX * (size_t)k * sizeof *p.x);
    values_fill(p.x, (size_t)N_MAX * (size_t)k, values, d);
    p.bias = malloc((size_t)m * sizeof *p.bias);
    values_fill(p.bias, (size_t)m, VALUES_RANDOM, d);
    p.want = malloc((size_t)N_MAX * (size_t)m * sizeof *p.want);
    for (int t = 0; t < N_MAX; t++)
        problem_run(c, &p, c->ref->fn.linear, p.want + (size_t)t * (size_t)m, (size_t)m, t, 1, 0);
    return p;
}

static void problem_release(struct problem *p)
{
    free(p->rows);
    skewed_free(p->packed, 2);
    free(p->x);
    free(p->bias);
    free(p->want);
}

static void check_batches(const struct check *c, const struct problem *p)
{
    size_t m = (size_t)p->m, stride = m + 3;
    float *y = malloc(N_MAX * stride * sizeof *y);
    /* The reference is slow, and against itself a few will do. */
    size_t step = c->kernel->isa ? 1 : 4;
    for (size_t i = 0; i < sizeof token_counts / sizeof *token_counts; i += step) {
        int n = token_counts[i], from = (int)(i * 5) % (N_MAX - n + 1);
        untouched_fill(y, N_MAX * stride);
        problem_run(c, p, c->kernel->fn.linear, y, stride, from, n, i % 2 * 4);
        for (int t = 0; t < n; t++) {
            const float *want = p->want + (size_t)(from + t) * m, *got = y + (size_t)t * stride;
            check_bits(c, got, want, m, "token %d of %d, m %d, k %d", t, n, p->m, p->k);
            float guard[3];
            untouched_fill(guard, 3);
            check_bits(c, got + m, guard, 3, "wrote past row %d, n %d", p->m, n);
        }
    }
    free(y);
}

/* Panels one at a time, tokens in two slices, bias and a residual that is y itself. */
static void check_splits(const struct check *c, const struct problem *p)
{
    enum { N = 23, CUT = 8 };
    size_t m = (size_t)p->m;
    bool quantised = dtype_info(p->dtype)->quantised;
    void *act = quantised ? activations_new(c, p, 0, N, 0) : p->x;
    void *ws = malloc(kernel_linear_ws_bytes(p->dtype, p->k));
    float *y = malloc(N * m * sizeof *y), *want = malloc(N * m * sizeof *want);
    for (size_t i = 0; i < N * m; i++) {
        y[i] = (float)(i % 7) - 3.0f;
        want[i] = p->want[i] + p->bias[i % m];
        want[i] = want[i] + y[i];
    }
    for (int panel = 0; panel < kernel_panels(p->m); panel++)
        for (int from = 0; from < N; from += from ? N : CUT) {
            void *slice = quantised ? kernel_act_at(act, p->k, from)
                                    : p->x + (size_t)from * (size_t)p->k;
            float *part = y + (size_t)from * m;
            c->kernel->fn.linear(&(struct kernel_linear){ .y = part,
                                                          .y_stride = m,
                                                          .w = p->packed,
                                                          .m = p->m,
                                                          .k = p->k,
                                                          .panel_from = panel,
                                                          .panel_to = panel + 1,
                                                          .act = slice,
                                                          .x_stride = (size_t)p->k,
                                                          .n = from ? N - CUT : CUT,
                                                          .bias = p->bias,
                                                          .add = part,
                                                          .ws = ws });
        }
    check_bits(c, y, want, N * m, "split, bias and add, m %d, k %d", p->m, p->k);
    if (quantised) skewed_free(act, 0);
    free(ws);
    free(y);
    free(want);
}

void check_linear(const struct check *c)
{
    enum dtype dtype = dtype_of(c, KERNEL_LINEAR_F32);
    int unit = dtype_info(dtype)->block_len == 256 ? 256 : 32;
    struct dice d = { 0x9e3779b97f4a7c15 };
    const int rows[] = { 16, 1, 15, 17, 33, 49 };
    for (int i = 0; i < 6; i++) {
        int k = dtype_info(dtype)->quantised ? unit * (1 + i % 3) : 1 + 13 * i;
        struct problem p = problem_new(c, dtype, rows[i], k, CODES_RANDOM, VALUES_RANDOM, &d);
        check_batches(c, &p);
        check_splits(c, &p);
        problem_release(&p);
    }
    for (int codes = 0; codes < CODES_COUNT; codes++)
        for (int values = 0; values < VALUES_COUNT; values++) {
            struct problem p = problem_new(c, dtype, 19, unit, (enum codes)codes,
                                           (enum values)values, &d);
            check_batches(c, &p);
            problem_release(&p);
        }
}

void check_quantise(const struct check *c)
{
    struct dice d = { 1 };
    enum { K = 160, STRIDE = K + 5 };
    for (int values = 0; values < VALUES_COUNT + 1; values++)
        for (int n = 1; n <= 9; n++) {
            float *x = malloc(9 * STRIDE * sizeof *x);
            values_fill(x, 9 * STRIDE, values < VALUES_COUNT ? (enum values)values : VALUES_WIDE,
                        &d);
            if (values == VALUES_COUNT) { /* Not finite: must not stay hidden. */
                x[3] = INFINITY;
                x[40] = NAN;
                x[70] = -INFINITY;
            }
            size_t bytes = kernel_act_bytes(n, K);
            float *got = skewed_new(bytes, 4), *want = skewed_new(bytes, 0);
            struct kernel_quantise a = { .x = x, .x_stride = STRIDE, .n = n, .k = K };
            a.act = want;
            c->ref->fn.quantise(&a);
            a.act = got;
            untouched_fill(got, bytes / 4);
            for (a.k_from = 0; a.k_from < K; a.k_from = a.k_to) {
                a.k_to = a.k_from + 64 < K ? a.k_from + 64 : K;
                c->kernel->fn.quantise(&a);
            }
            check_bits(c, got, want, bytes / 4, "values %d, n %d", values, n);
            skewed_free(got, 4);
            skewed_free(want, 0);
            free(x);
        }
}

void check_pack(const struct check *c)
{
    enum dtype dtype = dtype_of(c, KERNEL_PACK_F32);
    struct dice d = { 2 };
    for (int m = 1; m < 40; m += 15) {
        enum { K = 512 };
        size_t row, bytes = kernel_packed_bytes(dtype, m, K);
        assert_true(dtype_row_bytes(&row, dtype, K));
        uint8_t *rows = malloc((size_t)m * row);
        rows_fill(rows, dtype, m, K, CODES_RANDOM, &d);
        float *got = malloc(bytes), *want = malloc(bytes);
        struct kernel_pack a = { .dst = want, .src = rows, .src_stride = row, .m = m, .k = K };
        a.panel_to = kernel_panels(m);
        c->ref->fn.pack(&a);
        a.dst = got;
        for (int p = kernel_panels(m) - 1; p >= 0; p--) {
            a.panel_from = p;
            a.panel_to = p + 1;
            c->kernel->fn.pack(&a);
        }
        check_bits(c, got, want, bytes / 4, "m %d", m);
        free(rows);
        free(got);
        free(want);
    }
}

void check_dequant(const struct check *c)
{
    enum dtype dtype = dtype_of(c, KERNEL_DEQUANT_F32);
    struct dice d = { 3 };
    enum { K = 512 };
    size_t row;
    assert_true(dtype_row_bytes(&row, dtype, K));
    for (size_t skew = 0; skew < 8; skew += 2) {
        uint8_t *rows = skewed_new(row, skew);
        rows_fill(rows, dtype, 1, K, CODES_RANDOM, &d);
        float got[K], want[K];
        c->ref->fn.dequant(want, rows, K);
        c->kernel->fn.dequant(got, rows, K);
        check_bits(c, got, want, K, "skew %zu", skew);
        skewed_free(rows, skew);
    }
}

/* Kernels over rows and single values, and those for pictures. */
#include "check.h"

#include <math.h>

static const int lengths[] = { 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 576, 901 };
enum { N_LENGTHS = sizeof lengths / sizeof *lengths };

void check_norm(const struct check *c)
{
    struct dice d = { 11 };
    for (int i = 0; i < N_LENGTHS; i++)
        for (int values = 0; values < VALUES_COUNT; values++) {
            enum { ROWS = 5 };
            int dim = lengths[i];
            size_t stride = (size_t)dim + 3, n = ROWS * stride;
            float *x = skewed_new(n * 4, 4), *w = skewed_new((size_t)dim * 4, 4),
                  *b = skewed_new((size_t)dim * 4, 4), *want = malloc(n * 4), *got = malloc(n * 4);
            values_fill(x, n, (enum values)values, &d);
            values_fill(w, (size_t)dim, VALUES_RANDOM, &d);
            values_fill(b, (size_t)dim, VALUES_RANDOM, &d);
            struct kernel_norm a = { .x = x, .x_stride = stride, .y_stride = stride, .d = dim };
            a.eps = 1e-6f;
            a.weight = i % 3 ? w : NULL;
            a.bias = i % 2 ? b : NULL;
            untouched_fill(want, n);
            untouched_fill(got, n);
            a.n = 1;
            for (size_t t = 0; t < ROWS; t++) {
                a.x = x + t * stride;
                a.y = want + t * stride;
                c->ref->fn.norm(&a);
            }
            a.n = ROWS;
            a.x = x;
            a.y = got;
            c->kernel->fn.norm(&a);
            check_bits(c, got, want, n, "d %d, values %d", dim, values);
            memcpy(got, x, n * 4);
            a.x = a.y = got;
            c->kernel->fn.norm(&a);
            for (size_t t = 0; t < ROWS; t++)
                check_bits(c, got + t * stride, want + t * stride, (size_t)dim, "in place");
            skewed_free(x, 4);
            skewed_free(w, 4);
            skewed_free(b, 4);
            free(want);
            free(got);
        }
}

void check_rope(const struct check *c)
{
    struct dice d = { 12 };
    const int dims[] = { 2, 4, 6, 16, 32, 34, 64, 80, 128 };
    enum { ROWS = 4, HEADS = 3, POSITIONS = 9 };
    for (int i = 0; i < 9; i++)
        for (int whole = 0; whole < 2; whole++) {
            int dim = dims[i], rot = whole ? dim : dim / 4 * 2;
            if (rot == 0) continue;
            size_t stride = (size_t)(HEADS * dim) + 5, n = ROWS * stride;
            size_t table = (size_t)(POSITIONS * rot / 2);
            float *x = malloc(n * 4), *got = skewed_new(n * 4, 4), *want = malloc(n * 4);
            float *cosines = malloc(table * 4), *sines = malloc(table * 4);
            values_fill(x, n, VALUES_RANDOM, &d);
            values_fill(cosines, table, VALUES_RANDOM, &d);
            values_fill(sines, table, VALUES_RANDOM, &d);
            const int32_t pos[ROWS] = { 8, 0, 3, 3 };
            struct kernel_rope a = { .x_stride = stride, .n_heads = HEADS, .head_dim = dim };
            a.n_rot = rot;
            a.cos = cosines;
            a.sin = sines;
            memcpy(want, x, n * 4);
            memcpy(got, x, n * 4);
            a.n = 1;
            for (int t = 0; t < ROWS; t++) {
                a.x = want + (size_t)t * stride;
                a.pos = pos + t;
                c->ref->fn.rope(&a);
            }
            a.n = ROWS;
            a.x = got;
            a.pos = pos;
            c->kernel->fn.rope(&a);
            check_bits(c, got, want, n, "head_dim %d, n_rot %d", dim, rot);
            a.pos = NULL;
            a.x = want;
            c->ref->fn.rope(&a);
            a.x = got;
            c->kernel->fn.rope(&a);
            check_bits(c, got, want, n, "no pos, head_dim %d, n_rot %d", dim, rot);
            free(x);
            skewed_free(got, 4);
            free(want);
            free(cosines);
            free(sines);
        }
}

void check_softmax(const struct check *c)
{
    struct dice d = { 13 };
    for (int i = 0; i < N_LENGTHS; i++)
        for (int values = 0; values < VALUES_COUNT; values++) {
            size_t n = 2 * (size_t)lengths[i];
            float *x = skewed_new(n * 4, 4), *want = malloc(n * 4), *got = malloc(n * 4);
            values_fill(x, n, (enum values)values, &d);
            struct kernel_softmax a = { .x = x, .n = 2, .d = lengths[i], .scale = 0.7f };
            a.x_stride = a.y_stride = (size_t)lengths[i];
            a.y = want;
            c->ref->fn.softmax(&a);
            a.y = got;
            c->kernel->fn.softmax(&a);
            check_bits(c, got, want, n, "d %d, values %d", lengths[i], values);
            skewed_free(x, 4);
            free(want);
            free(got);
        }
}

/* Inputs for functions of one value: every magnitude, both signs, and the seams of lanes.h. */
static void sweep_fill(float *x, size_t n, struct dice *d)
{
    static const float seams[] = { 0.0f,   -0.0f,   0.6f,   -0.6f,  87.0f,   -87.0f,  88.0f,
                                   -88.0f, 1.2727f, 1.273f, 1e-40f, -1e-40f, 3.4e38f, -3.4e38f };
    for (size_t i = 0; i < n; i++)
        x[i] = i < 14 ? seams[i] : ldexpf(dice_uniform(d), dice_below(d, 30) - 20);
}

void check_unary(const struct check *c)
{
    struct dice d = { 14 };
    for (int i = 0; i < N_LENGTHS; i++)
        for (int repeat = 0; repeat < 8; repeat++) {
            size_t n = (size_t)lengths[i];
            float *x = skewed_new(n * 4, 4), *want = malloc(n * 4), *got = malloc((n + 1) * 4);
            sweep_fill(x, n, &d);
            untouched_fill(got, n + 1);
            for (size_t j = 0; j < n; j++) c->ref->fn.unary(want + j, x + j, 1);
            c->kernel->fn.unary(got, x, n);
            check_bits(c, got, want, n, "n %zu", n);
            float guard;
            untouched_fill(&guard, 1);
            check_bits(c, got + n, &guard, 1, "wrote past %zu", n);
            c->kernel->fn.unary(x, x, n);
            check_bits(c, x, want, n, "in place, n %zu", n);
            skewed_free(x, 4);
            free(want);
            free(got);
        }
}

void check_binary(const struct check *c)
{
    struct dice d = { 15 };
    for (int i = 0; i < N_LENGTHS; i++)
        for (int repeat = 0; repeat < 4; repeat++) {
            size_t n = (size_t)lengths[i];
            float *a = skewed_new(n * 4, 4), *b = skewed_new(n * 4, 8), *want = malloc(n * 4),
                  *got = malloc(n * 4);
            sweep_fill(a, n, &d);
            values_fill(b, n, VALUES_WIDE, &d);
            c->ref->fn.binary(want, a, b, n);
            c->kernel->fn.binary(got, a, b, n);
            check_bits(c, got, want, n, "n %zu", n);
            memcpy(got, b, n * 4);
            c->kernel->fn.binary(got, a, got, n);
            check_bits(c, got, want, n, "in place of b, n %zu", n);
            c->kernel->fn.binary(a, a, b, n);
            check_bits(c, a, want, n, "in place of a, n %zu", n);
            skewed_free(a, 4);
            skewed_free(b, 8);
            free(want);
            free(got);
        }
}

void check_scale(const struct check *c)
{
    struct dice d = { 16 };
    for (int i = 0; i < N_LENGTHS; i++) {
        size_t n = (size_t)lengths[i];
        float x[1024], want[1024], got[1024];
        values_fill(x, n, VALUES_WIDE, &d);
        c->ref->fn.scale(want, x, 0.37f, n);
        c->kernel->fn.scale(got, x, 0.37f, n);
        check_bits(c, got, want, n, "n %zu", n);
    }
}

void check_mean(const struct check *c)
{
    struct dice d = { 17 };
    for (int i = 0; i < N_LENGTHS; i++)
        for (int n = 1; n < 40; n += 6) {
            size_t dim = (size_t)lengths[i], stride = dim + 1;
            float *x = malloc((size_t)n * stride * 4), *want = malloc(dim * 4),
                  *got = malloc(dim * 4);
            values_fill(x, (size_t)n * stride, VALUES_WIDE, &d);
            c->ref->fn.mean(want, x, stride, n, (int)dim);
            c->kernel->fn.mean(got, x, stride, n, (int)dim);
            check_bits(c, got, want, dim, "n %d, d %zu", n, dim);
            free(x);
            free(want);
            free(got);
        }
}

void check_to_half(const struct check *c)
{
    struct dice d = { 18 };
    enum { N = 4099 };
    uint32_t *x = malloc(N * 4);
    float *want = calloc(N + 1, 2), *got = calloc(N + 1, 2);
    for (int i = 0; i < N; i++) { /* Any bits that are no NaN; half of them near f16's range. */
        x[i] = dice_u32(&d);
        if (i % 2) x[i] = (x[i] & 0x80ffffff) | (uint32_t)(0x30 + dice_below(&d, 0x19)) << 24;
        if (i % 5 == 0) x[i] &= 0xffffe000;
        if (i % 7 == 0) x[i] = (x[i] & 0xffffe000) | 0x1000; /* Ties of f16. */
        if ((x[i] & 0x7fffffff) > 0x7f800000) x[i] &= 0xff800000;
    }
    c->ref->fn.to_half((uint16_t *)(void *)want, (float *)(void *)x, N);
    c->kernel->fn.to_half((uint16_t *)(void *)got, (float *)(void *)x, N);
    check_bits(c, got, want, (N + 1) / 2, "two halves in each value");
    free(x);
    free(want);
    free(got);
}

/* Logits as they may come: also infinite ones, NaNs and zeros of either sign. */
static void logits_fill(float *x, size_t n, int kind, struct dice *d)
{
    static const float odd[] = { -INFINITY, NAN, 0.0f, -0.0f, 1e30f };
    values_fill(x, n, (enum values)(kind % VALUES_COUNT), d);
    for (size_t i = 0; kind >= VALUES_COUNT && i < n; i++) {
        x[i] *= 30;
        if (dice_below(d, 4) == 0) x[i] = odd[dice_below(d, kind == VALUES_COUNT ? 5 : 2)];
    }
}

enum { LOGITS_KINDS = VALUES_COUNT + 2 };

void check_maximum(const struct check *c)
{
    struct dice d = { 19 };
    for (int i = 0; i < N_LENGTHS * LOGITS_KINDS * 4; i++) {
        size_t n = (size_t)lengths[i % N_LENGTHS];
        float x[1024];
        logits_fill(x, n, i / N_LENGTHS % LOGITS_KINDS, &d);
        float got = c->kernel->fn.maximum(x, n), want = c->ref->fn.maximum(x, n);
        check_bits(c, &got, &want, 1, "n %zu", n);
    }
}

void check_exp_sum(const struct check *c)
{
    struct dice d = { 26 };
    for (int i = 0; i < N_LENGTHS * LOGITS_KINDS * 4; i++) {
        size_t n = (size_t)lengths[i % N_LENGTHS];
        float x[1024], want[1025], got[1025], scale = i % 3 ? 1.0f : 2.5f;
        logits_fill(x, n, i / N_LENGTHS % LOGITS_KINDS, &d);
        float max = i % 5 ? c->refs.maximum(x, n) : 20;
        want[1024] = c->ref->fn.exp_sum(want, x, max, scale, n);
        got[1024] = c->kernel->fn.exp_sum(got, x, max, scale, n);
        check_bits(c, got, want, n, "n %zu", n);
        check_bits(c, got + 1024, want + 1024, 1, "sum of %zu", n);
    }
}

void check_select(const struct check *c)
{
    struct dice d = { 27 };
    for (int i = 0; i < N_LENGTHS * LOGITS_KINDS * 4; i++) {
        size_t n = (size_t)lengths[i % N_LENGTHS];
        float x[1024];
        int32_t want[1024], got[1024];
        logits_fill(x, n, i / N_LENGTHS % LOGITS_KINDS, &d);
        float least = i % 7 ? x[dice_below(&d, (int)n)] : -INFINITY;
        size_t k = c->ref->fn.select(want, x, least, n);
        assert_int_equal(c->kernel->fn.select(got, x, least, n), k);
        assert_memory_equal(got, want, k * sizeof *got);
    }
}

void check_upsample(const struct check *c)
{
    struct dice d = { 20 };
    enum { C = 3, H = 5, W = 7, F = 3 };
    float x[C * H * W], want[C * H * W * F * F], got[C * H * W * F * F];
    values_fill(x, C * H * W, VALUES_RANDOM, &d);
    c->ref->fn.upsample(want, x, C, H, W, F);
    c->kernel->fn.upsample(got, x, C, H, W, F);
    check_bits(c, got, want, C * H * W * F * F, "by %d", F);
}

void check_group_norm(const struct check *c)
{
    struct dice d = { 21 };
    enum { C = 12, HW = 35 };
    float x[C * HW], want[C * HW], got[C * HW], w[C], b[C];
    for (int groups = 1; groups <= C; groups += groups == 1 ? 2 : groups) {
        values_fill(x, C * HW, VALUES_RANDOM, &d);
        values_fill(w, C, VALUES_RANDOM, &d);
        values_fill(b, C, VALUES_RANDOM, &d);
        struct kernel_group_norm a = { .x = x, .weight = w, .bias = b, .c = C, .hw = HW };
        a.groups = groups;
        a.eps = 1e-5f;
        a.y = want;
        c->ref->fn.group_norm(&a);
        a.y = got;
        c->kernel->fn.group_norm(&a);
        check_bits(c, got, want, C * HW, "groups %d", groups);
    }
}

void check_conv2d(const struct check *c)
{
    struct dice d = { 22 };
    for (int i = 0; i < 40; i++) {
        struct kernel_conv2d a = { .groups = 1 + i % 2, .kh = 1 + i % 3, .kw = 1 + i % 4 };
        a.c_in = a.groups * (1 + i % 5);
        a.c_out = a.groups * (1 + i % 7);
        a.h = 4 + i % 9;
        a.w = 4 + i * 5 % 43;
        a.stride_h = 1 + i % 2;
        a.stride_w = 1 + i / 2 % 2;
        a.dilation_h = 1 + i / 3 % 2;
        a.dilation_w = 1 + i / 4 % 2;
        a.pad_h = i % 3;
        a.pad_w = i / 2 % 3;
        a.h_out = (a.h + 2 * a.pad_h - a.dilation_h * (a.kh - 1) - 1) / a.stride_h + 1;
        a.w_out = (a.w + 2 * a.pad_w - a.dilation_w * (a.kw - 1) - 1) / a.stride_w + 1;
        if (a.h_out < 1 || a.w_out < 1) continue;
        size_t n_x = (size_t)(a.c_in * a.h * a.w), n_y = (size_t)(a.c_out * a.h_out * a.w_out);
        size_t n_w = (size_t)(a.c_out * a.c_in / a.groups * a.kh * a.kw);
        float *x = malloc(n_x * 4), *w = malloc(n_w * 4), *b = malloc((size_t)a.c_out * 4);
        float *want = malloc(n_y * 4), *got = malloc(n_y * 4);
        values_fill(x, n_x, VALUES_RANDOM, &d);
        values_fill(w, n_w, VALUES_RANDOM, &d);
        values_fill(b, (size_t)a.c_out, VALUES_RANDOM, &d);
        a.x = x;
        a.weight = w;
        a.bias = i % 3 ? b : NULL;
        a.y = want;
        a.c_to = a.c_out;
        c->ref->fn.conv2d(&a);
        untouched_fill(got, n_y);
        a.y = got;
        for (a.c_from = 0; a.c_from < a.c_out; a.c_from = a.c_to) {
            a.c_to = i % 2 ? a.c_from + 1 : (a.c_from + 6 < a.c_out ? a.c_from + 6 : a.c_out);
            c->kernel->fn.conv2d(&a);
        }
        check_bits(c, got, want, n_y, "case %d", i);
        free(x);
        free(w);
        free(b);
        free(want);
        free(got);
    }
}

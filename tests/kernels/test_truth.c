/* The references against arithmetic in double, written another way. */
#include "truth.h"

#include "check.h"
#include "kernels/lanes.h"

#include <math.h>

static void assert_near(double got, double want, double tolerance, const char *what, double at)
{
    if (fabs(got - want) <= tolerance) return; /* False for a NaN too. */
    fail_msg("%s at %.9g: %.9g, not %.9g (off by %.3g, allowed %.3g)", what, at, got, want,
             got - want, tolerance);
}

/* y against dequantised weights times dequantised activations: what the format means. */
static void linear_truth(const struct kernels *k, enum dtype dtype, enum codes codes)
{
    enum { M = 21, N = 6, K = 512 };
    struct dice d = { 41 };
    size_t row;
    assert_true(dtype_row_bytes(&row, dtype, K));
    uint8_t *rows = malloc(M * row), *w = malloc(kernel_packed_bytes(dtype, M, K));
    static float x[N * K], y[N * M], weights[K];
    rows_fill(rows, dtype, M, K, codes, &d);
    values_fill(x, N * K, VALUES_RANDOM, &d);
    k->pack[dtype](&(struct kernel_pack){
        .dst = w, .src = rows, .src_stride = row, .m = M, .k = K, .panel_to = kernel_panels(M) });
    void *act = malloc(kernel_act_bytes(N, K)), *ws = malloc(kernel_linear_ws_bytes(dtype, K));
    k->quantise(&(struct kernel_quantise){ .act = act, .x = x, .x_stride = K, .n = N, .k = K });
    bool quantised = dtype_info(dtype)->quantised;
    k->linear[dtype](&(struct kernel_linear){ .y = y,
                                              .y_stride = M,
                                              .w = w,
                                              .m = M,
                                              .k = K,
                                              .panel_to = kernel_panels(M),
                                              .act = quantised ? act : (void *)x,
                                              .x_stride = K,
                                              .n = N,
                                              .ws = ws });
    for (int r = 0; r < M; r++) {
        k->dequant[dtype](weights, rows + (size_t)r * row, K);
        for (int t = 0; t < N; t++) {
            double sum = 0, magnitude = 0, quantisation = 0;
            for (int i = 0; i < K; i++) {
                const float *block = x + t * K + i / 32 * 32;
                double amax = 0, product = (double)weights[i] * (double)x[t * K + i];
                for (int j = 0; j < 32; j++) amax = fmax(amax, fabs((double)block[j]));
                sum += product;
                magnitude += fabs(product);
                quantisation += fabs((double)weights[i]) * amax / 127 * 0.5001;
            }
            double allowed = magnitude * K * 0x1p-24 + (quantised ? quantisation : 0) + 1e-6;
            assert_near((double)y[t * M + r], sum, allowed, dtype_info(dtype)->name, r);
        }
    }
    free(rows);
    free(w);
    free(act);
    free(ws);
}

/* A value that is not finite must end in a NaN, on every version of the kernels. */
static void not_finite_is_loud(uint32_t isa, float value)
{
    enum { K = 64 };
    struct kernels k;
    kernels_select(&k, isa);
    struct dice d = { 42 };
    float x[K], y[PANEL_ROWS];
    uint8_t rows[PANEL_ROWS * K / 32 * 34];
    float act[2 * ACT_TOKEN / 4];
    values_fill(x, K, VALUES_RANDOM, &d);
    x[37] = value;
    k.quantise(&(struct kernel_quantise){ .act = act, .x = x, .x_stride = K, .n = 1, .k = K });
    for (int dtype = DTYPE_Q4_0; dtype <= DTYPE_Q8_0; dtype++) {
        size_t row;
        assert_true(dtype_row_bytes(&row, (enum dtype)dtype, K));
        rows_fill(rows, (enum dtype)dtype, PANEL_ROWS, K, CODES_RANDOM, &d);
        void *w = malloc(kernel_packed_bytes((enum dtype)dtype, PANEL_ROWS, K));
        void *ws = malloc(kernel_linear_ws_bytes((enum dtype)dtype, K));
        k.pack[dtype](&(struct kernel_pack){
            .dst = w, .src = rows, .src_stride = row, .m = PANEL_ROWS, .k = K, .panel_to = 1 });
        k.linear[dtype](&(struct kernel_linear){
            .y = y, .w = w, .m = PANEL_ROWS, .k = K, .panel_to = 1, .act = act, .n = 1, .ws = ws });
        for (int r = 0; r < PANEL_ROWS; r++) assert_true(isnan(y[r]));
        free(w);
        free(ws);
    }
}

void test_linear_truth(void **state)
{
    (void)state;
    struct kernels k;
    kernels_select(&k, 0);
    for (int dtype = 0; dtype < DTYPE_I32; dtype++)
        for (int codes = 0; codes < CODES_COUNT; codes++)
            linear_truth(&k, (enum dtype)dtype, (enum codes)codes);
    const float values[] = { NAN, INFINITY, -INFINITY };
    for (int i = 0; i < 3; i++) {
        not_finite_is_loud(0, values[i]);
        not_finite_is_loud(kernel_isa_detect() & ISA_AVX2, values[i]);
        not_finite_is_loud(kernel_isa_detect(), values[i]);
    }
}

void test_functions_truth(void **state)
{
    (void)state;
    for (double at = -100; at < 89; at += 0.00737) {
        float x = (float)at;
        double v = (double)x, e = x < -87 ? 0 : exp(fmin(v, 88));
        assert_near((double)exp_f32(x), e, e * 1.3e-7, "exp", v);
        assert_near((double)silu_f32(x), v / (1 + exp(-v)), fabs(v / (1 + exp(-v))) * 4e-7 + 1e-36,
                    "silu", v);
        double u = v / 16;
        float z = (float)u;
        u = (double)z;
        assert_near((double)tanh_f32(z), tanh(u), fabs(tanh(u)) * 2.5e-7, "tanh", u);
        /* The tail for negative x is tiny; e^(-z^2) carries the relative error of z^2. */
        double gelu = 0.5 * u * erfc(-u / sqrt(2.0));
        assert_near((double)gelu_erf_f32(z), gelu, fabs(gelu) * 6e-6 + 1e-36, "gelu_erf", u);
        if (u > -1) assert_near((double)gelu_erf_f32(z), gelu, fabs(gelu) * 6e-7, "gelu_erf", u);
        double inner = sqrt(2 / M_PI) * (u + 0.044715 * u * u * u);
        double approximate = 0.5 * u * (1 + tanh(inner));
        assert_near((double)gelu_tanh_f32(z), approximate, fabs(u) * 2.5e-7, "gelu_tanh", u);
    }
    assert_true(isnan(exp_f32(NAN)) && isnan(tanh_f32(NAN)) && isnan(silu_f32(NAN)));
}

/* Nearest even by search through all halves. */
void test_halves_truth(void **state)
{
    (void)state;
    for (uint32_t h = 0; h < 0x7c00; h++) {
        double value = h < 0x400 ? ldexp(h, -24) : ldexp(1024 + (h & 1023), (int)(h >> 10) - 25);
        double above = h + 1 < 0x400 ? ldexp(h + 1, -24)
                                     : ldexp(1024 + ((h + 1) & 1023), (int)((h + 1) >> 10) - 25);
        assert_true((double)f16_to_f32((uint16_t)h) == value);
        assert_true((double)f16_to_f32((uint16_t)(h | 0x8000)) == -value);
        float middle = (float)((value + above) / 2);
        assert_int_equal(f16_of_f32((float)value), h);
        assert_int_equal(f16_of_f32(middle), h + (h & 1));
        assert_int_equal(f16_of_f32(nextafterf(middle, 0)), h);
        assert_int_equal(f16_of_f32(-nextafterf(middle, INFINITY)), 0x8000 | (h + 1));
    }
    assert_int_equal(f16_of_f32(INFINITY), 0x7c00);
    assert_int_equal(f16_of_f32(-1e9f), 0xfc00);
    assert_true(isinf(f16_to_f32(0x7c00)) && isnan(f16_to_f32(f16_of_f32(NAN))));
    assert_int_equal(bf16_of_f32(f32_of_bits(0x3f808000)), 0x3f80);
    assert_int_equal(bf16_of_f32(f32_of_bits(0x3f818000)), 0x3f82);
    assert_true(isnan(bf16_to_f32(bf16_of_f32(NAN))));
}

static void attention_truth(const struct kernels *k, bool causal, int window, float softcap)
{
    enum { Q = 9, KEYS = 150, HEADS = 2, DIM = 24 };
    static float q[Q * HEADS * DIM], keys[KEYS * DIM], values[KEYS * DIM], out[Q * HEADS * DIM];
    struct dice d = { 51 };
    values_fill(q, Q * HEADS * DIM, VALUES_RANDOM, &d);
    values_fill(keys, KEYS * DIM, VALUES_RANDOM, &d);
    values_fill(values, KEYS * DIM, VALUES_RANDOM, &d);
    struct kernel_attention a = { .out = out, .q = q, .k = keys, .v = values, .n_q = Q };
    a.out_stride = a.q_stride = (size_t)HEADS * DIM;
    a.n_heads = HEADS;
    a.head_dim = DIM;
    a.kv_dtype = DTYPE_F32;
    a.kv_stride = DIM;
    a.n_kv = KEYS;
    a.pos0 = KEYS - Q;
    a.causal = causal;
    a.window = window;
    a.scale = 0.3f;
    a.softcap = softcap;
    a.ws = malloc(kernel_attention_ws_bytes(DIM));
    k->attention(&a);
    for (int i = 0; i < Q * HEADS; i++) {
        int to = causal ? a.pos0 + i / HEADS + 1 : KEYS, from = window ? to - window : 0;
        double score[KEYS], max = -INFINITY, sum = 0;
        for (int j = from; j < to; j++) {
            double s = 0;
            for (int n = 0; n < DIM; n++) s += (double)q[i * DIM + n] * (double)keys[j * DIM + n];
            s *= 0.3;
            score[j] = softcap > 0 ? (double)softcap * tanh(s / (double)softcap) : s;
            max = fmax(max, score[j]);
        }
        for (int j = from; j < to; j++) sum += score[j] = exp(score[j] - max);
        for (int n = 0; n < DIM; n++) {
            double want = 0;
            for (int j = from; j < to; j++) want += score[j] / sum * (double)values[j * DIM + n];
            assert_near((double)out[i * DIM + n], want, 1e-5, "attention", i);
        }
    }
    free(a.ws);
}

void test_attention_truth(void **state)
{
    (void)state;
    struct kernels k;
    kernels_select(&k, 0);
    attention_truth(&k, false, 0, 0);
    attention_truth(&k, true, 0, 0);
    attention_truth(&k, true, 70, 0);
    attention_truth(&k, true, 0, 4.0f);
}

void test_rows_truth(void **state)
{
    (void)state;
    struct kernels k;
    kernels_select(&k, 0);
    enum { D = 77 };
    float x[D], w[D], b[D], y[D];
    struct dice d = { 61 };
    values_fill(x, D, VALUES_RANDOM, &d);
    values_fill(w, D, VALUES_RANDOM, &d);
    values_fill(b, D, VALUES_RANDOM, &d);
    double sum = 0, square = 0, variance = 0, exps = 0;
    for (int i = 0; i < D; i++) {
        sum += (double)x[i];
        square += (double)x[i] * (double)x[i];
        exps += exp((double)x[i] * 2);
    }
    for (int i = 0; i < D; i++) variance += pow((double)x[i] - sum / D, 2) / D;
    struct kernel_norm a = { .y = y, .x = x, .n = 1, .d = D, .weight = w, .eps = 1e-5f };
    k.rms_norm(&a);
    for (int i = 0; i < D; i++)
        assert_near((double)y[i], (double)x[i] / sqrt(square / D + 1e-5) * (double)w[i], 1e-6,
                    "rms_norm", i);
    a.bias = b;
    k.layer_norm(&a);
    for (int i = 0; i < D; i++)
        assert_near((double)y[i],
                    ((double)x[i] - sum / D) / sqrt(variance + 1e-5) * (double)w[i] + (double)b[i],
                    2e-6, "layer_norm", i);
    k.l2_norm(&a);
    for (int i = 0; i < D; i++)
        assert_near((double)y[i], (double)x[i] / sqrt(square), 1e-7, "l2_norm", i);
    k.softmax(&(struct kernel_softmax){ .y = y, .x = x, .n = 1, .d = D, .scale = 2 });
    for (int i = 0; i < D; i++)
        assert_near((double)y[i], exp((double)x[i] * 2) / exps, 1e-7, "softmax", i);
    double part = 0;
    float top = k.maximum(x, D), sum_of_exp = k.exp_sum(y, x, top, 3, D);
    for (int i = 0; i < D; i++) {
        assert_true(x[i] <= top);
        assert_near((double)y[i], exp(3 * ((double)x[i] - (double)top)), 1e-6, "exp_sum", i);
        part += exp(3 * ((double)x[i] - (double)top));
    }
    assert_near((double)sum_of_exp, part, 1e-6 * part, "exp_sum", D);
    int32_t at[4];
    assert_int_equal(k.select(at, (const float[]){ 1, 3, NAN, 2, 4 }, 2, 5), 3);
    assert_true(at[0] == 1 && at[1] == 3 && at[2] == 4);
    k.mean_pool(y, x, 11, 7, 11);
    for (int i = 0; i < 11; i++) {
        double mean = 0;
        for (int t = 0; t < 7; t++) mean += (double)x[t * 11 + i] / 7;
        assert_near((double)y[i], mean, 1e-6, "mean_pool", i);
    }
    float cosine[] = { (float)cos(0.3), 1 }, sine[] = { (float)sin(0.3), 0 };
    float pairs[] = { 1, 2, 3, 4 }, halves[] = { 1, 2, 3, 4 };
    struct kernel_rope r = { .x = pairs, .n = 1, .n_heads = 1, .head_dim = 4, .n_rot = 4 };
    r.cos = cosine;
    r.sin = sine;
    k.rope_norm(&r);
    assert_near((double)pairs[0], cos(0.3) - 2 * sin(0.3), 1e-6, "rope_norm", 0);
    assert_near((double)pairs[1], sin(0.3) + 2 * cos(0.3), 1e-6, "rope_norm", 1);
    r.x = halves;
    k.rope_neox(&r);
    assert_near((double)halves[0], cos(0.3) - 3 * sin(0.3), 1e-6, "rope_neox", 0);
    assert_near((double)halves[2], sin(0.3) + 3 * cos(0.3), 1e-6, "rope_neox", 2);
    assert_true(pairs[2] == 3 && halves[1] == 2);
}

void test_pictures_truth(void **state)
{
    (void)state;
    struct kernels k;
    kernels_select(&k, 0);
    /* A 3 x 3 box over a 3 x 3 picture of ones: how many pixels each output sees. */
    float x[9], w[9], y[9];
    for (int i = 0; i < 9; i++) x[i] = w[i] = 1;
    struct kernel_conv2d a = { .y = y, .x = x, .weight = w, .c_in = 1, .c_out = 1, .c_to = 1 };
    a.h = a.w = a.h_out = a.w_out = a.kh = a.kw = 3;
    a.pad_h = a.pad_w = a.groups = 1;
    a.stride_h = a.stride_w = a.dilation_h = a.dilation_w = 1;
    k.conv2d(&a);
    const float want[] = { 4, 6, 4, 6, 9, 6, 4, 6, 4 };
    assert_memory_equal(y, want, sizeof want);
    /* Dilation 2 and padding 2: corners meet corners. */
    a.dilation_h = a.dilation_w = a.pad_h = a.pad_w = 2;
    for (int i = 0; i < 9; i++) w[i] = (float)i;
    k.conv2d(&a);
    assert_true(y[0] == 4 + 5 + 7 + 8 && y[8] == 0 + 1 + 3 + 4 && y[4] == 4);
    float up[4];
    k.upsample(up, x, 1, 1, 1, 2);
    assert_true(up[0] == 1 && up[3] == 1);
}

void test_dtypes(void **state)
{
    (void)state;
    enum dtype t;
    size_t bytes;
    assert_true(dtype_from_ggml(&t, 14) && t == DTYPE_Q6_K);
    assert_false(dtype_from_ggml(&t, 99));
    assert_true(dtype_from_name(&t, "q4_k") && t == DTYPE_Q4_K);
    assert_false(dtype_from_name(&t, "Q4_K_M"));
    assert_true(dtype_row_bytes(&bytes, DTYPE_Q4_1, 64) && bytes == 40);
    assert_false(dtype_row_bytes(&bytes, DTYPE_Q4_1, 33));
    assert_false(dtype_row_bytes(&bytes, DTYPE_F32, UINT64_MAX / 2));
}

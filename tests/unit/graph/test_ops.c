/* Pictures and speech fit: convolution, group norm and cross-attention planned and run, against
 * what torch computed (tools/golden_model.py); and what the graph says when things do not fit. */
#include "graph/eval.h"
#include "tiny.h"

#include <math.h>
#include <stdio.h>

struct array {
    int32_t n_dims, dims[4];
    size_t n;
    float *values;
};

static struct array read_array(FILE *f)
{
    struct array a = { .n = 1 };
    assert_int_equal(fread(&a.n_dims, 4, 1, f), 1);
    assert_in_range(a.n_dims, 1, 4);
    for (int i = 0; i < a.n_dims; i++) {
        assert_int_equal(fread(&a.dims[i], 4, 1, f), 1);
        a.n *= (size_t)a.dims[i];
    }
    a.values = malloc(a.n * sizeof *a.values);
    assert_int_equal(fread(a.values, sizeof *a.values, a.n, f), a.n);
    return a;
}

static struct weight weight_of(const struct array *a)
{
    struct weight w = {
        .name = "w", .n_dims = a->n_dims, .data = a->values, .size = a->n * sizeof(float)
    };
    memcpy(w.dims, a->dims, sizeof w.dims);
    return w;
}

/* Plans and runs a graph of float inputs on `n_threads`, and evaluates it by the reference. */
static void check_graph(struct graph *g, const struct dim_sizes *sizes, const float *const *inputs,
                        int n_inputs, const struct array *want)
{
    struct kernels k;
    struct plan *plan;
    struct pool *pool;
    struct run run;
    struct err err = { 0 };
    kernels_select(&k, kernel_isa_detect());
    struct plan_options o = {
        .mode = PLAN_PICTURE, .sizes = *sizes, .kernels = &k, .n_threads = 2
    };
    assert_ok(graph_check(g, &err), &err);
    assert_ok(pool_open(&pool, 2, &err), &err);
    assert_ok(plan_make(&plan, g, &o, &err), &err);
    assert_ok(run_init(&run, pool, &k, &err), &err);
    assert_ok(run_reserve(&run, plan, &err), &err);
    float *got = calloc(want->n, sizeof *got), *ref = calloc(want->n, sizeof *ref);
    for (int i = 0; i < n_inputs; i++) run.inputs[i] = inputs[i];
    run.sizes = *sizes;
    run.sizes.of[DIM_CONST] = 1;
    run.out = got;
    assert_int_equal(shape_elements(&g->output->shape, &run.sizes), want->n);
    run_forward(&run, plan);
    struct eval_options e = { .sizes = *sizes, .inputs = inputs };
    assert_ok(eval_graph(g, &e, ref, &err), &err);
    for (size_t i = 0; i < want->n; i++) {
        /* Sums of at most 36 products of values near one, in f32. */
        assert_float_equal(got[i], want->values[i], 2e-5f);
        assert_float_equal(ref[i], want->values[i], 2e-5f);
    }
    free(got);
    free(ref);
    run_release(&run);
    plan_close(plan);
    pool_close(pool);
}

static void check_conv(FILE *f, const struct conv2d_attr *attr)
{
    struct array x = read_array(f), w = read_array(f), b = read_array(f), y = read_array(f);
    struct weight weight = weight_of(&w), bias = weight_of(&b);
    struct kernels k;
    struct err err = { 0 };
    struct graph g;
    graph_init(&g);
    kernels_select(&k, kernel_isa_detect());
    struct shape shape = { 3, { dim_const(x.dims[0]), dim_of(DIM_HEIGHT), dim_of(DIM_WIDTH) } };
    g.output = graph_conv2d(&g, &weight, &bias, graph_input(&g, 0, shape), attr);
    struct weight_options how = { .kernels = &k };
    assert_ok(weight_prepare(&weight, &how, &err), &err);
    assert_ok(weight_prepare(&bias, &how, &err), &err);
    struct dim_sizes sizes = { { [DIM_HEIGHT] = x.dims[1], [DIM_WIDTH] = x.dims[2] } };
    const float *inputs[] = { x.values };
    check_graph(&g, &sizes, inputs, 1, &y);
    weight_release(&weight);
    weight_release(&bias);
    graph_release(&g);
    free(x.values);
    free(w.values);
    free(b.values);
    free(y.values);
}

static void check_cross_attention(FILE *f)
{
    struct array q = read_array(f), k = read_array(f), v = read_array(f), y = read_array(f);
    struct attention_attr attr = { .n_heads = 4, .n_kv_heads = 2, .head_len = 16 };
    struct graph g;
    graph_init(&g);
    struct shape rows = { 2, { dim_of(DIM_HEIGHT), dim_const(q.dims[1]) } };
    struct shape context = { 2, { dim_of(DIM_CONTEXT), dim_const(k.dims[1]) } };
    g.output = graph_cross_attention(&g, graph_input(&g, 0, rows), graph_input(&g, 1, context),
                                     graph_input(&g, 2, context), &attr);
    struct dim_sizes sizes = { { [DIM_HEIGHT] = q.dims[0], [DIM_CONTEXT] = k.dims[0] } };
    const float *inputs[] = { q.values, k.values, v.values };
    check_graph(&g, &sizes, inputs, 3, &y);
    graph_release(&g);
    free(q.values);
    free(k.values);
    free(v.values);
    free(y.values);
}

/* The largest head there may be, and the softmax of one key is 1. */
static void test_largest_head(void **state)
{
    (void)state;
    enum { ROWS = 3, HEADS = 2 };
    static float q[ROWS * HEADS * ATTENTION_DIM_MAX], kv[ATTENTION_DIM_MAX];
    static float y[ROWS * HEADS * ATTENTION_DIM_MAX];
    struct array want = { .n = sizeof y / sizeof *y, .values = y };
    struct attention_attr attr = { .n_heads = HEADS,
                                   .n_kv_heads = 1,
                                   .head_len = ATTENTION_DIM_MAX };
    for (int i = 0; i < ATTENTION_DIM_MAX; i++) kv[i] = (float)i / 100;
    for (size_t i = 0; i < want.n; i++) {
        q[i] = (float)(i % 7) / 10;
        y[i] = kv[i % ATTENTION_DIM_MAX];
    }
    struct graph g;
    graph_init(&g);
    struct shape rows = { 2, { dim_of(DIM_HEIGHT), dim_const(HEADS * ATTENTION_DIM_MAX) } };
    struct shape context = { 2, { dim_of(DIM_CONTEXT), dim_const(ATTENTION_DIM_MAX) } };
    g.output = graph_cross_attention(&g, graph_input(&g, 0, rows), graph_input(&g, 1, context),
                                     graph_input(&g, 2, context), &attr);
    struct dim_sizes sizes = { { [DIM_HEIGHT] = ROWS, [DIM_CONTEXT] = 1 } };
    const float *inputs[] = { q, kv, kv };
    check_graph(&g, &sizes, inputs, 3, &want);
    graph_release(&g);
}

static void check_group_norm(FILE *f)
{
    struct array x = read_array(f), gain = read_array(f), bias = read_array(f), y = read_array(f);
    struct weight w = weight_of(&gain), b = weight_of(&bias);
    struct kernels k;
    struct err err = { 0 };
    struct graph g;
    graph_init(&g);
    kernels_select(&k, kernel_isa_detect());
    struct shape shape = { 3, { dim_const(x.dims[0]), dim_of(DIM_HEIGHT), dim_of(DIM_WIDTH) } };
    struct group_norm_attr attr = { .groups = 4, .eps = 1e-5f };
    g.output = graph_group_norm(&g, &w, &b, graph_input(&g, 0, shape), &attr);
    struct weight_options how = { .kernels = &k };
    assert_ok(weight_prepare(&w, &how, &err), &err);
    assert_ok(weight_prepare(&b, &how, &err), &err);
    struct dim_sizes sizes = { { [DIM_HEIGHT] = x.dims[1], [DIM_WIDTH] = x.dims[2] } };
    const float *inputs[] = { x.values };
    check_graph(&g, &sizes, inputs, 1, &y);
    weight_release(&w);
    weight_release(&b);
    graph_release(&g);
    free(x.values);
    free(gain.values);
    free(bias.values);
    free(y.values);
}

static void test_against_torch(void **state)
{
    (void)state;
    static const struct conv2d_attr convs[] = {
        { 1, 1, 1, 1 }, { 2, 1, 1, 1 }, { 1, 2, 2, 2 }, { 3, 0, 1, 4 }
    };
    FILE *f = fopen(TIRO_SOURCE_DIR "/tests/golden/ops/ops.bin", "rb");
    assert_non_null(f);
    for (int i = 0; i < 4; i++) check_conv(f, &convs[i]);
    check_cross_attention(f);
    check_group_norm(f);
    assert_int_equal(fgetc(f), EOF);
    (void)fclose(f);
}

static void test_dims(void **state)
{
    (void)state;
    struct dim_sizes sizes = { { [DIM_CONST] = 1, [DIM_WIDTH] = 37 } };
    struct dim d = dim_of(DIM_WIDTH);
    assert_int_equal(dim_value(d, &sizes), 37);
    /* Three strided convolutions one behind another, as one dim. */
    for (int64_t w = 8; w < 200; w++) {
        int64_t plain = w;
        d = dim_of(DIM_WIDTH);
        for (int i = 0; i < 3; i++) {
            plain = (plain + 2 - 3 + 2) / 2;
            d = dim_shift_div(d, 2 - 3 + 2, 2);
        }
        sizes.of[DIM_WIDTH] = w;
        assert_int_equal(dim_value(d, &sizes), plain);
    }
    assert_int_equal(dim_value(dim_shift_div(dim_const(9), 1, 2), &sizes), 5);
    assert_false(dim_eq(dim_const(4), dim_of(DIM_WIDTH)));
}

static void test_misfits_are_named(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct graph g;
    struct weight table = { .name = "table", .n_dims = 2, .dims = { 8, 32 } };
    struct weight wrong = { .name = "blk.3.ffn_up.weight", .n_dims = 2, .dims = { 16, 48 } };
    graph_init(&g);
    struct node *x = graph_embed(&g, &table, EMBED_TOKENS, 0);
    g.output = graph_unary(&g, UNARY_SILU, graph_linear(&g, &wrong, NULL, x));
    assert_null(g.output);
    assert_fails(graph_check(&g, &err), ERR_FORMAT, &err, "blk.3.ffn_up.weight");
    assert_true(strstr(err.text, "48") && strstr(err.text, "32"));
    graph_release(&g);
    /* The first failure stays. */
    graph_init(&g);
    struct attention_attr attr = { .n_heads = 3, .n_kv_heads = 2, .head_len = 16 };
    x = graph_embed(&g, &table, EMBED_TOKENS, 0);
    g.output = graph_linear(&g, &wrong, NULL, graph_attention(&g, x, x, x, &attr));
    assert_fails(graph_check(&g, &err), ERR_FORMAT, &err, "3 heads, 2 KV heads");
    graph_release(&g);
}

static void test_costs(void **state)
{
    (void)state;
    struct tiny t;
    tiny_init(&t, DTYPE_Q8_0, false, TINY_HEAD);
    struct dim_sizes sizes = { { [DIM_CONST] = 1, [DIM_TOKENS] = 10, [DIM_OUTS] = 2 } };
    double macs = 0;
    for (int i = 0; i < t.graph.n_nodes; i++) {
        struct cost c = { 0 };
        t.graph.nodes[i]->op->cost(t.graph.nodes[i], &sizes, &c);
        assert_true(c.macs > 0 && c.bytes > 0);
        if (strcmp(t.graph.nodes[i]->op->name, "linear") == 0) macs += c.macs;
    }
    double layer = 10.0 * (2 * 64 * 64 + 2 * 32 * 64 + 3 * 96 * 64);
    assert_float_equal((float)macs, (float)(TINY_LAYERS * layer + 2.0 * TINY_VOCAB * 64), 0.5f);
    tiny_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_torch),
        cmocka_unit_test(test_dims),
        cmocka_unit_test(test_misfits_are_named),
        cmocka_unit_test(test_largest_head),
        cmocka_unit_test(test_costs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Plans: lifetimes, fusion, and agreement with the reference evaluation. */
#include "graph/eval.h"
#include "graph/planner.h"

#include "fault/fault.h"
#include "tiny.h"

#include <math.h>

/* Every pair of values that are alive in one step lies apart, but for a value that takes over. */
static void check_layout(const struct plan *p)
{
    for (int32_t i = 0; i < p->n_values; i++) {
        const struct value *a = &p->values[i];
        if (a->external) continue;
        assert_int_equal(a->offset % PLAN_ALIGN, 0);
        assert_true(a->offset + a->bytes <= p->block_bytes);
        for (int32_t j = 0; j < i; j++) {
            const struct value *b = &p->values[j];
            if (b->external || a->last < b->first || b->last < a->first) continue;
            bool takes_over = a->over == j && b->last == a->first && a->offset == b->offset;
            bool apart = a->offset + a->bytes <= b->offset || b->offset + b->bytes <= a->offset;
            assert_true(takes_over || apart);
        }
    }
}

static void test_layout(void **state)
{
    (void)state;
    static const int32_t rows[] = { 1, 4, 5, 64 };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (int head_len = 8; head_len <= 16; head_len += 8) {
            struct tiny t;
            tiny_init(&t, DTYPE_Q8_0, i % 2 == 1, head_len);
            struct plan *p = tiny_plan(&t, rows[i], 2);
            check_layout(p);
            assert_true(p->block_bytes > 0);
            assert_true(p->block_bytes < p->values_bytes / 2);
            plan_close(p);
            tiny_release(&t);
        }
    }
}

static void test_layout_by_hand(void **state)
{
    (void)state;
    struct value v[] = {
        { .bytes = 100, .first = 0, .last = 1, .over = VALUE_NONE },
        { .bytes = 64, .first = 1, .last = 2, .over = VALUE_NONE },
        { .bytes = 128, .first = 2, .last = 3, .over = VALUE_NONE }, /* where 0 was */
        { .bytes = 64, .first = 2, .last = 4, .over = 1 },           /* in the place of 1 */
        { .bytes = 64, .first = 3, .last = 4, .over = 2 },           /* smaller, 2 dies: there */
        { .bytes = 256, .first = 4, .last = 4, .over = VALUE_NONE },
        { .bytes = 1 << 20, .first = 4, .last = 4, .over = VALUE_NONE, .external = true },
    };
    struct plan p = { .values = v, .n_values = 7 };
    plan_layout(&p);
    static const size_t offsets[] = { 0, 128, 0, 128, 0, 192 };
    for (int i = 0; i < 6; i++) assert_int_equal(v[i].offset, offsets[i]);
    assert_int_equal(p.block_bytes, 192 + 256);
    check_layout(&p);
}

static int count_steps(const struct plan *p, const char *name)
{
    int n = 0;
    for (int32_t i = 0; i < p->n_steps; i++) n += strcmp(p->steps[i].name, name) == 0;
    return n;
}

/* Few rows: QKV with norm, rope and store; attention; output with residual; gate, up and their
 * product with norm; down with residual. */
static void test_five_steps_a_layer(void **state)
{
    (void)state;
    struct tiny t;
    tiny_init(&t, DTYPE_Q8_0, false, TINY_HEAD);
    struct plan *p = tiny_plan(&t, 4, 2);
    assert_int_equal(p->n_steps, 2 + 5 * TINY_LAYERS + 2); /* table, embed .. rows, head */
    assert_int_equal(count_steps(p, "linear"), 4 * TINY_LAYERS + 1);
    plan_close(p);
    /* Many rows: the inputs are prepared in steps of their own, but down's by gate and up. */
    p = tiny_plan(&t, 64, 2);
    assert_int_equal(p->n_steps, 2 + 8 * TINY_LAYERS + 3);
    assert_int_equal(count_steps(p, "norm"), 2 * TINY_LAYERS + 1);
    assert_int_equal(count_steps(p, "quantise"), TINY_LAYERS);
    plan_close(p);
    tiny_release(&t);
}

struct forward {
    struct batch batch;
    struct batch_seq seqs[2];
    int32_t tokens[32], positions[32], rows[32], blocks[2][4];
};

/* Sequence 0 of 19 rows, sequence 1 of 13; every row is wanted. */
static void two_sequences(struct forward *f)
{
    *f = (struct forward){ .blocks = { { 3, 1, 0, 0 }, { 2, 5, 0, 0 } } };
    for (int i = 0; i < 32; i++) {
        f->tokens[i] = i * 37 % TINY_VOCAB;
        f->positions[i] = i < 19 ? i : i - 19;
        f->rows[i] = i;
    }
    f->seqs[0] = (struct batch_seq){
        .row = 0, .n_rows = 19, .n_blocks = 2, .blocks = f->blocks[0]
    };
    f->seqs[1] = (struct batch_seq){
        .row = 19, .n_rows = 13, .n_blocks = 2, .blocks = f->blocks[1]
    };
    f->batch = (struct batch){ .n_rows = 32,
                               .n_seqs = 2,
                               .n_out = 32,
                               .tokens = f->tokens,
                               .positions = f->positions,
                               .seqs = f->seqs,
                               .out_rows = f->rows };
}

static void compare_with_eval(enum dtype dtype, bool wide, int head_len, double tolerance)
{
    struct tiny t;
    struct err err = { 0 };
    struct kv_store kv, kv_eval;
    struct run run;
    struct forward f;
    static float got[32 * TINY_VOCAB], want[32 * TINY_VOCAB];
    tiny_init(&t, dtype, wide, head_len);
    two_sequences(&f);
    struct kv_geometry geometry = tiny_kv(head_len);
    assert_ok(kv_store_init(&kv, &geometry, DTYPE_F32, 8, &err), &err);
    assert_ok(kv_store_init(&kv_eval, &geometry, DTYPE_F32, 8, &err), &err);
    struct plan *p = tiny_plan(&t, 32, 1);
    assert_ok(run_init(&run, NULL, &t.k, &err), &err);
    assert_ok(run_reserve(&run, p, &err), &err);
    run.batch = &f.batch;
    run.kv = &kv;
    run.out = got;
    run_forward(&run, p);
    struct eval_options o = { .batch = &f.batch, .kv = &kv_eval };
    assert_ok(eval_graph(&t.graph, &o, want, &err), &err);
    double most = 0;
    for (size_t i = 0; i < 32 * TINY_VOCAB; i++) {
        most = fmax(most, fabs((double)want[i]));
        if (!(fabs((double)got[i] - (double)want[i]) <= tolerance))
            fail_msg("value %zu: %g, expected %g", i, (double)got[i], (double)want[i]);
    }
    assert_true(most > 0.1); /* There was something to compare. */
    run_release(&run);
    plan_close(p);
    kv_store_release(&kv);
    kv_store_release(&kv_eval);
    tiny_release(&t);
}

static void test_plan_is_the_reference(void **state)
{
    (void)state;
    compare_with_eval(DTYPE_F32, false, 16, 2e-5);
    compare_with_eval(DTYPE_F32, false, 8, 2e-5);
    /* Int8 activations lose at most 1/254 of a block's largest value each ... */
    compare_with_eval(DTYPE_Q8_0, false, 16, 0.05);
    compare_with_eval(DTYPE_Q8_0, false, 8, 0.05);
    /* ... two of them a 127th of that. */
    compare_with_eval(DTYPE_Q8_0, true, 16, 5e-4);
    compare_with_eval(DTYPE_Q8_0, true, 8, 5e-4);
}

static void test_no_memory(void **state)
{
    (void)state;
    struct tiny t;
    tiny_init(&t, DTYPE_Q8_0, true, TINY_HEAD);
    struct plan_options o = { .mode = PLAN_PREFILL, .kernels = &t.k, .n_threads = 2 };
    o.sizes.of[DIM_TOKENS] = o.sizes.of[DIM_SEQS] = o.sizes.of[DIM_OUTS] = 64;
    int n = 1;
    for (;; n++) {
        struct plan *p = NULL;
        struct run run;
        struct err err = { 0 };
        fault_start(FAULT_ALLOC, n, ENOMEM);
        int result = plan_make(&p, &t.graph, &o, &err);
        if (result == 0) {
            assert_ok(run_init(&run, NULL, &t.k, &err), &err);
            result = run_reserve(&run, p, &err);
            run_release(&run);
        }
        bool hit = fault_stop();
        plan_close(p);
        if (!hit) break;
        assert_int_equal(result, -ERR_NO_MEMORY);
        assert_true(err.text[0] != '\0');
    }
    assert_true(n > 5);
    tiny_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layout),
        cmocka_unit_test(test_layout_by_hand),
        cmocka_unit_test(test_five_steps_a_layer),
        cmocka_unit_test(test_plan_is_the_reference),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

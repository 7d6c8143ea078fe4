/* Tiny networks against what transformers computed from them (tools/golden_model.py). */
#include "base/pool.h"
#include "engine/format.h"
#include "models/model.h"

#include "golden.h"

#include <math.h>

static void forward(struct model *m, struct kv_store *kv, const struct golden_case *c, int chunk,
                    float *out)
{
    int32_t positions[IDS_MAX], rows[IDS_MAX], blocks[IDS_MAX / KV_BLOCK_LEN];
    struct err err = { 0 };
    /* Blocks backwards, so that a wrong table shows. */
    for (int i = 0; i < IDS_MAX / KV_BLOCK_LEN; i++) blocks[i] = IDS_MAX / KV_BLOCK_LEN - 1 - i;
    for (int done = 0; done < c->n_ids; done += chunk) {
        int n = c->n_ids - done < chunk ? c->n_ids - done : chunk;
        for (int i = 0; i < n; i++) {
            positions[i] = done + i;
            rows[i] = i;
        }
        struct batch_seq seq = { .n_rows = n,
                                 .kv_len = kv ? done : 0,
                                 .blocks = blocks,
                                 .n_blocks = IDS_MAX / KV_BLOCK_LEN };
        struct batch b = { .n_rows = n,
                           .n_seqs = 1,
                           .n_out = n,
                           .tokens = c->ids + done,
                           .positions = positions,
                           .seqs = &seq,
                           .out_rows = rows };
        assert_ok(model_forward(m, &b, kv, out + (size_t)done * (size_t)c->width, &err), &err);
    }
}

static void check_case(struct model *m, const struct golden_case *c, int chunk)
{
    const struct model_facts *facts = model_facts(m);
    struct kv_store kv = { 0 };
    struct err err = { 0 };
    bool causal = facts->kind == MODEL_CAUSAL;
    assert_int_equal(facts->n_out_width, c->width);
    if (causal)
        assert_int_equal(
            kv_store_init(&kv, &facts->kv, facts->kv_dtype, IDS_MAX / KV_BLOCK_LEN, &err), 0);
    size_t n = (size_t)c->n_rows * (size_t)c->width;
    float *out = calloc(n, sizeof *out);
    forward(m, causal ? &kv : NULL, c, causal ? chunk : c->n_ids, out);
    for (size_t i = 0; i < n; i++)
        if (!(fabs((double)out[i] - (double)c->values[i]) <= TOLERANCE))
            fail_msg("chunk %d, value %zu of row %zu: %.7f, expected %.7f", chunk,
                     i % (size_t)c->width, i / (size_t)c->width, (double)out[i],
                     (double)c->values[i]);
    free(out);
    if (causal) kv_store_release(&kv);
}

static void check_model(const char *path, const char *golden, enum model_compute compute)
{
    struct checkpoint *checkpoint;
    struct model *m;
    struct err err = { 0 };
    char at[512];
    (void)snprintf(at, sizeof at, "%s/tests/golden/%s", TIRO_SOURCE_DIR, path);
    assert_ok(checkpoint_open(&checkpoint, at, &err), &err);
    struct model_options options = {
        .compute = compute, .kv = MODEL_KV_F32, .n_rows_max = IDS_MAX, .n_out_max = IDS_MAX
    };
    assert_ok(model_open(&m, checkpoint, &options, &err), &err);
    int32_t n_cases;
    FILE *f = golden_open(golden, &n_cases);
    for (int i = 0; i < n_cases; i++) {
        struct golden_case c;
        read_case(&c, f);
        check_case(m, &c, IDS_MAX);
        check_case(m, &c, 1);
        check_case(m, &c, 5);
        free(c.values);
    }
    (void)fclose(f);
    model_close(m);
    checkpoint_close(checkpoint);
}

/* Every golden text and parts of them in one batch, packed without padding: to the bit what each
 * gives alone. */
static void test_texts_in_company(void **state)
{
    (void)state;
    enum { TEXTS = 5, WIDTH = 64 };
    static const int32_t lens[TEXTS] = { 3, 64, 1, 17, 30 };
    static int32_t tokens[IDS_MAX], positions[IDS_MAX];
    float together[TEXTS][WIDTH], alone[WIDTH];
    struct batch_seq seqs[TEXTS];
    struct batch b = { .n_seqs = TEXTS, .tokens = tokens, .positions = positions, .seqs = seqs };
    struct checkpoint *checkpoint;
    struct pool *pool;
    struct model *m;
    struct err err = { 0 };
    assert_ok(checkpoint_open(&checkpoint, TIRO_SOURCE_DIR "/tests/golden/bert/mean", &err), &err);
    assert_ok(pool_open(&pool, 3, &err), &err);
    struct model_options options = { .pool = pool, .n_rows_max = IDS_MAX };
    assert_ok(model_open(&m, checkpoint, &options, &err), &err);
    for (int s = 0; s < TEXTS; s++) {
        seqs[s] = (struct batch_seq){ .row = b.n_rows, .n_rows = lens[s] };
        for (int i = 0; i < lens[s]; i++, b.n_rows++) {
            tokens[b.n_rows] = (b.n_rows * 71 + 13) % 200;
            positions[b.n_rows] = i;
        }
    }
    assert_ok(model_forward(m, &b, NULL, &together[0][0], &err), &err);
    for (int s = 0; s < TEXTS; s++) {
        struct batch_seq seq = { .n_rows = lens[s] };
        struct batch one = { .n_rows = lens[s],
                             .n_seqs = 1,
                             .tokens = tokens + seqs[s].row,
                             .positions = positions + seqs[s].row,
                             .seqs = &seq };
        assert_ok(model_forward(m, &one, NULL, alone, &err), &err);
        assert_memory_equal(alone, together[s], sizeof alone);
    }
    positions[0] = 64; /* Past the table of positions. */
    assert_fails(model_forward(m, &b, NULL, &together[0][0], &err), ERR_INVALID_VALUE, &err,
                 "position 64");
    model_close(m);
    pool_close(pool);
    checkpoint_close(checkpoint);
}

static void test_llama(void **state)
{
    (void)state;
    check_model("llama/gqa", "llama/gqa", MODEL_COMPUTE_F32);
    check_model("llama/gqa", "llama/gqa", MODEL_COMPUTE_AUTO); /* BF16 panels */
}

static void test_llama_gguf(void **state)
{
    (void)state;
    check_model("llama/gqa.gguf", "llama/gqa", MODEL_COMPUTE_F32);
}

static void test_llama_tied(void **state)
{
    (void)state;
    check_model("llama/tied", "llama/tied", MODEL_COMPUTE_F32);
}

static void test_qwen2(void **state)
{
    (void)state;
    check_model("qwen2/tied", "qwen2/tied", MODEL_COMPUTE_F32);
}

static void test_gemma3(void **state)
{
    (void)state;
    check_model("gemma3/window", "gemma3/window", MODEL_COMPUTE_F32);
    check_model("gemma3/window", "gemma3/window", MODEL_COMPUTE_AUTO); /* BF16 panels */
    check_model("gemma3/window.gguf", "gemma3/window", MODEL_COMPUTE_F32);
    check_model("gemma3/stretched", "gemma3/stretched", MODEL_COMPUTE_F32);
}

/* Windows and norms of heads, fused and not: to the bit the same in any chunks, on any threads. */
static void check_chunks(const char *path, const char *golden)
{
    struct checkpoint *checkpoint;
    struct golden_case c;
    struct err err = { 0 };
    char at[512];
    int32_t n_cases;
    FILE *f = golden_open(golden, &n_cases);
    read_case(&c, f);
    for (int i = 1; i < n_cases; i++) { /* The last is the longest. */
        free(c.values);
        read_case(&c, f);
    }
    (void)fclose(f);
    (void)snprintf(at, sizeof at, "%s/tests/golden/%s", TIRO_SOURCE_DIR, path);
    assert_ok(checkpoint_open(&checkpoint, at, &err), &err);
    size_t n = (size_t)c.n_rows * (size_t)c.width;
    float *first = calloc(n, sizeof *first), *out = calloc(n, sizeof *out);
    static const int chunks[] = { IDS_MAX, 1, 7, 33 };
    for (int i = 0; i < 8; i++) {
        struct pool *pool;
        struct model *m;
        struct kv_store kv;
        assert_ok(pool_open(&pool, i < 4 ? 1 : 3, &err), &err);
        struct model_options o = { .pool = pool, .n_rows_max = IDS_MAX, .n_out_max = IDS_MAX };
        assert_ok(model_open(&m, checkpoint, &o, &err), &err);
        const struct model_facts *facts = model_facts(m);
        assert_ok(kv_store_init(&kv, &facts->kv, facts->kv_dtype, IDS_MAX / KV_BLOCK_LEN, &err),
                  &err);
        forward(m, &kv, &c, chunks[i % 4], i == 0 ? first : out);
        if (i > 0) assert_memory_equal(first, out, n * sizeof *out);
        kv_store_release(&kv);
        model_close(m);
        pool_close(pool);
    }
    free(first);
    free(out);
    free(c.values);
    checkpoint_close(checkpoint);
}

static void test_gemma3_in_chunks(void **state)
{
    (void)state;
    check_chunks("gemma3/window", "gemma3/window");
    check_chunks("gemma3/window.gguf", "gemma3/window");
    check_chunks("gemma3/stretched", "gemma3/stretched");
}

static void test_bert(void **state)
{
    (void)state;
    check_model("bert/mean", "bert/mean", MODEL_COMPUTE_F32);
    check_model("bert/cls", "bert/cls", MODEL_COMPUTE_F32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_llama),      cmocka_unit_test(test_llama_gguf),
        cmocka_unit_test(test_llama_tied), cmocka_unit_test(test_qwen2),
        cmocka_unit_test(test_gemma3),     cmocka_unit_test(test_gemma3_in_chunks),
        cmocka_unit_test(test_bert),       cmocka_unit_test(test_texts_in_company),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

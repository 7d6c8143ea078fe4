/* LoRA adapters: against PEFT's own numbers (tools/golden_adapter.py); a row's bits do not depend
 * on who else has which adapter; what is refused, and how it is named. */
#include "base/pool.h"
#include "base/seam.h"
#include "engine/format.h"
#include "engine/quantise.h"
#include "graph/lora.h"
#include "models/model.h"

#include "fault/fault.h"
#include "golden.h"

#include <fcntl.h>
#include <math.h>
#include <unistd.h>

enum { BLOCKS = IDS_MAX / KV_BLOCK_LEN };

static struct err err;

static void golden_path(char *ret, size_t size, const char *name)
{
    (void)snprintf(ret, size, "%s/tests/golden/%s", TIRO_SOURCE_DIR, name);
}

static struct checkpoint *open_golden(const char *name)
{
    struct checkpoint *c;
    char at[512];
    golden_path(at, sizeof at, name);
    assert_ok(checkpoint_open(&c, at, &err), &err);
    return c;
}

static int32_t add(struct model *m, const char *name)
{
    int32_t slot;
    struct checkpoint *c = open_golden(name);
    assert_true(c->is_adapter);
    assert_ok(model_add_adapter(m, &slot, c, &err), &err);
    checkpoint_close(c);
    return slot;
}

/* --- PEFT's numbers --------------------------------------------------------------------------- */

static void forward(struct model *m, struct kv_store *kv, const struct golden_case *c, int chunk,
                    int32_t slot, float *out)
{
    int32_t positions[IDS_MAX], rows[IDS_MAX], slots[IDS_MAX], blocks[BLOCKS];
    for (int i = 0; i < BLOCKS; i++) blocks[i] = i;
    for (int done = 0; done < c->n_ids; done += chunk) {
        int n = c->n_ids - done < chunk ? c->n_ids - done : chunk;
        for (int i = 0; i < n; i++) {
            positions[i] = done + i;
            rows[i] = i;
            slots[i] = slot;
        }
        struct batch_seq seq = {
            .n_rows = n, .kv_len = done, .blocks = blocks, .n_blocks = BLOCKS
        };
        struct batch b = { .n_rows = n,
                           .n_seqs = 1,
                           .n_out = n,
                           .tokens = c->ids + done,
                           .positions = positions,
                           .adapters = slots,
                           .seqs = &seq,
                           .out_rows = rows };
        assert_ok(model_forward(m, &b, kv, out + (size_t)done * (size_t)c->width, &err), &err);
    }
}

static void check_case(struct model *m, const struct golden_case *c, int32_t slot)
{
    const struct model_facts *facts = model_facts(m);
    struct kv_store kv;
    size_t n = (size_t)c->n_rows * (size_t)c->width;
    float *out = calloc(n, sizeof *out);
    assert_non_null(out);
    assert_int_equal(facts->n_out_width, c->width);
    assert_ok(kv_store_init(&kv, &facts->kv, facts->kv_dtype, BLOCKS, &err), &err);
    static const int chunks[] = { IDS_MAX, 1, 5 };
    for (int k = 0; k < 3; k++) {
        forward(m, &kv, c, chunks[k], slot, out);
        for (size_t i = 0; i < n; i++)
            if (!(fabs((double)out[i] - (double)c->values[i]) <=
                  TOLERANCE * fmax(1, fabs((double)c->values[i]) / 10)))
                fail_msg("chunk %d, value %zu of row %zu: %.7f, PEFT has %.7f", chunks[k],
                         i % (size_t)c->width, i / (size_t)c->width, (double)out[i],
                         (double)c->values[i]);
    }
    kv_store_release(&kv);
    free(out);
}

static void check_adapter(const char *base, const char *name, enum model_compute compute)
{
    struct checkpoint *c = open_golden(base);
    struct model *m;
    struct model_options options = {
        .compute = compute, .kv = MODEL_KV_F32, .n_rows_max = IDS_MAX, .n_out_max = IDS_MAX
    };
    assert_ok(model_open(&m, c, &options, &err), &err);
    int32_t slot = add(m, name), n_cases;
    FILE *f = golden_open(name, &n_cases);
    for (int i = 0; i < n_cases; i++) {
        struct golden_case golden;
        read_case(&golden, f);
        check_case(m, &golden, slot);
        free(golden.values);
    }
    (void)fclose(f);
    model_close(m);
    checkpoint_close(c);
}

static void test_against_peft(void **state)
{
    (void)state;
    check_adapter("qwen2/tied", "adapter/qwen2-all", MODEL_COMPUTE_F32);
    check_adapter("qwen2/tied", "adapter/qwen2-all", MODEL_COMPUTE_AUTO); /* BF16 panels */
    check_adapter("qwen2/tied", "adapter/qwen2-patterns", MODEL_COMPUTE_F32);
    check_adapter("llama/gqa", "adapter/llama-attention", MODEL_COMPUTE_F32);
    check_adapter("llama/gqa.gguf", "adapter/llama-attention", MODEL_COMPUTE_F32);
    check_adapter("llama/gqa.gguf", "adapter/llama-mlp", MODEL_COMPUTE_F32);
    check_adapter("llama/tied", "adapter/llama-unfused", MODEL_COMPUTE_F32);
    check_adapter("gemma3/window", "adapter/gemma3-some", MODEL_COMPUTE_F32);
    check_adapter("gemma3/window.gguf", "adapter/gemma3-some", MODEL_COMPUTE_F32);
}

/* --- company ---------------------------------------------------------------------------------- */

/* Five sequences, of which some have an adapter and two share one. */
enum { SEQS = 5, LEN = 30, VOCAB = 288, N_SLOTS = 2, SEQ_BLOCKS = 2 };
static const int adapter_of[SEQS] = { 0, -1, 1, 0, -1 }; /* Of slots[] below. */

struct world {
    struct checkpoint *c;
    struct pool *pool;
    struct model *m;
    struct kv_store kv;
    int32_t slots[N_SLOTS];
};

static char quantised[] = "/tmp/tiro_adapter_XXXXXX";

/* The network in Q8_0, so that the fast path's fusions are there. */
static void world_open(struct world *w, int n_threads, uint32_t isa)
{
    assert_ok(checkpoint_open(&w->c, quantised, &err), &err);
    assert_ok(pool_open(&w->pool, n_threads, &err), &err);
    struct model_options o = { .pool = w->pool,
                               .n_rows_max = SEQS * LEN,
                               .n_out_max = SEQS * LEN,
                               .isa_mask = isa,
                               .plan_ahead = true };
    assert_ok(model_open(&w->m, w->c, &o, &err), &err);
    const struct model_facts *f = model_facts(w->m);
    assert_ok(kv_store_init(&w->kv, &f->kv, f->kv_dtype, SEQS * SEQ_BLOCKS, &err), &err);
}

static void world_add(struct world *w)
{
    /* In another order, so that a slot's number cannot be what decides. */
    int32_t passing = add(w->m, "adapter/llama-attention");
    w->slots[1] = add(w->m, "adapter/llama-attention");
    model_remove_adapter(w->m, passing);
    w->slots[0] = add(w->m, "adapter/llama-mlp");
}

static void world_close(struct world *w)
{
    kv_store_release(&w->kv);
    model_close(w->m);
    pool_close(w->pool);
    checkpoint_close(w->c);
}

/* The next n[s] tokens of each sequence. */
static void step(struct world *w, bool adapted, int32_t done[SEQS], const int32_t n[SEQS],
                 float out[SEQS][LEN][VOCAB])
{
    static float logits[SEQS * LEN][VOCAB];
    int32_t tokens[SEQS * LEN], positions[SEQS * LEN], rows[SEQS * LEN], slots[SEQS * LEN];
    int32_t blocks[SEQS][SEQ_BLOCKS];
    struct batch_seq seqs[SEQS];
    struct batch b = { .tokens = tokens,
                       .positions = positions,
                       .adapters = adapted ? slots : NULL,
                       .seqs = seqs,
                       .out_rows = rows };
    for (int s = 0; s < SEQS; s++) {
        if (n[s] == 0) continue;
        for (int i = 0; i < SEQ_BLOCKS; i++) blocks[s][i] = s * SEQ_BLOCKS + i;
        seqs[b.n_seqs++] = (struct batch_seq){ .row = b.n_rows,
                                               .n_rows = n[s],
                                               .kv_len = done[s],
                                               .n_blocks = SEQ_BLOCKS,
                                               .blocks = blocks[s] };
        for (int i = 0; i < n[s]; i++, b.n_rows++) {
            positions[b.n_rows] = done[s] + i;
            tokens[b.n_rows] = (s * 31 + (done[s] + i) * 17) % VOCAB;
            rows[b.n_rows] = b.n_rows;
            slots[b.n_rows] = adapter_of[s] < 0 ? -1 : w->slots[adapter_of[s]];
        }
    }
    b.n_out = b.n_rows;
    assert_ok(model_forward(w->m, &b, &w->kv, &logits[0][0], &err), &err);
    for (int s = 0, row = 0; s < SEQS; s++) {
        for (int i = 0; i < n[s]; i++, row++)
            memcpy(out[s][done[s] + i], logits[row], sizeof logits[row]);
        done[s] += n[s];
    }
}

static void run_alone(struct world *w, bool adapted, float out[SEQS][LEN][VOCAB])
{
    for (int s = 0; s < SEQS; s++) {
        int32_t done[SEQS] = { 0 }, n[SEQS] = { 0 };
        n[s] = 1;
        while (done[s] < LEN) step(w, adapted, done, n, out);
    }
}

static void run_together(struct world *w, uint32_t seed, float out[SEQS][LEN][VOCAB])
{
    int32_t done[SEQS] = { 0 };
    for (bool more = true; more;) {
        int32_t n[SEQS], total = 0;
        more = false;
        for (int s = 0; s < SEQS; s++) {
            seed = seed * 1664525u + 1013904223u;
            n[s] = (int32_t)(seed >> 20) % (seed & 1 << 19 ? 3 : 15);
            if (n[s] > LEN - done[s]) n[s] = LEN - done[s];
            total += n[s];
        }
        if (total > 0) step(w, true, done, n, out);
        for (int s = 0; s < SEQS; s++) more |= done[s] < LEN;
    }
}

static void check_same(float a[SEQS][LEN][VOCAB], float b[SEQS][LEN][VOCAB], int s,
                       const char *what)
{
    for (int i = 0; i < LEN; i++)
        if (memcmp(a[s][i], b[s][i], sizeof a[s][i]) != 0)
            fail_msg("%s: sequence %d differs at position %d", what, s, i);
}

static void test_company(void **state)
{
    (void)state;
    static float plain[SEQS][LEN][VOCAB], alone[SEQS][LEN][VOCAB], other[SEQS][LEN][VOCAB];
    struct world w;
    world_open(&w, 1, 0);
    run_alone(&w, false, plain);
    world_add(&w);
    run_alone(&w, true, alone);
    world_close(&w);
    for (int s = 0; s < SEQS; s++) {
        if (adapter_of[s] < 0)
            check_same(plain, alone, s, "without an adapter");
        else
            assert_memory_not_equal(plain[s], alone[s], sizeof plain[s]);
    }
    for (int n_threads = 1; n_threads <= 3; n_threads++) {
        world_open(&w, n_threads, n_threads == 1 ? 0 : kernel_isa_detect());
        world_add(&w);
        for (uint32_t seed = 1; seed <= 3; seed++) {
            memset(other, 0, sizeof other);
            run_together(&w, seed, other);
            for (int s = 0; s < SEQS; s++) check_same(alone, other, s, "together");
        }
        world_close(&w);
    }
}

static int n_allocations;

static void *counting_alloc(size_t size)
{
    n_allocations++;
    return seams_real.alloc(size);
}

static void *counting_realloc(void *ptr, size_t size)
{
    n_allocations++;
    return seams_real.realloc(ptr, size);
}

static void test_no_allocation(void **state)
{
    (void)state;
    static float out[SEQS][LEN][VOCAB];
    struct world w;
    world_open(&w, 2, 0);
    world_add(&w);
    seams.alloc = counting_alloc;
    seams.realloc = counting_realloc;
    mem_free(mem_alloc(1));
    assert_int_equal(n_allocations, 1); /* The counter counts. */
    run_together(&w, 1, out);
    seams = seams_real;
    assert_int_equal(n_allocations, 1);
    world_close(&w);
}

/* --- what is refused -------------------------------------------------------------------------- */

static struct model *small; /* qwen2/tied */

/* qwen2-all with its adapter_config.json edited: the first `from` becomes `to`. */
static int try_config(const char *from, const char *to)
{
    char at[512], *text;
    size_t len;
    struct buf b;
    struct checkpoint *c;
    int32_t slot;
    golden_path(at, sizeof at, "adapter/qwen2-all/adapter_config.json");
    assert_ok(file_read_all(&text, &len, at, 1 << 20, &err), &err);
    char *found = strstr(text, from);
    assert_non_null(found);
    buf_init(&b, 1 << 20);
    buf_add(&b, text, (size_t)(found - text));
    buf_add_str(&b, to);
    buf_add_str(&b, found + strlen(from));
    golden_path(at, sizeof at, "adapter/qwen2-all/adapter_model.safetensors");
    int fd = open(at, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    int rc = checkpoint_open_adapter(&c, buf_slice(&b), fd, "sql", &err);
    if (rc == 0) {
        rc = model_add_adapter(small, &slot, c, &err);
        if (rc == 0) model_remove_adapter(small, slot);
        checkpoint_close(c);
    }
    close(fd);
    buf_release(&b);
    mem_free(text);
    return rc;
}

static void test_refused_by_key(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to;
        int code;
        const char *part;
    } rows[] = {
        { "\"LORA\"", "\"IA3\"", ERR_UNSUPPORTED_FORMAT, "peft_type is \"IA3\"" },
        { "\"none\"", "\"all\"", ERR_UNSUPPORTED_FORMAT, "bias is \"all\"" },
        { "\"use_dora\": false", "\"use_dora\": true", ERR_UNSUPPORTED_FORMAT, "use_dora" },
        { "\"fan_in_fan_out\": false", "\"fan_in_fan_out\": true", ERR_UNSUPPORTED_FORMAT,
          "fan_in_fan_out" },
        { "\"modules_to_save\": null", "\"modules_to_save\": [\"lm_head\"]", ERR_UNSUPPORTED_FORMAT,
          "modules_to_save" },
        { "\"use_dora\"", "\"of_the_future\": 1, \"use_dora\"", ERR_UNSUPPORTED_FORMAT,
          "of_the_future" },
        { "\"init_lora_weights\": true", "\"init_lora_weights\": \"pissa\"", ERR_UNSUPPORTED_FORMAT,
          "\"pissa\"" },
        { "\"r\": 4", "\"r\": 0", ERR_LIMIT, "must be 1 to 256" },
        { "\"r\": 4", "\"r\": 257", ERR_LIMIT, "257" },
        { "\"r\": 4", "\"r\": 256", ERR_FORMAT, "[256, 64]" }, /* Not what the tensors have. */
        { "\"r\": 4", "\"r\": \"4\"", ERR_FORMAT, "the key r must be an integer" },
        { "\"r\": 4,", "", ERR_FORMAT, "the key r" },
        { "\"lora_alpha\": 8", "\"lora_alpha\": null", ERR_FORMAT, "lora_alpha" },
        { "\"rank_pattern\": {}", "\"rank_pattern\": {\"q_proj\": 3}", ERR_FORMAT, "[3, 64]" },
        { "\"rank_pattern\": {}", "\"rank_pattern\": {\"q_proj\": 4.5}", ERR_LIMIT, "q_proj" },
        { "\"rank_pattern\": {}", "\"rank_pattern\": {\".*q_proj\": 3}", ERR_UNSUPPORTED_FORMAT,
          "regular expressions" },
        { "\"alpha_pattern\": {}", "\"alpha_pattern\": {\"q_proj\": []}", ERR_FORMAT,
          "must be a number" },
        { "\"alpha_pattern\": {}", "\"alpha_pattern\": 3", ERR_FORMAT, "must be an object" },
        { "{", "[", ERR_FORMAT, "sql: " },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_fails(try_config(rows[i].from, rows[i].to), rows[i].code, &err, rows[i].part);
    assert_ok(try_config("{", " {"), &err);
    assert_ok(try_config("\"rank_pattern\": {}", "\"rank_pattern\": {\"v_proj\": 4}"), &err);
    assert_ok(try_config("\"rank_pattern\": {}",
                         "\"rank_pattern\": {\"^model.layers.0.mlp.up_proj\": 4, \"roj\": 9}"),
              &err);
    assert_ok(try_config("\"init_lora_weights\": true", "\"init_lora_weights\": \"gaussian\""),
              &err);
}

static void test_refused_by_tensor(void **state)
{
    (void)state;
    struct checkpoint *c = open_golden("adapter/qwen2-all"), *base = open_golden("qwen2/tied");
    struct checkpoint *foreign = open_golden("adapter/llama-attention");
    struct model *m;
    struct model_options o = { .n_rows_max = 16 };
    int32_t slot;
    assert_fails(model_add_adapter(small, &slot, base, &err), ERR_UNSUPPORTED_FORMAT, &err,
                 "not an adapter");
    assert_fails(model_add_adapter(small, &slot, foreign, &err), ERR_FORMAT, &err,
                 "down_proj.lora_A.weight is 2-dimensional [3, 96]");
    assert_fails(model_open(&m, c, &o, &err), ERR_UNSUPPORTED_FORMAT, &err, "is an adapter");
    struct checkpoint_tensor *first = &c->tensors[0];
    first->usable = false; /* As if it were of integers. */
    assert_fails(model_add_adapter(small, &slot, c, &err), ERR_FORMAT, &err, "has no lora_");
    checkpoint_close(c);
    checkpoint_close(base);
    checkpoint_close(foreign);
    c = open_golden("bert/mean");
    foreign = open_golden("adapter/qwen2-all");
    assert_ok(model_open(&m, c, &o, &err), &err);
    assert_fails(model_add_adapter(m, &slot, foreign, &err), ERR_UNSUPPORTED_FORMAT, &err,
                 "bert models take no adapters");
    model_close(m);
    checkpoint_close(c);
    checkpoint_close(foreign);
}

/* A tensor that belongs to no matrix of a layer, such as one of the head. */
static void test_tensor_of_nothing(void **state)
{
    (void)state;
    struct checkpoint *c = open_golden("adapter/qwen2-all");
    struct checkpoint more = *c;
    int32_t slot;
    more.tensors = calloc(c->n_tensors + 1, sizeof *more.tensors);
    assert_non_null(more.tensors);
    memcpy(more.tensors, c->tensors, c->n_tensors * sizeof *more.tensors);
    more.tensors[more.n_tensors] = c->tensors[0];
    more.tensors[more.n_tensors++].name = SLICE("base_model.model.lm_head.lora_A.weight");
    assert_fails(model_add_adapter(small, &slot, &more, &err), ERR_UNSUPPORTED_FORMAT, &err,
                 "lm_head.lora_A.weight changes nothing");
    free(more.tensors);
    checkpoint_close(c);
}

static void test_limits(void **state)
{
    (void)state;
    struct checkpoint *c = open_golden("adapter/qwen2-patterns"), *base = open_golden("qwen2/tied");
    struct model *m;
    struct model_options o = { .n_rows_max = 16 };
    int32_t slot, last = -1;
    assert_ok(model_open(&m, base, &o, &err), &err);
    for (int i = 0; i < LORA_SLOTS_MAX; i++) {
        assert_ok(model_add_adapter(m, &slot, c, &err), &err);
        assert_int_not_equal(slot, last);
        last = slot;
    }
    assert_fails(model_add_adapter(m, &slot, c, &err), ERR_LIMIT, &err, "64 adapters");
    model_remove_adapter(m, 5);
    assert_ok(model_add_adapter(m, &slot, c, &err), &err);
    assert_int_equal(slot, 5);
    model_close(m);
    o.adapter_bytes_max = 1;
    for (int tries = 0; tries < 2; tries++) { /* The error tells what would have been enough. */
        assert_ok(model_open(&m, base, &o, &err), &err);
        if (tries == 0) {
            assert_fails(model_add_adapter(m, &slot, c, &err), ERR_LIMIT, &err, "takes ");
            o.adapter_bytes_max = strtoull(strstr(err.text, "takes ") + 6, NULL, 10);
            assert_true(o.adapter_bytes_max > 1);
        } else {
            assert_ok(model_add_adapter(m, &slot, c, &err), &err);
            assert_fails(model_add_adapter(m, &slot, c, &err), ERR_LIMIT, &err, "0 are left");
        }
        model_close(m);
    }
    checkpoint_close(c);
    checkpoint_close(base);
}

static void test_want_of_memory(void **state)
{
    (void)state;
    struct checkpoint *base = open_golden("llama/gqa.gguf");
    struct checkpoint *c = open_golden("adapter/llama-attention");
    struct model_options o = { .n_rows_max = 4, .plan_ahead = true };
    for (int n = 1;; n++) {
        struct model *m;
        int32_t slot;
        assert_ok(model_open(&m, base, &o, &err), &err);
        fault_start(FAULT_ALLOC, n, ENOMEM);
        int rc = model_add_adapter(m, &slot, c, &err);
        bool hit = fault_stop();
        if (hit) assert_int_equal(rc, -ERR_NO_MEMORY);
        if (rc < 0)
            assert_ok(model_add_adapter(m, &slot, c, &err), &err); /* Nothing is left over. */
        model_close(m);
        if (!hit) break;
        assert_true(n < 2000);
    }
    checkpoint_close(base);
    checkpoint_close(c);
}

static int set_up(void **state)
{
    (void)state;
    struct checkpoint *c = open_golden("llama/gqa.gguf");
    struct quantise_options o = { .type = DTYPE_Q8_0 };
    struct quantise_result r;
    int fd = mkstemp(quantised);
    if (fd < 0) return -1;
    close(fd);
    assert_ok(pool_open(&o.pool, 1, &err), &err);
    assert_ok(quantise_model(&r, c, quantised, &o, &err), &err);
    pool_close(o.pool);
    checkpoint_close(c);
    c = open_golden("qwen2/tied");
    struct model_options small_options = { .n_rows_max = 16 };
    assert_ok(model_open(&small, c, &small_options, &err), &err);
    *state = c;
    return 0;
}

static int tear_down(void **state)
{
    model_close(small);
    checkpoint_close(*state);
    return unlink(quantised);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_peft),
        cmocka_unit_test(test_company),
        cmocka_unit_test(test_no_allocation),
        cmocka_unit_test(test_refused_by_key),
        cmocka_unit_test(test_refused_by_tensor),
        cmocka_unit_test(test_tensor_of_nothing),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_want_of_memory),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

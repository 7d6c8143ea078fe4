/* A sequence's result is the same bit for bit alone or in company, in any chunks, on any number of
 * threads; and a forward allocates nothing. */
#include "tiny.h"

#include "base/seam.h"
#include "graph/head.h"

#include <stdio.h>

enum { SEQS = 5, LEN_MAX = 40 };

static const int32_t lens[SEQS] = { 1, 40, 17, 33, 6 };

struct world {
    struct tiny t;
    struct pool *pool;
    struct run run;
    struct plan *plans[4];
    struct kv_store kv;
};

static const int32_t buckets[4] = { 1, 4, 16, 64 };

static void world_init_isa(struct world *w, enum dtype dtype, bool wide, int head_len,
                           int n_threads, enum dtype kv_dtype, uint32_t isa)
{
    struct err err = { 0 };
    tiny_init_isa(&w->t, dtype, wide, head_len, isa);
    struct kv_geometry geometry = tiny_kv(head_len);
    assert_ok(pool_open(&w->pool, n_threads, &err), &err);
    assert_ok(run_init(&w->run, w->pool, &w->t.k, &err), &err);
    assert_ok(kv_store_init(&w->kv, &geometry, kv_dtype, SEQS * 4, &err), &err);
    for (int i = 0; i < 4; i++) {
        w->plans[i] = tiny_plan(&w->t, buckets[i], n_threads);
        assert_ok(run_reserve(&w->run, w->plans[i], &err), &err);
    }
}

static void world_init(struct world *w, enum dtype dtype, bool wide, int head_len, int n_threads,
                       enum dtype kv_dtype)
{
    world_init_isa(w, dtype, wide, head_len, n_threads, kv_dtype, kernel_isa_detect());
}

static void world_release(struct world *w)
{
    for (int i = 0; i < 4; i++) plan_close(w->plans[i]);
    run_release(&w->run);
    pool_close(w->pool);
    kv_store_release(&w->kv);
    tiny_release(&w->t);
}

enum { CHUNKS = (TINY_VOCAB + HEAD_CHUNK - 1) / HEAD_CHUNK };

static const float scales[SEQS] = { 0, 1, 2.5f, 1, 0 };

/* What the head gathered is what the reference finds in the logits. */
static void check_head(const struct head *h, const float *logits, int n_out)
{
    struct kernels k;
    kernels_select(&k, 0);
    for (int i = 0; i < n_out * CHUNKS; i++) {
        int row = i / CHUNKS, first = i % CHUNKS * HEAD_CHUNK;
        size_t n = (size_t)(TINY_VOCAB - first < HEAD_CHUNK ? TINY_VOCAB - first : HEAD_CHUNK);
        float max, sum, *want_sum = h->scales[row] > 0 ? &sum : NULL;
        head_chunk(&k, &max, want_sum, logits + row * TINY_VOCAB + first, n, h->scales[row]);
        assert_memory_equal(&h->max[i], &max, sizeof max);
        if (want_sum) assert_memory_equal(&h->sum[i], &sum, sizeof sum);
    }
}

/* One forward: the next n[s] tokens of each sequence s, out[s][position] for each. */
static void step(struct world *w, int32_t done[SEQS], const int32_t n[SEQS],
                 float out[SEQS][LEN_MAX][TINY_VOCAB])
{
    static float logits[TINY_ROWS_MAX][TINY_VOCAB];
    int32_t tokens[TINY_ROWS_MAX], positions[TINY_ROWS_MAX], rows[TINY_ROWS_MAX];
    int32_t blocks[SEQS][4];
    struct batch_seq seqs[SEQS];
    static float max[TINY_ROWS_MAX * CHUNKS], sum[TINY_ROWS_MAX * CHUNKS];
    float row_scales[TINY_ROWS_MAX];
    struct head head = { .scales = row_scales, .max = max, .sum = sum };
    struct batch b = { .tokens = tokens, .positions = positions, .seqs = seqs, .out_rows = rows };
    b.head = &head;
    for (int s = 0; s < SEQS; s++) {
        if (n[s] == 0) continue;
        for (int i = 0; i < 4; i++) blocks[s][i] = (s * 7 + i * 11 + 3) % SEQS * 4 + i;
        seqs[b.n_seqs++] = (struct batch_seq){
            .row = b.n_rows, .n_rows = n[s], .kv_len = done[s], .n_blocks = 4, .blocks = blocks[s]
        };
        for (int i = 0; i < n[s]; i++, b.n_rows++) {
            positions[b.n_rows] = done[s] + i;
            tokens[b.n_rows] = (s * 31 + (done[s] + i) * 17) % TINY_VOCAB;
            rows[b.n_rows] = b.n_rows;
            row_scales[b.n_rows] = scales[s];
        }
    }
    b.n_out = b.n_rows;
    int bucket = 0;
    while (buckets[bucket] < b.n_rows) bucket++;
    w->run.batch = &b;
    w->run.kv = &w->kv;
    w->run.out = &logits[0][0];
    run_forward(&w->run, w->plans[bucket]);
    check_head(&head, &logits[0][0], b.n_out);
    for (int s = 0, row = 0; s < SEQS; s++) {
        for (int i = 0; i < n[s]; i++, row++)
            memcpy(out[s][done[s] + i], logits[row], sizeof logits[row]);
        done[s] += n[s];
    }
}

/* Each alone, a token at a time. */
static void run_alone(struct world *w, float out[SEQS][LEN_MAX][TINY_VOCAB])
{
    for (int s = 0; s < SEQS; s++) {
        int32_t done[SEQS] = { 0 }, n[SEQS] = { 0 };
        n[s] = 1;
        while (done[s] < lens[s]) step(w, done, n, out);
    }
}

/* All together, in chunks that differ by sequence and time. */
static void run_together(struct world *w, uint32_t seed, float out[SEQS][LEN_MAX][TINY_VOCAB])
{
    int32_t done[SEQS] = { 0 };
    for (bool more = true; more;) {
        int32_t n[SEQS], total = 0;
        more = false;
        for (int s = 0; s < SEQS; s++) {
            seed = seed * 1664525u + 1013904223u;
            n[s] = (int32_t)(seed >> 20) % 19;
            if (n[s] > lens[s] - done[s]) n[s] = lens[s] - done[s];
            if (total + n[s] > TINY_ROWS_MAX) n[s] = 0;
            total += n[s];
        }
        if (total > 0) step(w, done, n, out);
        for (int s = 0; s < SEQS; s++) more |= done[s] < lens[s];
    }
}

static void check_same(float a[SEQS][LEN_MAX][TINY_VOCAB], float b[SEQS][LEN_MAX][TINY_VOCAB],
                       const char *what)
{
    for (int s = 0; s < SEQS; s++)
        for (int i = 0; i < lens[s]; i++)
            if (memcmp(a[s][i], b[s][i], sizeof a[s][i]) != 0)
                fail_msg("%s: sequence %d differs at position %d", what, s, i);
}

static void check_type(enum dtype dtype, bool wide, int head_len, enum dtype kv_dtype)
{
    static float alone[SEQS][LEN_MAX][TINY_VOCAB], other[SEQS][LEN_MAX][TINY_VOCAB];
    struct world w;
    world_init(&w, dtype, wide, head_len, 1, kv_dtype);
    run_alone(&w, alone);
    for (uint32_t seed = 1; seed <= 4; seed++) {
        memset(other, 0, sizeof other);
        run_together(&w, seed, other);
        check_same(alone, other, "together");
    }
    world_release(&w);
    for (int n_threads = 2; n_threads <= 5; n_threads += 3) {
        world_init(&w, dtype, wide, head_len, n_threads, kv_dtype);
        memset(other, 0, sizeof other);
        run_together(&w, 9, other);
        check_same(alone, other, "threads");
        world_release(&w);
    }
}

static void test_quantised(void **state)
{
    (void)state;
    check_type(DTYPE_Q8_0, false, 16, DTYPE_F16);
}

static void test_wide(void **state)
{
    (void)state;
    check_type(DTYPE_Q8_0, true, 16, DTYPE_F16);
}

static void test_unfused(void **state)
{
    (void)state;
    check_type(DTYPE_Q8_0, false, 8, DTYPE_F16);
}

static void test_f32(void **state)
{
    (void)state;
    check_type(DTYPE_F32, false, 16, DTYPE_F32);
}

/* The reference kernels, AVX2 and whatever else this CPU has: the same text on every machine. */
static void test_instruction_sets(void **state)
{
    (void)state;
    static float want[SEQS][LEN_MAX][TINY_VOCAB], got[SEQS][LEN_MAX][TINY_VOCAB];
    struct world w;
    for (int wide = 0; wide < 2; wide++) {
        world_init_isa(&w, DTYPE_Q8_0, wide, 16, 1, DTYPE_F16, 0);
        run_together(&w, 3, want);
        world_release(&w);
        for (uint32_t isa = ISA_AVX2; isa <= ISA_BF16512; isa = isa << 1 | ISA_AVX2) {
            world_init_isa(&w, DTYPE_Q8_0, wide, 16, 2, DTYPE_F16, isa & kernel_isa_detect());
            memset(got, 0, sizeof got);
            run_together(&w, 5, got);
            check_same(want, got, "instruction sets");
            world_release(&w);
        }
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

static void *counting_map(size_t size)
{
    n_allocations++;
    return seams_real.map(size);
}

static void test_no_allocation(void **state)
{
    (void)state;
    static float out[SEQS][LEN_MAX][TINY_VOCAB];
    struct world w;
    world_init(&w, DTYPE_Q8_0, true, 16, 2, DTYPE_F16);
    seams.alloc = counting_alloc;
    seams.realloc = counting_realloc;
    seams.map = counting_map;
    mem_free(mem_alloc(1));
    assert_int_equal(n_allocations, 1); /* The counter counts. */
    run_together(&w, 1, out);
    seams = seams_real;
    assert_int_equal(n_allocations, 1);
    world_release(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quantised),        cmocka_unit_test(test_wide),
        cmocka_unit_test(test_unfused),          cmocka_unit_test(test_f32),
        cmocka_unit_test(test_instruction_sets), cmocka_unit_test(test_no_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The KV cache against a naive model: what a slot holds is a hash of everything before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/seam.h"
#include "engine/kvcache.h"

enum { N_BLOCKS = 24, N_SEQS = 6, BLOCKS_PER_SEQ = 10, LEN_MAX = BLOCKS_PER_SEQ * KV_BLOCK_LEN };

/* What the store would hold: for each slot, everything that its key and value depend on. */
static uint64_t store[N_BLOCKS][KV_BLOCK_LEN];

static void copy(void *ctx, int32_t to, int32_t from)
{
    (void)ctx;
    assert_int_not_equal(to, from);
    memcpy(store[to], store[from], sizeof store[to]);
}

static struct kvcache *open_pinning(int32_t n_blocks, int32_t n_pinned_max)
{
    struct kvcache *kv;
    struct err err;
    struct kvcache_options o = {
        .n_blocks = n_blocks, .n_seqs = N_SEQS, .blocks_per_seq = BLOCKS_PER_SEQ, .copy = copy
    };
    o.n_pinned_max = n_pinned_max;
    assert_int_equal(kvcache_open(&kv, &o, &err), 0);
    return kv;
}

static struct kvcache *open_cache(int32_t n_blocks)
{
    return open_pinning(n_blocks, 0);
}

static uint64_t mix(uint64_t h, uint64_t v)
{
    h = (h ^ v) * UINT64_C(0x9e3779b97f4a7c15);
    return h ^ (h >> 29);
}

struct naive {
    int32_t tokens[LEN_MAX];
    int32_t len, n_tokens, tenant;
    bool live;
};

static uint64_t expected(const struct naive *n, int32_t slot)
{
    uint64_t h = mix(7, (uint64_t)n->tenant);
    for (int32_t i = 0; i <= slot; i++) h = mix(h, (uint64_t)n->tokens[i] + 1);
    return h;
}

static void verify(const struct kvcache *kv, const struct naive *n, int32_t seq)
{
    int32_t n_blocks;
    const int32_t *blocks = kvcache_blocks(kv, seq, &n_blocks);
    assert_int_equal(kvcache_len(kv, seq), n->len);
    for (int32_t i = 0; i < n->len; i++) {
        assert_true(i / KV_BLOCK_LEN < n_blocks);
        assert_true(store[blocks[i / KV_BLOCK_LEN]][i % KV_BLOCK_LEN] == expected(n, i));
    }
}

/* Reserve, write, commit. */
static int advance(struct kvcache *kv, struct naive *n, int32_t seq, int32_t to)
{
    int32_t n_blocks, need = kvcache_need(kv, seq, to), had = kvcache_available(kv);
    int r = kvcache_reserve(kv, seq, to);
    if (r < 0) {
        assert_int_equal(r, -ERR_LIMIT);
        assert_true(need > had);
        assert_int_equal(kvcache_available(kv), had);
        return r;
    }
    assert_true(need <= had);
    const int32_t *blocks = kvcache_blocks(kv, seq, &n_blocks);
    for (int32_t i = n->len; i < to; i++)
        store[blocks[i / KV_BLOCK_LEN]][i % KV_BLOCK_LEN] = expected(n, i);
    n->len = to;
    kvcache_commit(kv, seq, n->tokens, to);
    return 0;
}

static struct kv_hash root_of(const struct kvcache *kv, int32_t tenant)
{
    return kvcache_root(kv, (struct slice){ (const char *)&tenant, sizeof tenant });
}

static void begin(struct kvcache *kv, struct naive *n, int32_t seq)
{
    n->live = true;
    int32_t there = kvcache_find(kv, root_of(kv, n->tenant), n->tokens, n->n_tokens);
    n->len = kvcache_begin(kv, seq, root_of(kv, n->tenant), n->tokens, n->n_tokens);
    assert_int_equal(n->len % KV_BLOCK_LEN, 0);
    assert_true(n->len < n->n_tokens);
    assert_int_equal(n->len, there);
}

static uint32_t seed;

static int32_t dice(int32_t n)
{
    seed = seed * 1664525u + 1013904223u;
    return (int32_t)((seed >> 8) % (uint32_t)n);
}

static void random_tokens(struct naive *n)
{
    n->tenant = dice(2);
    n->n_tokens = 1 + dice(LEN_MAX);
    int32_t family = dice(3), differ = dice(2 * LEN_MAX); /* Many prompts share a beginning. */
    for (int32_t i = 0; i < LEN_MAX; i++) n->tokens[i] = i < differ ? family : dice(1000);
}

static void random_step(struct kvcache *kv, struct naive *model)
{
    int32_t s = dice(N_SEQS), other = dice(N_SEQS);
    struct naive *n = &model[s];
    if (!n->live) {
        random_tokens(n);
        begin(kv, n, s);
        return;
    }
    int32_t what = dice(14), to = n->len + 1 + dice(40);
    if (what < 7) {
        (void)advance(kv, n, s, to < LEN_MAX ? to : LEN_MAX); /* Full is an answer. */
    } else if (what < 9 && !model[other].live) {
        kvcache_fork(kv, s, other);
        model[other] = *n;
        for (int32_t i = n->len; i < LEN_MAX; i++) model[other].tokens[i] = dice(1000);
    } else if (what == 9) {
        n->len = dice(n->len + 1);
        kvcache_truncate(kv, s, n->len);
        for (int32_t i = n->len; i < LEN_MAX; i++) n->tokens[i] = dice(1000);
    } else if (what == 10 && dice(10) == 0) {
        kvcache_flush(kv);
    } else if (what == 12) {
        assert_true(kvcache_pin(kv, s, n->len) <= n->len);
    } else if (what == 13) {
        (void)kvcache_unpin_one(kv); /* There may be none. */
    } else {
        kvcache_drop(kv, s);
        n->live = false;
        n->len = 0;
    }
}

static void test_random_against_naive(void **state)
{
    (void)state;
    for (seed = 1; seed < 20; seed++) {
        uint32_t keep = seed;
        struct naive model[N_SEQS] = { 0 };
        struct kvcache *kv = open_pinning(N_BLOCKS, (int32_t)seed % 8);
        for (int step = 0; step < 800; step++) {
            random_step(kv, model);
            if (step % 8 == 0) kvcache_check(kv);
            for (int32_t s = 0; s < N_SEQS; s++)
                if (model[s].live) verify(kv, &model[s], s);
        }
        struct kvcache_stats stats = kvcache_stats(kv);
        assert_true(stats.n_copied > 0 && stats.n_evicted > 0 && stats.n_hit_tokens > 0);
        assert_int_equal(stats.n_used + stats.n_cached + stats.n_free, N_BLOCKS);
        for (int32_t s = 0; s < N_SEQS; s++) kvcache_drop(kv, s);
        kvcache_check(kv);
        kvcache_unpin_unused(kv, UINT64_MAX);
        kvcache_check(kv);
        assert_int_equal(kvcache_available(kv), N_BLOCKS);
        kvcache_close(kv);
        seed = keep;
    }
}

static void prompt(struct naive *n, int32_t tenant, int32_t len)
{
    *n = (struct naive){ .tenant = tenant, .n_tokens = len };
    for (int32_t i = 0; i < LEN_MAX; i++) n->tokens[i] = 3 * i;
}

static void test_prefix_hits_within_a_tenant(void **state)
{
    (void)state;
    struct kvcache *kv = open_cache(N_BLOCKS);
    struct naive a, b;
    prompt(&a, 1, 50);
    begin(kv, &a, 0);
    assert_int_equal(a.len, 0);
    assert_int_equal(advance(kv, &a, 0, 50), 0);
    prompt(&b, 1, 50);
    begin(kv, &b, 1);
    assert_int_equal(b.len, 48);
    verify(kv, &b, 1);
    kvcache_drop(kv, 1);
    prompt(&b, 1, 48); /* The last token must be computed: its logits are wanted. */
    begin(kv, &b, 1);
    assert_int_equal(b.len, 32);
    kvcache_drop(kv, 1);
    prompt(&b, 2, 50); /* Another tenant sees nothing. */
    begin(kv, &b, 1);
    assert_int_equal(b.len, 0);
    kvcache_drop(kv, 1);
    kvcache_drop(kv, 0);
    prompt(&b, 1, 50); /* Nobody holds it any more; it is still found. */
    begin(kv, &b, 1);
    assert_int_equal(b.len, 48);
    kvcache_drop(kv, 1);
    kvcache_flush(kv);
    begin(kv, &b, 1);
    assert_int_equal(b.len, 0);
    kvcache_close(kv);
}

static void test_eviction_takes_the_oldest_and_the_end_first(void **state)
{
    (void)state;
    struct kvcache *kv = open_cache(6);
    struct naive a, b, c;
    prompt(&a, 1, 48);
    begin(kv, &a, 0);
    assert_int_equal(advance(kv, &a, 0, 48), 0);
    kvcache_drop(kv, 0);
    prompt(&b, 2, 64); /* 4 blocks: 3 free ones and one of a's, its last. */
    begin(kv, &b, 1);
    assert_int_equal(advance(kv, &b, 1, 64), 0);
    prompt(&c, 1, 49);
    begin(kv, &c, 2);
    assert_int_equal(c.len, 32);
    assert_int_equal(kvcache_stats(kv).n_evicted, 1);
    assert_int_equal(advance(kv, &c, 2, 49), -ERR_LIMIT); /* Everything is held. */
    verify(kv, &b, 1);
    verify(kv, &c, 2);
    kvcache_close(kv);
}

/* A prompt of `len` tokens computed, pinned and let go; how many of it are pinned. */
static int32_t pin(struct kvcache *kv, int32_t tenant, int32_t len)
{
    struct naive n;
    prompt(&n, tenant, len);
    begin(kv, &n, 0);
    assert_int_equal(advance(kv, &n, 0, len), 0);
    int32_t pinned = kvcache_pin(kv, 0, len);
    kvcache_drop(kv, 0);
    kvcache_check(kv);
    return pinned;
}

static int32_t there(const struct kvcache *kv, int32_t tenant)
{
    struct naive n;
    prompt(&n, tenant, LEN_MAX);
    return kvcache_find(kv, root_of(kv, tenant), n.tokens, LEN_MAX);
}

static uint64_t clock_ns;

static uint64_t fake_now(void)
{
    return clock_ns;
}

static void test_pins_outlive_eviction_up_to_their_limit(void **state)
{
    (void)state;
    struct naive flood;
    struct kvcache *kv = open_pinning(12, 4);
    seams.now_ns = fake_now;
    clock_ns = 1000;
    assert_int_equal(pin(kv, 1, 50), 48); /* 3 of 4 blocks: only whole ones. */
    assert_int_equal(kvcache_stats(kv).n_pinned, 3);
    assert_int_equal(pin(kv, 2, 50), 16); /* No more, and nothing of the other tenant's. */
    assert_int_equal(kvcache_stats(kv).n_pinned, 4);
    assert_int_equal(pin(kv, 1, 49), 48); /* It is already. */
    prompt(&flood, 3, 8 * KV_BLOCK_LEN);
    begin(kv, &flood, 1);
    assert_int_equal(kvcache_available(kv), 8);
    assert_int_equal(advance(kv, &flood, 1, 8 * KV_BLOCK_LEN), 0);
    assert_int_equal(advance(kv, &flood, 1, 8 * KV_BLOCK_LEN + 1), -ERR_LIMIT);
    assert_int_equal(there(kv, 1), 48);
    assert_int_equal(there(kv, 2), 16);
    assert_true(kvcache_unpin_one(kv)); /* The end of the one unused longest. */
    assert_int_equal(advance(kv, &flood, 1, 8 * KV_BLOCK_LEN + 1), 0);
    assert_int_equal(there(kv, 1) + there(kv, 2), 48);
    kvcache_drop(kv, 1);
    clock_ns = 5000;
    (void)pin(kv, 1, 50); /* Used again: its time begins anew. */
    kvcache_unpin_unused(kv, 5000);
    assert_int_equal(kvcache_stats(kv).n_pinned, 3);
    kvcache_unpin_unused(kv, 5001);
    assert_int_equal(kvcache_stats(kv).n_pinned, 0);
    assert_false(kvcache_unpin_one(kv));
    kvcache_check(kv);
    kvcache_close(kv);
    seams = seams_real;
}

/* At the limit a tenant's new pins take the place of its old ones. */
static void test_pins_give_way_to_ones_own(void **state)
{
    (void)state;
    struct naive n;
    struct kvcache *kv = open_pinning(12, 2);
    assert_int_equal(pin(kv, 1, 33), 32);
    prompt(&n, 1, 33);
    n.tokens[0] = 7; /* Another prompt. */
    begin(kv, &n, 0);
    assert_int_equal(advance(kv, &n, 0, 33), 0);
    assert_int_equal(kvcache_pin(kv, 0, 33), 32);
    assert_int_equal(kvcache_stats(kv).n_pinned, 2);
    assert_int_equal(there(kv, 1), 32); /* Still cached. */
    kvcache_drop(kv, 0);
    kvcache_check(kv);
    kvcache_close(kv);
    kv = open_pinning(12, 0);
    assert_int_equal(pin(kv, 1, 33), 0);
    kvcache_close(kv);
}

static size_t allocs_left;

static void *failing_alloc(size_t size)
{
    return allocs_left-- == 0 ? NULL : seams_real.alloc(size);
}

static void test_no_memory(void **state)
{
    (void)state;
    struct kvcache_options o = { .n_blocks = 4, .n_seqs = 2, .blocks_per_seq = 2, .copy = copy };
    for (size_t k = 0; k < 5; k++) {
        struct kvcache *kv;
        struct err err;
        allocs_left = k;
        seams.alloc = failing_alloc;
        int r = kvcache_open(&kv, &o, &err);
        seams.alloc = seams_real.alloc;
        assert_int_equal(r, -ERR_NO_MEMORY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_against_naive),
        cmocka_unit_test(test_prefix_hits_within_a_tenant),
        cmocka_unit_test(test_eviction_takes_the_oldest_and_the_end_first),
        cmocka_unit_test(test_pins_outlive_eviction_up_to_their_limit),
        cmocka_unit_test(test_pins_give_way_to_ones_own),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Jumps: what a constraint forces comes without steps of its own, and is what would have come. With
 * logprobs there are none: such a run is what others are compared with. */
#include "unit/test.h"

#include <stdio.h>

#include "base/pool.h"
#include "engine/constraint.h"
#include "unit/engine/scheduler_harness.h"

/* ---- A constraint that forces stretches ---- */

enum { PERIOD = 9, FREE_LEN = 3, FORCED_END = 100 };

/* Letters; of each period all but the first few follow from what came before. */
struct pattern {
    struct constraint base;
    int32_t n, tokens[N_CTX + 32];
    bool nothing; /* Allows no token at all. */
};

static struct pattern *pattern_of(struct constraint *c)
{
    return (struct pattern *)c;
}

static int32_t pattern_forced(struct constraint *c)
{
    const struct pattern *p = pattern_of(c);
    if (p->nothing) return CONSTRAINT_FREE;
    if (p->n >= FORCED_END) return TINY_END;
    if (p->n % PERIOD < FREE_LEN) return CONSTRAINT_FREE;
    return 'a' + (p->tokens[p->n - 1] * 7 + p->n) % 26;
}

static bool pattern_allows(struct constraint *c, int32_t token)
{
    const struct pattern *p = pattern_of(c);
    int32_t forced = pattern_forced(c);
    if (p->nothing) return false;
    if (forced != CONSTRAINT_FREE) return token == forced;
    return (token >= 'a' && token <= 'z') || (token == TINY_END && p->n % PERIOD == 1);
}

static void pattern_mask(struct constraint *c, uint32_t *bits, int32_t n_vocab)
{
    for (int32_t i = 0; i < n_vocab; i++)
        if (!pattern_allows(c, i)) bits[i / 32] &= ~(UINT32_C(1) << (i % 32));
}

static int pattern_accept(struct constraint *c, int32_t token)
{
    struct pattern *p = pattern_of(c);
    if (!pattern_allows(c, token)) return -ERR_INVALID_VALUE;
    assert_true(p->n < N_CTX + 32);
    p->tokens[p->n++] = token;
    return 0;
}

static void pattern_rollback(struct constraint *c, int32_t n)
{
    assert_true(n <= pattern_of(c)->n);
    pattern_of(c)->n -= n;
}

static struct constraint *pattern_copy(const struct constraint *c)
{
    struct pattern *twin = mem_alloc(sizeof *twin);
    if (twin) memcpy(twin, c, sizeof *twin);
    return twin ? &twin->base : NULL;
}

static void pattern_close(struct constraint *c)
{
    mem_free(c);
}

static struct constraint *pattern_open(bool nothing)
{
    static const struct constraint_ops ops = { .name = "pattern",
                                               .mask = pattern_mask,
                                               .forced = pattern_forced,
                                               .accept = pattern_accept,
                                               .rollback = pattern_rollback,
                                               .copy = pattern_copy,
                                               .close = pattern_close };
    struct pattern *p = mem_calloc(1, sizeof *p);
    assert_non_null(p);
    p->base.ops = &ops;
    p->nothing = nothing;
    return &p->base;
}

/* ---- Many requests, with jumps and without ---- */

enum { MANY = 24 };

static struct got expected[MANY][CHOICES];
static struct {
    int32_t tokens[N_CTX + 1], n;
} known[MANY * CHOICES];
static int n_known;

static struct engine_request *patterned(uint64_t id, bool logprobs)
{
    char prompt[120];
    size_t len = 1 + id * 31 % 100;
    for (size_t i = 0; i < len; i++) prompt[i] = "so it goes "[(i * (id % 4 + 1) + id) % 11];
    prompt[len] = '\0';
    struct engine_request *r = request(id, prompt);
    r->max_tokens = id % 5 == 0 ? (int32_t)(id % 17) + 1 : id % 7 == 0 ? -1 : 130;
    r->ignore_eos = id % 6 == 1;
    r->n_choices = id % 4 == 0 ? 3 : 1;
    r->logprobs = logprobs;
    r->sampling.temperature = id % 3 == 0 ? 0 : 1;
    r->sampling.frequency_penalty = id % 8 == 3 ? 0.7 : 0;
    if (id % 3 == 1) {
        struct slice *stops = ARENA_NEWS(&r->arena, 2, struct slice);
        stops[0] = SLICE("xyz");
        stops[1] = SLICE("qa");
        r->stops = stops;
        r->n_stops = 2;
    }
    if (id % 9 != 8) r->constraint = pattern_open(false);
    return r;
}

static void remember(const struct engine_request *r, const struct got *g)
{
    int32_t *to = known[n_known].tokens;
    memcpy(to, r->tokens, (size_t)r->n_tokens * sizeof *to);
    for (size_t i = 0; i < g->len; i++) to[r->n_tokens + (int32_t)i] = (unsigned char)g->text[i];
    known[n_known++].n = r->n_tokens + (int32_t)g->len;
}

/* One after the other, with logprobs. */
static void expect_all(void)
{
    struct scheduler_options o = usual;
    o.speculation = SPECULATION_OFF;
    n_known = 0;
    for (uint64_t id = 1; id < MANY; id++) {
        open_scheduler(o);
        submit(patterned(id, true));
        run();
        assert_int_equal(seen[id].finals, 1);
        assert_int_equal(scheduler_stats(scheduler).n_jumped_tokens, 0);
        memcpy(expected[id], seen[id].choice, sizeof expected[id]);
        close_scheduler();
        struct engine_request *r = patterned(id, true);
        for (int32_t c = 0; c < r->n_choices; c++) remember(r, &expected[id][c]);
        engine_request_close(r);
    }
}

static struct scheduler_stats run_all(struct scheduler_options o)
{
    open_scheduler(o);
    uint64_t next = 1;
    for (int step = 0; next < MANY || scheduler_has_work(scheduler); step++) {
        if (next < MANY && (step % 2 == 0 || next < 6)) submit(patterned(next++, false));
        if (next >= 6) scheduler_step(scheduler);
        assert_true(step < 20000);
    }
    for (uint64_t id = 1; id < MANY; id++) {
        assert_int_equal(seen[id].finals, 1);
        for (int c = 0; c < CHOICES; c++) {
            const struct got *g = &seen[id].choice[c], *x = &expected[id][c];
            assert_int_equal(g->done, x->done);
            if (!x->done) continue;
            assert_string_equal(g->text, x->text);
            /* Cut alike, too: a reader does not see what came in one step. */
            assert_memory_equal(g->ends, x->ends, sizeof g->ends);
            assert_int_equal(g->end.reason, x->end.reason);
            assert_int_equal(g->end.completion_tokens, x->end.completion_tokens);
            assert_int_equal(g->end.stop.len, x->end.stop.len);
        }
    }
    struct scheduler_stats stats = scheduler_stats(scheduler);
    assert_int_equal(stats.kv.n_used, 0);
    close_scheduler();
    return stats;
}

static void test_jumps_change_nothing(void **state)
{
    (void)state;
    expect_all();
    struct scheduler_options o = usual;
    o.speculation = SPECULATION_OFF;
    struct scheduler_stats stats = run_all(o);
    assert_true(stats.n_jumped_tokens > stats.n_completion_tokens / 2);
    run_all(usual);
    o.n_seqs_max = 2;
    run_all(o);
    o.n_seqs_max = 0;
    o.prefill_chunk = 7;
    assert_true(run_all(o).n_jumped_tokens > 100);
    o.prefill_chunk = 1; /* No room for any. */
    assert_int_equal(run_all(o).n_jumped_tokens, 0);
    assert_int_equal(pool_open(&o.pool, 3, &err), 0);
    o.prefill_chunk = 40;
    run_all(o);
    pool_close(o.pool);
}

static void test_jumps_and_preemption(void **state)
{
    (void)state;
    uint64_t n_preempted = 0;
    expect_all();
    struct scheduler_options o = { .n_ctx = N_CTX, .n_blocks = 17 };
    for (int i = 0; i < 3; i++) {
        o.prefill_chunk = 20 * i;
        struct scheduler_stats stats = run_all(o);
        assert_true(stats.n_jumped_tokens > 100);
        n_preempted += stats.n_preempted;
    }
    assert_true(n_preempted > 0);
}

/* What will come, often with something wrong in it, and something the constraint refuses. */
static int32_t draft(void *ctx, const int32_t *tokens, int32_t n, int32_t *to, int32_t most)
{
    (void)ctx;
    uint64_t dice = fake_mix((uint64_t)n, (uint64_t)tokens[n - 1]);
    int32_t want = (int32_t)(dice % 20), wrong = (int32_t)(dice / 20 % 24), k = 0;
    if (want > most) want = most;
    for (int i = 0; i < n_known && k == 0; i++) {
        if (known[i].n <= n || memcmp(known[i].tokens, tokens, (size_t)n * sizeof *tokens) != 0)
            continue;
        while (k < want && n + k < known[i].n) to[k] = known[i].tokens[n + k], k++;
    }
    while (k < want) to[k++] = 'a' + (int32_t)(dice % 7);
    if (wrong < k) to[wrong] = dice % 2 ? '!' : 'a' + (int32_t)(dice % 26);
    return k;
}

static void test_jumps_and_drafts(void **state)
{
    (void)state;
    expect_all();
    struct scheduler_options o = usual;
    o.speculation = SPECULATION_FORCED;
    o.draft = draft;
    for (int i = 0; i < 3; i++) {
        o.prefill_chunk = 12 * i;
        o.n_blocks = i == 2 ? 20 : 64;
        struct scheduler_stats stats = run_all(o);
        assert_true(stats.n_jumped_tokens > 50 && stats.n_accepted_tokens > 50);
    }
}

/* One sequence: every forward gives a token, and all others were forced. */
static void test_forced_tokens_cost_no_steps(void **state)
{
    (void)state;
    struct scheduler_options o = usual;
    o.speculation = SPECULATION_OFF;
    for (int logprobs = 0; logprobs < 2; logprobs++) {
        open_scheduler(o);
        struct engine_request *r = request(1, "hello");
        r->constraint = pattern_open(false);
        r->ignore_eos = true;
        r->max_tokens = 90;
        r->logprobs = logprobs;
        submit(r);
        run();
        struct scheduler_stats stats = scheduler_stats(scheduler);
        assert_int_equal(seen[1].choice[0].end.completion_tokens, 90);
        assert_int_equal(stats.n_completion_tokens, 90);
        assert_int_equal((uint64_t)net.n_forwards + stats.n_jumped_tokens, 90);
        assert_int_equal(stats.n_jumped_tokens, logprobs ? 0 : 60);
        if (logprobs) assert_int_equal(seen[1].choice[0].n_entries, 90);
        close_scheduler();
    }
}

/* best_of wants to know how likely an answer is, although nobody is told. */
static void test_ranked_answers_do_not_jump(void **state)
{
    (void)state;
    open_scheduler(usual);
    struct engine_request *r = request(1, "hello");
    r->constraint = pattern_open(false);
    r->rank = true;
    r->max_tokens = 30;
    r->ignore_eos = true;
    submit(r);
    run();
    assert_int_equal(scheduler_stats(scheduler).n_jumped_tokens, 0);
    assert_true(seen[1].choice[0].end.logprob < -1);
    close_scheduler();
}

/* Several jump in one step, and all get something of what a step holds. */
static void test_jumps_share_a_step(void **state)
{
    (void)state;
    struct scheduler_options o = usual;
    o.speculation = SPECULATION_OFF;
    o.prefill_chunk = 16;
    open_scheduler(o);
    for (uint64_t id = 1; id <= 4; id++) {
        struct engine_request *r = request(id, "hi");
        r->constraint = pattern_open(false);
        r->ignore_eos = true;
        r->max_tokens = 90;
        submit(r);
    }
    run();
    assert_true(net.n_rows_most <= 4 + 16);
    uint64_t first = seen[1].ended_at, last = first;
    for (uint64_t id = 2; id <= 4; id++) {
        if (seen[id].ended_at < first) first = seen[id].ended_at;
        if (seen[id].ended_at > last) last = seen[id].ended_at;
    }
    assert_true(last - first <= last / 3);
    assert_true(last < 80);
    close_scheduler();
}

static void test_no_token_is_allowed(void **state)
{
    (void)state;
    open_scheduler(usual);
    struct engine_request *r = request(1, "hello");
    r->constraint = pattern_open(true);
    submit(r);
    submit(request(2, "hello"));
    run();
    assert_int_equal(seen[1].failed, ERR_INTERNAL);
    assert_non_null(strstr(seen[1].err.text, "grammar"));
    assert_int_equal(seen[2].finals, 1);
    close_scheduler();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_jumps_change_nothing),
        cmocka_unit_test(test_jumps_and_preemption),
        cmocka_unit_test(test_jumps_and_drafts),
        cmocka_unit_test(test_forced_tokens_cost_no_steps),
        cmocka_unit_test(test_ranked_answers_do_not_jump),
        cmocka_unit_test(test_jumps_share_a_step),
        cmocka_unit_test(test_no_token_is_allowed),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}

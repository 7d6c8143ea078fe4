/* Speculation: drafts that are right, wrong, too long and beside the point change no answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <math.h>

#include "base/pool.h"
#include "engine/constraint.h"
#include "unit/engine/scheduler_oracle.h"

static int n_drafts;

/* What will come, as far as it is known, often with something wrong in it. */
static int32_t draft(void *ctx, const int32_t *tokens, int32_t n, int32_t *to, int32_t most)
{
    (void)ctx;
    uint64_t dice = fake_mix((uint64_t)n, (uint64_t)++n_drafts);
    int32_t want = (int32_t)(dice % 20), wrong = (int32_t)(dice / 20 % 24), k = 0;
    if (want > most) want = most;
    for (int i = 0; i < n_known && k == 0; i++) {
        if (known[i].n <= n || memcmp(known[i].tokens, tokens, (size_t)n * sizeof *tokens) != 0)
            continue;
        while (k < want && n + k < known[i].n) to[k] = known[i].tokens[n + k], k++;
    }
    while (k < want && dice % 3) to[k++] = 'a' + (int32_t)(dice % 7); /* Behind the end, too. */
    if (wrong < k) to[wrong] = (int32_t)(dice % TINY_VOCAB);
    return k;
}

static void run_drafted(struct scheduler_options o, bool disturb)
{
    o.speculation = SPECULATION_FORCED;
    o.draft = draft;
    run_mixed(o, disturb);
    struct scheduler_stats stats = scheduler_stats(scheduler);
    assert_true(stats.n_drafted_tokens > stats.n_accepted_tokens);
    assert_true(stats.n_accepted_tokens > 50);
}

static void test_drafts_change_nothing(void **state)
{
    (void)state;
    run_drafted(usual, false);
    int n_drafted = net.n_forwards;
    close_scheduler();
    struct scheduler_options o = usual;
    o.speculation = SPECULATION_OFF;
    run_mixed(o, false);
    assert_true(n_drafted < net.n_forwards);
    assert_int_equal(scheduler_stats(scheduler).n_drafted_tokens, 0);
    close_scheduler();
    o.prefill_chunk = 16;
    run_drafted(o, true);
    close_scheduler();
    o.prefill_chunk = 3;
    o.n_seqs_max = 5;
    run_drafted(o, false);
    close_scheduler();
    assert_int_equal(pool_open(&o.pool, 3, &err), 0);
    run_drafted(o, false);
    close_scheduler();
    pool_close(o.pool);
}

static void test_drafts_and_preemption_change_nothing(void **state)
{
    (void)state;
    uint64_t n_preempted = 0;
    struct scheduler_options o = { .n_ctx = N_CTX, .n_blocks = 17 };
    for (int i = 0; i < 6; i++) {
        o.prefill_chunk = 20 * (i / 2);
        run_drafted(o, i % 2);
        n_preempted += scheduler_stats(scheduler).n_preempted;
        close_scheduler();
    }
    assert_true(n_preempted > 0);
}

static uint64_t clock_ns, step_cost_ns, row_cost_ns;

static uint64_t fake_now(void)
{
    return clock_ns;
}

static int costly_forward(void *ctx, const struct batch *b, float *out, struct err *e)
{
    clock_ns += step_cost_ns + row_cost_ns * (uint64_t)b->n_rows;
    return fake_forward(ctx, b, out, e);
}

/* One letter over and over: after a few tokens nearly all come from drafts, in fewer steps, with
 * the same logprobs and the same end. */
static void test_repetition_takes_fewer_steps(void **state)
{
    (void)state;
    static const int32_t only[] = { 'x' };
    static const struct logit_bias bias = { .token = 'x', .bias = 100 };
    seams.now_ns = fake_now; /* Stands: rows cost nothing. */
    for (int constrained = 0; constrained < 2; constrained++) {
        open_scheduler(usual);
        struct engine_request *r = request(1, "hello");
        r->max_tokens = 120;
        r->logprobs = true;
        r->sampling.logit_bias = &bias;
        r->sampling.n_logit_bias = 1;
        struct expected x;
        predict(&x, r, 0);
        if (constrained) r->sampling.n_logit_bias = 0;
        if (constrained) r->constraint = constraint_allow_open(only, 1, only, 1);
        submit(r);
        run();
        compare(1, 0, &x);
        assert_true(fabs(seen[1].choice[0].logprobs - x.logprob) < 1e-4);
        assert_int_equal(seen[1].choice[0].n_entries, 120);
        struct scheduler_stats stats = scheduler_stats(scheduler);
        assert_true(net.n_forwards < 30);
        assert_int_equal(stats.n_accepted_tokens + (uint64_t)net.n_forwards, 120);
        close_scheduler();
    }
    seams = seams_real;
}

static void test_drafts_under_a_constraint(void **state)
{
    (void)state;
    static const int32_t set[] = { 'x', 'y' }, prefix[] = { 'a', 'b', 'c' };
    struct got got[2];
    for (int forced = 0; forced < 2; forced++) {
        struct scheduler_options o = usual;
        o.speculation = forced ? SPECULATION_FORCED : SPECULATION_OFF;
        o.draft = draft;
        open_scheduler(o);
        struct engine_request *r = request(1, "hello");
        r->constraint = constraint_allow_open(set, 2, prefix, 3);
        r->max_tokens = 60;
        submit(r);
        run();
        got[forced] = seen[1].choice[0];
        /* What it says is known from here on. */
        n_known = 1;
        known[0].n = 2 + 60;
        memcpy(known[0].tokens, (int32_t[]){ TINY_HELL, 'o' }, 2 * sizeof(int32_t));
        for (int i = 0; i < 60; i++) known[0].tokens[2 + i] = got[0].text[i];
        if (forced) assert_true(scheduler_stats(scheduler).n_accepted_tokens > 10);
        close_scheduler();
    }
    assert_string_equal(got[0].text, got[1].text);
}

/* The same repetition where further rows are free, and where each costs as much as a step. */
static void test_drafts_end_where_rows_cost(void **state)
{
    (void)state;
    static const struct logit_bias bias = { .token = 'x', .bias = 100 };
    uint64_t drafted[2];
    struct got got[2];
    seams.now_ns = fake_now;
    for (int costly = 0; costly < 2; costly++) {
        struct scheduler_options o = usual;
        o.net.forward = costly_forward;
        step_cost_ns = costly ? 0 : 1000000;
        row_cost_ns = costly ? 1000000 : 0;
        open_scheduler(o);
        struct engine_request *r = request(1, "hello");
        r->max_tokens = 200;
        r->sampling.logit_bias = &bias;
        r->sampling.n_logit_bias = 1;
        submit(r);
        run();
        got[costly] = seen[1].choice[0];
        drafted[costly] = scheduler_stats(scheduler).n_drafted_tokens;
        close_scheduler();
    }
    seams = seams_real;
    assert_string_equal(got[0].text, got[1].text);
    assert_true(drafted[0] > 150);
    assert_true(drafted[1] > 0 && drafted[1] < 60); /* It has to try to know. */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_drafts_change_nothing),
        cmocka_unit_test(test_drafts_and_preemption_change_nothing),
        cmocka_unit_test(test_repetition_takes_fewer_steps),
        cmocka_unit_test(test_drafts_under_a_constraint),
        cmocka_unit_test(test_drafts_end_where_rows_cost),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}

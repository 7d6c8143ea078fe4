/* A draft model: one that is often right, wrong, narrow, broken or short of memory changes no
 * answer; and it drafts where that pays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/pool.h"
#include "engine/constraint.h"
#include "unit/engine/scheduler_oracle.h"

static struct fake_net second;
static int wrong_of_8; /* So often something else is likelier. */
static uint64_t clock_ns, first_ns, second_ns, row_ns;

static uint64_t fake_now(void)
{
    return clock_ns;
}

static int first_forward(void *ctx, const struct batch *b, float *out, struct err *e)
{
    clock_ns += first_ns + row_ns * (uint64_t)b->n_rows;
    return fake_forward(ctx, b, out, e);
}

/* The first model's logits, with another letter put in front now and then. */
static int second_forward(void *ctx, const struct batch *b, float *out, struct err *e)
{
    clock_ns += second_ns + row_ns * (uint64_t)b->n_rows;
    int r = fake_forward(ctx, b, out, e);
    for (int32_t o = 0; r == 0 && o < b->n_out; o++) {
        uint64_t dice = fake_mix((uint64_t)second.n_forwards, (uint64_t)o);
        if ((dice >> 8) % 8 < (uint64_t)wrong_of_8)
            out[o * TINY_VOCAB + 'a' + (int32_t)(dice % 7)] += 9;
    }
    return r;
}

enum { NARROW = TINY_END };

/* The same with fewer logits: the highest ids are unknown to it. */
static int narrow_forward(void *ctx, const struct batch *b, float *out, struct err *e)
{
    float *wide = mem_alloc((size_t)b->n_out * TINY_VOCAB * sizeof *wide + 1);
    for (int32_t i = 0; i < b->n_rows; i++) assert_true(b->tokens[i] < NARROW);
    int r = second_forward(ctx, b, wide, e);
    for (int32_t o = 0; o < b->n_out; o++)
        memcpy(out + o * NARROW, wide + o * TINY_VOCAB, NARROW * sizeof *wide);
    mem_free(wide);
    return r;
}

static struct scheduler_net second_net;

static struct scheduler_options drafted(struct scheduler_options o)
{
    second = (struct fake_net){ .n_rows_max = scheduler_rows_max(o.n_seqs_max, o.prefill_chunk),
                                .n_out_max = o.n_seqs_max ? o.n_seqs_max : SCHEDULER_SEQS_MAX,
                                .n_seqs_max = o.n_seqs_max ? o.n_seqs_max : SCHEDULER_SEQS_MAX };
    second_net = (struct scheduler_net){
        .ctx = &second, .n_vocab = TINY_VOCAB, .forward = second_forward, .copy_block = fake_copy
    };
    wrong_of_8 = 2;
    o.drafter = &second_net;
    if (o.n_drafter_blocks == 0) o.n_drafter_blocks = 64;
    o.net.forward = first_forward;
    return o;
}

static struct scheduler_options forced(struct scheduler_options o)
{
    o = drafted(o);
    o.speculation = SPECULATION_FORCED;
    return o;
}

static void run_forced(struct scheduler_options o, bool disturb)
{
    run_mixed(o, disturb);
    struct scheduler_stats s = scheduler_stats(scheduler);
    assert_true(s.n_model_drafted_tokens > s.n_model_accepted_tokens);
    assert_true(s.n_model_accepted_tokens > 200);
    assert_int_equal(s.n_model_drafted_tokens, s.n_drafted_tokens);
}

static void test_drafts_change_nothing(void **state)
{
    (void)state;
    run_forced(forced(usual), false);
    int n_forwards = net.n_forwards;
    close_scheduler();
    run_mixed(usual, false);
    assert_true(n_forwards < net.n_forwards);
    close_scheduler();
    struct scheduler_options o = usual;
    o.prefill_chunk = 40;
    o.n_seqs_max = 5;
    run_forced(forced(o), true);
    close_scheduler();
    assert_int_equal(pool_open(&o.pool, 3, &err), 0);
    run_forced(forced(o), false);
    close_scheduler();
    pool_close(o.pool);
}

static void test_preemption_changes_nothing(void **state)
{
    (void)state;
    uint64_t n_preempted = 0;
    struct scheduler_options o = { .n_ctx = N_CTX, .n_blocks = 16 };
    for (int i = 0; i < 4; i++) {
        o.prefill_chunk = 15 * i;
        struct scheduler_options slow = forced(o);
        wrong_of_8 = 7; /* So that answers last and blocks run out. */
        run_mixed(slow, false);
        assert_true(scheduler_stats(scheduler).n_model_accepted_tokens > 20);
        n_preempted += scheduler_stats(scheduler).n_preempted;
        close_scheduler();
    }
    assert_true(n_preempted > 0);
    o.prefill_chunk = 0;
    o.n_drafter_blocks = 9; /* Hardly one sequence. */
    run_mixed(forced(o), true);
    assert_true(scheduler_stats(scheduler).n_model_accepted_tokens > 0);
    close_scheduler();
}

static void test_one_that_knows_fewer_tokens(void **state)
{
    (void)state;
    struct scheduler_options o = forced(usual);
    second_net.n_vocab = NARROW;
    second_net.forward = narrow_forward;
    run_forced(o, false);
    close_scheduler();
}

static void test_one_that_breaks(void **state)
{
    (void)state;
    struct scheduler_options o = forced(usual);
    second.fail_at = 40;
    run_mixed(o, false);
    assert_int_equal(second.n_forwards, 40); /* And is left alone. */
    close_scheduler();
}

static void test_drafts_under_a_constraint(void **state)
{
    (void)state;
    static const int32_t set[] = { 'x', 'y' }, prefix[] = { 'a', 'b', 'c' };
    struct got got[2];
    for (int on = 0; on < 2; on++) {
        open_scheduler(on ? forced(usual) : usual);
        struct engine_request *r = request(1, "hello");
        r->constraint = constraint_allow_open(set, 2, prefix, 3);
        r->max_tokens = 60;
        submit(r);
        run();
        got[on] = seen[1].choice[0];
        if (on) assert_true(scheduler_stats(scheduler).n_model_accepted_tokens > 25);
        close_scheduler();
    }
    assert_string_equal(got[0].text, got[1].text);
}

/* One answer of 200 tokens behind a short prompt; returns what it took. */
static uint64_t time_of(struct scheduler_options o, struct scheduler_stats *stats)
{
    open_scheduler(o);
    struct engine_request *r = request(1, "hello");
    struct expected x;
    r->max_tokens = 200;
    r->ignore_eos = true;
    predict(&x, r, 0);
    clock_ns = 0;
    submit(r);
    run();
    compare(1, 0, &x);
    *stats = scheduler_stats(scheduler);
    close_scheduler();
    return clock_ns;
}

/* With a cheap second model that is right it is much faster; with a dear one, or one that is wrong,
 * hardly slower. */
static void test_drafts_where_it_pays(void **state)
{
    (void)state;
    static const struct {
        uint64_t second_ns;
        int wrong_of_8;
        double least, most; /* Of the time without. */
    } cases[] = { { 100, 0, 0.2, 0.5 },
                  { 100, 2, 0.3, 0.8 },
                  { 100, 8, 1, 1.1 },
                  { 900, 0, 0.8, 1.05 },
                  { 2000, 1, 1, 1.1 } };
    struct scheduler_stats stats;
    seams.now_ns = fake_now;
    first_ns = 1000;
    row_ns = 10;
    struct scheduler_options o = usual;
    o.net.forward = first_forward;
    double without = (double)time_of(o, &stats);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        o = drafted(usual);
        second_ns = cases[i].second_ns;
        wrong_of_8 = cases[i].wrong_of_8;
        double ratio = (double)time_of(o, &stats) / without;
        if (ratio < cases[i].least || ratio > cases[i].most)
            fail_msg("case %zu took %.3f of the time without", i, ratio);
        assert_true(stats.n_model_drafted_tokens > 0);
    }
    seams = seams_real;
}

/* A long prompt is read only after an answer on which drafts would have saved as much. */
static void test_reads_a_prompt_when_it_has_paid(void **state)
{
    (void)state;
    seams.now_ns = fake_now;
    first_ns = 1000;
    second_ns = 100;
    row_ns = 100;
    for (int max_tokens = 5; max_tokens <= 100; max_tokens += 95) {
        struct scheduler_options o = drafted(usual);
        wrong_of_8 = 0;
        open_scheduler(o);
        struct engine_request *r = request(
            1, "a prompt of some length, which would have to be read by the second model as well");
        r->max_tokens = max_tokens;
        r->ignore_eos = true;
        submit(r);
        run();
        struct scheduler_stats stats = scheduler_stats(scheduler);
        assert_int_equal(stats.n_model_drafted_tokens > 0, max_tokens == 100);
        close_scheduler();
    }
    seams = seams_real;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_drafts_change_nothing),
        cmocka_unit_test(test_preemption_changes_nothing),
        cmocka_unit_test(test_one_that_knows_fewer_tokens),
        cmocka_unit_test(test_one_that_breaks),
        cmocka_unit_test(test_drafts_under_a_constraint),
        cmocka_unit_test(test_drafts_where_it_pays),
        cmocka_unit_test(test_reads_a_prompt_when_it_has_paid),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}

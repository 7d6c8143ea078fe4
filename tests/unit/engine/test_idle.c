/* Requests of a priority below 0: they take what the others leave, and change nothing for them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <assert.h>

#include "base/seam.h"
#include "unit/engine/scheduler_oracle.h"

enum { MS = 1000 * 1000, STEP_MS = 10 };

static uint64_t idle_time = (uint64_t)3600 * 1000 * MS;
static int32_t rows_of_step, rows_most;
static uint64_t row_ms; /* 0: every step takes STEP_MS */

static uint64_t idle_now(void)
{
    return idle_time;
}

static int counting_forward(void *ctx, const struct batch *b, float *out, struct err *e)
{
    idle_time += (row_ms ? row_ms * (uint64_t)b->n_rows : STEP_MS) * MS;
    rows_of_step = b->n_rows;
    if (b->n_rows > rows_most) rows_most = b->n_rows;
    return fake_forward(ctx, b, out, e);
}

static void open_counting(struct scheduler_options o)
{
    seams.now_ns = idle_now;
    o.net.forward = counting_forward;
    o.speculation = SPECULATION_OFF;
    open_scheduler(o);
}

static void end(void)
{
    close_scheduler();
    row_ms = 0;
    seams = seams_real;
}

static struct engine_request *idle_request(uint64_t id, const char *prompt)
{
    struct engine_request *r = request(id, prompt);
    r->priority = -1;
    r->ignore_eos = true;
    r->max_tokens = 100;
    return r;
}

static void test_they_sit_out_beside_others(void **state)
{
    (void)state;
    open_counting(usual);
    for (uint64_t id = 1; id <= 8; id++) submit(idle_request(id, "batch line"));
    for (int i = 0; i < 20; i++) scheduler_step(scheduler);
    assert_int_equal(rows_of_step, 8);
    struct engine_request *r = request(9, "hello");
    r->ignore_eos = true;
    r->max_tokens = 240;
    struct expected x;
    predict(&x, r, 0);
    submit(r);
    scheduler_step(scheduler); /* Its prompt, alone. */
    assert_int_equal(rows_of_step, 2);
    /* One step in two seconds has all of them, the others only itself. */
    int n_shared = 0, n_steps = 0;
    for (; !seen[9].finals; n_steps++) {
        scheduler_step(scheduler);
        n_shared += rows_of_step == 9;
        assert_true(rows_of_step == 9 || rows_of_step == 1);
    }
    assert_int_equal(n_steps, 239);
    assert_int_equal(n_shared, 239 * STEP_MS / SCHEDULER_IDLE_WAIT_MS);
    compare(9, 0, &x);
    assert_int_equal(seen[1].finals, 0);
    run();
    for (uint64_t id = 1; id <= 8; id++) assert_int_equal(seen[id].finals, 1);
    end();
}

static void test_they_give_up_their_slots(void **state)
{
    (void)state;
    open_counting((struct scheduler_options){ .n_ctx = N_CTX, .n_blocks = 64, .n_seqs_max = 2 });
    struct expected x[5];
    for (uint64_t id = 1; id <= 4; id++) {
        struct engine_request *r = idle_request(id, id % 2 ? "an odd line" : "even");
        if (id > 2) r->priority = 0;
        predict(&x[id], r, 0);
        if (id <= 2) submit(r);
        if (id == 2)
            for (int i = 0; i < 10; i++) scheduler_step(scheduler);
        if (id > 2) submit(r);
    }
    run();
    for (uint64_t id = 1; id <= 4; id++) compare(id, 0, &x[id]);
    assert_int_equal(scheduler_stats(scheduler).n_preempted, 2);
    assert_true(seen[3].ended_at < seen[1].ended_at && seen[4].ended_at < seen[2].ended_at);
    end();
}

static void test_they_give_up_their_blocks(void **state)
{
    (void)state;
    open_counting((struct scheduler_options){ .n_ctx = N_CTX, .n_blocks = 16 });
    char prompt[201];
    memset(prompt, 'y', sizeof prompt - 1);
    prompt[sizeof prompt - 1] = '\0';
    struct expected idle, other;
    struct engine_request *r = idle_request(1, prompt);
    r->max_tokens = 40;
    predict(&idle, r, 0);
    submit(r);
    for (int i = 0; i < 5; i++) scheduler_step(scheduler);
    prompt[0] = 'z'; /* Nothing to share. */
    r = request(2, prompt);
    r->ignore_eos = true;
    predict(&other, r, 0);
    submit(r);
    scheduler_step(scheduler);
    assert_int_equal(seen[2].counted, 1);
    run();
    compare(1, 0, &idle);
    compare(2, 0, &other);
    assert_true(scheduler_stats(scheduler).n_preempted > 0);
    assert_true(seen[2].ended_at < seen[1].ended_at);
    end();
}

/* What an idle one is about to compute is not waited for: it may sit out for long. */
static void test_nobody_waits_for_their_prompts(void **state)
{
    (void)state;
    open_counting(
        (struct scheduler_options){ .n_ctx = N_CTX, .n_blocks = 64, .prefill_chunk = 32 });
    char prompt[181];
    memset(prompt, 'q', sizeof prompt - 1);
    prompt[sizeof prompt - 1] = '\0';
    struct engine_request *r = idle_request(1, prompt);
    r->max_tokens = 10;
    submit(r);
    scheduler_step(scheduler);
    r = request(2, prompt);
    r->max_tokens = 1;
    submit(r);
    for (int i = 0; i < 8 && !seen[2].finals; i++) scheduler_step(scheduler);
    assert_int_equal(seen[2].finals, 1);
    assert_int_equal(seen[1].choice[0].len, 0);
    run();
    end();
}

static void test_alone_their_steps_are_short(void **state)
{
    (void)state;
    open_counting(usual);
    row_ms = 1;
    char prompt[251];
    memset(prompt, 'p', sizeof prompt - 1);
    prompt[sizeof prompt - 1] = '\0';
    static const struct {
        const char *tenant;
        int32_t priority, rows;
    } cases[] = { { "a", 0, 239 }, { "b", 0, 239 }, { "c", -1, SCHEDULER_IDLE_STEP_MS } };
    for (uint64_t id = 1; id <= 3; id++) { /* The first one teaches how long a row takes. */
        struct engine_request *r = idle_request(id, prompt);
        r->tenant = slice_of(cases[id - 1].tenant);
        r->priority = cases[id - 1].priority;
        r->n_tokens = 239;
        r->max_tokens = 1;
        rows_most = 0;
        submit(r);
        run();
        assert_int_equal(rows_most, cases[id - 1].rows);
    }
    end();
}

static void test_alone_few_of_them_decode(void **state)
{
    (void)state;
    open_counting(usual);
    row_ms = 2;
    for (uint64_t id = 1; id <= 40; id++) submit(idle_request(id, "a"));
    for (int i = 0; i < 20; i++) scheduler_step(scheduler); /* Learns. */
    assert_int_equal(rows_of_step, SCHEDULER_IDLE_STEP_MS / 2);
    run();
    for (uint64_t id = 1; id <= 40; id++) assert_int_equal(seen[id].finals, 1);
    row_ms = 100; /* However slow, some do. */
    for (uint64_t id = 41; id <= 60; id++) submit(idle_request(id, "a"));
    for (int i = 0; i < 50; i++) scheduler_step(scheduler);
    assert_int_equal(rows_of_step, 4);
    run();
    end();
}

static void test_their_part_of_the_queue(void **state)
{
    (void)state;
    open_counting((struct scheduler_options){
        .n_ctx = N_CTX, .n_blocks = 64, .n_seqs_max = 1, .queue_max = 8 });
    submit(idle_request(1, "a"));
    submit(idle_request(2, "b"));
    struct engine_request *r = idle_request(3, "c");
    assert_int_equal(scheduler_submit(scheduler, r, &err), -ERR_OVERLOADED);
    r->priority = 0;
    submit(r);
    for (uint64_t id = 4; id <= 8; id++) submit(request(id, "d"));
    r = request(9, "e");
    assert_int_equal(scheduler_submit(scheduler, r, &err), -ERR_OVERLOADED);
    engine_request_close(r);
    run();
    for (uint64_t id = 1; id <= 8; id++) assert_int_equal(seen[id].finals, 1);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_they_sit_out_beside_others),
        cmocka_unit_test(test_they_give_up_their_slots),
        cmocka_unit_test(test_they_give_up_their_blocks),
        cmocka_unit_test(test_nobody_waits_for_their_prompts),
        cmocka_unit_test(test_alone_their_steps_are_short),
        cmocka_unit_test(test_alone_few_of_them_decode),
        cmocka_unit_test(test_their_part_of_the_queue),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}

/* Scheduling over a fake model, every answer compared with an oracle that knows no batches. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>

#include "base/pool.h"
#include "engine/constraint.h"
#include "unit/engine/scheduler_oracle.h"

/* ---- Tests ---- */

static void test_one_request(void **state)
{
    (void)state;
    open_scheduler(usual);
    struct engine_request *r = request(1, "hello world");
    struct expected x;
    predict(&x, r, 0);
    submit(r);
    run();
    compare(1, 0, &x);
    assert_int_equal(seen[1].finals, 1);
    assert_int_equal(seen[1].n_prompt, 8);
    assert_true(x.n_tokens > 5);
    close_scheduler();
}

static void test_batching_changes_nothing(void **state)
{
    (void)state;
    run_mixed(usual, false);
    assert_true(scheduler_stats(scheduler).n_cached_tokens > 0);
    close_scheduler();
    run_mixed((struct scheduler_options){ .n_ctx = N_CTX, .n_blocks = 64, .prefill_chunk = 7 },
              false);
    close_scheduler();
    run_mixed((struct scheduler_options){ .n_ctx = N_CTX, .n_blocks = 64, .n_seqs_max = 2 }, false);
    close_scheduler();
}

static void test_adapters_change_only_their_own(void **state)
{
    (void)state;
    with_adapters = true;
    run_mixed(usual, false);
    close_scheduler();
    run_mixed((struct scheduler_options){ .n_ctx = N_CTX, .n_blocks = 17 }, true);
    close_scheduler();
    with_adapters = false;
}

static void test_preemption_changes_nothing(void **state)
{
    (void)state;
    run_mixed((struct scheduler_options){ .n_ctx = N_CTX, .n_blocks = 17 }, false);
    assert_true(scheduler_stats(scheduler).n_preempted > 0);
    close_scheduler();
}

static void test_cancels_change_nothing(void **state)
{
    (void)state;
    run_mixed((struct scheduler_options){ .n_ctx = N_CTX, .n_blocks = 24, .prefill_chunk = 16 },
              true);
    close_scheduler();
}

static void test_threads_change_nothing(void **state)
{
    (void)state;
    struct pool *pool;
    struct scheduler_options o = usual;
    assert_int_equal(pool_open(&pool, 3, &err), 0);
    o.pool = pool;
    run_mixed(o, false);
    close_scheduler();
    pool_close(pool);
}

static void test_choices_share_the_prompt(void **state)
{
    (void)state;
    open_scheduler(usual);
    struct engine_request *r = request(1, "a prompt of more than one block of tokens, shared");
    r->n_choices = 4;
    struct expected x[4];
    for (uint32_t c = 0; c < 4; c++) predict(&x[c], r, c);
    submit(r);
    run();
    for (uint32_t c = 0; c < 4; c++) compare(1, c, &x[c]);
    assert_string_not_equal(x[0].text, x[1].text);
    assert_int_equal(seen[1].counted, 1);
    assert_true(scheduler_stats(scheduler).kv.n_copied > 0);
    assert_true(net.n_rows_most < 60); /* The prompt was computed once. */
    close_scheduler();
}

static void test_cached_tokens(void **state)
{
    (void)state;
    static const char prompt[] = "a prompt of more than one block of tokens, asked twice over";
    open_scheduler(usual);
    submit(request(1, prompt));
    run();
    submit(request(2, prompt));
    run();
    struct engine_request *r = request(3, prompt);
    r->tenant = SLICE("somebody else");
    submit(r);
    run();
    for (uint64_t id = 4; id < 7; id++) {
        r = request(id, prompt);
        r->adapter = 0; /* 5: the slot has another adapter now. */
        r->adapter_key = id == 5 ? 8 : 7;
        submit(r);
        assert_true(scheduler_uses_adapter(scheduler, 0));
        assert_false(scheduler_uses_adapter(scheduler, 1));
        run();
        assert_false(scheduler_uses_adapter(scheduler, 0));
        assert_int_equal(seen[id].n_cached, id == 6 ? seen[2].n_cached : 0);
    }
    assert_int_equal(seen[1].n_cached, 0);
    assert_int_equal(seen[2].n_cached, (seen[2].n_prompt - 1) / 16 * 16);
    assert_int_equal(seen[2].choice[0].end.cached_tokens, seen[2].n_cached);
    assert_int_equal(seen[3].n_cached, 0);
    close_scheduler();
}

static uint64_t fake_time;

static uint64_t fake_now(void)
{
    return fake_time;
}

/* Prompts of others, so many that nothing of before stays in the cache. */
static void flood(void)
{
    char text[200];
    for (uint64_t id = 40; id < 52; id++) {
        memset(text, 'a' + (int)(id % 26), sizeof text - 1);
        text[sizeof text - 1] = '\0';
        memset(&seen[id], 0, sizeof seen[id]);
        struct engine_request *r = request(id, text);
        r->tenant = SLICE("somebody else");
        submit(r);
    }
    run();
}

static int32_t cached_of(uint64_t id, const char *prompt, bool pin, const char *tenant)
{
    struct engine_request *r = request(id, prompt);
    r->pin = pin;
    r->tenant = slice_of(tenant);
    submit(r);
    run();
    return seen[id].n_cached;
}

static void test_a_pinned_prompt_is_kept_for_a_day(void **state)
{
    (void)state;
    static const char prompt[] = "a system prompt of more than one block of tokens, to be kept";
    const uint64_t day = SCHEDULER_PIN_HOURS * UINT64_C(3600000000000);
    struct scheduler_options o = { .n_ctx = N_CTX, .n_blocks = 40, .n_pinned_max = 4 };
    seams.now_ns = fake_now;
    fake_time = day;
    for (int pin = 0; pin < 2; pin++) {
        open_scheduler(o);
        (void)cached_of(1, prompt, pin, "default");
        int32_t whole = (seen[1].n_prompt - 1) / KV_BLOCK_LEN * KV_BLOCK_LEN;
        assert_true(whole >= 32);
        flood();
        assert_int_equal(cached_of(2, prompt, false, "default"), pin ? whole : 0);
        assert_int_equal(cached_of(3, prompt, true, "somebody else"), 0); /* Nobody else's. */
        fake_time += day;
        flood();
        assert_int_equal(cached_of(4, prompt, false, "default") == whole, pin);
        fake_time += day + 1;
        flood();
        assert_int_equal(cached_of(5, prompt, false, "default"), 0);
        close_scheduler();
    }
    seams = seams_real;
}

/* Pins never keep one from running that is alone. */
static void test_pins_give_way_to_the_only_one(void **state)
{
    (void)state;
    char text[N_CTX];
    struct expected x;
    open_scheduler(
        (struct scheduler_options){ .n_ctx = N_CTX, .n_blocks = 16, .n_pinned_max = 14 });
    memset(text, 'x', 150);
    text[150] = '\0';
    (void)cached_of(1, text, true, "default");
    assert_true(scheduler_stats(scheduler).kv.n_pinned > 4);
    memset(text, 'y', 150);
    struct engine_request *r = request(2, text);
    r->max_tokens = -1;
    r->ignore_eos = true;
    predict(&x, r, 0);
    submit(r);
    run();
    compare(2, 0, &x);
    assert_int_equal(scheduler_stats(scheduler).kv.n_pinned, 0);
    close_scheduler();
}

/* Many with one beginning, at once: it is computed once. */
static void test_simultaneous_prefixes(void **state)
{
    (void)state;
    static struct expected x[10];
    char text[160];
    open_scheduler(
        (struct scheduler_options){ .n_ctx = N_CTX, .n_blocks = 64, .prefill_chunk = 32 });
    for (uint64_t id = 1; id < 10; id++) {
        snprintf(text, sizeof text,
                 "the system prompt that everybody has, of a good hundred tokens in all, so that "
                 "it is worth the wait; and number %d",
                 (int)id);
        struct engine_request *r = request(id, text);
        predict(&x[id], r, 0);
        submit(r);
    }
    scheduler_step(scheduler);
    (void)scheduler_cancel(scheduler, 1); /* The one that the others wait for. */
    run();
    for (uint64_t id = 2; id < 10; id++) {
        compare(id, 0, &x[id]);
        if (id > 2) assert_int_equal(seen[id].n_cached, 96);
    }
    close_scheduler();
}

static void check_scores(uint64_t id, const struct engine_request *r, const int32_t *tokens)
{
    float logits[TINY_VOCAB];
    assert_int_equal(seen[id].n_scores, seen[id].n_prompt);
    for (int32_t i = 1; i < seen[id].n_prompt; i++) {
        fake_logits_after(logits, tokens, i, -1);
        assert_true(seen[id].scores[i] == fake_logprob(logits, tokens[i]));
    }
    (void)r;
}

static void score(uint64_t id, const char *prompt, int32_t max_tokens)
{
    int32_t tokens[N_CTX];
    struct engine_request *r = request(id, prompt);
    memcpy(tokens, r->tokens, (size_t)r->n_tokens * sizeof *tokens);
    r->echo = r->logprobs = true;
    r->n_top = 3;
    r->max_tokens = max_tokens;
    submit(r);
    run();
    check_scores(id, NULL, tokens);
    seen[id].prompt[seen[id].prompt_len] = '\0';
    assert_string_equal(seen[id].prompt, prompt);
    assert_int_equal(seen[id].finals, 1);
    assert_int_equal(seen[id].choice[0].end.reason, SCHEDULER_LENGTH);
    assert_int_equal(seen[id].n_cached, 0);
}

static void test_scoring(void **state)
{
    (void)state;
    static const char prompt[] = "score this: a longer text, na\xc3\xafve, hello, so that it takes "
                                 "more than one chunk and more than one block of the cache";
    open_scheduler(
        (struct scheduler_options){ .n_ctx = N_CTX, .n_blocks = 32, .prefill_chunk = 20 });
    score(1, prompt, 0);
    score(2, prompt, 0); /* Although it is in the cache by now. */
    score(3, "x", 0);
    score(4, "xy", 0);
    assert_int_equal(seen[4].choice[0].end.completion_tokens, 0);
    close_scheduler();
}

static void test_many_scorers_at_once(void **state)
{
    (void)state;
    int32_t tokens[20][N_CTX];
    open_scheduler((struct scheduler_options){ .n_ctx = N_CTX, .n_blocks = 40, .n_seqs_max = 8 });
    for (uint64_t id = 1; id < 20; id++) {
        struct engine_request *r = mixed(id);
        r->n_choices = 1;
        r->n_stops = 0;
        r->echo = r->logprobs = true;
        if (id % 2) r->max_tokens = 0;
        memcpy(tokens[id], r->tokens, (size_t)r->n_tokens * sizeof **tokens);
        submit(r);
    }
    run();
    for (uint64_t id = 1; id < 20; id++) check_scores(id, NULL, tokens[id]);
    close_scheduler();
}

static void test_echo_without_logprobs(void **state)
{
    (void)state;
    open_scheduler(usual);
    struct engine_request *r = request(1, "say it again");
    r->echo = true;
    r->max_tokens = 0;
    r->n_choices = 2;
    submit(r);
    run();
    assert_string_equal(seen[1].prompt, "say it again");
    assert_int_equal(seen[1].finals, 1);
    assert_true(seen[1].choice[0].done && seen[1].choice[1].done);
    close_scheduler();
}

static void test_logprobs(void **state)
{
    (void)state;
    open_scheduler(usual);
    struct engine_request *r = request(1, "hello");
    r->logprobs = true;
    r->n_top = 2;
    r->ignore_eos = true;
    r->sampling.temperature = 0.5; /* Logprobs are of the model, not of what was drawn from. */
    struct expected x;
    predict(&x, r, 0);
    submit(r);
    run();
    compare(1, 0, &x);
    assert_true(fabs(seen[1].choice[0].end.logprob - x.logprob) < 1e-6);
    assert_true(fabs(seen[1].choice[0].logprobs - x.logprob) < 1e-6);
    assert_int_equal(seen[1].choice[0].n_entries, x.n_tokens);
    close_scheduler();
}

static void test_prefill_only(void **state)
{
    (void)state;
    static const char prompt[] = "fill the cache with this prompt, please, for later use";
    open_scheduler(usual);
    struct engine_request *r = request(1, prompt);
    r->prefill_only = true;
    submit(r);
    run();
    assert_int_equal(seen[1].choice[0].end.completion_tokens, 0);
    assert_int_equal(seen[1].choice[0].end.reason, SCHEDULER_STOP);
    submit(request(2, prompt));
    run();
    assert_true(seen[2].n_cached >= 32);
    close_scheduler();
}

static void test_priority_and_arrival(void **state)
{
    (void)state;
    open_scheduler((struct scheduler_options){ .n_ctx = N_CTX, .n_blocks = 64, .n_seqs_max = 1 });
    for (uint64_t id = 1; id <= 5; id++) {
        struct engine_request *r = request(id, "hello");
        r->ignore_eos = true;
        r->priority = id == 4 ? 1 : id == 2 ? -1 : 0;
        submit(r);
    }
    run();
    assert_true(seen[4].ended_at < seen[1].ended_at);
    assert_true(seen[1].ended_at < seen[3].ended_at);
    assert_true(seen[3].ended_at < seen[5].ended_at);
    assert_true(seen[5].ended_at < seen[2].ended_at);
    close_scheduler();
}

static void test_deadline(void **state)
{
    (void)state;
    seams.now_ns = fake_now;
    fake_time = 1000;
    open_scheduler((struct scheduler_options){ .n_ctx = N_CTX, .n_blocks = 64, .n_seqs_max = 1 });
    struct engine_request *r = request(1, "hello");
    r->ignore_eos = true;
    r->deadline_ns = 5000;
    submit(r);
    r = request(2, "hello");
    r->deadline_ns = 5000;
    submit(r);
    scheduler_step(scheduler);
    fake_time = 5000; /* The first has begun in time, the second has not. */
    scheduler_step(scheduler);
    assert_int_equal(seen[2].failed, ERR_DEADLINE);
    run();
    assert_int_equal(seen[1].finals, 1);
    close_scheduler();
    seams = seams_real;
}

static uint64_t slow_forward_ns;

static int slow_forward(void *ctx, const struct batch *b, float *out, struct err *e)
{
    fake_time += slow_forward_ns * (uint64_t)b->n_rows;
    return fake_forward(ctx, b, out, e);
}

/* Steps for one prompt of 240 tokens that is found in no cache. */
static int steps_of_prompt(uint64_t id, const char *tenant)
{
    char prompt[N_CTX];
    memset(prompt, 'x', sizeof prompt - 1);
    prompt[sizeof prompt - 1] = '\0';
    struct engine_request *r = request(id, prompt);
    r->n_tokens = 240;
    r->tenant = slice_of(tenant);
    r->max_tokens = 1;
    submit(r);
    int before = net.n_forwards;
    while (!seen[id].finals) scheduler_step(scheduler);
    return net.n_forwards - before;
}

/* A slow machine gets smaller chunks, so that a step stays short: half a second for a prompt alone,
 * the latency target beside an answer. */
static void test_chunks_follow_the_machine(void **state)
{
    (void)state;
    seams.now_ns = fake_now;
    static const struct {
        uint64_t row_ns, latency_ns;
        int alone, beside;
    } cases[] = {
        { 1000, 0, 1, 1 },
        { 2000000, 0, 2, 8 }, /* 224 rows; (100 - 2) / 2, cut to 32 */
        { 1000000, 0, 1, 3 }, /* 99, cut to 96 */
        { 1000000, 201000000, 1, 2 },
        { 900000000, 0, 8, 8 }, /* Never fewer than 32. */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scheduler_options o = usual;
        o.net.forward = slow_forward;
        o.n_blocks = 128;
        o.latency_ns = cases[i].latency_ns;
        open_scheduler(o);
        slow_forward_ns = cases[i].row_ns;
        (void)steps_of_prompt(1, "a"); /* Learns. */
        assert_int_equal(steps_of_prompt(2, "b"), cases[i].alone);
        struct engine_request *r = request(3, "hello");
        r->ignore_eos = true;
        r->max_tokens = 200;
        submit(r);
        scheduler_step(scheduler);
        scheduler_step(scheduler);
        assert_int_equal(steps_of_prompt(4, "c"), cases[i].beside);
        assert_int_equal(seen[3].finals, 0);
        run();
        close_scheduler();
    }
    seams = seams_real;
}

/* Each row costs the same, so a request's share is its rows; on every thread of the pool. */
static void test_costs_are_shared_by_rows(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 2; threads++) {
        struct scheduler_options o = usual;
        struct pool *pool;
        assert_int_equal(pool_open(&pool, threads, &err), 0);
        seams.now_ns = fake_now;
        o.net.forward = slow_forward;
        o.pool = pool;
        o.prefill_chunk = 7;
        slow_forward_ns = 1000;
        open_scheduler(o);
        uint64_t before = fake_time, sum = 0;
        for (uint64_t id = 1; id <= 3; id++) {
            struct engine_request *r = request(id, id == 2 ? "a much longer prompt" : "short");
            r->ignore_eos = true;
            r->max_tokens = (int32_t)id * 5;
            submit(r);
        }
        run();
        for (uint64_t id = 1; id <= 3; id++) {
            const struct scheduler_done *end = &seen[id].choice[0].end;
            int32_t rows = end->prompt_tokens - end->cached_tokens + end->completion_tokens - 1;
            assert_int_equal(seen[id].core_ns, (uint64_t)threads * 1000 * (uint64_t)rows);
            sum += seen[id].core_ns;
        }
        assert_int_equal(sum, (fake_time - before) * (uint64_t)threads);
        close_scheduler();
        seams = seams_real;
        pool_close(pool);
    }
}

static void test_cancel_frees_at_once(void **state)
{
    (void)state;
    open_scheduler((struct scheduler_options){
        .n_ctx = N_CTX, .n_blocks = 64, .prefill_chunk = 4, .n_seqs_max = 2 });
    submit(request(1, "in the middle of its prefill, which takes many steps"));
    submit(request(2, "a"));
    submit(request(3, "waiting in the queue"));
    scheduler_step(scheduler);
    scheduler_step(scheduler);
    assert_true(scheduler_cancel(scheduler, 3));
    assert_true(scheduler_cancel(scheduler, 1));
    assert_true(scheduler_cancel(scheduler, 2));
    assert_false(scheduler_cancel(scheduler, 2));
    assert_false(scheduler_has_work(scheduler));
    assert_int_equal(scheduler_stats(scheduler).kv.n_used, 0);
    for (int id = 1; id <= 3; id++) assert_int_equal(seen[id].finals + (int)seen[id].failed, 0);
    close_scheduler();
}

static void refuse(struct engine_request *r, enum err_code code, const char *text)
{
    err = (struct err){ 0 };
    assert_int_equal(scheduler_submit(scheduler, r, &err), -(int)code);
    if (!strstr(err.text, text)) fail_msg("%s", err.text);
    engine_request_close(r);
}

static void test_refusals(void **state)
{
    (void)state;
    char long_text[N_CTX + 2];
    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    open_scheduler((struct scheduler_options){ .n_ctx = N_CTX, .n_blocks = 64, .queue_max = 2 });
    refuse(request(1, long_text), ERR_CONTEXT_LENGTH,
           "maximum context length is 256 tokens. However, your prompt resulted in 257 tokens");
    struct engine_request *r = request(1, "hello");
    r->max_tokens = 255;
    refuse(r, ERR_CONTEXT_LENGTH,
           "you requested 257 tokens (2 in the prompt, 255 in the completion)");
    r = request(1, "hello");
    r->tokens[0] = TINY_VOCAB;
    refuse(r, ERR_INVALID_VALUE, "Invalid token id 260");
    r = request(1, "hello");
    r->n_tokens = 0;
    refuse(r, ERR_INVALID_VALUE, "no tokens");
    r = request(1, "hello");
    r->sampling.top_p = 2;
    refuse(r, ERR_INVALID_VALUE, "top_p");
    submit(request(1, "a"));
    submit(request(2, "a"));
    refuse(request(3, "a"), ERR_OVERLOADED, "2 requests are waiting");
    run();
    submit(request(3, "a"));
    long_text[N_CTX] = '\0'; /* Scoring may fill the context to the last token. */
    r = request(4, long_text);
    r->max_tokens = 0;
    submit(r);
    run();
    assert_int_equal(seen[4].finals, 1);
    close_scheduler();
}

static void test_context_end_is_length(void **state)
{
    (void)state;
    open_scheduler(usual);
    struct engine_request *r = request(1, "hello");
    r->max_tokens = -1;
    r->ignore_eos = true;
    submit(r);
    run();
    assert_int_equal(seen[1].choice[0].end.reason, SCHEDULER_LENGTH);
    assert_int_equal(seen[1].choice[0].end.completion_tokens, N_CTX - 2);
    close_scheduler();
}

static void test_constraint(void **state)
{
    (void)state;
    static const int32_t set[] = { 'x', 'y' }, prefix[] = { 'a', 'b', 'c' };
    open_scheduler(usual);
    struct engine_request *r = request(1, "hello");
    r->constraint = constraint_allow_open(set, 2, prefix, 3);
    r->n_choices = 2;
    submit(r);
    run();
    for (int c = 0; c < 2; c++) {
        const struct got *g = &seen[1].choice[c];
        assert_int_equal(g->len, 20);
        assert_memory_equal(g->text, "abc", 3);
        for (size_t i = 3; i < g->len; i++) assert_true(g->text[i] == 'x' || g->text[i] == 'y');
    }
    assert_string_not_equal(seen[1].choice[0].text, seen[1].choice[1].text);
    close_scheduler();
}

static void test_forward_failure_costs_its_batch_only(void **state)
{
    (void)state;
    open_scheduler(usual);
    submit(request(1, "hello"));
    net.fail_at = 3;
    run();
    assert_int_equal(seen[1].failed, ERR_NO_MEMORY);
    struct engine_request *r = request(2, "hello");
    struct expected x;
    predict(&x, r, 0);
    submit(r);
    run();
    compare(2, 0, &x);
    assert_int_equal(scheduler_stats(scheduler).n_failed, 1);
    close_scheduler();
}

static size_t allocs_left;
static bool armed;

static void *failing_alloc(size_t size)
{
    if (armed && allocs_left-- == 0) return NULL;
    return seams_real.alloc(size);
}

static void *failing_realloc(void *p, size_t size)
{
    if (armed && allocs_left-- == 0) return NULL;
    return seams_real.realloc(p, size);
}

/* The n-th allocation fails once, for every n: that request ends with an error or as if nothing had
 * happened, and the next one is served. */
static void test_memory_torture(void **state)
{
    (void)state;
    seams.alloc = failing_alloc;
    seams.realloc = failing_realloc;
    int failures = 0;
    for (size_t k = 0; k < 200; k++) {
        open_scheduler(usual);
        struct engine_request *r = mixed(45); /* Choices, logprobs, stop strings. */
        struct expected x;
        predict(&x, r, 0);
        allocs_left = k;
        armed = true;
        int rc = scheduler_submit(scheduler, r, &err);
        if (rc == 0) run();
        bool unharmed = armed && allocs_left < (size_t)-1 / 2;
        armed = false;
        if (rc < 0) engine_request_close(r);
        if (rc == 0 && !seen[45].failed) compare(45, 0, &x);
        failures += rc < 0 || seen[45].failed;
        struct engine_request *after = request(2, "hello");
        predict(&x, after, 0);
        submit(after);
        run();
        compare(2, 0, &x);
        close_scheduler();
        if (unharmed) break;
    }
    seams = seams_real;
    assert_true(failures > 5);
}

/* After a request was submitted and admitted, tokens come without allocating. */
static size_t n_allocs;

static void *counting_alloc(size_t size)
{
    n_allocs++;
    return seams_real.alloc(size);
}

static void *counting_realloc(void *p, size_t size)
{
    n_allocs++;
    return seams_real.realloc(p, size);
}

static void test_decoding_does_not_allocate(void **state)
{
    (void)state;
    open_scheduler(usual);
    struct engine_request *r = request(1, "hello");
    r->ignore_eos = true;
    r->max_tokens = 200;
    submit(r);
    for (int i = 0; i < 5; i++) scheduler_step(scheduler);
    seams.alloc = counting_alloc;
    seams.realloc = counting_realloc;
    n_allocs = 0;
    for (int i = 0; i < 150; i++) scheduler_step(scheduler);
    seams = seams_real;
    assert_int_equal(n_allocs, 0);
    run();
    close_scheduler();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_request),
        cmocka_unit_test(test_batching_changes_nothing),
        cmocka_unit_test(test_adapters_change_only_their_own),
        cmocka_unit_test(test_preemption_changes_nothing),
        cmocka_unit_test(test_cancels_change_nothing),
        cmocka_unit_test(test_threads_change_nothing),
        cmocka_unit_test(test_choices_share_the_prompt),
        cmocka_unit_test(test_cached_tokens),
        cmocka_unit_test(test_a_pinned_prompt_is_kept_for_a_day),
        cmocka_unit_test(test_pins_give_way_to_the_only_one),
        cmocka_unit_test(test_simultaneous_prefixes),
        cmocka_unit_test(test_scoring),
        cmocka_unit_test(test_many_scorers_at_once),
        cmocka_unit_test(test_echo_without_logprobs),
        cmocka_unit_test(test_logprobs),
        cmocka_unit_test(test_prefill_only),
        cmocka_unit_test(test_priority_and_arrival),
        cmocka_unit_test(test_deadline),
        cmocka_unit_test(test_chunks_follow_the_machine),
        cmocka_unit_test(test_costs_are_shared_by_rows),
        cmocka_unit_test(test_cancel_frees_at_once),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_context_end_is_length),
        cmocka_unit_test(test_constraint),
        cmocka_unit_test(test_forward_failure_costs_its_batch_only),
        cmocka_unit_test(test_memory_torture),
        cmocka_unit_test(test_decoding_does_not_allocate),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}

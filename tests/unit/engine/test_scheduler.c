/* Scheduling over a fake model, every answer compared with an oracle that knows no batches. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>

#include "base/pool.h"
#include "engine/constraint.h"
#include "unit/engine/fake_net.h"

enum { REQUESTS_MAX = 64, CHOICES = 4, TEXT_MAX = 4096, N_CTX = 256 };

/* What came out for one choice. */
struct got {
    char text[TEXT_MAX];
    size_t len;
    bool done;
    struct scheduler_done end;
    double logprobs;
    size_t n_entries;
};

struct seen {
    struct got choice[CHOICES];
    char prompt[TEXT_MAX];
    size_t prompt_len, n_scores;
    float scores[N_CTX];
    int32_t n_prompt, n_cached;
    int counted, finals;
    enum err_code failed;
    struct err err;
    uint64_t ended_at; /* Steps. */
};

static struct seen seen[REQUESTS_MAX];
static struct tokenizer *tokenizer;
static struct fake_net net;
static struct scheduler *scheduler;
static struct err err;

/* ---- Events ---- */

static struct seen *seen_of(const struct engine_request *r)
{
    assert(r->id < REQUESTS_MAX);
    assert_int_equal(seen[r->id].finals, 0);
    assert_int_equal(seen[r->id].failed, 0);
    return &seen[r->id];
}

static void on_counted(void *ctx, const struct engine_request *r, int32_t n, int32_t cached)
{
    (void)ctx;
    struct seen *s = seen_of(r);
    s->counted++;
    s->n_prompt = n;
    s->n_cached = cached;
}

static void on_score(void *ctx, const struct engine_request *r, struct slice text,
                     const struct answer_entry *entries, size_t n)
{
    (void)ctx;
    struct seen *s = seen_of(r);
    memcpy(s->prompt + s->prompt_len, text.ptr, text.len);
    s->prompt_len += text.len;
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(entries[i].token, r->tokens[s->n_scores]);
        assert_int_equal(entries[i].none, s->n_scores == 0);
        s->scores[s->n_scores++] = entries[i].logprob;
    }
}

static void on_token(void *ctx, const struct engine_request *r, uint32_t choice, struct slice text,
                     const struct answer_entry *entries, size_t n, int32_t n_tokens)
{
    (void)ctx;
    struct got *g = &seen_of(r)->choice[choice];
    assert_int_equal(seen[r->id].counted, 1);
    assert_false(g->done);
    assert_true(n_tokens > 0 && g->len + text.len < TEXT_MAX);
    memcpy(g->text + g->len, text.ptr, text.len);
    g->len += text.len;
    for (size_t i = 0; i < n; i++) g->logprobs += (double)entries[i].logprob;
    g->n_entries += n;
}

static void on_done(void *ctx, const struct engine_request *r, const struct scheduler_done *done)
{
    (void)ctx;
    struct got *g = &seen_of(r)->choice[done->choice];
    assert_false(g->done);
    g->done = true;
    g->end = *done;
    g->text[g->len] = '\0';
    if (!done->final) return;
    seen[r->id].finals++;
    seen[r->id].ended_at = scheduler_stats(scheduler).n_steps;
}

static void on_failed(void *ctx, const struct engine_request *r, const struct err *e)
{
    (void)ctx;
    struct seen *s = seen_of(r);
    s->failed = e->code;
    s->err = *e;
}

/* ---- Set-up ---- */

static const struct scheduler_options usual = { .n_ctx = N_CTX, .n_blocks = 64 };

static void open_scheduler(struct scheduler_options o)
{
    net = (struct fake_net){ .n_rows_max = scheduler_rows_max(o.n_seqs_max, o.prefill_chunk),
                             .n_out_max = scheduler_out_max(o.n_seqs_max),
                             .n_seqs_max = o.n_seqs_max ? o.n_seqs_max : SCHEDULER_SEQS_MAX };
    memset(seen, 0, sizeof seen);
    o.net.ctx = &net;
    o.net.n_vocab = TINY_VOCAB;
    o.net.copy_block = fake_copy;
    if (!o.net.forward) o.net.forward = fake_forward;
    o.events = (struct scheduler_events){ .counted = on_counted,
                                          .score = on_score,
                                          .token = on_token,
                                          .done = on_done,
                                          .failed = on_failed };
    o.tokenizer = tokenizer;
    assert_int_equal(scheduler_open(&scheduler, &o, &err), 0);
}

static void close_scheduler(void)
{
    scheduler_close(scheduler);
    scheduler = NULL;
}

static struct engine_request *request(uint64_t id, const char *prompt)
{
    struct engine_request *r;
    struct tokens ids;
    assert_int_equal(engine_request_open(&r, &err), 0);
    tokens_init(&ids, TEXT_MAX);
    assert_int_equal(tokenizer_encode(tokenizer, &ids, slice_of(prompt), NULL, &err), 0);
    r->id = id;
    r->tenant = SLICE("default");
    r->n_tokens = (int32_t)ids.len;
    r->tokens = ARENA_NEWS(&r->arena, ids.len, int32_t);
    if (ids.len) memcpy(r->tokens, ids.ids, ids.len * sizeof *ids.ids);
    r->max_tokens = 20;
    r->sampling.seed = 1000 + id;
    tokens_release(&ids);
    return r;
}

static void submit(struct engine_request *r)
{
    if (scheduler_submit(scheduler, r, &err) < 0) fail_msg("%s", err.text);
}

static void run(void)
{
    for (int i = 0; scheduler_has_work(scheduler); i++) {
        assert_true(i < 100000);
        scheduler_step(scheduler);
    }
}

/* ---- The oracle ---- */

struct expected {
    char text[TEXT_MAX];
    int32_t n_tokens;
    enum scheduler_finish reason;
    double logprob;
};

static void predict(struct expected *x, const struct engine_request *r, uint32_t choice)
{
    static struct sampler_scratch *scratch;
    int32_t tokens[N_CTX + 1], n = r->n_tokens;
    float logits[TINY_VOCAB];
    struct answer a;
    struct buf out;
    if (!scratch) assert_int_equal(sampler_scratch_open(&scratch, TINY_VOCAB, &err), 0);
    memcpy(tokens, r->tokens, (size_t)n * sizeof *tokens);
    buf_init(&out, TEXT_MAX);
    answer_init(&a, tokenizer, r->stops, r->n_stops);
    *x = (struct expected){ .reason = SCHEDULER_LENGTH };
    int32_t most = r->max_tokens < 0 ? N_CTX - n : r->max_tokens;
    while (x->n_tokens < most) {
        fake_logits_after(logits, tokens, n);
        struct sampler_input in = { .params = &r->sampling,
                                    .logits = logits,
                                    .tokens = tokens,
                                    .n_tokens = n,
                                    .n_prompt = r->n_tokens,
                                    .choice = choice };
        int32_t t;
        assert_int_equal(sampler_pick(scratch, &t, &in), 0);
        tokens[n++] = t;
        x->n_tokens++;
        x->logprob += (double)logprobs_of(logits, TINY_VOCAB, t, NULL, 0);
        if (t == TINY_END && !r->ignore_eos) x->reason = SCHEDULER_STOP;
        if (x->reason == SCHEDULER_STOP) break;
        assert_int_equal(answer_add(&a, t, NULL), 0);
        buf_add_slice(&out, answer_text(&a));
        answer_sent(&a);
        if (a.stopped) x->reason = SCHEDULER_STOP;
        if (a.stopped) break;
    }
    assert_int_equal(answer_finish(&a), 0);
    buf_add_slice(&out, answer_text(&a));
    memcpy(x->text, buf_str(&out), out.len + 1);
    answer_release(&a);
    buf_release(&out);
    sampler_scratch_close(scratch);
    scratch = NULL;
}

static void compare(uint64_t id, uint32_t choice, const struct expected *x)
{
    const struct got *g = &seen[id].choice[choice];
    assert_true(g->done);
    assert_string_equal(g->text, x->text);
    assert_int_equal(g->end.reason, x->reason);
    assert_int_equal(g->end.completion_tokens, x->n_tokens);
}

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

/* A mixture of everything; `variant` decides the prompt and options of request `id`. */
static struct engine_request *mixed(uint64_t id)
{
    char prompt[200];
    size_t len = 0;
    if (id % 3 == 0)
        len = (size_t)snprintf(prompt, sizeof prompt,
                               "a system prompt that all of "
                               "these share, and then ");
    size_t end = len + 1 + (id * 37) % 90;
    while (len < end) prompt[len] = "hello "[(len * (id + 3) + id) % 6], len++;
    prompt[len] = '\0';
    struct engine_request *r = request(id, prompt);
    r->max_tokens = (int32_t)(1 + id * 13 % 60);
    r->n_choices = id % 5 == 0 ? 3 : 1;
    r->ignore_eos = id % 4 == 0;
    r->sampling.temperature = id % 7 == 0 ? 0 : 1;
    r->sampling.top_k = id % 2 ? 20 : 0;
    r->sampling.top_p = id % 6 == 0 ? 0.9 : 1;
    r->sampling.frequency_penalty = id % 8 == 0 ? 0.5 : 0;
    r->logprobs = id % 9 == 0;
    if (id % 4 == 1) {
        struct slice *stops = ARENA_NEWS(&r->arena, 2, struct slice);
        stops[0] = SLICE("ab");
        stops[1] = SLICE("hell");
        r->stops = stops;
        r->n_stops = 2;
    }
    return r;
}

static void run_mixed(struct scheduler_options o, bool disturb)
{
    static struct expected x[REQUESTS_MAX][CHOICES];
    int32_t n_choices[REQUESTS_MAX];
    open_scheduler(o);
    uint64_t next = 1, step = 0;
    while (next < REQUESTS_MAX || scheduler_has_work(scheduler)) {
        while (next < REQUESTS_MAX && (step % 3 == 0 || next < 10)) {
            struct engine_request *r = mixed(next);
            n_choices[next] = r->n_choices;
            for (int32_t c = 0; c < r->n_choices; c++) predict(&x[next][c], r, (uint32_t)c);
            submit(r);
            next++;
            if (step % 3 == 0 && next >= 10) break;
        }
        if (disturb && step % 5 == 2) (void)scheduler_cancel(scheduler, next - 1 - step % 4);
        scheduler_step(scheduler);
        step++;
        assert_true(step < 100000);
    }
    for (uint64_t id = 1; id < REQUESTS_MAX; id++) {
        if (disturb && !seen[id].finals) continue; /* Cancelled. */
        assert_int_equal(seen[id].failed, 0);
        assert_int_equal(seen[id].finals, 1);
        for (int32_t c = 0; c < n_choices[id]; c++) compare(id, (uint32_t)c, &x[id][c]);
    }
    struct scheduler_stats stats = scheduler_stats(scheduler);
    assert_int_equal(stats.n_running + stats.n_waiting, 0);
    assert_int_equal(stats.kv.n_used, 0);
    if (disturb) assert_true(stats.n_cancelled > 3 && stats.n_done > 20);
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
    assert_int_equal(seen[1].n_cached, 0);
    assert_int_equal(seen[2].n_cached, (seen[2].n_prompt - 1) / 16 * 16);
    assert_int_equal(seen[2].choice[0].end.cached_tokens, seen[2].n_cached);
    assert_int_equal(seen[3].n_cached, 0);
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
        fake_logits_after(logits, tokens, i);
        assert_true(seen[id].scores[i] == logprobs_of(logits, TINY_VOCAB, tokens[i], NULL, 0));
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

static uint64_t fake_time;

static uint64_t fake_now(void)
{
    return fake_time;
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

/* A slow machine gets smaller chunks, so that a step stays short. */
static void test_chunks_follow_the_machine(void **state)
{
    (void)state;
    char prompt[N_CTX];
    memset(prompt, 'x', sizeof prompt - 1);
    prompt[sizeof prompt - 1] = '\0';
    seams.now_ns = fake_now;
    static const struct {
        uint64_t row_ns;
        int least, most; /* Steps for the second prompt of 240. */
    } cases[] = { { 1000, 1, 1 }, { 2000000, 3, 3 }, { 3000000, 4, 4 }, { 900000000, 8, 8 } };
    for (size_t i = 0; i < 4; i++) {
        struct scheduler_options o = usual;
        o.net.forward = slow_forward;
        open_scheduler(o);
        slow_forward_ns = cases[i].row_ns;
        for (uint64_t id = 1; id <= 2; id++) {
            struct engine_request *r = request(id, prompt);
            r->n_tokens = 240;
            r->tenant = id == 1 ? SLICE("a") : SLICE("b"); /* Not from the cache. */
            r->max_tokens = 1;
            int before = net.n_forwards;
            submit(r);
            run();
            int steps = net.n_forwards - before;
            if (id == 2) assert_true(steps >= cases[i].least && steps <= cases[i].most);
        }
        close_scheduler();
    }
    seams = seams_real;
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

static int setup(void **state)
{
    (void)state;
    tokenizer = tiny_tokenizer_open();
    return tokenizer ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    tokenizer_close(tokenizer);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_request),
        cmocka_unit_test(test_batching_changes_nothing),
        cmocka_unit_test(test_preemption_changes_nothing),
        cmocka_unit_test(test_cancels_change_nothing),
        cmocka_unit_test(test_threads_change_nothing),
        cmocka_unit_test(test_choices_share_the_prompt),
        cmocka_unit_test(test_cached_tokens),
        cmocka_unit_test(test_simultaneous_prefixes),
        cmocka_unit_test(test_scoring),
        cmocka_unit_test(test_many_scorers_at_once),
        cmocka_unit_test(test_echo_without_logprobs),
        cmocka_unit_test(test_logprobs),
        cmocka_unit_test(test_prefill_only),
        cmocka_unit_test(test_priority_and_arrival),
        cmocka_unit_test(test_deadline),
        cmocka_unit_test(test_chunks_follow_the_machine),
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

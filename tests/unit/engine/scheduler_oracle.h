/* scheduler_oracle - what must come out, from an oracle that knows no batches; and mixtures of
 * requests, run and compared with it. */
#ifndef TIRO_TESTS_SCHEDULER_ORACLE_H
#define TIRO_TESTS_SCHEDULER_ORACLE_H

#include "unit/engine/scheduler_harness.h"

/* ---- The oracle, and what it has said ---- */

static struct {
    int32_t tokens[N_CTX + 1], n;
} known[REQUESTS_MAX * CHOICES];
static int n_known;

struct expected {
    char text[TEXT_MAX];
    int32_t n_tokens;
    enum scheduler_finish reason;
    double logprob;
};

static void predict(struct expected *x, const struct engine_request *r, uint32_t choice)
{
    static struct sampler_scratch *scratch;
    struct kernels k;
    int32_t tokens[N_CTX + 1], n = r->n_tokens;
    float logits[TINY_VOCAB];
    struct answer a;
    struct buf out;
    kernels_select(&k, 0);
    if (!scratch) assert_int_equal(sampler_scratch_open(&scratch, TINY_VOCAB, &k, &err), 0);
    memcpy(tokens, r->tokens, (size_t)n * sizeof *tokens);
    buf_init(&out, TEXT_MAX);
    answer_init(&a, tokenizer, r->stops, r->n_stops);
    *x = (struct expected){ .reason = SCHEDULER_LENGTH };
    int32_t most = r->max_tokens < 0 ? N_CTX - n : r->max_tokens;
    while (x->n_tokens < most) {
        fake_logits_after(logits, tokens, n, r->adapter);
        struct sampler_input in = { .params = &r->sampling,
                                    .row = { .logits = logits },
                                    .tokens = tokens,
                                    .n_tokens = n,
                                    .n_prompt = r->n_tokens,
                                    .choice = choice };
        int32_t t;
        assert_int_equal(sampler_pick(scratch, &t, &in), 0);
        tokens[n++] = t;
        x->n_tokens++;
        x->logprob += (double)fake_logprob(logits, t);
        if (t == TINY_END && !r->ignore_eos) x->reason = SCHEDULER_STOP;
        if (x->reason == SCHEDULER_STOP) break;
        assert_int_equal(answer_add(&a, t, NULL), 0);
        buf_add_slice(&out, answer_text(&a));
        answer_sent(&a);
        if (a.stopped) x->reason = SCHEDULER_STOP;
        if (a.stopped) break;
    }
    if (n_known < REQUESTS_MAX * CHOICES) {
        memcpy(known[n_known].tokens, tokens, (size_t)n * sizeof *tokens);
        known[n_known++].n = n;
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

static bool with_adapters; /* Some of the requests below have one. */

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
    if (with_adapters && id % 3 != 1) { /* Of those with the system prompt, too. */
        r->adapter = (int32_t)(id % 4) - 1;
        r->adapter_key = id % 4;
    }
    r->sampling.repetition_penalty = id % 11 == 0 ? 1.3 : 1;
    if (id % 10 == 7) {
        struct logit_bias *bias = ARENA_NEWS(&r->arena, 1, struct logit_bias);
        *bias = (struct logit_bias){ .token = 'q', .bias = 3 };
        r->sampling.logit_bias = bias;
        r->sampling.n_logit_bias = 1;
    }
    if (id % 4 == 1) {
        struct slice *stops = ARENA_NEWS(&r->arena, 2, struct slice);
        stops[0] = SLICE("ab");
        stops[1] = SLICE("hell");
        r->stops = stops;
        r->n_stops = 2;
    }
    return r;
}

static inline void run_mixed(struct scheduler_options o, bool disturb)
{
    static struct expected x[REQUESTS_MAX][CHOICES];
    int32_t n_choices[REQUESTS_MAX];
    open_scheduler(o);
    n_known = 0;
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

#endif

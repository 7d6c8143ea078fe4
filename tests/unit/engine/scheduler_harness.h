/* scheduler_harness - a scheduler over the fake model, and what comes out of it. For one test
 * program: its state is its own. */
#ifndef TIRO_TESTS_SCHEDULER_HARNESS_H
#define TIRO_TESTS_SCHEDULER_HARNESS_H

#include "unit/engine/fake_net.h"

#include <stdio.h>

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
    uint64_t core_ns;
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
    seen[r->id].core_ns = r->core_ns;
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

#endif

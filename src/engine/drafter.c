#include "engine/drafter.h"

#include "base/pool.h"
#include "base/seam.h"
#include "engine/constraint.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum { LENGTH_FIRST = 2, PAUSE_FIRST = 4, READ_LEAST = 32 };

/* Chance of a token to be right: at first, and how much each token counts. */
#define RIGHT_FIRST  0.7
#define RIGHT_WEIGHT (1 / 16.0)
/* Until it is measured: a forward's time as a share of the first model's. */
enum { GUESS_SHARE = 3 };

/* What is known of a running sequence. */
struct track {
    bool live;
    int32_t n_computed;  /* Tokens whose keys and values are there; the drafted ones uncommitted. */
    int32_t pause, wait; /* In steps. */
    bool probe;          /* A pause is over. */
    double right;
};

struct drafter {
    struct drafter_options o;
    struct kvcache *kv;
    struct track *tracks; /* (n_seqs_max) by slot */
    struct batch batch;
    int32_t *tokens, *positions, *out_rows;
    struct batch_seq *batch_seqs;
    struct draft_ask **of_out; /* (n_seqs_max) whose row each output is */
    float *logits;             /* (n_seqs_max, net.n_vocab) */
    size_t logits_bytes;
    float *padded; /* (threads, n_vocab) when this model has fewer logits; else NULL */
    int32_t n_threads;
    struct pace pace;
    double right; /* Of all sequences, of late: what a new one begins with. */
    bool broken;
    struct drafter_stats stats;
};

/* ---- Opening ---- */

static int out_of_memory(struct err *err)
{
    return err_set(err, ERR_NO_MEMORY, "out of memory for the draft model's tables");
}

static bool open_arrays(struct drafter *d)
{
    size_t rows = (size_t)d->o.n_rows_max, seqs = (size_t)d->o.n_seqs_max;
    d->tracks = mem_calloc(seqs, sizeof *d->tracks);
    d->tokens = mem_calloc(rows, sizeof *d->tokens);
    d->positions = mem_calloc(rows, sizeof *d->positions);
    d->out_rows = mem_calloc(seqs, sizeof *d->out_rows);
    d->batch_seqs = mem_calloc(seqs, sizeof *d->batch_seqs);
    d->of_out = mem_calloc(seqs, sizeof(struct draft_ask *));
    d->logits_bytes = seqs * (size_t)d->o.net.n_vocab * sizeof *d->logits;
    d->logits = seams.map(d->logits_bytes); /* Rows that nobody uses cost nothing. */
    if (d->o.net.n_vocab < d->o.n_vocab) {
        d->padded = mem_calloc((size_t)d->n_threads * (size_t)d->o.n_vocab, sizeof *d->padded);
        if (!d->padded) return false;
    }
    return d->tracks && d->tokens && d->positions && d->out_rows && d->batch_seqs && d->of_out &&
           d->logits;
}

int drafter_open(struct drafter **ret, const struct drafter_options *o, struct err *err)
{
    assert(o->n_vocab > 0 && o->net.n_vocab > 0 && o->n_ctx > 0 && o->n_seqs_max > 0);
    assert(o->n_rows_max >= o->n_seqs_max && o->n_rows_max >= READ_LEAST);
    struct drafter *d = mem_calloc(1, sizeof *d);
    if (!d) return out_of_memory(err);
    d->o = *o;
    d->right = RIGHT_FIRST;
    d->n_threads = o->pool ? pool_size(o->pool) : 1;
    struct kvcache_options kv = {
        .n_blocks = o->n_blocks,
        .n_seqs = o->n_seqs_max,
        .blocks_per_seq = (o->n_ctx + KV_BLOCK_LEN - 1) / KV_BLOCK_LEN,
        .copy = o->net.copy_block,
        .copy_ctx = o->net.ctx,
    };
    int r = open_arrays(d) ? kvcache_open(&d->kv, &kv, err) : out_of_memory(err);
    if (r < 0) {
        drafter_close(d);
        return r;
    }
    *ret = d;
    return 0;
}

void drafter_close(struct drafter *d)
{
    if (!d) return;
    kvcache_close(d->kv);
    mem_free(d->tracks);
    mem_free(d->tokens);
    mem_free(d->positions);
    mem_free(d->out_rows);
    mem_free(d->batch_seqs);
    mem_free(d->of_out);
    mem_free(d->padded);
    if (d->logits) (void)seams.unmap(d->logits, d->logits_bytes); /* Nothing to do about it. */
    mem_free(d);
}

struct drafter_stats drafter_stats(const struct drafter *d)
{
    return d->stats;
}

/* ---- Sequences ---- */

void drafter_begin(struct drafter *d, int32_t slot, struct kv_hash root, const int32_t *tokens,
                   int32_t n_tokens)
{
    struct track *t = &d->tracks[slot];
    assert(slot >= 0 && slot < d->o.n_seqs_max && !t->live);
    /* What was learned wears off, so that after a bad time it is tried again. */
    d->right += RIGHT_WEIGHT * (RIGHT_FIRST - d->right);
    *t = (struct track){ .live = true, .pause = PAUSE_FIRST, .right = d->right };
    t->n_computed = kvcache_begin(d->kv, slot, root, tokens, n_tokens);
}

void drafter_end(struct drafter *d, int32_t slot)
{
    if (d->tracks[slot].live) kvcache_drop(d->kv, slot);
    d->tracks[slot].live = false;
}

static void learn_right(double *right, int32_t n_drafted, int32_t n_kept)
{
    for (int32_t i = 0; i <= n_kept && i < n_drafted; i++)
        *right += RIGHT_WEIGHT * ((i < n_kept) - *right);
}

void drafter_judge(struct drafter *d, int32_t slot, const int32_t *tokens, int32_t n_tokens,
                   int32_t n_drafted, int32_t n_kept)
{
    struct track *t = &d->tracks[slot];
    assert(n_kept >= 0 && n_kept <= n_drafted);
    d->stats.n_drafted += (uint64_t)n_drafted;
    d->stats.n_accepted += (uint64_t)n_kept;
    learn_right(&d->right, n_drafted, n_kept);
    if (!t->live) return; /* That was the end of it. */
    learn_right(&t->right, n_drafted, n_kept);
    if (t->n_computed > n_tokens - 1) t->n_computed = n_tokens - 1;
    kvcache_commit(d->kv, slot, tokens, t->n_computed);
    kvcache_truncate(d->kv, slot, t->n_computed); /* What was reserved beyond. */
}

/* ---- Forwards ---- */

static void clear_batch(struct drafter *d)
{
    d->batch = (struct batch){ .tokens = d->tokens,
                               .positions = d->positions,
                               .seqs = d->batch_seqs,
                               .out_rows = d->out_rows };
}

/* Rows of tokens[n_computed .. to): false when there is no room, or a token this model lacks. */
static bool add_rows(struct drafter *d, int32_t slot, const int32_t *tokens, int32_t to)
{
    struct batch *b = &d->batch;
    struct track *t = &d->tracks[slot];
    int32_t n = to - t->n_computed, n_blocks;
    if (n <= 0 || b->n_rows + n > d->o.n_rows_max) return false;
    for (int32_t i = t->n_computed; i < to; i++)
        if (tokens[i] >= d->o.net.n_vocab) return false;
    if (kvcache_reserve(d->kv, slot, to) < 0) return false;
    const int32_t *blocks = kvcache_blocks(d->kv, slot, &n_blocks);
    d->batch_seqs[b->n_seqs++] = (struct batch_seq){ .row = b->n_rows,
                                                     .n_rows = n,
                                                     .kv_len = t->n_computed,
                                                     .n_blocks = n_blocks,
                                                     .blocks = blocks };
    for (int32_t i = t->n_computed; i < to; i++) {
        d->tokens[b->n_rows] = tokens[i];
        d->positions[b->n_rows++] = i;
    }
    t->n_computed = to;
    return true;
}

static bool forward(struct drafter *d)
{
    struct err err; /* An answer does without: nobody needs to know why. */
    if (d->o.net.forward(d->o.net.ctx, &d->batch, d->logits, &err) < 0) d->broken = true;
    return !d->broken;
}

static const float *logits_of(struct drafter *d, int32_t out, int thread)
{
    const float *row = d->logits + (size_t)out * (size_t)d->o.net.n_vocab;
    if (!d->padded) return row;
    float *padded = d->padded + (size_t)thread * (size_t)d->o.n_vocab;
    memcpy(padded, row, (size_t)d->o.net.n_vocab * sizeof *row);
    for (int32_t i = d->o.net.n_vocab; i < d->o.n_vocab; i++) padded[i] = -INFINITY;
    return padded;
}

/* The draft's next token, as if what was drafted before had come. */
static void pick(struct drafter *d, struct draft_ask *a, int32_t out, int thread)
{
    struct sampler_input in = a->like;
    in.row = (struct logits_row){ .logits = logits_of(d, out, thread) };
    in.n_tokens += a->n;
    int32_t token = in.constraint ? constraint_forced(in.constraint) : CONSTRAINT_FREE;
    a->going = token != CONSTRAINT_FREE || sampler_pick(d->o.scratch[thread], &token, &in) == 0;
    if (a->going && in.constraint) {
        a->going = constraint_accept(in.constraint, token) == 0;
        a->n_accepted += a->going;
    }
    if (!a->going) return;
    a->tokens[in.n_tokens] = token;
    a->n++;
    if (a->n == a->most) a->going = false;
}

static void pick_share(void *ctx, int thread, int n_threads)
{
    struct drafter *d = ctx;
    for (int32_t i = thread; i < d->batch.n_out; i += n_threads) pick(d, d->of_out[i], i, thread);
}

/* One more token for each draft that goes on; false: none does. */
static bool draft_round(struct drafter *d, struct draft_ask *asks, int32_t n_asks)
{
    uint64_t start = now_ns();
    clear_batch(d);
    for (int32_t i = 0; i < n_asks; i++) {
        struct draft_ask *a = &asks[i];
        if (!a->going) continue;
        a->going = add_rows(d, a->slot, a->tokens, a->like.n_tokens + a->n);
        if (!a->going) continue;
        d->of_out[d->batch.n_out] = a;
        d->out_rows[d->batch.n_out++] = d->batch.n_rows - 1;
    }
    if (d->batch.n_out == 0 || !forward(d)) return false;
    if (d->o.pool && d->batch.n_out > 1)
        pool_run(d->o.pool, pick_share, d);
    else
        pick_share(d, 0, 1);
    pace_decode(&d->pace, d->batch.n_rows, now_ns() - start);
    return true;
}

/* ---- What pays ---- */

static uint64_t forward_ns(const struct drafter *d, const struct draft_step *step, int32_t n_rows)
{
    uint64_t ns = pace_decode_ns(&d->pace, n_rows);
    return ns ? ns : pace_decode_ns(step->pace, n_rows) / GUESS_SHARE;
}

static int32_t owed(const struct drafter *d, const struct draft_ask *a)
{
    return a->like.n_tokens - d->tracks[a->slot].n_computed;
}

/* The length at which the step with drafts of those that are going gives most tokens by its time,
 * and that time a token. */
static int32_t best_length(const struct drafter *d, struct draft_ask *asks, int32_t n_asks,
                           const struct draft_step *step, double *ret_ns)
{
    int32_t n = 0, n_owed = 0, best = 0;
    for (int32_t i = 0; i < n_asks; i++) {
        if (!asks[i].going) continue;
        n++;
        n_owed += owed(d, &asks[i]) <= DRAFTER_OWED_MAX ? owed(d, &asks[i]) : 1;
        asks[i].chance = 1;
    }
    double tokens = step->n_tokens, drafting = 0;
    *ret_ns = (double)pace_decode_ns(step->pace, step->n_rows) / tokens;
    if (n == 0) return 0;
    for (int32_t k = 1; k <= DRAFTER_MOST && n * k <= step->n_rows_left; k++) {
        drafting += (double)forward_ns(d, step, k == 1 ? n_owed : n);
        for (int32_t i = 0; i < n_asks; i++)
            if (asks[i].going) tokens += asks[i].chance *= d->tracks[asks[i].slot].right;
        double ns = drafting + (double)pace_decode_ns(step->pace, step->n_rows + n * k);
        if (ns / tokens >= *ret_ns) continue;
        *ret_ns = ns / tokens;
        best = k;
    }
    return best;
}

static void rest(struct track *t)
{
    t->wait = t->pause;
    t->pause = t->pause * 2 < DRAFTER_PAUSE_MAX ? t->pause * 2 : DRAFTER_PAUSE_MAX;
}

/* Who could have a draft now. */
static void find_ready(struct drafter *d, struct draft_ask *asks, int32_t n_asks)
{
    for (int32_t i = 0; i < n_asks; i++) {
        struct track *t = &d->tracks[asks[i].slot];
        asks[i].n = asks[i].n_accepted = 0;
        asks[i].going = t->live && asks[i].most > 0 && owed(d, &asks[i]) <= DRAFTER_OWED_MAX;
        if (!asks[i].going || t->wait == 0) continue;
        asks[i].going = false;
        t->probe = --t->wait == 0;
    }
}

/* How long each draft shall be. Where it does not pay it rests; after that it is tried once,
 * whatever was thought of it before, for times and texts change. */
static void choose(struct drafter *d, struct draft_ask *asks, int32_t n_asks,
                   const struct draft_step *step)
{
    double ns;
    int32_t length = best_length(d, asks, n_asks, step, &ns), left = step->n_rows_left;
    for (int32_t i = 0; i < n_asks; i++) {
        struct track *t = &d->tracks[asks[i].slot];
        if (!asks[i].going) continue;
        int32_t most = length > 0 ? length : t->probe ? LENGTH_FIRST : 0;
        if (d->o.forced) most = 1 + asks[i].like.n_tokens * 7 % DRAFTER_MOST;
        t->probe = false;
        if (length > 0 || d->o.forced)
            t->pause = PAUSE_FIRST;
        else
            rest(t);
        if (most > left) most = left;
        if (asks[i].most > most) asks[i].most = most;
        asks[i].going = asks[i].most > 0;
        left -= asks[i].most * asks[i].going;
    }
}

/* Whether reading the sequence costs no more than drafts would have saved on its answer so far:
 * then, at the worst, it is read for nothing after having lost as much. */
static bool is_worth_reading(struct drafter *d, struct draft_ask *a, const struct draft_step *step)
{
    double ns;
    uint64_t row_ns = d->pace.prompt_row_ns;
    if (row_ns == 0) row_ns = forward_ns(d, step, 1) / PACE_GUESS_ROWS;
    a->going = true;
    bool pays = best_length(d, a, 1, step, &ns) > 0;
    a->going = false;
    double saved = (double)pace_decode_ns(step->pace, step->n_rows) - step->n_tokens * ns;
    double so_far = saved * (a->like.n_tokens - a->like.n_prompt);
    return d->o.forced || (pays && so_far >= (double)row_ns * owed(d, a));
}

/* Reads a part of one sequence that is behind, the first that is worth it. */
static void catch_up(struct drafter *d, struct draft_ask *asks, int32_t n_asks,
                     const struct draft_step *step)
{
    for (int32_t i = 0; i < n_asks; i++) {
        struct draft_ask *a = &asks[i];
        struct track *t = &d->tracks[a->slot];
        if (!t->live || a->most == 0 || owed(d, a) <= DRAFTER_OWED_MAX) continue;
        if (!is_worth_reading(d, a, step)) continue;
        uint64_t start = now_ns();
        int32_t n = owed(d, a) - 1, rows = pace_prompt_rows(&d->pace, 0, step->read_ns);
        if (rows < READ_LEAST) rows = READ_LEAST;
        if (n > rows) n = rows;
        if (n > d->o.n_rows_max) n = d->o.n_rows_max;
        clear_batch(d);
        if (!add_rows(d, a->slot, a->tokens, t->n_computed + n)) {
            drafter_end(d, a->slot); /* No room: this one goes without. */
            continue;
        }
        if (!forward(d)) return;
        kvcache_commit(d->kv, a->slot, a->tokens, t->n_computed);
        d->stats.n_read += (uint64_t)n;
        pace_prefill(&d->pace, 0, n, now_ns() - start);
        return;
    }
}

int32_t drafter_draft(struct drafter *d, struct draft_ask *asks, int32_t n_asks,
                      const struct draft_step *step)
{
    int32_t n = 0;
    for (int32_t i = 0; i < n_asks; i++) asks[i].n = 0;
    if (d->broken) return 0;
    catch_up(d, asks, n_asks, step);
    find_ready(d, asks, n_asks);
    choose(d, asks, n_asks, step);
    while (!d->broken && draft_round(d, asks, n_asks)) continue;
    for (int32_t i = 0; i < n_asks; i++) {
        if (asks[i].n_accepted > 0)
            constraint_rollback(asks[i].like.constraint, asks[i].n_accepted);
        if (d->broken) asks[i].n = 0;
        n += asks[i].n;
    }
    return n;
}

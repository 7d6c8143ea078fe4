/* drafter - a second, smaller model of the same vocabulary that guesses what the first will say.
 *
 *     TRY(drafter_open(&d, &options, err));
 *     drafter_begin(d, slot, root, tokens, n_tokens);     a sequence starts to run
 *     each step:
 *         for each decoding sequence: asks[i] = ...
 *         drafter_draft(d, asks, n_asks, &step);          tokens behind those of each, .n of them
 *         ... the first model looks, the request samples, n_kept of the draft stood ...
 *         drafter_judge(d, slot, tokens, n_tokens, n, n_kept);
 *     drafter_end(d, slot);
 *
 * It has its own keys and values (engine/kvcache.h, prefixes shared as there) and keeps them in
 * step: a draft first reads what has come since the last one, and what was rejected is forgotten.
 * All sequences of a step are drafted together, a token each in one forward. The draft is sampled
 * like the answer, with the same options, constraint and dice, for then the two agree most often.
 *
 * A draft costs forwards of this model, so it is made where it pays: all drafts of a step have the
 * length at which the step's expected tokens by its time, drafting included, are most; none when
 * that is 0, and then it waits, each time for twice as long. A sequence whose prompt was not read
 * yet is read when that costs no more than drafts would have saved on the answer so far.
 *
 * Nothing here can change an answer or fail a request: whatever goes wrong, there is no draft.
 *
 * Owner: the scheduler's thread. Memory: all of it taken at open.
 */
#ifndef TIRO_ENGINE_DRAFTER_H
#define TIRO_ENGINE_DRAFTER_H

#include "engine/pace.h"
#include "engine/sampler.h"
#include "engine/scheduler.h"

struct drafter;

enum {
    DRAFTER_MOST = 8,        /* Tokens of one draft. */
    DRAFTER_OWED_MAX = 16,   /* Tokens that are read together with the first draft row. */
    DRAFTER_PAUSE_MAX = 256, /* Steps. */
};

struct drafter_options {
    struct scheduler_net net;
    int32_t n_vocab; /* Of the first model: whose ids are sampled. */
    int32_t n_blocks, n_ctx, n_seqs_max;
    int32_t n_rows_max;               /* Of a forward; at least n_seqs_max. */
    struct pool *pool;                /* NULL: samples on the calling thread. */
    struct sampler_scratch **scratch; /* The scheduler's: one a thread. */
    bool forced; /* For tests: drafts of all lengths, whether they pay or not. */
};

/* A sequence that could use a draft. */
struct draft_ask {
    int32_t slot;
    struct sampler_input like; /* How the next token is sampled, but for its logits. */
    int32_t *tokens;           /* like.tokens; the draft goes behind like.n_tokens */
    int32_t most, n;           /* n: how long the draft became */
    /* While it is drafted: */
    int32_t n_accepted; /* Tokens of the draft that the constraint has taken. */
    double chance;      /* That all of the draft stands. */
    bool going;
};

/* The step that the drafts are for. */
struct draft_step {
    const struct pace *pace;
    int32_t n_rows;      /* So far. */
    double n_tokens;     /* That it is expected to give so far. */
    int32_t n_rows_left; /* For all drafts. */
    uint64_t read_ns;    /* So long it may read a prompt. */
};

struct drafter_stats {
    uint64_t n_drafted, n_accepted, n_read; /* Tokens. */
};

int drafter_open(struct drafter **ret, const struct drafter_options *options,
                 struct err *err) MUST_USE;
void drafter_close(struct drafter *d); /* NULL is fine. */
void drafter_begin(struct drafter *d, int32_t slot, struct kv_hash root, const int32_t *tokens,
                   int32_t n_tokens);
void drafter_end(struct drafter *d, int32_t slot); /* One that never began is fine. */
/* Returns how many tokens it drafted in all. */
int32_t drafter_draft(struct drafter *d, struct draft_ask *asks, int32_t n_asks,
                      const struct draft_step *step);
/* n_tokens: with those that stood and the one behind them. */
void drafter_judge(struct drafter *d, int32_t slot, const int32_t *tokens, int32_t n_tokens,
                   int32_t n_drafted, int32_t n_kept);
struct drafter_stats drafter_stats(const struct drafter *d);

#endif

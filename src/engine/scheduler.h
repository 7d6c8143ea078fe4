/* scheduler - continuous batching of every sequence of one causal model.
 *
 *     struct scheduler *s;
 *     TRY(scheduler_open(&s, &options, err));
 *     TRY(scheduler_submit(s, request, err));            checked and queued, or refused with why
 *     while (scheduler_has_work(s)) scheduler_step(s);   events come out of here
 *     scheduler_cancel(s, id);                           its blocks are free before the next step
 *     scheduler_close(s);
 *
 * One step is one forward pass: expire, admit, reserve, compose, run, sample, emit.
 *
 *     waiting ──admit──► running (prefill, in chunks) ──► running (decode) ──► ended
 *        ▲                         │ n choices: fork, sharing the prompt's blocks
 *        └────── preempted ◄───────┘ when blocks run out: the youngest gives its blocks back and
 *                                    is computed again later (usually found in the prefix cache)
 *
 * Order of admission: priority, then arrival. A prompt is admitted when all its blocks and a margin
 * for the running ones are there; completions grow block by block. A batch holds one row of every
 * decoding sequence, then up to `prefill_chunk` rows of prompts, fewer when the others would wait
 * longer than `latency_ns` for their next token (engine/pace.h).
 *
 * Requests of a priority below 0 are idle ones: they are admitted when no other waits, give their
 * place up when one comes, and beside others that run they sit out all steps but one in
 * `SCHEDULER_IDLE_WAIT_MS`, so that they get on, slowly. Alone, their steps are short: who comes
 * next waits for them.
 *
 * Speculation: a decoding sequence may bring a draft of its next tokens as more rows, as long as
 * the step's tokens grow more than its time: copied from its own text (engine/lookup.h), or guessed
 * by a second model (engine/drafter.h). Each position is sampled as it always is, with its own
 * dice, and a drafted token stands if it is the one that was sampled; so drafts change how many
 * tokens a step gives, and nothing else.
 *
 * Jumps: what a request's constraint forces follows the token before it at once, and the next step
 * computes all of it together; unless logprobs are asked, for which there must be logits.
 *
 * A result depends on the request alone: not on batch mates, chunking, preemption, prefix hits or
 * threads. The model keeps that contract (graph/batch.h); here every draw has its own dice.
 *
 * Costs: a step's wall time, up to its last token, on every thread of the pool is borne by the rows
 * of its batch in equal parts, whatever they compute: a row of a prompt, of a running answer, of a
 * draft. request->core_ns is what a request's rows have borne, also those computed again.
 *
 * Owner: one thread. Pool threads only sample, each its own rows.
 */
#ifndef TIRO_ENGINE_SCHEDULER_H
#define TIRO_ENGINE_SCHEDULER_H

#include "engine/answer.h"
#include "engine/kvcache.h"
#include "engine/request.h"

struct pool;
struct scheduler;

enum {
    SCHEDULER_PREFILL_CHUNK = 256, /* Defaults. */
    SCHEDULER_SEQS_MAX = 64,
    SCHEDULER_QUEUE_MAX = 512,
    SCHEDULER_SCORE_ROWS = 32, /* Prompt rows whose logits are kept per step, when asked for. */
    /* How long the next token of running answers should wait for the chunk of a prompt. */
    SCHEDULER_LATENCY_MS = 100,
    SCHEDULER_IDLE_WAIT_MS = 2000,  /* The longest that idle requests wait for their next step, */
    SCHEDULER_IDLE_STEP_MS = 50,    /* and how long one of them should take. */
    SCHEDULER_IDLE_QUEUE_SHARE = 4, /* They are queued until it is full to one in so many. */
    SCHEDULER_PIN_HOURS = 24, /* A pinned prefix that is not used so long is pinned no more. */
};

enum scheduler_speculation {
    SPECULATION_AUTO, /* As far as it pays. */
    SPECULATION_OFF,
    SPECULATION_FORCED, /* For tests: whatever `draft` says, in every step there is room for. */
};

/* The model as the scheduler sees it; tests put a small function here. */
struct scheduler_net {
    void *ctx;
    int32_t n_vocab;
    /* out: (batch->n_out, n_vocab); batch->head is gathered. */
    int (*forward)(void *ctx, const struct batch *batch, float *out, struct err *err);
    void (*copy_block)(void *ctx, int32_t to, int32_t from);
};

enum scheduler_finish { SCHEDULER_STOP, SCHEDULER_LENGTH };

struct scheduler_done {
    uint32_t choice;
    enum scheduler_finish reason;
    struct slice stop; /* The stop string that ended it, or empty. */
    int32_t prompt_tokens, cached_tokens, completion_tokens;
    double logprob; /* Sum over the completion's tokens, when the request asked for logprobs. */
    uint64_t queue_ns, prefill_ns, decode_ns;
    bool final; /* The request's last. */
};

/* Called from submit (never), step and close (never). What the arguments point to is valid during
 * the call. After `failed`, or `done` with `final`, the request is gone. */
struct scheduler_events {
    void *ctx;
    void (*counted)(void *ctx, const struct engine_request *r, int32_t n_prompt, int32_t n_cached);
    /* Text of the prompt, with entries when logprobs were asked. */
    void (*score)(void *ctx, const struct engine_request *r, struct slice text,
                  const struct answer_entry *entries, size_t n_entries);
    void (*token)(void *ctx, const struct engine_request *r, uint32_t choice, struct slice text,
                  const struct answer_entry *entries, size_t n_entries, int32_t n_tokens);
    void (*done)(void *ctx, const struct engine_request *r, const struct scheduler_done *done);
    void (*failed)(void *ctx, const struct engine_request *r, const struct err *err);
};

struct scheduler_options {
    struct scheduler_net net;
    struct scheduler_events events;
    const struct tokenizer *tokenizer; /* Outlives the scheduler. */
    struct pool *pool;                 /* NULL: samples on the calling thread. */
    struct slice salt;                 /* Model, KV type, rope: what prefixes must agree in. */
    int32_t n_ctx;                     /* At most n_blocks * KV_BLOCK_LEN. */
    int32_t n_blocks;
    int32_t n_seqs_max, prefill_chunk, queue_max; /* 0: the defaults above */
    uint64_t latency_ns;                          /* 0: the default above */
    int32_t n_pinned_max;                         /* Blocks that requests may pin; 0: none */
    enum scheduler_speculation speculation;
    /* SPECULATION_FORCED: writes at most `most` tokens of a draft, returns how many. */
    int32_t (*draft)(void *ctx, const int32_t *tokens, int32_t n_tokens, int32_t *draft,
                     int32_t most);
    void *draft_ctx;
    /* A second model that drafts (engine/drafter.h), copied; NULL: none. It takes as many rows and
     * sequences as the first; its tokens are the first one's. */
    const struct scheduler_net *drafter;
    int32_t n_drafter_blocks;
};

struct scheduler_stats {
    int32_t n_waiting, n_running; /* Sequences. */
    struct kvcache_stats kv;
    uint64_t n_requests, n_done, n_failed, n_cancelled, n_preempted;
    uint64_t n_prompt_tokens, n_cached_tokens, n_completion_tokens;
    uint64_t n_drafted_tokens, n_accepted_tokens; /* Accepted ones were right and cost no step. */
    uint64_t n_model_drafted_tokens, n_model_accepted_tokens; /* Of those: by the draft model. */
    uint64_t n_jumped_tokens; /* Forced by a constraint: they cost no step, either. */
    uint64_t n_steps, step_ns;
    double prefill_tokens_per_s, decode_tokens_per_s; /* Over the last ten seconds. */
};

int scheduler_open(struct scheduler **ret, const struct scheduler_options *options,
                   struct err *err) MUST_USE;
void scheduler_close(struct scheduler *s); /* NULL is fine; no events. */
/* -ERR_CONTEXT_LENGTH, -ERR_INVALID_VALUE, -ERR_OVERLOADED: the request stays the caller's. */
int scheduler_submit(struct scheduler *s, struct engine_request *r, struct err *err) MUST_USE;
/* False: no such request. No event follows. */
bool scheduler_cancel(struct scheduler *s, uint64_t id);
/* Some request, waiting or running, has the adapter of this slot. */
bool scheduler_uses_adapter(const struct scheduler *s, int32_t slot);
bool scheduler_has_work(const struct scheduler *s);
void scheduler_step(struct scheduler *s);
struct scheduler_stats scheduler_stats(const struct scheduler *s);
/* Rows and outputs that a model must take for these options. */
int32_t scheduler_rows_max(int32_t n_seqs_max, int32_t prefill_chunk);
int32_t scheduler_out_max(int32_t n_seqs_max);

#endif

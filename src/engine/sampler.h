/* sampler - from a row of logits to one token: a chain of stages, one per file in sampler/.
 *
 * Order of the chain (`.order`), as OpenAI's clients and vLLM expect:
 *
 *     on logits       10 logit_bias   20 penalties            then the constraint's mask
 *     on candidates   40 top_k  50 typical  60 top_p  70 min_p       then the draw
 *
 * Temperature is no stage: a candidate weighs e^((logit - highest) / temperature) from the start.
 * Temperature 0 is greedy: the highest logit after bias, penalties and mask; of equals the lowest
 * id. Each draw is random_unit(seed, choice, position), so a token depends on its own logits and
 * request only. Logprobs (engine/logprobs.h) are of the model's own distribution, before all this.
 *
 * Candidates are not the whole vocabulary: the first active stage gathers what it can keep, from
 * what the head knows of the row (engine/logits.h). Without any, the token is drawn from all of it,
 * chunk first.
 *
 * To add a stage: write sampler/NAME.c ending in
 *
 *     const struct sampler sampler_NAME = { .name = "NAME", .order = 45, .active = .. };
 *
 * A stage sets only fields of `struct sample`; it must keep at least one candidate, and may not
 * depend on anything but its input.
 */
#ifndef TIRO_ENGINE_SAMPLER_H
#define TIRO_ENGINE_SAMPLER_H

#include "base/err.h"
#include "engine/logits.h"

#include <stdint.h>

struct constraint;

enum { SAMPLER_ON_CANDIDATES = 30, SAMPLER_STAGES_MAX = 32 };

struct logit_bias {
    int32_t token;
    float bias;
};

/* What a request asks for. sampling_default() is OpenAI's: temperature 1, nothing else. */
struct sampling {
    double temperature; /* 0: greedy */
    int32_t top_k;      /* 0: all */
    double top_p, min_p, typical_p;
    /* Repetition looks at prompt and output; frequency and presence at the output alone. */
    double repetition_penalty, frequency_penalty, presence_penalty;
    int32_t repeat_last_n; /* Window of the repetition penalty; 0: everything. */
    const struct logit_bias *logit_bias;
    int32_t n_logit_bias;
    uint64_t seed;
};

/* What stages work on. */
struct sample {
    const struct sampling *params;
    const int32_t *tokens; /* prompt and output */
    int32_t n_tokens, n_prompt;
    struct logits *logits; /* Stages below SAMPLER_ON_CANDIDATES: logits_change. */
    uint32_t *counts;      /* (n_vocab) all zero between stages */
    float scale;           /* 1 / temperature */
    /* Stages above: (n) of those that still have a chance. */
    struct candidate *items;
    int32_t n;
    double total; /* Weights of all that came to the stage, gathered or not; 0: add them up. */
};

struct sampler {
    const char *name;
    int order;
    bool (*active)(const struct sampling *params);
    /* For a stage that all of the vocabulary comes to: puts at least what it will keep, and so the
     * highest, in `items`. NULL: it needs all of them. */
    void (*gather)(struct sample *s);
    bool sums; /* gather looks at logits_sum: the head had better form it. */
    void (*apply)(struct sample *s);
};

extern const struct sampler *const sampler_registry[];
extern const size_t sampler_registry_len;

struct sampling sampling_default(void);
/* Values outside what the stages are defined for: names the parameter. */
int sampling_check(const struct sampling *params, int32_t n_vocab, struct err *err) MUST_USE;
/* 1 / temperature, which must not be 0. */
float sampling_scale(const struct sampling *params);
/* Of the sums that the head should form for this request; 0: it needs none. */
float sampling_head_scale(const struct sampling *params);

/* Scratch of one thread. */
struct sampler_scratch;
/* kernels must outlive it. */
int sampler_scratch_open(struct sampler_scratch **ret, int32_t n_vocab,
                         const struct kernels *kernels, struct err *err) MUST_USE;
void sampler_scratch_close(struct sampler_scratch *s);
/* The row view that sampler_pick works with, for others to use in between. */
struct logits *sampler_scratch_logits(struct sampler_scratch *s);

struct sampler_input {
    const struct sampling *params;
    struct logits_row row;
    const int32_t *tokens; /* prompt and output so far */
    int32_t n_tokens, n_prompt;
    uint32_t choice;
    struct constraint *constraint; /* NULL: none */
};

/* -ERR_INTERNAL when no token is possible: NaN from the model, or a mask that forbids all. */
int sampler_pick(struct sampler_scratch *scratch, int32_t *ret,
                 const struct sampler_input *in) MUST_USE;

/* For stages. Sorts the best k of s->items to the front, best first (ties: lowest id). */
void candidates_select(struct sample *s, int32_t k);
/* Keeps the best whose weights together reach `enough`: at least one. */
void candidates_reach(struct sample *s, double enough);
/* Fills in the weights; returns their sum, added in the items' order. */
double candidates_weigh(struct sample *s);

#endif

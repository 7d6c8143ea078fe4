#include "engine/sampler.h"

#include "base/seam.h"
#include "engine/constraint.h"
#include "engine/random.h"

#include <float.h>
#include <math.h>
#include <string.h>

struct sampler_scratch {
    const struct sampler *chain[SAMPLER_STAGES_MAX]; /* by order */
    int n_chain;
    struct logits logits;
    uint32_t *counts, *mask;
    struct candidate *items;
};

struct sampling sampling_default(void)
{
    return (
        struct sampling){ .temperature = 1, .top_p = 1, .typical_p = 1, .repetition_penalty = 1 };
}

static int check_range(double v, double low, double high, const char *name, struct err *err)
{
    if (v >= low && v <= high) return 0; /* Not for NaN. */
    return err_param(err, ERR_INVALID_VALUE, name,
                     "Invalid '%s': expected a number between %g and %g, but got %g instead.", name,
                     low, high, v);
}

int sampling_check(const struct sampling *p, int32_t n_vocab, struct err *err)
{
    TRY(check_range(p->temperature, 0, 100, "temperature", err));
    TRY(check_range(p->top_p, 0, 1, "top_p", err));
    TRY(check_range(p->min_p, 0, 1, "min_p", err));
    TRY(check_range(p->typical_p, 0, 1, "typical_p", err));
    TRY(check_range(p->repetition_penalty, 0.01, 100, "repetition_penalty", err));
    TRY(check_range(p->frequency_penalty, -100, 100, "frequency_penalty", err));
    TRY(check_range(p->presence_penalty, -100, 100, "presence_penalty", err));
    TRY(check_range(p->top_k, 0, INT32_MAX, "top_k", err));
    TRY(check_range(p->repeat_last_n, 0, INT32_MAX, "repeat_last_n", err));
    for (int32_t i = 0; i < p->n_logit_bias; i++) {
        int32_t token = p->logit_bias[i].token;
        if (token < 0 || token >= n_vocab)
            return err_param(err, ERR_INVALID_VALUE, "logit_bias",
                             "Invalid key in 'logit_bias': %d. The model's token ids go from 0 to "
                             "%d.",
                             token, n_vocab - 1);
        TRY(check_range((double)p->logit_bias[i].bias, -100, 100, "logit_bias", err));
    }
    return 0;
}

/* ---- Scratch ---- */

static void make_chain(struct sampler_scratch *s)
{
    assert(sampler_registry_len <= SAMPLER_STAGES_MAX);
    for (size_t i = 0; i < sampler_registry_len; i++) {
        int at = s->n_chain++;
        for (; at > 0 && s->chain[at - 1]->order > sampler_registry[i]->order; at--)
            s->chain[at] = s->chain[at - 1];
        s->chain[at] = sampler_registry[i];
    }
}

int sampler_scratch_open(struct sampler_scratch **ret, int32_t n_vocab,
                         const struct kernels *kernels, struct err *err)
{
    size_t n = (size_t)n_vocab;
    struct sampler_scratch *s = mem_calloc(1, sizeof *s);
    if (!s) return err_set(err, ERR_NO_MEMORY, "out of memory for sampling");
    int r = logits_init(&s->logits, n_vocab, kernels);
    s->counts = mem_calloc(n, sizeof *s->counts);
    s->mask = mem_calloc(n / 32 + 1, sizeof *s->mask);
    s->items = mem_calloc(n, sizeof *s->items);
    if (r < 0 || !s->counts || !s->mask || !s->items) {
        sampler_scratch_close(s);
        return err_set(err, ERR_NO_MEMORY, "out of memory for sampling");
    }
    make_chain(s);
    *ret = s;
    return 0;
}

void sampler_scratch_close(struct sampler_scratch *s)
{
    if (!s) return;
    logits_release(&s->logits);
    mem_free(s->counts);
    mem_free(s->mask);
    mem_free(s->items);
    mem_free(s);
}

struct logits *sampler_scratch_logits(struct sampler_scratch *s)
{
    return &s->logits;
}

/* ---- What a request needs ---- */

float sampling_scale(const struct sampling *p)
{
    assert(p->temperature > 0);
    double scale = 1 / p->temperature;
    return scale < (double)FLT_MAX ? (float)scale : FLT_MAX;
}

/* The first stage that narrows the choice; NULL: none does. */
static const struct sampler *first_on_candidates(const struct sampling *p)
{
    const struct sampler *first = NULL;
    for (size_t i = 0; i < sampler_registry_len; i++) {
        const struct sampler *stage = sampler_registry[i];
        if (stage->order < SAMPLER_ON_CANDIDATES || !stage->active(p)) continue;
        if (!first || stage->order < first->order) first = stage;
    }
    return first;
}

float sampling_head_scale(const struct sampling *p)
{
    if (p->temperature <= 0) return 0;
    const struct sampler *first = first_on_candidates(p);
    return !first || first->sums ? sampling_scale(p) : 0;
}

/* ---- Picking ---- */

static void run_chain(const struct sampler_scratch *scratch, struct sample *s, bool on_candidates)
{
    for (int i = 0; i < scratch->n_chain; i++) {
        const struct sampler *stage = scratch->chain[i];
        if ((stage->order >= SAMPLER_ON_CANDIDATES) != on_candidates) continue;
        if (stage->active(s->params)) stage->apply(s);
        assert(!on_candidates || s->n > 0);
    }
}

static int draw(struct sample *s, int32_t *ret, double unit)
{
    double sum = candidates_weigh(s), at = unit * sum;
    if (!(sum > 0) || isinf(sum)) return -ERR_INTERNAL;
    int32_t last = -1;
    for (int32_t i = 0; i < s->n; i++) {
        if (s->items[i].weight <= 0) continue;
        last = s->items[i].id;
        at -= s->items[i].weight;
        if (at < 0) break;
    }
    assert(last >= 0);
    *ret = last;
    return 0;
}

static void mask_logits(struct sampler_scratch *scratch, struct constraint *c)
{
    int32_t n_vocab = scratch->logits.n_vocab;
    memset(scratch->mask, 0xff, ((size_t)n_vocab / 32 + 1) * sizeof *scratch->mask);
    constraint_mask(c, scratch->mask, n_vocab);
    logits_mask(&scratch->logits, scratch->mask);
}

static void gather(struct sample *s, const struct sampler *first)
{
    if (first->gather)
        first->gather(s);
    else
        s->n = logits_gather(s->logits, s->items, -INFINITY);
    assert(s->n > 0);
}

int sampler_pick(struct sampler_scratch *scratch, int32_t *ret, const struct sampler_input *in)
{
    struct logits *logits = &scratch->logits;
    struct sample s = {
        .params = in->params,
        .tokens = in->tokens,
        .n_tokens = in->n_tokens,
        .n_prompt = in->n_prompt,
        .logits = logits,
        .counts = scratch->counts,
        .items = scratch->items,
    };
    logits_set(logits, &in->row);
    run_chain(scratch, &s, false);
    if (in->constraint) mask_logits(scratch, in->constraint);
    logits_settle(logits);
    if (!(logits_highest(logits) > -INFINITY)) return -ERR_INTERNAL;
    if (in->params->temperature <= 0) {
        *ret = logits_best(logits);
        return 0;
    }
    s.scale = sampling_scale(in->params);
    uint32_t position = (uint32_t)(in->n_tokens - in->n_prompt);
    double unit = random_unit(in->params->seed, in->choice, position);
    const struct sampler *first = first_on_candidates(in->params);
    if (!first) return logits_draw(logits, ret, s.scale, unit);
    gather(&s, first);
    run_chain(scratch, &s, true);
    return draw(&s, ret, unit);
}

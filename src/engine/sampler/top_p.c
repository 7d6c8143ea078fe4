/* top_p - the most likely whose probabilities together reach p (Holtzman et al. 2020, nucleus). */
#include "engine/sampler.h"

#include <math.h>

/* How deep to look for them, in nats below the most likely: by steps, to where weights are 0. */
#define DEPTH     2.0f
#define DEPTH_MAX 88.0f

static bool active(const struct sampling *p)
{
    return p->top_p < 1;
}

/* Deeper and deeper until those gathered reach p of all: then no other belongs to them. */
static void gather(struct sample *s)
{
    float highest = logits_highest(s->logits);
    s->total = logits_sum(s->logits, s->scale);
    for (float depth = DEPTH; depth < DEPTH_MAX; depth += DEPTH) {
        s->n = logits_gather(s->logits, s->items, highest - depth / s->scale);
        if (candidates_weigh(s) >= s->params->top_p * s->total) return;
    }
    s->n = logits_gather(s->logits, s->items, -INFINITY);
}

/* All that weigh less than (1 - p) / n of the sum are together less than 1 - p of it, so the others
 * reach p without them: a cheap pass that leaves little of a vocabulary to sort. */
static void drop_light(struct sample *s, double sum)
{
    double least = (1 - s->params->top_p) * sum / s->n;
    int32_t n = 0;
    for (int32_t i = 0; i < s->n; i++)
        if (s->items[i].weight >= least) s->items[n++] = s->items[i];
    if (n > 0) s->n = n;
}

static void apply(struct sample *s)
{
    double sum = candidates_weigh(s), enough = s->params->top_p * (s->total > 0 ? s->total : sum);
    if (!(s->total > 0)) drop_light(s, sum);
    candidates_reach(s, enough);
    s->total = 0;
}

const struct sampler sampler_top_p = {
    .name = "top_p",
    .order = 60,
    .active = active,
    .gather = gather,
    .sums = true,
    .apply = apply,
};

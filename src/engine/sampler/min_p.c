/* min_p - those at least p times as likely as the most likely (Nguyen et al. 2024). */
#include "engine/sampler.h"

#include <math.h>

static bool active(const struct sampling *p)
{
    return p->min_p > 0;
}

static float least_logit(const struct sample *s, float highest)
{
    return (float)((double)highest + log(s->params->min_p) / (double)s->scale);
}

static void gather(struct sample *s)
{
    float least = least_logit(s, logits_highest(s->logits));
    s->n = logits_gather(s->logits, s->items, least);
}

static void apply(struct sample *s)
{
    float highest = s->items[0].logit;
    for (int32_t i = 1; i < s->n; i++)
        if (s->items[i].logit > highest) highest = s->items[i].logit;
    float least = least_logit(s, highest);
    int32_t n = 0;
    for (int32_t i = 0; i < s->n; i++)
        if (s->items[i].logit >= least) s->items[n++] = s->items[i];
    s->n = n; /* The most likely always stays. */
}

const struct sampler sampler_min_p = {
    .name = "min_p",
    .order = 70,
    .active = active,
    .gather = gather,
    .apply = apply,
};

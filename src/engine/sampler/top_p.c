/* top_p - the most likely whose probabilities together reach p (Holtzman et al. 2020, nucleus). */
#include "engine/sampler.h"

static bool active(const struct sampling *p)
{
    return p->top_p < 1;
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
    double sum = candidates_weigh(s);
    drop_light(s, sum);
    candidates_reach(s, s->params->top_p * sum);
}

const struct sampler sampler_top_p = {
    .name = "top_p",
    .order = 60,
    .active = active,
    .apply = apply,
};

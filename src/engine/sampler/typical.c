/* typical - those whose surprise is nearest to the expected one, until their probabilities reach p
 * (Meister et al. 2023, "Locally typical sampling", eq. 9). */
#include "engine/sampler.h"

#include <math.h>

static bool active(const struct sampling *p)
{
    return p->typical_p < 1;
}

static void apply(struct sample *s)
{
    double sum = candidates_weigh(s), log_sum = log(sum), entropy = log_sum, highest = -INFINITY;
    for (int32_t i = 0; i < s->n; i++) highest = fmax(highest, (double)s->items[i].logit);
    /* The surprise is log_sum - log(weight), which is linear in the logit: no logarithms. */
    for (int32_t i = 0; i < s->n; i++) {
        double log_weight = ((double)s->items[i].logit - highest) * (double)s->scale;
        if (s->items[i].weight > 0) entropy -= s->items[i].weight / sum * log_weight;
    }
    /* For the selection, `logit` is how near the surprise is to the entropy. */
    for (int32_t i = 0; i < s->n; i++) {
        double log_weight = ((double)s->items[i].logit - highest) * (double)s->scale;
        s->items[i].logit = s->items[i].weight > 0 ? (float)-fabs(log_sum - log_weight - entropy)
                                                   : -INFINITY;
    }
    candidates_reach(s, s->params->typical_p * sum);
    /* Back to logits, the highest being 0. */
    for (int32_t i = 0; i < s->n; i++)
        s->items[i].logit = (float)(log(s->items[i].weight) / (double)s->scale);
}

const struct sampler sampler_typical = {
    .name = "typical",
    .order = 50,
    .active = active,
    .apply = apply,
};

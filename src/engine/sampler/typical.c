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
    double sum = candidates_weigh(s), log_sum = log(sum), entropy = 0;
    for (int32_t i = 0; i < s->n; i++) {
        double p = s->items[i].weight / sum;
        if (p > 0) entropy -= p * (log(s->items[i].weight) - log_sum);
    }
    /* For the selection, `logit` is how near the surprise is to the entropy. */
    for (int32_t i = 0; i < s->n; i++) {
        double w = s->items[i].weight;
        s->items[i].logit = w > 0 ? (float)-fabs(log_sum - log(w) - entropy) : -INFINITY;
    }
    candidates_reach(s, s->params->typical_p * sum);
    for (int32_t i = 0; i < s->n; i++) s->items[i].logit = (float)log(s->items[i].weight);
}

const struct sampler sampler_typical = {
    .name = "typical",
    .order = 50,
    .active = active,
    .apply = apply,
};

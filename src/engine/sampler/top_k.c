/* top_k - only the k most likely. */
#include "engine/sampler.h"

#include <math.h>

static bool active(const struct sampling *p)
{
    return p->top_k > 0;
}

/* The k-th highest of the chunks' maxima: k tokens are at least that, so the best k are, too. */
static void gather(struct sample *s)
{
    int32_t k = s->params->top_k;
    float least = -INFINITY;
    s->n = logits_maxima(s->logits, s->items);
    if (k <= s->n) {
        candidates_select(s, k);
        least = s->items[k - 1].logit;
    }
    s->n = logits_gather(s->logits, s->items, least);
}

static void apply(struct sample *s)
{
    if (s->params->top_k >= s->n) return;
    candidates_select(s, s->params->top_k);
    s->n = s->params->top_k;
}

const struct sampler sampler_top_k = {
    .name = "top_k",
    .order = 40,
    .active = active,
    .gather = gather,
    .apply = apply,
};

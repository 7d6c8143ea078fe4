/* top_k - only the k most likely. */
#include "engine/sampler.h"

static bool active(const struct sampling *p)
{
    return p->top_k > 0;
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
    .apply = apply,
};

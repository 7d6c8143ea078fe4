/* temperature - flattens (above 1) or sharpens (below 1) the distribution. */
#include "engine/sampler.h"

static bool active(const struct sampling *p)
{
    return p->temperature != 1;
}

static void apply(struct sample *s)
{
    double t = s->params->temperature;
    for (int32_t i = 0; i < s->n; i++) s->items[i].logit = (float)((double)s->items[i].logit / t);
}

const struct sampler sampler_temperature = {
    .name = "temperature",
    .order = 30,
    .active = active,
    .apply = apply,
};

/* logit_bias - adds what the client gave for single tokens; -100 bans, 100 forces. */
#include "engine/sampler.h"

static bool active(const struct sampling *p)
{
    return p->n_logit_bias > 0;
}

static void apply(struct sample *s)
{
    for (int32_t i = 0; i < s->params->n_logit_bias; i++)
        *logits_change(s->logits, s->params->logit_bias[i].token) += s->params->logit_bias[i].bias;
}

const struct sampler sampler_logit_bias = {
    .name = "logit_bias",
    .order = 10,
    .active = active,
    .apply = apply,
};

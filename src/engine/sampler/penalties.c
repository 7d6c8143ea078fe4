/* penalties - against saying the same again.
 *
 * repetition (Keskar et al. 2019, CTRL, eq. 5): for each token of prompt and output, once:
 *     logit /= r where it is positive, *= r where it is negative
 * frequency and presence (OpenAI), over the output alone:
 *     logit -= count * frequency + (count > 0) * presence
 */
#include "engine/sampler.h"

static bool active(const struct sampling *p)
{
    return p->repetition_penalty != 1 || p->frequency_penalty != 0 || p->presence_penalty != 0;
}

static void count(struct sample *s, int32_t from)
{
    for (int32_t i = from; i < s->n_tokens; i++) s->counts[s->tokens[i]]++;
}

/* Calls for each distinct token and leaves the counts zero again. */
static void repetition(struct sample *s)
{
    float r = (float)s->params->repetition_penalty;
    int32_t window = s->params->repeat_last_n;
    int32_t from = window > 0 && window < s->n_tokens ? s->n_tokens - window : 0;
    count(s, from);
    for (int32_t i = from; i < s->n_tokens; i++) {
        int32_t id = s->tokens[i];
        if (s->counts[id] == 0) continue;
        s->counts[id] = 0;
        float *logit = logits_change(s->logits, id);
        *logit = *logit > 0 ? *logit / r : *logit * r;
    }
}

static void frequency(struct sample *s)
{
    double f = s->params->frequency_penalty, p = s->params->presence_penalty;
    count(s, s->n_prompt);
    for (int32_t i = s->n_prompt; i < s->n_tokens; i++) {
        int32_t id = s->tokens[i];
        if (s->counts[id] == 0) continue;
        *logits_change(s->logits, id) -= (float)(s->counts[id] * f + p);
        s->counts[id] = 0;
    }
}

static void apply(struct sample *s)
{
    if (s->params->repetition_penalty != 1) repetition(s);
    if (s->params->frequency_penalty != 0 || s->params->presence_penalty != 0) frequency(s);
}

const struct sampler sampler_penalties = {
    .name = "penalties",
    .order = 20,
    .active = active,
    .apply = apply,
};

/* top_p - the most likely whose probabilities together reach p (Holtzman et al. 2020, nucleus). */
#include "engine/sampler.h"

enum { FIRST = 64, GROW = 8 };

static bool active(const struct sampling *p)
{
    return p->top_p < 1;
}

static void apply(struct sample *s)
{
    double enough = s->params->top_p * candidates_weigh(s);
    for (int32_t k = FIRST;; k = k > s->n / GROW ? s->n : k * GROW) {
        if (k > s->n) k = s->n;
        candidates_select(s, k);
        double sum = 0;
        for (int32_t i = 0; i < k; i++) {
            sum += s->items[i].weight;
            if (sum >= enough) {
                s->n = i + 1;
                return;
            }
        }
        if (k == s->n) return; /* Rounding: all of them. */
    }
}

const struct sampler sampler_top_p = {
    .name = "top_p",
    .order = 60,
    .active = active,
    .apply = apply,
};

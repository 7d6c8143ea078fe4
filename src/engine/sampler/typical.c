/* typical - those whose surprise is nearest to the expected one, until their probabilities reach p
 * (Meister et al. 2023, "Locally typical sampling", eq. 9). */
#include "engine/sampler.h"

#include <math.h>
#include <stdlib.h>

static bool active(const struct sampling *p)
{
    return p->typical_p < 1;
}

/* For sorting, `logit` holds the distance from the entropy. */
static int nearest(const void *x, const void *y)
{
    const struct candidate *a = x, *b = y;
    if (a->logit != b->logit) return a->logit < b->logit ? -1 : 1;
    return a->id < b->id ? -1 : a->id > b->id;
}

static void apply(struct sample *s)
{
    double sum = candidates_weigh(s), entropy = 0, reached = 0;
    for (int32_t i = 0; i < s->n; i++) {
        double p = s->items[i].weight / sum;
        if (p > 0) entropy -= p * log(p);
    }
    for (int32_t i = 0; i < s->n; i++) {
        double p = s->items[i].weight / sum;
        s->items[i].logit = p > 0 ? (float)fabs(-log(p) - entropy) : INFINITY;
    }
    qsort(s->items, (size_t)s->n, sizeof *s->items, nearest);
    int32_t n = 0;
    while (n < s->n && (n == 0 || reached < s->params->typical_p))
        reached += s->items[n++].weight / sum;
    s->n = n;
    for (int32_t i = 0; i < n; i++) s->items[i].logit = (float)log(s->items[i].weight);
}

const struct sampler sampler_typical = {
    .name = "typical",
    .order = 50,
    .active = active,
    .apply = apply,
};

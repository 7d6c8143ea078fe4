/* Selecting the best candidates without sorting the vocabulary. */
#include "engine/sampler.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

static bool before(const struct candidate *a, const struct candidate *b)
{
    return a->logit > b->logit || (a->logit == b->logit && a->id < b->id);
}

static int compare(const void *x, const void *y)
{
    return before(x, y) ? -1 : before(y, x);
}

static void swap(struct candidate *a, struct candidate *b)
{
    struct candidate t = *a;
    *a = *b;
    *b = t;
}

/* Hoare's selection: the best k end up in front, in any order. The order is total, so what is
 * selected does not depend on how. */
static void partition(struct candidate *items, int32_t n, int32_t k)
{
    int32_t low = 0, high = n - 1;
    while (low < high) {
        struct candidate pivot = items[low + (high - low) / 2];
        int32_t i = low, j = high;
        while (i <= j) {
            while (before(&items[i], &pivot)) i++;
            while (before(&pivot, &items[j])) j--;
            if (i <= j) swap(&items[i++], &items[j--]);
        }
        if (k - 1 <= j)
            high = j;
        else if (k - 1 >= i)
            low = i;
        else
            return;
    }
}

void candidates_select(struct sample *s, int32_t k)
{
    assert(k > 0 && k <= s->n);
    if (k < s->n) partition(s->items, s->n, k);
    qsort(s->items, (size_t)k, sizeof *s->items, compare);
}

double candidates_weigh(struct sample *s)
{
    assert(s->n > 0);
    float highest = s->items[0].logit;
    for (int32_t i = 1; i < s->n; i++)
        if (s->items[i].logit > highest) highest = s->items[i].logit;
    double sum = 0;
    for (int32_t i = 0; i < s->n; i++) {
        s->items[i].weight = (double)expf(s->items[i].logit - highest);
        sum += s->items[i].weight;
    }
    return sum;
}

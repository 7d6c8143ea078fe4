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

struct parts {
    int32_t left_end, right; /* Between them at most one, the pivot, which is in its place. */
};

/* Hoare's partition of items[low .. high]. */
static struct parts split(struct candidate *items, int32_t low, int32_t high)
{
    struct candidate pivot = items[low + (high - low) / 2];
    int32_t i = low, j = high;
    while (i <= j) {
        while (before(&items[i], &pivot)) i++;
        while (before(&pivot, &items[j])) j--;
        if (i <= j) swap(&items[i++], &items[j--]);
    }
    return (struct parts){ .left_end = j, .right = i };
}

/* Hoare's selection: the best k end up in front, in any order. The order is total, so what is
 * selected does not depend on how. */
static void partition(struct candidate *items, int32_t n, int32_t k)
{
    int32_t low = 0, high = n - 1;
    while (low < high) {
        struct parts p = split(items, low, high);
        if (k - 1 <= p.left_end)
            high = p.left_end;
        else if (k - 1 >= p.right)
            low = p.right;
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

/* Selection again, by weight: the side where the sum crosses `enough` is looked into. */
void candidates_reach(struct sample *s, double enough)
{
    int32_t low = 0, high = s->n;
    double before_low = 0;
    while (high - low > 1) {
        struct parts p = split(s->items, low, high - 1);
        double left = 0;
        for (int32_t i = low; i <= p.left_end; i++) left += s->items[i].weight;
        if (before_low + left >= enough && p.left_end >= low) {
            high = p.left_end + 1;
            continue;
        }
        before_low += left;
        low = p.left_end + 1;
        if (low == p.right) continue;
        before_low += s->items[low++].weight; /* The pivot itself, in its place. */
        if (before_low < enough) continue;
        s->n = low;
        return;
    }
    s->n = high; /* With the last one in question. */
}

double candidates_weigh(struct sample *s)
{
    const struct kernels *k = s->logits->kernels;
    float x[HEAD_CHUNK], y[HEAD_CHUNK], highest = -INFINITY;
    double sum = 0;
    assert(s->n > 0);
    for (int32_t i = 0; i < s->n; i++)
        if (s->items[i].logit > highest) highest = s->items[i].logit;
    for (int32_t from = 0; from < s->n; from += HEAD_CHUNK) {
        int32_t n = s->n - from < HEAD_CHUNK ? s->n - from : HEAD_CHUNK;
        struct candidate *items = s->items + from;
        for (int32_t i = 0; i < n; i++) x[i] = items[i].logit;
        (void)k->exp_sum(y, x, highest, s->scale, (size_t)n);
        for (int32_t i = 0; i < n; i++) sum += items[i].weight = (double)y[i];
    }
    return sum;
}

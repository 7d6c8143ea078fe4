#include "grammar/char_set.h"

#include "grammar/array.h"

#include <assert.h>
#include <stdlib.h>

void char_set_release(struct char_set *s)
{
    mem_free(s->at);
    *s = (struct char_set){ 0 };
}

void char_set_reset(struct char_set *s)
{
    s->len = 0;
    s->failed = false;
}

static bool reserve(struct char_set *s, size_t len)
{
    if (!s->failed && !ARRAY_ROOM(*s, s->len + len)) s->failed = true;
    return !s->failed;
}

void char_set_add(struct char_set *s, uint32_t first, uint32_t last)
{
    assert(first <= last && last <= CHAR_MAX_POINT);
    if (reserve(s, 1)) s->at[s->len++] = (struct grammar_range){ first, last };
}

void char_set_add_set(struct char_set *s, const struct char_set *other)
{
    if (other->failed) s->failed = true;
    if (other->len == 0 || !reserve(s, other->len)) return;
    memcpy(s->at + s->len, other->at, other->len * sizeof *s->at);
    s->len += other->len;
}

static int by_first(const void *a, const void *b)
{
    const struct grammar_range *x = a, *y = b;
    return (x->first > y->first) - (x->first < y->first);
}

void char_set_tidy(struct char_set *s)
{
    size_t n = 0;
    if (s->len > 1) qsort(s->at, s->len, sizeof *s->at, by_first);
    for (size_t i = 0; i < s->len; i++) {
        if (n > 0 && s->at[i].first <= s->at[n - 1].last + 1) {
            if (s->at[i].last > s->at[n - 1].last) s->at[n - 1].last = s->at[i].last;
        } else {
            s->at[n++] = s->at[i];
        }
    }
    s->len = n;
}

void char_set_negate(struct char_set *s)
{
    char_set_tidy(s);
    if (!reserve(s, 1)) return; /* Between and around n ranges are at most n + 1 gaps. */
    size_t n = 0, len = s->len;
    uint32_t next = 0; /* The first character behind the ranges so far. */
    for (size_t i = 0; i < len; i++) {
        struct grammar_range range = s->at[i];
        if (range.first > next) s->at[n++] = (struct grammar_range){ next, range.first - 1 };
        next = range.last + 1;
    }
    if (next <= CHAR_MAX_POINT) s->at[n++] = (struct grammar_range){ next, CHAR_MAX_POINT };
    s->len = n;
}

void char_set_remove(struct char_set *s, uint32_t first, uint32_t last)
{
    char_set_negate(s);
    char_set_add(s, first, last);
    char_set_negate(s);
}

bool char_set_has(const struct char_set *s, uint32_t c)
{
    size_t low = 0, high = s->len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (c < s->at[middle].first)
            high = middle;
        else if (c > s->at[middle].last)
            low = middle + 1;
        else
            return true;
    }
    return false;
}

#include "chat/jinja/render.h"

#include <math.h>

enum { DICT_INDEX_MIN = 9 };

/* Equal keys have equal hashes: 1, 1.0 and true are one key, as in Python. */
static int hash(struct render *r, uint64_t *ret, struct value key)
{
    int64_t n;
    switch (key.kind) {
    case KIND_NONE: *ret = 1; return 0;
    case KIND_UNDEFINED: *ret = 2; return 0;
    case KIND_STRING: *ret = slice_hash(str_slice(key.str)); return 0;
    case KIND_FLOAT:
        if (key.real == floor(key.real) && fabs(key.real) < 9e18) {
            n = (int64_t)key.real;
            break;
        }
        *ret = slice_hash((struct slice){ (const char *)&key.real, sizeof key.real });
        return 0;
    case KIND_INT: n = key.integer; break;
    case KIND_BOOL: n = key.boolean; break;
    case KIND_TUPLE:
        *ret = 3;
        TRY(render_enter(r));
        for (size_t i = 0; i < key.list->n; i++) {
            uint64_t item;
            TRY(hash(r, &item, key.list->items[i]));
            *ret = *ret * 1000003 + item;
        }
        render_leave(r);
        return 0;
    default: return render_fail(r, "unhashable type: '%s'", value_type(key));
    }
    *ret = slice_hash((struct slice){ (const char *)&n, sizeof n });
    return 0;
}

/* The number of the pair with this key, or d->n; *ret_slot: where the index has or wants it. */
static int find(struct render *r, const struct dict *d, struct value key, size_t *ret,
                size_t *ret_slot)
{
    uint64_t h;
    bool same;
    TRY(hash(r, &h, key));
    *ret = d->n;
    if (!d->n_index) {
        for (size_t i = 0; i < d->n; i++) {
            TRY(value_eq(r, &same, d->pairs[i].key, key));
            if (!same) continue;
            *ret = i;
            break;
        }
        return 0;
    }
    size_t slot = h & (d->n_index - 1);
    for (; d->index[slot]; slot = (slot + 1) & (d->n_index - 1)) {
        TRY(value_eq(r, &same, d->pairs[d->index[slot] - 1].key, key));
        if (!same) continue;
        *ret = d->index[slot] - 1;
        break;
    }
    *ret_slot = slot;
    return 0;
}

static int reindex(struct render *r, struct dict *d)
{
    size_t n = 4 * d->cap, i = 1;
    while (i < n) i *= 2;
    d->index = render_alloc(r, i, sizeof *d->index);
    if (!d->index) return render_memory(r);
    d->n_index = i;
    for (size_t k = 0; k < d->n; k++) {
        uint64_t h;
        TRY(hash(r, &h, d->pairs[k].key));
        size_t slot = h & (d->n_index - 1);
        while (d->index[slot]) slot = (slot + 1) & (d->n_index - 1);
        d->index[slot] = (uint32_t)k + 1;
    }
    return 0;
}

static int grow(struct render *r, struct dict *d)
{
    size_t cap = d->cap ? 2 * d->cap : 4;
    struct pair *pairs = render_alloc(r, cap, sizeof *pairs);
    if (!pairs) return render_memory(r);
    if (d->n) memcpy(pairs, d->pairs, d->n * sizeof *pairs);
    d->pairs = pairs;
    d->cap = cap;
    d->n_index = 0;
    return 0;
}

int dict_put(struct render *r, struct dict *d, struct value key, struct value value)
{
    size_t at, slot = 0;
    TRY(find(r, d, key, &at, &slot));
    if (at < d->n) {
        d->pairs[at].value = value;
        return 0;
    }
    if (d->n == TEMPLATE_ITEMS_MAX) return render_too_many(r);
    if (d->n == d->cap) TRY(grow(r, d));
    if (!d->n_index && d->n + 1 >= DICT_INDEX_MIN) {
        TRY(reindex(r, d));
        TRY(find(r, d, key, &at, &slot));
    }
    d->pairs[d->n++] = (struct pair){ key, value };
    if (d->n_index) d->index[slot] = (uint32_t)d->n;
    return 0;
}

int dict_get(struct render *r, const struct dict *d, struct value key, const struct value **ret)
{
    size_t at, slot;
    TRY(find(r, d, key, &at, &slot));
    *ret = at < d->n ? &d->pairs[at].value : NULL;
    return 0;
}

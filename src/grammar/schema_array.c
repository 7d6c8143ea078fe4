/* Arrays of a shape: "[a, b]". */
#include "grammar/schema_items.h"

enum { WRAP_EVERY = 32 }; /* Optional items within one another, before a rule of their own. */

static size_t prefix_of(const struct shape *shape, size_t i)
{
    return json_array_size(json_object_get(shape->members[i].place->json, "prefixItems"));
}

static bool has(const struct shape *shape, size_t i, const char *keyword)
{
    return json_object_get(shape->members[i].place->json, keyword);
}

static int add_rest(struct items *x, size_t member, const char *keyword, size_t from, bool uneval)
{
    const struct place *p = schema_property(x->s, x->shape->members[member].place, keyword);
    if (!p || !ARRAY_ADD(x->rests, (struct rest){ p, from, uneval })) return schema_no_memory(x->s);
    return 0;
}

/* unevaluatedItems sees what the same schema and those that it brought in say. */
static int add_unevaluated(struct items *x, size_t member)
{
    const struct shape *shape = x->shape;
    size_t from = 0;
    if (shape->met_twice || shape->contains)
        return schema_refuse(x->s, shape->members[member].place,
                             "unevaluatedItems beside contains, or beside schemas that come in "
                             "twice, is not supported");
    for (size_t i = 0; i < shape->n_members; i++) {
        if (!schema_brought_by(shape, (int32_t)i, (int32_t)member)) continue;
        if (has(shape, i, "items") || (i != member && has(shape, i, "unevaluatedItems"))) return 0;
        if (prefix_of(shape, i) > from) from = prefix_of(shape, i);
    }
    return add_rest(x, member, "unevaluatedItems", from, true);
}

static int items_open(struct items *x, struct schema *s, const struct shape *shape)
{
    *x = (struct items){ .s = s, .shape = shape };
    for (size_t i = 0; i < shape->n_members; i++) {
        size_t n = prefix_of(shape, i);
        if (n > x->n_prefix) x->n_prefix = n;
        if (has(shape, i, "items")) TRY(add_rest(x, i, "items", n, false));
        if (has(shape, i, "unevaluatedItems")) TRY(add_unevaluated(x, i));
    }
    return 0;
}

static void items_release(struct items *x)
{
    mem_free(x->rests.at);
    mem_free(x->found.at);
}

static int add_found(struct items *x, const struct place *p)
{
    if (!p || !ARRAY_ADD(x->found, p)) return schema_no_memory(x->s);
    if (schema_is_false(p)) x->found_false = true;
    return 0;
}

/* Finds what is asked of the item at `index`. */
static int find_asked(struct items *x, size_t index, bool wide)
{
    const struct shape *shape = x->shape;
    x->found.n = 0;
    x->found_false = false;
    TRY(schema_spend(x->s, (int64_t)(shape->n_members + x->rests.n)));
    for (size_t i = 0; i < shape->n_members; i++) {
        if (index >= prefix_of(shape, i)) continue;
        const struct place *list = schema_property(x->s, shape->members[i].place, "prefixItems");
        TRY(add_found(x, list ? schema_item(x->s, list, index) : NULL));
    }
    for (size_t i = 0; i < x->rests.n; i++)
        if (index >= x->rests.at[i].from && !(wide && x->rests.at[i].unevaluated))
            TRY(add_found(x, x->rests.at[i].place));
    return 0;
}

int32_t items_set_at(struct items *x, size_t index)
{
    TRY(find_asked(x, index, false));
    return schema_set(x->s, x->found.at, x->found.n);
}

/* --- one value -------------------------------------------------------------------------------- */

static bool all_differ(const json_t *value)
{
    for (size_t i = 1; i < json_array_size(value); i++)
        for (size_t k = 0; k < i; k++)
            if (json_same(json_array_get(value, i), json_array_get(value, k))) return false;
    return true;
}

static int contains_one(struct items *x, const json_t *value, bool wide)
{
    const struct place *p = x->shape->contains;
    if (schema_is_false(p)) return 0;
    int32_t set = schema_set(x->s, &p, 1);
    TRY(set);
    for (size_t i = 0; i < json_array_size(value); i++) {
        int rc = schema_set_has(x->s, set, json_array_get(value, i), wide);
        if (rc != 0) return rc;
    }
    return 0;
}

static int has_items(struct items *x, const json_t *value, bool wide)
{
    for (size_t i = 0; i < json_array_size(value); i++) {
        TRY(find_asked(x, i, wide));
        if (x->found_false) return 0;
        int32_t set = schema_set(x->s, x->found.at, x->found.n);
        TRY(set);
        int rc = schema_set_has(x->s, set, json_array_get(value, i), wide);
        if (rc <= 0) return rc;
    }
    return x->shape->contains ? contains_one(x, value, wide) : 1;
}

int schema_array_has(struct schema *s, const struct shape *shape, const json_t *value, bool wide)
{
    struct items x;
    int64_t n = (int64_t)json_array_size(value);
    if (n < shape->items_min || n > shape->items_max) return 0;
    if (shape->unique) TRY(schema_spend(s, n * n));
    if (shape->unique && !all_differ(value)) return 0;
    int rc = items_open(&x, s, shape);
    if (rc == 0) rc = has_items(&x, value, wide);
    items_release(&x);
    return rc;
}

/* --- items ------------------------------------------------------------------------------------ */

static int32_t times(int64_t n)
{
    return n >= INT32_MAX ? GRAMMAR_UNBOUNDED : (int32_t)n;
}

/* n items, from min to max, the first without a comma in front. */
static int32_t item_run(struct grammar_builder *b, int32_t item, int64_t min, int64_t max)
{
    if (max == 0) return grammar_empty(b);
    int32_t comma = grammar_text(b, SLICE(", "));
    int32_t more = grammar_repeat(b, grammar_seq(b, 2, (int32_t[]){ comma, item }),
                                  (int32_t)(min > 0 ? min - 1 : 0),
                                  max == INT64_MAX ? GRAMMAR_UNBOUNDED : times(max - 1));
    int32_t node = grammar_seq(b, 2, (int32_t[]){ item, more });
    return min > 0 ? node : grammar_optional(b, node);
}

/* `before` items, then `one`, then from min to max others. */
static int32_t around(struct grammar_builder *b, int32_t item, int32_t one, int64_t before,
                      bool or_more, int64_t min, int64_t max)
{
    int32_t comma = grammar_text(b, SLICE(", "));
    int32_t behind = grammar_repeat(b, grammar_seq(b, 2, (int32_t[]){ comma, item }), (int32_t)min,
                                    times(max));
    int32_t in_front = grammar_repeat(b, grammar_seq(b, 2, (int32_t[]){ item, comma }),
                                      (int32_t)before,
                                      or_more ? GRAMMAR_UNBOUNDED : (int32_t)before);
    return grammar_seq(b, 3, (int32_t[]){ in_front, one, behind });
}

/* Wherever the first item that counts stands. */
static int32_t containing(struct items *x, int64_t min, int64_t max, struct set *of)
{
    struct grammar_builder *b = x->s->b;
    const struct place *contains = x->shape->contains;
    int32_t nodes[JSON_SCHEMA_CONTAINS_MAX + 1], n = 0;
    bool endless = max == INT64_MAX;
    int64_t last = endless ? (min > 1 ? min : 1) : max;
    if (x->n_prefix > 0 || last > JSON_SCHEMA_CONTAINS_MAX)
        return schema_refuse(x->s, contains,
                             "contains is supported without prefixItems, and for arrays of which "
                             "minItems and maxItems are at most %d",
                             JSON_SCHEMA_CONTAINS_MAX);
    if (schema_is_false(contains) || max == 0) {
        TRY(schema_need(x->s, of, NEED_NEVER));
        TRY(schema_never(x->s, contains, "no item can be what the array must contain"));
        return grammar_never(b);
    }
    int32_t every = items_set_at(x, 0);
    TRY(every);
    TRY(add_found(x, contains));
    int32_t one = schema_set(x->s, x->found.at, x->found.n);
    TRY(one);
    TRY(schema_need(x->s, of, one));
    int32_t item = schema_use(x->s, every), found = schema_use(x->s, one);
    TRY(item);
    TRY(found);
    for (int64_t i = 0; i < last; i++) {
        int64_t left = min - 1 - i > 0 ? min - 1 - i : 0;
        nodes[n++] = around(b, item, found, i, endless && i + 1 == last, left,
                            endless ? INT64_MAX : max - 1 - i);
    }
    return grammar_alt(b, (size_t)n, nodes);
}

/* From the last item of the prefix to the first; each from `min` on may be the end. */
static int32_t prefixed(struct items *x, int64_t min, int64_t max, struct set *of)
{
    struct grammar_builder *b = x->s->b;
    int32_t comma = grammar_text(b, SLICE(", ")), node = grammar_empty(b);
    int64_t n = (int64_t)x->n_prefix < max ? (int64_t)x->n_prefix : max;
    if (max > n) {
        int32_t set = items_set_at(x, x->n_prefix);
        TRY(set);
        if (min > n) TRY(schema_need(x->s, of, set));
        int32_t item = schema_use(x->s, set);
        TRY(item);
        node = grammar_repeat(b, grammar_seq(b, 2, (int32_t[]){ comma, item }),
                              (int32_t)(min > n ? min - n : 0),
                              max == INT64_MAX ? GRAMMAR_UNBOUNDED : times(max - n));
    }
    for (int64_t i = n; i-- > 0;) {
        int32_t set = items_set_at(x, (size_t)i);
        TRY(set);
        if (i < min) TRY(schema_need(x->s, of, set));
        int32_t item = schema_use(x->s, set);
        TRY(item);
        int32_t parts[] = { comma, item, node };
        node = i > 0 ? grammar_seq(b, 3, parts) : grammar_seq(b, 2, parts + 1);
        if (i >= min) node = grammar_optional(b, node);
        if (i % WRAP_EVERY == 0 && i > 0) {
            int32_t rule = grammar_rule(b, SLICE("items"));
            grammar_rule_set(b, rule, node);
            node = grammar_use(b, rule);
        }
    }
    return node;
}

static int32_t write_items(struct items *x, struct set *of)
{
    const struct shape *shape = x->shape;
    int64_t min = shape->items_min, max = shape->items_max;
    if (min > INT32_MAX - 1)
        return schema_refuse(x->s, shape->members[0].place, "minItems is supported up to %d",
                             INT32_MAX - 1);
    for (size_t i = 0; i <= x->n_prefix && (int64_t)i < max; i++) {
        TRY(find_asked(x, i, false));
        if (x->found_false) max = (int64_t)i;
    }
    if (min > max) {
        TRY(schema_need(x->s, of, NEED_NEVER));
        TRY(schema_never(x->s, shape->members[0].place,
                         "at least %lld items are asked for, but there can be at most %lld",
                         (long long)min, (long long)max));
        return grammar_never(x->s->b);
    }
    if (shape->unique && max > 1) return items_write_unique(x, min, max);
    if (shape->contains) return containing(x, min, max, of);
    if (x->n_prefix > 0) return prefixed(x, min, max, of);
    if (max == 0) return grammar_empty(x->s->b);
    int32_t set = items_set_at(x, 0);
    TRY(set);
    if (min > 0) TRY(schema_need(x->s, of, set));
    int32_t item = schema_use(x->s, set);
    TRY(item);
    return item_run(x->s->b, item, min, max);
}

int32_t schema_array(struct schema *s, const struct shape *shape, struct set *of)
{
    struct items x;
    int32_t node = items_open(&x, s, shape);
    if (node == 0) node = write_items(&x, of);
    items_release(&x);
    if (node < 0) return node;
    int32_t parts[] = { grammar_text(s->b, SLICE("[")), node, grammar_text(s->b, SLICE("]")) };
    return grammar_seq(s->b, 3, parts);
}

/* uniqueItems: a rule for each set of values that may have been written. */
#include "grammar/schema_items.h"

struct values {
    const json_t *at[JSON_SCHEMA_UNIQUE_MAX];
    size_t n;
    bool over;
};

static int add_value(struct schema *s, struct values *v, const struct shape *shape,
                     const json_t *value)
{
    int rc = schema_rest_has(s, shape, value, false);
    if (rc <= 0) return rc;
    for (size_t i = 0; i < v->n; i++)
        if (json_same(v->at[i], value)) return 0;
    if (v->n == JSON_SCHEMA_UNIQUE_MAX)
        v->over = true;
    else
        v->at[v->n++] = value;
    return 0;
}

/* All values of a set, if they are few and known. */
static int list_values(struct schema *s, int32_t set, struct values *v)
{
    struct set *of = s->sets.at[set];
    const json_t *singles[] = { json_null(), json_true(), json_false() };
    TRY(schema_shapes(s, of));
    for (size_t i = 0; i < of->n_shapes && !v->over; i++) {
        const struct shape *shape = of->shapes[i];
        bool single = !(shape->types & ~(unsigned)(TYPE_NULL | TYPE_BOOLEAN));
        if (!single && !shape->finite) v->over = true;
        for (size_t k = 0; single && k < sizeof singles / sizeof *singles; k++)
            TRY(add_value(s, v, shape, singles[k]));
        for (size_t k = 0; !single && k < shape->n_values && !v->over; k++)
            TRY(add_value(s, v, shape, shape->values[k]));
    }
    return 0;
}

/* A rule for each set of values that may have been written. */
static int32_t write_unique(struct items *x, const struct values *v, int64_t min, int64_t max)
{
    struct grammar_builder *b = x->s->b;
    int32_t rules[1 << JSON_SCHEMA_UNIQUE_MAX], values[JSON_SCHEMA_UNIQUE_MAX];
    int32_t comma = grammar_text(b, SLICE(", ")), first = GRAMMAR_FAILED;
    for (size_t i = 0; i < v->n; i++) values[i] = json_const_write(b, v->at[i]);
    for (size_t written = 0; written < (size_t)1 << v->n; written++)
        rules[written] = grammar_rule(b, SLICE("unique items"));
    for (size_t written = 0; written < (size_t)1 << v->n; written++) {
        int32_t nodes[JSON_SCHEMA_UNIQUE_MAX + 1];
        size_t n = 0;
        int64_t count = __builtin_popcountll(written);
        if (count >= min) nodes[n++] = grammar_empty(b);
        for (size_t i = 0; i < v->n && count < max; i++) {
            if (written & (size_t)1 << i) continue;
            int32_t item[] = { comma, values[i], grammar_use(b, rules[written | (size_t)1 << i]) };
            nodes[n++] = written ? grammar_seq(b, 3, item) : grammar_seq(b, 2, item + 1);
        }
        int32_t node = grammar_alt(b, n, nodes);
        grammar_rule_set(b, rules[written], node);
        if (written == 0) first = node;
    }
    return first;
}

int32_t items_write_unique(struct items *x, int64_t min, int64_t max)
{
    struct values v = { .over = x->n_prefix > 0 || x->shape->contains };
    int32_t set = items_set_at(x, 0);
    TRY(set);
    if (!v.over) TRY(list_values(x->s, set, &v));
    if (v.over)
        return schema_refuse(x->s, x->shape->unique,
                             "uniqueItems is supported for items of one enum with at most %d "
                             "values",
                             JSON_SCHEMA_UNIQUE_MAX);
    return write_unique(x, &v, min, max);
}

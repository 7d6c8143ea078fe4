/* Objects of a shape: `{"a": 1, "b": 2}`, declared properties in their order, then free ones.
 *
 * Where a property must be there, those in front of it bring a comma behind them and those after it
 * a comma in front: one flat sequence. Where none must, the first one present decides; then come
 * blocks of properties, each block's rule going on to the next, so that the size stays linear.
 * Where properties are counted, there is a rule for each property and number of those before it.
 */
#include "grammar/schema_object.h"

enum { BLOCK = 8 }; /* Properties whose followers are written out for each. */

struct writing {
    struct object *o;
    struct grammar_builder *b;
    int32_t *members; /* `"name": value` of properties that can have a value, n of them */
    bool *required;
    size_t n, n_required;
    int32_t comma;
    int32_t other; /* A free member, or SCHEMA_NOTHING. */
};

static int32_t two(struct writing *w, int32_t first, int32_t second)
{
    return grammar_seq(w->b, 2, (int32_t[]){ first, second });
}

static int32_t optional_unless(struct writing *w, bool required, int32_t node)
{
    return required ? node : grammar_optional(w->b, node);
}

static int32_t with_comma(struct writing *w, int32_t member)
{
    return two(w, w->comma, member);
}

/* From `min` to `max` free members, each behind a comma. */
static int32_t others(struct writing *w, int32_t min, int32_t max)
{
    if (w->other == SCHEMA_NOTHING) return min ? grammar_never(w->b) : grammar_empty(w->b);
    return grammar_repeat(w->b, with_comma(w, w->other), min, max);
}

/* --- where one must be there ------------------------------------------------------------------ */

static int32_t around_required(struct writing *w)
{
    int32_t *parts = ARENA_NEWS(&w->o->s->arena, w->n + 1, int32_t);
    bool found = false;
    if (!parts) return schema_no_memory(w->o->s);
    for (size_t i = 0; i < w->n; i++) {
        if (found)
            parts[i] = optional_unless(w, w->required[i], with_comma(w, w->members[i]));
        else if (w->required[i])
            parts[i] = w->members[i];
        else
            parts[i] = grammar_optional(w->b, two(w, w->members[i], w->comma));
        found = found || w->required[i];
    }
    parts[w->n] = others(w, 0, GRAMMAR_UNBOUNDED);
    return grammar_seq(w->b, w->n + 1, parts);
}

/* --- where none must -------------------------------------------------------------------------- */

/* All that may follow a member of the block before `next`. */
static int32_t rest_of_block(struct writing *w, size_t next, int32_t then)
{
    int32_t parts[BLOCK + 1], n = 0;
    for (size_t i = next; i < w->n && i % BLOCK; i++)
        parts[n++] = grammar_optional(w->b, with_comma(w, w->members[i]));
    parts[n++] = then;
    return grammar_seq(w->b, (size_t)n, parts);
}

static int32_t first_present(struct writing *w, bool may_be_empty)
{
    struct grammar_builder *b = w->b;
    int32_t *nodes = ARENA_NEWS(&w->o->s->arena, w->n + 2, int32_t);
    int32_t then = others(w, 0, GRAMMAR_UNBOUNDED);
    size_t n = 0;
    if (!nodes) return schema_no_memory(w->o->s);
    if (w->other != SCHEMA_NOTHING) nodes[n++] = two(w, w->other, then);
    if (may_be_empty) nodes[n++] = grammar_empty(b);
    for (size_t i = w->n; i-- > 0;) {
        nodes[n++] = two(w, w->members[i], rest_of_block(w, i + 1, then));
        if (i % BLOCK || i == 0) continue;
        int32_t block = grammar_rule(b, SLICE("properties"));
        grammar_rule_set(b, block,
                         two(w, grammar_optional(b, with_comma(w, w->members[i])),
                             rest_of_block(w, i + 1, then)));
        then = grammar_use(b, block);
    }
    return grammar_alt(b, n, nodes);
}

/* --- where they are counted ------------------------------------------------------------------- */

struct counted {
    int64_t min, max; /* Of all. */
    int64_t top;      /* From here on, more makes no difference. */
    int32_t *rules;   /* [property * (top + 1) + count] */
};

static int32_t counted_end(struct writing *w, const struct counted *c, int64_t count)
{
    int64_t missing = c->min > count ? c->min - count : 0;
    int32_t left = c->max == INT64_MAX ? GRAMMAR_UNBOUNDED : (int32_t)(c->max - count);
    if (w->other == SCHEMA_NOTHING || missing > 1)
        return missing ? grammar_never(w->b) : grammar_empty(w->b);
    if (left == 0) return grammar_empty(w->b);
    if (count > 0) return others(w, (int32_t)missing, left);
    int32_t some = two(w, w->other, others(w, 0, left == GRAMMAR_UNBOUNDED ? left : left - 1));
    return missing ? some : grammar_optional(w->b, some);
}

static int32_t counted_rule(struct writing *w, const struct counted *c, size_t i, int64_t count)
{
    size_t row = (size_t)c->top + 1;
    int32_t nodes[2], n = 0;
    if (i == w->n) return counted_end(w, c, count);
    if (!w->required[i]) nodes[n++] = grammar_use(w->b, c->rules[(i + 1) * row + (size_t)count]);
    if (count < c->max) {
        int64_t then = count < c->top ? count + 1 : count;
        int32_t member = count > 0 ? with_comma(w, w->members[i]) : w->members[i];
        nodes[n++] = two(w, member, grammar_use(w->b, c->rules[(i + 1) * row + (size_t)then]));
    }
    return grammar_alt(w->b, (size_t)n, nodes);
}

static int32_t counted(struct writing *w, int64_t min, int64_t max)
{
    struct schema *s = w->o->s;
    struct counted c = { .min = min, .max = max, .top = max < INT64_MAX ? max : min };
    const struct place *at = w->o->shape->members[0].place;
    if (w->other != SCHEMA_NOTHING && min > (int64_t)w->n_required + 1)
        return schema_refuse(s, at,
                             "minProperties of 2 or more for names that are not declared "
                             "is not supported: they would have to differ");
    if (c.top > JSON_SCHEMA_COUNTED_MAX ||
        (c.top + 1) * (int64_t)(w->n + 1) > JSON_SCHEMA_COUNTED_MAX)
        return schema_refuse(s, at,
                             "minProperties and maxProperties are supported up to %d when "
                             "multiplied by the number of properties",
                             JSON_SCHEMA_COUNTED_MAX);
    size_t row = (size_t)c.top + 1, n = (w->n + 1) * row;
    c.rules = ARENA_NEWS(&s->arena, n, int32_t);
    if (!c.rules) return schema_no_memory(s);
    for (size_t i = 0; i < n; i++) c.rules[i] = grammar_rule(w->b, SLICE("properties"));
    for (size_t i = 0; i < n; i++)
        grammar_rule_set(w->b, c.rules[i], counted_rule(w, &c, i / row, (int64_t)(i % row)));
    return grammar_use(w->b, c.rules[0]);
}

/* --- the whole -------------------------------------------------------------------------------- */

static int32_t member_text(struct writing *w, const struct property *p)
{
    struct buf text;
    int32_t value = schema_use(w->o->s, p->set);
    TRY(value);
    buf_init(&text, GRAMMAR_TEXT_MAX);
    json_text_string(&text, p->name);
    buf_add_str(&text, ": ");
    int32_t name = text.failed ? schema_no_memory(w->o->s) : grammar_text(w->b, buf_slice(&text));
    buf_release(&text);
    return name < 0 ? name : two(w, name, value);
}

/* *ret_never: a property must be there that cannot. */
static int list_members(struct writing *w, struct set *of, bool *ret_never)
{
    struct object *o = w->o;
    w->members = ARENA_NEWS(&o->s->arena, o->properties.n + 1, int32_t);
    w->required = ARENA_NEWS(&o->s->arena, o->properties.n + 1, bool);
    if (!w->members || !w->required) return schema_no_memory(o->s);
    for (size_t i = 0; i < o->properties.n; i++) {
        struct property *p = &o->properties.at[i];
        int allowed = object_allows_name(o, p->name, false);
        TRY(allowed);
        TRY(object_find(o, p->name, false));
        if (!allowed || o->found_false) {
            if (!p->required) continue;
            *ret_never = true;
            TRY(schema_need(o->s, of, NEED_NEVER));
            return schema_never(o->s, p->place,
                                "the property '%.*s' is required, but nothing is "
                                "valid there",
                                SLICE_FMT(p->name));
        }
        p->set = schema_set(o->s, o->found.at, o->found.n);
        TRY(p->set);
        if (p->required) TRY(schema_need(o->s, of, p->set));
        w->required[w->n] = p->required;
        w->members[w->n] = member_text(w, p);
        TRY(w->members[w->n]);
        w->n++;
        w->n_required += p->required;
    }
    return 0;
}

static int32_t write_members(struct writing *w, struct set *of)
{
    int64_t min = w->o->shape->properties_min, max = w->o->shape->properties_max;
    bool never = false;
    TRY(list_members(w, of, &never));
    w->other = object_free_member(w->o);
    if (w->other < 0 && w->other != SCHEMA_NOTHING) return w->other;
    if (!never && max < (int64_t)w->n_required) {
        never = true;
        TRY(schema_need(w->o->s, of, NEED_NEVER));
        TRY(schema_never(w->o->s, w->o->shape->members[0].place,
                         "more properties are required than maxProperties allows"));
    }
    if (never) return grammar_never(w->b);
    bool enough = min <= (int64_t)w->n_required || min == 1;
    bool too_many = max < INT64_MAX && (w->other != SCHEMA_NOTHING || max < (int64_t)w->n);
    if (!enough || too_many) return counted(w, min, max);
    return w->n_required ? around_required(w) : first_present(w, min == 0);
}

int32_t schema_object(struct schema *s, const struct shape *shape, struct set *of)
{
    struct object o;
    struct writing w = { .o = &o, .b = s->b, .comma = grammar_text(s->b, SLICE(", ")) };
    int32_t node = object_open(&o, s, shape);
    if (node == 0) node = write_members(&w, of);
    object_release(&o);
    if (node < 0) return node;
    int32_t parts[] = { grammar_text(s->b, SLICE("{")), node, grammar_text(s->b, SLICE("}")) };
    return grammar_seq(s->b, 3, parts);
}

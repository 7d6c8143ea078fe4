/* Free names of an object and their values. */
#include "grammar/schema_object.h"

#include "grammar/json_texts.h"
#include "grammar/regex.h"

/* What the names have in common: propertyNames, and that they are not declared. */
static int32_t common_names(struct object *o)
{
    struct grammar_builder *b = o->s->b;
    int32_t node = grammar_repeat(b, o->s->free.canonical, 0, GRAMMAR_UNBOUNDED);
    if (o->names.n == 0) return node;
    for (size_t i = 0; i < o->names.n; i++)
        if (schema_is_false(o->names.at[i])) return grammar_never(b);
    int32_t set = schema_set(o->s, o->names.at, o->names.n);
    TRY(set);
    struct set *of = o->s->sets.at[set];
    TRY(schema_shapes(o->s, of));
    int32_t *nodes = ARENA_NEWS(&o->s->arena, of->n_shapes + 1, int32_t);
    size_t n = 0;
    if (!nodes) return schema_no_memory(o->s);
    for (size_t i = 0; i < of->n_shapes; i++) {
        const struct shape *shape = of->shapes[i];
        if (!(shape->types & TYPE_STRING)) continue;
        nodes[n] = shape->finite ? schema_values_content(o->s, shape)
                                 : schema_string_content(o->s, shape);
        TRY(nodes[n]);
        n++;
    }
    return grammar_alt(b, n, nodes);
}

static int32_t undeclared(struct object *o, int32_t names)
{
    struct json_texts texts;
    if (o->properties.n == 0) return names;
    json_texts_init(&texts, o->s->b);
    for (size_t i = 0; i < o->properties.n; i++)
        json_texts_content(&texts, o->properties.at[i].name);
    int32_t declared = json_texts_write(&texts);
    json_texts_release(&texts);
    return grammar_except(o->s->b, names, declared);
}

static int32_t pattern_names(struct object *o, const struct pattern_property *p)
{
    const struct regex_options options = { .json = true };
    struct err inner = { .code = ERR_NO_MEMORY };
    int32_t node = regex_write(o->s->b, p->rule.pattern, &options, &inner);
    return node < 0 ? schema_at(o->s, p->rule.place, &inner) : node;
}

/* `names` that match these patterns and no others. */
static int32_t names_of_class(struct object *o, int32_t names, const int32_t *patterns,
                              size_t matched)
{
    for (size_t k = 0; k < o->patterns.n; k++)
        names = matched & (size_t)1 << k ? grammar_and(o->s->b, names, patterns[k])
                                         : grammar_except(o->s->b, names, patterns[k]);
    return names;
}

static int32_t member(struct object *o, int32_t names)
{
    struct grammar_builder *b = o->s->b;
    int32_t set = schema_set(o->s, o->found.at, o->found.n);
    TRY(set);
    int32_t value = schema_use(o->s, set);
    TRY(value);
    int32_t parts[] = { grammar_text(b, SLICE("\"")), names, grammar_text(b, SLICE("\": ")),
                        value };
    return grammar_seq(b, 4, parts);
}

int32_t object_free_member(struct object *o)
{
    int32_t patterns[JSON_SCHEMA_PATTERNS_MAX], nodes[1 << JSON_SCHEMA_PATTERNS_MAX];
    int32_t names = common_names(o);
    size_t n = 0;
    TRY(names);
    names = undeclared(o, names);
    TRY(names);
    for (size_t k = 0; k < o->patterns.n; k++) {
        patterns[k] = pattern_names(o, &o->patterns.at[k]);
        TRY(patterns[k]);
    }
    for (size_t matched = 0; matched < (size_t)1 << o->patterns.n; matched++) {
        TRY(object_find_class(o, matched));
        if (o->found_false) continue;
        nodes[n] = member(o, names_of_class(o, names, patterns, matched));
        TRY(nodes[n]);
        n++;
    }
    return n ? grammar_alt(o->s->b, n, nodes) : SCHEMA_NOTHING;
}

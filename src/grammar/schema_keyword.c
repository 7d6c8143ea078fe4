/* The keywords of draft 2020-12, one row each: what they ask of a shape, or why they are
 * refused. */
#include "grammar/schema_keyword.h"

#include <stdlib.h>

int keyword_refuse(struct schema *s, struct shape *shape, const struct place *at, unsigned types,
                   const char *why)
{
    struct refusal *r = ARENA_NEW(&s->arena, struct refusal);
    const struct place *place = schema_place(s, at->parent, at->key, at->json);
    if (!r || !place) return schema_no_memory(s);
    *r = (struct refusal){ shape->refusals, place, why, types };
    shape->refusals = r;
    return 0;
}

/* --- any type --------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    unsigned types;
} type_names[] = {
    { "null", TYPE_NULL },     { "boolean", TYPE_BOOLEAN }, { "integer", TYPE_INTEGER },
    { "number", TYPE_NUMBER }, { "string", TYPE_STRING },   { "array", TYPE_ARRAY },
    { "object", TYPE_OBJECT },
};

static int add_type(struct schema *s, const struct place *at, const json_t *name, unsigned *types)
{
    for (size_t i = 0; json_is_string(name) && i < sizeof type_names / sizeof *type_names; i++) {
        if (!slice_is(json_text_slice(name), type_names[i].name)) continue;
        *types |= type_names[i].types;
        return 0;
    }
    return schema_refuse(s, at,
                         "a type is one of null, boolean, integer, number, string, array, "
                         "object, or a list of them");
}

int keyword_types(struct schema *s, const struct place *at, unsigned *types)
{
    *types = 0;
    if (!json_is_array(at->json)) return add_type(s, at, at->json, types);
    for (size_t i = 0; i < json_array_size(at->json); i++)
        TRY(add_type(s, at, json_array_get(at->json, i), types));
    return *types ? 0 : schema_refuse(s, at, "a list of types has at least one");
}

static int read_type(struct schema *s, struct shape *shape, const struct place *at)
{
    unsigned types;
    TRY(keyword_types(s, at, &types));
    shape->types &= types;
    return 0;
}

/* Only those of the n values that were there before, if there was an enum. */
static int keep_values(struct schema *s, struct shape *shape, const json_t *const *values, size_t n)
{
    const json_t **kept = ARENA_NEWS(&s->arena, n + 1, const json_t *);
    size_t n_kept = 0;
    if (!kept) return schema_no_memory(s);
    for (size_t i = 0; i < n; i++) {
        bool found = !shape->finite;
        TRY(schema_spend(s, 1 + (int64_t)(shape->finite ? shape->n_values : 0)));
        for (size_t k = 0; k < shape->n_values && !found; k++)
            found = json_same(values[i], shape->values[k]);
        if (found) kept[n_kept++] = values[i];
    }
    shape->finite = true;
    shape->values = kept;
    shape->n_values = n_kept;
    return 0;
}

static int read_enum(struct schema *s, struct shape *shape, const struct place *at)
{
    size_t n = json_array_size(at->json);
    const json_t **values = ARENA_NEWS(&s->arena, n + 1, const json_t *);
    if (!json_is_array(at->json)) return schema_refuse(s, at, "this is a list of values");
    if (!values) return schema_no_memory(s);
    for (size_t i = 0; i < n; i++) values[i] = json_array_get(at->json, i);
    return keep_values(s, shape, values, n);
}

static int read_const(struct schema *s, struct shape *shape, const struct place *at)
{
    return keep_values(s, shape, &at->json, 1);
}

/* --- strings ---------------------------------------------------------------------------------- */

static int add_text_rule(struct schema *s, struct shape *shape, const struct place *at,
                         struct slice pattern, bool whole)
{
    struct text_rule *rule = ARENA_NEW(&s->arena, struct text_rule);
    const struct place *place = schema_place(s, at->parent, at->key, at->json);
    if (!rule || !place) return schema_no_memory(s);
    *rule = (struct text_rule){ shape->texts, pattern, whole, place };
    shape->texts = rule;
    return 0;
}

static int read_pattern(struct schema *s, struct shape *shape, const struct place *at)
{
    if (!json_is_string(at->json)) return schema_refuse(s, at, "this is a regular expression");
    return add_text_rule(s, shape, at, json_text_slice(at->json), false);
}

static int read_format(struct schema *s, struct shape *shape, const struct place *at)
{
    if (!json_is_string(at->json)) return schema_refuse(s, at, "this is the name of a format");
    const char *pattern = schema_format(json_text_slice(at->json));
    return pattern ? add_text_rule(s, shape, at, slice_of(pattern), true) : 0;
}

/* --- arrays ----------------------------------------------------------------------------------- */

static int read_unique(struct schema *s, struct shape *shape, const struct place *at)
{
    if (!json_is_boolean(at->json)) return schema_refuse(s, at, "this is true or false");
    if (!json_is_true(at->json)) return 0;
    shape->unique = schema_place(s, at->parent, at->key, at->json);
    return shape->unique ? 0 : schema_no_memory(s);
}

static int read_contains(struct schema *s, struct shape *shape, const struct place *at)
{
    const json_t *min = json_object_get(at->parent->json, "minContains");
    bool one = !min || (json_is_integer(min) && json_integer_value(min) == 1);
    bool none = json_is_integer(min) && json_integer_value(min) == 0;
    if (json_object_get(at->parent->json, "maxContains"))
        return keyword_refuse(s, shape, at, TYPE_ARRAY, "maxContains is not supported");
    if (none) return 0;
    if (!one)
        return keyword_refuse(s, shape, at, TYPE_ARRAY, "minContains is supported for 0 and 1");
    if (shape->contains)
        return keyword_refuse(s, shape, at, TYPE_ARRAY, "contains is supported once for an array");
    shape->contains = schema_place(s, at->parent, at->key, at->json);
    return shape->contains ? 0 : schema_no_memory(s);
}

static int read_items(struct schema *s, struct shape *shape, const struct place *at)
{
    (void)shape; /* schema_array.c reads it where it stands. */
    if (json_is_array(at->json))
        return schema_refuse(s, at,
                             "this is one schema; since draft 2020-12 a list of them is "
                             "called prefixItems");
    if (json_is_object(at->json) || json_is_boolean(at->json)) return 0;
    return schema_refuse(s, at, "a schema is an object, true or false");
}

/* --- what is read where it stands ------------------------------------------------------------- */

static int read_schema(struct schema *s, struct shape *shape, const struct place *at)
{
    (void)shape;
    if (json_is_object(at->json) || json_is_boolean(at->json)) return 0;
    return schema_refuse(s, at, "a schema is an object, true or false");
}

static int read_schemas(struct schema *s, struct shape *shape, const struct place *at)
{
    (void)shape;
    return json_is_object(at->json) ? 0 : schema_refuse(s, at, "this is an object of schemas");
}

static int read_list(struct schema *s, struct shape *shape, const struct place *at)
{
    (void)shape;
    return json_array_size(at->json) > 0
               ? 0
               : schema_refuse(s, at, "this is a list of schemas, and not an empty one");
}

static int read_required(struct schema *s, struct shape *shape, const struct place *at)
{
    (void)shape;
    if (!json_is_array(at->json)) return schema_refuse(s, at, "this is a list of names");
    for (size_t i = 0; i < json_array_size(at->json); i++)
        if (!json_is_string(json_array_get(at->json, i)))
            return schema_refuse(s, at, "this is a list of names, and each is a string");
    return 0;
}

static int read_if(struct schema *s, struct shape *shape, const struct place *at)
{
    const json_t *parent = at->parent->json;
    if (!json_object_get(parent, "then") && !json_object_get(parent, "else")) return 0;
    return keyword_refuse(s, shape, at, TYPE_ANY,
                          "if, then and else are not supported; write the cases as anyOf");
}

/* --- the table -------------------------------------------------------------------------------- */

static const struct keyword {
    const char *name;
    keyword_fn *read;
    const char *refused; /* Why, for values of these types. */
    unsigned types;
} keywords[] = {
    /* By name; neither `read` nor `refused`: a note, or followed by schema_set.c. */
    { "$anchor" },
    { "$comment" },
    { "$defs" },
    { "$dynamicAnchor" },
    { "$dynamicRef", .refused = "$dynamicRef is not supported; write $ref", .types = TYPE_ANY },
    { "$id" },
    { "$recursiveAnchor" },
    { "$recursiveRef", .refused = "$recursiveRef is not supported; write $ref", .types = TYPE_ANY },
    { "$ref" },
    { "$schema" },
    { "$vocabulary" },
    { "additionalItems", .refused = "additionalItems is called items since draft 2020-12",
      .types = TYPE_ARRAY },
    { "additionalProperties", read_schema },
    { "allOf" },
    { "anyOf" },
    { "const", read_const },
    { "contains", read_contains },
    { "contentEncoding" },
    { "contentMediaType" },
    { "contentSchema" },
    { "default" },
    { "definitions" },
    { "dependencies",
      .refused = "dependencies is called dependentRequired or dependentSchemas "
                 "since draft 2019-09",
      .types = TYPE_OBJECT },
    { "dependentRequired" },
    { "dependentSchemas" },
    { "deprecated" },
    { "description" },
    { "discriminator" }, /* OpenAPI's: pydantic writes it. */
    { "else" },
    { "enum", read_enum },
    { "examples" },
    { "exclusiveMaximum", keyword_exclusive_maximum },
    { "exclusiveMinimum", keyword_exclusive_minimum },
    { "format", read_format },
    { "if", read_if },
    { "items", read_items },
    { "maxContains" },
    { "maxItems", keyword_max_items },
    { "maxLength", keyword_max_length },
    { "maxProperties", keyword_max_properties },
    { "maximum", keyword_maximum },
    { "minContains" },
    { "minItems", keyword_min_items },
    { "minLength", keyword_min_length },
    { "minProperties", keyword_min_properties },
    { "minimum", keyword_minimum },
    { "multipleOf", keyword_multiple_of },
    { "not", keyword_not },
    { "oneOf" },
    { "pattern", read_pattern },
    { "patternProperties", read_schemas },
    { "prefixItems", read_list },
    { "properties", read_schemas },
    { "propertyNames", read_schema },
    { "readOnly" },
    { "required", read_required },
    { "then" },
    { "title" },
    { "type", read_type },
    { "unevaluatedItems", read_schema },
    { "unevaluatedProperties", read_schema },
    { "uniqueItems", read_unique },
    { "writeOnly" },
};

static int by_name(const void *name, const void *row)
{
    return strcmp(name, ((const struct keyword *)row)->name);
}

static const struct keyword *find_keyword(const char *name)
{
    return bsearch(name, keywords, sizeof keywords / sizeof *keywords, sizeof *keywords, by_name);
}

bool keyword_is_note(const char *keyword)
{
    static const char *const followed[] = {
        "$ref", "allOf", "anyOf", "oneOf", "dependentRequired", "dependentSchemas"
    };
    const struct keyword *k = find_keyword(keyword);
    for (size_t i = 0; i < sizeof followed / sizeof *followed; i++)
        if (strcmp(keyword, followed[i]) == 0) return false;
    return !k || (!k->read && !k->refused);
}

static int read_member(struct schema *s, struct shape *shape, const struct place *p)
{
    json_t *object = (json_t *)(uintptr_t)p->json; /* jansson's iterators take no const */
    TRY(schema_spend(s, (int64_t)json_object_size(p->json)));
    for (void *it = json_object_iter(object); it; it = json_object_iter_next(object, it)) {
        const char *name = json_object_iter_key(it);
        const struct keyword *k = find_keyword(name);
        struct place at = { json_object_iter_value(it), p, slice_of(name), 0 };
        if (!k && s->strict) return schema_refuse_strict(s, p, "'%s' is not permitted.", name);
        if (k && k->read) TRY(k->read(s, shape, &at));
        if (k && k->refused) TRY(keyword_refuse(s, shape, &at, k->types, k->refused));
    }
    return 0;
}

/* --- the whole -------------------------------------------------------------------------------- */

static bool numbers_are_empty(const struct json_numbers *r)
{
    return r->min > r->max || (r->min == r->max && (r->min_excluded || r->max_excluded));
}

/* Types that no value of the shape can have are taken out. */
static void narrow(struct shape *shape)
{
    unsigned of_values = 0, none = 0;
    for (size_t i = 0; i < shape->n_values; i++) of_values |= schema_type_of(shape->values[i]);
    if (shape->finite) shape->types &= of_values;
    /* Numbers that have no whole ones among them only because of their bounds are still numbers. */
    if (shape->integers.min > shape->integers.max && !(shape->types & TYPE_FRACTION))
        none |= TYPE_INTEGER;
    if (numbers_are_empty(&shape->numbers)) none |= TYPE_NUMBER;
    if (shape->length_min > shape->length_max) none |= TYPE_STRING;
    if (shape->items_min > shape->items_max) none |= TYPE_ARRAY;
    if (shape->properties_min > shape->properties_max) none |= TYPE_OBJECT;
    shape->types &= ~none;
}

int schema_read(struct schema *s, struct shape *shape)
{
    const struct place *first = shape->n_members ? shape->members[0].place : s->root;
    shape->types = TYPE_ANY;
    shape->integers = (struct json_integers){ INT64_MIN, INT64_MAX, 1 };
    shape->numbers = json_number_any;
    shape->length_max = shape->items_max = shape->properties_max = INT64_MAX;
    for (size_t i = 0; i < shape->n_members; i++)
        TRY(read_member(s, shape, shape->members[i].place));
    narrow(shape);
    if (!shape->types)
        return schema_never(s, first,
                            "no value can have all that is asked for here (type, bounds, "
                            "lengths, enum, const, not)");
    for (const struct refusal *r = shape->refusals; r; r = r->next)
        if (r->types & shape->types) return schema_refuse(s, r->place, "%s", r->why);
    return 0;
}

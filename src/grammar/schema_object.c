#include "grammar/schema_object.h"

/* --- gathering -------------------------------------------------------------------------------- */

static const json_t *keyword_of(const struct object *o, int32_t member, const char *keyword)
{
    return json_object_get(o->shape->members[member].place->json, keyword);
}

static int declare(struct object *o, struct slice name, const struct place *at, bool required)
{
    uint32_t known;
    if (name.len == 0) name.ptr = "";
    if (map_get(&o->index, name, &known)) {
        o->properties.at[known].required |= required;
        return 0;
    }
    TRY(schema_spend(o->s, 1));
    if (!ARRAY_ADD(o->properties,
                   (struct property){ .name = name, .place = at, .required = required }) ||
        map_put(&o->index, name, (uint32_t)o->properties.n - 1) < 0)
        return schema_no_memory(o->s);
    return 0;
}

static int gather_properties(struct object *o, int32_t member)
{
    const struct place *p = o->shape->members[member].place;
    if (!json_object_get(p->json, "properties")) return 0;
    const struct place *at = schema_property(o->s, p, "properties");
    if (!at) return schema_no_memory(o->s);
    json_t *all = (json_t *)(uintptr_t)at->json; /* jansson's iterators take no const */
    for (void *it = json_object_iter(all); it; it = json_object_iter_next(all, it)) {
        struct slice name = { json_object_iter_key(it), json_object_iter_key_len(it) };
        const struct place *schema = schema_place(o->s, at, name, json_object_iter_value(it));
        if (!schema) return schema_no_memory(o->s);
        TRY(declare(o, name, schema, false));
    }
    return 0;
}

static int gather_patterns(struct object *o, int32_t member)
{
    const struct place *p = o->shape->members[member].place;
    if (!json_object_get(p->json, "patternProperties")) return 0;
    const struct place *at = schema_property(o->s, p, "patternProperties");
    if (!at) return schema_no_memory(o->s);
    json_t *all = (json_t *)(uintptr_t)at->json; /* jansson's iterators take no const */
    for (void *it = json_object_iter(all); it; it = json_object_iter_next(all, it)) {
        struct slice pattern = { json_object_iter_key(it), json_object_iter_key_len(it) };
        const struct place *schema = schema_place(o->s, at, pattern, json_object_iter_value(it));
        struct text_rule rule = { .pattern = pattern, .place = schema };
        if (o->patterns.n == JSON_SCHEMA_PATTERNS_MAX)
            return schema_refuse(o->s, at,
                                 "more than %d patterns for the names of one object are "
                                 "not supported",
                                 JSON_SCHEMA_PATTERNS_MAX);
        if (!schema || !ARRAY_ADD(o->patterns, (struct pattern_property){ rule, schema, member }))
            return schema_no_memory(o->s);
    }
    return 0;
}

static int add_others(struct object *o, int32_t member, const char *keyword, bool unevaluated)
{
    const struct place *p = schema_property(o->s, o->shape->members[member].place, keyword);
    if (!p || !ARRAY_ADD(o->others, (struct others){ p, member, unevaluated }))
        return schema_no_memory(o->s);
    return 0;
}

/* unevaluatedProperties sees what the same schema and those that it brought in say. */
static int gather_unevaluated(struct object *o, int32_t member)
{
    const struct shape *shape = o->shape;
    if (shape->met_twice)
        return schema_refuse(o->s, shape->members[member].place,
                             "unevaluatedProperties beside schemas that come in twice is not "
                             "supported");
    for (int32_t i = 0; i < (int32_t)shape->n_members; i++) {
        if (!schema_brought_by(shape, i, member)) continue;
        if (keyword_of(o, i, "additionalProperties") ||
            (i != member && keyword_of(o, i, "unevaluatedProperties")))
            return 0;
    }
    return add_others(o, member, "unevaluatedProperties", true);
}

static int gather(struct object *o, int32_t member)
{
    TRY(gather_properties(o, member));
    TRY(gather_patterns(o, member));
    if (keyword_of(o, member, "additionalProperties"))
        TRY(add_others(o, member, "additionalProperties", false));
    if (keyword_of(o, member, "unevaluatedProperties")) TRY(gather_unevaluated(o, member));
    if (!keyword_of(o, member, "propertyNames")) return 0;
    const struct place *names = schema_property(o->s, o->shape->members[member].place,
                                                "propertyNames");
    return names && ARRAY_ADD(o->names, names) ? 0 : schema_no_memory(o->s);
}

/* Names that are required but not declared come behind those that are. */
static int gather_required(struct object *o, int32_t member)
{
    const json_t *list = keyword_of(o, member, "required");
    if (!list) return 0;
    const struct place *at = schema_property(o->s, o->shape->members[member].place, "required");
    if (!at) return schema_no_memory(o->s);
    for (size_t i = 0; i < json_array_size(list); i++)
        TRY(declare(o, json_text_slice(json_array_get(list, i)), at, true));
    return 0;
}

int object_open(struct object *o, struct schema *s, const struct shape *shape)
{
    *o = (struct object){ .s = s, .shape = shape };
    map_init(&o->index);
    TRY(schema_spend(s, (int64_t)shape->n_members));
    for (int32_t i = 0; i < (int32_t)shape->n_members; i++) TRY(gather(o, i));
    for (int32_t i = 0; i < (int32_t)shape->n_members; i++) TRY(gather_required(o, i));
    return 0;
}

void object_release(struct object *o)
{
    mem_free(o->properties.at);
    mem_free(o->patterns.at);
    mem_free(o->others.at);
    mem_free(o->names.at);
    mem_free(o->found.at);
    map_release(&o->index);
}

/* --- what is asked ---------------------------------------------------------------------------- */

static int add_found(struct object *o, const struct place *p)
{
    if (!p || !ARRAY_ADD(o->found, p)) return schema_no_memory(o->s);
    if (schema_is_false(p)) o->found_false = true;
    return 0;
}

static bool sees(const struct object *o, const struct others *others, int32_t member)
{
    if (!others->unevaluated) return member == others->member;
    return schema_brought_by(o->shape, member, others->member);
}

/* The others, but for those that see one of the matched patterns or a member that has the name. */
static int find_others(struct object *o, struct slice name, size_t matched, bool declared,
                       bool wide)
{
    for (size_t i = 0; i < o->others.n; i++) {
        const struct others *others = &o->others.at[i];
        bool has = wide && others->unevaluated;
        for (size_t k = 0; k < o->patterns.n && !has; k++)
            has = (matched & (size_t)1 << k) && sees(o, others, o->patterns.at[k].member);
        for (int32_t k = 0; declared && k < (int32_t)o->shape->n_members && !has; k++) {
            const json_t *properties = keyword_of(o, k, "properties");
            has = properties && sees(o, others, k) &&
                  json_object_getn(properties, name.ptr, name.len);
        }
        if (!has) TRY(add_found(o, others->place));
    }
    return 0;
}

int object_find_class(struct object *o, size_t matched)
{
    o->found.n = 0;
    o->found_false = false;
    for (size_t k = 0; k < o->patterns.n; k++)
        if (matched & (size_t)1 << k) TRY(add_found(o, o->patterns.at[k].schema));
    return find_others(o, (struct slice){ 0 }, matched, false, false);
}

int object_find(struct object *o, struct slice name, bool wide)
{
    size_t matched = 0;
    o->found.n = 0;
    o->found_false = false;
    TRY(schema_spend(o->s, (int64_t)(o->shape->n_members * (1 + o->others.n))));
    for (int32_t i = 0; i < (int32_t)o->shape->n_members; i++) {
        const json_t *all = keyword_of(o, i, "properties");
        const json_t *json = all ? json_object_getn(all, name.ptr, name.len) : NULL;
        if (!json) continue;
        const struct place *at = schema_property(o->s, o->shape->members[i].place, "properties");
        TRY(add_found(o, at ? schema_place(o->s, at, name, json) : NULL));
    }
    for (size_t k = 0; k < o->patterns.n; k++) {
        int rc = schema_matches(o->s, &o->patterns.at[k].rule, name);
        TRY(rc);
        if (rc) matched |= (size_t)1 << k;
        if (rc) TRY(add_found(o, o->patterns.at[k].schema));
    }
    return find_others(o, name, matched, true, wide);
}

int object_allows_name(struct object *o, struct slice name, bool wide)
{
    if (o->names.n == 0) return 1;
    for (size_t i = 0; i < o->names.n; i++)
        if (schema_is_false(o->names.at[i])) return 0;
    int32_t set = schema_set(o->s, o->names.at, o->names.n);
    TRY(set);
    json_t *string = json_stringn(name.ptr, name.len);
    if (!string) return schema_no_memory(o->s);
    int rc = schema_set_has(o->s, set, string, wide);
    json_decref(string);
    return rc;
}

/* --- one value -------------------------------------------------------------------------------- */

static int has_members(struct object *o, const json_t *value, bool wide)
{
    json_t *object = (json_t *)(uintptr_t)value; /* jansson's iterators take no const */
    for (size_t i = 0; i < o->properties.n; i++) {
        const struct property *p = &o->properties.at[i];
        if (p->required && !json_object_getn(value, p->name.ptr, p->name.len)) return 0;
    }
    for (void *it = json_object_iter(object); it; it = json_object_iter_next(object, it)) {
        struct slice name = { json_object_iter_key(it), json_object_iter_key_len(it) };
        int rc = object_allows_name(o, name, wide);
        if (rc <= 0) return rc;
        TRY(object_find(o, name, wide));
        if (o->found_false) return 0;
        int32_t set = schema_set(o->s, o->found.at, o->found.n);
        TRY(set);
        rc = schema_set_has(o->s, set, json_object_iter_value(it), wide);
        if (rc <= 0) return rc;
    }
    return 1;
}

int schema_object_has(struct schema *s, const struct shape *shape, const json_t *value, bool wide)
{
    struct object o;
    int64_t n = (int64_t)json_object_size(value);
    if (n < shape->properties_min || n > shape->properties_max) return 0;
    int rc = object_open(&o, s, shape);
    if (rc == 0) rc = has_members(&o, value, wide);
    object_release(&o);
    return rc;
}

/* not: what is left of the types, and single values that are taken out. */
#include "grammar/schema_keyword.h"

static int exclude(struct schema *s, struct shape *shape, const json_t *value)
{
    unsigned type = schema_type_of(value);
    if (type & (TYPE_NULL | TYPE_BOOLEAN)) {
        shape->types &= ~type;
        return 0;
    }
    struct value_list *list = ARENA_NEW(&s->arena, struct value_list);
    if (!list) return schema_no_memory(s);
    *list = (struct value_list){ shape->excluded, value };
    shape->excluded = list;
    return 0;
}

static int negate(struct schema *s, struct shape *shape, const struct place *keyword,
                  const struct place *p);

/* Of a schema with this keyword alone; 1: not one that can be negated. */
static int negate_keyword(struct schema *s, struct shape *shape, const struct place *keyword,
                          const struct place *at)
{
    unsigned types;
    if (slice_is(at->key, "type")) {
        TRY(keyword_types(s, at, &types));
        shape->types &= ~types;
        return 0;
    }
    if (slice_is(at->key, "const")) return exclude(s, shape, at->json);
    if (slice_is(at->key, "enum")) {
        for (size_t i = 0; i < json_array_size(at->json); i++)
            TRY(exclude(s, shape, json_array_get(at->json, i)));
        return json_is_array(at->json) ? 0 : 1;
    }
    if (!slice_is(at->key, "anyOf") || !json_is_array(at->json)) return 1;
    for (size_t i = 0; i < json_array_size(at->json); i++) {
        const struct place *branch = schema_item(s, at, i);
        if (!branch) return schema_no_memory(s);
        TRY(negate(s, shape, keyword, branch));
    }
    return 0;
}

static int negate(struct schema *s, struct shape *shape, const struct place *keyword,
                  const struct place *p)
{
    const char *only = NULL;
    size_t n = 0;
    int rc = 1;
    if (json_is_false(p->json)) return 0;
    json_t *object = (json_t *)(uintptr_t)p->json; /* jansson's iterators take no const */
    for (void *it = json_object_iter(object); it; it = json_object_iter_next(object, it)) {
        if (keyword_is_note(json_object_iter_key(it))) continue;
        only = json_object_iter_key(it);
        n++;
    }
    if (json_is_true(p->json) || (json_is_object(p->json) && n == 0)) {
        shape->types = 0;
        return 0;
    }
    if (n == 1) {
        const struct place *at = schema_property(s, p, only);
        if (!at) return schema_no_memory(s);
        rc = negate_keyword(s, shape, keyword, at);
    }
    if (rc <= 0) return rc;
    return keyword_refuse(
        s, shape, keyword, TYPE_ANY,
        "'not' is supported for type, const or enum alone, and for anyOf of those");
}

int keyword_not(struct schema *s, struct shape *shape, const struct place *at)
{
    const struct place *p = schema_place(s, at->parent, at->key, at->json);
    return p ? negate(s, shape, p, p) : schema_no_memory(s);
}

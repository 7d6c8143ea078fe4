/* OpenAI's rules for strict schemas: objects are closed and have all their properties. In its
 * words, since people look these up. */
#include "grammar/schema.h"

#include <stdio.h>

enum { CONTEXT_MAX = 400, REASON_MAX = 300 };

/* ('properties', 'a'): the place as a tuple of Python, its end if it is long. */
static void write_context(char out[CONTEXT_MAX], const struct place *at)
{
    size_t room = CONTEXT_MAX - 1;
    bool single = at->parent && !at->parent->parent;
    out[room] = '\0';
    out[--room] = ')';
    if (single) out[--room] = ',';
    for (const struct place *p = at; p->parent; p = p->parent) {
        if (p->key.len + 16 > room) break;
        if (p != at) {
            out[--room] = ' ';
            out[--room] = ',';
        }
        out[--room] = '\'';
        room -= p->key.len;
        if (p->key.len) memcpy(out + room, p->key.ptr, p->key.len);
        out[--room] = '\'';
    }
    out[--room] = '(';
    memmove(out, out + room, CONTEXT_MAX - room);
}

int schema_refuse_strict(struct schema *s, const struct place *at, const char *fmt, ...)
{
    char context[CONTEXT_MAX], reason[REASON_MAX];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(reason, sizeof reason, fmt, args); /* A cut text is still a text. */
    va_end(args);
    write_context(context, at);
    return err_set(s->err, ERR_INVALID_VALUE, "In context=%s, %s", context, reason);
}

static bool names_object(const json_t *type)
{
    if (json_is_string(type)) return slice_is(json_text_slice(type), "object");
    for (size_t i = 0; i < json_array_size(type); i++)
        if (names_object(json_array_get(type, i))) return true;
    return false;
}

static bool lists(const json_t *names, struct slice name)
{
    for (size_t i = 0; i < json_array_size(names); i++) {
        const json_t *n = json_array_get(names, i);
        if (json_is_string(n) && slice_eq(json_text_slice(n), name)) return true;
    }
    return false;
}

static int check_object(struct schema *s, const struct place *p)
{
    const json_t *properties = json_object_get(p->json, "properties");
    const json_t *required = json_object_get(p->json, "required");
    json_t *all = (json_t *)(uintptr_t)properties; /* jansson's iterators take no const */
    if (!names_object(json_object_get(p->json, "type")) && !json_is_object(properties)) return 0;
    if (!json_is_false(json_object_get(p->json, "additionalProperties")))
        return schema_refuse_strict(s, p,
                                    "'additionalProperties' is required to be supplied and "
                                    "to be false.");
    for (void *it = json_object_iter(all); it; it = json_object_iter_next(all, it)) {
        struct slice name = { json_object_iter_key(it), json_object_iter_key_len(it) };
        TRY(schema_spend(s, 1 + (int64_t)json_array_size(required)));
        if (!lists(required, name))
            return schema_refuse_strict(s, p,
                                        "'required' is required to be supplied and to be an array "
                                        "including every key in properties. Missing '%.*s'.",
                                        SLICE_FMT(name));
    }
    for (size_t i = 0; i < json_array_size(required); i++) {
        const json_t *name = json_array_get(required, i);
        if (json_is_string(name) &&
            !json_object_getn(properties, json_string_value(name), json_string_length(name)))
            return schema_refuse_strict(s, p,
                                        "'required' is required to be supplied and to be an array "
                                        "including every key in properties. Extra required key "
                                        "'%.*s' supplied.",
                                        SLICE_FMT(json_text_slice(name)));
    }
    return 0;
}

enum { IS_SCHEMA, IS_OBJECT_OF, IS_LIST_OF };

static const struct {
    const char *keyword;
    int kind;
} within[] = {
    { "properties", IS_OBJECT_OF }, { "$defs", IS_OBJECT_OF },     { "definitions", IS_OBJECT_OF },
    { "items", IS_SCHEMA },         { "anyOf", IS_LIST_OF },       { "oneOf", IS_LIST_OF },
    { "allOf", IS_LIST_OF },        { "prefixItems", IS_LIST_OF },
};

typedef ARRAY(const struct place *) place_list;

static int queue_within(struct schema *s, place_list *todo, const struct place *p)
{
    for (size_t i = 0; i < sizeof within / sizeof *within; i++) {
        if (!json_object_get(p->json, within[i].keyword)) continue;
        const struct place *at = schema_property(s, p, within[i].keyword);
        bool fine = at;
        json_t *all = at ? (json_t *)(uintptr_t)at->json : NULL; /* iterators take no const */
        if (within[i].kind == IS_SCHEMA) {
            fine = fine && ARRAY_ADD(*todo, at);
        } else if (within[i].kind == IS_LIST_OF) {
            for (size_t k = 0; fine && k < json_array_size(all); k++) {
                const struct place *item = schema_item(s, at, k);
                fine = item && ARRAY_ADD(*todo, item);
            }
        } else {
            for (void *it = json_object_iter(all); fine && it;
                 it = json_object_iter_next(all, it)) {
                struct slice key = { json_object_iter_key(it), json_object_iter_key_len(it) };
                const struct place *value = schema_place(s, at, key, json_object_iter_value(it));
                fine = value && ARRAY_ADD(*todo, value);
            }
        }
        if (!fine) return schema_no_memory(s);
    }
    return 0;
}

int schema_check_strict(struct schema *s)
{
    place_list todo = { 0 };
    int rc = ARRAY_ADD(todo, s->root) ? 0 : schema_no_memory(s);
    for (size_t i = 0; i < todo.n && rc == 0; i++) {
        const struct place *p = todo.at[i];
        rc = check_object(s, p);
        if (rc == 0) rc = queue_within(s, &todo, p);
    }
    mem_free(todo.at);
    return rc;
}

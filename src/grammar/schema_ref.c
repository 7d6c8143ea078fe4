/* $ref: JSON pointers and anchors of the same document. */
#include "grammar/schema.h"

enum { REF_SHOWN = 120 };

#define SHOW(s) (int)((s).len < REF_SHOWN ? (s).len : REF_SHOWN), (s).ptr

static bool is_schema(const json_t *json)
{
    return json_is_object(json) || json_is_boolean(json);
}

bool schema_is_document(const struct place *p)
{
    return p->parent && json_is_string(json_object_get(p->json, "$id"));
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') return (c | 0x20) - 'a' + 10;
    return -1;
}

/* Undoes %hh, in the arena; ptr is NULL without memory. */
static struct slice percent_decoded(struct schema *s, struct slice text)
{
    char *out = arena_alloc(&s->arena, text.len + 1);
    size_t n = 0;
    for (size_t i = 0; out && i < text.len; i++) {
        int high = i + 2 < text.len && text.ptr[i] == '%' ? hex_value(text.ptr[i + 1]) : -1;
        int low = high >= 0 ? hex_value(text.ptr[i + 2]) : -1;
        out[n++] = low >= 0 ? (char)(high << 4 | low) : text.ptr[i];
        if (low >= 0) i += 2;
    }
    return (struct slice){ out, n };
}

/* ~1 is / and ~0 is ~; in place. */
static struct slice pointer_key(char *text, size_t len)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        bool escaped = text[i] == '~' && i + 1 < len && (text[i + 1] == '0' || text[i + 1] == '1');
        text[n++] = !escaped ? text[i] : text[i + 1] == '0' ? '~' : '/';
        i += escaped;
    }
    return (struct slice){ text, n };
}

static const json_t *child_of(const json_t *json, struct slice key)
{
    uint64_t i;
    if (json_is_object(json)) return json_object_getn(json, key.ptr, key.len);
    bool is_index = slice_to_u64(&i, key) && (key.len == 1 || key.ptr[0] != '0');
    return json_is_array(json) && is_index ? json_array_get(json, i) : NULL;
}

/* `text` is "/a/b", from the root, and the arena's. */
static int follow_pointer(struct schema *s, const struct place *at, struct slice ref,
                          struct slice text, const struct place **ret)
{
    const struct place *p = s->root;
    char *rest = (char *)(uintptr_t)text.ptr;
    size_t len = text.len;
    while (len > 0) {
        size_t n = slice_find((struct slice){ rest + 1, len - 1 }, SLICE("/"));
        struct slice key = pointer_key(rest + 1, n);
        const json_t *json = child_of(p->json, key);
        if (!json)
            return schema_refuse(s, at, "'%.*s' leads nowhere: there is no '%.*s' in it", SHOW(ref),
                                 SHOW(key));
        p = schema_place(s, p, key, json);
        if (!p) return schema_no_memory(s);
        if (schema_is_document(p))
            return schema_refuse(s, at,
                                 "'%.*s' goes into a schema with an $id of its own, which "
                                 "is not supported",
                                 SHOW(ref));
        rest += n + 1;
        len -= n + 1;
    }
    *ret = p;
    return 0;
}

/* --- anchors ---------------------------------------------------------------------------------- */

/* What holds values, not schemas. */
static bool holds_data(struct slice key)
{
    return slice_is(key, "enum") || slice_is(key, "const") || slice_is(key, "default") ||
           slice_is(key, "examples");
}

static int add_anchor(struct schema *s, const struct place *p, const char *keyword)
{
    const json_t *name = json_object_get(p->json, keyword);
    uint32_t known;
    if (!json_is_string(name)) return 0;
    struct slice key = json_text_slice(name);
    if (map_get(&s->anchors, key, &known) && s->places.at[known] != p)
        return schema_refuse(s, p, "the anchor '%.*s' is there twice", SHOW(key));
    return map_put(&s->anchors, key, p->id) < 0 ? schema_no_memory(s) : 0;
}

static int queue_children(struct schema *s, const struct place *p)
{
    json_t *object = (json_t *)(uintptr_t)p->json; /* jansson's iterators take no const */
    for (void *it = json_object_iter(object); it; it = json_object_iter_next(object, it)) {
        struct slice key = { json_object_iter_key(it), json_object_iter_key_len(it) };
        if (!holds_data(key) && !schema_place(s, p, key, json_object_iter_value(it)))
            return schema_no_memory(s);
    }
    for (size_t i = 0; i < json_array_size(p->json); i++)
        if (!schema_item(s, p, i)) return schema_no_memory(s);
    return 0;
}

/* Places are their own queue: each is looked at once, new ones come at its end. */
static int find_anchors(struct schema *s)
{
    s->has_anchors = true;
    for (size_t i = 0; i < s->places.n; i++) {
        const struct place *p = s->places.at[i];
        TRY(schema_spend(s, 1));
        if (schema_is_document(p)) continue;
        TRY(add_anchor(s, p, "$anchor"));
        TRY(add_anchor(s, p, "$dynamicAnchor"));
        TRY(queue_children(s, p));
    }
    return 0;
}

static int follow_anchor(struct schema *s, const struct place *at, struct slice ref,
                         struct slice name, const struct place **ret)
{
    uint32_t known;
    if (!s->has_anchors) TRY(find_anchors(s));
    if (!map_get(&s->anchors, name, &known))
        return schema_refuse(s, at, "'%.*s' leads nowhere: no schema here has that $anchor",
                             SHOW(ref));
    *ret = s->places.at[known];
    return 0;
}

int schema_resolve(struct schema *s, const struct place *at, const struct place **ret)
{
    struct slice ref = json_text_slice(at->json);
    size_t n = slice_find(ref, SLICE("#"));
    struct slice base = { ref.ptr, n }, id = { 0 };
    struct slice fragment = n < ref.len ? (struct slice){ ref.ptr + n + 1, ref.len - n - 1 }
                                        : (struct slice){ 0 };
    const json_t *root_id = json_object_get(s->root->json, "$id");
    if (json_is_string(root_id)) id = json_text_slice(root_id);
    if (slice_ends(id, SLICE("#"))) id.len--;
    if (base.len > 0 && !slice_eq(base, id))
        return schema_refuse(s, at,
                             "'%.*s' is outside of this document, where nothing is "
                             "looked up; write '#/...'",
                             SHOW(ref));
    fragment = percent_decoded(s, fragment);
    if (!fragment.ptr) return schema_no_memory(s);
    if (fragment.len == 0)
        *ret = s->root;
    else if (fragment.ptr[0] == '/')
        TRY(follow_pointer(s, at, ref, fragment, ret));
    else
        TRY(follow_anchor(s, at, ref, fragment, ret));
    return is_schema((*ret)->json) ? 0
                                   : schema_refuse(s, at, "'%.*s' leads to no schema", SHOW(ref));
}

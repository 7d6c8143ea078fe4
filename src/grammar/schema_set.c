/* Sets of schemas, and their alternatives: a leaf for each way to choose the branches of all
 * anyOf and oneOf in it. */
#include "grammar/schema.h"

#include <stdlib.h>

struct group { /* A list of schemas of which one is to be chosen. */
    const struct place *place;
    int32_t member;
    bool one_of;
};

struct leaf {
    ARRAY(struct member) members; /* Those whose keywords were followed come first. */
    ARRAY(struct group) groups;   /* Those with a branch chosen come first. */
    ARRAY(struct choice) choices;
    size_t n_followed, n_chosen;
    bool met_twice, dead;
};

/* --- sets ------------------------------------------------------------------------------------- */

static int by_id(const void *a, const void *b)
{
    const struct place *x = *(const struct place *const *)a, *y = *(const struct place *const *)b;
    return (x->id > y->id) - (x->id < y->id);
}

static bool says_nothing(const struct place *p)
{
    return json_is_true(p->json) || (json_is_object(p->json) && json_object_size(p->json) == 0);
}

int32_t schema_set(struct schema *s, const struct place **places, size_t n)
{
    size_t kept = 0;
    uint32_t known;
    if (n > 1) qsort(places, n, sizeof *places, by_id);
    for (size_t i = 0; i < n; i++)
        if (!says_nothing(places[i]) && (kept == 0 || places[kept - 1] != places[i]))
            places[kept++] = places[i];
    const struct place *none = NULL;
    struct slice key = { (const char *)(kept ? places : &none), kept * sizeof *places };
    if (map_get(&s->set_of, key, &known)) return (int32_t)known;
    if (s->sets.n >= JSON_SCHEMA_SETS_MAX)
        return err_set(s->err, ERR_LIMIT, "the schema has more than %d different parts",
                       JSON_SCHEMA_SETS_MAX);
    struct set *set = ARENA_NEW(&s->arena, struct set);
    /* One more than there are: the key of the empty set has an address, too. */
    const struct place **own = ARENA_NEWS(&s->arena, kept + 1, const struct place *);
    if (!set || !own) return schema_no_memory(s);
    if (kept) memcpy(own, places, kept * sizeof *own);
    *set = (struct set){ .places = own, .n = kept, .rule = -1 };
    if (!ARRAY_ADD(s->sets, set)) return schema_no_memory(s);
    key.ptr = (const char *)own;
    if (map_put(&s->set_of, key, (uint32_t)s->sets.n - 1) < 0) return schema_no_memory(s);
    return (int32_t)s->sets.n - 1;
}

/* --- leaves ----------------------------------------------------------------------------------- */

static void leaf_release(struct leaf *l)
{
    mem_free(l->members.at);
    mem_free(l->groups.at);
    mem_free(l->choices.at);
}

#define COPY(to, from)                                                            \
    (ARRAY_ROOM(to, (from).n + 1) &&                                              \
     ((void)((from).n && memcpy((to).at, (from).at, (from).n * sizeof *(to).at)), \
      (to).n = (from).n, true))

static int leaf_copy(struct schema *s, struct leaf *ret, const struct leaf *l)
{
    *ret = (struct leaf){ .n_followed = l->n_followed,
                          .n_chosen = l->n_chosen,
                          .met_twice = l->met_twice };
    TRY(schema_spend(s, (int64_t)(l->members.n + l->groups.n + l->choices.n)));
    if (COPY(ret->members, l->members) && COPY(ret->groups, l->groups) &&
        COPY(ret->choices, l->choices))
        return 0;
    leaf_release(ret);
    return schema_no_memory(s);
}

static int add_member(struct schema *s, struct leaf *l, const struct place *p, int32_t parent)
{
    int32_t depth = parent < 0 ? 0 : l->members.at[parent].depth + 1;
    if (schema_is_false(p)) {
        l->dead = true;
        return schema_never(s, p, "nothing is valid under false");
    }
    if (json_is_true(p->json)) return 0;
    if (!json_is_object(p->json))
        return schema_refuse(s, p, "a schema is an object, true or false");
    if (schema_is_document(p))
        return schema_refuse(s, p, "a schema with an $id below the root is not supported");
    for (int32_t i = parent; i >= 0; i = l->members.at[i].parent)
        if (l->members.at[i].place == p)
            return schema_refuse(s, p, "this schema leads to itself without a value in between");
    TRY(schema_spend(s, (int64_t)l->members.n + 1));
    for (size_t i = 0; i < l->members.n; i++) {
        if (l->members.at[i].place != p) continue;
        l->met_twice = true;
        return 0;
    }
    if (depth > JSON_SCHEMA_REFS_MAX)
        return err_set(s->err, ERR_LIMIT,
                       "the schema has more than %d $ref and allOf one behind the other",
                       JSON_SCHEMA_REFS_MAX);
    if (l->members.n >= JSON_SCHEMA_MERGED_MAX)
        return err_set(s->err, ERR_LIMIT, "more than %d schemas hold for one value",
                       JSON_SCHEMA_MERGED_MAX);
    return ARRAY_ADD(l->members, (struct member){ p, parent, depth }) ? 0 : schema_no_memory(s);
}

static int add_group(struct schema *s, struct leaf *l, const struct place *p, int32_t member,
                     bool one_of)
{
    if (!json_is_array(p->json) || json_array_size(p->json) == 0)
        return schema_refuse(s, p, "this is a list of schemas, and not an empty one");
    return ARRAY_ADD(l->groups, (struct group){ p, member, one_of }) ? 0 : schema_no_memory(s);
}

/* Without the property `key`, or with it and what `with` asks, which is given away. */
static int add_dependency(struct schema *s, struct leaf *l, const struct place *at, json_t *with,
                          int32_t member)
{
    json_t *without = json_object(), *properties = json_object(), *branches = json_array();
    bool fine = with && without && properties && branches &&
                json_object_setn(properties, at->key.ptr, at->key.len, json_false()) == 0 &&
                json_object_set(without, "properties", properties) == 0 &&
                json_array_append(branches, without) == 0 &&
                json_array_append(branches, with) == 0 && ARRAY_ADD(s->made, branches);
    json_decref(with);
    json_decref(without);
    json_decref(properties);
    if (!fine) {
        json_decref(branches);
        return schema_no_memory(s);
    }
    const struct place *p = schema_place(s, at, SLICE("anyOf"), branches);
    return p ? add_group(s, l, p, member, false) : schema_no_memory(s);
}

/* {"required": [key, ...]} */
static json_t *required_with(struct slice key, const json_t *others)
{
    json_t *names = json_array();
    bool fine = names && json_array_append_new(names, json_stringn(key.ptr, key.len)) == 0;
    for (size_t i = 0; fine && i < json_array_size(others); i++)
        fine = json_array_append(names, json_array_get(others, i)) == 0;
    json_t *schema = fine ? json_object() : NULL;
    if (schema && json_object_set(schema, "required", names) < 0) {
        json_decref(schema);
        schema = NULL;
    }
    json_decref(names);
    return schema;
}

static int follow_dependencies(struct schema *s, struct leaf *l, const struct place *p,
                               const char *keyword, bool schemas, int32_t member)
{
    const struct place *all = schema_property(s, p, keyword);
    if (!all) return schema_no_memory(s);
    if (!json_is_object(all->json)) return schema_refuse(s, all, "this is an object");
    json_t *object = (json_t *)(uintptr_t)all->json; /* jansson's iterators take no const */
    for (void *it = json_object_iter(object); it; it = json_object_iter_next(object, it)) {
        struct slice key = { json_object_iter_key(it), json_object_iter_key_len(it) };
        const struct place *at = schema_place(s, all, key, json_object_iter_value(it));
        if (!at) return schema_no_memory(s);
        if (!schemas && !json_is_array(at->json))
            return schema_refuse(s, at, "this is a list of names");
        if (schemas ? says_nothing(at) : json_array_size(at->json) == 0) continue;
        json_t *with = required_with(key, schemas ? NULL : at->json);
        json_t *list = schemas && with ? json_array() : NULL;
        if (list && (json_array_append(list, (json_t *)(uintptr_t)at->json) < 0 ||
                     json_object_set(with, "allOf", list) < 0)) {
            json_decref(with);
            with = NULL;
        }
        if (schemas && !list) {
            json_decref(with);
            with = NULL;
        }
        json_decref(list);
        TRY(add_dependency(s, l, at, with, member));
    }
    return 0;
}

/* Brings in what the i-th member refers to. */
static int follow(struct schema *s, struct leaf *l, int32_t i)
{
    const struct place *p = l->members.at[i].place, *to;
    static const struct {
        const char *keyword;
        bool one_of;
    } groups[] = { { "anyOf", false }, { "oneOf", true } };
    if (json_object_get(p->json, "$ref")) {
        const struct place *at = schema_property(s, p, "$ref");
        if (!at) return schema_no_memory(s);
        if (!json_is_string(at->json)) return schema_refuse(s, at, "this is a string");
        TRY(schema_resolve(s, at, &to));
        TRY(add_member(s, l, to, i));
    }
    if (json_object_get(p->json, "allOf")) {
        const struct place *all = schema_property(s, p, "allOf");
        if (!all) return schema_no_memory(s);
        if (!json_is_array(all->json) || json_array_size(all->json) == 0)
            return schema_refuse(s, all, "this is a list of schemas, and not an empty one");
        for (size_t k = 0; k < json_array_size(all->json); k++) {
            if (!(to = schema_item(s, all, k))) return schema_no_memory(s);
            TRY(add_member(s, l, to, i));
        }
    }
    for (size_t k = 0; k < sizeof groups / sizeof *groups; k++) {
        if (!json_object_get(p->json, groups[k].keyword)) continue;
        if (!(to = schema_property(s, p, groups[k].keyword))) return schema_no_memory(s);
        TRY(add_group(s, l, to, i, groups[k].one_of));
    }
    if (json_object_get(p->json, "dependentRequired"))
        TRY(follow_dependencies(s, l, p, "dependentRequired", false, i));
    if (json_object_get(p->json, "dependentSchemas"))
        TRY(follow_dependencies(s, l, p, "dependentSchemas", true, i));
    return 0;
}

/* --- from leaves to shapes -------------------------------------------------------------------- */

struct expansion {
    ARRAY(struct leaf) leaves; /* The last one is the next. */
    ARRAY(const struct shape *) shapes;
};

static int add_shape(struct schema *s, struct expansion *x, const struct leaf *l)
{
    struct shape *shape = ARENA_NEW(&s->arena, struct shape);
    struct member *members = ARENA_NEWS(&s->arena, l->members.n + 1, struct member);
    struct choice *choices = ARENA_NEWS(&s->arena, l->choices.n + 1, struct choice);
    if (!shape || !members || !choices) return schema_no_memory(s);
    if (l->members.n) memcpy(members, l->members.at, l->members.n * sizeof *members);
    if (l->choices.n) memcpy(choices, l->choices.at, l->choices.n * sizeof *choices);
    *shape = (struct shape){ .members = members,
                             .n_members = l->members.n,
                             .choices = choices,
                             .n_choices = l->choices.n,
                             .met_twice = l->met_twice };
    TRY(schema_read(s, shape));
    if (shape->types && !ARRAY_ADD(x->shapes, shape)) return schema_no_memory(s);
    return 0;
}

/* A leaf for each branch, the first one on top. */
static int choose(struct schema *s, struct expansion *x, const struct leaf *l)
{
    struct group group = l->groups.at[l->n_chosen];
    for (size_t i = json_array_size(group.place->json); i-- > 0;) {
        const struct place *branch = schema_item(s, group.place, i);
        struct leaf copy;
        if (!branch) return schema_no_memory(s);
        if (++s->n_leaves > JSON_SCHEMA_ALTERNATIVES_MAX)
            return err_set(s->err, ERR_LIMIT,
                           "the schema has more than %d alternatives, branches of anyOf that hold "
                           "together multiplied",
                           JSON_SCHEMA_ALTERNATIVES_MAX);
        TRY(leaf_copy(s, &copy, l));
        copy.n_chosen++;
        int rc = add_member(s, &copy, branch, group.member);
        if (rc == 0 && group.one_of && !ARRAY_ADD(copy.choices, (struct choice){ group.place, i }))
            rc = schema_no_memory(s);
        if (rc == 0 && !copy.dead && !ARRAY_ADD(x->leaves, copy)) rc = schema_no_memory(s);
        if (rc < 0 || copy.dead) leaf_release(&copy);
        if (rc < 0) return rc;
    }
    return 0;
}

static int expand_leaf(struct schema *s, struct expansion *x, struct leaf *l)
{
    while (l->n_followed < l->members.n && !l->dead) TRY(follow(s, l, (int32_t)l->n_followed++));
    if (l->dead) return 0;
    return l->n_chosen < l->groups.n ? choose(s, x, l) : add_shape(s, x, l);
}

static int expand(struct schema *s, struct expansion *x, const struct set *set)
{
    struct leaf first = { 0 };
    for (size_t i = 0; i < set->n; i++) {
        int rc = add_member(s, &first, set->places[i], -1);
        if (rc < 0) {
            leaf_release(&first);
            return rc;
        }
    }
    if (!ARRAY_ADD(x->leaves, first)) {
        leaf_release(&first);
        return schema_no_memory(s);
    }
    while (x->leaves.n) {
        struct leaf l = x->leaves.at[--x->leaves.n];
        int rc = expand_leaf(s, x, &l);
        leaf_release(&l);
        TRY(rc);
    }
    return 0;
}

bool schema_brought_by(const struct shape *shape, int32_t i, int32_t by)
{
    while (i >= 0 && i != by) i = shape->members[i].parent;
    return i == by;
}

int schema_shapes(struct schema *s, struct set *set)
{
    struct expansion x = { 0 };
    if (set->has_shapes) return 0;
    int rc = expand(s, &x, set);
    if (rc == 0) {
        set->shapes = ARENA_NEWS(&s->arena, x.shapes.n + 1, const struct shape *);
        if (!set->shapes) rc = schema_no_memory(s);
    }
    if (rc == 0) {
        if (x.shapes.n) memcpy(set->shapes, x.shapes.at, x.shapes.n * sizeof *set->shapes);
        set->n_shapes = x.shapes.n;
        set->has_shapes = true;
    }
    for (size_t i = 0; i < x.leaves.n; i++) leaf_release(&x.leaves.at[i]);
    mem_free(x.leaves.at);
    mem_free(x.shapes.at);
    return rc;
}

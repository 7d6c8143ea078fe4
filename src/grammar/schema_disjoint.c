/* oneOf: its branches may be written as alternatives if no value is valid under two of them.
 * That is shown by type, values, bounds, lengths, or a property that one must have and both ask
 * something different of; otherwise the schema is refused. */
#include "grammar/schema_object.h"

enum {
    DISJOINT_DEPTH_MAX = 6, /* Properties within properties that are looked at. */
    PAIR_WORK = 1 << 11,    /* A pair of shapes costs about as much as so many other steps. */
};

static int sets_disjoint(struct schema *s, int32_t a, int32_t c, int depth);

/* 1: all values of the finite shape are invalid under the other. */
static int no_value_in(struct schema *s, const struct shape *finite, const struct shape *other)
{
    for (size_t i = 0; i < finite->n_values; i++) {
        int rc = schema_rest_has(s, finite, finite->values[i], true);
        if (rc > 0) rc = schema_shape_has(s, other, finite->values[i], true);
        if (rc != 0) return rc < 0 ? rc : 0;
    }
    return 1;
}

static bool numbers_disjoint(const struct shape *a, const struct shape *c, unsigned types)
{
    const struct json_numbers *x = &a->numbers, *y = &c->numbers;
    if (types == TYPE_INTEGER &&
        (a->integers.max < c->integers.min || c->integers.max < a->integers.min))
        return true;
    return x->max < y->min || y->max < x->min ||
           (x->max == y->min && (x->max_excluded || y->min_excluded)) ||
           (y->max == x->min && (y->max_excluded || x->min_excluded));
}

/* What both ask of the property; 1: no value can be both. */
static int property_disjoint(struct object *x, struct object *y, struct slice name, int depth)
{
    TRY(object_find(x, name, true));
    TRY(object_find(y, name, true));
    if (x->found_false || y->found_false) return 1;
    if (depth == 0) return 0;
    int32_t a = schema_set(x->s, x->found.at, x->found.n);
    TRY(a);
    int32_t c = schema_set(y->s, y->found.at, y->found.n);
    TRY(c);
    return a == c ? 0 : sets_disjoint(x->s, a, c, depth - 1);
}

static int required_disjoint(struct object *x, struct object *y, int depth)
{
    for (size_t i = 0; i < x->properties.n; i++) {
        if (!x->properties.at[i].required) continue;
        int rc = property_disjoint(x, y, x->properties.at[i].name, depth);
        if (rc != 0) return rc;
    }
    return 0;
}

static int objects_disjoint(struct schema *s, const struct shape *a, const struct shape *c,
                            int depth)
{
    struct object x, y;
    if (a->properties_max < c->properties_min || c->properties_max < a->properties_min) return 1;
    int rc = object_open(&x, s, a), rc_y = object_open(&y, s, c);
    if (rc == 0) rc = rc_y;
    if (rc == 0) rc = required_disjoint(&x, &y, depth);
    if (rc == 0) rc = required_disjoint(&y, &x, depth);
    object_release(&x);
    object_release(&y);
    return rc;
}

static int shapes_disjoint(struct schema *s, const struct shape *a, const struct shape *c,
                           int depth)
{
    unsigned types = a->types & c->types;
    TRY(schema_spend(s, 1));
    if (!types) return 1;
    if (a->finite) return no_value_in(s, a, c);
    if (c->finite) return no_value_in(s, c, a);
    if (types & (TYPE_NULL | TYPE_BOOLEAN)) return 0;
    if ((types & TYPE_NUMBER) && !numbers_disjoint(a, c, types & TYPE_NUMBER)) return 0;
    if ((types & TYPE_STRING) && a->length_max >= c->length_min && c->length_max >= a->length_min)
        return 0;
    if ((types & TYPE_ARRAY) && a->items_max >= c->items_min && c->items_max >= a->items_min)
        return 0;
    return types & TYPE_OBJECT ? objects_disjoint(s, a, c, depth) : 1;
}

static int sets_disjoint(struct schema *s, int32_t a, int32_t c, int depth)
{
    struct set *x = s->sets.at[a], *y = s->sets.at[c];
    TRY(schema_shapes(s, x));
    TRY(schema_shapes(s, y));
    for (size_t i = 0; i < x->n_shapes; i++)
        for (size_t k = 0; k < y->n_shapes; k++) {
            int rc = shapes_disjoint(s, x->shapes[i], y->shapes[k], depth);
            if (rc <= 0) return rc;
        }
    return 1;
}

/* --- by one property, without comparing all pairs --------------------------------------------- */

/* Adds the strings that the property can be in this branch; 1: no other branch has one of them. */
static int add_strings(struct object *o, struct slice name, struct map *branch_of, uint32_t branch)
{
    uint32_t known;
    TRY(object_find(o, name, true));
    if (o->found_false) return 1;
    int32_t set = schema_set(o->s, o->found.at, o->found.n);
    TRY(set);
    struct set *of = o->s->sets.at[set];
    TRY(schema_shapes(o->s, of));
    for (size_t i = 0; i < of->n_shapes; i++) {
        const struct shape *shape = of->shapes[i];
        if (!shape->finite) return 0;
        for (size_t k = 0; k < shape->n_values; k++) {
            if (!json_is_string(shape->values[k])) return 0;
            struct slice text = json_text_slice(shape->values[k]);
            if (map_get(branch_of, text, &known) && known != branch) return 0;
            if (map_put(branch_of, text, branch) < 0) return schema_no_memory(o->s);
        }
    }
    return 1;
}

static bool requires(const struct object *o, struct slice name)
{
    uint32_t known;
    return map_get(&o->index, name, &known) && o->properties.at[known].required;
}

/* 1: every shape is an object that must have the property, and it has other strings in each
 * branch. */
static int told_by(struct schema *s, const struct set *set, struct slice name)
{
    const struct place *one_of = set->shapes[0]->choices[0].one_of;
    struct map branch_of;
    int rc = 1;
    map_init(&branch_of);
    for (size_t i = 0; i < set->n_shapes && rc == 1; i++) {
        const struct shape *shape = set->shapes[i];
        const struct choice *choice = shape->n_choices == 1 ? &shape->choices[0] : NULL;
        struct object o;
        if (!choice || choice->one_of != one_of || shape->types != TYPE_OBJECT) {
            rc = 0;
            break;
        }
        rc = object_open(&o, s, shape);
        if (rc == 0 && requires(&o, name))
            rc = add_strings(&o, name, &branch_of, (uint32_t)choice->branch);
        object_release(&o);
    }
    map_release(&branch_of);
    return rc;
}

static int told_apart(struct schema *s, const struct set *set)
{
    struct object o;
    int rc = 0;
    if (set->n_shapes < 2 || set->shapes[0]->n_choices == 0) return 0;
    rc = object_open(&o, s, set->shapes[0]);
    for (size_t i = 0; i < o.properties.n && rc == 0; i++)
        if (o.properties.at[i].required) rc = told_by(s, set, o.properties.at[i].name);
    object_release(&o);
    return rc;
}

/* --- by comparing them ------------------------------------------------------------------------ */

/* The oneOf of which the shapes are in different branches, or NULL. */
static const struct choice *chosen_apart(const struct shape *a, const struct shape *c)
{
    for (size_t i = 0; i < a->n_choices; i++)
        for (size_t k = 0; k < c->n_choices; k++)
            if (a->choices[i].one_of == c->choices[k].one_of &&
                a->choices[i].branch != c->choices[k].branch)
                return &a->choices[i];
    return NULL;
}

int schema_check_one_of(struct schema *s, const struct set *set)
{
    int told = told_apart(s, set);
    if (told != 0) return told < 0 ? told : 0;
    for (size_t i = 0; i < set->n_shapes; i++)
        for (size_t k = 0; k < i && set->shapes[i]->n_choices; k++) {
            const struct choice *c = chosen_apart(set->shapes[k], set->shapes[i]);
            TRY(schema_spend(s, 1));
            if (!c) continue;
            TRY(schema_spend(s, PAIR_WORK));
            int rc = shapes_disjoint(s, set->shapes[i], set->shapes[k], DISJOINT_DEPTH_MAX);
            TRY(rc);
            if (rc == 0)
                return schema_refuse(s, c->one_of,
                                     "oneOf is supported if its branches exclude each other by "
                                     "type, values, bounds or a required property; write anyOf, or "
                                     "give each branch a property with a const of its own");
        }
    return 0;
}

#include "grammar/json_schema.h"

#include "grammar/expr.h"
#include "grammar/json_texts.h"
#include "grammar/schema.h"

enum { MET_PASSES_MAX = 64 }; /* Of the search for sets without a value; it is for errors only. */

/* --- rules ------------------------------------------------------------------------------------ */

int32_t schema_use(struct schema *s, int32_t set)
{
    struct set *of = s->sets.at[set];
    char where[PLACE_TEXT_MAX];
    if (of->n == 0) return s->free.value;
    if (of->rule < 0) {
        of->rule = grammar_rule(s->b, slice_of(schema_where(where, of->places[0])));
        of->use = grammar_use(s->b, of->rule);
        if (!ARRAY_ADD(s->queue, set)) return schema_no_memory(s);
    }
    return of->use;
}

int schema_need(struct schema *s, struct set *of, int32_t set)
{
    return ARRAY_ADD(of->needs, set) ? 0 : schema_no_memory(s);
}

/* --- a shape ---------------------------------------------------------------------------------- */

int32_t json_const_write(struct grammar_builder *b, const json_t *value)
{
    struct json_texts text;
    if (!json_text_depth_fits(value, JSON_TEXT_DEPTH_MAX))
        return builder_over(b, "levels of JSON in a constant", JSON_TEXT_DEPTH_MAX);
    json_texts_init(&text, b);
    json_texts_value(&text, value);
    int32_t node = json_texts_write(&text);
    json_texts_release(&text);
    return node;
}

/* The values that the rest of the shape lets through, too; without a set: the strings among them,
 * without quotes. */
static int32_t write_values(struct schema *s, const struct shape *shape, struct set *of)
{
    struct json_texts texts;
    int rc = 0;
    json_texts_init(&texts, s->b);
    for (size_t i = 0; i < shape->n_values && rc >= 0; i++) {
        const json_t *value = shape->values[i];
        if (!of && !json_is_string(value)) continue;
        rc = schema_rest_has(s, shape, value, false);
        if (rc <= 0) continue;
        if (of)
            json_texts_value(&texts, value);
        else
            json_texts_content(&texts, json_text_slice(value));
    }
    if (rc >= 0 && of && texts.nodes.n == 0) {
        rc = schema_need(s, of, NEED_NEVER);
        if (rc == 0)
            rc = schema_never(s, shape->members[0].place,
                              "none of the values of enum or const is valid under the rest");
    }
    int32_t node = rc < 0 ? rc : json_texts_write(&texts);
    json_texts_release(&texts);
    return node;
}

int32_t schema_values_content(struct schema *s, const struct shape *shape)
{
    return write_values(s, shape, NULL);
}

static int32_t write_types(struct schema *s, const struct shape *shape, struct set *of)
{
    int32_t nodes[8], n = 0;
    for (const struct value_list *x = shape->excluded; x; x = x->next)
        if (schema_type_of(x->value) & shape->types & (TYPE_ARRAY | TYPE_OBJECT))
            return schema_refuse(s, shape->members[0].place,
                                 "'not' with a list or an object is not supported");
    if (shape->types & TYPE_NULL) nodes[n++] = grammar_text(s->b, SLICE("null"));
    if (shape->types & TYPE_TRUE) nodes[n++] = grammar_text(s->b, SLICE("true"));
    if (shape->types & TYPE_FALSE) nodes[n++] = grammar_text(s->b, SLICE("false"));
    if (shape->types & TYPE_NUMBER) TRY(nodes[n++] = schema_number(s, shape));
    if (shape->types & TYPE_STRING) TRY(nodes[n++] = schema_string(s, shape));
    if (shape->types & TYPE_ARRAY) TRY(nodes[n++] = schema_array(s, shape, of));
    if (shape->types & TYPE_OBJECT) TRY(nodes[n++] = schema_object(s, shape, of));
    return grammar_alt(s->b, (size_t)n, nodes);
}

/* What it needs is known only if it has one type: else another type may do without. */
static int32_t write_shape(struct schema *s, const struct shape *shape, struct set *of)
{
    size_t n_needs = of->needs.n;
    int32_t node = shape->finite ? write_values(s, shape, of) : write_types(s, shape, of);
    TRY(node);
    if (shape->types & (shape->types - 1)) of->needs.n = n_needs;
    TRY(schema_need(s, of, NEED_END));
    return node;
}

static int write_set(struct schema *s, struct set *set)
{
    TRY(schema_shapes(s, set));
    TRY(schema_check_one_of(s, set));
    int32_t *nodes = ARENA_NEWS(&s->arena, set->n_shapes + 1, int32_t);
    if (!nodes) return schema_no_memory(s);
    for (size_t i = 0; i < set->n_shapes; i++) {
        nodes[i] = write_shape(s, set->shapes[i], set);
        TRY(nodes[i]);
    }
    grammar_rule_set(s->b, set->rule, grammar_alt(s->b, set->n_shapes, nodes));
    return grammar_builder_failed(s->b) ? GRAMMAR_FAILED : 0;
}

/* --- is there a value ------------------------------------------------------------------------- */

static bool becomes_met(const struct schema *s, const struct set *set)
{
    bool all = true;
    for (size_t i = 0; i < set->needs.n; i++) {
        int32_t need = set->needs.at[i];
        if (need == NEED_END && all) return true;
        if (need == NEED_END)
            all = true;
        else if (need == NEED_NEVER || (s->sets.at[need]->n > 0 && !s->sets.at[need]->met))
            all = false;
    }
    return false;
}

/* Backwards: most sets need later ones. */
static int refuse_unmet(struct schema *s, const struct set *root)
{
    bool changed = true;
    for (int pass = 0; changed; pass++) {
        if (pass == MET_PASSES_MAX) return 0;
        changed = false;
        for (size_t i = s->queue.n; i-- > 0;) {
            struct set *set = s->sets.at[s->queue.at[i]];
            if (set->met || !becomes_met(s, set)) continue;
            set->met = changed = true;
        }
    }
    if (root->met) return 0;
    if (s->never.code == ERR_NONE)
        return schema_refuse(s, s->root,
                             "this cannot be met: a value would have to contain itself "
                             "without end");
    if (s->err) *s->err = s->never;
    return -(int)s->never.code;
}

/* --- the whole -------------------------------------------------------------------------------- */

static int32_t write_all(struct schema *s, const json_t *schema)
{
    s->root = schema_place(s, NULL, SLICE(""), schema);
    if (!s->root) return schema_no_memory(s);
    if (!json_text_depth_fits(schema, JSON_SCHEMA_DEPTH_MAX))
        return err_set(s->err, ERR_LIMIT, "the schema has more than %d levels of JSON",
                       JSON_SCHEMA_DEPTH_MAX);
    if (!json_is_object(schema) && !json_is_boolean(schema))
        return schema_refuse(s, s->root, "a schema is an object, true or false");
    if (s->strict) TRY(schema_check_strict(s));
    if (json_is_false(schema)) return schema_refuse(s, s->root, "nothing is valid under false");
    const struct place *root = s->root;
    int32_t set = schema_set(s, &root, 1);
    TRY(set);
    int32_t node = schema_use(s, set);
    TRY(node);
    for (size_t i = 0; i < s->queue.n; i++) TRY(write_set(s, s->sets.at[s->queue.at[i]]));
    if (s->sets.at[set]->n) TRY(refuse_unmet(s, s->sets.at[set]));
    return node;
}

static void release(struct schema *s)
{
    for (size_t i = 0; i < s->sets.n; i++) mem_free(s->sets.at[i]->needs.at);
    for (size_t i = 0; i < s->made.n; i++) json_decref(s->made.at[i]);
    schema_matchers_release(s);
    mem_free(s->sets.at);
    mem_free(s->made.at);
    mem_free(s->places.at);
    mem_free(s->queue.at);
    map_release(&s->place_of);
    map_release(&s->set_of);
    map_release(&s->anchors);
    arena_release(&s->arena);
}

int32_t json_schema_write(struct grammar_builder *b, const json_t *schema,
                          const struct json_schema_options *options, struct err *err)
{
    struct schema s = {
        .b = b, .strict = options->strict, .err = err, .work_left = JSON_SCHEMA_WORK_MAX
    };
    struct grammar *none;
    arena_init(&s.arena, JSON_SCHEMA_MEMORY_MAX);
    map_init(&s.place_of);
    map_init(&s.set_of);
    map_init(&s.anchors);
    json_free_init(&s.free, b);
    int32_t node = write_all(&s, schema);
    release(&s);
    /* The builder tells what failed in it when it is asked for the result, and only then. */
    return grammar_builder_failed(b) ? grammar_compile(&none, b, GRAMMAR_FAILED, err) : node;
}

/* schema - a JSON Schema on its way to a grammar; the inside of json_schema.h.
 *
 *     place   a value in the document, and its way from the root: what errors name
 *     set     schemas that all hold for one value; each becomes a rule, once
 *     leaf    a set with a branch chosen for each anyOf in it, while it is made (schema_set.c)
 *     shape   what a leaf asks of a value, by type; a set is met by what meets one of its shapes
 *
 * Sets wait in a queue, so nothing recurses with the depth of a schema, and a set that meets itself
 * again is the use of its own rule. All memory is the arena's, but for growing arrays.
 */
#ifndef TIRO_GRAMMAR_SCHEMA_H
#define TIRO_GRAMMAR_SCHEMA_H

#include "base/arena.h"
#include "base/map.h"
#include "grammar/array.h"
#include "grammar/json_free.h"
#include "grammar/json_number.h"
#include "grammar/json_schema.h"
#include "grammar/json_text.h"

struct grammar;

struct place {
    const json_t *json;
    const struct place *parent; /* NULL: the root */
    struct slice key;           /* In the parent; an index is text, too. */
    uint32_t id;
};

/* Numbers are integers or not, so that `integer` is one of them. */
enum schema_type {
    TYPE_NULL = 1,
    TYPE_TRUE = 2,
    TYPE_FALSE = 4,
    TYPE_INTEGER = 8,
    TYPE_FRACTION = 16,
    TYPE_STRING = 32,
    TYPE_ARRAY = 64,
    TYPE_OBJECT = 128,
    TYPE_BOOLEAN = TYPE_TRUE | TYPE_FALSE,
    TYPE_NUMBER = TYPE_INTEGER | TYPE_FRACTION,
    TYPE_ANY = 255,
};

/* A schema of a leaf, and the one that brought it in by $ref, allOf, a branch ...; -1: the set. */
struct member {
    const struct place *place;
    int32_t parent;
    int32_t depth;
};

/* The branch of a oneOf that a leaf is in. */
struct choice {
    const struct place *one_of;
    size_t branch;
};

/* A regular expression that a string must match; of `format`, as a whole. */
struct text_rule {
    const struct text_rule *next;
    struct slice pattern;
    bool whole;
    const struct place *place;
};

struct value_list {
    const struct value_list *next;
    const json_t *value;
};

/* A keyword that cannot be held, and for which types it would matter. */
struct refusal {
    const struct refusal *next;
    const struct place *place;
    const char *why;
    unsigned types;
};

struct shape {
    const struct member *members;
    size_t n_members;
    const struct choice *choices;
    size_t n_choices;
    bool met_twice;        /* A schema came in on two ways, and stands here once. */
    unsigned types;        /* 0: nothing meets it */
    bool finite;           /* enum or const: */
    const json_t **values; /* n_values of them, without those that the rest excludes */
    size_t n_values;
    const struct value_list *excluded; /* not */
    struct json_integers integers;
    struct json_numbers numbers;
    int64_t length_min, length_max; /* Characters; INT64_MAX: without end. */
    const struct text_rule *texts;
    int64_t items_min, items_max;
    const struct place *unique, *contains; /* NULL: not asked */
    int64_t properties_min, properties_max;
    const struct refusal *refusals;
};

struct set {
    const struct place **places; /* By id. */
    size_t n;
    int32_t rule, use;
    const struct shape **shapes; /* Once asked for. */
    size_t n_shapes;
    bool has_shapes;
    ARRAY(int32_t) needs; /* Sets that must all have a value, by shape. */
    bool met;             /* Some value is known to exist. */
};

/* A pattern, compiled to look at one text. */
struct matcher {
    struct slice pattern;
    bool whole;
    struct grammar *grammar;
};

struct schema {
    struct grammar_builder *b;
    const struct place *root;
    bool strict;
    struct err *err;
    struct arena arena;
    struct json_free free;
    uint32_t n_places;
    ARRAY(struct place *) places; /* By id. */
    struct map place_of;
    ARRAY(struct set *) sets;
    struct map set_of;
    ARRAY(int32_t) queue; /* Sets with rules, which are written in this order. */
    ARRAY(struct matcher) matchers;
    ARRAY(json_t *) made; /* Schemas that stand for dependent ones. */
    struct map anchors;
    bool has_anchors;
    size_t n_leaves;
    int64_t work_left;
    struct err never; /* Why the first shape that nothing meets is so. */
};

/* --- schema_place.c --------------------------------------------------------------------------- */

/* NULL: no memory, see schema_no_memory. */
/* `key` outlives the schema, and is the same memory each time. */
const struct place *schema_place(struct schema *s, const struct place *parent, struct slice key,
                                 const json_t *json);
const struct place *schema_property(struct schema *s, const struct place *of, const char *key);
const struct place *schema_item(struct schema *s, const struct place *of, size_t i);
int schema_no_memory(struct schema *s);
/* "#/properties/a", its beginning cut where it is long. Returns `out`. */
enum { PLACE_TEXT_MAX = 240 };
const char *schema_where(char out[PLACE_TEXT_MAX], const struct place *at);
/* -ERR_INVALID_VALUE that names the place. */
int schema_refuse_(struct schema *s, const struct place *at, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
#define schema_refuse(s, at, ...) err_negative(schema_refuse_(s, at, __VA_ARGS__))
/* Remembers why nothing is valid here, if that is the first such place. Returns 0. */
int schema_never(struct schema *s, const struct place *at, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* A failure inside a part (a regular expression) gets its place. */
int schema_at(struct schema *s, const struct place *at, const struct err *inner);
int schema_spend(struct schema *s, int64_t work) MUST_USE;

/* --- schema_ref.c ----------------------------------------------------------------------------- */

/* What the $ref at `at` leads to. */
int schema_resolve(struct schema *s, const struct place *at, const struct place **ret) MUST_USE;
/* Whether it has an $id: then it is another document, whose references mean other things. */
bool schema_is_document(const struct place *p);

/* --- schema_set.c ----------------------------------------------------------------------------- */

/* The set of these schemas, without those that say nothing; -ERR_*. `places` is sorted. */
int32_t schema_set(struct schema *s, const struct place **places, size_t n) MUST_USE;
/* Whether member i was brought in by member `by`, directly or not, or is it. */
bool schema_brought_by(const struct shape *shape, int32_t i, int32_t by);
/* Fills the shapes of the set, once. It looks at no other set, so that it may be asked for while
 * the values of another are compared. */
int schema_shapes(struct schema *s, struct set *set) MUST_USE;
static inline bool schema_is_false(const struct place *p)
{
    return json_is_false(p->json);
}

/* --- schema_keyword.c ------------------------------------------------------------------------- */

/* What the members ask for. */
int schema_read(struct schema *s, struct shape *shape) MUST_USE;

/* --- schema_value.c --------------------------------------------------------------------------- */

/* As JSON Schema has it: 1 is 1.0, the order of keys says nothing. */
bool json_same(const json_t *a, const json_t *c);
unsigned schema_type_of(const json_t *value);
/* 1: `value` is valid, 0: it is not, or -ERR_*. `wide`: also where only what a leaf does not
 * know of other branches excludes it. */
int schema_shape_has(struct schema *s, const struct shape *shape, const json_t *value,
                     bool wide) MUST_USE;
/* Likewise, of one of the values that are listed: whether the rest lets it through. */
int schema_rest_has(struct schema *s, const struct shape *shape, const json_t *value,
                    bool wide) MUST_USE;
int schema_set_has(struct schema *s, int32_t set, const json_t *value, bool wide) MUST_USE;

/* --- schema_match.c --------------------------------------------------------------------------- */

/* 1 or 0: whether the text matches; or -ERR_*. */
int schema_matches(struct schema *s, const struct text_rule *rule, struct slice text) MUST_USE;
void schema_matchers_release(struct schema *s);

/* --- schema_disjoint.c ------------------------------------------------------------------------ */

/* Refuses a oneOf of which two branches may be valid at once. */
int schema_check_one_of(struct schema *s, const struct set *set) MUST_USE;

/* --- schema_array.c, schema_object.c ---------------------------------------------------------- */

int schema_array_has(struct schema *s, const struct shape *shape, const json_t *value,
                     bool wide) MUST_USE;
int schema_object_has(struct schema *s, const struct shape *shape, const json_t *value,
                      bool wide) MUST_USE;

/* Instead of an expression: there is none. No -ERR_* has this value. */
enum { SCHEMA_NOTHING = INT32_MIN };

/* --- writers: an expression or -ERR_* --------------------------------------------------------- */

/* Strings of the shape; in quotes, or canonical without them. */
int32_t schema_string(struct schema *s, const struct shape *shape) MUST_USE;
int32_t schema_string_content(struct schema *s, const struct shape *shape) MUST_USE;
/* The strings among the values of a finite shape, canonical and without quotes. */
int32_t schema_values_content(struct schema *s, const struct shape *shape) MUST_USE;
int32_t schema_number(struct schema *s, const struct shape *shape) MUST_USE;
int32_t schema_array(struct schema *s, const struct shape *shape, struct set *of) MUST_USE;
int32_t schema_object(struct schema *s, const struct shape *shape, struct set *of) MUST_USE;
/* The pattern of a format; NULL: not one that is held. */
const char *schema_format(struct slice name);
/* The rule of a set, queued to be written. */
int32_t schema_use(struct schema *s, int32_t set) MUST_USE;
/* The shape that is being written must have a value of that set in it. */
enum { NEED_END = -1, NEED_NEVER = -2 }; /* The shape is over; it has no value. */
int schema_need(struct schema *s, struct set *of, int32_t set) MUST_USE;

/* --- schema_strict.c -------------------------------------------------------------------------- */

/* OpenAI's rules for strict schemas, in its words. */
int schema_check_strict(struct schema *s) MUST_USE;
int schema_refuse_strict(struct schema *s, const struct place *at, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

#endif

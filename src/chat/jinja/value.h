/* value - what a template computes with: Python's values, each string with its provenance.
 *
 * All values live in the arena of one rendering and are immutable, except namespaces, loops,
 * generators, cyclers and joiners. Copying a struct value copies a reference.
 */
#ifndef TIRO_CHAT_JINJA_VALUE_H
#define TIRO_CHAT_JINJA_VALUE_H

#include "base/slice.h"
#include "chat/template.h"

struct render;
struct node;
struct scope;
struct builtin;

enum value_kind {
    KIND_MISSING, /* No value at all: an argument not given, a name not bound. */
    KIND_UNDEFINED,
    KIND_NONE,
    KIND_BOOL,
    KIND_INT,
    KIND_FLOAT,
    KIND_STRING,
    KIND_LIST,
    KIND_TUPLE,
    KIND_DICT,
    KIND_RANGE,
    KIND_VIEW,      /* dict.items(), keys() or values(). */
    KIND_GENERATOR, /* What map, select ... give: can be walked once. */
    KIND_NAMESPACE,
    KIND_LOOP,
    KIND_MACRO,
    KIND_FUNCTION, /* A builtin, bound to `self` when it is a method. */
    KIND_CYCLER,
    KIND_JOINER,
    KIND_SLICE, /* Only between [ and ]. */
};

/* Trusted ranges of a string: none, all, or the n_spans listed. */
struct str {
    const char *ptr; /* Valid UTF-8. */
    size_t len;
    const struct template_span *spans; /* Ascending, disjoint, not touching; NULL unless mixed. */
    size_t n_spans;
    bool trusted; /* All of it. */
    bool markup;  /* jinja2's Markup: adding text to it escapes that text. */
};

struct value {
    uint8_t kind;
    bool trusted; /* Of none, bool and numbers: whether their digits are the template's. */
    union {
        bool boolean;
        int64_t integer;
        double real;
        const struct str *str;
        struct list *list; /* Also tuples. */
        struct dict *dict; /* Also namespaces. */
        const struct range *range;
        const struct view *view;
        struct generator *generator;
        struct loop *loop;
        const struct macro *macro;
        const struct function *function;
        struct cycler *cycler;
        struct joiner *joiner;
        const struct bounds *bounds;
        const struct undefined *undefined;
    };
};

struct list {
    struct value *items;
    size_t n;
    bool grouped; /* A tuple of groupby: has .grouper and .list. */
};

struct pair {
    struct value key, value;
};

/* In order of insertion. From DICT_INDEX_MIN pairs on, `index` finds them: 1 + their number. */
struct dict {
    struct pair *pairs;
    size_t n, cap;
    uint32_t *index; /* n_index slots, a power of two; 0 is free */
    size_t n_index;
};

struct range {
    int64_t start, stop, step;
    size_t n;
};

enum view_kind { VIEW_KEYS, VIEW_VALUES, VIEW_ITEMS };

struct view {
    enum view_kind kind;
    const struct dict *dict;
};

struct generator {
    struct list list;
    size_t next;
};

struct cycler {
    struct list items;
    size_t pos;
};

struct joiner {
    struct value separator;
    bool used;
};

struct bounds {
    struct value from, to, step;
};

/* Why a value is undefined, for the message when it is used after all. */
struct undefined {
    const char *hint; /* The whole message, or NULL. */
    const char *type; /* Of the object that has no such attribute, or NULL: a variable. */
    struct slice name;
};

struct macro {
    const struct node *node; /* NODE_MACRO or NODE_CALL_BLOCK */
    struct scope *scope;     /* Where it was defined. */
};

struct function {
    const struct builtin *builtin;
    struct value self; /* KIND_MISSING unless it is a method. */
};

/* Constructors that cannot fail. */
static inline struct value value_none(void)
{
    return (struct value){ .kind = KIND_NONE };
}

static inline struct value value_bool(bool b)
{
    return (struct value){ .kind = KIND_BOOL, .boolean = b };
}

static inline struct value value_int(int64_t n)
{
    return (struct value){ .kind = KIND_INT, .integer = n };
}

static inline struct value value_float(double d)
{
    return (struct value){ .kind = KIND_FLOAT, .real = d };
}

static inline struct value value_undefined(void)
{
    return (struct value){ .kind = KIND_UNDEFINED };
}

/* And those that can: -ERR_LIMIT or -ERR_NO_MEMORY through the rendering. */
int value_string(struct render *r, struct value *ret, struct slice s, bool trusted) MUST_USE;
int value_undefined_hint(struct render *r, struct value *ret, const char *hint) MUST_USE;
int value_undefined_attr(struct render *r, struct value *ret, struct value object,
                         struct slice name) MUST_USE;
/* Room for n items; kind is KIND_LIST or KIND_TUPLE. */
int value_list(struct render *r, struct value *ret, enum value_kind kind, size_t n) MUST_USE;
int value_dict(struct render *r, struct value *ret, size_t cap) MUST_USE;
int value_generator(struct render *r, struct value *ret, struct value list) MUST_USE;
int value_from_json(struct render *r, struct value *ret, const json_t *json, bool trusted) MUST_USE;

/* Adds or replaces; -ERR_TEMPLATE for keys that Python cannot hash. */
int dict_put(struct render *r, struct dict *d, struct value key, struct value value) MUST_USE;
int dict_get(struct render *r, const struct dict *d, struct value key,
             const struct value **ret) MUST_USE; /* *ret is NULL when there is none. */

const char *value_type(struct value v); /* Python's name: "str" */
bool value_is_number(struct value v);   /* int, float or bool */
/* As an integer if it is int or bool. */
bool value_to_int(struct value v, int64_t *ret);
double value_to_double(struct value number);
bool value_truth(struct value v);
/* Length as len() has it; false when there is none. */
bool value_len(struct value v, size_t *ret);
int value_eq(struct render *r, bool *ret, struct value a, struct value b) MUST_USE;
bool value_same(struct value a, struct value b); /* `is`, as far as it can matter. */
/* <0, 0, >0 in *ret; -ERR_TEMPLATE where Python refuses to order. `op` for the message: "<". */
int value_compare(struct render *r, int *ret, struct value a, struct value b,
                  const char *op) MUST_USE;
int value_contains(struct render *r, bool *ret, struct value container, struct value item) MUST_USE;
/* All items of anything iterable, as a list that the caller must not change. Uses generators up. */
int value_items(struct render *r, const struct list **ret, struct value v) MUST_USE;
bool value_is_iterable(struct value v);

/* Python's str() and repr(). */
int value_str(struct render *r, const struct str **ret, struct value v) MUST_USE;
int value_repr(struct render *r, const struct str **ret, struct value v) MUST_USE;

/* obj.name and obj[index] as jinja2's sandbox reads them. */
int value_attr(struct render *r, struct value *ret, struct value object,
               struct slice name) MUST_USE;
int value_item(struct render *r, struct value *ret, struct value object,
               struct value index) MUST_USE;

/* Operators: + - * / // ** % by their characters ('i' is //, 'p' is **). */
int value_arith(struct render *r, struct value *ret, char op, struct value a,
                struct value b) MUST_USE;
int value_negate(struct render *r, struct value *ret, struct value v) MUST_USE;

#endif

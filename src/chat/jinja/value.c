#include "chat/jinja/value.h"

#include "base/utf8.h"
#include "chat/jinja/builtin.h"
#include "chat/jinja/loop.h"

#include <assert.h>
#include <math.h>

int value_string(struct render *r, struct value *ret, struct slice s, bool trusted)
{
    struct str *str = render_alloc(r, 1, sizeof *str);
    if (!str) return render_memory(r);
    *str = (struct str){ .ptr = s.ptr ? s.ptr : "", .len = s.len, .trusted = trusted };
    *ret = value_of_str(str);
    return 0;
}

int value_undefined_hint(struct render *r, struct value *ret, const char *hint)
{
    struct undefined *u = render_alloc(r, 1, sizeof *u);
    if (!u) return render_memory(r);
    u->hint = hint;
    *ret = (struct value){ .kind = KIND_UNDEFINED, .undefined = u };
    return 0;
}

int value_undefined_attr(struct render *r, struct value *ret, struct value object,
                         struct slice name)
{
    struct undefined *u = render_alloc(r, 1, sizeof *u);
    if (!u) return render_memory(r);
    u->type = object.kind == KIND_MISSING ? NULL : value_type(object);
    u->name = name;
    *ret = (struct value){ .kind = KIND_UNDEFINED, .undefined = u };
    return 0;
}

int value_list(struct render *r, struct value *ret, enum value_kind kind, size_t n)
{
    if (n > TEMPLATE_ITEMS_MAX) return render_too_many(r);
    struct list *list = render_alloc(r, 1, sizeof *list);
    if (!list) return render_memory(r);
    list->items = render_alloc(r, n, sizeof *list->items);
    if (!list->items) return render_memory(r);
    list->n = n;
    *ret = (struct value){ .kind = (uint8_t)kind, .list = list };
    return 0;
}

int value_dict(struct render *r, struct value *ret, size_t cap)
{
    struct dict *d = render_alloc(r, 1, sizeof *d);
    if (!d) return render_memory(r);
    if (cap) {
        d->pairs = render_alloc(r, cap, sizeof *d->pairs);
        if (!d->pairs) return render_memory(r);
        d->cap = cap;
    }
    *ret = (struct value){ .kind = KIND_DICT, .dict = d };
    return 0;
}

int value_generator(struct render *r, struct value *ret, struct value list)
{
    struct generator *g = render_alloc(r, 1, sizeof *g);
    if (!g) return render_memory(r);
    g->list = *list.list;
    *ret = (struct value){ .kind = KIND_GENERATOR, .generator = g };
    return 0;
}

static int from_object(struct render *r, struct value *ret, const json_t *json, bool trusted)
{
    json_t *object = (json_t *)(uintptr_t)json; /* jansson's iterators are not const. */
    const char *key;
    json_t *item;
    TRY(value_dict(r, ret, json_object_size(json)));
    json_object_foreach(object, key, item)
    {
        struct value k, v;
        TRY(value_string(r, &k, slice_of(key), trusted));
        TRY(value_from_json(r, &v, item, trusted));
        TRY(dict_put(r, ret->dict, k, v));
    }
    return 0;
}

int value_from_json(struct render *r, struct value *ret, const json_t *json, bool trusted)
{
    switch (json_typeof(json)) {
    case JSON_OBJECT:
        TRY(render_enter(r));
        TRY(from_object(r, ret, json, trusted));
        render_leave(r);
        return 0;
    case JSON_ARRAY:
        TRY(render_enter(r));
        TRY(value_list(r, ret, KIND_LIST, json_array_size(json)));
        for (size_t i = 0; i < ret->list->n; i++)
            TRY(value_from_json(r, &ret->list->items[i], json_array_get(json, i), trusted));
        render_leave(r);
        return 0;
    case JSON_STRING: {
        struct slice s = { json_string_value(json), json_string_length(json) };
        if (!utf8_valid(s.ptr, s.len)) return render_fail(r, "a text is not valid UTF-8");
        return value_string(r, ret, s, trusted);
    }
    case JSON_INTEGER: *ret = value_int(json_integer_value(json)); break;
    case JSON_REAL: *ret = value_float(json_real_value(json)); break;
    case JSON_TRUE: *ret = value_bool(true); break;
    case JSON_FALSE: *ret = value_bool(false); break;
    case JSON_NULL: *ret = value_none(); break;
    }
    ret->trusted = trusted;
    return 0;
}

const char *value_type(struct value v)
{
    static const char *const names[] = {
        [KIND_MISSING] = "missing",
        [KIND_UNDEFINED] = "Undefined",
        [KIND_NONE] = "None",
        [KIND_BOOL] = "bool",
        [KIND_INT] = "int",
        [KIND_FLOAT] = "float",
        [KIND_STRING] = "str",
        [KIND_LIST] = "list",
        [KIND_TUPLE] = "tuple",
        [KIND_DICT] = "dict",
        [KIND_RANGE] = "range",
        [KIND_VIEW] = "dict view",
        [KIND_GENERATOR] = "generator",
        [KIND_NAMESPACE] = "Namespace",
        [KIND_LOOP] = "LoopContext",
        [KIND_MACRO] = "Macro",
        [KIND_FUNCTION] = "function",
        [KIND_CYCLER] = "Cycler",
        [KIND_JOINER] = "Joiner",
        [KIND_SLICE] = "slice",
    };
    assert(v.kind < sizeof names / sizeof *names);
    return names[v.kind];
}

bool value_is_number(struct value v)
{
    return v.kind == KIND_INT || v.kind == KIND_FLOAT || v.kind == KIND_BOOL;
}

bool value_to_int(struct value v, int64_t *ret)
{
    if (v.kind == KIND_INT)
        *ret = v.integer;
    else if (v.kind == KIND_BOOL)
        *ret = v.boolean;
    else
        return false;
    return true;
}

double value_to_double(struct value number)
{
    assert(value_is_number(number));
    if (number.kind == KIND_FLOAT) return number.real;
    return number.kind == KIND_INT ? (double)number.integer : (double)number.boolean;
}

bool value_truth(struct value v)
{
    size_t n;
    switch (v.kind) {
    case KIND_MISSING:
    case KIND_UNDEFINED:
    case KIND_NONE: return false;
    case KIND_BOOL: return v.boolean;
    case KIND_INT: return v.integer != 0;
    case KIND_FLOAT: return v.real != 0;
    case KIND_STRING: return v.str->len > 0;
    default: return !value_len(v, &n) || n > 0;
    }
}

bool value_len(struct value v, size_t *ret)
{
    switch (v.kind) {
    case KIND_UNDEFINED: *ret = 0; return true;
    case KIND_STRING: *ret = str_chars(v.str); return true;
    case KIND_LIST:
    case KIND_TUPLE: *ret = v.list->n; return true;
    case KIND_DICT: *ret = v.dict->n; return true;
    case KIND_VIEW: *ret = v.view->dict->n; return true;
    case KIND_RANGE: *ret = v.range->n; return true;
    default: return false;
    }
}

/* Numbers by value, whatever their types. */
static int number_order(struct value a, struct value b)
{
    int64_t x, y;
    if (value_to_int(a, &x) && value_to_int(b, &y)) return (x > y) - (x < y);
    double p = value_to_double(a), q = value_to_double(b);
    return (p > q) - (p < q);
}

static bool number_eq(struct value a, struct value b)
{
    if (a.kind == KIND_FLOAT && isnan(a.real)) return false;
    if (b.kind == KIND_FLOAT && isnan(b.real)) return false;
    return number_order(a, b) == 0;
}

static int lists_eq(struct render *r, bool *ret, const struct list *a, const struct list *b)
{
    *ret = a->n == b->n;
    for (size_t i = 0; *ret && i < a->n; i++) TRY(value_eq(r, ret, a->items[i], b->items[i]));
    return 0;
}

static int dicts_eq(struct render *r, bool *ret, const struct dict *a, const struct dict *b)
{
    *ret = a->n == b->n;
    for (size_t i = 0; *ret && i < a->n; i++) {
        const struct value *other;
        TRY(dict_get(r, b, a->pairs[i].key, &other));
        *ret = false;
        if (other) TRY(value_eq(r, ret, a->pairs[i].value, *other));
    }
    return 0;
}

int value_eq(struct render *r, bool *ret, struct value a, struct value b)
{
    TRY(render_step(r, 1));
    if (value_is_number(a) && value_is_number(b)) {
        *ret = number_eq(a, b);
        return 0;
    }
    *ret = false;
    if (a.kind != b.kind) return 0;
    switch (a.kind) {
    case KIND_NONE:
    case KIND_UNDEFINED: *ret = true; return 0;
    case KIND_STRING:
        TRY(render_step_bytes(r, a.str->len));
        *ret = slice_eq(str_slice(a.str), str_slice(b.str));
        return 0;
    case KIND_RANGE:
        *ret = a.range->n == b.range->n &&
               (a.range->n == 0 || (a.range->start == b.range->start &&
                                    (a.range->n == 1 || a.range->step == b.range->step)));
        return 0;
    case KIND_LIST:
    case KIND_TUPLE:
    case KIND_DICT:
        TRY(render_enter(r));
        TRY(a.kind == KIND_DICT ? dicts_eq(r, ret, a.dict, b.dict)
                                : lists_eq(r, ret, a.list, b.list));
        render_leave(r);
        return 0;
    default: *ret = a.list == b.list; return 0; /* The same object. */
    }
}

bool value_same(struct value a, struct value b)
{
    if (a.kind != b.kind) return false;
    switch (a.kind) {
    case KIND_NONE: return true;
    case KIND_BOOL: return a.boolean == b.boolean;
    case KIND_INT: return a.integer == b.integer && a.integer >= -5 && a.integer <= 256;
    case KIND_STRING: return a.str == b.str;
    default: return a.list == b.list;
    }
}

static int order_strings(const struct str *a, const struct str *b)
{
    size_t n = a->len < b->len ? a->len : b->len;
    int order = n ? memcmp(a->ptr, b->ptr, n) : 0; /* UTF-8 sorts as its code points do. */
    return order ? order : (a->len > b->len) - (a->len < b->len);
}

int value_compare(struct render *r, int *ret, struct value a, struct value b, const char *op)
{
    TRY(render_step(r, 1));
    if (value_is_number(a) && value_is_number(b)) {
        if (isnan(value_to_double(a)) || isnan(value_to_double(b)))
            return render_fail(r, "nan cannot be ordered"); /* Python's answer is always false. */
        *ret = number_order(a, b);
        return 0;
    }
    if (a.kind == KIND_STRING && b.kind == KIND_STRING) {
        TRY(render_step_bytes(r, a.str->len));
        *ret = order_strings(a.str, b.str);
        return 0;
    }
    if (a.kind != b.kind || (a.kind != KIND_LIST && a.kind != KIND_TUPLE)) {
        if (a.kind == KIND_UNDEFINED) return render_undefined(r, a);
        if (b.kind == KIND_UNDEFINED) return render_undefined(r, b);
        return render_fail(r, "'%s' not supported between instances of '%s' and '%s'", op,
                           value_type(a), value_type(b));
    }
    TRY(render_enter(r));
    const struct list *x = a.list, *y = b.list;
    *ret = (x->n > y->n) - (x->n < y->n);
    for (size_t i = 0; i < x->n && i < y->n; i++) {
        bool same;
        TRY(value_eq(r, &same, x->items[i], y->items[i]));
        if (same) continue;
        TRY(value_compare(r, ret, x->items[i], y->items[i], op));
        break;
    }
    render_leave(r);
    return 0;
}

int value_contains(struct render *r, bool *ret, struct value container, struct value item)
{
    const struct value *found;
    const struct list *items;
    *ret = false;
    if (container.kind == KIND_DICT) {
        TRY(dict_get(r, container.dict, item, &found));
        *ret = found != NULL;
        return 0;
    }
    if (container.kind == KIND_STRING) {
        if (item.kind != KIND_STRING)
            return render_fail(r, "'in <string>' requires string as left operand, not %s",
                               value_type(item));
        TRY(render_step_search(r, container.str->len, item.str->len));
        *ret = str_find(str_slice(container.str), str_slice(item.str), 0) != SIZE_MAX;
        return 0;
    }
    if (!value_is_iterable(container))
        return render_fail(r, "argument of type '%s' is not iterable", value_type(container));
    TRY(value_items(r, &items, container));
    for (size_t i = 0; !*ret && i < items->n; i++) TRY(value_eq(r, ret, items->items[i], item));
    return 0;
}

bool value_is_iterable(struct value v)
{
    switch (v.kind) {
    case KIND_UNDEFINED:
    case KIND_STRING:
    case KIND_LIST:
    case KIND_TUPLE:
    case KIND_DICT:
    case KIND_RANGE:
    case KIND_VIEW:
    case KIND_GENERATOR:
    case KIND_LOOP: return true;
    default: return false;
    }
}

static int string_items(struct render *r, struct list *list, const struct str *s)
{
    size_t pos = 0;
    for (size_t i = 0; i < list->n; i++) {
        size_t from = pos;
        (void)str_next(s, &pos); /* Only its length is wanted. */
        TRY(str_sub_value(r, &list->items[i], s, from, pos));
    }
    return 0;
}

static int view_items(struct render *r, struct list *list, const struct dict *d,
                      enum view_kind kind)
{
    for (size_t i = 0; i < list->n; i++) {
        const struct pair *pair = &d->pairs[i];
        if (kind != VIEW_ITEMS) {
            list->items[i] = kind == VIEW_KEYS ? pair->key : pair->value;
            continue;
        }
        TRY(value_list(r, &list->items[i], KIND_TUPLE, 2));
        list->items[i].list->items[0] = pair->key;
        list->items[i].list->items[1] = pair->value;
    }
    return 0;
}

int value_items(struct render *r, const struct list **ret, struct value v)
{
    struct value made;
    size_t n = 0;
    if (v.kind == KIND_LIST || v.kind == KIND_TUPLE) {
        *ret = v.list;
        return 0;
    }
    if (v.kind == KIND_GENERATOR) {
        struct list *rest = render_alloc(r, 1, sizeof *rest);
        if (!rest) return render_memory(r);
        rest->items = v.generator->list.items + v.generator->next;
        rest->n = v.generator->list.n - v.generator->next;
        v.generator->next = v.generator->list.n;
        *ret = rest;
        return 0;
    }
    if (!value_is_iterable(v) || !value_len(v, &n))
        return render_fail(r, "'%s' object is not iterable", value_type(v));
    TRY(render_step(r, n / 8));
    TRY(value_list(r, &made, KIND_LIST, n));
    struct list *list = made.list;
    if (v.kind == KIND_STRING)
        TRY(string_items(r, list, v.str));
    else if (v.kind == KIND_DICT)
        TRY(view_items(r, list, v.dict, VIEW_KEYS));
    else if (v.kind == KIND_VIEW)
        TRY(view_items(r, list, v.view->dict, v.view->kind));
    else if (v.kind == KIND_RANGE)
        for (size_t i = 0; i < n; i++) {
            list->items[i] = value_int(v.range->start + (int64_t)i * v.range->step);
            list->items[i].trusted = true;
        }
    *ret = list;
    return 0;
}

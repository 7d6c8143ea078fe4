/* obj.name and obj[index], as jinja2's immutable sandbox reads them: for a dict, obj.items is the
 * method and obj["items"] the entry. */
#include "chat/jinja/builtin.h"
#include "chat/jinja/loop.h"
#include "chat/jinja/node.h"

static int bind(struct render *r, struct value *ret, const struct builtin *b, struct value self)
{
    struct function *f = render_alloc(r, 1, sizeof *f);
    if (!f) return render_memory(r);
    *f = (struct function){ b, self };
    *ret = (struct value){ .kind = KIND_FUNCTION, .function = f };
    return 0;
}

static int macro_attr(struct render *r, struct value *ret, const struct macro *macro,
                      struct slice name)
{
    const struct node_macro *m = &macro->node->macro;
    if (slice_is(name, "name")) {
        *ret = m->name;
    } else if (slice_is(name, "caller")) {
        *ret = value_bool(m->uses_caller);
    } else if (slice_is(name, "catch_kwargs")) {
        *ret = value_bool(m->uses_kwargs);
    } else if (slice_is(name, "catch_varargs")) {
        *ret = value_bool(m->uses_varargs);
    } else if (slice_is(name, "arguments")) {
        TRY(value_list(r, ret, KIND_TUPLE, m->n_params));
        for (size_t i = 0; i < m->n_params; i++) ret->list->items[i] = m->params[i].name;
    }
    return 0;
}

static int cycler_attr(struct value *ret, const struct cycler *c, struct slice name)
{
    if (slice_is(name, "current")) *ret = c->items.items[c->pos];
    return 0;
}

/* What Python's getattr finds; KIND_MISSING when it finds nothing. */
static int python_attr(struct render *r, struct value *ret, struct value object, struct slice name)
{
    const struct builtin *method = builtin_method(object, name);
    const struct value *found = NULL;
    struct value key;
    bool unsafe;
    *ret = (struct value){ 0 };
    if (method) return bind(r, ret, method, object);
    switch (object.kind) {
    case KIND_NAMESPACE:
        TRY(value_string(r, &key, name, false));
        TRY(dict_get(r, object.dict, key, &found));
        if (found) *ret = *found;
        return 0;
    case KIND_LOOP: return loop_attr(r, ret, object, name);
    case KIND_MACRO: return macro_attr(r, ret, object.macro, name);
    case KIND_CYCLER: return cycler_attr(ret, object.cycler, name);
    case KIND_TUPLE:
        if (!object.list->grouped) break;
        if (slice_is(name, "grouper")) *ret = object.list->items[0];
        if (slice_is(name, "list")) *ret = object.list->items[1];
        if (ret->kind != KIND_MISSING) return 0;
        break;
    default: break;
    }
    if (!builtin_method_is_refused(object, name, &unsafe)) return 0;
    if (unsafe) return value_undefined_hint(r, ret, "access to this attribute is unsafe");
    return render_fail(r, "%s.%.*s is not supported", value_type(object), SLICE_FMT(name));
}

/* Slices and negative numbers as Python counts them. */
static int slice_bounds(struct render *r, const struct bounds *b, size_t len, int64_t *ret_from,
                        int64_t *ret_step, size_t *ret_n)
{
    int64_t n = (int64_t)len, step, from, to;
    struct value parts[3] = { b->from, b->to, b->step };
    for (int i = 0; i < 3; i++) {
        if (parts[i].kind != KIND_NONE && !value_to_int(parts[i], &step))
            return render_fail(r, "slice indices must be integers or None");
    }
    TRY(arg_int(r, &step, b->step, 1));
    if (step == 0) return render_fail(r, "slice step cannot be zero");
    TRY(arg_int(r, &from, b->from, step > 0 ? 0 : n - 1));
    TRY(arg_int(r, &to, b->to, step > 0 ? n : -n - 1));
    int64_t low = step > 0 ? 0 : -1, high = step > 0 ? n : n - 1;
    if (from < 0) from = from < -n ? -1 : from + n;
    if (to < 0) to = to < -n ? -1 : to + n;
    from = from < low ? low : from > high ? high : from;
    to = to < low ? low : to > high ? high : to;
    *ret_from = from;
    *ret_step = step;
    *ret_n = 0;
    if (step > 0 && from < to) *ret_n = (size_t)((to - from - 1) / step + 1);
    if (step < 0 && from > to)
        *ret_n = (size_t)((from - to - 1) / -(step == INT64_MIN ? INT64_MIN + 1 : step) + 1);
    return 0;
}

static int slice_string(struct render *r, struct value *ret, const struct str *s,
                        const struct bounds *b)
{
    int64_t from, step;
    size_t n;
    TRY(render_step_chars(r, s->len / 4));
    TRY(slice_bounds(r, b, str_chars(s), &from, &step, &n));
    if (step == 1 || n == 0) {
        size_t begin = n ? str_offset(s, (size_t)from) : 0;
        struct str rest = { .ptr = s->ptr + begin, .len = s->len - begin };
        return str_sub_value(r, ret, s, begin, begin + (n ? str_offset(&rest, n) : 0));
    }
    const struct list *chars;
    struct text t;
    TRY(value_items(r, &chars, value_of_str(s)));
    text_init(&t, r);
    for (size_t i = 0; i < n; i++) text_add_str(&t, chars->items[from + (int64_t)i * step].str);
    return text_value(&t, ret);
}

static int slice_items(struct render *r, struct value *ret, struct value object,
                       const struct bounds *b)
{
    const struct list *items;
    int64_t from, step;
    size_t n;
    TRY(value_items(r, &items, object));
    TRY(slice_bounds(r, b, items->n, &from, &step, &n));
    TRY(render_step(r, n / 8));
    TRY(value_list(r, ret, object.kind == KIND_TUPLE ? KIND_TUPLE : KIND_LIST, n));
    for (size_t i = 0; i < n; i++) ret->list->items[i] = items->items[from + (int64_t)i * step];
    return 0;
}

static int range_slice(struct render *r, struct value *ret, const struct range *range,
                       const struct bounds *b)
{
    int64_t from, step;
    struct range *part = render_alloc(r, 1, sizeof *part);
    if (!part) return render_memory(r);
    TRY(slice_bounds(r, b, range->n, &from, &step, &part->n));
    part->start = range->start + from * range->step;
    if (__builtin_mul_overflow(step, range->step, &part->step) ||
        __builtin_add_overflow(part->start, part->step * (int64_t)part->n, &part->stop))
        return render_fail(r, "a slice of a range with too large a step");
    *ret = (struct value){ .kind = KIND_RANGE, .range = part };
    return 0;
}

/* What obj[index] gives in Python; KIND_MISSING for a TypeError or LookupError. */
static int python_item(struct render *r, struct value *ret, struct value object, struct value index)
{
    const struct value *found;
    int64_t i;
    size_t n;
    *ret = (struct value){ 0 };
    if (object.kind == KIND_UNDEFINED) return render_undefined(r, object);
    if (object.kind == KIND_DICT) {
        if (index.kind == KIND_LIST || index.kind == KIND_DICT || index.kind == KIND_SLICE)
            return 0;
        TRY(dict_get(r, object.dict, index, &found));
        if (found) *ret = *found;
        return 0;
    }
    bool is_sequence = object.kind == KIND_LIST || object.kind == KIND_TUPLE ||
                       object.kind == KIND_STRING || object.kind == KIND_RANGE;
    if (!is_sequence) return 0;
    if (index.kind == KIND_SLICE) {
        if (object.kind == KIND_STRING) return slice_string(r, ret, object.str, index.bounds);
        if (object.kind == KIND_RANGE) return range_slice(r, ret, object.range, index.bounds);
        return slice_items(r, ret, object, index.bounds);
    }
    if (!value_to_int(index, &i) || !value_len(object, &n)) return 0;
    if (i < 0) i += (int64_t)n;
    if (i < 0 || (uint64_t)i >= n) return 0;
    if (object.kind == KIND_STRING) {
        TRY(render_step_chars(r, object.str->len / 4));
        size_t from = str_offset(object.str, (size_t)i), to = from;
        (void)str_next(object.str, &to); /* Only its length is wanted. */
        return str_sub_value(r, ret, object.str, from, to);
    }
    if (object.kind == KIND_RANGE) {
        *ret = value_int(object.range->start + i * object.range->step);
        ret->trusted = true;
    } else {
        *ret = object.list->items[i];
    }
    return 0;
}

int value_attr(struct render *r, struct value *ret, struct value object, struct slice name)
{
    if (object.kind == KIND_UNDEFINED) return render_undefined(r, object);
    TRY(python_attr(r, ret, object, name));
    if (ret->kind != KIND_MISSING) return 0;
    if (object.kind == KIND_DICT) {
        struct value key;
        TRY(value_string(r, &key, name, false));
        TRY(python_item(r, ret, object, key));
        if (ret->kind != KIND_MISSING) return 0;
    }
    return value_undefined_attr(r, ret, object, name);
}

int value_item(struct render *r, struct value *ret, struct value object, struct value index)
{
    TRY(python_item(r, ret, object, index));
    if (ret->kind != KIND_MISSING) return 0;
    struct slice name = { 0 };
    if (index.kind == KIND_STRING) {
        name = str_slice(index.str);
        TRY(python_attr(r, ret, object, name));
        if (ret->kind != KIND_MISSING) return 0;
    }
    return value_undefined_attr(r, ret, object, name);
}

/* Filters on whole sequences. */
#include "chat/jinja/builtin.h"

#define FILTER(name) static int name(struct render *r, struct value *ret, struct call *c)

FILTER(length)
{
    size_t n;
    if (c->self.kind == KIND_STRING) TRY(render_step_chars(r, c->self.str->len / 4));
    if (!value_len(c->self, &n))
        return render_fail(r, "object of type '%s' has no len()", value_type(c->self));
    *ret = value_int((int64_t)n);
    return 0;
}

FILTER(list)
{
    const struct list *items;
    TRY(value_items(r, &items, c->self));
    TRY(value_list(r, ret, KIND_LIST, items->n));
    if (items->n) memcpy(ret->list->items, items->items, items->n * sizeof *items->items);
    return render_step(r, items->n / 8);
}

FILTER(first)
{
    const struct list *items;
    if (c->self.kind == KIND_GENERATOR) { /* Takes one and leaves the rest. */
        struct generator *g = c->self.generator;
        if (g->next == g->list.n) return value_undefined_hint(r, ret, "no first item");
        *ret = g->list.items[g->next++];
        return 0;
    }
    TRY(value_items(r, &items, c->self));
    if (items->n == 0) return value_undefined_hint(r, ret, "no first item, sequence was empty");
    *ret = items->items[0];
    return 0;
}

FILTER(last)
{
    const struct list *items;
    if (c->self.kind == KIND_GENERATOR) return render_fail(r, "a generator has no last item");
    TRY(value_items(r, &items, c->self));
    if (items->n == 0) return value_undefined_hint(r, ret, "no last item, sequence was empty");
    *ret = items->items[items->n - 1];
    return 0;
}

FILTER(join)
{
    const struct list *items;
    const struct str *separator;
    struct value mapped, empty;
    TRY(value_string(r, &empty, SLICE(""), true));
    TRY(value_str(r, &separator, c->arg[0].kind == KIND_MISSING ? empty : c->arg[0]));
    TRY(value_items(r, &items, c->self));
    if (arg_given(c->arg[1])) {
        TRY(value_list(r, &mapped, KIND_LIST, items->n));
        for (size_t i = 0; i < items->n; i++)
            TRY(value_path(r, &mapped.list->items[i], items->items[i], c->arg[1]));
        items = mapped.list;
    }
    return str_join(r, ret, separator, items, true);
}

static int reverse_string(struct render *r, struct value *ret, const struct str *s)
{
    struct bounds b = { value_none(), value_none(), value_int(-1) };
    return value_item(r, ret, value_of_str(s), (struct value){ .kind = KIND_SLICE, .bounds = &b });
}

FILTER(reverse)
{
    const struct list *items;
    struct value list;
    if (c->self.kind == KIND_STRING) return reverse_string(r, ret, c->self.str);
    TRY(value_items(r, &items, c->self));
    TRY(value_list(r, &list, KIND_LIST, items->n));
    for (size_t i = 0; i < items->n; i++) list.list->items[i] = items->items[items->n - 1 - i];
    TRY(render_step(r, items->n / 8));
    if (c->self.kind == KIND_GENERATOR) { /* Not reversible, so jinja2 makes a list. */
        *ret = list;
        return 0;
    }
    return value_generator(r, ret, list);
}

FILTER(items)
{
    struct value list, view = { .kind = KIND_VIEW };
    const struct list *pairs;
    if (c->self.kind == KIND_UNDEFINED) {
        TRY(value_list(r, &list, KIND_LIST, 0));
        return value_generator(r, ret, list);
    }
    if (c->self.kind != KIND_DICT) return render_fail(r, "items takes a mapping");
    struct view of = { VIEW_ITEMS, c->self.dict };
    view.view = &of;
    TRY(value_items(r, &pairs, view));
    list = (struct value){ .kind = KIND_LIST, .list = (struct list *)(uintptr_t)pairs };
    return value_generator(r, ret, list);
}

/* The items from .. to as a list, with `extra` copies of fill behind. */
static int piece(struct render *r, struct value *ret, const struct list *items, size_t from,
                 size_t to, struct value fill, size_t extra)
{
    TRY(value_list(r, ret, KIND_LIST, to - from + extra));
    for (size_t i = from; i < to; i++) ret->list->items[i - from] = items->items[i];
    for (size_t i = 0; i < extra; i++) ret->list->items[to - from + i] = fill;
    return render_step(r, 1 + (to - from + extra) / 8);
}

FILTER(batch)
{
    const struct list *items;
    struct value list;
    int64_t size;
    TRY(arg_int(r, &size, c->arg[0], 0));
    TRY(value_items(r, &items, c->self));
    if (size < 1) return render_fail(r, "batch takes a size of at least 1");
    size_t n = (size_t)size, pieces = items->n / n + (items->n % n ? 1 : 0);
    TRY(value_list(r, &list, KIND_LIST, pieces));
    for (size_t i = 0; i < pieces; i++) {
        size_t from = i * n, to = items->n - from < n ? items->n : from + n;
        bool fills = arg_given(c->arg[1]) && to - from < n;
        if (fills && n > TEMPLATE_ITEMS_MAX) return render_too_many(r);
        TRY(piece(r, &list.list->items[i], items, from, to, c->arg[1],
                  fills ? n - (to - from) : 0));
    }
    return value_generator(r, ret, list);
}

FILTER(slice)
{
    const struct list *items;
    struct value list;
    int64_t slices;
    TRY(arg_int(r, &slices, c->arg[0], 0));
    TRY(value_items(r, &items, c->self));
    if (slices == 0) return render_fail(r, "slice takes a number of slices other than 0");
    size_t count = slices > 0 ? (size_t)slices : 0, from = 0;
    TRY(value_list(r, &list, KIND_LIST, count));
    for (size_t i = 0; i < count; i++) {
        bool longer = i < items->n % count;
        size_t to = from + items->n / count + longer;
        size_t extra = arg_given(c->arg[1]) && !longer;
        TRY(piece(r, &list.list->items[i], items, from, to, c->arg[1], extra));
        from = to;
    }
    return value_generator(r, ret, list);
}

FILTER(attr)
{
    const struct str *name;
    TRY(arg_str(r, &name, c->arg[0], "an attribute's name"));
    if (c->self.kind == KIND_DICT) { /* Attributes only, not entries. */
        bool unsafe;
        if (!builtin_method(c->self, str_slice(name)) &&
            !builtin_method_is_refused(c->self, str_slice(name), &unsafe))
            return value_undefined_attr(r, ret, c->self, str_slice(name));
    }
    return value_attr(r, ret, c->self, str_slice(name));
}

FILTER(default_)
{
    bool falsy = arg_bool(c->arg[1], false) && !value_truth(c->self);
    *ret = c->self;
    if (c->self.kind != KIND_UNDEFINED && !falsy) return 0;
    *ret = c->arg[0];
    if (ret->kind == KIND_MISSING) return value_string(r, ret, SLICE(""), true);
    return 0;
}

const struct builtin filters_list[] = {
    { "attr", attr, { "name" }, 1 },
    { "batch", batch, { "linecount", "fill_with" }, 1 },
    { "count", length },
    { "d", default_, { "default_value", "boolean" } },
    { "default", default_, { "default_value", "boolean" } },
    { "first", first },
    { "items", items },
    { "join", join, { "d", "attribute" } },
    { "last", last },
    { "length", length },
    { "list", list },
    { "reverse", reverse },
    { "slice", slice, { "slices", "fill_with" }, 1 },
    { 0 },
};

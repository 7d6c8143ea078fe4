/* Methods of dicts, lists and tuples that change nothing. */
#include "chat/jinja/builtin.h"

#define METHOD(name) static int name(struct render *r, struct value *ret, struct call *c)

METHOD(dict_get_)
{
    const struct value *found;
    TRY(dict_get(r, c->self.dict, c->arg[0], &found));
    *ret = found ? *found : c->arg[1];
    if (ret->kind == KIND_MISSING) *ret = value_none();
    return 0;
}

static int view(struct render *r, struct value *ret, struct call *c, enum view_kind kind)
{
    struct view *v = render_alloc(r, 1, sizeof *v);
    if (!v) return render_memory(r);
    *v = (struct view){ kind, c->self.dict };
    *ret = (struct value){ .kind = KIND_VIEW, .view = v };
    return 0;
}

METHOD(dict_items)
{
    return view(r, ret, c, VIEW_ITEMS);
}

METHOD(dict_keys)
{
    return view(r, ret, c, VIEW_KEYS);
}

METHOD(dict_values)
{
    return view(r, ret, c, VIEW_VALUES);
}

/* A copy is the same: nothing can change it. */
METHOD(copy)
{
    (void)r;
    *ret = c->self;
    return 0;
}

METHOD(count)
{
    const struct list *items;
    int64_t n = 0;
    bool same;
    TRY(value_items(r, &items, c->self));
    for (size_t i = 0; i < items->n; i++) {
        TRY(value_eq(r, &same, items->items[i], c->arg[0]));
        n += same;
    }
    *ret = value_int(n);
    return 0;
}

METHOD(index_)
{
    const struct list *items;
    bool same;
    TRY(value_items(r, &items, c->self));
    int64_t n = (int64_t)items->n, from, to;
    TRY(arg_int(r, &from, c->arg[1], 0));
    TRY(arg_int(r, &to, c->arg[2], n));
    if (from < 0) from = from < -n ? 0 : from + n;
    if (to < 0) to = to < -n ? 0 : to + n;
    for (int64_t i = from; i < to && i < n; i++) {
        TRY(value_eq(r, &same, items->items[i], c->arg[0]));
        if (!same) continue;
        *ret = value_int(i);
        return 0;
    }
    return render_fail(r, "what index() looks for is not in the list");
}

const struct builtin methods_dict[] = {
    { "copy", copy },      { "get", dict_get_, { "", "" }, 1 }, { "items", dict_items },
    { "keys", dict_keys }, { "values", dict_values },           { 0 },
};

const struct builtin methods_list[] = {
    { "copy", copy },
    { "count", count, { "" }, 1 },
    { "index", index_, { "", "", "" }, 1 },
    { 0 },
};

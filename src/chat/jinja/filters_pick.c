/* Filters that choose or change the items of a sequence one by one. Python runs them when their
 * result is walked; here they run at once, which differs only in when an error shows. */
#include "chat/jinja/builtin.h"

#define FILTER(name) static int name(struct render *r, struct value *ret, struct call *c)

static const struct value *keyword(const struct args *args, const char *name)
{
    for (size_t i = 0; i < args->n_kw; i++)
        if (slice_is(str_slice(args->kw[i].name.str), name)) return &args->kw[i].value;
    return NULL;
}

/* The builtin that args->pos[at] names; the arguments behind it stay in *args. */
static int named(struct render *r, const struct builtin **ret, struct args *args, size_t at,
                 const struct builtin *(*find)(struct slice name), const char *what)
{
    const struct str *name;
    TRY(arg_str(r, &name, args->pos[at], what));
    *ret = find(str_slice(name));
    if (!*ret) return render_fail(r, "no %s '%.*s'", what, SLICE_FMT(str_slice(name)));
    args->pos += at + 1;
    args->n_pos -= at + 1;
    return 0;
}

/* map(attribute="a.b", default=x) */
static int map_attribute(struct render *r, struct value *ret, const struct list *items,
                         const struct args *args)
{
    const struct value *path = keyword(args, "attribute"), *otherwise = keyword(args, "default");
    if (args->n_kw > (otherwise ? 2u : 1u)) return render_fail(r, "map has no such argument");
    for (size_t i = 0; i < items->n; i++) {
        TRY(render_step(r, 1));
        TRY(value_path(r, &ret->list->items[i], items->items[i], *path));
        if (ret->list->items[i].kind == KIND_UNDEFINED && otherwise && arg_given(*otherwise))
            ret->list->items[i] = *otherwise;
    }
    return 0;
}

FILTER(map)
{
    const struct list *items;
    const struct builtin *filter;
    struct args args = c->rest;
    struct value list;
    TRY(value_items(r, &items, c->self));
    TRY(value_list(r, &list, KIND_LIST, items->n));
    if (items->n == 0) return value_generator(r, ret, list);
    if (args.n_pos == 0 && keyword(&args, "attribute")) {
        TRY(map_attribute(r, &list, items, &args));
        return value_generator(r, ret, list);
    }
    if (args.n_pos == 0) return render_fail(r, "map requires a filter argument");
    TRY(named(r, &filter, &args, 0, builtin_filter, "filter"));
    TRY(render_enter(r));
    for (size_t i = 0; i < items->n; i++)
        TRY(builtin_call(r, &list.list->items[i], filter, items->items[i], &args));
    render_leave(r);
    return value_generator(r, ret, list);
}

/* Items for which the test (or plain truth) gives `wanted`; by_attr looks at an attribute. */
static int choose(struct render *r, struct value *ret, struct call *c, bool wanted, bool by_attr)
{
    const struct list *items;
    const struct builtin *test = NULL;
    struct args args = c->rest;
    struct value list, looked, verdict, path = { 0 };
    size_t n = 0;
    TRY(value_items(r, &items, c->self));
    TRY(value_list(r, &list, KIND_LIST, items->n));
    if (items->n == 0) return value_generator(r, ret, list);
    if (by_attr && args.n_pos == 0) return render_fail(r, "the attribute's name is missing");
    if (by_attr) path = args.pos[0];
    if (args.n_pos > (by_attr ? 1u : 0u))
        TRY(named(r, &test, &args, by_attr, builtin_test, "test"));
    TRY(render_enter(r));
    for (size_t i = 0; i < items->n; i++) {
        TRY(render_step(r, 1));
        TRY(value_path(r, &looked, items->items[i], path));
        verdict = looked;
        if (test) TRY(builtin_call(r, &verdict, test, looked, &args));
        if (value_truth(verdict) == wanted) list.list->items[n++] = items->items[i];
    }
    render_leave(r);
    list.list->n = n;
    return value_generator(r, ret, list);
}

FILTER(select_)
{
    return choose(r, ret, c, true, false);
}

FILTER(reject)
{
    return choose(r, ret, c, false, false);
}

FILTER(selectattr)
{
    return choose(r, ret, c, true, true);
}

FILTER(rejectattr)
{
    return choose(r, ret, c, false, true);
}

const struct builtin filters_pick[] = {
    { "map", map, .variadic = true },
    { "reject", reject, .variadic = true },
    { "rejectattr", rejectattr, .variadic = true },
    { "select", select_, .variadic = true },
    { "selectattr", selectattr, .variadic = true },
    { 0 },
};

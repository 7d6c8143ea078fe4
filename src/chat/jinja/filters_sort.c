/* Filters that compare items with each other. */
#include "chat/jinja/str.h"

#define FILTER(name) static int name(struct render *r, struct value *ret, struct call *c)

/* Stable merge of two sorted runs of indices. */
static int merge(struct render *r, uint32_t *out, const uint32_t *from, size_t low, size_t middle,
                 size_t high, const struct value *keys, bool reverse)
{
    size_t a = low, b = middle;
    for (size_t i = low; i < high; i++) {
        int order = 0;
        if (a < middle && b < high) {
            /* Python asks only "less than": right < left moves the right one first. */
            TRY(reverse ? value_compare(r, &order, keys[from[a]], keys[from[b]], "<")
                        : value_compare(r, &order, keys[from[b]], keys[from[a]], "<"));
        }
        bool take_b = a == middle || (b < high && order < 0);
        out[i] = take_b ? from[b++] : from[a++];
    }
    return 0;
}

int list_sort(struct render *r, struct value *items, struct value *keys, size_t n, bool reverse)
{
    uint32_t *from = render_alloc(r, n, sizeof *from), *to = render_alloc(r, n, sizeof *to);
    struct value *copy = render_alloc(r, n, sizeof *copy);
    if (!from || !to || !copy) return render_memory(r);
    for (size_t i = 0; i < n; i++) from[i] = (uint32_t)i;
    for (size_t width = 1; width < n; width *= 2) {
        for (size_t low = 0; low < n; low += 2 * width) {
            size_t middle = low + width < n ? low + width : n;
            size_t high = low + 2 * width < n ? low + 2 * width : n;
            TRY(merge(r, to, from, low, middle, high, keys, reverse));
        }
        uint32_t *swap = from;
        from = to;
        to = swap;
    }
    for (size_t pass = 0; pass < 2; pass++) {
        struct value *array = pass ? keys : items;
        if (n) memcpy(copy, array, n * sizeof *copy);
        for (size_t i = 0; i < n; i++) array[i] = copy[from[i]];
    }
    return 0;
}

/* Strings in lower case unless case matters. */
static int fold(struct render *r, struct value *v, bool case_sensitive)
{
    if (case_sensitive || v->kind != KIND_STRING) return 0;
    return str_restyle(r, v, v->str, STYLE_LOWER);
}

/* A copy of the items as *ret, and their keys, all by the attribute path. */
static int keyed(struct render *r, struct value *ret, struct value **ret_keys, struct value from,
                 struct value path, bool case_sensitive)
{
    const struct list *items;
    TRY(value_items(r, &items, from));
    TRY(value_list(r, ret, KIND_LIST, items->n));
    *ret_keys = render_alloc(r, items->n, sizeof **ret_keys);
    if (!*ret_keys) return render_memory(r);
    for (size_t i = 0; i < items->n; i++) {
        ret->list->items[i] = items->items[i];
        TRY(value_path(r, &(*ret_keys)[i], items->items[i], path));
        TRY(fold(r, &(*ret_keys)[i], case_sensitive));
    }
    return 0;
}

/* The key of sort: a list of what its paths ("a,b.c") lead to, as equal parts are never ordered. */
static int sort_key(struct render *r, struct value *ret, struct value item, struct value paths,
                    bool case_sensitive)
{
    struct str whole = { .ptr = "" };
    size_t n = 1, from = 0, done = 0;
    if (paths.kind == KIND_STRING) whole = *paths.str;
    for (size_t i = 0; i < whole.len; i++) n += whole.ptr[i] == ',';
    TRY(value_list(r, ret, KIND_LIST, n));
    for (size_t i = 0; i <= whole.len; i++) {
        if (i < whole.len && whole.ptr[i] != ',') continue;
        struct value path = paths, *key = &ret->list->items[done++];
        if (paths.kind == KIND_STRING) TRY(str_sub_value(r, &path, paths.str, from, i));
        TRY(value_path(r, key, item, path));
        TRY(fold(r, key, case_sensitive));
        from = i + 1;
    }
    return 0;
}

FILTER(sort)
{
    struct value *keys;
    bool case_sensitive = arg_bool(c->arg[1], false);
    TRY(keyed(r, ret, &keys, c->self, (struct value){ 0 }, true));
    for (size_t i = 0; i < ret->list->n; i++)
        TRY(sort_key(r, &keys[i], ret->list->items[i], c->arg[2], case_sensitive));
    return list_sort(r, ret->list->items, keys, ret->list->n, arg_bool(c->arg[0], false));
}

FILTER(dictsort)
{
    const struct list *pairs;
    const struct str *by;
    struct value *keys;
    size_t part = 0;
    if (c->self.kind != KIND_DICT) return render_fail(r, "dictsort takes a mapping");
    if (c->arg[1].kind != KIND_MISSING) {
        TRY(arg_str(r, &by, c->arg[1], "by"));
        part = slice_is(str_slice(by), "value");
        if (!part && !slice_is(str_slice(by), "key"))
            return render_fail(r, "dictsort sorts by \"key\" or \"value\"");
    }
    struct view view = { VIEW_ITEMS, c->self.dict };
    TRY(value_items(r, &pairs, (struct value){ .kind = KIND_VIEW, .view = &view }));
    keys = render_alloc(r, pairs->n, sizeof *keys);
    if (!keys) return render_memory(r);
    for (size_t i = 0; i < pairs->n; i++) {
        keys[i] = pairs->items[i].list->items[part];
        TRY(fold(r, &keys[i], arg_bool(c->arg[0], false)));
    }
    TRY(list_sort(r, pairs->items, keys, pairs->n, arg_bool(c->arg[2], false)));
    *ret = (struct value){ .kind = KIND_LIST, .list = (struct list *)(uintptr_t)pairs };
    return 0;
}

FILTER(unique)
{
    struct value *keys, list, seen;
    const struct value *before;
    size_t n = 0;
    TRY(keyed(r, &list, &keys, c->self, c->arg[1], arg_bool(c->arg[0], false)));
    TRY(value_dict(r, &seen, 0));
    for (size_t i = 0; i < list.list->n; i++) {
        TRY(dict_get(r, seen.dict, keys[i], &before));
        if (before) continue;
        TRY(dict_put(r, seen.dict, keys[i], value_none()));
        list.list->items[n++] = list.list->items[i];
    }
    list.list->n = n;
    return value_generator(r, ret, list);
}

FILTER(groupby)
{
    struct value *keys, list, group;
    size_t n = 0;
    bool case_sensitive = arg_bool(c->arg[2], false), same;
    TRY(keyed(r, &list, &keys, c->self, c->arg[0], case_sensitive));
    for (size_t i = 0; arg_given(c->arg[1]) && i < list.list->n; i++)
        if (keys[i].kind == KIND_UNDEFINED) {
            keys[i] = c->arg[1];
            TRY(fold(r, &keys[i], case_sensitive));
        }
    TRY(list_sort(r, list.list->items, keys, list.list->n, false));
    TRY(value_list(r, ret, KIND_LIST, list.list->n));
    for (size_t from = 0, to; from < list.list->n; from = to) {
        for (to = from + 1, same = true; to < list.list->n; to++) {
            TRY(value_eq(r, &same, keys[from], keys[to]));
            if (!same) break;
        }
        TRY(value_list(r, &group, KIND_TUPLE, 2));
        group.list->grouped = true;
        /* The name of a group is its first item's own, not in lower case. */
        TRY(value_path(r, &group.list->items[0], list.list->items[from], c->arg[0]));
        if (group.list->items[0].kind == KIND_UNDEFINED && arg_given(c->arg[1]))
            group.list->items[0] = c->arg[1];
        TRY(value_list(r, &group.list->items[1], KIND_LIST, to - from));
        for (size_t i = from; i < to; i++)
            group.list->items[1].list->items[i - from] = list.list->items[i];
        ret->list->items[n++] = group;
    }
    ret->list->n = n;
    return 0;
}

/* The smallest (or largest) item, the first of equals. */
static int extreme(struct render *r, struct value *ret, struct call *c, bool largest)
{
    struct value *keys, list;
    size_t best = 0;
    TRY(keyed(r, &list, &keys, c->self, c->arg[1], arg_bool(c->arg[0], false)));
    if (list.list->n == 0)
        return value_undefined_hint(r, ret, "no aggregated item, sequence was empty");
    for (size_t i = 1; i < list.list->n; i++) {
        int order;
        TRY(value_compare(r, &order, keys[i], keys[best], largest ? ">" : "<"));
        if (largest ? order > 0 : order < 0) best = i;
    }
    *ret = list.list->items[best];
    return 0;
}

FILTER(min)
{
    return extreme(r, ret, c, false);
}

FILTER(max)
{
    return extreme(r, ret, c, true);
}

const struct builtin filters_sort[] = {
    { "dictsort", dictsort, { "case_sensitive", "by", "reverse" } },
    { "groupby", groupby, { "attribute", "default", "case_sensitive" }, 1 },
    { "max", max, { "case_sensitive", "attribute" } },
    { "min", min, { "case_sensitive", "attribute" } },
    { "sort", sort, { "reverse", "case_sensitive", "attribute" } },
    { "unique", unique, { "case_sensitive", "attribute" } },
    { 0 },
};

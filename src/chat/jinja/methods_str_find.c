/* Methods of strings that look for something in them. */
#include "chat/jinja/str.h"

#define METHOD(name) static int name(struct render *r, struct value *ret, struct call *c)

/* The part that start and end (code points, as in slices) leave, in bytes; false when start lies
 * behind the end of the string. */
static int part(struct render *r, struct call *c, size_t *ret_from, size_t *ret_to, bool *ret_ok)
{
    const struct str *s = c->self.str;
    *ret_from = 0;
    *ret_to = s->len;
    *ret_ok = true;
    if (!arg_given(c->arg[1]) && !arg_given(c->arg[2])) return 0; /* All of it; no counting. */
    TRY(render_step_chars(r, s->len / 4));
    int64_t n = (int64_t)str_chars(s), from, to;
    TRY(arg_int(r, &from, c->arg[1], 0));
    TRY(arg_int(r, &to, c->arg[2], n));
    if (from < 0) from = from < -n ? 0 : from + n;
    if (to < 0) to = to < -n ? 0 : to + n;
    if (to > n) to = n;
    *ret_ok = from <= to;
    *ret_from = *ret_ok ? str_offset(s, (size_t)from) : 0;
    *ret_to = *ret_ok ? str_offset(s, (size_t)to) : 0;
    return 0;
}

/* The code point where arg[0] is found, or -1. */
static int search(struct render *r, int64_t *ret, struct call *c, bool backwards)
{
    const struct str *s = c->self.str, *needle;
    size_t from, to, at = SIZE_MAX;
    bool ok;
    TRY(arg_str(r, &needle, c->arg[0], "what is looked for"));
    TRY(part(r, c, &from, &to, &ok));
    if (ok) {
        struct slice within = { s->ptr + from, to - from };
        TRY(backwards ? str_rfind_steps(r, within.len, needle->len)
                      : render_step_search(r, within.len, needle->len));
        at = backwards ? str_rfind(within, str_slice(needle), within.len)
                       : str_find(within, str_slice(needle), 0);
    }
    *ret = -1;
    if (at != SIZE_MAX) {
        struct str before = { .ptr = s->ptr, .len = from + at };
        *ret = (int64_t)str_chars(&before);
    }
    return 0;
}

static int find_or_fail(struct render *r, struct value *ret, struct call *c, bool backwards,
                        bool fails)
{
    int64_t at;
    TRY(search(r, &at, c, backwards));
    if (at < 0 && fails) return render_fail(r, "substring not found");
    *ret = value_int(at);
    return 0;
}

METHOD(find)
{
    return find_or_fail(r, ret, c, false, false);
}

METHOD(rfind)
{
    return find_or_fail(r, ret, c, true, false);
}

METHOD(index_)
{
    return find_or_fail(r, ret, c, false, true);
}

METHOD(rindex_)
{
    return find_or_fail(r, ret, c, true, true);
}

METHOD(count)
{
    const struct str *s = c->self.str, *needle;
    size_t from, to;
    int64_t n = 0;
    bool ok;
    TRY(arg_str(r, &needle, c->arg[0], "what is counted"));
    TRY(part(r, c, &from, &to, &ok));
    struct str within = { .ptr = s->ptr + from, .len = to - from };
    TRY(render_step_search(r, within.len, needle->len));
    if (ok && needle->len == 0)
        n = (int64_t)str_chars(&within) + 1;
    else if (ok)
        for (size_t at = 0; (at = str_find(str_slice(&within), str_slice(needle), at)) != SIZE_MAX;
             at += needle->len)
            n++;
    *ret = value_int(n);
    return 0;
}

/* Whether the part has one of the affixes: a string or a tuple of them. */
static int has_affix(struct render *r, struct value *ret, struct call *c, bool at_end)
{
    const struct str *affix;
    struct list one = { .items = &c->arg[0], .n = 1 };
    const struct list *list = c->arg[0].kind == KIND_TUPLE ? c->arg[0].list : &one;
    size_t from, to;
    bool ok, has = false;
    TRY(part(r, c, &from, &to, &ok));
    struct slice within = { c->self.str->ptr + from, to - from };
    for (size_t i = 0; i < list->n; i++) {
        TRY(arg_str(r, &affix, list->items[i], "what a text starts or ends with"));
        if (!ok || has) continue;
        has = at_end ? slice_ends(within, str_slice(affix))
                     : slice_starts(within, str_slice(affix));
    }
    *ret = value_bool(has);
    return 0;
}

METHOD(startswith)
{
    return has_affix(r, ret, c, false);
}

METHOD(endswith)
{
    return has_affix(r, ret, c, true);
}

const struct builtin methods_str_find[] = {
    { "count", count, { "", "", "" }, 1 },
    { "endswith", endswith, { "", "", "" }, 1 },
    { "find", find, { "", "", "" }, 1 },
    { "index", index_, { "", "", "" }, 1 },
    { "rfind", rfind, { "", "", "" }, 1 },
    { "rindex", rindex_, { "", "", "" }, 1 },
    { "startswith", startswith, { "", "", "" }, 1 },
    { 0 },
};

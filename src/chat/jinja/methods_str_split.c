/* Methods of strings that cut them into parts. */
#include "chat/jinja/str.h"

#define METHOD(name) static int name(struct render *r, struct value *ret, struct call *c)

/* A list of unknown length. */
struct growing {
    struct render *r;
    struct value list;
    size_t cap;
};

static int push(struct growing *g, const struct str *s, size_t from, size_t to)
{
    struct list *list = g->list.list;
    TRY(render_step(g->r, 1));
    if (list->n == g->cap) {
        size_t cap = g->cap ? 2 * g->cap : 8;
        if (cap > TEMPLATE_ITEMS_MAX) return render_too_many(g->r);
        struct value *items = render_alloc(g->r, cap, sizeof *items);
        if (!items) return render_memory(g->r);
        if (list->n) memcpy(items, list->items, list->n * sizeof *items);
        list->items = items;
        g->cap = cap;
    }
    return str_sub_value(g->r, &list->items[list->n++], s, from, to);
}

static void reverse(struct list *list)
{
    for (size_t i = 0, j = list->n; i + 1 < j; i++) {
        struct value v = list->items[i];
        list->items[i] = list->items[--j];
        list->items[j] = v;
    }
}

/* The start of the character before `end`. */
static size_t before(const struct str *s, size_t end)
{
    size_t pos = end - 1;
    while (pos > 0 && ((unsigned char)s->ptr[pos] & 0xC0) == 0x80) pos--;
    return pos;
}

static bool space_before(const struct str *s, size_t end)
{
    size_t pos = before(s, end);
    return unicode_is_space(str_next(s, &pos));
}

static bool space_at(const struct str *s, size_t *pos)
{
    size_t next = *pos;
    if (!unicode_is_space(str_next(s, &next))) return false;
    *pos = next;
    return true;
}

static int split_space(struct growing *g, const struct str *s, int64_t max)
{
    size_t pos = 0;
    for (int64_t n = 0;; n++) {
        while (pos < s->len && space_at(s, &pos)) continue;
        if (pos == s->len) return 0;
        size_t from = pos;
        if (n == max) return push(g, s, from, s->len); /* White space at the end stays. */
        while (pos < s->len) {
            size_t next = pos;
            if (unicode_is_space(str_next(s, &next))) break;
            pos = next;
        }
        TRY(push(g, s, from, pos));
    }
}

static int rsplit_space(struct growing *g, const struct str *s, int64_t max)
{
    size_t pos = s->len;
    for (int64_t n = 0;; n++) {
        while (pos > 0 && space_before(s, pos)) pos = before(s, pos);
        if (pos == 0) break;
        size_t to = pos;
        if (n == max) {
            TRY(push(g, s, 0, to));
            break;
        }
        while (pos > 0 && !space_before(s, pos)) pos = before(s, pos);
        TRY(push(g, s, pos, to));
    }
    reverse(g->list.list);
    return 0;
}

static int split_by(struct growing *g, const struct str *s, const struct str *by, int64_t max)
{
    size_t from = 0, at;
    for (int64_t n = 0; n != max; n++) {
        at = str_find(str_slice(s), str_slice(by), from);
        if (at == SIZE_MAX) break;
        TRY(push(g, s, from, at));
        from = at + by->len;
    }
    return push(g, s, from, s->len);
}

static int rsplit_by(struct growing *g, const struct str *s, const struct str *by, int64_t max)
{
    size_t to = s->len, at;
    for (int64_t n = 0; n != max; n++) {
        at = str_rfind(str_slice(s), str_slice(by), to);
        if (at == SIZE_MAX) break;
        TRY(push(g, s, at + by->len, to));
        to = at;
    }
    TRY(push(g, s, 0, to));
    reverse(g->list.list);
    return 0;
}

static int steps_of(struct render *r, const struct str *s, const struct str *by, bool from_right)
{
    return from_right ? str_rfind_steps(r, s->len, by->len)
                      : render_step_search(r, s->len, by->len);
}

static int split_any(struct render *r, struct value *ret, struct call *c, bool from_right)
{
    const struct str *by = NULL, *s = c->self.str;
    struct growing g = { .r = r };
    int64_t max;
    TRY(value_list(r, &g.list, KIND_LIST, 0));
    TRY(render_step_chars(r, s->len / 2));
    if (arg_given(c->arg[0])) TRY(arg_str(r, &by, c->arg[0], "the separator"));
    if (c->arg[1].kind == KIND_NONE) return render_fail(r, "maxsplit must be a whole number");
    TRY(arg_int(r, &max, c->arg[1], -1));
    if (by && by->len == 0) return render_fail(r, "empty separator");
    if (max < 0) max = -1;
    if (by) TRY(steps_of(r, s, by, from_right));
    if (by)
        TRY(from_right ? rsplit_by(&g, s, by, max) : split_by(&g, s, by, max));
    else
        TRY(from_right ? rsplit_space(&g, s, max) : split_space(&g, s, max));
    *ret = g.list;
    return 0;
}

METHOD(split)
{
    return split_any(r, ret, c, false);
}

METHOD(rsplit)
{
    return split_any(r, ret, c, true);
}

METHOD(splitlines)
{
    return str_split_lines(r, ret, c->self.str, arg_bool(c->arg[0], false));
}

static int partition_at(struct render *r, struct value *ret, struct call *c, bool from_right)
{
    const struct str *by, *s = c->self.str;
    TRY(arg_str(r, &by, c->arg[0], "the separator"));
    if (by->len == 0) return render_fail(r, "empty separator");
    TRY(steps_of(r, s, by, from_right));
    size_t at = from_right ? str_rfind(str_slice(s), str_slice(by), s->len)
                           : str_find(str_slice(s), str_slice(by), 0);
    size_t cuts[4] = { 0, at, at + by->len, s->len };
    if (at == SIZE_MAX) { /* All of it comes first, or last. */
        cuts[1] = cuts[2] = from_right ? 0 : s->len;
    }
    TRY(value_list(r, ret, KIND_TUPLE, 3));
    for (int i = 0; i < 3; i++)
        TRY(str_sub_value(r, &ret->list->items[i], s, cuts[i], cuts[i + 1]));
    return 0;
}

METHOD(partition)
{
    return partition_at(r, ret, c, false);
}

METHOD(rpartition)
{
    return partition_at(r, ret, c, true);
}

const struct builtin methods_str_split[] = {
    { "partition", partition, { "" }, 1 },        { "rpartition", rpartition, { "" }, 1 },
    { "rsplit", rsplit, { "sep", "maxsplit" } },  { "split", split, { "sep", "maxsplit" } },
    { "splitlines", splitlines, { "keepends" } }, { 0 },
};

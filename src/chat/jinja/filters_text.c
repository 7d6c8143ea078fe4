/* Filters whose subject is read as a string. */
#include "chat/jinja/str.h"

#define FILTER(name) static int name(struct render *r, struct value *ret, struct call *c)

static int styled(struct render *r, struct value *ret, struct call *c, enum str_style style)
{
    const struct str *s;
    TRY(value_str(r, &s, c->self));
    return str_restyle(r, ret, s, style);
}

FILTER(upper)
{
    return styled(r, ret, c, STYLE_UPPER);
}

FILTER(lower)
{
    return styled(r, ret, c, STYLE_LOWER);
}

FILTER(capitalize)
{
    return styled(r, ret, c, STYLE_CAPITALIZE);
}

static bool is_between_words(uint32_t c)
{
    return unicode_is_space(c) || (c && c < 0x80 && strchr("-({[<", (int)c));
}

/* Unlike the method, a word begins only behind white space, -, (, {, [ or <. */
FILTER(title)
{
    const struct str *s;
    struct text t;
    struct value rest;
    uint32_t out[UNICODE_CASE_MAX];
    TRY(value_str(r, &s, c->self));
    TRY(render_step_chars(r, s->len));
    text_init(&t, r);
    for (size_t pos = 0, from = 0; pos < s->len && t.rc == 0; from = pos) {
        uint32_t code = str_next(s, &pos);
        size_t n = unicode_map(out, code, CASE_UPPER);
        for (size_t i = 0; i < n; i++) text_add_codepoint(&t, out[i], str_is_trusted(s, from, pos));
        if (is_between_words(code)) continue;
        from = pos;
        for (size_t next = pos; pos < s->len; pos = next)
            if (is_between_words(str_next(s, &next))) break;
        TRY(str_sub_value(r, &rest, s, from, pos));
        TRY(str_restyle(r, &rest, rest.str, STYLE_LOWER));
        text_add_str(&t, rest.str);
    }
    TRY(text_value(&t, ret));
    return str_like(r, ret, s);
}

FILTER(trim)
{
    const struct str *s, *chars = NULL;
    TRY(value_str(r, &s, c->self));
    if (arg_given(c->arg[0])) TRY(arg_str(r, &chars, c->arg[0], "the argument of trim"));
    return str_strip(r, ret, s, chars, true, true);
}

FILTER(string)
{
    const struct str *s;
    TRY(value_str(r, &s, c->self));
    *ret = value_of_str(s);
    return 0;
}

FILTER(safe)
{
    const struct str *s;
    TRY(value_str(r, &s, c->self));
    return str_mark(r, ret, s);
}

FILTER(escape)
{
    const struct str *s;
    TRY(value_str(r, &s, c->self));
    return str_escape(r, ret, s);
}

FILTER(forceescape)
{
    const struct str *s;
    TRY(value_str(r, &s, c->self));
    struct str plain = *s;
    plain.markup = false;
    return str_escape(r, ret, &plain);
}

FILTER(replace)
{
    const struct str *s, *old, *new;
    int64_t count;
    TRY(value_str(r, &s, c->self));
    TRY(value_str(r, &old, c->arg[0]));
    TRY(value_str(r, &new, c->arg[1]));
    TRY(arg_int(r, &count, c->arg[2], -1));
    return str_replace(r, ret, s, old, new, count);
}

FILTER(center)
{
    const struct str *s;
    int64_t width;
    TRY(value_str(r, &s, c->self));
    TRY(arg_int(r, &width, c->arg[0], 80));
    return str_center(r, ret, s, width, NULL);
}

FILTER(format)
{
    const struct str *s;
    struct value args;
    TRY(value_str(r, &s, c->self));
    if (c->rest.n_pos && c->rest.n_kw)
        return render_fail(r, "format takes positional or keyword arguments, not both");
    if (c->rest.n_kw) {
        TRY(value_dict(r, &args, c->rest.n_kw));
        for (size_t i = 0; i < c->rest.n_kw; i++)
            TRY(dict_put(r, args.dict, c->rest.kw[i].name, c->rest.kw[i].value));
    } else {
        TRY(value_list(r, &args, KIND_TUPLE, c->rest.n_pos));
        for (size_t i = 0; i < c->rest.n_pos; i++) args.list->items[i] = c->rest.pos[i];
    }
    return str_format_percent(r, ret, s, args);
}

/* The string or number of blanks that indent puts before lines. */
static int indention(struct render *r, const struct str **ret, struct value width,
                     const struct str *s)
{
    struct value blanks;
    int64_t n;
    if (width.kind == KIND_STRING) {
        *ret = width.str;
        return 0;
    }
    TRY(arg_int(r, &n, width, 4));
    if (n > (int64_t)r->output_max) return render_too_long(r);
    struct text t;
    text_init(&t, r);
    text_fill(&t, ' ', n > 0 ? (size_t)n : 0, s->trusted);
    TRY(text_value(&t, &blanks));
    *ret = blanks.str;
    return 0;
}

FILTER(indent)
{
    const struct str *s, *by = NULL;
    struct value lines;
    struct text t;
    bool first = arg_bool(c->arg[1], false), blank = arg_bool(c->arg[2], false);
    if (c->self.kind != KIND_STRING)
        return c->self.kind == KIND_UNDEFINED ? render_undefined(r, c->self)
                                              : render_fail(r, "indent takes a text");
    s = c->self.str;
    TRY(indention(r, &by, c->arg[0], s));
    /* As jinja2: a newline is added and the last break dropped again, so line breaks of all kinds
     * become \n, but one at the end stays. */
    text_init(&t, r);
    text_add_str(&t, s);
    text_add(&t, "\n", 1, s->trusted);
    TRY(text_value(&t, &lines));
    TRY(str_split_lines(r, &lines, lines.str, false));
    text_init(&t, r);
    for (size_t i = 0; i < lines.list->n && t.rc == 0; i++) {
        const struct str *line = lines.list->items[i].str;
        if (i) text_add(&t, "\n", 1, s->trusted);
        if (i ? blank || line->len : first) text_add_str(&t, by);
        text_add_str(&t, line);
    }
    TRY(text_value(&t, ret));
    return str_like(r, ret, s);
}

FILTER(truncate)
{
    static const struct str dots = { .ptr = "...", .len = 3 };
    const struct str *s, *end = &dots;
    int64_t length, leeway;
    TRY(arg_str(r, &s, c->self, "what is truncated"));
    TRY(arg_int(r, &length, c->arg[0], 255));
    if (c->arg[2].kind != KIND_MISSING) TRY(arg_str(r, &end, c->arg[2], "the end"));
    TRY(arg_int(r, &leeway, c->arg[3], 5));
    int64_t end_len = (int64_t)str_chars(end);
    if (length < end_len || leeway < 0)
        return render_fail(r, "truncate: the length must be at least that of the end");
    *ret = c->self;
    if ((int64_t)str_chars(s) <= length || (int64_t)str_chars(s) - length <= leeway) return 0;
    size_t keep = str_offset(s, (size_t)(length - end_len));
    if (!arg_bool(c->arg[1], false)) {
        size_t space = str_rfind(str_slice(s), SLICE(" "), keep);
        if (space != SIZE_MAX) keep = space;
    }
    struct text t;
    text_init(&t, r);
    text_add_sub(&t, s, 0, keep);
    text_add_str(&t, end);
    return text_value(&t, ret);
}

FILTER(wordcount)
{
    const struct str *s;
    int64_t n = 0;
    bool in_word = false;
    TRY(value_str(r, &s, c->self));
    TRY(render_step_chars(r, s->len / 2));
    for (size_t pos = 0; pos < s->len;) {
        bool word = unicode_is_word(str_next(s, &pos));
        n += word && !in_word;
        in_word = word;
    }
    *ret = value_int(n);
    return 0;
}

const struct builtin filters_text[] = {
    { "capitalize", capitalize },
    { "center", center, { "width" } },
    { "e", escape },
    { "escape", escape },
    { "forceescape", forceescape },
    { "format", format, .variadic = true },
    { "indent", indent, { "width", "first", "blank" } },
    { "lower", lower },
    { "replace", replace, { "old", "new", "count" }, 2 },
    { "safe", safe },
    { "string", string },
    { "title", title },
    { "tojson", json_dump, { "ensure_ascii", "indent", "separators", "sort_keys" } },
    { "trim", trim, { "chars" } },
    { "truncate", truncate, { "length", "killwords", "end", "leeway" } },
    { "upper", upper },
    { "wordcount", wordcount },
    { 0 },
};

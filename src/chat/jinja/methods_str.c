/* Methods of strings that make a string. */
#include "chat/jinja/str.h"

#define METHOD(name) static int name(struct render *r, struct value *ret, struct call *c)

static int restyle(struct render *r, struct value *ret, struct call *c, enum str_style style)
{
    return str_restyle(r, ret, c->self.str, style);
}

METHOD(upper)
{
    return restyle(r, ret, c, STYLE_UPPER);
}

METHOD(lower)
{
    return restyle(r, ret, c, STYLE_LOWER);
}

METHOD(capitalize)
{
    return restyle(r, ret, c, STYLE_CAPITALIZE);
}

METHOD(title)
{
    return restyle(r, ret, c, STYLE_TITLE);
}

METHOD(swapcase)
{
    return restyle(r, ret, c, STYLE_SWAPCASE);
}

METHOD(casefold)
{
    return restyle(r, ret, c, STYLE_FOLD);
}

static int strip_by(struct render *r, struct value *ret, struct call *c, bool left, bool right)
{
    const struct str *chars = NULL;
    if (arg_given(c->arg[0])) TRY(arg_str(r, &chars, c->arg[0], "the argument of strip"));
    return str_strip(r, ret, c->self.str, chars, left, right);
}

METHOD(strip)
{
    return strip_by(r, ret, c, true, true);
}

METHOD(lstrip)
{
    return strip_by(r, ret, c, true, false);
}

METHOD(rstrip)
{
    return strip_by(r, ret, c, false, true);
}

/* Methods whose argument markup would escape: refused rather than wrong. */
static int no_markup(struct render *r, const struct call *c)
{
    if (!c->self.str->markup) return 0;
    return render_fail(r, "%s of escaped text is not supported", c->builtin->name);
}

METHOD(replace)
{
    const struct str *old, *new;
    int64_t count;
    TRY(no_markup(r, c));
    TRY(arg_str(r, &old, c->arg[0], "the first argument of replace"));
    TRY(arg_str(r, &new, c->arg[1], "the second argument of replace"));
    if (c->arg[2].kind == KIND_NONE) return render_fail(r, "replace takes a whole number");
    TRY(arg_int(r, &count, c->arg[2], -1));
    return str_replace(r, ret, c->self.str, old, new, count);
}

METHOD(join)
{
    const struct list *items;
    TRY(no_markup(r, c));
    TRY(value_items(r, &items, c->arg[0]));
    return str_join(r, ret, c->self.str, items, false);
}

METHOD(format)
{
    TRY(no_markup(r, c));
    return str_format_braces(r, ret, c->self.str, &c->rest);
}

METHOD(format_map)
{
    struct args args = { 0 };
    struct value map = c->arg[0];
    TRY(no_markup(r, c));
    if (map.kind != KIND_DICT) return render_fail(r, "format_map takes a mapping");
    struct keyword *kw = render_alloc(r, map.dict->n, sizeof *kw);
    if (!kw) return render_memory(r);
    for (size_t i = 0; i < map.dict->n; i++)
        if (map.dict->pairs[i].key.kind == KIND_STRING)
            kw[args.n_kw++] = (struct keyword){ map.dict->pairs[i].key, map.dict->pairs[i].value };
    args.kw = kw;
    return str_format_braces(r, ret, c->self.str, &args);
}

METHOD(removeprefix)
{
    const struct str *s = c->self.str, *prefix;
    TRY(arg_str(r, &prefix, c->arg[0], "the argument of removeprefix"));
    bool has = slice_starts(str_slice(s), str_slice(prefix));
    return str_sub_value(r, ret, s, has ? prefix->len : 0, s->len);
}

METHOD(removesuffix)
{
    const struct str *s = c->self.str, *suffix;
    TRY(arg_str(r, &suffix, c->arg[0], "the argument of removesuffix"));
    bool has = slice_ends(str_slice(s), str_slice(suffix));
    return str_sub_value(r, ret, s, 0, has ? s->len - suffix->len : s->len);
}

static int width_and_fill(struct render *r, struct call *c, int64_t *ret_extra,
                          const struct str **ret_fill)
{
    int64_t width;
    *ret_fill = NULL;
    if (c->arg[0].kind == KIND_NONE) return render_fail(r, "a width must be a whole number");
    TRY(arg_int(r, &width, c->arg[0], 0));
    if (c->arg[1].kind != KIND_MISSING) TRY(arg_str(r, ret_fill, c->arg[1], "the fill character"));
    int64_t len = (int64_t)str_chars(c->self.str);
    *ret_extra = width > len ? width - len : 0;
    return 0;
}

METHOD(ljust)
{
    const struct str *fill;
    int64_t extra;
    TRY(width_and_fill(r, c, &extra, &fill));
    return str_pad(r, ret, c->self.str, 0, (size_t)extra, fill);
}

METHOD(rjust)
{
    const struct str *fill;
    int64_t extra;
    TRY(width_and_fill(r, c, &extra, &fill));
    return str_pad(r, ret, c->self.str, (size_t)extra, 0, fill);
}

METHOD(center)
{
    const struct str *fill;
    int64_t extra, width;
    TRY(width_and_fill(r, c, &extra, &fill));
    TRY(arg_int(r, &width, c->arg[0], 0));
    return str_center(r, ret, c->self.str, width, fill);
}

METHOD(zfill)
{
    const struct str *s = c->self.str;
    const struct str *fill;
    int64_t extra;
    struct text t;
    TRY(width_and_fill(r, c, &extra, &fill));
    bool sign = s->len && (s->ptr[0] == '-' || s->ptr[0] == '+');
    text_init(&t, r);
    if (sign) text_add_sub(&t, s, 0, 1);
    text_fill(&t, '0', (size_t)extra, s->trusted);
    text_add_sub(&t, s, sign ? 1 : 0, s->len);
    return text_value(&t, ret);
}

const struct builtin methods_str[] = {
    { "capitalize", capitalize },
    { "casefold", casefold },
    { "center", center, { "", "" }, 1 },
    { "format", format, .variadic = true },
    { "format_map", format_map, { "" }, 1 },
    { "join", join, { "" }, 1 },
    { "ljust", ljust, { "", "" }, 1 },
    { "lower", lower },
    { "lstrip", lstrip, { "" } },
    { "removeprefix", removeprefix, { "" }, 1 },
    { "removesuffix", removesuffix, { "" }, 1 },
    { "replace", replace, { "", "", "" }, 2 },
    { "rjust", rjust, { "", "" }, 1 },
    { "rstrip", rstrip, { "" } },
    { "strip", strip, { "" } },
    { "swapcase", swapcase },
    { "title", title },
    { "upper", upper },
    { "zfill", zfill, { "" }, 1 },
    { 0 },
};

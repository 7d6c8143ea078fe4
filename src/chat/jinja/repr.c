/* Python's str() and repr(), and its texts of numbers. */
#include "chat/jinja/builtin.h"
#include "chat/jinja/loop.h"
#include "chat/jinja/node.h"
#include "chat/jinja/unicode.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void repr_into(struct text *t, struct value v, unsigned depth);

void float_text(char *out, double d)
{
    char digits[FLOAT_TEXT_MAX];
    if (isnan(d) || isinf(d)) {
        (void)snprintf(out, FLOAT_TEXT_MAX, "%s", isnan(d) ? "nan" : d > 0 ? "inf" : "-inf");
        return;
    }
    /* The fewest digits that read back as d, "d.ddde+xx". Normal numbers keep 15 digits, so a
     * shorter text shows as zeros at the end of those; subnormal ones have less. */
    int precision = fabs(d) < DBL_MIN ? 0 : DBL_DIG - 1;
    do (void)snprintf(digits, sizeof digits, "%.*e", precision, d); /* Fits: 24 bytes. */
    while (strtod(digits, NULL) != d && ++precision < DBL_DECIMAL_DIG);
    while (precision > 0 && digits[strcspn(digits, "e") - 1] == '0')
        (void)snprintf(digits, sizeof digits, "%.*e", --precision, d); /* Shorter than before. */
    const char *e = strchr(digits, 'e');
    int exponent = (int)strtol(e + 1, NULL, 10);
    if (exponent < -4 || exponent >= 16)
        (void)snprintf(out, FLOAT_TEXT_MAX, "%.*se%c%02d", (int)(e - digits), digits,
                       exponent < 0 ? '-' : '+', abs(exponent));
    else
        (void)snprintf(out, FLOAT_TEXT_MAX, "%.*f", precision > exponent ? precision - exponent : 1,
                       d);
}

static void repr_char(struct text *t, uint32_t c, char quote, bool trusted)
{
    const char *simple = c == '\n' ? "\\n" : c == '\r' ? "\\r" : c == '\t' ? "\\t" : NULL;
    char code[16];
    if (simple)
        text_add(t, simple, 2, trusted);
    else if (c == '\\' || c == (unsigned char)quote) {
        text_add(t, "\\", 1, trusted);
        text_add_codepoint(t, c, trusted);
    } else if (unicode_is_printable(c))
        text_add_codepoint(t, c, trusted);
    else {
        const char *fmt = c < 0x100 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x";
        int len = snprintf(code, sizeof code, fmt, (unsigned)c);
        text_add(t, code, (size_t)len, trusted);
    }
}

static void repr_string(struct text *t, const struct str *s)
{
    bool single = memchr(s->ptr, '\'', s->len), twice = memchr(s->ptr, '"', s->len);
    char quote = single && !twice ? '"' : '\'';
    if (s->markup) text_add_slice(t, SLICE("Markup("), false);
    text_add(t, &quote, 1, false);
    for (size_t pos = 0; pos < s->len && t->rc == 0;) {
        size_t from = pos;
        uint32_t c = str_next(s, &pos);
        repr_char(t, c, quote, str_is_trusted(s, from, pos));
    }
    text_add(t, &quote, 1, false);
    if (s->markup) text_add(t, ")", 1, false);
}

static void repr_items(struct text *t, const struct list *list, const char *brackets,
                       unsigned depth)
{
    text_add(t, brackets, 1, false);
    for (size_t i = 0; i < list->n && t->rc == 0; i++) {
        if (i) text_add_slice(t, SLICE(", "), false);
        repr_into(t, list->items[i], depth);
    }
    if (list->n == 1 && brackets[0] == '(') text_add(t, ",", 1, false);
    text_add(t, brackets + 1, 1, false);
}

static void repr_dict(struct text *t, const struct dict *d, unsigned depth)
{
    text_add(t, "{", 1, false);
    for (size_t i = 0; i < d->n && t->rc == 0; i++) {
        if (i) text_add_slice(t, SLICE(", "), false);
        repr_into(t, d->pairs[i].key, depth);
        text_add_slice(t, SLICE(": "), false);
        repr_into(t, d->pairs[i].value, depth);
    }
    text_add(t, "}", 1, false);
}

static void repr_view(struct text *t, const struct view *view, unsigned depth)
{
    static const char *const names[] = { "dict_keys(", "dict_values(", "dict_items(" };
    const struct list *items;
    struct value v = { .kind = KIND_VIEW, .view = view };
    text_add_slice(t, slice_of(names[view->kind]), false);
    if (t->rc == 0) t->rc = value_items(t->r, &items, v);
    if (t->rc == 0) repr_items(t, items, "[]", depth);
    text_add(t, ")", 1, false);
}

static void repr_loop(struct text *t, struct loop *loop)
{
    int64_t length = 0;
    if (t->rc == 0) t->rc = loop_length(t->r, loop, &length);
    text_printf(t, false, "<LoopContext %lld/%lld>", (long long)loop->index0 + 1,
                (long long)length);
}

static void repr_number(struct text *t, struct value v)
{
    char number[FLOAT_TEXT_MAX];
    if (v.kind == KIND_FLOAT) {
        if (t->rc == 0) t->rc = render_step(t->r, FLOAT_STEPS);
        float_text(number, v.real);
        text_add_slice(t, slice_of(number), v.trusted);
    } else {
        text_printf(t, v.trusted, "%lld", (long long)v.integer);
    }
}

static void repr_object(struct text *t, struct value v, unsigned depth)
{
    switch (v.kind) {
    case KIND_RANGE:
        text_printf(t, false, "range(%lld, %lld", (long long)v.range->start,
                    (long long)v.range->stop);
        if (v.range->step != 1) text_printf(t, false, ", %lld", (long long)v.range->step);
        text_add(t, ")", 1, false);
        break;
    case KIND_VIEW: repr_view(t, v.view, depth); break;
    case KIND_NAMESPACE:
        text_add_slice(t, SLICE("<Namespace "), false);
        repr_dict(t, v.dict, depth);
        text_add(t, ">", 1, false);
        break;
    case KIND_LOOP: repr_loop(t, v.loop); break;
    case KIND_MACRO:
        text_add_slice(t, SLICE("<Macro "), false);
        if (v.macro->node->macro.name.kind == KIND_NONE)
            text_add_slice(t, SLICE("anonymous"), false);
        else
            repr_string(t, v.macro->node->macro.name.str);
        text_add(t, ">", 1, false);
        break;
    default:
        if (t->rc == 0)
            t->rc = render_fail(t->r, "a %s cannot be printed: Python would print its address",
                                value_type(v));
    }
}

static void repr_into(struct text *t, struct value v, unsigned depth)
{
    if (t->rc < 0 || (t->rc = render_step(t->r, 1)) < 0) return;
    if (depth >= TEMPLATE_VALUE_DEPTH_MAX) {
        t->rc = render_too_deep(t->r);
        return;
    }
    switch (v.kind) {
    case KIND_UNDEFINED: text_add_slice(t, SLICE("Undefined"), false); break;
    case KIND_NONE: text_add_slice(t, SLICE("None"), v.trusted); break;
    case KIND_BOOL: text_add_slice(t, v.boolean ? SLICE("True") : SLICE("False"), v.trusted); break;
    case KIND_INT:
    case KIND_FLOAT: repr_number(t, v); break;
    case KIND_STRING: repr_string(t, v.str); break;
    case KIND_LIST: repr_items(t, v.list, "[]", depth + 1); break;
    case KIND_TUPLE: repr_items(t, v.list, "()", depth + 1); break;
    case KIND_DICT: repr_dict(t, v.dict, depth + 1); break;
    default: repr_object(t, v, depth + 1); break;
    }
}

int value_repr(struct render *r, const struct str **ret, struct value v)
{
    struct text t;
    text_init(&t, r);
    repr_into(&t, v, 0);
    return text_finish(&t, ret);
}

int value_str(struct render *r, const struct str **ret, struct value v)
{
    static const struct str empty = { .ptr = "", .trusted = true };
    if (v.kind == KIND_STRING) {
        *ret = v.str;
        return 0;
    }
    if (v.kind == KIND_UNDEFINED) {
        *ret = &empty;
        return 0;
    }
    return value_repr(r, ret, v);
}

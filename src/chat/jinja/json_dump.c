/* tojson: json.dumps as transformers calls it (no escaping for HTML, ensure_ascii off). */
#include "base/json.h"
#include "chat/jinja/builtin.h"

#include <math.h>
#include <stdio.h>

struct dump {
    struct text t;
    const struct str *indent; /* NULL: all on one line. */
    const struct str *between, *colon;
    bool ascii, sort;
};

static void dump_value(struct dump *d, struct value v, unsigned depth);

static void dump_escape(struct text *t, uint32_t c, bool trusted)
{
    char code[16];
    size_t len;
    if (c < 0x80)
        len = json_escape(code, (unsigned char)c);
    else if (c >= 0x10000)
        len = (size_t)snprintf(code, sizeof code, "\\u%04x\\u%04x", (unsigned)(0xD7C0 + (c >> 10)),
                               (unsigned)(0xDC00 + (c & 0x3FF)));
    else
        len = (size_t)snprintf(code, sizeof code, "\\u%04x", (unsigned)c);
    text_add(t, code, len, trusted);
}

static void dump_string(struct dump *d, const struct str *s)
{
    struct text *t = &d->t;
    size_t done = 0;
    text_add(t, "\"", 1, false);
    for (size_t pos = 0, from = 0; pos < s->len && t->rc == 0; from = pos) {
        uint32_t c = str_next(s, &pos);
        if (c >= 0x20 && c != '"' && c != '\\' && (c < 0x7F || !d->ascii)) continue;
        text_add_sub(t, s, done, from);
        dump_escape(t, c, str_is_trusted(s, from, pos));
        done = pos;
    }
    text_add_sub(t, s, done, s->len);
    text_add(t, "\"", 1, false);
}

static void dump_number(struct dump *d, struct value v)
{
    char number[FLOAT_TEXT_MAX];
    if (v.kind == KIND_INT) {
        text_printf(&d->t, v.trusted, "%lld", (long long)v.integer);
        return;
    }
    if (d->t.rc == 0) d->t.rc = render_step(d->t.r, FLOAT_STEPS);
    float_text(number, v.real);
    struct slice text = slice_of(number);
    if (isnan(v.real)) text = SLICE("NaN");
    if (isinf(v.real)) text = v.real > 0 ? SLICE("Infinity") : SLICE("-Infinity");
    text_add_slice(&d->t, text, v.trusted);
}

static void new_line(struct dump *d, unsigned depth)
{
    if (!d->indent) return;
    text_add(&d->t, "\n", 1, false);
    for (unsigned i = 0; i < depth; i++) text_add_str(&d->t, d->indent);
}

static void dump_list(struct dump *d, const struct list *list, unsigned depth)
{
    text_add(&d->t, "[", 1, false);
    for (size_t i = 0; i < list->n && d->t.rc == 0; i++) {
        if (i) text_add_str(&d->t, d->between);
        new_line(d, depth + 1);
        dump_value(d, list->items[i], depth + 1);
    }
    if (list->n) new_line(d, depth);
    text_add(&d->t, "]", 1, false);
}

static void dump_key(struct dump *d, struct value key)
{
    switch (key.kind) {
    case KIND_STRING: dump_string(d, key.str); break;
    case KIND_NONE:
    case KIND_BOOL:
    case KIND_INT:
    case KIND_FLOAT:
        text_add(&d->t, "\"", 1, false);
        dump_value(d, key, 0);
        text_add(&d->t, "\"", 1, false);
        break;
    default:
        if (d->t.rc == 0)
            d->t.rc = render_fail(d->t.r, "keys must be str, int, float, bool or None, not %s",
                                  value_type(key));
    }
}

static int sorted(struct render *r, struct dict *ret, const struct dict *d)
{
    struct value *keys = render_alloc(r, d->n, sizeof *keys);
    struct value *values = render_alloc(r, d->n, sizeof *values);
    ret->pairs = render_alloc(r, d->n, sizeof *ret->pairs);
    if (!keys || !values || !ret->pairs) return render_memory(r);
    for (size_t i = 0; i < d->n; i++) {
        keys[i] = d->pairs[i].key;
        values[i] = d->pairs[i].value;
    }
    TRY(list_sort(r, values, keys, d->n, false));
    for (size_t i = 0; i < d->n; i++) ret->pairs[i] = (struct pair){ keys[i], values[i] };
    ret->n = d->n;
    return 0;
}

static void dump_dict(struct dump *d, const struct dict *dict, unsigned depth)
{
    struct dict ordered = { 0 };
    if (d->sort && d->t.rc == 0) {
        d->t.rc = sorted(d->t.r, &ordered, dict);
        dict = &ordered;
    }
    text_add(&d->t, "{", 1, false);
    for (size_t i = 0; i < dict->n && d->t.rc == 0; i++) {
        if (i) text_add_str(&d->t, d->between);
        new_line(d, depth + 1);
        dump_key(d, dict->pairs[i].key);
        text_add_str(&d->t, d->colon);
        dump_value(d, dict->pairs[i].value, depth + 1);
    }
    if (dict->n) new_line(d, depth);
    text_add(&d->t, "}", 1, false);
}

static void dump_value(struct dump *d, struct value v, unsigned depth)
{
    struct text *t = &d->t;
    if (t->rc < 0 || (t->rc = render_step(t->r, 1)) < 0) return;
    if (depth >= TEMPLATE_VALUE_DEPTH_MAX) {
        t->rc = render_too_deep(t->r);
        return;
    }
    switch (v.kind) {
    case KIND_NONE: text_add_slice(t, SLICE("null"), v.trusted); break;
    case KIND_BOOL: text_add_slice(t, v.boolean ? SLICE("true") : SLICE("false"), v.trusted); break;
    case KIND_INT:
    case KIND_FLOAT: dump_number(d, v); break;
    case KIND_STRING: dump_string(d, v.str); break;
    case KIND_LIST:
    case KIND_TUPLE: dump_list(d, v.list, depth); break;
    case KIND_DICT: dump_dict(d, v.dict, depth); break;
    default: t->rc = render_fail(t->r, "object of type %s is not JSON serializable", value_type(v));
    }
}

/* separators=(", ", ": ") */
static int separators(struct render *r, struct dump *d, struct value v)
{
    const struct list *pair;
    TRY(value_items(r, &pair, v));
    if (pair->n != 2) return render_fail(r, "tojson takes two separators");
    TRY(arg_str(r, &d->between, pair->items[0], "a separator"));
    return arg_str(r, &d->colon, pair->items[1], "a separator");
}

int json_dump(struct render *r, struct value *ret, struct call *c)
{
    static const struct str comma = { .ptr = ",", .len = 1 }, spaced = { .ptr = ", ", .len = 2 },
                            colon = { .ptr = ": ", .len = 2 };
    struct dump d = { .between = &spaced, .colon = &colon };
    struct value blanks;
    int64_t width;
    d.ascii = arg_bool(c->arg[0], false);
    d.sort = arg_bool(c->arg[3], false);
    if (c->arg[1].kind == KIND_STRING) {
        d.indent = c->arg[1].str;
        d.between = &comma;
    } else if (arg_given(c->arg[1])) {
        TRY(arg_int(r, &width, c->arg[1], 0));
        if (width > (int64_t)r->output_max) return render_too_long(r);
        text_init(&d.t, r);
        text_fill(&d.t, ' ', width > 0 ? (size_t)width : 0, false);
        TRY(text_value(&d.t, &blanks));
        d.indent = blanks.str;
        d.between = &comma;
    }
    if (arg_given(c->arg[2])) TRY(separators(r, &d, c->arg[2]));
    text_init(&d.t, r);
    dump_value(&d, c->self, 0);
    return text_value(&d.t, ret);
}

/* "%s" % x and "{}".format(x): what templates use of Python's two ways to format. */
#include "chat/jinja/str.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { FORMAT_WIDTH_MAX = 10000, FORMAT_PRECISION_MAX = 100, FORMAT_NUMBER_MAX = 512 };

struct spec {
    char align;             /* < > ^ = or 0 */
    const struct str *fill; /* NULL: a blank */
    char sign;              /* + - or blank; 0: - */
    bool alternate, zero;
    char group;           /* , or _ or 0 */
    int width, precision; /* precision -1: none */
    char type;            /* 0: none */
};

static int bad_type(struct render *r, char type, struct value v)
{
    return render_fail(r, "the format '%c' is not supported for '%s'", type ? type : '?',
                       value_type(v));
}

/* Groups the digits before the point: 1234567 -> 1,234,567 */
static void group(char *out, const char *digits, char separator)
{
    size_t n = strspn(digits, "0123456789");
    for (size_t i = 0; i < n; i++) {
        if (i && (n - i) % 3 == 0) *out++ = separator;
        *out++ = digits[i];
    }
    memcpy(out, digits + n, strlen(digits + n) + 1);
}

static int int_digits(struct render *r, char out[FORMAT_NUMBER_MAX], uint64_t n, struct value v,
                      const struct spec *s)
{
    char plain[80];
    size_t i = sizeof plain;
    unsigned base = s->type == 'x' || s->type == 'X' ? 16
                    : s->type == 'o'                 ? 8
                    : s->type == 'b'                 ? 2
                                                     : 10;
    if (s->type && !strchr("diuxXobn", s->type)) return bad_type(r, s->type, v);
    plain[--i] = '\0';
    do plain[--i] = (s->type == 'X' ? "0123456789ABCDEF" : "0123456789abcdef")[n % base];
    while (n /= base);
    if (s->alternate && base != 10) {
        plain[--i] = s->type;
        plain[--i] = '0';
    }
    if (s->group && base == 10)
        group(out, plain + i, s->group);
    else
        memcpy(out, plain + i, sizeof plain - i);
    return 0;
}

static int float_digits(struct render *r, char out[FORMAT_NUMBER_MAX], double d, struct value v,
                        const struct spec *s)
{
    char plain[FORMAT_NUMBER_MAX / 2 + 64];
    int precision = s->precision < 0 ? 6 : s->precision;
    if (!s->type && s->precision < 0) {
        float_text(plain, d);
    } else {
        switch (s->type) {
        case '%': (void)snprintf(plain, sizeof plain, "%.*f%%", precision, d * 100); break;
        case 'f':
        case 'F': (void)snprintf(plain, sizeof plain, "%.*f", precision, d); break;
        case 'e': (void)snprintf(plain, sizeof plain, "%.*e", precision, d); break;
        case 'E': (void)snprintf(plain, sizeof plain, "%.*E", precision, d); break;
        case 'g': (void)snprintf(plain, sizeof plain, "%.*g", precision ? precision : 1, d); break;
        case 'G': (void)snprintf(plain, sizeof plain, "%.*G", precision ? precision : 1, d); break;
        default: return bad_type(r, s->type, v);
        }
    }
    if (strlen(plain) + 1 == sizeof plain) return render_fail(r, "a formatted number is too long");
    if (s->group)
        group(out, plain, s->group);
    else
        memcpy(out, plain, strlen(plain) + 1);
    return 0;
}

/* sign, fill, digits in the order that the alignment asks for */
static int lay_out(struct render *r, struct text *t, const struct spec *s, const struct str *sign,
                   const struct str *body, char align)
{
    static const struct str none = { .ptr = "" };
    size_t len = str_chars(body) + (sign ? sign->len : 0);
    size_t extra = (size_t)s->width > len ? (size_t)s->width - len : 0;
    size_t left = align == '<' || align == '=' ? 0 : align == '^' ? extra / 2 : extra;
    size_t inner = align == '=' ? extra : 0, right = extra - left - inner;
    static const struct str zero = { .ptr = "0", .len = 1 };
    const struct str *fill = s->fill ? s->fill : s->zero ? &zero : NULL;
    struct value pad[3];
    TRY(str_pad(r, &pad[0], &none, left, 0, fill));
    TRY(str_pad(r, &pad[1], &none, inner, 0, fill));
    TRY(str_pad(r, &pad[2], &none, right, 0, fill));
    text_add_str(t, pad[0].str);
    if (sign) text_add_str(t, sign);
    text_add_str(t, pad[1].str);
    text_add_str(t, body);
    text_add_str(t, pad[2].str);
    return t->rc;
}

static int format_number(struct render *r, struct text *t, struct value v, const struct spec *s)
{
    char digits[FORMAT_NUMBER_MAX];
    int64_t n = 0;
    bool negative, whole = value_to_int(v, &n);
    if (whole && (!s->type || !strchr("fFeEgG%", s->type))) {
        negative = n < 0;
        TRY(int_digits(r, digits, negative ? 0 - (uint64_t)n : (uint64_t)n, v, s));
    } else {
        double d = value_to_double(v);
        negative = signbit(d) && !isnan(d);
        TRY(float_digits(r, digits, fabs(d), v, s));
    }
    struct str sign = { .ptr = negative ? "-" : s->sign == '+' ? "+" : " ", .trusted = v.trusted };
    sign.len = negative || s->sign == '+' || s->sign == ' ';
    struct str body = { .ptr = digits, .len = strlen(digits), .trusted = v.trusted };
    char align = s->align ? s->align : s->zero ? '=' : '>';
    return lay_out(r, t, s, &sign, &body, align);
}

static int format_text(struct render *r, struct text *t, const struct str *body,
                       const struct spec *s)
{
    const struct str *shown = body;
    if (s->align == '=' || s->sign || s->alternate || s->group)
        return render_fail(r, "this format is not allowed for text");
    if (s->precision >= 0) TRY(str_sub(r, &shown, body, 0, str_offset(body, (size_t)s->precision)));
    return lay_out(r, t, s, NULL, shown, s->align ? s->align : '<');
}

static bool read_int(const struct str *f, size_t *pos, int *ret)
{
    bool any = false;
    for (*ret = 0; *pos < f->len && f->ptr[*pos] >= '0' && f->ptr[*pos] <= '9'; ++*pos) {
        *ret = *ret < FORMAT_WIDTH_MAX ? 10 * *ret + (f->ptr[*pos] - '0') : FORMAT_WIDTH_MAX + 1;
        any = true;
    }
    return any;
}

static int check_sizes(struct render *r, const struct spec *s)
{
    if (s->width > FORMAT_WIDTH_MAX || s->precision > FORMAT_PRECISION_MAX)
        return render_fail(r, "a width over %d or a precision over %d", FORMAT_WIDTH_MAX,
                           FORMAT_PRECISION_MAX);
    return 0;
}

/* [flags][width][.precision][length]type behind a %; *pos moves behind it. */
static int read_percent(struct render *r, struct spec *s, const struct str *f, size_t *pos)
{
    *s = (struct spec){ .precision = -1 };
    for (; *pos < f->len && f->ptr[*pos] && strchr("-+ #0", f->ptr[*pos]); ++*pos) {
        char c = f->ptr[*pos];
        if (c == '-') s->align = '<';
        if (c == '+' || (c == ' ' && !s->sign)) s->sign = c;
        if (c == '#') s->alternate = true;
        if (c == '0') s->zero = true;
    }
    (void)read_int(f, pos, &s->width); /* None is 0. */
    if (*pos < f->len && f->ptr[*pos] == '.') {
        ++*pos;
        (void)read_int(f, pos, &s->precision); /* None is 0. */
    }
    while (*pos < f->len && f->ptr[*pos] && strchr("hlL", f->ptr[*pos])) ++*pos;
    if (*pos == f->len) return render_fail(r, "incomplete format");
    s->type = f->ptr[(*pos)++];
    if (s->align == '<') s->zero = false;
    return check_sizes(r, s);
}

static int percent_value(struct render *r, struct text *t, struct value v, struct spec *s)
{
    const struct str *body;
    if (s->type == 's' || s->type == 'r') {
        TRY(s->type == 's' ? value_str(r, &body, v) : value_repr(r, &body, v));
        s->zero = s->alternate = false;
        s->sign = 0;
        if (!s->align) s->align = '>';
        return format_text(r, t, body, s);
    }
    if (!strchr("diuxXoeEfFgG", s->type)) return bad_type(r, s->type, v);
    if (v.kind == KIND_UNDEFINED) return render_undefined(r, v);
    if (!value_is_number(v)) return bad_type(r, s->type, v);
    if (v.kind == KIND_FLOAT && strchr("diu", s->type)) {
        if (!(fabs(v.real) < 9.2e18)) return bad_type(r, s->type, v);
        v = (struct value){ .kind = KIND_INT, .trusted = v.trusted, .integer = (int64_t)v.real };
    }
    if (strchr("diu", s->type) && s->precision >= 0)
        return render_fail(r, "a precision for whole numbers is not supported");
    return format_number(r, t, v, s);
}

/* The value for one conversion: the next of a tuple, the only one, or a dict's by (name). */
static int percent_arg(struct render *r, struct value *ret, struct value args, const struct str *f,
                       size_t *pos)
{
    if (*pos < f->len && f->ptr[*pos] == '(') {
        size_t end = str_find(str_slice(f), SLICE(")"), *pos);
        struct value key;
        if (end == SIZE_MAX) return render_fail(r, "incomplete format key");
        if (args.kind != KIND_DICT) return render_fail(r, "format requires a mapping");
        TRY(value_string(r, &key, (struct slice){ f->ptr + *pos + 1, end - *pos - 1 }, false));
        *pos = end + 1;
        const struct value *found;
        TRY(dict_get(r, args.dict, key, &found));
        if (!found) return render_fail(r, "format key not found");
        *ret = *found;
        return 1;
    }
    return 0;
}

int str_format_percent(struct render *r, struct value *ret, const struct str *f, struct value args)
{
    struct list one = { .items = &args, .n = 1 };
    const struct list *list = args.kind == KIND_TUPLE ? args.list : &one;
    struct text t;
    size_t next = 0, done = 0;
    if (f->markup) return render_fail(r, "%% of escaped text is not supported");
    text_init(&t, r);
    for (size_t pos = 0; pos < f->len && t.rc == 0;) {
        if (f->ptr[pos++] != '%') continue;
        struct value v = { 0 };
        struct spec s;
        text_add_sub(&t, f, done, pos - 1);
        TRY(render_step(r, 1));
        int keyed = percent_arg(r, &v, args, f, &pos);
        if (keyed < 0) return keyed;
        TRY(read_percent(r, &s, f, &pos));
        if (s.type == '%') {
            text_add(&t, "%", 1, str_is_trusted(f, pos - 1, pos));
        } else {
            if (!keyed && next == list->n)
                return render_fail(r, "not enough arguments for format string");
            TRY(percent_value(r, &t, keyed ? v : list->items[next++], &s));
        }
        done = pos;
    }
    text_add_sub(&t, f, done, f->len);
    if (next < list->n && args.kind != KIND_DICT && args.kind != KIND_LIST)
        return render_fail(r, "not all arguments converted during string formatting");
    return text_value(&t, ret);
}

/* [[fill]align][sign][#][0][width][grouping][.precision][type] */
static int read_braces(struct render *r, struct spec *s, const struct str *f)
{
    size_t pos = 0, second = 0;
    *s = (struct spec){ .precision = -1 };
    if (f->len) (void)str_next(f, &second); /* Only its length is wanted. */
    if (second && second < f->len && strchr("<>^=", f->ptr[second])) {
        TRY(str_sub(r, &s->fill, f, 0, second));
        s->align = f->ptr[second];
        pos = second + 1;
    } else if (f->len && f->ptr[0] && strchr("<>^=", f->ptr[0])) {
        s->align = f->ptr[pos++];
    }
    if (pos < f->len && f->ptr[pos] && strchr("+- ", f->ptr[pos])) s->sign = f->ptr[pos++];
    if (pos < f->len && f->ptr[pos] == '#') s->alternate = pos++ < f->len;
    if (pos < f->len && f->ptr[pos] == '0') s->zero = pos++ < f->len;
    (void)read_int(f, &pos, &s->width); /* None is 0. */
    if (pos < f->len && (f->ptr[pos] == ',' || f->ptr[pos] == '_')) s->group = f->ptr[pos++];
    if (pos < f->len && f->ptr[pos] == '.') {
        pos++;
        if (!read_int(f, &pos, &s->precision))
            return render_fail(r, "format specifier missing precision");
    }
    if (pos < f->len) s->type = f->ptr[pos++];
    if (pos < f->len) return render_fail(r, "invalid format specifier");
    return check_sizes(r, s);
}

static int format_value(struct render *r, struct text *t, struct value v, const struct str *f)
{
    const struct str *body;
    struct spec s;
    if (f->len == 0) {
        text_add_value(t, v);
        return t->rc;
    }
    TRY(read_braces(r, &s, f));
    if (v.kind == KIND_STRING && (!s.type || s.type == 's')) {
        TRY(value_str(r, &body, v));
        return format_text(r, t, body, &s);
    }
    if (value_is_number(v) && s.type != 's') {
        if (!s.type && (v.kind == KIND_BOOL || s.precision >= 0)) return bad_type(r, s.type, v);
        return format_number(r, t, v, &s);
    }
    return bad_type(r, s.type, v);
}

/* 0.name[key] of a replacement field. */
static int field_value(struct render *r, struct value *ret, struct slice name,
                       const struct args *args, int64_t *automatic)
{
    size_t first = 0;
    int64_t n;
    while (first < name.len && name.ptr[first] != '.' && name.ptr[first] != '[') first++;
    struct slice head = { name.ptr, first };
    bool number = head.len == 0 ||
                  (head.ptr[0] >= '0' && head.ptr[0] <= '9' && slice_to_i64(&n, head));
    if (head.len == 0) {
        if (*automatic < 0) return render_fail(r, "numbered and automatic fields are mixed");
        n = (*automatic)++;
    } else if (number) {
        if (*automatic > 0) return render_fail(r, "numbered and automatic fields are mixed");
        *automatic = -1;
    }
    *ret = (struct value){ 0 };
    for (size_t i = 0; !number && i < args->n_kw; i++)
        if (slice_eq(str_slice(args->kw[i].name.str), head)) *ret = args->kw[i].value;
    if (number && (uint64_t)n < args->n_pos) *ret = args->pos[n];
    if (ret->kind == KIND_MISSING)
        return render_fail(r, "format has no argument '%.*s'", SLICE_FMT(head));
    for (size_t i = first; i < name.len;) {
        bool item = name.ptr[i++] == '[';
        size_t end = i;
        while (end < name.len && (item ? name.ptr[end] != ']' : !strchr(".[", name.ptr[end])))
            end++;
        struct slice part = { name.ptr + i, end - i };
        if (part.len == 0 || (item && end == name.len))
            return render_fail(r, "malformed format field");
        struct value index;
        if (!item) {
            TRY(value_attr(r, ret, *ret, part));
        } else if (part.ptr[0] >= '0' && part.ptr[0] <= '9' && slice_to_i64(&n, part)) {
            TRY(value_item(r, ret, *ret, value_int(n)));
        } else {
            TRY(value_string(r, &index, part, false));
            TRY(value_item(r, ret, *ret, index));
        }
        i = end + item;
    }
    return 0;
}

/* {name!r:spec} between its braces */
static int format_field(struct render *r, struct text *t, const struct str *field,
                        const struct args *args, int64_t *automatic)
{
    struct slice all = str_slice(field);
    size_t name_end = 0, spec = field->len;
    const struct str *format, *shown;
    struct value v;
    while (name_end < all.len && all.ptr[name_end] != '!' && all.ptr[name_end] != ':') name_end++;
    char conversion = 0;
    if (name_end < all.len && all.ptr[name_end] == '!') {
        if (name_end + 1 == all.len) return render_fail(r, "malformed format field");
        conversion = all.ptr[name_end + 1];
        spec = name_end + 2;
        if (spec < all.len && all.ptr[spec] != ':') return render_fail(r, "malformed format field");
    } else {
        spec = name_end;
    }
    if (spec < all.len) spec++;
    TRY(field_value(r, &v, (struct slice){ all.ptr, name_end }, args, automatic));
    if (conversion == 'r' || conversion == 's') {
        TRY(conversion == 'r' ? value_repr(r, &shown, v) : value_str(r, &shown, v));
        v = value_of_str(shown);
    } else if (conversion) {
        return render_fail(r, "the conversion !%c is not supported", conversion);
    }
    TRY(str_sub(r, &format, field, spec, field->len));
    if (memchr(format->ptr, '{', format->len))
        return render_fail(r, "a field within a format is not supported");
    return format_value(r, t, v, format);
}

int str_format_braces(struct render *r, struct value *ret, const struct str *f,
                      const struct args *args)
{
    struct text t;
    size_t done = 0;
    int64_t automatic = 0;
    text_init(&t, r);
    for (size_t pos = 0; pos < f->len && t.rc == 0;) {
        char c = f->ptr[pos++];
        if (c != '{' && c != '}') continue;
        text_add_sub(&t, f, done, pos - 1);
        TRY(render_step(r, 1));
        if (pos < f->len && f->ptr[pos] == c) {
            text_add_sub(&t, f, pos, pos + 1);
            done = ++pos;
            continue;
        }
        if (c == '}') return render_fail(r, "single '}' encountered in format string");
        size_t end = pos;
        for (int depth = 1; end < f->len; end++) {
            depth += (f->ptr[end] == '{') - (f->ptr[end] == '}');
            if (depth == 0) break;
        }
        if (end >= f->len) return render_fail(r, "expected '}' before end of string");
        const struct str *field;
        TRY(str_sub(r, &field, f, pos, end));
        TRY(format_field(r, &t, field, args, &automatic));
        done = pos = end + 1;
    }
    text_add_sub(&t, f, done, f->len);
    return text_value(&t, ret);
}

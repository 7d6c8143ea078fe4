/* Filters that give a number, and Python's reading of numbers. */
#include "chat/jinja/builtin.h"

#include "chat/jinja/unicode.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define FILTER(name) static int name(struct render *r, struct value *ret, struct call *c)

static struct slice trim(struct slice s)
{
    struct str whole = { .ptr = s.ptr, .len = s.len };
    size_t from = 0, to = s.len;
    for (size_t pos = 0; pos < to && unicode_is_space(str_next(&whole, &pos));) from = pos;
    while (to > from) {
        size_t at = to - 1;
        while (at > from && ((unsigned char)s.ptr[at] & 0xC0) == 0x80) at--;
        size_t pos = at;
        if (!unicode_is_space(str_next(&whole, &pos))) break;
        to = at;
    }
    return (struct slice){ s.ptr + from, to - from };
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if ((c | 32) >= 'a' && (c | 32) <= 'z') return (c | 32) - 'a' + 10;
    return 99;
}

/* Takes off "0x" and the like; *base 0 means by that prefix. */
static bool take_prefix(struct slice *s, int *base)
{
    char kind = s->len > 1 && s->ptr[0] == '0' ? (char)(s->ptr[1] | 32) : 0;
    int of = kind == 'x' ? 16 : kind == 'o' ? 8 : kind == 'b' ? 2 : 0;
    bool zero_led = s->len > 1 && s->ptr[0] == '0';
    if (of && (*base == 0 || *base == of)) {
        *base = of;
        s->ptr += 2;
        s->len -= 2;
        if (s->len && s->ptr[0] == '_') s->ptr++, s->len--;
    } else if (*base == 0) {
        *base = 10;
        for (size_t i = 0; zero_led && i < s->len; i++) /* 012 is no number, 000 is. */
            if (s->ptr[i] != '0' && s->ptr[i] != '_') return false;
    }
    return true;
}

bool text_to_int(struct slice s, int base, int64_t *ret, bool *over)
{
    bool negative;
    int64_t n = 0;
    *over = false;
    s = trim(s);
    negative = s.len && s.ptr[0] == '-';
    if (s.len && (s.ptr[0] == '-' || s.ptr[0] == '+')) s.ptr++, s.len--;
    if (!take_prefix(&s, &base) || s.len == 0) return false;
    bool after_digit = false;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '_') {
            if (!after_digit || i + 1 == s.len) return false;
            after_digit = false;
            continue;
        }
        int digit = digit_of(s.ptr[i]);
        if (digit >= base) return false;
        after_digit = true;
        if (!*over && (__builtin_mul_overflow(n, base, &n) ||
                       __builtin_sub_overflow(n, digit, &n))) /* Negative: holds -2^63 too. */
            *over = true;
    }
    if (!negative && __builtin_sub_overflow(0, n, &n)) *over = true;
    *ret = n;
    return !*over;
}

bool text_to_double(struct slice s, double *ret)
{
    char copy[512];
    size_t len = 0;
    s = trim(s);
    bool digit = false;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (c == '_') {
            if (!digit || i + 1 == s.len || digit_of(s.ptr[i + 1]) > 9) return false;
            continue;
        }
        digit = c >= '0' && c <= '9';
        if (!c || !strchr("0123456789+-.eEinfatyINFATY", c) || len + 1 == sizeof copy) return false;
        copy[len++] = c;
    }
    copy[len] = '\0';
    char *end;
    if (len == 0) return false;
    *ret = strtod(copy, &end);
    return *end == '\0' && !strchr(copy, '(');
}

/* int(double), refusing what has more than 64 bits. */
static int truncated(struct render *r, struct value *ret, double d)
{
    if (!(fabs(d) < 9.2e18)) return render_fail(r, "a whole number of more than 64 bits");
    *ret = value_int((int64_t)d);
    return 0;
}

FILTER(int_)
{
    struct value v = c->self;
    int64_t base, n;
    bool over;
    double d;
    if (v.kind == KIND_UNDEFINED) return render_undefined(r, v);
    TRY(arg_int(r, &base, c->arg[1], 10));
    *ret = c->arg[0].kind == KIND_MISSING ? value_int(0) : c->arg[0];
    if (value_to_int(v, &n)) {
        *ret = value_int(n);
        ret->trusted = v.trusted;
    } else if (v.kind == KIND_FLOAT) {
        if (!isnan(v.real) && !isinf(v.real)) return truncated(r, ret, v.real);
        if (isinf(v.real)) return render_fail(r, "cannot convert float infinity to integer");
    } else if (v.kind == KIND_STRING) {
        TRY(render_step_bytes(r, v.str->len));
        if (base != 0 && (base < 2 || base > 36)) base = 1; /* Python fails, then reads a float. */
        if (text_to_int(str_slice(v.str), (int)base, &n, &over)) {
            *ret = value_int(n);
            ret->trusted = v.str->trusted;
        } else if (over) {
            return render_fail(r, "a whole number of more than 64 bits");
        } else if (text_to_double(str_slice(v.str), &d) && isfinite(d)) {
            return truncated(r, ret, d);
        }
    }
    return 0;
}

FILTER(float_)
{
    struct value v = c->self;
    double d;
    if (v.kind == KIND_UNDEFINED) return render_undefined(r, v);
    *ret = c->arg[0].kind == KIND_MISSING ? value_float(0) : c->arg[0];
    if (value_is_number(v)) {
        *ret = value_float(value_to_double(v));
        ret->trusted = v.trusted;
    } else if (v.kind == KIND_STRING) {
        TRY(render_step_bytes(r, v.str->len));
        if (text_to_double(str_slice(v.str), &d)) *ret = value_float(d);
        ret->trusted = v.str->trusted;
    }
    return 0;
}

FILTER(abs_)
{
    struct value v = c->self;
    if (v.kind == KIND_UNDEFINED) return render_undefined(r, v);
    if (!value_is_number(v))
        return render_fail(r, "bad operand type for abs(): '%s'", value_type(v));
    if (v.kind == KIND_FLOAT)
        *ret = value_float(fabs(v.real));
    else if (v.kind == KIND_INT && v.integer < 0)
        TRY(value_negate(r, ret, v));
    else
        *ret = value_int(v.kind == KIND_INT ? v.integer : v.boolean);
    ret->trusted = v.trusted;
    return 0;
}

/* Half to even at a digit before the point, as Python's round(n, -digits). */
static int round_int(struct render *r, struct value *ret, int64_t n, int64_t precision)
{
    int64_t unit = 1;
    *ret = value_int(n);
    if (precision >= 0) return 0;
    for (; precision < 0; precision++)
        if (unit > INT64_MAX / 20) {
            *ret = value_int(0);
            return 0;
        } else {
            unit *= 10;
        }
    int64_t rest = n % unit, down;
    if (rest < 0) rest += unit;
    if (__builtin_sub_overflow(n, rest, &down))
        return render_fail(r, "a whole number of more than 64 bits");
    bool up = rest > unit / 2 || (rest == unit / 2 && down / unit % 2 != 0);
    if (__builtin_add_overflow(down, up ? unit : 0, &down))
        return render_fail(r, "a whole number of more than 64 bits");
    *ret = value_int(down);
    return 0;
}

/* Correctly rounded in decimal: printing does that, half to even on the exact value. */
static double round_double(double d, int64_t precision)
{
    char text[512];
    if (!isfinite(d) || precision > 320) return d;
    if (precision >= 0) {
        (void)snprintf(text, sizeof text, "%.*f", precision > 100 ? 100 : (int)precision, d);
        return strtod(text, NULL);
    }
    if (precision < -308) return copysign(0, d);
    double unit = pow(10, (double)-precision), q = nearbyint(d / unit);
    return q * unit;
}

FILTER(round_)
{
    struct value v = c->self;
    const struct str *method;
    int64_t precision, n;
    struct slice how = SLICE("common");
    if (v.kind == KIND_UNDEFINED) return render_undefined(r, v);
    TRY(arg_int(r, &precision, c->arg[0], 0));
    if (c->arg[1].kind != KIND_MISSING) {
        TRY(arg_str(r, &method, c->arg[1], "the method of round"));
        how = str_slice(method);
    }
    if (!value_is_number(v))
        return render_fail(r, "type %s doesn't define __round__ method", value_type(v));
    if (slice_is(how, "common")) {
        if (value_to_int(v, &n)) return round_int(r, ret, n, precision);
        *ret = value_float(round_double(v.real, precision));
        return 0;
    }
    if (!slice_is(how, "ceil") && !slice_is(how, "floor"))
        return render_fail(r, "method must be common, ceil or floor");
    struct value ten = value_int(10), unit, scaled, whole;
    TRY(value_arith(r, &unit, 'p', ten, value_int(precision)));
    TRY(value_arith(r, &scaled, '*', v, unit));
    double d = value_to_double(scaled);
    TRY(truncated(r, &whole, slice_is(how, "ceil") ? ceil(d) : floor(d)));
    return value_arith(r, ret, '/', whole, unit);
}

FILTER(sum)
{
    const struct list *items;
    struct value item, total = c->arg[1].kind == KIND_MISSING ? value_int(0) : c->arg[1];
    if (total.kind == KIND_STRING) return render_fail(r, "sum() can't sum strings");
    TRY(value_items(r, &items, c->self));
    for (size_t i = 0; i < items->n; i++) {
        TRY(render_step(r, 1));
        TRY(value_path(r, &item, items->items[i], c->arg[0]));
        TRY(value_arith(r, &total, '+', total, item));
    }
    *ret = total;
    return 0;
}

const struct builtin filters_number[] = {
    { "abs", abs_ },
    { "float", float_, { "default" } },
    { "int", int_, { "default", "base" } },
    { "round", round_, { "precision", "method" } },
    { "sum", sum, { "attribute", "start" } },
    { 0 },
};

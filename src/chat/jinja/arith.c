/* Operators of Python on numbers, strings and lists. Whole numbers are 64-bit; what does not fit is
 * an error. */
#include "chat/jinja/builtin.h"

#include <math.h>

static int overflow(struct render *r)
{
    return render_fail(r, "a whole number of more than 64 bits");
}

static int unsupported(struct render *r, char op, struct value a, struct value b)
{
    const char shown[3] = { op == 'i'   ? '/'
                            : op == 'p' ? '*'
                                        : op,
                            op == 'i'   ? '/'
                            : op == 'p' ? '*'
                                        : '\0' };
    if (a.kind == KIND_UNDEFINED) return render_undefined(r, a);
    if (b.kind == KIND_UNDEFINED) return render_undefined(r, b);
    return render_fail(r, "unsupported operand types for %s: '%s' and '%s'", shown, value_type(a),
                       value_type(b));
}

static int int_power(struct render *r, int64_t *ret, int64_t base, int64_t exponent)
{
    int64_t result = 1;
    while (exponent > 0) {
        if (exponent & 1 && __builtin_mul_overflow(result, base, &result)) return overflow(r);
        exponent >>= 1;
        if (exponent && __builtin_mul_overflow(base, base, &base)) {
            /* Only 0, 1 and -1 would have survived, and those do not overflow. */
            return overflow(r);
        }
    }
    *ret = result;
    return 0;
}

static int int_arith(struct render *r, struct value *ret, char op, int64_t a, int64_t b)
{
    int64_t n = 0;
    bool over = false;
    if (strchr("/i%", op) && b == 0) return render_fail(r, "division by zero");
    switch (op) {
    case '+': over = __builtin_add_overflow(a, b, &n); break;
    case '-': over = __builtin_sub_overflow(a, b, &n); break;
    case '*': over = __builtin_mul_overflow(a, b, &n); break;
    case '/': *ret = value_float((double)a / (double)b); return 0;
    case 'i':
        if (b == -1) {
            over = __builtin_sub_overflow(0, a, &n);
        } else {
            n = a / b;
            if (a % b != 0 && (a < 0) != (b < 0)) n--;
        }
        break;
    case '%':
        n = b == -1 ? 0 : a % b;
        if (n != 0 && (n < 0) != (b < 0)) n += b;
        break;
    default:
        if (b < 0) {
            if (a == 0) return render_fail(r, "0 cannot be raised to a negative power");
            *ret = value_float(pow((double)a, (double)b));
            return 0;
        }
        TRY(int_power(r, &n, a, b));
    }
    if (over) return overflow(r);
    *ret = value_int(n);
    return 0;
}

static double float_mod(double a, double b)
{
    double m = fmod(a, b);
    if (m == 0) return copysign(0, b);
    return (m < 0) != (b < 0) ? m + b : m;
}

/* As CPython: from the remainder, so that // and % agree. */
static double float_floordiv(double a, double b)
{
    double m = fmod(a, b), div = (a - m) / b;
    if (m != 0 && (b < 0) != (m < 0)) div -= 1;
    if (div == 0) return copysign(0, a / b);
    double floored = floor(div);
    return div - floored > 0.5 ? floored + 1 : floored;
}

static int float_arith(struct render *r, struct value *ret, char op, double a, double b)
{
    if (strchr("/i%", op) && b == 0) return render_fail(r, "float division by zero");
    double d = 0;
    switch (op) {
    case '+': d = a + b; break;
    case '-': d = a - b; break;
    case '*': d = a * b; break;
    case '/': d = a / b; break;
    case 'i': d = float_floordiv(a, b); break;
    case '%': d = float_mod(a, b); break;
    default:
        if (a == 0 && b < 0) return render_fail(r, "0.0 cannot be raised to a negative power");
        if (a < 0 && isfinite(b) && b != floor(b))
            return render_fail(r, "complex numbers are not supported");
        d = pow(a, b);
        if (isinf(d) && isfinite(a) && isfinite(b)) return render_fail(r, "a power is too large");
    }
    *ret = value_float(d);
    return 0;
}

static int add_strings(struct render *r, struct value *ret, const struct str *a,
                       const struct str *b)
{
    bool markup = a->markup || b->markup;
    struct value escaped;
    struct text t;
    if (markup) { /* Text that is no markup is escaped when it is added to markup. */
        TRY(str_escape(r, &escaped, a));
        a = escaped.str;
        TRY(str_escape(r, &escaped, b));
        b = escaped.str;
    }
    text_init(&t, r);
    text_add_str(&t, a);
    text_add_str(&t, b);
    TRY(text_value(&t, ret));
    if (markup) return str_mark(r, ret, ret->str);
    return 0;
}

static int add_lists(struct render *r, struct value *ret, struct value a, struct value b)
{
    TRY(render_step(r, (a.list->n + b.list->n) / 8));
    TRY(value_list(r, ret, (enum value_kind)a.kind, a.list->n + b.list->n));
    if (a.list->n) memcpy(ret->list->items, a.list->items, a.list->n * sizeof *a.list->items);
    if (b.list->n)
        memcpy(ret->list->items + a.list->n, b.list->items, b.list->n * sizeof *b.list->items);
    return 0;
}

static int repeat(struct render *r, struct value *ret, struct value what, int64_t times)
{
    if (times < 0) times = 0;
    if (what.kind == KIND_STRING) {
        struct text t;
        size_t len = what.str->len;
        if (len && (uint64_t)times > r->output_max / len) return render_too_long(r);
        text_init(&t, r);
        for (int64_t i = 0; len && i < times && t.rc == 0; i++) {
            text_add_str(&t, what.str);
            if (i % 16 == 0 && t.rc == 0) t.rc = render_step(r, 1);
        }
        return text_value(&t, ret);
    }
    size_t n = what.list->n;
    if (n && (uint64_t)times > TEMPLATE_ITEMS_MAX / n) return render_too_many(r);
    TRY(render_step(r, n * (uint64_t)times / 8));
    TRY(value_list(r, ret, (enum value_kind)what.kind, n * (size_t)times));
    for (size_t i = 0; i < ret->list->n; i++) ret->list->items[i] = what.list->items[i % n];
    return 0;
}

static bool is_sequence(struct value v)
{
    return v.kind == KIND_STRING || v.kind == KIND_LIST || v.kind == KIND_TUPLE;
}

int value_arith(struct render *r, struct value *ret, char op, struct value a, struct value b)
{
    int64_t x, y;
    if (value_is_number(a) && value_is_number(b)) {
        if (value_to_int(a, &x) && value_to_int(b, &y))
            TRY(int_arith(r, ret, op, x, y));
        else
            TRY(float_arith(r, ret, op, value_to_double(a), value_to_double(b)));
        ret->trusted = a.trusted && b.trusted;
        return 0;
    }
    if (op == '%' && a.kind == KIND_STRING) return str_format_percent(r, ret, a.str, b);
    if (op == '+' && a.kind == b.kind && is_sequence(a))
        return a.kind == KIND_STRING ? add_strings(r, ret, a.str, b.str) : add_lists(r, ret, a, b);
    if (op == '*' && is_sequence(a) && value_to_int(b, &y)) return repeat(r, ret, a, y);
    if (op == '*' && is_sequence(b) && value_to_int(a, &x)) return repeat(r, ret, b, x);
    return unsupported(r, op, a, b);
}

int value_negate(struct render *r, struct value *ret, struct value v)
{
    int64_t n;
    if (v.kind == KIND_UNDEFINED) return render_undefined(r, v);
    if (v.kind == KIND_FLOAT)
        *ret = value_float(-v.real);
    else if (!value_to_int(v, &n))
        return render_fail(r, "bad operand type for unary -: '%s'", value_type(v));
    else if (__builtin_sub_overflow(0, n, &n))
        return overflow(r);
    else
        *ret = value_int(n);
    ret->trusted = v.trusted;
    return 0;
}

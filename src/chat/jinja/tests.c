/* What may follow `is`. */
#include "chat/jinja/builtin.h"
#include "chat/jinja/unicode.h"

#include <math.h>

#define TEST(name) static int name(struct render *r, struct value *ret, struct call *c)
/* A test that only looks at its subject and cannot fail. */
#define PLAIN_TEST(name, condition)   \
    TEST(name)                        \
    {                                 \
        (void)r;                      \
        struct value v = c->self;     \
        *ret = value_bool(condition); \
        return 0;                     \
    }

static bool is_callable(struct value v)
{
    /* jinja2's undefined has a __call__, which only raises. */
    return v.kind == KIND_FUNCTION || v.kind == KIND_MACRO || v.kind == KIND_LOOP ||
           v.kind == KIND_JOINER || v.kind == KIND_UNDEFINED;
}

static bool is_sequence(struct value v)
{
    size_t n;
    return value_len(v, &n) && v.kind != KIND_VIEW;
}

PLAIN_TEST(test_defined, v.kind != KIND_UNDEFINED)
PLAIN_TEST(test_undefined, v.kind == KIND_UNDEFINED)
PLAIN_TEST(test_none, v.kind == KIND_NONE)
PLAIN_TEST(test_boolean, v.kind == KIND_BOOL)
PLAIN_TEST(test_true, v.kind == KIND_BOOL && v.boolean)
PLAIN_TEST(test_false, v.kind == KIND_BOOL && !v.boolean)
PLAIN_TEST(test_integer, v.kind == KIND_INT)
PLAIN_TEST(test_float, v.kind == KIND_FLOAT)
PLAIN_TEST(test_number, value_is_number(v))
PLAIN_TEST(test_string, v.kind == KIND_STRING)
PLAIN_TEST(test_mapping, v.kind == KIND_DICT)
PLAIN_TEST(test_iterable, value_is_iterable(v))
PLAIN_TEST(test_sequence, is_sequence(v))
PLAIN_TEST(test_callable, is_callable(v))
PLAIN_TEST(test_escaped, v.kind == KIND_STRING && v.str->markup)
PLAIN_TEST(test_sameas, value_same(v, c->arg[0]))

TEST(test_filter)
{
    const struct str *name;
    TRY(arg_str(r, &name, c->self, "a filter's name"));
    *ret = value_bool(builtin_filter(str_slice(name)) ||
                      builtin_filter_is_refused(str_slice(name)));
    return 0;
}

TEST(test_test)
{
    const struct str *name;
    TRY(arg_str(r, &name, c->self, "a test's name"));
    *ret = value_bool(builtin_test(str_slice(name)));
    return 0;
}

/* Whether all letters have one case, and there is one. */
static int one_case(struct render *r, struct value *ret, struct call *c, bool upper)
{
    const struct str *s;
    bool any = false, all = true;
    TRY(value_str(r, &s, c->self));
    TRY(render_step_chars(r, s->len / 4));
    for (size_t pos = 0; pos < s->len;) {
        uint32_t code = str_next(s, &pos);
        if (!unicode_is_cased(code)) continue;
        any = true;
        all &= upper ? unicode_is_upper(code) : unicode_is_lower(code);
    }
    *ret = value_bool(any && all);
    return 0;
}

TEST(test_lower)
{
    return one_case(r, ret, c, false);
}

TEST(test_upper)
{
    return one_case(r, ret, c, true);
}

/* self % divisor == expected */
static int remainder_is(struct render *r, struct value *ret, struct call *c, struct value divisor,
                        int64_t expected)
{
    struct value left;
    bool same;
    TRY(value_arith(r, &left, '%', c->self, divisor));
    TRY(value_eq(r, &same, left, value_int(expected)));
    *ret = value_bool(same);
    return 0;
}

TEST(test_odd)
{
    return remainder_is(r, ret, c, value_int(2), 1);
}

TEST(test_even)
{
    return remainder_is(r, ret, c, value_int(2), 0);
}

TEST(test_divisibleby)
{
    return remainder_is(r, ret, c, c->arg[0], 0);
}

TEST(test_in)
{
    bool found;
    TRY(value_contains(r, &found, c->arg[0], c->self));
    *ret = value_bool(found);
    return 0;
}

TEST(test_eq)
{
    bool same;
    TRY(value_eq(r, &same, c->self, c->arg[0]));
    *ret = value_bool(same);
    return 0;
}

TEST(test_ne)
{
    TRY(test_eq(r, ret, c));
    ret->boolean = !ret->boolean;
    return 0;
}

TEST(test_lt)
{
    int order;
    TRY(value_compare(r, &order, c->self, c->arg[0], "<"));
    *ret = value_bool(order < 0);
    return 0;
}

TEST(test_le)
{
    int order;
    TRY(value_compare(r, &order, c->self, c->arg[0], "<="));
    *ret = value_bool(order <= 0);
    return 0;
}

TEST(test_gt)
{
    int order;
    TRY(value_compare(r, &order, c->self, c->arg[0], ">"));
    *ret = value_bool(order > 0);
    return 0;
}

TEST(test_ge)
{
    int order;
    TRY(value_compare(r, &order, c->self, c->arg[0], ">="));
    *ret = value_bool(order >= 0);
    return 0;
}

const struct builtin tests_all[] = {
    { "boolean", test_boolean },
    { "callable", test_callable },
    { "defined", test_defined },
    { "divisibleby", test_divisibleby, { "num" }, 1 },
    { "eq", test_eq, { "" }, 1 },
    { "equalto", test_eq, { "" }, 1 },
    { "==", test_eq, { "" }, 1 },
    { "escaped", test_escaped },
    { "even", test_even },
    { "false", test_false },
    { "filter", test_filter },
    { "float", test_float },
    { "ge", test_ge, { "" }, 1 },
    { ">=", test_ge, { "" }, 1 },
    { "gt", test_gt, { "" }, 1 },
    { "greaterthan", test_gt, { "" }, 1 },
    { ">", test_gt, { "" }, 1 },
    { "in", test_in, { "seq" }, 1 },
    { "integer", test_integer },
    { "iterable", test_iterable },
    { "le", test_le, { "" }, 1 },
    { "<=", test_le, { "" }, 1 },
    { "lower", test_lower },
    { "lt", test_lt, { "" }, 1 },
    { "lessthan", test_lt, { "" }, 1 },
    { "<", test_lt, { "" }, 1 },
    { "mapping", test_mapping },
    { "ne", test_ne, { "" }, 1 },
    { "!=", test_ne, { "" }, 1 },
    { "none", test_none },
    { "number", test_number },
    { "odd", test_odd },
    { "sameas", test_sameas, { "other" }, 1 },
    { "sequence", test_sequence },
    { "string", test_string },
    { "test", test_test },
    { "true", test_true },
    { "undefined", test_undefined },
    { "upper", test_upper },
    { 0 },
};

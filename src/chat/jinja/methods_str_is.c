/* Methods of strings that ask what they consist of. */
#include "chat/jinja/str.h"

#define METHOD(name) static int name(struct render *r, struct value *ret, struct call *c)

/* Whether all characters are of a class; an empty string gives `empty`. */
static int all(struct render *r, struct value *ret, struct call *c, bool (*is)(uint32_t),
               bool empty)
{
    const struct str *s = c->self.str;
    bool holds = s->len > 0 || empty;
    TRY(render_step_chars(r, s->len / 4));
    for (size_t pos = 0; holds && pos < s->len;) holds = is(str_next(s, &pos));
    *ret = value_bool(holds);
    return 0;
}

static bool is_ascii(uint32_t c)
{
    return c < 0x80;
}

static bool is_alnum(uint32_t c)
{
    return unicode_is_alpha(c) || unicode_is_numeric(c);
}

METHOD(is_alnum_)
{
    return all(r, ret, c, is_alnum, false);
}

METHOD(is_alpha_)
{
    return all(r, ret, c, unicode_is_alpha, false);
}

METHOD(is_ascii_)
{
    return all(r, ret, c, is_ascii, true);
}

METHOD(is_decimal_)
{
    return all(r, ret, c, unicode_is_decimal, false);
}

METHOD(is_digit_)
{
    return all(r, ret, c, unicode_is_digit, false);
}

METHOD(is_numeric_)
{
    return all(r, ret, c, unicode_is_numeric, false);
}

METHOD(is_printable_)
{
    return all(r, ret, c, unicode_is_printable, true);
}

METHOD(is_space_)
{
    return all(r, ret, c, unicode_is_space, false);
}

METHOD(is_identifier_)
{
    const struct str *s = c->self.str;
    size_t pos = 0;
    uint32_t first = s->len ? str_next(s, &pos) : 0;
    TRY(all(r, ret, c, unicode_is_word, false));
    ret->boolean = ret->boolean && (first == '_' || unicode_is_alpha(first));
    return 0;
}

static int test_by(struct render *r, struct value *ret, struct call *c, const char *name)
{
    struct args none = { 0 };
    return builtin_call(r, ret, builtin_test(slice_of(name)), c->self, &none);
}

METHOD(is_lower_)
{
    return test_by(r, ret, c, "lower");
}

METHOD(is_upper_)
{
    return test_by(r, ret, c, "upper");
}

METHOD(is_title_)
{
    const struct str *s = c->self.str;
    bool any = false, holds = true, in_word = false;
    TRY(render_step_chars(r, s->len / 4));
    for (size_t pos = 0; holds && pos < s->len;) {
        uint32_t code = str_next(s, &pos);
        bool starts = unicode_is_upper(code) || unicode_is_title(code);
        if (starts || unicode_is_lower(code)) {
            holds = starts != in_word;
            any = true;
        }
        in_word = unicode_is_cased(code);
    }
    *ret = value_bool(any && holds);
    return 0;
}

const struct builtin methods_str_is[] = {
    { "isalnum", is_alnum_ },
    { "isalpha", is_alpha_ },
    { "isascii", is_ascii_ },
    { "isdecimal", is_decimal_ },
    { "isdigit", is_digit_ },
    { "isidentifier", is_identifier_ },
    { "islower", is_lower_ },
    { "isnumeric", is_numeric_ },
    { "isprintable", is_printable_ },
    { "isspace", is_space_ },
    { "istitle", is_title_ },
    { "isupper", is_upper_ },
    { 0 },
};

#include "grammar/json_free.h"

#include "grammar/json_number.h"
#include "grammar/json_schema.h"

#define SEQ(b, ...) \
    grammar_seq(b, sizeof((int32_t[]){ __VA_ARGS__ }) / sizeof(int32_t), (int32_t[]){ __VA_ARGS__ })
#define ALT(b, ...) \
    grammar_alt(b, sizeof((int32_t[]){ __VA_ARGS__ }) / sizeof(int32_t), (int32_t[]){ __VA_ARGS__ })
#define CHARS(b, ...)                                                     \
    grammar_chars(b, (const struct grammar_range[]){ __VA_ARGS__ },       \
                  sizeof((const struct grammar_range[]){ __VA_ARGS__ }) / \
                      sizeof(struct grammar_range),                       \
                  false)
#define TEXT(b, literal) grammar_text(b, SLICE(literal))

/* As it is: all but controls, " and \. */
static int32_t plain(struct grammar_builder *b)
{
    return CHARS(b, { 0x20, 0x21 }, { 0x23, 0x5B }, { 0x5D, 0x10FFFF });
}

/* What stands behind \u: one character but U+0000, or a pair of surrogates. */
static int32_t unicode_escape(struct grammar_builder *b)
{
    int32_t zero = TEXT(b, "0"), d = CHARS(b, { 'D', 'D' }, { 'd', 'd' });
    int32_t hex = CHARS(b, { '0', '9' }, { 'A', 'F' }, { 'a', 'f' });
    int32_t not_zero = CHARS(b, { '1', '9' }, { 'A', 'F' }, { 'a', 'f' });
    int32_t neither = CHARS(b, { '1', '9' }, { 'A', 'C' }, { 'E', 'F' }, { 'a', 'c' },
                            { 'e', 'f' });
    int32_t high = CHARS(b, { '8', '9' }, { 'A', 'B' }, { 'a', 'b' });
    int32_t low = CHARS(b, { 'C', 'F' }, { 'c', 'f' });
    return ALT(b, SEQ(b, neither, hex, hex, hex), SEQ(b, d, CHARS(b, { '0', '7' }), hex, hex),
               SEQ(b, zero, not_zero, hex, hex), SEQ(b, zero, zero, not_zero, hex),
               SEQ(b, zero, zero, zero, not_zero),
               SEQ(b, d, high, hex, hex, TEXT(b, "\\u"), d, low, hex, hex));
}

static int32_t any_writing(struct grammar_builder *b)
{
    int32_t sign = CHARS(b, { '"', '"' }, { '\\', '\\' }, { '/', '/' }, { 'b', 'b' }, { 'f', 'f' },
                         { 'n', 'n' }, { 'r', 'r' }, { 't', 't' });
    int32_t escape = ALT(b, sign, SEQ(b, TEXT(b, "u"), unicode_escape(b)));
    return ALT(b, plain(b), SEQ(b, TEXT(b, "\\"), escape));
}

static int32_t shortest_writing(struct grammar_builder *b)
{
    int32_t sign = CHARS(b, { '"', '"' }, { '\\', '\\' }, { 'b', 'b' }, { 'f', 'f' }, { 'n', 'n' },
                         { 'r', 'r' }, { 't', 't' });
    int32_t low = CHARS(b, { '1', '7' }, { 'b', 'b' }, { 'e', 'f' });
    int32_t high = CHARS(b, { '0', '9' }, { 'a', 'f' });
    int32_t control = ALT(b, SEQ(b, TEXT(b, "0"), low), SEQ(b, TEXT(b, "1"), high));
    int32_t escape = ALT(b, sign, SEQ(b, TEXT(b, "u00"), control));
    return ALT(b, plain(b), SEQ(b, TEXT(b, "\\"), escape));
}

static int32_t quoted(struct grammar_builder *b, int32_t character)
{
    int32_t quote = TEXT(b, "\"");
    return SEQ(b, quote, grammar_repeat(b, character, 0, GRAMMAR_UNBOUNDED), quote);
}

/* Nothing, or items with ", " between them, in brackets. */
static int32_t list_of(struct grammar_builder *b, const char *open, int32_t item, const char *close)
{
    int32_t more = grammar_repeat(b, SEQ(b, TEXT(b, ", "), item), 0, GRAMMAR_UNBOUNDED);
    return SEQ(b, grammar_text(b, slice_of(open)), grammar_optional(b, SEQ(b, item, more)),
               grammar_text(b, slice_of(close)));
}

void json_free_init(struct json_free *f, struct grammar_builder *b)
{
    int32_t value = grammar_rule(b, SLICE("value")), object = grammar_rule(b, SLICE("object"));
    int32_t array = grammar_rule(b, SLICE("array"));
    *f = (struct json_free){
        .character = any_writing(b),
        .canonical = shortest_writing(b),
        .integer = json_integer_write(b, &json_integer_any),
        .number = json_number_write(b, &json_number_any),
        .value = grammar_use(b, value),
        .object = grammar_use(b, object),
        .array = grammar_use(b, array),
    };
    f->string = quoted(b, f->character);
    f->key = quoted(b, f->canonical);
    grammar_rule_set(b, object, list_of(b, "{", SEQ(b, f->string, TEXT(b, ": "), f->value), "}"));
    grammar_rule_set(b, array, list_of(b, "[", f->value, "]"));
    grammar_rule_set(b, value,
                     ALT(b, f->string, f->number, f->object, f->array, TEXT(b, "true"),
                         TEXT(b, "false"), TEXT(b, "null")));
}

int32_t json_object_write(struct grammar_builder *b)
{
    struct json_free f;
    json_free_init(&f, b);
    return f.object;
}

int32_t json_any_write(struct grammar_builder *b)
{
    struct json_free f;
    json_free_init(&f, b);
    return f.value;
}

/* Escapes and classes of regular expressions. */
#include "grammar/regex_reader.h"

#include "base/utf8.h"

enum { HEX_DIGITS_MAX = 8, NAME_MAX_LEN = 64 };

/* --- sets that have a letter ------------------------------------------------------------------ */

static const struct grammar_range digits[] = { { '0', '9' } };
static const struct grammar_range words[] = {
    { '0', '9' }, { 'A', 'Z' }, { '_', '_' }, { 'a', 'z' }
};
/* WhiteSpace and LineTerminator of ECMA 262. */
static const struct grammar_range spaces[] = {
    { 0x09, 0x0D },     { 0x20, 0x20 },     { 0xA0, 0xA0 },     { 0x1680, 0x1680 },
    { 0x2000, 0x200A }, { 0x2028, 0x2029 }, { 0x202F, 0x202F }, { 0x205F, 0x205F },
    { 0x3000, 0x3000 }, { 0xFEFF, 0xFEFF },
};

static void add_ranges(struct char_set *set, const struct grammar_range *ranges, size_t n)
{
    for (size_t i = 0; i < n; i++) char_set_add(set, ranges[i].first, ranges[i].last);
}

#define ADD_RANGES(set, ranges) add_ranges(set, ranges, sizeof(ranges) / sizeof *(ranges))

/* \d \D \w \W \s \S; false for other letters. */
static bool add_letter_set(struct regex *r, char letter)
{
    char_set_reset(&r->part);
    switch (letter | 0x20) {
    case 'd': ADD_RANGES(&r->part, digits); break;
    case 'w': ADD_RANGES(&r->part, words); break;
    case 's': ADD_RANGES(&r->part, spaces); break;
    default: return false;
    }
    /* ECMA's \W leaves out what \w takes in. */
    if (r->flags.ignore_case) char_tables_add_cases(&r->tables, &r->part);
    if (!(letter & 0x20)) char_set_negate(&r->part);
    char_set_add_set(&r->set, &r->part);
    return true;
}

void regex_cases(struct regex *r)
{
    if (r->flags.ignore_case) char_tables_add_cases(&r->tables, &r->set);
}

void regex_dot(struct regex *r)
{
    char_set_reset(&r->set);
    if (!r->flags.dot_all) {
        char_set_add(&r->set, '\n', '\n');
        char_set_add(&r->set, '\r', '\r');
        char_set_add(&r->set, 0x2028, 0x2029);
    }
    char_set_negate(&r->set);
}

/* --- escapes ---------------------------------------------------------------------------------- */

int regex_character(struct regex *r, uint32_t *ret)
{
    size_t n = utf8_decode(ret, r->text.ptr + r->at, r->text.len - r->at);
    if (n == 0) return regex_bad(r, r->at, "this is not UTF-8");
    r->at += n;
    return 0;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') return (c | 0x20) - 'a' + 10;
    return -1;
}

/* Up to n hexadecimal digits at r->at; how many there were. */
static size_t read_hex(struct regex *r, uint32_t *ret, size_t n)
{
    uint32_t value = 0;
    size_t i = 0;
    for (; i < n && r->at + i < r->text.len; i++) {
        int digit = hex_value(r->text.ptr[r->at + i]);
        if (digit < 0) break;
        value = value << 4 | (uint32_t)digit;
    }
    r->at += i;
    *ret = value;
    return i;
}

static bool next_is(const struct regex *r, const char *text)
{
    struct slice rest = { r->text.ptr + r->at, r->text.len - r->at };
    return slice_starts(rest, slice_of(text));
}

/* \u{h}, \uhhhh, and two of the latter that are a pair of surrogates; r->at is behind the u. */
static int read_u(struct regex *r, size_t from, uint32_t *ret)
{
    if (next_is(r, "{")) {
        r->at++;
        size_t n = read_hex(r, ret, HEX_DIGITS_MAX);
        if (n == 0 || !next_is(r, "}") || *ret > CHAR_MAX_POINT)
            return regex_bad(r, from, "\\u{ wants a hexadecimal number up to 10ffff and }");
        r->at++;
    } else if (read_hex(r, ret, 4) != 4) {
        return regex_bad(r, from, "\\u wants four hexadecimal digits, or more in braces");
    }
    if (*ret >= 0xD800 && *ret <= 0xDBFF && next_is(r, "\\u")) {
        uint32_t low;
        r->at += 2;
        if (read_hex(r, &low, 4) == 4 && low >= 0xDC00 && low <= 0xDFFF)
            *ret = 0x10000 + ((*ret - 0xD800) << 10) + (low - 0xDC00);
    }
    if (*ret >= 0xD800 && *ret <= 0xDFFF)
        return regex_bad(r, from, "half of a pair of surrogates; texts are UTF-8, which has none");
    return 0;
}

/* \p{..}, \P{..}, \pL; r->at is behind the letter. */
static int read_property(struct regex *r, size_t from, bool negated)
{
    struct slice name = { r->text.ptr + r->at, r->at < r->text.len };
    if (next_is(r, "{")) {
        name.ptr++;
        name.len = slice_find((struct slice){ name.ptr, r->text.len - r->at - 1 }, SLICE("}"));
        if (r->at + 1 + name.len == r->text.len) return regex_bad(r, from, "\\p{ is not closed");
        r->at += name.len + 2;
    } else {
        r->at += name.len;
    }
    struct slice full = name;
    static const char *const keys[] = { "General_Category=", "gc=" };
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (!slice_starts(name, slice_of(keys[i]))) continue;
        name.ptr += strlen(keys[i]);
        name.len -= strlen(keys[i]);
        break;
    }
    uint32_t mask;
    char_set_reset(&r->part);
    if (slice_is(name, "ASCII"))
        char_set_add(&r->part, 0, 0x7F);
    else if (char_category(&mask, name))
        char_tables_add_category(&r->tables, &r->part, mask);
    else
        return regex_bad(r, from,
                         "\\p{%.*s} is not known here; general categories are (L, Lu, Nd, "
                         "Punctuation ...), Any, Assigned and ASCII, but scripts and other "
                         "properties are not",
                         (int)(full.len < NAME_MAX_LEN ? full.len : NAME_MAX_LEN), full.ptr);
    if (negated) char_set_negate(&r->part);
    char_set_add_set(&r->set, &r->part);
    return 1;
}

/* Escapes that no automaton, or no two dialects, agree on. */
static int refuse_letter(struct regex *r, size_t from, char c)
{
    if (c >= '0' && c <= '9')
        return regex_bad(r, from,
                         "back-references and octal escapes (\\%c) are not supported; write out "
                         "what is to match, or \\xhh",
                         c);
    switch (c) {
    case 'k': return regex_bad(r, from, "back-references (\\k) are not supported");
    case 'b':
    case 'B':
        return regex_bad(r, from,
                         "word boundaries (\\%c) are not supported; name the characters "
                         "that may stand there",
                         c);
    case 'Z':
    case 'G':
        return regex_bad(r, from,
                         "\\%c means different things in different dialects; the end of "
                         "the text is $",
                         c);
    default:
        return regex_bad(r, from,
                         "\\%c is no escape here; for the character itself leave out the "
                         "backslash",
                         c);
    }
}

static int control_of(char c)
{
    switch (c) {
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case 'f': return '\f';
    case 'v': return '\v';
    default: return -1;
    }
}

int regex_escape(struct regex *r, uint32_t *ret, bool in_class)
{
    size_t from = r->at++;
    if (r->at == r->text.len) return regex_bad(r, from, "a backslash at the end of the pattern");
    char c = r->text.ptr[r->at];
    bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z', digit = c >= '0' && c <= '9';
    if (!letter && !digit) return regex_character(r, ret); /* Itself. */
    r->at++;
    char next = r->at < r->text.len ? r->text.ptr[r->at] : 0;
    if (control_of(c) >= 0) {
        *ret = (uint32_t)control_of(c);
    } else if (c == 'b' && in_class) {
        *ret = '\b';
    } else if (c == '0' && !(next >= '0' && next <= '9')) {
        *ret = 0;
    } else if (c == 'c' && (next | 0x20) >= 'a' && (next | 0x20) <= 'z') {
        *ret = (uint32_t)next & 0x1F;
        r->at++;
    } else if (c == 'x') {
        if (read_hex(r, ret, 2) != 2) return regex_bad(r, from, "\\x wants two hexadecimal digits");
    } else if (c == 'u') {
        return read_u(r, from, ret);
    } else if (c == 'p' || c == 'P') {
        return read_property(r, from, c == 'P');
    } else {
        return add_letter_set(r, c) ? 1 : refuse_letter(r, from, c);
    }
    return 0;
}

/* --- classes ---------------------------------------------------------------------------------- */

/* 0: one character; 1: a set, added. */
static int class_atom(struct regex *r, uint32_t *ret)
{
    if (next_is(r, "[:"))
        return regex_bad(r, r->at,
                         "POSIX classes ([:alpha:]) are not supported; write \\p{L}, "
                         "\\d or the ranges");
    if (next_is(r, "\\")) return regex_escape(r, ret, true);
    return regex_character(r, ret);
}

static int class_member(struct regex *r)
{
    size_t from = r->at;
    uint32_t first, last;
    int kind = class_atom(r, &first);
    if (kind < 0) return kind;
    bool is_range = next_is(r, "-") && r->at + 1 < r->text.len && r->text.ptr[r->at + 1] != ']';
    if (!is_range) {
        if (kind == 0) char_set_add(&r->set, first, first);
        return 0;
    }
    r->at++;
    int kind_last = class_atom(r, &last);
    if (kind_last < 0) return kind_last;
    if (kind == 1 || kind_last == 1)
        return regex_bad(r, from,
                         "a range from or to a set of characters; for the sign itself "
                         "write \\-");
    if (first > last) return regex_bad(r, from, "a range whose end comes before its beginning");
    char_set_add(&r->set, first, last);
    return 0;
}

int regex_class(struct regex *r)
{
    size_t from = r->at++;
    bool negated = next_is(r, "^");
    char_set_reset(&r->set);
    r->at += negated;
    if (next_is(r, "]"))
        return regex_bad(r, from,
                         "an empty class, or one that begins with ]; for the bracket "
                         "itself write \\]");
    while (!next_is(r, "]")) {
        if (r->at == r->text.len) return regex_bad(r, from, "[ is not closed");
        TRY(class_member(r));
    }
    r->at++;
    regex_cases(r);
    if (negated) char_set_negate(&r->set);
    return 0;
}

/* What a rule is made of: literals, classes, regular expressions, control tokens. */
#include "grammar/ebnf_reader.h"

#include "base/utf8.h"
#include "grammar/regex.h"

enum { ESCAPED_MAX = 10 }; /* Bytes of "\u{10ffff}". */

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') return (c | 0x20) - 'a' + 10;
    return -1;
}

/* n hexadecimal digits behind "\x", "\u", "\U". */
static int read_hex(struct ebnf *e, size_t from, uint32_t *ret, int n)
{
    uint32_t value = 0;
    for (int i = 0; i < n; i++) {
        int digit = hex_value(ebnf_char_at(e, e->at));
        if (digit < 0)
            return ebnf_bad(e, from, "\\%c wants %d hexadecimal digits, found %s",
                            e->text.ptr[from + 1], n, ebnf_found(e, (char[EBNF_FOUND_MAX]){ 0 }));
        value = value << 4 | (uint32_t)digit;
        e->at++;
    }
    if (value > CHAR_MAX_POINT || (value >= 0xD800 && value <= 0xDFFF))
        return ebnf_bad(e, from, "U+%04X is no character; those above U+FFFF are \\Uhhhhhhhh",
                        (unsigned)value);
    *ret = value;
    return 0;
}

static int read_escape(struct ebnf *e, uint32_t *ret)
{
    size_t from = e->at++;
    char c = ebnf_char_at(e, e->at);
    bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z', digit = c >= '0' && c <= '9';
    bool printable = c > ' ' && c < 0x7F;
    if (e->at < e->text.len) e->at++;
    switch (c) {
    case 'n': *ret = '\n'; return 0;
    case 'r': *ret = '\r'; return 0;
    case 't': *ret = '\t'; return 0;
    case 'f': *ret = '\f'; return 0;
    case 'v': *ret = '\v'; return 0;
    case 'x': return read_hex(e, from, ret, 2);
    case 'u': return read_hex(e, from, ret, 4);
    case 'U': return read_hex(e, from, ret, 8);
    default: break;
    }
    if (!printable || letter || digit)
        return ebnf_bad(e, from,
                        "an unknown escape; there are \\n \\r \\t \\f \\v \\xhh \\uhhhh "
                        "\\Uhhhhhhhh and a backslash before a sign");
    *ret = (uint32_t)c;
    return 0;
}

/* One character, escaped or not; the text is not at its end. */
static int read_character(struct ebnf *e, uint32_t *ret)
{
    if (e->text.ptr[e->at] == '\\') return read_escape(e, ret);
    e->at += utf8_decode(ret, e->text.ptr + e->at, e->text.len - e->at);
    return 0;
}

/* The literal at e->at ('"') into e->scratch. */
static int read_quoted(struct ebnf *e)
{
    size_t from = e->at++;
    char bytes[UTF8_BYTES_MAX];
    uint32_t c = 0;
    buf_reset(&e->scratch);
    while (ebnf_char_at(e, e->at) != '"' || e->at == e->text.len) {
        if (e->at == e->text.len) return ebnf_bad(e, from, "the literal is not closed with '\"'");
        TRY(read_character(e, &c));
        buf_add(&e->scratch, bytes, utf8_encode(bytes, c));
    }
    e->at++;
    return e->scratch.failed ? ebnf_no_memory(e) : 0;
}

/* A regular expression's failure, told with its place in the grammar. */
static int write_regex(struct ebnf *e, size_t at, int32_t *ret, struct slice pattern,
                       const struct regex_options *options)
{
    int32_t node = regex_write(e->b, pattern, options, e->err);
    unsigned line, column;
    if (node >= 0) *ret = node;
    if (node >= 0 || !e->err || grammar_builder_failed(e->b)) return node < 0 ? node : 0;
    ebnf_place(e, at, &line, &column);
    return err_context(e->err, "grammar, line %u, column %u", line, column);
}

/* "text"i, or in JSON: as a regular expression of nothing but escapes. */
static int literal_regex(struct ebnf *e, size_t at, bool ignore_case, int32_t *ret)
{
    struct buf pattern;
    const struct regex_options options = { .whole = true,
                                           .ignore_case = ignore_case,
                                           .json = e->json };
    buf_init(&pattern, ESCAPED_MAX * (e->scratch.len + 1));
    for (size_t i = 0; i < e->scratch.len;) {
        uint32_t c = 0;
        i += utf8_decode(&c, e->scratch.ptr + i, e->scratch.len - i);
        buf_printf(&pattern, "\\u{%x}", (unsigned)c);
    }
    int rc = pattern.failed ? ebnf_no_memory(e)
                            : write_regex(e, at, ret, buf_slice(&pattern), &options);
    buf_release(&pattern);
    return rc;
}

/* One of the characters in the ranges, or in none of them. */
static int characters(struct ebnf *e, size_t at, int32_t *ret, const struct grammar_range *ranges,
                      size_t n, bool negated)
{
    struct buf pattern;
    const struct regex_options options = { .whole = true, .json = true };
    if (!e->json) {
        *ret = grammar_chars(e->b, ranges, n, negated);
        return 0;
    }
    buf_init(&pattern, (2 * ESCAPED_MAX + 1) * (n + 1));
    buf_add_str(&pattern, negated ? "[^" : "[");
    for (size_t i = 0; i < n; i++)
        buf_printf(&pattern, "\\u{%x}-\\u{%x}", (unsigned)ranges[i].first,
                   (unsigned)ranges[i].last);
    buf_add_char(&pattern, ']');
    int rc = pattern.failed ? ebnf_no_memory(e)
                            : write_regex(e, at, ret, buf_slice(&pattern), &options);
    buf_release(&pattern);
    return rc;
}

/* The single character that e->scratch holds. */
static int single(struct ebnf *e, size_t at, uint32_t *ret)
{
    struct slice s = buf_slice(&e->scratch);
    if (s.len > 0 && utf8_decode(ret, s.ptr, s.len) == s.len) return 0;
    return ebnf_bad(e, at, "a range is from one character to another: \"a\"..\"z\"");
}

static int read_range(struct ebnf *e, size_t from, int32_t *ret)
{
    struct grammar_range range = { 0, 0 };
    TRY(single(e, from, &range.first));
    e->at += 2;
    size_t at = e->at;
    if (!ebnf_starts(e, "\""))
        return ebnf_bad(e, at, "expected the range's last character in quotes, found %s",
                        ebnf_found(e, (char[EBNF_FOUND_MAX]){ 0 }));
    TRY(read_quoted(e));
    TRY(single(e, at, &range.last));
    if (range.first > range.last)
        return ebnf_bad(e, from, "a range whose end comes before its beginning");
    return characters(e, from, ret, &range, 1, false);
}

int ebnf_literal(struct ebnf *e, int32_t *ret)
{
    size_t from = e->at;
    TRY(read_quoted(e));
    if (e->lark && ebnf_starts(e, "..")) return read_range(e, from, ret);
    if (e->lark && ebnf_starts(e, "i")) {
        e->at++;
        return literal_regex(e, from, true, ret);
    }
    if (e->json) return literal_regex(e, from, false, ret);
    *ret = grammar_text(e->b, buf_slice(&e->scratch));
    return 0;
}

int ebnf_class(struct ebnf *e, int32_t *ret)
{
    size_t from = e->at++;
    bool negated = ebnf_starts(e, "^");
    e->at += negated;
    char_set_reset(&e->set);
    while (!ebnf_starts(e, "]")) {
        uint32_t first = 0, last = 0;
        size_t at = e->at;
        if (e->at == e->text.len) return ebnf_bad(e, from, "the class is not closed with ']'");
        TRY(read_character(e, &first));
        last = first;
        if (ebnf_starts(e, "-") && e->at + 1 < e->text.len && e->text.ptr[e->at + 1] != ']') {
            e->at++;
            TRY(read_character(e, &last));
        }
        if (first > last) return ebnf_bad(e, at, "a range whose end comes before its beginning");
        char_set_add(&e->set, first, last);
    }
    e->at++;
    if (e->set.failed) return ebnf_no_memory(e);
    if (e->set.len == 0)
        return ebnf_bad(e, from, "an empty class; for the bracket itself write \\]");
    return characters(e, from, ret, e->set.at, e->set.len, negated);
}

int ebnf_any(struct ebnf *e, int32_t *ret)
{
    return characters(e, e->at++, ret, &(struct grammar_range){ 0, CHAR_MAX_POINT }, 1, false);
}

/* /.../flags: a slash of its own is \/. */
int ebnf_regex(struct ebnf *e, int32_t *ret)
{
    size_t from = e->at++;
    struct regex_options options = { .whole = true, .json = e->json };
    for (; !ebnf_starts(e, "/"); e->at++) {
        if (ebnf_starts(e, "\\")) e->at++;
        if (e->at == e->text.len || e->text.ptr[e->at] == '\n')
            return ebnf_bad(e, from, "the regular expression is not closed with '/'");
    }
    struct slice pattern = { e->text.ptr + from + 1, e->at - from - 1 };
    for (e->at++;; e->at++) {
        if (ebnf_starts(e, "i"))
            options.ignore_case = true;
        else if (ebnf_starts(e, "s"))
            options.dot_all = true;
        else if (!ebnf_starts(e, "u"))
            break;
    }
    char flag = ebnf_char_at(e, e->at);
    if ((flag | 0x20) >= 'a' && (flag | 0x20) <= 'z')
        return ebnf_bad(e, e->at, "the flag '%c' is not supported; i, s and u are", flag);
    return write_regex(e, from, ret, pattern, &options);
}

static int add_token(struct ebnf *e, size_t from, int32_t *ret, struct slice text)
{
    if (text.len == 0) return ebnf_bad(e, from, "a control token without a name");
    if (text.len > EBNF_TOKEN_BYTES_MAX)
        return ebnf_bad(e, from, "a control token's name is longer than %d bytes",
                        EBNF_TOKEN_BYTES_MAX);
    if (e->json)
        return ebnf_bad(e, from, "a control token in a text that is written as a JSON string");
    *ret = grammar_token(e->b, text);
    return 0;
}

/* <|name|>, <name>: the whole is the token's text. */
int ebnf_token(struct ebnf *e, int32_t *ret)
{
    size_t from = e->at;
    if (ebnf_starts(e, "<["))
        return ebnf_bad(e, from,
                        "tokens by number are not supported, as models differ; write the "
                        "token's text, as in <|im_end|>");
    for (; !ebnf_starts(e, ">"); e->at++) {
        unsigned char c = (unsigned char)ebnf_char_at(e, e->at);
        if (c <= ' ') return ebnf_bad(e, from, "the control token is not closed with '>'");
    }
    e->at++;
    return add_token(e, from, ret, (struct slice){ e->text.ptr + from, e->at - from });
}

/* token("name"): for tokens that are not written in angle brackets. */
int ebnf_token_call(struct ebnf *e, int32_t *ret)
{
    size_t from = e->at;
    if (e->token_call_at == SIZE_MAX) e->token_call_at = from;
    e->at += strlen("token(");
    TRY(read_quoted(e));
    if (!ebnf_starts(e, ")"))
        return ebnf_bad(e, e->at, "expected ')' behind the control token's name, found %s",
                        ebnf_found(e, (char[EBNF_FOUND_MAX]){ 0 }));
    e->at++;
    return add_token(e, from, ret, buf_slice(&e->scratch));
}

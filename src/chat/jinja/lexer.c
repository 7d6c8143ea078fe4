/* The rules are those of jinja2/lexer.py for the default delimiters with trim_blocks (one newline
 * behind a block or comment goes) and lstrip_blocks (blanks between the beginning of a line and a
 * block or comment go). A sign inside the delimiter overrides: - strips all white space on that
 * side, + keeps it. */
#include "chat/jinja/lexer.h"

#include "base/utf8.h"
#include "chat/jinja/builtin.h"
#include "chat/jinja/unicode.h"

#include <string.h>

struct lexer {
    struct arena *arena;
    struct slice source; /* Newlines are \n, the last one is gone. */
    size_t pos;
    uint32_t line;
    bool line_starting;
    char balance[TEMPLATE_NESTING_MAX]; /* Closing brackets awaited. */
    size_t n_balance;
    const char *name;
    struct err *err;
    struct lex_tokens *tokens;
};

static int lex_error(const char *name, uint32_t line, struct err *err, const char *what)
{
    return err_set(err, ERR_TEMPLATE, "chat template of %s, line %u: %s", name, (unsigned)line,
                   what);
}

static int fail(struct lexer *l, const char *what)
{
    return lex_error(l->name, l->line, l->err, what);
}

static int emit(struct lexer *l, struct lex_token token)
{
    struct lex_tokens *t = l->tokens;
    if (t->n == t->cap) {
        size_t cap = t->cap ? 2 * t->cap : 256;
        struct lex_token *items = ARENA_NEWS(l->arena, cap, struct lex_token);
        if (!items) return arena_check(l->arena, "a compiled chat template", l->err);
        if (t->n) memcpy(items, t->items, t->n * sizeof *items);
        t->items = items;
        t->cap = cap;
    }
    token.line = l->line;
    t->items[t->n++] = token;
    return 0;
}

static int emit_type(struct lexer *l, int type)
{
    return emit(l, (struct lex_token){ .type = (enum token_type)type });
}

static void advance(struct lexer *l, size_t to)
{
    for (; l->pos < to; l->pos++) l->line += l->source.ptr[l->pos] == '\n';
}

static bool at(const struct lexer *l, size_t pos, const char *what)
{
    struct slice rest = { l->source.ptr + pos, l->source.len - pos };
    return slice_starts(rest, slice_of(what));
}

/* Behind the white space that starts at pos. */
static size_t skip_space(const struct lexer *l, size_t pos)
{
    uint32_t c;
    while (pos < l->source.len) {
        size_t n = utf8_decode(&c, l->source.ptr + pos, l->source.len - pos);
        if (n == 0 || !unicode_is_space(c)) break;
        pos += n;
    }
    return pos;
}

/* Where the white space that ends at `end` begins, not before `begin`. */
static size_t strip_back(const struct lexer *l, size_t begin, size_t end)
{
    while (end > begin) {
        size_t i = end - 1;
        while (i > begin && ((unsigned char)l->source.ptr[i] & 0xC0) == 0x80) i--;
        uint32_t c;
        if (utf8_decode(&c, l->source.ptr + i, end - i) == 0 || !unicode_is_space(c)) break;
        end = i;
    }
    return end;
}

/* If a block or comment ends at pos ("-%}", "+%}" or "%}"), what follows it, else 0. */
static size_t tag_end(const struct lexer *l, size_t pos, const char *end)
{
    if (at(l, pos, "-") && at(l, pos + 1, end)) return skip_space(l, pos + 3);
    if (at(l, pos, "+") && at(l, pos + 1, end)) return pos + 3;
    if (!at(l, pos, end)) return 0;
    return at(l, pos + 2, "\n") ? pos + 3 : pos + 2;
}

/* Text from l->pos to the tag at `end`, less the white space that the tag's sign takes away. */
static int data(struct lexer *l, size_t end, char sign, bool is_variable)
{
    size_t begin = l->pos, stop = end;
    if (sign == '-') {
        stop = strip_back(l, begin, end);
    } else if (sign != '+' && !is_variable) {
        size_t line = end;
        while (line > begin && l->source.ptr[line - 1] != '\n') line--;
        if ((line > begin || l->line_starting) && strip_back(l, line, end) == line) stop = line;
    }
    if (stop > begin)
        TRY(emit(l, (struct lex_token){ .type = LEX_DATA,
                                        .text = { l->source.ptr + begin, stop - begin } }));
    advance(l, end);
    return 0;
}

static char sign_at(const struct lexer *l, size_t pos)
{
    if (pos < l->source.len && (l->source.ptr[pos] == '-' || l->source.ptr[pos] == '+'))
        return l->source.ptr[pos];
    return 0;
}

static int comment(struct lexer *l)
{
    for (size_t pos = l->pos; pos < l->source.len; pos++) {
        size_t end = tag_end(l, pos, "#}");
        if (!end) continue;
        l->line_starting = l->source.ptr[end - 1] == '\n';
        advance(l, end);
        return 0;
    }
    return fail(l, "a comment is never closed with #}");
}

/* The text behind {% raw %} up to its {% endraw %}. */
static int raw(struct lexer *l)
{
    for (size_t pos = l->pos; pos < l->source.len; pos++) {
        if (!at(l, pos, "{%")) continue;
        char sign = sign_at(l, pos + 2);
        size_t word = skip_space(l, pos + (sign ? 3 : 2));
        if (!at(l, word, "endraw")) continue;
        size_t end = tag_end(l, skip_space(l, word + 6), "%}");
        if (!end) continue;
        TRY(data(l, pos, sign, false));
        l->line_starting = l->source.ptr[end - 1] == '\n';
        advance(l, end);
        return 0;
    }
    return fail(l, "a raw block is never closed with {% endraw %}");
}

/* If {% raw %} stands at pos, what follows it, else 0. */
static size_t raw_begin(const struct lexer *l, size_t pos)
{
    size_t word = skip_space(l, pos + (sign_at(l, pos + 2) ? 3 : 2));
    if (!at(l, word, "raw")) return 0;
    size_t end = skip_space(l, word + 3);
    if (at(l, end, "-%}")) return skip_space(l, end + 3);
    return at(l, end, "%}") ? end + 2 : 0;
}

static bool is_name_start(uint32_t c)
{
    return c == '_' || unicode_is_alpha(c);
}

static bool is_digit(const struct lexer *l, size_t pos)
{
    return pos < l->source.len && l->source.ptr[pos] >= '0' && l->source.ptr[pos] <= '9';
}

/* Behind digits with single underscores between them; pos itself when there are none. */
static size_t digits(const struct lexer *l, size_t pos)
{
    while (is_digit(l, pos) ||
           (at(l, pos, "_") && is_digit(l, pos + 1) && pos > 0 && is_digit(l, pos - 1)))
        pos++;
    return pos;
}

/* If a float stands at pos, its end, else 0. */
static size_t float_end(const struct lexer *l, size_t pos)
{
    if (pos > 0 && l->source.ptr[pos - 1] == '.') return 0;
    size_t end = digits(l, pos);
    bool is_float = false;
    if (at(l, end, ".") && is_digit(l, end + 1)) {
        end = digits(l, end + 1);
        is_float = true;
    }
    if (at(l, end, "e") || at(l, end, "E")) {
        size_t exponent = end + 1 + (sign_at(l, end + 1) ? 1 : 0);
        if (is_digit(l, exponent)) {
            end = digits(l, exponent);
            is_float = true;
        }
    }
    return is_float ? end : 0;
}

static size_t based_end(const struct lexer *l, size_t pos, const char *set)
{
    size_t end = pos;
    for (;;) {
        size_t next = end + (at(l, end, "_") ? 1 : 0);
        if (next >= l->source.len || !l->source.ptr[next] || !strchr(set, l->source.ptr[next]))
            return end;
        end = next + 1;
    }
}

static size_t integer_end(const struct lexer *l, size_t pos)
{
    static const struct {
        const char *low, *high, *set;
    } bases[] = { { "0b", "0B", "01" },
                  { "0o", "0O", "01234567" },
                  { "0x", "0X", "0123456789abcdefABCDEF" } };
    for (size_t i = 0; i < sizeof bases / sizeof *bases; i++) {
        if (!at(l, pos, bases[i].low) && !at(l, pos, bases[i].high)) continue;
        size_t end = based_end(l, pos + 2, bases[i].set);
        if (end > pos + 2) return end;
    }
    if (l->source.ptr[pos] != '0') return digits(l, pos);
    return based_end(l, pos, "0");
}

static int number(struct lexer *l)
{
    size_t end = float_end(l, l->pos);
    struct lex_token token = { .type = LEX_FLOAT };
    bool overflow = false;
    struct slice text = { l->source.ptr + l->pos, 0 };
    if (end) {
        text.len = end - l->pos;
        if (!text_to_double(text, &token.real)) return fail(l, "a malformed number");
    } else {
        end = integer_end(l, l->pos);
        text.len = end - l->pos;
        token.type = LEX_INTEGER;
        if (!text_to_int(text, 0, &token.integer, &overflow))
            return fail(l, overflow ? "a whole number of more than 64 bits" : "a malformed number");
    }
    TRY(emit(l, token));
    l->pos = end;
    return 0;
}

static int hex(const struct lexer *l, size_t pos, size_t n, uint32_t *ret)
{
    *ret = 0;
    for (size_t i = 0; i < n; i++) {
        char c = pos + i < l->source.len ? l->source.ptr[pos + i] : 0;
        if (c >= '0' && c <= '9')
            *ret = 16 * *ret + (uint32_t)(c - '0');
        else if ((c | 32) >= 'a' && (c | 32) <= 'f')
            *ret = 16 * *ret + (uint32_t)((c | 32) - 'a' + 10);
        else
            return -1;
    }
    return 0;
}

/* One escape of Python's "unicode-escape" at l->pos (behind the backslash) into *to. */
static int escape(struct lexer *l, char **to)
{
    static const char from[] = "\\'\"abfnrtv", into[] = "\\'\"\a\b\f\n\r\t\v";
    char c = l->source.ptr[l->pos];
    uint32_t code = 0;
    size_t n = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
    const char *simple = c ? strchr(from, c) : NULL;
    if (c == '\n') {
        l->line++;
        l->pos++;
    } else if (simple) {
        *(*to)++ = into[simple - from];
        l->pos++;
    } else if (n) {
        if (hex(l, l->pos + 1, n, &code) < 0) return fail(l, "a cut escape in a string");
        l->pos += 1 + n;
        if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000))
            return fail(l, "an escape in a string that is no character");
        *to += utf8_encode(*to, code);
    } else if (c >= '0' && c <= '7') {
        for (n = 0; n < 3 && l->pos < l->source.len; n++, l->pos++) {
            char d = l->source.ptr[l->pos];
            if (d < '0' || d > '7') break;
            code = 8 * code + (uint32_t)(d - '0');
        }
        *to += utf8_encode(*to, code);
    } else if (c == 'N') {
        return fail(l, "the escape \\N{...} is not supported");
    } else {
        /* The backslash stays. Behind it a character beyond ASCII shows how jinja2 spells it on
         * the way, "\xe9": a quirk kept because the output must be the same. */
        *(*to)++ = '\\';
        n = utf8_decode(&code, l->source.ptr + l->pos, l->source.len - l->pos);
        if (code >= 0x80) {
            static const char digit[] = "0123456789abcdef";
            int width = code < 0x100 ? 2 : code < 0x10000 ? 4 : 8;
            *(*to)++ = width == 2 ? 'x' : width == 4 ? 'u' : 'U';
            while (width-- > 0) *(*to)++ = digit[code >> (4 * width) & 15];
        } else {
            *(*to)++ = c;
        }
        l->pos += n;
    }
    return 0;
}

static int string(struct lexer *l)
{
    char quote = l->source.ptr[l->pos];
    size_t end = l->pos + 1;
    while (end < l->source.len && l->source.ptr[end] != quote)
        end += l->source.ptr[end] == '\\' ? 2 : 1;
    if (end >= l->source.len) return fail(l, "a string is never closed");
    /* Longest growth: a backslash and 2 bytes of UTF-8 become \xe9, or 3 become A. */
    char *out = arena_alloc(l->arena, 4 * (end - l->pos) + UTF8_BYTES_MAX);
    if (!out) return arena_check(l->arena, "a compiled chat template", l->err);
    char *to = out;
    uint32_t line = l->line;
    for (l->pos++; l->pos < end;) {
        if (l->source.ptr[l->pos] == '\\') {
            l->pos++;
            TRY(escape(l, &to));
        } else {
            l->line += l->source.ptr[l->pos] == '\n';
            *to++ = l->source.ptr[l->pos++];
        }
    }
    l->pos = end + 1;
    uint32_t behind = l->line;
    l->line = line;
    TRY(emit(l, (struct lex_token){ .type = LEX_STRING, .text = { out, (size_t)(to - out) } }));
    l->line = behind;
    return 0;
}

static int operator_(struct lexer *l)
{
    static const struct {
        const char *text;
        int type;
    } longer[] = { { "//", LEX_FLOORDIV }, { "**", LEX_POW }, { "==", LEX_EQ },
                   { "!=", LEX_NE },       { ">=", LEX_GE },  { "<=", LEX_LE } };
    char c = l->source.ptr[l->pos];
    for (size_t i = 0; i < sizeof longer / sizeof *longer; i++)
        if (at(l, l->pos, longer[i].text)) {
            l->pos += 2;
            return emit_type(l, longer[i].type);
        }
    if (!c || !strchr("+-/*%~[](){}><=.:|,;", c)) return fail(l, "an unexpected character");
    if (strchr("[({", c)) {
        if (l->n_balance == sizeof l->balance)
            return err_set(l->err, ERR_LIMIT,
                           "chat template of %s, line %u: over the limit of %d levels of nesting",
                           l->name, (unsigned)l->line, TEMPLATE_NESTING_MAX);
        l->balance[l->n_balance++] = c == '[' ? ']' : c == '(' ? ')' : '}';
    } else if (strchr("])}", c)) {
        if (l->n_balance == 0 || l->balance[--l->n_balance] != c)
            return fail(l, "a closing bracket that closes nothing");
    }
    l->pos++;
    return emit_type(l, c);
}

/* The inside of {{ ... }} or {% ... %}, its end included. */
static int tag(struct lexer *l, bool is_variable)
{
    while (l->pos < l->source.len) {
        size_t end = 0;
        if (l->n_balance == 0) {
            if (!is_variable)
                end = tag_end(l, l->pos, "%}");
            else if (at(l, l->pos, "-}}"))
                end = skip_space(l, l->pos + 3);
            else if (at(l, l->pos, "}}"))
                end = l->pos + 2;
        }
        if (end) {
            TRY(emit_type(l, is_variable ? LEX_VARIABLE_END : LEX_BLOCK_END));
            l->line_starting = l->source.ptr[end - 1] == '\n';
            advance(l, end);
            return 0;
        }
        size_t behind = skip_space(l, l->pos);
        uint32_t c = 0;
        char first = l->source.ptr[l->pos];
        (void)utf8_decode(&c, l->source.ptr + l->pos, l->source.len - l->pos); /* else c stays 0 */
        if (behind > l->pos) {
            advance(l, behind);
        } else if (is_digit(l, l->pos)) {
            TRY(number(l));
        } else if (is_name_start(c)) {
            size_t stop = l->pos;
            for (size_t n; stop < l->source.len; stop += n) {
                n = utf8_decode(&c, l->source.ptr + stop, l->source.len - stop);
                if (n == 0 || !(c == '_' || unicode_is_word(c))) break;
            }
            TRY(emit(l, (struct lex_token){ .type = LEX_NAME,
                                            .text = { l->source.ptr + l->pos, stop - l->pos } }));
            l->pos = stop;
        } else if (first == '\'' || first == '"') {
            TRY(string(l));
        } else {
            TRY(operator_(l));
        }
    }
    return fail(l, is_variable ? "{{ is never closed with }}" : "{% is never closed with %}");
}

/* Text up to the next tag, and that tag. */
static int root(struct lexer *l)
{
    size_t pos = l->pos;
    while (pos < l->source.len && !at(l, pos, "{{") && !at(l, pos, "{%") && !at(l, pos, "{#"))
        pos++;
    if (pos == l->source.len) return data(l, pos, '+', true);
    char kind = l->source.ptr[pos + 1], sign = sign_at(l, pos + 2);
    TRY(data(l, pos, sign, kind == '{'));
    size_t behind = kind == '%' ? raw_begin(l, pos) : 0;
    if (behind) {
        l->line_starting = l->source.ptr[behind - 1] == '\n';
        advance(l, behind);
        return raw(l);
    }
    advance(l, pos + (sign ? 3 : 2));
    if (kind == '#') return comment(l);
    TRY(emit_type(l, kind == '{' ? LEX_VARIABLE_BEGIN : LEX_BLOCK_BEGIN));
    return tag(l, kind == '{');
}

int lex_template(struct lex_tokens *ret, struct arena *arena, struct slice source, const char *name,
                 struct err *err)
{
    char *copy = arena_alloc(arena, source.len + 1);
    if (!copy) return arena_check(arena, "a compiled chat template", err);
    size_t len = 0;
    for (size_t i = 0; i < source.len; i++) {
        char c = source.ptr[i];
        if (c == '\r') {
            if (i + 1 < source.len && source.ptr[i + 1] == '\n') i++;
            c = '\n';
        }
        copy[len++] = c;
    }
    if (len && copy[len - 1] == '\n') len--;
    *ret = (struct lex_tokens){ 0 };
    struct lexer l = { .arena = arena,
                       .source = { copy, len },
                       .line = 1,
                       .line_starting = true,
                       .name = name,
                       .err = err,
                       .tokens = ret };
    while (l.pos < len) TRY(root(&l));
    return emit_type(&l, LEX_END);
}

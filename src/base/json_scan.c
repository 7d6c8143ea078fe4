#include "base/json_scan.h"

#include "base/utf8.h"

#include <assert.h>

enum { DEPTH_MAX = 256 };

struct scan {
    const char *s;
    size_t at, len;
    size_t depth, nodes;
    const struct json_limits *limits;
    const char *what;
    struct err *err;
    char open[DEPTH_MAX]; /* '{' or '[' per level */
};

static int bad(const struct scan *sc, const char *why)
{
    size_t line = 1, column = 1;
    for (size_t i = 0; i < sc->at && i < sc->len; i++) {
        bool newline = sc->s[i] == '\n';
        line += newline;
        column = newline ? 1 : column + 1;
    }
    return err_set(sc->err, ERR_JSON, "%s is not valid JSON: %s at line %zu, column %zu", sc->what,
                   why, line, column);
}

static bool more(const struct scan *sc)
{
    return sc->at < sc->len;
}

static char peek(const struct scan *sc)
{
    return more(sc) ? sc->s[sc->at] : '\0';
}

static void skip_space(struct scan *sc)
{
    while (more(sc)) {
        char c = sc->s[sc->at];
        if (c != ' ' && c != '\t' && c != '\n' && c != '\r') return;
        sc->at++;
    }
}

static int hex4(struct scan *sc, uint32_t *ret)
{
    uint32_t v = 0;
    for (int i = 0; i < 4; i++, sc->at++) {
        char c = peek(sc);
        uint32_t digit = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
                         : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a') + 10
                         : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A') + 10
                                                : 16;
        if (digit == 16) return bad(sc, "\\u needs four hexadecimal digits");
        v = v << 4 | digit;
    }
    *ret = v;
    return 0;
}

/* After "\u": one code unit or a surrogate pair; NUL and lone surrogates are refused. */
static int unicode_escape(struct scan *sc)
{
    uint32_t unit, low;
    TRY(hex4(sc, &unit));
    if (unit == 0) return bad(sc, "a string may not contain NUL");
    if (unit >= 0xDC00 && unit <= 0xDFFF) return bad(sc, "a lone low surrogate");
    if (unit < 0xD800 || unit > 0xDBFF) return 0;
    if (peek(sc) != '\\') return bad(sc, "a lone high surrogate");
    sc->at++;
    if (peek(sc) != 'u') return bad(sc, "a lone high surrogate");
    sc->at++;
    TRY(hex4(sc, &low));
    if (low < 0xDC00 || low > 0xDFFF) return bad(sc, "a lone high surrogate");
    return 0;
}

static int string(struct scan *sc)
{
    assert(peek(sc) == '"');
    sc->at++;
    while (more(sc)) {
        unsigned char c = (unsigned char)sc->s[sc->at];
        if (c == '"') {
            sc->at++;
            return 0;
        }
        if (c < 0x20) return bad(sc, "a control character inside a string must be escaped");
        if (c == '\\') {
            sc->at++;
            char e = peek(sc);
            if (e == '\0' || !strchr("\"\\/bfnrtu", e)) return bad(sc, "an unknown escape");
            sc->at++;
            if (e == 'u') TRY(unicode_escape(sc));
            continue;
        }
        uint32_t codepoint;
        size_t n = utf8_decode(&codepoint, sc->s + sc->at, sc->len - sc->at);
        if (n == 0) return bad(sc, "invalid UTF-8");
        sc->at += n;
    }
    return bad(sc, "a string that does not end");
}

static size_t digits(struct scan *sc)
{
    size_t from = sc->at;
    while (peek(sc) >= '0' && peek(sc) <= '9') sc->at++;
    return sc->at - from;
}

enum { NUMBER_LEN_MAX = 512 };

static int number(struct scan *sc)
{
    size_t from = sc->at;
    if (peek(sc) == '-') sc->at++;
    char first = peek(sc);
    size_t n = digits(sc);
    if (n == 0) return bad(sc, "a number needs digits");
    if (first == '0' && n > 1) return bad(sc, "a number may not begin with 0");
    if (peek(sc) == '.') {
        sc->at++;
        if (digits(sc) == 0) return bad(sc, "digits must follow the decimal point");
    }
    if (peek(sc) == 'e' || peek(sc) == 'E') {
        sc->at++;
        if (peek(sc) == '+' || peek(sc) == '-') sc->at++;
        if (digits(sc) == 0) return bad(sc, "digits must follow the exponent sign");
    }
    if (sc->at - from > NUMBER_LEN_MAX) return bad(sc, "a number of more than 512 characters");
    return 0;
}

static int literal(struct scan *sc, const char *word)
{
    size_t len = strlen(word);
    if (sc->len - sc->at < len || memcmp(sc->s + sc->at, word, len) != 0)
        return bad(sc, "an unknown word");
    sc->at += len;
    return 0;
}

static int node(struct scan *sc)
{
    if (++sc->nodes > sc->limits->nodes_max)
        return err_set(sc->err, ERR_JSON, "%s has more than %zu values and keys", sc->what,
                       sc->limits->nodes_max);
    return 0;
}

static int enter(struct scan *sc, char c)
{
    if (sc->depth >= sc->limits->depth_max || sc->depth >= DEPTH_MAX)
        return err_set(sc->err, ERR_JSON, "%s is nested deeper than %zu levels", sc->what,
                       sc->limits->depth_max);
    sc->open[sc->depth++] = c;
    sc->at++;
    return 0;
}

static int key(struct scan *sc)
{
    skip_space(sc);
    if (peek(sc) != '"') return bad(sc, more(sc) ? "a key must be a string" : "it ends too early");
    TRY(node(sc));
    TRY(string(sc));
    skip_space(sc);
    if (peek(sc) != ':') return bad(sc, "a colon must follow a key");
    sc->at++;
    return 0;
}

/* Begins one value; *ret_opened when it is a container with something inside. */
static int value(struct scan *sc, bool *ret_opened)
{
    *ret_opened = false;
    skip_space(sc);
    if (!more(sc)) return bad(sc, "it ends too early");
    TRY(node(sc));
    char c = peek(sc);
    if (c == '"') return string(sc);
    if (c == '-' || (c >= '0' && c <= '9')) return number(sc);
    if (c == 't') return literal(sc, "true");
    if (c == 'f') return literal(sc, "false");
    if (c == 'n') return literal(sc, "null");
    if (c != '{' && c != '[') return bad(sc, "a value was expected");
    TRY(enter(sc, c));
    skip_space(sc);
    if (peek(sc) == (c == '{' ? '}' : ']')) {
        sc->at++;
        sc->depth--;
        return 0;
    }
    *ret_opened = true;
    return c == '{' ? key(sc) : 0;
}

/* After a value: closes what ends here; *ret_next when another value must follow. */
static int after_value(struct scan *sc, bool *ret_next)
{
    for (;;) {
        skip_space(sc);
        *ret_next = false;
        if (sc->depth == 0) return 0;
        char open = sc->open[sc->depth - 1], c = peek(sc);
        if (c == ',') {
            sc->at++;
            *ret_next = true;
            if (open == '{') return key(sc);
            skip_space(sc);
            if (peek(sc) == ']') return bad(sc, "a comma before the end of a list");
            return 0;
        }
        if (c != (open == '{' ? '}' : ']'))
            return bad(sc, more(sc) ? "a comma or the end was expected" : "it ends too early");
        sc->at++;
        sc->depth--;
    }
}

int json_scan(struct slice text, const struct json_limits *limits, const char *what,
              struct err *err)
{
    if (text.len > limits->size_max)
        return err_set(err, ERR_TOO_LARGE, "%s has %zu bytes; at most %zu are allowed", what,
                       text.len, limits->size_max);
    struct scan sc = { .s = text.ptr, .len = text.len, .limits = limits, .what = what, .err = err };
    bool next = true;
    while (next) {
        bool opened;
        TRY(value(&sc, &opened));
        if (!opened) TRY(after_value(&sc, &next));
    }
    if (more(&sc)) return bad(&sc, "something follows the end");
    return 0;
}

#include "base/json_build.h"

#include "base/seam.h"
#include "base/utf8.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>

enum {
    BUILD_DEPTH_MAX = 256, /* json_scan allows no more */
    NUMBER_LEN_MAX = 512,  /* likewise */
};

struct build {
    const char *s;
    size_t at, len;
    struct buf text; /* of a string with escapes */
    json_t *root;
    json_t *open[BUILD_DEPTH_MAX]; /* each held by the one before, or by root */
    size_t depth;
    const char *what;
    struct err *err;
};

static int no_memory(const struct build *b)
{
    return err_set(b->err, ERR_NO_MEMORY, "no memory to read %s", b->what);
}

static int bad(const struct build *b, size_t at, const char *why)
{
    size_t line = 1, column = 1;
    for (size_t i = 0; i < at; i++) {
        bool newline = b->s[i] == '\n';
        line += newline;
        column = newline ? 1 : column + 1;
    }
    return err_set(b->err, ERR_JSON, "%s is not valid JSON: %s at line %zu, column %zu", b->what,
                   why, line, column);
}

static char peek(const struct build *b)
{
    return b->at < b->len ? b->s[b->at] : '\0';
}

static void skip_space(struct build *b)
{
    while (b->at < b->len && strchr(" \t\r\n", b->s[b->at])) b->at++;
}

static uint32_t hex4(struct build *b)
{
    char digits[5] = { 0 };
    memcpy(digits, b->s + b->at, 4);
    b->at += 4;
    return (uint32_t)strtoul(digits, NULL, 16);
}

/* After the backslash. */
static void add_escape(struct build *b)
{
    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
    char c = b->s[b->at++];
    const char *known = strchr(from, c);
    if (c != 'u') {
        buf_add_char(&b->text, known ? to[known - from] : c);
        return;
    }
    uint32_t codepoint = hex4(b);
    if (codepoint >= 0xD800 && codepoint <= 0xDBFF) {
        b->at += 2; /* The scan saw \u and a low surrogate. */
        codepoint = 0x10000 + ((codepoint - 0xD800) << 10) + (hex4(b) - 0xDC00);
    }
    char bytes[UTF8_BYTES_MAX];
    buf_add(&b->text, bytes, utf8_encode(bytes, codepoint));
}

/* The string at the place, as a view of the input or, with escapes, of b->text. */
static int read_string(struct build *b, struct slice *ret)
{
    assert(peek(b) == '"');
    size_t from = ++b->at;
    while (b->s[b->at] != '"' && b->s[b->at] != '\\') b->at++;
    if (b->s[b->at] == '"') {
        *ret = (struct slice){ .ptr = b->s + from, .len = b->at++ - from };
        return 0;
    }
    buf_reset(&b->text);
    buf_add(&b->text, b->s + from, b->at - from);
    while (b->s[b->at] != '"') {
        size_t plain = b->at;
        while (b->s[b->at] != '"' && b->s[b->at] != '\\') b->at++;
        buf_add(&b->text, b->s + plain, b->at - plain);
        if (b->s[b->at] != '\\') break;
        b->at++;
        add_escape(b);
    }
    b->at++;
    if (b->text.failed) return no_memory(b);
    *ret = (struct slice){ .ptr = b->text.ptr ? b->text.ptr : "", .len = b->text.len };
    return 0;
}

static int read_number(struct build *b, json_t **ret)
{
    char text[NUMBER_LEN_MAX + 1];
    size_t from = b->at, len = 0;
    bool real = false;
    while (b->at < b->len && strchr("+-.0123456789eE", b->s[b->at]) && b->s[b->at]) {
        assert(len < NUMBER_LEN_MAX);
        real = real || strchr(".eE", b->s[b->at]);
        text[len++] = b->s[b->at++];
    }
    text[len] = '\0';
    errno = 0;
    if (!real) {
        long long integer = strtoll(text, NULL, 10);
        if (errno == ERANGE) return bad(b, from, "an integer beyond 64 bits");
        *ret = json_integer(integer);
    } else {
        double number = strtod(text, NULL);
        if (isinf(number)) return bad(b, from, "a number that no double holds");
        *ret = json_real(number);
    }
    return *ret ? 0 : no_memory(b);
}

/* A scalar, or an empty container. */
static int read_value(struct build *b, json_t **ret)
{
    struct slice text;
    switch (peek(b)) {
    case '{': *ret = json_object(); break;
    case '[': *ret = json_array(); break;
    case 't': *ret = json_true(); break;
    case 'f': *ret = json_false(); break;
    case 'n': *ret = json_null(); break;
    case '"':
        TRY(read_string(b, &text));
        *ret = json_stringn_nocheck(text.ptr, text.len);
        return *ret ? 0 : no_memory(b);
    default: return read_number(b, ret);
    }
    if (!*ret) return no_memory(b);
    b->at += peek(b) == 't' || peek(b) == 'n' ? 4 : peek(b) == 'f' ? 5 : 1;
    return 0;
}

/* Gives the value to what is open (or makes it the root); a container is then open itself. */
static int place(struct build *b, struct slice key, json_t *value)
{
    json_t *parent = b->depth ? b->open[b->depth - 1] : NULL;
    int result = 0;
    if (!parent)
        b->root = value;
    else if (json_is_array(parent))
        result = json_array_append_new(parent, value);
    else
        result = json_object_setn_new_nocheck(parent, key.ptr, key.len, value);
    if (result < 0) return no_memory(b); /* jansson has released the value. */
    if (!json_is_object(value) && !json_is_array(value)) return 0;
    assert(b->depth < BUILD_DEPTH_MAX);
    b->open[b->depth++] = value;
    return 0;
}

/* One value, with its key where an object is open. */
static int read_member(struct build *b)
{
    struct slice key = { 0 };
    json_t *parent = b->depth ? b->open[b->depth - 1] : NULL, *value = NULL;
    char *copy = NULL;
    if (json_is_object(parent)) {
        size_t at = b->at;
        TRY(read_string(b, &key));
        if (json_object_getn(parent, key.ptr, key.len))
            return bad(b, at, "a key that stands twice");
        skip_space(b);
        b->at++; /* the colon */
        skip_space(b);
        /* The value may be a string with escapes too, which would overwrite the key. */
        if (key.ptr == b->text.ptr && key.len) {
            copy = mem_strndup(key.ptr, key.len);
            if (!copy) return no_memory(b);
            key.ptr = copy;
        }
    }
    int result = read_value(b, &value);
    if (result == 0) result = place(b, key, value);
    mem_free(copy);
    return result;
}

static int read_all(struct build *b)
{
    do {
        skip_space(b);
        char c = peek(b);
        if (c == '}' || c == ']') {
            b->depth--;
            b->at++;
        } else if (c == ',') {
            b->at++;
        } else {
            TRY(read_member(b));
        }
    } while (b->depth > 0);
    return 0;
}

int json_build(json_t **ret, struct slice text, const char *what, struct err *err)
{
    struct build b = { .s = text.ptr, .len = text.len, .what = what, .err = err };
    buf_init(&b.text, text.len + 1);
    int result = read_all(&b);
    buf_release(&b.text);
    if (result < 0)
        json_decref(b.root);
    else
        *ret = b.root;
    return result;
}

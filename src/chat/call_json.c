#include "chat/call_json.h"

#include "base/utf8.h"
#include "chat/mark.h"
#include "chat/reply.h"

/* ---- Where a value ends ---- */

static bool is_scalar(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '+' || c == '.';
}

static enum json_passed read_first(struct json_pass *p, char c)
{
    p->begun = true;
    p->in_string = c == '"';
    p->depth = c == '{' || c == '[';
    return p->in_string || p->depth || is_scalar(c) ? JSON_MORE : JSON_BAD;
}

static enum json_passed read_string(struct json_pass *p, char c)
{
    if (mark_is(c)) return JSON_BAD;
    if (p->escaped) {
        p->escaped = false;
        return JSON_MORE;
    }
    p->escaped = c == '\\';
    if (c != '"') return JSON_MORE;
    p->in_string = false;
    return p->depth ? JSON_MORE : JSON_LAST;
}

enum json_passed json_pass_read(struct json_pass *p, char c)
{
    if (!p->begun) return read_first(p, c);
    if (p->in_string) return read_string(p, c);
    bool closes = c == '}' || c == ']';
    if (p->depth == 0) /* A number or a word. */
        return is_scalar(c)                             ? JSON_MORE
               : closes || c == ',' || mark_is_space(c) ? JSON_OVER
                                                        : JSON_BAD;
    p->in_string = c == '"';
    p->depth += c == '{' || c == '[';
    p->depth -= closes;
    if (p->depth == 0) return JSON_LAST;
    bool inside = p->in_string || closes || c == '{' || c == '[' || c == ',' || c == ':' ||
                  mark_is_space(c) || is_scalar(c);
    return inside ? JSON_MORE : JSON_BAD;
}

/* ---- What is told ---- */

static void tell(struct reply *reply, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) reply_argument(reply, bytes[i]);
}

static void tell_codepoint(struct reply *reply, uint32_t c)
{
    char bytes[UTF8_BYTES_MAX];
    bool lone = c >= 0xd800 && c < 0xe000;
    tell(reply, bytes, utf8_encode(bytes, lone ? UTF8_REPLACEMENT : c));
}

/* Four digits, or UINT32_MAX. */
static uint32_t hex4(const char *s)
{
    uint32_t v = 0;
    for (int i = 0; i < 4; i++) {
        char c = s[i];
        uint32_t d = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
                     : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10)
                     : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A' + 10)
                                            : 16;
        if (d == 16) return UINT32_MAX;
        v = v << 4 | d;
    }
    return v;
}

/* \uXXXX, or two of them that are one character, once they are whole. */
static void unicode(struct call_arguments *a, struct reply *reply)
{
    if (a->n_escape < 6) return;
    uint32_t first = hex4(a->escape + 2);
    bool high = first >= 0xd800 && first < 0xdc00;
    if (high && a->n_escape < CALL_ESCAPE_MAX) return;
    if (first == UINT32_MAX) {
        tell(reply, a->escape, a->n_escape); /* None, then: as it was written. */
    } else if (!high) {
        tell_codepoint(reply, first);
    } else {
        uint32_t second = hex4(a->escape + 8);
        bool low = second >= 0xdc00 && second < 0xe000;
        if (low) {
            tell_codepoint(reply, 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00));
        } else {
            tell_codepoint(reply, first);
            if (second == UINT32_MAX)
                tell(reply, a->escape + 6, 6);
            else
                tell_codepoint(reply, second);
        }
    }
    a->n_escape = 0;
}

static void read_text(struct call_arguments *a, struct reply *reply, char c);

/* c is the next byte of an escape. */
static void read_escape(struct call_arguments *a, struct reply *reply, char c)
{
    static const char from[] = "nrtbf", to[] = "\n\r\t\b\f";
    /* Behind the first half of a pair, something that is no second half. */
    bool alone = (a->n_escape == 6 && c != '\\') || (a->n_escape == 7 && c != 'u');
    if (alone) {
        bool slash = a->n_escape == 7;
        tell_codepoint(reply, UTF8_REPLACEMENT);
        a->n_escape = 0;
        if (slash) read_text(a, reply, '\\');
        read_text(a, reply, c);
        return;
    }
    a->escape[a->n_escape++] = c;
    if (a->n_escape > 2 || c == 'u') {
        unicode(a, reply);
        return;
    }
    const char *known = memchr(from, c, sizeof from - 1);
    bool itself = c == '"' || c == '\\' || c == '/';
    if (!known && !itself) reply_argument(reply, '\\');
    reply_argument(reply, known ? to[known - from] : c);
    a->n_escape = 0;
}

static void read_text(struct call_arguments *a, struct reply *reply, char c)
{
    if (a->n_escape) {
        read_escape(a, reply, c);
    } else if (c == '\\') {
        a->escape[a->n_escape++] = c;
    } else if (c == '"') {
        a->state = ARGUMENTS_OVER;
    } else {
        reply_argument(reply, c);
    }
}

/* {"input": " and then the text; something else goes through as it is. */
static void read_head(struct call_arguments *a, struct reply *reply, char c)
{
    a->head[a->n_head++] = c;
    a->n_quotes += c == '"';
    bool between = a->n_quotes == 0 || a->n_quotes == 2;
    bool odd = c == '\\' || a->n_head == CALL_HEAD_MAX ||
               (between && c != '"' && c != '{' && c != ':' && !mark_is_space(c));
    if (a->n_quotes == 3) {
        a->state = ARGUMENTS_TEXT;
    } else if (odd) {
        tell(reply, a->head, a->n_head);
        a->state = ARGUMENTS_RAW;
    }
}

void call_arguments_read(struct call_arguments *a, struct reply *reply, char c)
{
    if (a->state == ARGUMENTS_FIRST)
        a->state = c == '"'                ? ARGUMENTS_TEXT
                   : a->custom && c == '{' ? ARGUMENTS_HEAD
                                           : ARGUMENTS_RAW;
    else if (a->state == ARGUMENTS_TEXT)
        read_text(a, reply, c);
    if (a->state == ARGUMENTS_RAW) reply_argument(reply, c);
    if (a->state == ARGUMENTS_HEAD) read_head(a, reply, c);
}

#include "gateway/http_parser.h"

#include "base/seam.h"

#include <assert.h>

enum { METHOD_LEN_MAX = 16, VERSION_LEN = 8, HOST_LEN_MAX = 262, LENGTH_DIGITS_MAX = 18 };

enum state {
    S_METHOD,
    S_TARGET,
    S_VERSION,
    S_LINE_LF,
    S_FIELD,
    S_NAME,
    S_VALUE_START,
    S_VALUE,
    S_VALUE_LF,
    S_HEAD_LF,
    S_BODY_START, /* The head has been reported. */
    S_BODY,
    S_CHUNK_SIZE,
    S_CHUNK_SIZE_LF,
    S_CHUNK_DATA,
    S_CHUNK_DATA_CR,
    S_CHUNK_DATA_LF,
    S_LAST_CR,
    S_LAST_LF,
    S_END,
    S_FAILED,
};

static const char *const method_names[HTTP_METHODS] = {
    [HTTP_GET] = "GET",         [HTTP_HEAD_METHOD] = "HEAD", [HTTP_POST] = "POST",
    [HTTP_PUT] = "PUT",         [HTTP_PATCH] = "PATCH",      [HTTP_DELETE] = "DELETE",
    [HTTP_OPTIONS] = "OPTIONS",
};

const char *http_method_name(enum http_method method)
{
    assert(method < HTTP_METHODS);
    return method_names[method];
}

void http_parser_init(struct http_parser *p, uint64_t body_max)
{
    *p = (struct http_parser){ .body_max = body_max };
    buf_init(&p->head, HTTP_LINE_MAX + HTTP_HEAD_MAX + 4);
}

void http_parser_drop_head(struct http_parser *p)
{
    buf_release(&p->head);
    mem_free(p->fields);
    p->fields = NULL;
    p->n_fields = p->fields_cap = 0;
}

void http_parser_release(struct http_parser *p)
{
    http_parser_drop_head(p);
    p->state = S_FAILED;
}

/* ---- Which bytes may stand where ---- */

static bool is_alnum(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool is_token(unsigned char c) /* RFC 9110, 5.6.2 */
{
    return is_alnum(c) || (c != 0 && strchr("!#$%&'*+-.^_`|~", c));
}

/* RFC 3986 path and query, and the brackets that clients leave bare in "include[]=". */
static bool is_uri(unsigned char c)
{
    return is_alnum(c) || (c != 0 && strchr("-._~!$&'()*+,;=:@/?%[]", c));
}

static int hex_value(unsigned char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

static bool is_value(unsigned char c)
{
    return c >= 0x20 && c != 0x7F;
}

/* ---- The whole head, once its last byte is there ---- */

static struct slice at(const struct http_parser *p, size_t from, size_t len)
{
    assert(from + len <= p->head.len);
    return (struct slice){ p->head.ptr + from, len };
}

static struct slice field_name(const struct http_parser *p, size_t i)
{
    return at(p, p->fields[i].name_at, p->fields[i].name_len);
}

static struct slice field_value(const struct http_parser *p, size_t i)
{
    return at(p, p->fields[i].value_at, p->fields[i].value_len);
}

struct slice http_header(const struct http_parser *p, const char *name)
{
    for (size_t i = 0; i < p->n_fields; i++)
        if (slice_eq_nocase(field_name(p, i), slice_of(name))) return field_value(p, i);
    return (struct slice){ 0 };
}

int http_header_count(const struct http_parser *p, const char *name)
{
    int count = 0;
    for (size_t i = 0; i < p->n_fields; i++)
        count += slice_eq_nocase(field_name(p, i), slice_of(name));
    return count;
}

struct slice http_target(const struct http_parser *p)
{
    return at(p, p->target_at, p->target_len);
}

struct slice http_path(const struct http_parser *p)
{
    struct slice target = http_target(p);
    target.len = slice_find(target, SLICE("?"));
    return target;
}

struct slice http_query(const struct http_parser *p)
{
    struct slice target = http_target(p);
    size_t mark = slice_find(target, SLICE("?"));
    if (mark == target.len) return (struct slice){ 0 };
    return (struct slice){ target.ptr + mark + 1, target.len - mark - 1 };
}

bool http_decode_path(char *out, size_t *ret_len, struct slice path)
{
    size_t n = 0;
    for (size_t i = 0; i < path.len; i++) {
        unsigned char c = (unsigned char)path.ptr[i];
        if (c == '%') {
            assert(i + 2 < path.len); /* The parser has seen to the two digits. */
            c = (unsigned char)(hex_value((unsigned char)path.ptr[i + 1]) * 16 +
                                hex_value((unsigned char)path.ptr[i + 2]));
            i += 2;
        }
        if (c < 0x20 || c == 0x7F) return false;
        out[n++] = (char)c;
    }
    *ret_len = n;
    return true;
}

struct slice http_host(const struct http_parser *p)
{
    return http_header(p, "host");
}

static bool port_is_valid(struct slice port)
{
    uint64_t number;
    return port.len >= 1 && port.len <= 5 && slice_to_u64(&number, port) && number <= 65535;
}

/* host[:port], the host a name, an IPv4 address or a bracketed IPv6 address. */
static bool host_is_valid(struct slice host)
{
    if (host.len == 0 || host.len > HOST_LEN_MAX) return false;
    size_t end = 0;
    if (host.ptr[0] == '[') {
        for (end = 1; end < host.len && host.ptr[end] != ']'; end++)
            if (hex_value((unsigned char)host.ptr[end]) < 0 && !strchr(":.", host.ptr[end]))
                return false;
        if (end < 3 || end == host.len) return false;
        end++;
    } else {
        while (end < host.len &&
               (is_alnum((unsigned char)host.ptr[end]) || strchr("-._", host.ptr[end])))
            end++;
        if (end == 0) return false;
    }
    if (end == host.len) return true;
    return host.ptr[end] == ':' &&
           port_is_valid((struct slice){ host.ptr + end + 1, host.len - end - 1 });
}

/* Fields of which a second one would let two readers choose differently. */
static int check_repeats(const struct http_parser *p, struct err *err)
{
    static const char *const once[] = { "host",    "content-length", "transfer-encoding",
                                        "expect",  "content-type",   "authorization",
                                        "api-key", "origin" };
    for (size_t i = 0; i < sizeof once / sizeof *once; i++)
        if (http_header_count(p, once[i]) > 1)
            return err_set(err, ERR_HTTP_SYNTAX, "the header %s stands more than once", once[i]);
    return 0;
}

static int too_large(const struct http_parser *p, struct err *err)
{
    return err_set(err, ERR_TOO_LARGE, "the body is longer than %llu bytes",
                   (unsigned long long)p->body_max);
}

static int read_length(struct http_parser *p, struct slice text, struct err *err)
{
    uint64_t length;
    if (text.len == 0 || (text.len > 1 && text.ptr[0] == '0'))
        return err_set(err, ERR_HTTP_SYNTAX, "Content-Length is not a plain decimal number");
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return err_set(err, ERR_HTTP_SYNTAX, "Content-Length is not a plain decimal number");
    if (text.len > LENGTH_DIGITS_MAX || !slice_to_u64(&length, text) || length > p->body_max)
        return too_large(p, err);
    p->body_left = length;
    p->has_body = length > 0;
    return 0;
}

static int check_framing(struct http_parser *p, struct err *err)
{
    struct slice length = http_header(p, "content-length");
    struct slice coding = http_header(p, "transfer-encoding");
    if (length.ptr && coding.ptr)
        return err_set(err, ERR_HTTP_SYNTAX,
                       "Content-Length and Transfer-Encoding stand in the same request");
    if (length.ptr) TRY(read_length(p, length, err));
    if (coding.ptr) {
        if (p->http_1_0) return err_set(err, ERR_HTTP_SYNTAX, "HTTP/1.0 has no Transfer-Encoding");
        if (!slice_is(coding, "chunked"))
            return err_set(err, ERR_HTTP_SYNTAX,
                           "the only Transfer-Encoding taken here is exactly \"chunked\"");
        p->chunked = p->has_body = true;
    }
    bool may_have_body = p->method != HTTP_GET && p->method != HTTP_HEAD_METHOD &&
                         p->method != HTTP_OPTIONS;
    if (p->has_body && !may_have_body)
        return err_set(err, ERR_HTTP_SYNTAX, "a %s request has no body", method_names[p->method]);
    return 0;
}

static int check_expect(struct http_parser *p, struct err *err)
{
    struct slice expect = http_header(p, "expect");
    if (!expect.ptr) return 0;
    if (!slice_eq_nocase(expect, SLICE("100-continue")))
        return err_set(err, ERR_EXPECT, "the only Expect taken here is 100-continue");
    if (!p->has_body)
        return err_set(err, ERR_HTTP_SYNTAX, "Expect: 100-continue in a request without a body");
    p->expect_continue = !p->http_1_0;
    return 0;
}

static void read_connection(struct http_parser *p)
{
    p->keep_alive = !p->http_1_0;
    for (size_t i = 0; i < p->n_fields; i++) {
        if (!slice_eq_nocase(field_name(p, i), SLICE("connection"))) continue;
        struct slice rest = field_value(p, i);
        while (rest.len > 0) {
            size_t comma = slice_find(rest, SLICE(","));
            struct slice word = slice_trim((struct slice){ rest.ptr, comma });
            if (slice_eq_nocase(word, SLICE("close"))) p->keep_alive = false;
            size_t used = comma < rest.len ? comma + 1 : comma;
            rest = (struct slice){ rest.ptr + used, rest.len - used };
        }
    }
}

static int check_target(const struct http_parser *p, struct err *err)
{
    struct slice target = http_target(p);
    if (target.ptr[0] == '/') return 0;
    if (slice_is(target, "*") && p->method == HTTP_OPTIONS) return 0;
    return err_set(err, ERR_HTTP_SYNTAX, "the request target does not begin with '/'");
}

static int check_head(struct http_parser *p, struct err *err)
{
    TRY(check_target(p, err));
    TRY(check_repeats(p, err));
    struct slice host = http_host(p);
    if (!host.ptr) return err_set(err, ERR_HTTP_SYNTAX, "the header Host is missing");
    if (!host_is_valid(host))
        return err_set(err, ERR_HTTP_SYNTAX, "the header Host is not a host name with a port");
    TRY(check_framing(p, err));
    TRY(check_expect(p, err));
    read_connection(p);
    return 0;
}

/* ---- The head, byte by byte; `pos` is where the byte stands in p->head ---- */

static int bad(struct err *err, const char *why)
{
    return err_set(err, ERR_HTTP_SYNTAX, "malformed HTTP request: %s", why);
}

static int on_method(struct http_parser *p, unsigned char c, size_t pos, struct err *err)
{
    if (c != ' ') {
        if (pos >= METHOD_LEN_MAX) return bad(err, "the method is too long");
        return is_token(c) ? 0 : bad(err, "it does not begin with a method");
    }
    for (int m = 0; m < HTTP_METHODS; m++)
        if (slice_is(at(p, 0, pos), method_names[m])) {
            p->method = (uint8_t)m;
            p->target_at = (uint16_t)(pos + 1);
            p->state = S_TARGET;
            return 0;
        }
    if (pos == 0) return bad(err, "it does not begin with a method");
    return err_set(err, ERR_METHOD, "unknown HTTP method %.*s", (int)pos, p->head.ptr);
}

static int on_target(struct http_parser *p, unsigned char c, size_t pos, struct err *err)
{
    if (p->escape_left > 0) {
        if (hex_value(c) < 0) return bad(err, "'%' without two hex digits in the request target");
        p->escape_left--;
        return 0;
    }
    if (c == ' ') {
        if (pos == p->target_at) return bad(err, "the request target is empty");
        p->target_len = (uint16_t)(pos - p->target_at);
        p->state = S_VERSION;
        return 0;
    }
    if (!is_uri(c)) return bad(err, "a byte that may not stand in a request target");
    if (c == '%') p->escape_left = 2;
    return 0;
}

static int on_version(struct http_parser *p, unsigned char c, size_t pos, struct err *err)
{
    static const char version[] = "HTTP/1.";
    size_t i = pos - (size_t)(p->target_at + p->target_len + 1);
    if (i < sizeof version - 1)
        return c == (unsigned char)version[i] ? 0 : bad(err, "the version is not HTTP/1.1");
    if (i == VERSION_LEN - 1) {
        p->http_1_0 = c == '0';
        return c == '0' || c == '1' ? 0 : bad(err, "the version is not HTTP/1.1");
    }
    p->state = S_LINE_LF;
    return c == '\r' ? 0 : bad(err, "no CRLF behind the version");
}

static int on_field(struct http_parser *p, unsigned char c, size_t pos, struct err *err)
{
    if (c == '\r') {
        p->state = S_HEAD_LF;
        return 0;
    }
    if (c == ' ' || c == '\t') return bad(err, "a header line begins with white space");
    if (!is_token(c)) return bad(err, "a header name holds a byte that may not stand there");
    p->name_at = (uint16_t)pos;
    p->state = S_NAME;
    return 0;
}

static int on_name(struct http_parser *p, unsigned char c, size_t pos, struct err *err)
{
    if (c == ':') {
        p->name_len = (uint16_t)(pos - p->name_at);
        p->state = S_VALUE_START;
        return 0;
    }
    if (c == ' ' || c == '\t') return bad(err, "white space before the colon of a header");
    return is_token(c) ? 0 : bad(err, "a header name holds a byte that may not stand there");
}

static int on_value(struct http_parser *p, unsigned char c, size_t pos, struct err *err)
{
    if (p->state == S_VALUE_START) {
        if (c == ' ') return 0;
        p->value_at = (uint16_t)pos;
        p->state = S_VALUE;
    }
    if (c == '\r') {
        p->state = S_VALUE_LF;
        return 0;
    }
    return is_value(c) ? 0 : bad(err, "a header value holds a control byte");
}

static int grow_fields(struct http_parser *p, struct err *err)
{
    if (p->n_fields == HTTP_FIELDS_MAX)
        return err_set(err, ERR_HEADERS_TOO_LARGE, "more than %d headers", HTTP_FIELDS_MAX);
    if (p->n_fields < p->fields_cap) return 0;
    uint16_t cap = p->fields_cap ? (uint16_t)(2 * p->fields_cap) : 16;
    struct http_field *fields = mem_realloc(p->fields, cap * sizeof *fields);
    if (!fields) return err_set(err, ERR_NO_MEMORY, "no memory for the headers");
    p->fields = fields;
    p->fields_cap = cap;
    return 0;
}

static int end_field(struct http_parser *p, size_t pos, struct err *err)
{
    TRY(grow_fields(p, err));
    size_t end = pos - 1; /* Where the CR stands. */
    while (end > p->value_at && p->head.ptr[end - 1] == ' ') end--;
    p->fields[p->n_fields++] = (struct http_field){ p->name_at, p->name_len, p->value_at,
                                                    (uint16_t)(end - p->value_at) };
    p->state = S_FIELD;
    return 0;
}

/* How many bytes of line or fields there are allowed to be so far. */
static int check_sizes(const struct http_parser *p, size_t pos, struct err *err)
{
    if (p->state <= S_LINE_LF) {
        if (pos <= HTTP_LINE_MAX + 1) return 0; /* Its CRLF does not count. */
        return err_set(err, ERR_HEADERS_TOO_LARGE, "the request line is longer than %d bytes",
                       HTTP_LINE_MAX);
    }
    if (pos - p->fields_at < HTTP_HEAD_MAX) return 0;
    return err_set(err, ERR_HEADERS_TOO_LARGE, "the headers are longer than %d bytes",
                   HTTP_HEAD_MAX);
}

static int on_head_byte(struct http_parser *p, unsigned char c, size_t pos, struct err *err)
{
    TRY(check_sizes(p, pos, err));
    switch ((enum state)p->state) {
    case S_METHOD: return on_method(p, c, pos, err);
    case S_TARGET: return on_target(p, c, pos, err);
    case S_VERSION: return on_version(p, c, pos, err);
    case S_LINE_LF:
        p->state = S_FIELD;
        p->fields_at = (uint16_t)(pos + 1);
        return c == '\n' ? 0 : bad(err, "CR without LF");
    case S_FIELD: return on_field(p, c, pos, err);
    case S_NAME: return on_name(p, c, pos, err);
    case S_VALUE_START:
    case S_VALUE: return on_value(p, c, pos, err);
    case S_VALUE_LF: return c == '\n' ? end_field(p, pos, err) : bad(err, "CR without LF");
    case S_HEAD_LF: p->state = S_BODY_START; return c == '\n' ? 0 : bad(err, "CR without LF");
    default: assert(!"a state of the head"); return 0;
    }
}

static int feed_head(struct http_parser *p, enum http_event *ret, struct slice *in, struct err *err)
{
    while (in->len > 0 && p->state < S_BODY_START) {
        size_t pos = p->head.len;
        buf_add_char(&p->head, in->ptr[0]);
        if (p->head.failed) return err_set(err, ERR_NO_MEMORY, "no memory for the headers");
        TRY(on_head_byte(p, (unsigned char)in->ptr[0], pos, err));
        *in = (struct slice){ in->ptr + 1, in->len - 1 };
    }
    if (p->state < S_BODY_START) {
        *ret = HTTP_MORE;
        return 0;
    }
    TRY(check_head(p, err));
    *ret = HTTP_HEAD;
    return 0;
}

/* ---- The body ---- */

static void take_body(struct http_parser *p, struct slice *in)
{
    size_t n = in->len < p->body_left ? in->len : (size_t)p->body_left;
    p->body = (struct slice){ in->ptr, n };
    p->body_left -= n;
    *in = (struct slice){ in->ptr + n, in->len - n };
}

static int on_chunk_size(struct http_parser *p, unsigned char c, struct err *err)
{
    int digit = hex_value(c);
    if (digit >= 0) {
        if (p->chunk_digits == HTTP_CHUNK_DIGITS_MAX) return bad(err, "a chunk size is too long");
        p->chunk_digits++;
        p->body_left = p->body_left * 16 + (unsigned)digit;
        return 0;
    }
    if (p->chunk_digits == 0) return bad(err, "a chunk without a size");
    if (c == ';' || c == ' ' || c == '\t') return bad(err, "chunk extensions are not taken");
    if (c != '\r') return bad(err, "a chunk size that is not hexadecimal");
    if (p->body_left > p->body_max - p->body_len) return too_large(p, err);
    p->body_len += p->body_left;
    p->state = S_CHUNK_SIZE_LF;
    return 0;
}

static int on_chunk_byte(struct http_parser *p, unsigned char c, struct err *err)
{
    switch ((enum state)p->state) {
    case S_CHUNK_SIZE: return on_chunk_size(p, c, err);
    case S_CHUNK_SIZE_LF:
        p->state = p->body_left > 0 ? S_CHUNK_DATA : S_LAST_CR;
        return c == '\n' ? 0 : bad(err, "CR without LF behind a chunk size");
    case S_CHUNK_DATA_CR:
        p->state = S_CHUNK_DATA_LF;
        return c == '\r' ? 0 : bad(err, "no CRLF behind the data of a chunk");
    case S_CHUNK_DATA_LF:
        p->state = S_CHUNK_SIZE;
        p->chunk_digits = 0;
        return c == '\n' ? 0 : bad(err, "no CRLF behind the data of a chunk");
    case S_LAST_CR:
        p->state = S_LAST_LF;
        return c == '\r' ? 0 : bad(err, "trailer fields are not taken");
    case S_LAST_LF:
        p->state = S_END;
        return c == '\n' ? 0 : bad(err, "CR without LF behind the last chunk");
    default: assert(!"a state of the chunks"); return 0;
    }
}

static int feed_body(struct http_parser *p, enum http_event *ret, struct slice *in, struct err *err)
{
    if (p->state == S_BODY_START) {
        p->state = p->chunked ? S_CHUNK_SIZE : S_BODY;
        if (!p->chunked) p->body_len = p->body_left;
    }
    while (p->state != S_END) {
        if (p->state == S_BODY && p->body_left == 0) {
            p->state = S_END;
            break;
        }
        if (in->len == 0) {
            *ret = HTTP_MORE;
            return 0;
        }
        if (p->state == S_BODY || p->state == S_CHUNK_DATA) {
            take_body(p, in);
            if (p->state == S_CHUNK_DATA && p->body_left == 0) p->state = S_CHUNK_DATA_CR;
            *ret = HTTP_BODY;
            return 0;
        }
        TRY(on_chunk_byte(p, (unsigned char)in->ptr[0], err));
        *in = (struct slice){ in->ptr + 1, in->len - 1 };
    }
    *ret = HTTP_END;
    return 0;
}

int http_parser_limit_body(struct http_parser *p, uint64_t body_max, struct err *err)
{
    assert(p->state == S_BODY_START && body_max <= p->body_max);
    p->body_max = body_max;
    return p->body_left > body_max ? too_large(p, err) : 0;
}

int http_parser_feed(struct http_parser *p, enum http_event *ret, struct slice *in, struct err *err)
{
    assert(p->state != S_FAILED);
    int rc = p->state < S_BODY_START ? feed_head(p, ret, in, err) : feed_body(p, ret, in, err);
    if (rc < 0) p->state = S_FAILED;
    return rc;
}

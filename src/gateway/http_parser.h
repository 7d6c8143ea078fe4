/* http_parser - strict incremental HTTP/1.1 request parser on bounded memory.
 *
 *     struct http_parser p;
 *     http_parser_init(&p, HTTP_BODY_MAX);
 *     while ((rc = http_parser_feed(&p, &event, &in, &err)) == 0 && event != HTTP_MORE) {
 *         HTTP_HEAD: the head is whole: p.req, http_header(); decide, then feed on
 *         HTTP_BODY: p.body holds the next bytes of the body, a view into what was fed
 *         HTTP_END:  the request is whole; what is left in `in` belongs to the next one
 *     }
 *     http_parser_release(&p);
 *
 * `in` is advanced past the bytes used. A failure is final: answer with the status of err.code and
 * close the connection, for nobody can say where the next request begins.
 *
 * There is no leniency, so that no two readers of the same bytes can disagree (RFC 9112 section
 * 11.2). Refused, with 400 unless said otherwise:
 *
 *   request line  anything but METHOD SP origin-form SP HTTP/1.1 (or 1.0) CRLF; a method we do not
 *                 know (405); absolute-form, authority-form; '*' other than for OPTIONS; bytes that
 *                 are no URI characters, an unfinished percent-escape, a fragment; a line before
 *   line ends     LF without CR, CR without LF, anywhere
 *   field         no colon, an empty name, a space before the colon, a folded line, a name that is
 *                 no token, a byte below 0x20 (a tab too) or 0x7F in the value
 *   framing       Content-Length with Transfer-Encoding, or twice (even if equal), or other than
 *                 plain decimal digits without leading zeros; Transfer-Encoding other than exactly
 *                 "chunked", or twice, or in HTTP/1.0; a method without a body (GET, HEAD, OPTIONS)
 *                 that brings one
 *   chunks        an extension, a size that is not 1 to 8 hex digits, data not followed by CRLF,
 *                 trailer fields
 *   Host          missing, repeated, empty, or not host[:port] (HTTP/1.0 included)
 *   Expect        other than exactly 100-continue (417)
 *   sizes         line over HTTP_LINE_MAX, head over HTTP_HEAD_MAX, over HTTP_FIELDS_MAX fields
 *                 (431); body over the maximum (413)
 *
 * HTTP/1.0 is served like HTTP/1.1 with "Connection: close": one request, no chunks in the answer.
 */
#ifndef TIRO_GATEWAY_HTTP_PARSER_H
#define TIRO_GATEWAY_HTTP_PARSER_H

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

#include <stdint.h>

enum {
    HTTP_LINE_MAX = 8 << 10,  /* request line, without CRLF */
    HTTP_HEAD_MAX = 32 << 10, /* all fields */
    HTTP_FIELDS_MAX = 100,
    HTTP_BODY_MAX = 4 << 20, /* a JSON body */
    HTTP_CHUNK_DIGITS_MAX = 8,
};

enum http_event { HTTP_MORE, HTTP_HEAD, HTTP_BODY, HTTP_END };

enum http_method {
    HTTP_GET,
    HTTP_HEAD_METHOD,
    HTTP_POST,
    HTTP_PUT,
    HTTP_PATCH,
    HTTP_DELETE,
    HTTP_OPTIONS,
    HTTP_METHODS
};

struct http_field {
    uint16_t name_at, name_len, value_at, value_len; /* into head.ptr */
};

struct http_parser {
    struct buf head;                        /* Request line and fields as they came; owned. */
    struct http_field *fields;              /* n_fields of them; owned. */
    uint64_t body_max, body_len, body_left; /* body_left: of the body, or of this chunk. */
    struct slice body;                      /* At HTTP_BODY. */
    uint16_t n_fields, fields_cap, fields_at;
    uint16_t target_at, target_len, name_at, name_len, value_at;
    uint8_t state, method, escape_left, chunk_digits;
    bool http_1_0, chunked, expect_continue, keep_alive;
    bool has_body; /* Content-Length above 0, or chunks. */
};

void http_parser_init(struct http_parser *p, uint64_t body_max);
void http_parser_release(struct http_parser *p);
/* Drops the head's bytes once they are not needed any more; views into it end. */
void http_parser_drop_head(struct http_parser *p);

/* 0 and an event; or -ERR_HTTP_SYNTAX, -ERR_METHOD, -ERR_HEADERS_TOO_LARGE, -ERR_TOO_LARGE,
 * -ERR_EXPECT, -ERR_NO_MEMORY. Not to be called again after a failure or after HTTP_END. */
int http_parser_feed(struct http_parser *p, enum http_event *ret, struct slice *in,
                     struct err *err) MUST_USE;
/* At HTTP_HEAD: the body may have no more than that. -ERR_TOO_LARGE when it says so itself. */
int http_parser_limit_body(struct http_parser *p, uint64_t body_max, struct err *err) MUST_USE;

/* After HTTP_HEAD. Views live until release or drop_head. */
struct slice http_target(const struct http_parser *p);
struct slice http_path(const struct http_parser *p);  /* As sent: not decoded. */
struct slice http_query(const struct http_parser *p); /* Behind '?'; ptr NULL when there is none. */
struct slice http_host(const struct http_parser *p);
/* The first field of that name (any case); ptr NULL when absent. */
struct slice http_header(const struct http_parser *p, const char *name);
/* How many fields of that name there are. */
int http_header_count(const struct http_parser *p, const char *name);
/* Escapes become their bytes; `out` has room for path.len. False when one is a control byte. */
bool http_decode_path(char *out, size_t *ret_len, struct slice path);
const char *http_method_name(enum http_method method);

#endif

/* The parser against a table of requests: what is taken, what is refused and how, at every cut. */
#include "unit/test.h"

#include "gateway/http_parser.h"

#include <stdio.h>
#include <stdlib.h>

#define H     "Host: a\r\n"
#define GET   "GET / HTTP/1.1\r\n"
#define POST  "POST / HTTP/1.1\r\n" H
#define CHUNK POST "Transfer-Encoding: chunked\r\n\r\n"
#define CL(n) POST "Content-Length: " n "\r\n\r\n"

struct row {
    const char *bytes;
    size_t len;
    int expected; /* 0: taken; else the error's code */
};

/* clang-format off */
#define OK(text)        { text, sizeof(text) - 1, 0 }
#define NO(text)        { text, sizeof(text) - 1, ERR_HTTP_SYNTAX }
#define BAD(text, code) { text, sizeof(text) - 1, code }

static const struct row rows[] = {
    /* Plain requests. */
    OK(GET H "\r\n"),
    OK("HEAD / HTTP/1.1\r\n" H "\r\n"),
    OK("POST / HTTP/1.1\r\n" H "\r\n"),
    OK("PUT / HTTP/1.1\r\n" H "\r\n"),
    OK("PATCH / HTTP/1.1\r\n" H "\r\n"),
    OK("DELETE / HTTP/1.1\r\n" H "\r\n"),
    OK("OPTIONS * HTTP/1.1\r\n" H "\r\n"),
    OK("OPTIONS / HTTP/1.1\r\n" H "\r\n"),
    OK("GET / HTTP/1.0\r\n" H "\r\n"),
    OK("POST / HTTP/1.0\r\n" H "Content-Length: 2\r\n\r\nab"),
    OK("GET /v1/models/org/name:tag HTTP/1.1\r\n" H "\r\n"),
    OK("GET /a?include[]=x&b=%7B HTTP/1.1\r\n" H "\r\n"),
    OK("GET /a%2Fb%00 HTTP/1.1\r\n" H "\r\n"),
    OK("GET //evil HTTP/1.1\r\n" H "\r\n"),
    OK(GET "Host: a.b-c_d:80\r\n\r\n"),
    OK(GET "Host: 127.0.0.1:65535\r\n\r\n"),
    OK(GET "Host: [::1]:8080\r\n\r\n"),
    OK(GET "Host: [::ffff:127.0.0.1]\r\n\r\n"),
    OK(GET "hOsT:a\r\n\r\n"),
    OK(GET "Host:   a   \r\n\r\n"),
    OK(GET H "X:\r\n\r\n"),
    OK(GET H "X-Empty:    \r\n\r\n"),
    OK(GET H "X: a b  c\r\n\r\n"),
    OK(GET H "X: caf\xc3\xa9 \xff\r\n\r\n"),
    OK(GET H "!#$%&'*+-.^_`|~09azAZ: 1\r\n\r\n"),
    OK(GET H "Connection: keep-alive, close\r\n\r\n"),
    OK(GET H "Content-Length: 0\r\n\r\n"),
    OK(CL("0")),
    OK(CL("5") "hello"),
    OK(POST "content-length:5\r\n\r\nhello"),
    OK(POST "Content-Length:   5   \r\n\r\nhello"),
    OK(POST "Expect: 100-continue\r\nContent-Length: 1\r\n\r\nx"),
    OK(POST "Expect: 100-Continue\r\nContent-Length: 1\r\n\r\nx"),
    OK(CHUNK "0\r\n\r\n"),
    OK(CHUNK "5\r\nhello\r\n0\r\n\r\n"),
    OK(CHUNK "a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n"),
    OK(CHUNK "00000005\r\nhello\r\n00000000\r\n\r\n"),
    OK("DELETE / HTTP/1.1\r\n" H "Content-Length: 2\r\n\r\n{}"),
    /* Request line. */
    NO("\r\n" GET H "\r\n"),
    NO("\n" GET H "\r\n"),
    NO(" GET / HTTP/1.1\r\n" H "\r\n"),
    NO("\0GET / HTTP/1.1\r\n" H "\r\n"),
    NO("\xef\xbb\xbfGET / HTTP/1.1\r\n" H "\r\n"),
    NO("GET  / HTTP/1.1\r\n" H "\r\n"),
    NO("GET\t/ HTTP/1.1\r\n" H "\r\n"),
    NO("GET /  HTTP/1.1\r\n" H "\r\n"),
    NO("GET /\tHTTP/1.1\r\n" H "\r\n"),
    NO("GET / HTTP/1.1 \r\n" H "\r\n"),
    NO("GET / HTTP/1.1\t\r\n" H "\r\n"),
    NO("GET /\r\n" H "\r\n"),
    NO("GET / \r\n" H "\r\n"),
    NO("GET\r\n" H "\r\n"),
    NO("GET \r\n" H "\r\n"),
    NO("GET  HTTP/1.1\r\n" H "\r\n"),
    NO("GET HTTP/1.1\r\n" H "\r\n"),
    NO("GET / HTTP/1.2\r\n" H "\r\n"),
    NO("GET / HTTP/1.11\r\n" H "\r\n"),
    NO("GET / HTTP/1\r\n" H "\r\n"),
    NO("GET / HTTP/1.\r\n" H "\r\n"),
    NO("GET / HTTP/0.9\r\n" H "\r\n"),
    NO("GET / HTTP/2.0\r\n" H "\r\n"),
    NO("GET / HTTP/11\r\n" H "\r\n"),
    NO("GET / http/1.1\r\n" H "\r\n"),
    NO("GET / HTTPS/1.1\r\n" H "\r\n"),
    NO("GET / HTTP 1.1\r\n" H "\r\n"),
    NO("GET / HTTP/1.1\n" H "\r\n"),
    NO("GET / HTTP/1.1\r" H "\r\n"),
    NO("GET / HTTP/1.1\r\r\n" H "\r\n"),
    NO("GET / HTTP/1.1\n\r" H "\r\n"),
    NO("GET a HTTP/1.1\r\n" H "\r\n"),
    NO("GET * HTTP/1.1\r\n" H "\r\n"),
    NO("GET http://a/ HTTP/1.1\r\n" H "\r\n"),
    NO("GET a:80 HTTP/1.1\r\n" H "\r\n"),
    NO("OPTIONS ** HTTP/1.1\r\n" H "\r\n"),
    NO("GET /a#b HTTP/1.1\r\n" H "\r\n"),
    NO("GET /a\"b HTTP/1.1\r\n" H "\r\n"),
    NO("GET /a<b> HTTP/1.1\r\n" H "\r\n"),
    NO("GET /a\\b HTTP/1.1\r\n" H "\r\n"),
    NO("GET /a^b HTTP/1.1\r\n" H "\r\n"),
    NO("GET /a`b HTTP/1.1\r\n" H "\r\n"),
    NO("GET /a{b} HTTP/1.1\r\n" H "\r\n"),
    NO("GET /a|b HTTP/1.1\r\n" H "\r\n"),
    NO("GET /a\x7f HTTP/1.1\r\n" H "\r\n"),
    NO("GET /a\x01 HTTP/1.1\r\n" H "\r\n"),
    NO("GET /a\0 HTTP/1.1\r\n" H "\r\n"),
    NO("GET /caf\xc3\xa9 HTTP/1.1\r\n" H "\r\n"),
    NO("GET /% HTTP/1.1\r\n" H "\r\n"),
    NO("GET /%2 HTTP/1.1\r\n" H "\r\n"),
    NO("GET /%2g HTTP/1.1\r\n" H "\r\n"),
    NO("GET /%%41 HTTP/1.1\r\n" H "\r\n"),
    NO("GET /%u0041 HTTP/1.1\r\n" H "\r\n"),
    NO("G(T / HTTP/1.1\r\n" H "\r\n"),
    NO("GET: / HTTP/1.1\r\n" H "\r\n"),
    NO("ABCDEFGHIJKLMNOPQ / HTTP/1.1\r\n" H "\r\n"),
    NO("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
    NO("{\"model\":\"m\"}\r\n\r\n"),
    BAD("get / HTTP/1.1\r\n" H "\r\n", ERR_METHOD),
    BAD("Get / HTTP/1.1\r\n" H "\r\n", ERR_METHOD),
    BAD("GETS / HTTP/1.1\r\n" H "\r\n", ERR_METHOD),
    BAD("CONNECT a:80 HTTP/1.1\r\n" H "\r\n", ERR_METHOD),
    BAD("TRACE / HTTP/1.1\r\n" H "\r\n", ERR_METHOD),
    BAD("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", ERR_METHOD),
    BAD("PROPFIND / HTTP/1.1\r\n" H "\r\n", ERR_METHOD),
    BAD("FOO / HTTP/1.1\r\n" H "\r\n", ERR_METHOD),
    /* Line ends and header lines. */
    NO(GET "Host: a\n\r\n"),
    NO(GET "Host: a\r\r\n"),
    NO(GET "Host: a\rX: b\r\n\r\n"),
    NO(GET H "\n"),
    NO(GET H "\r\r\n"),
    NO(GET H "\rX"),
    NO(GET H "X: a\n\r\n"),
    NO(GET H "X: a\nContent-Length: 5\r\n\r\n"),
    NO(GET H "X: a\r b\r\n\r\n"),
    NO(GET H "X: a\r\n b\r\n\r\n"),
    NO(GET H "X: a\r\n\tb\r\n\r\n"),
    NO(GET H "X: a\r\n \r\n\r\n"),
    NO(GET " Host: a\r\n\r\n"),
    NO(GET "\tHost: a\r\n\r\n"),
    NO(GET H " \r\n\r\n"),
    NO(GET H "X : a\r\n\r\n"),
    NO(GET H "X\t: a\r\n\r\n"),
    NO(GET H "X\r\n\r\n"),
    NO(GET H ": a\r\n\r\n"),
    NO(GET H "X Y: a\r\n\r\n"),
    NO(GET H "X\"Y: a\r\n\r\n"),
    NO(GET H "X(Y): a\r\n\r\n"),
    NO(GET H "X@Y: a\r\n\r\n"),
    NO(GET H "X[Y]: a\r\n\r\n"),
    NO(GET H "X{Y}: a\r\n\r\n"),
    NO(GET H "X/Y: a\r\n\r\n"),
    NO(GET H "X;Y: a\r\n\r\n"),
    NO(GET H "X,Y: a\r\n\r\n"),
    NO(GET H "X=Y: a\r\n\r\n"),
    NO(GET H "X?Y: a\r\n\r\n"),
    NO(GET H "X\\Y: a\r\n\r\n"),
    NO(GET H "X<Y>: a\r\n\r\n"),
    NO(GET H "X\0Y: a\r\n\r\n"),
    NO(GET H "X\x01: a\r\n\r\n"),
    NO(GET H "X\x7f: a\r\n\r\n"),
    NO(GET H "X\xc3\xa9: a\r\n\r\n"),
    NO(GET H "\0: a\r\n\r\n"),
    NO(GET H "X: a\0b\r\n\r\n"),
    NO(GET H "X: \0\r\n\r\n"),
    NO(GET H "X: a\x01\r\n\r\n"),
    NO(GET H "X: a\x08\r\n\r\n"),
    NO(GET H "X: a\tb\r\n\r\n"),
    NO(GET H "X:\ta\r\n\r\n"),
    NO(GET H "X: a\t\r\n\r\n"),
    NO(GET H "X: a\x0b\r\n\r\n"),
    NO(GET H "X: a\x0c\r\n\r\n"),
    NO(GET H "X: a\x1b[0m\r\n\r\n"),
    NO(GET H "X: a\x1f\r\n\r\n"),
    NO(GET H "X: a\x7f\r\n\r\n"),
    NO(GET H "GET / HTTP/1.1\r\n\r\n"),
    /* Host. */
    NO(GET "\r\n"),
    NO("GET / HTTP/1.0\r\n\r\n"),
    NO(GET "X: a\r\n\r\n"),
    NO(GET H H "\r\n"),
    NO(GET H "hOST: a\r\n\r\n"),
    NO(GET H "X: b\r\nHost: c\r\n\r\n"),
    NO(GET "Host:\r\n\r\n"),
    NO(GET "Host:   \r\n\r\n"),
    NO(GET "Host: a b\r\n\r\n"),
    NO(GET "Host: a,b\r\n\r\n"),
    NO(GET "Host: a/\r\n\r\n"),
    NO(GET "Host: a@b\r\n\r\n"),
    NO(GET "Host: a?b\r\n\r\n"),
    NO(GET "Host: a#b\r\n\r\n"),
    NO(GET "Host: a:\r\n\r\n"),
    NO(GET "Host: a:b\r\n\r\n"),
    NO(GET "Host: a:-1\r\n\r\n"),
    NO(GET "Host: a:80 \x01\r\n\r\n"),
    NO(GET "Host: a:65536\r\n\r\n"),
    NO(GET "Host: a:000080\r\n\r\n"),
    NO(GET "Host: a:80:80\r\n\r\n"),
    NO(GET "Host: :80\r\n\r\n"),
    NO(GET "Host: ::1\r\n\r\n"),
    NO(GET "Host: [::1\r\n\r\n"),
    NO(GET "Host: []\r\n\r\n"),
    NO(GET "Host: [::1]x\r\n\r\n"),
    NO(GET "Host: [fe80::1%25eth0]\r\n\r\n"),
    NO(GET "Host: caf\xc3\xa9\r\n\r\n"),
    NO(GET "Host: a%2e\r\n\r\n"),
    NO(GET "Host: http://a\r\n\r\n"),
    /* Content-Length. */
    NO(CL("")),
    NO(CL("   ")),
    NO(CL("+5") "hello"),
    NO(CL("-5") "hello"),
    NO(CL("-0")),
    NO(CL("0x5") "hello"),
    NO(CL("5h") "hello"),
    NO(CL("5,5") "hello"),
    NO(CL("5, 5") "hello"),
    NO(CL("5 5") "hello"),
    NO(CL("5;") "hello"),
    NO(CL("5.0") "hello"),
    NO(CL("5e0") "hello"),
    NO(CL("05") "hello"),
    NO(CL("00")),
    NO(CL("\"5\"") "hello"),
    NO(CL("five") "hello"),
    NO(CL("NaN")),
    NO(CL("\xd9\xa5") "hello"),
    NO(POST "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello"),
    NO(POST "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello"),
    NO(POST "Content-Length: 5\r\nCONTENT-LENGTH: 5\r\n\r\nhello"),
    NO(POST "Content-Length: 0\r\nX: a\r\nContent-Length: 5\r\n\r\nhello"),
    BAD(CL("65"), ERR_TOO_LARGE),
    BAD(CL("99999999999999999999999"), ERR_TOO_LARGE),
    BAD(CL("18446744073709551616"), ERR_TOO_LARGE),
    BAD(CL("18446744073709551621"), ERR_TOO_LARGE),
    BAD(CL("4294967301"), ERR_TOO_LARGE),
    NO(GET H "Content-Length: 1\r\n\r\nx"),
    NO("HEAD / HTTP/1.1\r\n" H "Content-Length: 1\r\n\r\nx"),
    NO("OPTIONS / HTTP/1.1\r\n" H "Content-Length: 1\r\n\r\nx"),
    /* Transfer-Encoding. */
    NO(POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    NO(POST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"),
    NO(POST "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n0\r\n\r\n"),
    NO(POST "Content-Length: 5\r\nTransfer-Encoding: identity\r\n\r\nhello"),
    NO(POST "Content-Length: 5\r\nTransfer-Encoding:\r\n\r\nhello"),
    NO(POST "Transfer-Encoding:\r\n\r\n"),
    NO(POST "Transfer-Encoding: identity\r\n\r\n"),
    NO(POST "Transfer-Encoding: gzip\r\n\r\n"),
    NO(POST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
    NO(POST "Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n"),
    NO(POST "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"),
    NO(POST "Transfer-Encoding: chunked,\r\n\r\n0\r\n\r\n"),
    NO(POST "Transfer-Encoding: ,chunked\r\n\r\n0\r\n\r\n"),
    NO(POST "Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n"),
    NO(POST "Transfer-Encoding: Chunked\r\n\r\n0\r\n\r\n"),
    NO(POST "Transfer-Encoding: CHUNKED\r\n\r\n0\r\n\r\n"),
    NO(POST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
    NO(POST "Transfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n"),
    NO(POST "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n"),
    NO(POST "Transfer-Encoding: 'chunked'\r\n\r\n0\r\n\r\n"),
    NO(POST "Transfer-Encoding: chun ked\r\n\r\n0\r\n\r\n"),
    NO(POST "Transfer-Encoding:\tchunked\r\n\r\n0\r\n\r\n"),
    NO(POST "Transfer-Encoding: \x0b" "chunked\r\n\r\n0\r\n\r\n"),
    NO(POST "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n"),
    NO(POST "Transfer-Encoding\r\n: chunked\r\n\r\n0\r\n\r\n"),
    NO(POST "Transfer-Encoding: chunked\r\n\t\r\n\r\n0\r\n\r\n"),
    NO(POST "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n"),
    NO(POST "X: a\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    NO(POST "X: a\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    NO(POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    NO(POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n"),
    NO(POST "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    NO("POST / HTTP/1.0\r\n" H "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    NO(GET H "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    NO("HEAD / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    /* Chunks. */
    NO(CHUNK "\r\n"),
    NO(CHUNK "5;\r\nhello\r\n0\r\n\r\n"),
    NO(CHUNK "5;a=b\r\nhello\r\n0\r\n\r\n"),
    NO(CHUNK "5;a=\"\n\"\r\nhello\r\n0\r\n\r\n"),
    NO(CHUNK "5 ;a\r\nhello\r\n0\r\n\r\n"),
    NO(CHUNK "5 \r\nhello\r\n0\r\n\r\n"),
    NO(CHUNK " 5\r\nhello\r\n0\r\n\r\n"),
    NO(CHUNK "5\t\r\nhello\r\n0\r\n\r\n"),
    NO(CHUNK "+5\r\nhello\r\n0\r\n\r\n"),
    NO(CHUNK "-5\r\nhello\r\n0\r\n\r\n"),
    NO(CHUNK "0x5\r\nhello\r\n0\r\n\r\n"),
    NO(CHUNK "5h\r\nhello\r\n0\r\n\r\n"),
    NO(CHUNK "5_\r\nhello\r\n0\r\n\r\n"),
    NO(CHUNK "5.\r\nhello\r\n0\r\n\r\n"),
    NO(CHUNK "5\nhello\r\n0\r\n\r\n"),
    NO(CHUNK "5\rhello\r\n0\r\n\r\n"),
    NO(CHUNK "5\r\r\nhello\r\n0\r\n\r\n"),
    NO(CHUNK "5\r\nhello\n0\r\n\r\n"),
    NO(CHUNK "5\r\nhello\r0\r\n\r\n"),
    NO(CHUNK "5\r\nhello0\r\n\r\n"),
    NO(CHUNK "5\r\nhello!\r\n0\r\n\r\n"),
    NO(CHUNK "4\r\nhello\r\n0\r\n\r\n"),
    NO(CHUNK "5\r\nhello\r\n\r\n0\r\n\r\n"),
    NO(CHUNK "000000005\r\nhello\r\n0\r\n\r\n"),
    NO(CHUNK "0\r\nX: a\r\n\r\n"),
    NO(CHUNK "0\r\nContent-Length: 5\r\n\r\n"),
    NO(CHUNK "0\r\n\n"),
    NO(CHUNK "0\r\n\r\r"),
    NO(CHUNK "0\n\r\n"),
    NO(CHUNK "0;x\r\n\r\n"),
    NO(CHUNK "fffffffff\r\n"),
    NO(CHUNK "10000000000000005\r\nhello\r\n0\r\n\r\n"),
    NO(CHUNK "\0005\r\nhello\r\n0\r\n\r\n"),
    BAD(CHUNK "41\r\n", ERR_TOO_LARGE),
    BAD(CHUNK "ffffffff\r\n", ERR_TOO_LARGE),
    BAD(CHUNK "20\r\n01234567890123456789012345678901\r\n21\r\n", ERR_TOO_LARGE),
    /* Expect, and fields that may stand once. */
    NO(POST "Expect: 100-continue\r\n\r\n"),
    NO(POST "Expect: 100-continue\r\nContent-Length: 0\r\n\r\n"),
    NO(GET H "Expect: 100-continue\r\n\r\n"),
    NO(POST "Expect: 100-continue\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx"),
    BAD(POST "Expect: 200-ok\r\nContent-Length: 1\r\n\r\nx", ERR_EXPECT),
    BAD(POST "Expect: 100-continue, x\r\nContent-Length: 1\r\n\r\nx", ERR_EXPECT),
    BAD(POST "Expect:\r\nContent-Length: 1\r\n\r\nx", ERR_EXPECT),
    NO(GET H "Authorization: a\r\nAuthorization: b\r\n\r\n"),
    NO(GET H "api-key: a\r\nAPI-KEY: a\r\n\r\n"),
    NO(GET H "Origin: a\r\nOrigin: b\r\n\r\n"),
    NO(GET H "Content-Type: a\r\nContent-Type: b\r\n\r\n"),
};
/* clang-format on */

enum { BODY_MAX = 64, N_ROWS = sizeof rows / sizeof *rows };

/* Feeds `bytes` in pieces of `step`; returns 0 when the request is whole, a negative code when it
 * is refused, 1 when it wants more. *ret_used counts what was used, *ret_body what was body. */
static int parse(const char *bytes, size_t len, size_t step, size_t *ret_used, size_t *ret_body)
{
    struct http_parser p;
    struct err err = { 0 };
    size_t at = 0;
    int result = 1;
    *ret_body = 0;
    http_parser_init(&p, BODY_MAX);
    while (result == 1 && at < len) {
        size_t n = len - at < step ? len - at : step;
        /* A copy of its own, so that the sanitizer sees a read behind it. */
        char *piece = malloc(n);
        memcpy(piece, bytes + at, n);
        struct slice in = { piece, n };
        for (;;) {
            enum http_event event;
            int rc = http_parser_feed(&p, &event, &in, &err);
            if (rc < 0) {
                assert_int_equal(-rc, err.code);
                assert_true(err.text[0] != '\0');
                result = rc;
                break;
            }
            if (event == HTTP_BODY) *ret_body += p.body.len;
            if (event == HTTP_END) result = 0;
            if (event == HTTP_END || event == HTTP_MORE) break;
        }
        at += n - in.len;
        if (result == 1) assert_int_equal(in.len, 0);
        free(piece);
    }
    *ret_used = at;
    http_parser_release(&p);
    return result;
}

static void test_table(void **state)
{
    (void)state;
    assert_true(N_ROWS >= 200);
    for (size_t i = 0; i < N_ROWS; i++) {
        size_t used, body;
        for (size_t step = 1; step <= rows[i].len; step = step < 8 ? step + 1 : step * 2) {
            int got = parse(rows[i].bytes, rows[i].len, step, &used, &body);
            if (got != -rows[i].expected)
                fail_msg("row %zu, %zu at a time: gave %d, not %d:\n%s", i, step, got,
                         -rows[i].expected, rows[i].bytes);
        }
        int got = parse(rows[i].bytes, rows[i].len, rows[i].len, &used, &body);
        assert_int_equal(got, -rows[i].expected);
    }
}

/* Every proper beginning of a good request asks for more, and is not an error or an end. */
static void test_beginnings(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ROWS; i++) {
        if (rows[i].expected) continue;
        size_t used, body;
        for (size_t n = 0; n < rows[i].len; n++)
            if (parse(rows[i].bytes, n, n ? n : 1, &used, &body) != 1)
                fail_msg("row %zu, its first %zu bytes", i, n);
    }
}

static void test_pipelined(void **state)
{
    (void)state;
    static const char two[] = CHUNK "5\r\nhello\r\n0\r\n\r\n" GET H "\r\n";
    size_t first = strlen(CHUNK "5\r\nhello\r\n0\r\n\r\n"), used, body;
    assert_int_equal(parse(two, sizeof two - 1, sizeof two - 1, &used, &body), 0);
    assert_int_equal(used, first);
    assert_int_equal(body, 5);
    assert_int_equal(parse(two + first, sizeof two - 1 - first, 3, &used, &body), 0);
}

static int limit(const char *before, char fill, size_t n, const char *after)
{
    size_t a = strlen(before), b = strlen(after), used, body;
    char *text = malloc(a + n + b);
    memcpy(text, before, a);
    memset(text + a, fill, n);
    memcpy(text + a + n, after, b);
    int rc = parse(text, a + n + b, a + n + b, &used, &body);
    free(text);
    return rc;
}

static void test_limits(void **state)
{
    (void)state;
    size_t line = HTTP_LINE_MAX - strlen("GET / HTTP/1.1");
    assert_int_equal(limit("GET /", 'a', line, " HTTP/1.1\r\n" H "\r\n"), 0);
    assert_int_equal(limit("GET /", 'a', line + 1, " HTTP/1.1\r\n" H "\r\n"),
                     -ERR_HEADERS_TOO_LARGE);
    assert_int_equal(limit("GET /", 'a', 1 << 20, ""), -ERR_HEADERS_TOO_LARGE);
    size_t head = HTTP_HEAD_MAX - strlen(H "X: \r\n\r\n");
    assert_int_equal(limit(GET H "X: ", 'a', head, "\r\n\r\n"), 0);
    assert_int_equal(limit(GET H "X: ", 'a', head + 1, "\r\n\r\n"), -ERR_HEADERS_TOO_LARGE);
    assert_int_equal(limit(GET H "X: ", 'a', 1 << 20, ""), -ERR_HEADERS_TOO_LARGE);
    assert_int_equal(limit(GET H, 'a', 1 << 20, ""), -ERR_HEADERS_TOO_LARGE);
    assert_int_equal(limit(CL("64"), 'a', BODY_MAX, ""), 0);
}

static void test_many_fields(void **state)
{
    (void)state;
    for (int n = HTTP_FIELDS_MAX; n <= HTTP_FIELDS_MAX + 1; n++) {
        struct buf b;
        size_t used, body;
        buf_init(&b, 1 << 16);
        buf_add_str(&b, GET H);
        for (int i = 1; i < n; i++) buf_add_str(&b, "X: a\r\n");
        buf_add_str(&b, "\r\n");
        assert_int_equal(parse(b.ptr, b.len, b.len, &used, &body),
                         n > HTTP_FIELDS_MAX ? -ERR_HEADERS_TOO_LARGE : 0);
        buf_release(&b);
    }
}

static struct http_parser read_head(const char *text)
{
    struct http_parser p;
    struct err err = { 0 };
    enum http_event event;
    struct slice in = slice_of(text);
    http_parser_init(&p, BODY_MAX);
    assert_ok(http_parser_feed(&p, &event, &in, &err), &err);
    assert_int_equal(event, HTTP_HEAD);
    return p;
}

static void test_head(void **state)
{
    (void)state;
    struct http_parser p = read_head("POST /a/b?c=d&e HTTP/1.1\r\nHost: h:1\r\nX-Y:  z  z \r\n"
                                     "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    assert_int_equal(p.method, HTTP_POST);
    assert_true(slice_is(http_path(&p), "/a/b"));
    assert_true(slice_is(http_query(&p), "c=d&e"));
    assert_true(slice_is(http_host(&p), "h:1"));
    assert_true(slice_is(http_header(&p, "x-y"), "z  z"));
    assert_null(http_header(&p, "absent").ptr);
    assert_true(p.keep_alive && p.has_body && p.expect_continue && !p.chunked);
    http_parser_release(&p);
    p = read_head("GET /a HTTP/1.1\r\nHost: h\r\nConnection: x, Close\r\nEmpty:\r\n\r\n");
    assert_false(p.keep_alive);
    assert_false(p.has_body);
    assert_null(http_query(&p).ptr);
    assert_non_null(http_header(&p, "empty").ptr);
    assert_int_equal(http_header(&p, "empty").len, 0);
    http_parser_release(&p);
    p = read_head("GET /a? HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\n\r\n");
    assert_false(p.keep_alive);
    assert_non_null(http_query(&p).ptr);
    assert_int_equal(http_query(&p).len, 0);
    http_parser_release(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),       cmocka_unit_test(test_beginnings),
        cmocka_unit_test(test_pipelined),   cmocka_unit_test(test_limits),
        cmocka_unit_test(test_many_fields), cmocka_unit_test(test_head),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

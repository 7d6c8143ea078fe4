/* Requests as a client may send them: whole and in pieces, with the same outcome; then what is done
 * with a head (Host, Origin, keys). */
#include "base/seam.h"
#include "gateway/access.h"
#include "gateway/http_parser.h"
#include "gateway/identity.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <stdlib.h>

enum { BODY_MAX = 4096, ARENA_MAX = 64 << 10 };

struct outcome {
    int rc;        /* 0: whole; 1: wants more; else the error */
    size_t used;   /* Bytes of the request, when whole. */
    uint64_t body; /* A hash of its body. */
    int n_fields;
};

static void check_identity(const struct access *access, const struct http_parser *p)
{
    struct sockaddr_in peer = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    struct identity id = { access, NULL, p, (struct sockaddr *)&peer };
    struct arena arena;
    struct err err = { 0 };
    arena_init(&arena, ARENA_MAX);
    struct call call = { .arena = &arena, .method = SLICE("POST") };
    if (identity_check(&call, &id, &err) < 0 || call.caller.by != CALLER_LOCAL) abort();
    assert(call.caller.address.len > 0 && call.caller.address.len < 64);
    struct slice cookies = http_header(p, "cookie");
    struct slice value = identity_cookie(cookies, SLICE(PEOPLE_COOKIE));
    assert(!value.ptr ||
           (value.ptr >= cookies.ptr && value.ptr + value.len <= cookies.ptr + cookies.len));
    arena_release(&arena);
}

static void check_head(const struct http_parser *p)
{
    static struct access *access;
    struct err err = { 0 };
    struct principal who;
    struct access_options options = { .loopback = true };
    if (!access && access_open(&access, &options, &err) < 0) abort();
    assert(http_path(p).len <= http_target(p).len);
    assert(http_host(p).len > 0);
    int rc = access_check_origin(access, p, &err);
    assert(rc == 0 || err.code == ERR_ORIGIN);
    if (access_check_key(access, p, &who, &err) < 0) abort(); /* There are no keys. */
    check_identity(access, p);
}

static struct outcome parse(const uint8_t *data, size_t size, size_t step)
{
    struct http_parser p;
    struct outcome out = { .rc = 1 };
    struct err err = { 0 };
    http_parser_init(&p, BODY_MAX);
    for (size_t at = 0; at < size && out.rc == 1;) {
        size_t n = size - at < step ? size - at : step;
        struct slice in = { (const char *)data + at, n };
        enum http_event event = HTTP_MORE;
        do {
            out.rc = http_parser_feed(&p, &event, &in, &err);
            if (out.rc < 0) {
                assert(-out.rc == (int)err.code && err.text[0]);
                break;
            }
            out.rc = event == HTTP_END ? 0 : 1;
            if (event == HTTP_HEAD) {
                check_head(&p);
                out.n_fields = p.n_fields;
            }
            if (event == HTTP_BODY)
                for (size_t i = 0; i < p.body.len; i++)
                    out.body = out.body * 31 + (unsigned char)p.body.ptr[i] + 1;
        } while (out.rc == 1 && event != HTTP_MORE);
        at += n - in.len;
        out.used = at;
        assert(out.rc != 1 || in.len == 0);
    }
    http_parser_release(&p);
    return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1) return 0;
    size_t step = 1 + data[0] % 64;
    struct outcome whole = parse(data + 1, size - 1, size);
    struct outcome pieces = parse(data + 1, size - 1, step);
    assert(whole.rc == pieces.rc);
    if (whole.rc == 0) assert(whole.used == pieces.used);
    if (whole.rc >= 0) assert(whole.body == pieces.body && whole.n_fields == pieces.n_fields);
    return 0;
}

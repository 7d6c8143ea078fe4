#include "api/service.h"
#include "base/log.h"
#include "base/seam.h"
#include "gateway/assets.h"
#include "gateway/http_internal.h"
#include "gateway/identity.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

enum { HEADERS_MAX = 8 << 10, ID_BYTES = 16 };

static const struct call_ops call_ops;

/* ---- Life ---- */

static void draw_id(char *ret, size_t size)
{
    unsigned char raw[ID_BYTES];
    random_bytes_fill(raw, sizeof raw);
    int n = snprintf(ret, size, "req_");
    for (size_t i = 0; i < sizeof raw; i++)
        n += snprintf(ret + n, size - (size_t)n, "%02x", raw[i]); /* id[] is sized for it. */
}

struct http_exchange *http_exchange_open(struct http_conn *c)
{
    struct http_exchange *x = mem_calloc(1, sizeof *x);
    if (!x) return NULL;
    x->conn = c;
    x->start_ns = now_ns();
    x->label = "none";
    http_parser_init(&x->parser, HTTP_UPLOAD_MAX); /* Until it is known who takes it. */
    buf_init(&x->body, HTTP_BODY_MAX);
    buf_init(&x->headers, HEADERS_MAX);
    buf_init(&x->held, SIZE_MAX / 2); /* As large as what endpoints write. */
    arena_init(&x->arena, HTTP_CALL_ARENA_MAX);
    draw_id(x->id, sizeof x->id);
    x->call = (struct call){
        .ops = &call_ops,
        .backend = c->server->o.service->backend,
        .service = c->server->o.service,
        .principal = access_local(),
        .request_id = x->id,
        .arena = &x->arena,
        .gateway = x,
    };
    c->server->o.metrics->calls_open++;
    return x;
}

/* What only endpoint_run needs; an open stream keeps none of it. */
static void drop_request(struct http_exchange *x)
{
    http_parser_drop_head(&x->parser);
    buf_release(&x->body);
}

void http_exchange_close(struct http_exchange *x)
{
    struct metrics *m = x->conn->server->o.metrics;
    const struct call_stats *stats = &x->call.stats;
    double seconds = (double)(now_ns() - x->start_ns) / 1e9;
    metrics_request(m, x->label, x->status, seconds);
    m->prompt_tokens += stats->prompt_tokens;
    m->cached_tokens += stats->cached_tokens;
    m->completion_tokens += stats->completion_tokens;
    m->calls_open--;
    if (x->streaming) m->streams_open--;
    log_debug("request", LOG_STR("id", x->id), LOG_STR("endpoint", x->label),
              LOG_INT("status", x->status), LOG_F64("seconds", seconds),
              LOG_STR("model", stats->model ? stats->model : "-"),
              LOG_SLICE("key", x->call.principal.key),
              LOG_INT("prompt_tokens", stats->prompt_tokens),
              LOG_INT("completion_tokens", stats->completion_tokens));
    http_file_close(x->file);
    http_parser_release(&x->parser);
    buf_release(&x->body);
    buf_release(&x->headers);
    buf_release(&x->held);
    arena_release(&x->arena);
    mem_free(x);
}

void http_exchange_lost(struct http_exchange *x)
{
    if (x->ended) return;
    int status = err_http_status(ERR_CANCELLED);
    struct books *books = x->conn->server->books;
    x->ended = true;
    if (x->status == 0) x->status = status;
    x->conn->server->o.metrics->disconnects++;
    books_leave(x->entry);
    if (x->finished) return;
    if (x->call.on_close) x->call.on_close(&x->call);
    if (x->settle == SETTLE_NOT && books_wants(&x->call))
        (void)books_enter(books, &x->call, x->label, status, NULL, NULL); /* It has been logged. */
}

/* ---- Answers ---- */

static const char *reason(int status)
{
    switch (status) {
    case 200: return "OK";
    case 204: return "No Content";
    case 304: return "Not Modified";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 417: return "Expectation Failed";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 503: return "Service Unavailable";
    default: return status < 400 ? "OK" : status < 500 ? "Client Error" : "Server Error";
    }
}

static void write_head(struct http_exchange *x, int status, const char *type)
{
    struct http_server *s = x->conn->server;
    struct buf *h = &s->head;
    x->status = status;
    buf_reset(h);
    buf_printf(h, "HTTP/1.1 %d %s\r\nDate: %s\r\nx-request-id: %s\r\n", status, reason(status),
               http_server_date(s), x->id);
    if (x->call.dialect == DIALECT_ANTHROPIC) buf_printf(h, "request-id: %s\r\n", x->id);
    if (type) buf_printf(h, "Content-Type: %s\r\n", type);
    buf_printf(h, "openai-version: 2020-10-01\r\nopenai-processing-ms: %" PRIu64 "\r\n",
               (now_ns() - x->start_ns) / 1000000);
    buf_add_str(h, "access-control-expose-headers: X-Request-ID, openai-processing-ms, "
                   "retry-after, retry-after-ms\r\nX-Content-Type-Options: nosniff\r\n");
    buf_add_slice(h, buf_slice(&x->headers));
    if (!x->parser.keep_alive || x->conn->close_after || s->draining)
        buf_add_str(h, "Connection: close\r\n");
}

void http_exchange_end(struct http_exchange *x)
{
    x->ended = true;
    if (!x->running) http_conn_answered(x->conn);
}

/* The answer comes before the whole body: nobody can say where the next request begins. */
static void close_if_early(struct http_exchange *x)
{
    if (x->conn->state < CONN_ANSWER && x->parser.has_body) x->conn->close_after = true;
}

static void answer(struct http_exchange *x, int status, const char *type, struct slice body)
{
    assert(!x->ended && !x->streaming);
    if (x->conn->closing) { /* The client is gone; on_closed ends it. */
        x->status = status;
        x->ended = true;
        return;
    }
    struct buf *h = &x->conn->server->head;
    close_if_early(x);
    write_head(x, status, type);
    if (status != 204 && status != 304) buf_printf(h, "Content-Length: %zu\r\n", body.len);
    buf_add_str(h, "\r\n");
    struct slice parts[] = { buf_slice(h), x->head_only ? (struct slice){ 0 } : body };
    http_conn_send(x->conn, parts, 2);
    http_exchange_end(x);
}

static struct http_exchange *of(struct call *call)
{
    struct http_exchange *x = call->gateway;
    assert(x && &x->call == call);
    return x;
}

static void op_header(struct call *call, const char *name, const char *value)
{
    struct http_exchange *x = of(call);
    assert(!x->streaming && !x->ended);
    /* A value with a line end in it would be a header of someone else's choosing. */
    for (const char *p = value; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7F) return;
    buf_printf(&x->headers, "%s: %s\r\n", name, value);
}

static void hold(struct http_exchange *x, int status);
static void finish(struct http_exchange *x);

static void op_reply(struct call *call, int status, const char *type, struct slice body)
{
    struct http_exchange *x = of(call);
    assert(!x->ended && !x->streaming);
    if (x->settle == SETTLED || !books_wants(call)) {
        answer(x, status, type, body);
        return;
    }
    x->held_type = arena_strndup(&x->arena, type, strlen(type));
    x->held_status = status;
    buf_add_slice(&x->held, body);
    hold(x, status);
    finish(x);
}

static void op_stream_begin(struct call *call)
{
    struct http_exchange *x = of(call);
    assert(!x->streaming && !x->ended);
    struct buf *h = &x->conn->server->head;
    write_head(x, 200, "text/event-stream; charset=utf-8");
    buf_add_str(h, "Cache-Control: no-cache\r\nX-Accel-Buffering: no\r\n");
    if (!x->parser.http_1_0) buf_add_str(h, "Transfer-Encoding: chunked\r\n");
    buf_add_str(h, "\r\n");
    struct slice part = buf_slice(h);
    x->streaming = true;
    x->conn->server->o.metrics->streams_open++;
    buf_release(&x->headers);
    http_conn_cap_kernel_queue(x->conn);
    http_conn_send(x->conn, &part, 1);
}

static void op_stream_send(struct call *call, struct slice events)
{
    struct http_exchange *x = of(call);
    assert(x->streaming && !x->ended);
    if (events.len == 0 || x->head_only) return;
    if (x->settle == SETTLE_WAITING) {
        buf_add_slice(&x->held, events);
        return;
    }
    char size[20];
    int n = snprintf(size, sizeof size, "%zx\r\n", events.len);
    struct slice parts[] = { { size, (size_t)n }, events, SLICE("\r\n") };
    if (x->parser.http_1_0)
        http_conn_send(x->conn, &parts[1], 1);
    else
        http_conn_send(x->conn, parts, 3);
}

static void op_settle(struct call *call)
{
    struct http_exchange *x = of(call);
    int status = call->stats.error_status;
    assert(x->streaming && !x->ended);
    if (x->settle == SETTLE_NOT && books_wants(call)) hold(x, status ? status : 200);
}

static void op_stream_end(struct call *call)
{
    struct http_exchange *x = of(call);
    assert(x->streaming && !x->ended);
    op_settle(call); /* If the endpoint has not. */
    if (x->settle == SETTLE_WAITING) {
        finish(x);
        return;
    }
    struct slice last = SLICE("0\r\n\r\n");
    if (!x->parser.http_1_0 && !x->head_only) http_conn_send(x->conn, &last, 1);
    http_exchange_end(x);
}

static void op_reply_file(struct call *call, const char *type, int fd, uint64_t bytes)
{
    struct http_exchange *x = of(call);
    assert(!x->ended && !x->streaming && !x->file);
    struct buf *h = &x->conn->server->head;
    write_head(x, 200, type);
    buf_printf(h, "Content-Length: %" PRIu64 "\r\n\r\n", bytes);
    struct slice part = buf_slice(h);
    http_conn_send(x->conn, &part, 1);
    if (x->head_only || bytes == 0) {
        (void)seams.close(fd); /* Read only. */
        http_exchange_end(x);
        return;
    }
    x->file = http_file_open(x, fd, bytes);
    if (!x->file) http_conn_close(x->conn); /* The head has promised more than can be said now. */
}

static void op_pause(struct call *call)
{
    http_conn_hold(of(call)->conn);
}

static void op_resume(struct call *call)
{
    http_conn_let_go(of(call)->conn);
}

static const struct call_ops call_ops = {
    .header = op_header,
    .reply = op_reply,
    .stream_begin = op_stream_begin,
    .stream_send = op_stream_send,
    .stream_end = op_stream_end,
    .reply_file = op_reply_file,
    .pause = op_pause,
    .resume = op_resume,
    .settle = op_settle,
};

/* ---- The end of an answer waits for the ledger's row ---- */

/* Except for a stream, which still has to end, the exchange may be gone after it. */
static void release_answer(struct http_exchange *x, const struct buf *held, const struct err *err)
{
    struct err why = { 0 };
    if (err)
        (void)err_set(
            &why, ERR_NO_SPACE,
            "What the request used could not be recorded, so its answer is withheld. Please "
            "try again later; the server's log says why.");
    else if (held->failed || (!x->streaming && !x->held_type))
        (void)err_set(&why, ERR_NO_MEMORY, "There is no memory for the answer.");
    if (why.code && x->streaming)
        call_send_error(&x->call, &why);
    else if (why.code)
        call_error(&x->call, &why, 0);
    else if (x->streaming)
        op_stream_send(&x->call, buf_slice(held));
    else
        answer(x, x->held_status, x->held_type, buf_slice(held));
}

static void on_settled(void *user, const struct err *err)
{
    struct http_exchange *x = user;
    assert(x->finished && !x->ended);
    struct buf held = x->held;
    buf_init(&x->held, SIZE_MAX / 2);
    x->entry = NULL;
    x->settle = SETTLED;
    bool streaming = x->streaming;
    release_answer(x, &held, err);
    if (streaming) op_stream_end(&x->call);
    buf_release(&held);
}

static void hold(struct http_exchange *x, int status)
{
    x->settle = SETTLE_WAITING;
    x->entry = books_enter(x->conn->server->books, &x->call, x->label, status, on_settled, x);
}

/* The endpoint's part is over. */
static void finish(struct http_exchange *x)
{
    struct err err = { 0 };
    x->finished = true;
    if (x->entry) return; /* on_settled goes on. */
    (void)err_set(&err, ERR_NO_MEMORY, "no memory for a row of the ledger");
    on_settled(x, &err);
}

bool http_exchange_is_upload(const struct http_exchange *x)
{
    return x->endpoint && x->endpoint->body;
}

/* Whoever works on the call lets go of it. */
static void let_go(struct http_exchange *x)
{
    if (x->call.on_close) x->call.on_close(&x->call);
    x->call.on_close = NULL;
}

void http_exchange_refuse(struct http_exchange *x, const struct err *err, bool fatal)
{
    let_go(x); /* An endpoint that has part of the body. */
    if (fatal || x->parser.has_body)
        x->conn->close_after = true; /* Where the next request begins is unknown to us. */
    http_conn_begin_answer(x->conn);
    if (err->code == ERR_API_KEY_MISSING || err->code == ERR_API_KEY_INVALID)
        op_header(&x->call, "WWW-Authenticate", "Bearer realm=\"tiro\"");
    call_error(&x->call, err, 0);
}

void http_exchange_abort(struct http_exchange *x, const struct err *why)
{
    if (x->ended || x->finished) return;
    if (x->file) {
        http_conn_close(x->conn); /* What is missing shows that it is cut. */
        return;
    }
    if (x->streaming) {
        call_send_error(&x->call, why);
        let_go(x);
        x->conn->close_after = true;
        op_stream_end(&x->call);
        return;
    }
    http_exchange_refuse(x, why, true);
}

/* ---- Requests ---- */

static int decode_path(struct http_exchange *x, struct err *err)
{
    struct slice raw = http_path(&x->parser);
    size_t len;
    char *out = arena_alloc(&x->arena, raw.len + 1);
    if (!out) return err_set(err, ERR_NO_MEMORY, "no memory for the request");
    if (!http_decode_path(out, &len, raw))
        return err_set(err, ERR_HTTP_SYNTAX, "the path holds an escaped control byte");
    x->call.path = (struct slice){ out, len };
    return 0;
}

/* The methods of a path that exists, for the header Allow. */
static void add_allow(struct http_exchange *x)
{
    char allow[128] = "OPTIONS";
    size_t n = strlen(allow);
    for (int m = 0; m < HTTP_METHODS; m++) {
        const char *name = http_method_name((enum http_method)m);
        const struct endpoint *ep;
        bool found = endpoint_find(&ep, slice_of(name), x->call.path, NULL) == 0;
        for (size_t i = 0; i < page_registry_len; i++)
            found = found || (slice_is(x->call.path, page_registry[i]->path) &&
                              strcmp(page_registry[i]->method, name) == 0);
        if (found) n += (size_t)snprintf(allow + n, sizeof allow - n, ", %s", name);
    }
    op_header(&x->call, "Allow", allow);
}

static int find_route(struct http_exchange *x, struct err *err)
{
    bool other_method = false;
    for (size_t i = 0; i < page_registry_len; i++) {
        const struct page *page = page_registry[i];
        if (!slice_is(x->call.path, page->path)) continue;
        if (page->local && !x->conn->local) continue;
        if (slice_is(x->call.method, page->method)) {
            x->page = page;
            x->label = page->path;
            return 0;
        }
        other_method = true;
    }
    if (slice_is(x->call.method, "GET")) {
        x->asset = assets_find(x->call.path);
        x->is_page_file = x->asset || (assets_len == 0 && slice_is(x->call.path, "/"));
        x->label = x->is_page_file ? "page" : x->label;
        if (x->is_page_file) return 0;
    }
    int rc = endpoint_find(&x->endpoint, x->call.method, x->call.path, err);
    if (rc == 0) {
        x->label = x->endpoint->path;
        x->call.dialect = x->endpoint->dialect;
    }
    if (rc == -ERR_NOT_FOUND && other_method)
        rc = err_set(err, ERR_METHOD, "Not allowed: %.*s %.*s", SLICE_FMT(x->call.method),
                     SLICE_FMT(x->call.path));
    if (rc == -ERR_METHOD) add_allow(x);
    return rc;
}

/* Files of the page are everybody's, and tell nobody apart. */
static int check_caller(struct http_exchange *x, struct err *err)
{
    struct http_server *s = x->conn->server;
    struct sockaddr_storage peer = { 0 };
    struct err why = { 0 };
    int len = sizeof peer;
    if (x->is_page_file || (x->page && x->page->open)) return 0;
    if (!x->conn->local)
        (void)uv_tcp_getpeername(&x->conn->u.tcp, (struct sockaddr *)&peer,
                                 &len); /* Of one that is gone: none. */
    struct identity id = { .access = s->o.access,
                           .people = s->o.service->people,
                           .parser = &x->parser,
                           .peer = x->conn->local ? NULL : (struct sockaddr *)&peer };
    int rc = identity_check(&x->call, &id, &why);
    if (x->call.caller.by == CALLER_SESSION) op_header(&x->call, "Cache-Control", "private");
    if (rc == 0 || (x->endpoint && x->endpoint->open)) return 0;
    *err = why;
    return rc;
}

static int check_request(struct http_exchange *x, struct err *err)
{
    struct http_server *s = x->conn->server;
    if (!x->conn->local) TRY(access_check_origin(s->o.access, &x->parser, err));
    TRY(decode_path(x, err));
    TRY(find_route(x, err));
    TRY(check_caller(x, err));
    if (s->draining && !(x->page && x->page->open))
        return err_set(err, ERR_SHUTTING_DOWN, "the server is shutting down; try again shortly");
    return 0;
}

/* What a browser asks before it lets another page's script call us. */
static void answer_preflight(struct http_exchange *x)
{
    http_conn_begin_answer(x->conn);
    if (slice_is(http_target(&x->parser), "*") || decode_path(x, NULL) < 0)
        x->call.path = SLICE("/");
    add_allow(x);
    if (http_header(&x->parser, "access-control-request-method").ptr) {
        op_header(&x->call, "access-control-allow-methods", "GET, POST, DELETE, OPTIONS");
        op_header(&x->call, "access-control-allow-headers",
                  "authorization, api-key, x-api-key, content-type, anthropic-version, "
                  "anthropic-beta, anthropic-dangerous-direct-browser-access, "
                  "openai-organization, openai-project, "
                  "openai-beta, x-stainless-arch, x-stainless-helper-method, x-stainless-lang, "
                  "x-stainless-os, x-stainless-package-version, x-stainless-poll-helper, "
                  "x-stainless-retry-count, x-stainless-runtime, x-stainless-runtime-version, "
                  "x-stainless-timeout, x-stainless-async");
        op_header(&x->call, "access-control-max-age", "600");
    }
    answer(x, 204, NULL, (struct slice){ 0 });
}

static void allow_origin(struct http_exchange *x)
{
    struct slice origin = http_header(&x->parser, "origin");
    if (!access_allows_origin(x->conn->server->o.access, origin, http_host(&x->parser))) return;
    const char *text = arena_strndup(&x->arena, origin.ptr, origin.len);
    if (text) op_header(&x->call, "access-control-allow-origin", text);
    op_header(&x->call, "Vary", "Origin");
}

static int check_body(struct http_exchange *x, struct err *err)
{
    bool upload = http_exchange_is_upload(x);
    return http_parser_limit_body(&x->parser, upload ? x->endpoint->body->bytes_max : HTTP_BODY_MAX,
                                  err);
}

/* The end of what an endpoint was called for; false when it has answered. */
static bool goes_on(struct http_exchange *x)
{
    x->running = false;
    if (!x->ended) return true;
    http_conn_answered(x->conn);
    return false;
}

static bool begin_upload(struct http_exchange *x)
{
    x->call.query = http_query(&x->parser);
    x->call.content_type = http_header(&x->parser, "content-type");
    x->running = true;
    endpoint_body_begin(x->endpoint, &x->call);
    return goes_on(x);
}

bool http_exchange_head(struct http_exchange *x)
{
    struct err err = { 0 };
    x->head_only = x->parser.method == HTTP_HEAD_METHOD;
    x->call.method = slice_of(http_method_name(x->head_only ? HTTP_GET : x->parser.method));
    allow_origin(x);
    if (x->parser.method == HTTP_OPTIONS) {
        if (!x->conn->local && access_check_origin(x->conn->server->o.access, &x->parser, &err) < 0)
            http_exchange_refuse(x, &err, false);
        else
            answer_preflight(x);
        return false;
    }
    if (check_request(x, &err) < 0 || check_body(x, &err) < 0) {
        http_exchange_refuse(x, &err, false);
        return false;
    }
    if (http_exchange_is_upload(x) && !begin_upload(x)) return false;
    if (x->parser.expect_continue) {
        struct slice go_on = SLICE("HTTP/1.1 100 Continue\r\n\r\n");
        http_conn_send(x->conn, &go_on, 1);
    }
    return true;
}

void http_exchange_body(struct http_exchange *x)
{
    struct err err = { 0 };
    if (http_exchange_is_upload(x)) {
        x->n_body += x->parser.body.len;
        x->running = true;
        endpoint_body_piece(x->endpoint, &x->call, x->parser.body);
        (void)goes_on(x);
        return;
    }
    buf_add_slice(&x->body, x->parser.body);
    if (!x->body.failed) return;
    (void)err_set(&err, ERR_NO_MEMORY, "no memory for the body");
    http_exchange_refuse(x, &err, true);
}

/* Scripts and styles only from this server's own files: nothing a model writes can become one. */
static const char page_policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; frame-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'";
/* Where what a model writes does run: a frame without origin, network or way out. */
static const char preview_policy[] =
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; "
    "style-src 'unsafe-inline'; img-src data: blob:; font-src data:; media-src data: blob:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

/* Where a program in Python runs (web/src/python.html): as above, and WebAssembly. */
static const char python_policy[] =
    "sandbox allow-scripts; default-src 'none'; "
    "script-src 'unsafe-inline' 'wasm-unsafe-eval' blob:; worker-src blob:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

static const char *policy_of(struct slice path)
{
    if (slice_is(path, "/preview.html")) return preview_policy;
    if (slice_is(path, "/python.html")) return python_policy;
    return page_policy;
}

static void add_page_headers(struct http_exchange *x)
{
    bool forever = x->asset && x->asset->forever;
    op_header(&x->call, "Content-Security-Policy", policy_of(x->call.path));
    op_header(&x->call, "Referrer-Policy", "no-referrer");
    op_header(&x->call, "Cross-Origin-Opener-Policy", "same-origin");
    op_header(&x->call, "Cross-Origin-Resource-Policy", "same-origin");
    /* no-cache: asked for again, with its ETag. */
    op_header(&x->call, "Cache-Control", forever ? "max-age=31536000, immutable" : "no-cache");
}

static void send_asset(struct http_exchange *x)
{
    const struct asset *asset = x->asset;
    add_page_headers(x);
    if (!asset) {
        answer(x, 200, "text/html; charset=utf-8", slice_of(assets_plain_page));
        return;
    }
    op_header(&x->call, "ETag", asset->etag);
    op_header(&x->call, "Vary", "Accept-Encoding");
    if (slice_is(http_header(&x->parser, "if-none-match"), asset->etag)) {
        answer(x, 304, NULL, (struct slice){ 0 });
        return;
    }
    /* Who takes no gzip gets it where there is nothing else (RFC 9110, 12.5.3). */
    bool takes = assets_gzip_accepted(http_header(&x->parser, "accept-encoding"));
    bool gz = asset->gz && (takes || !asset->plain);
    if (gz) op_header(&x->call, "Content-Encoding", "gzip");
    answer(x, 200, asset->type,
           gz ? (struct slice){ (const char *)asset->gz, asset->gz_len }
              : (struct slice){ (const char *)asset->plain, asset->plain_len });
}

void http_exchange_run(struct http_exchange *x)
{
    x->call.query = http_query(&x->parser);
    x->call.content_type = http_header(&x->parser, "content-type");
    x->call.body = buf_slice(&x->body);
    x->running = true;
    if (x->is_page_file)
        send_asset(x);
    else if (x->page)
        x->page->answer(x->conn->server->o.gateway, &x->call);
    else if (http_exchange_is_upload(x))
        endpoint_body_end(x->endpoint, &x->call);
    else
        endpoint_run(x->endpoint, &x->call);
    drop_request(x);
    (void)goes_on(x);
}

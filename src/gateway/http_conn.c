#include "base/log.h"
#include "base/seam.h"
#include "gateway/http_internal.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

enum { PARTS_MAX = 8, NS_PER_MS = 1000 * 1000 };

static uint64_t deadline(uint32_t ms)
{
    return now_ns() + (uint64_t)ms * NS_PER_MS;
}

static int conn_fd(const struct http_conn *c)
{
    uv_os_fd_t fd;
    return uv_fileno(&c->u.handle, &fd) == 0 ? fd : -1;
}

static void set_state(struct http_conn *c, enum conn_state state)
{
    const struct http_deadlines *d = &c->server->o.deadlines;
    if (c->state == state && state != CONN_IDLE) return;
    c->state = (uint8_t)state;
    switch (state) {
    case CONN_IDLE: c->deadline_ns = deadline(d->idle_ms); break;
    case CONN_HEAD: c->deadline_ns = deadline(d->head_ms); break;
    case CONN_BODY: c->deadline_ns = deadline(d->body_ms); break;
    case CONN_LINGER: c->deadline_ns = deadline(HTTP_LINGER_MS); break;
    case CONN_ANSWER:
    case CONN_FLUSH: c->deadline_ns = 0; break; /* Writing has a deadline of its own. */
    }
}

void http_conn_begin_answer(struct http_conn *c)
{
    set_state(c, CONN_ANSWER);
}

/* ---- The end of a connection ---- */

static void start_reading(struct http_conn *c);

static void on_closed(uv_handle_t *handle)
{
    struct http_conn *c = handle->data;
    struct http_server *s = c->server;
    if (c->exchange) {
        http_exchange_lost(c->exchange);
        http_exchange_close(c->exchange);
    }
    if (c->pending) {
        buf_release(&c->pending->busy);
        buf_release(&c->pending->next);
        mem_free(c->pending);
    }
    buf_release(&c->ahead);
    if (c->prev)
        c->prev->next = c->next;
    else
        s->conns = c->next;
    if (c->next) c->next->prev = c->prev;
    for (struct http_conn **p = &s->resumed; *p; p = &(*p)->next_resumed)
        if (*p == c) {
            *p = c->next_resumed;
            break;
        }
    mem_free(c);
    s->n_conns--;
    s->o.metrics->connections_open = s->n_conns;
    http_server_conn_gone(s);
}

/* Everything else happens in on_closed, from the loop: the caller may be an endpoint. */
void http_conn_close(struct http_conn *c)
{
    if (c->closing) return;
    c->closing = true;
    uv_close(&c->u.handle, on_closed);
}

/* The answer is out. Whoever closes a socket with unread bytes in it resets the connection, and the
 * client may lose the answer: so say goodbye first, and read on for a while. */
static void linger(struct http_conn *c)
{
    (void)shutdown(conn_fd(c), SHUT_WR); /* If it fails the peer is gone, and reading says so. */
    buf_release(&c->ahead);
    set_state(c, CONN_LINGER);
    if (c->paused) start_reading(c);
}

/* ---- Writing ---- */

static void write_next(struct http_conn *c);

static void on_written(uv_write_t *write, int status)
{
    struct http_conn *c = write->data;
    if (c->closing) return; /* on_closed frees. */
    if (status < 0) {
        http_conn_close(c);
        return;
    }
    buf_release(&c->pending->busy);
    write_next(c);
}

static void write_next(struct http_conn *c)
{
    struct http_pending *p = c->pending;
    if (p->next.len == 0) {
        buf_release(&p->next);
        mem_free(p);
        c->pending = NULL;
        if (c->state == CONN_FLUSH)
            http_conn_answered(c);
        else if (c->exchange && c->exchange->file)
            http_file_drained(c->exchange->file);
        return;
    }
    p->busy = p->next;
    buf_init(&p->next, SIZE_MAX / 2);
    p->mark = p->busy.len;
    p->deadline_ns = deadline(c->server->o.deadlines.write_ms);
    p->write.data = c;
    uv_buf_t part = uv_buf_init(p->busy.ptr, 0);
    part.len = p->busy.len;
    if (uv_write(&p->write, &c->u.stream, &part, 1, on_written) < 0) http_conn_close(c);
}

static void queue_rest(struct http_conn *c, const struct slice *parts, size_t n_parts, size_t sent)
{
    bool fresh = !c->pending;
    if (fresh) {
        c->pending = mem_calloc(1, sizeof *c->pending);
        if (!c->pending) {
            http_conn_close(c);
            return;
        }
        buf_init(&c->pending->busy, SIZE_MAX / 2);
        buf_init(&c->pending->next, SIZE_MAX / 2); /* Streams: checked below. Replies: one each. */
    }
    struct buf *next = &c->pending->next;
    for (size_t i = 0; i < n_parts; i++) {
        size_t skip = sent < parts[i].len ? sent : parts[i].len;
        buf_add(next, parts[i].ptr + skip, parts[i].len - skip);
        sent -= skip;
    }
    bool streaming = c->exchange && c->exchange->streaming;
    if (next->failed || (streaming && next->len + c->pending->busy.len > HTTP_STREAM_BURST_MAX)) {
        c->server->o.metrics->stalls++;
        http_conn_close(c);
        return;
    }
    if (fresh) write_next(c);
}

void http_conn_send(struct http_conn *c, const struct slice *parts, size_t n_parts)
{
    uv_buf_t out[PARTS_MAX] = { { 0 } };
    size_t total = 0;
    assert(n_parts <= PARTS_MAX);
    if (c->closing) return;
    for (size_t i = 0; i < n_parts; i++) {
        out[i] = (uv_buf_t){ .base = (char *)parts[i].ptr, .len = parts[i].len };
        total += parts[i].len;
    }
    int sent = 0;
    if (!c->pending) {
        sent = uv_try_write(&c->u.stream, out, (unsigned)n_parts);
        if (sent == UV_EAGAIN) sent = 0;
        if (sent < 0) {
            http_conn_close(c);
            return;
        }
    }
    if ((size_t)sent < total) queue_rest(c, parts, n_parts, (size_t)sent);
}

void http_conn_cap_kernel_queue(struct http_conn *c)
{
    int size = HTTP_STREAM_SNDBUF;
    (void)setsockopt(conn_fd(c), SOL_SOCKET, SO_SNDBUF, &size, sizeof size); /* A refinement. */
}

/* ---- Reading ---- */

/* The request was not HTTP as we take it, or too much of it. */
static void refuse_input(struct http_conn *c, const struct err *err)
{
    c->server->o.metrics->parse_errors++;
    http_exchange_refuse(c->exchange, err, true);
}

static bool wants_input(const struct http_conn *c)
{
    return !c->closing && !c->held && c->state <= CONN_BODY;
}

static bool is_upload(const struct http_conn *c)
{
    return c->state == CONN_BODY && c->exchange && http_exchange_is_upload(c->exchange);
}

/* The next step of a body in pieces, or its end; while the endpoint holds it back only the end. */
static void set_upload_deadline(struct http_conn *c)
{
    struct http_exchange *x = c->exchange;
    uint64_t step = deadline(c->server->o.deadlines.body_ms);
    x->body_mark = x->n_body;
    c->deadline_ns = !c->held && step < x->body_end_ns ? step : x->body_end_ns;
}

static void begin_body(struct http_conn *c)
{
    set_state(c, CONN_BODY);
    if (!is_upload(c)) return;
    c->exchange->body_end_ns = deadline(c->server->o.deadlines.upload_ms);
    set_upload_deadline(c);
}

/* One event of the parser; false when more input is needed or none is wanted. */
static bool feed_one(struct http_conn *c, struct slice *in)
{
    struct http_exchange *x = c->exchange;
    struct err err = { 0 };
    enum http_event event;
    if (http_parser_feed(&x->parser, &event, in, &err) < 0) {
        refuse_input(c, &err);
        return false;
    }
    switch (event) {
    case HTTP_MORE: return false;
    case HTTP_HEAD:
        if (http_exchange_head(x) && !c->closing) begin_body(c);
        return true;
    case HTTP_BODY:
        if (is_upload(c) && x->n_body - x->body_mark >= HTTP_UPLOAD_STEP) set_upload_deadline(c);
        http_exchange_body(x);
        return true;
    case HTTP_END:
        http_conn_begin_answer(c);
        http_exchange_run(x);
        return true;
    }
    return false;
}

static void feed(struct http_conn *c, struct slice *in)
{
    c->feeding = true;
    while (wants_input(c)) {
        if (!c->exchange) {
            if (in->len == 0) break;
            c->exchange = http_exchange_open(c);
            if (!c->exchange) {
                http_conn_close(c);
                break;
            }
            set_state(c, CONN_HEAD);
        }
        if (!feed_one(c, in)) break;
    }
    c->feeding = false;
}

static void alloc_scratch(uv_handle_t *handle, size_t size, uv_buf_t *ret)
{
    (void)size; /* libuv always asks for 64 KiB. */
    struct http_conn *c = handle->data;
    *ret = uv_buf_init(c->server->scratch, sizeof c->server->scratch);
}

static bool may_read(const struct http_conn *c)
{
    return !c->held && c->ahead.len < HTTP_AHEAD_MAX;
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct http_conn *c = stream->data;
    if (c->closing || n == 0) return;
    if (n < 0) { /* End of file, a half-close or a reset: the client is gone. */
        http_conn_close(c);
        return;
    }
    struct slice in = { buf->base, (size_t)n };
    if (c->ahead.len == 0) feed(c, &in);
    if (c->closing || c->state == CONN_LINGER) return;
    /* The client is ahead of us, or of the disk: keep what there is, and stop reading when it is
     * too much. Until reading goes on, http_conn_check_deadlines looks whether the client is still
     * there. */
    buf_add_slice(&c->ahead, in);
    if (c->ahead.failed) {
        http_conn_close(c);
    } else if (!may_read(c) && !c->paused) {
        c->paused = true;
        (void)uv_read_stop(stream); /* Always 0. */
    }
}

static void start_reading(struct http_conn *c)
{
    c->paused = false;
    if (uv_read_start(&c->u.stream, alloc_scratch, on_read) < 0) http_conn_close(c);
}

void http_conn_resume(struct http_conn *c)
{
    if (c->closing || !wants_input(c)) return;
    struct buf ahead = c->ahead;
    buf_init(&c->ahead, HTTP_AHEAD_MAX + HTTP_READ_STEP);
    struct slice in = buf_slice(&ahead);
    feed(c, &in);
    if (!c->closing && c->state != CONN_LINGER) {
        buf_add_slice(&c->ahead, in);
        if (c->paused && may_read(c)) start_reading(c);
    }
    buf_release(&ahead);
}

void http_conn_hold(struct http_conn *c)
{
    c->held = true;
    if (is_upload(c)) set_upload_deadline(c);
}

void http_conn_let_go(struct http_conn *c)
{
    if (!c->held) return;
    c->held = false;
    if (is_upload(c)) set_upload_deadline(c);
    if (!c->closing) http_server_resume_later(c);
}

void http_conn_answered(struct http_conn *c)
{
    struct http_exchange *x = c->exchange;
    assert(x && x->ended);
    if (c->closing) return; /* on_closed frees the exchange. */
    c->held = false;
    if (c->pending) {
        set_state(c, CONN_FLUSH);
        return;
    }
    bool whole = c->state >= CONN_ANSWER && x->parser.keep_alive;
    c->exchange = NULL;
    http_exchange_close(x);
    if (!whole || c->close_after || c->server->draining) {
        linger(c);
        return;
    }
    set_state(c, CONN_IDLE);
    if (c->ahead.len > 0 && !c->feeding) http_server_resume_later(c);
}

/* ---- Time ---- */

static bool is_behind(struct http_conn *c, size_t left, uint64_t now)
{
    struct http_pending *p = c->pending;
    bool streaming = c->exchange && c->exchange->streaming;
    if (!streaming || left + p->next.len <= HTTP_STREAM_QUEUE_MAX) {
        p->behind_ns = 0;
        return false;
    }
    if (p->behind_ns == 0) p->behind_ns = deadline(HTTP_STREAM_BEHIND_MS);
    return now >= p->behind_ns;
}

static void check_write(struct http_conn *c, uint64_t now)
{
    struct http_pending *p = c->pending;
    size_t left = uv_stream_get_write_queue_size(&c->u.stream);
    if (left + HTTP_WRITE_STEP <= p->mark) {
        p->mark = left;
        p->deadline_ns = deadline(c->server->o.deadlines.write_ms);
    }
    if (now >= p->deadline_ns || is_behind(c, left, now)) {
        c->server->o.metrics->stalls++;
        http_conn_close(c);
    }
}

static void on_deadline(struct http_conn *c)
{
    struct err err = { 0 };
    c->deadline_ns = 0;
    if (c->state != CONN_HEAD && c->state != CONN_BODY) {
        http_conn_close(c);
        return;
    }
    const struct http_deadlines *d = &c->server->o.deadlines;
    c->server->o.metrics->timeouts++;
    if (is_upload(c))
        (void)err_set(&err, ERR_TIMEOUT,
                      "the request's body comes too slowly: %d bytes of it must arrive within %u "
                      "seconds, and all within %u",
                      HTTP_UPLOAD_STEP, d->body_ms / 1000, d->upload_ms / 1000);
    else
        (void)err_set(&err, ERR_TIMEOUT, "the request's %s did not arrive within %u seconds",
                      c->state == CONN_HEAD ? "head" : "body",
                      (c->state == CONN_HEAD ? d->head_ms : d->body_ms) / 1000);
    http_exchange_refuse(c->exchange, &err, true);
}

static bool peer_is_gone(const struct http_conn *c)
{
    struct pollfd p = { .fd = conn_fd(c), .events = POLLRDHUP };
    return poll(&p, 1, 0) > 0 && (p.revents & (POLLRDHUP | POLLHUP | POLLERR));
}

void http_conn_check_deadlines(struct http_conn *c, uint64_t now)
{
    if (c->closing) return;
    if (c->pending) check_write(c, now);
    if (!c->closing && c->deadline_ns && now >= c->deadline_ns) on_deadline(c);
    if (!c->closing && c->paused && peer_is_gone(c)) http_conn_close(c);
}

/* ---- The beginning of a connection ---- */

static void refuse_crowd(struct http_conn *c)
{
    static const char text[] =
        "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\n"
        "Retry-After: 1\r\nConnection: close\r\n\r\n"
        "{\"error\":{\"message\":\"too many connections are open\",\"type\":\"server_error\","
        "\"param\":null,\"code\":\"server_overloaded\"}}\n";
    struct slice part = SLICE(text);
    c->server->o.metrics->connections_refused++;
    http_conn_send(c, &part, 1);
    if (!c->closing) linger(c);
}

int http_conn_accept(struct http_server *s, struct http_listener *l)
{
    struct http_conn *c = mem_calloc(1, sizeof *c);
    if (!c) return -ERR_NO_MEMORY;
    c->server = s;
    c->local = l->local;
    buf_init(&c->ahead, HTTP_AHEAD_MAX + HTTP_READ_STEP);
    int rc = l->local ? uv_pipe_init(s->o.loop, &c->u.pipe, 0) : uv_tcp_init(s->o.loop, &c->u.tcp);
    if (rc < 0) {
        mem_free(c);
        return -ERR_IO;
    }
    c->u.handle.data = c;
    c->next = s->conns;
    if (s->conns) s->conns->prev = c;
    s->conns = c;
    s->n_conns++;
    set_state(c, CONN_IDLE);
    if (uv_accept(&l->u.stream, &c->u.stream) < 0) { /* libuv has closed it. */
        http_conn_close(c);
        return 0;
    }
    s->o.metrics->connections_accepted++;
    s->o.metrics->connections_open = s->n_conns;
    if (!l->local) (void)uv_tcp_nodelay(&c->u.tcp, 1); /* A refinement. */
    start_reading(c);
    if (s->n_conns > s->o.connections_max && !c->closing) refuse_crowd(c);
    return 0;
}

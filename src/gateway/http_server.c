#include "gateway/http_server.h"

#include "base/log.h"
#include "base/seam.h"
#include "gateway/http_internal.h"

#include <assert.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { HEAD_MAX = 32 << 10, SPARE_FDS = 256 };

const char *http_server_date(struct http_server *s)
{
    uint64_t second = wall_ns() / 1000000000u;
    if (second != s->date_at) {
        time_t t = (time_t)second;
        struct tm tm;
        if (gmtime_r(&t, &tm))
            (void)strftime(s->date, sizeof s->date, "%a, %d %b %Y %H:%M:%S GMT", &tm);
        s->date_at = second;
    }
    return s->date;
}

/* ---- Timers ---- */

static void on_tick(uv_timer_t *timer)
{
    struct http_server *s = timer->data;
    uint64_t now = now_ns();
    for (struct http_conn *c = s->conns, *next; c; c = next) {
        next = c->next; /* Closing a connection takes it from the list later, not now. */
        http_conn_check_deadlines(c, now);
    }
}

static void on_resume(uv_timer_t *timer)
{
    struct http_server *s = timer->data;
    struct http_conn *list = s->resumed;
    s->resumed = NULL;
    while (list) {
        struct http_conn *c = list;
        list = c->next_resumed;
        c->next_resumed = NULL;
        c->resumed = false;
        http_conn_resume(c);
    }
}

void http_server_resume_later(struct http_conn *c)
{
    struct http_server *s = c->server;
    if (c->resumed) return;
    c->resumed = true;
    c->next_resumed = s->resumed;
    s->resumed = c;
    (void)uv_timer_start(&s->resume, on_resume, 0, 0); /* Fails only on a closing handle. */
}

/* ---- Life ---- */

/* As many connections as there may be file descriptors, with some to spare for all else. */
static uint32_t connections_max(uint32_t wanted)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return wanted;
    if (limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit); /* What it became is read below. */
        if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return wanted;
    }
    uint64_t most = limit.rlim_cur > 2 * SPARE_FDS ? limit.rlim_cur - SPARE_FDS : SPARE_FDS;
    return most < wanted ? (uint32_t)most : wanted;
}

static uint32_t or_default(uint32_t value, uint32_t otherwise)
{
    return value ? value : otherwise;
}

int http_server_open(struct http_server **ret, const struct http_server_options *options,
                     struct err *err)
{
    struct http_server *s = mem_calloc(1, sizeof *s);
    if (!s) return err_set(err, ERR_NO_MEMORY, "no memory for the HTTP server");
    s->o = *options;
    s->o.connections_max = connections_max(or_default(s->o.connections_max, HTTP_CONNECTIONS_MAX));
    struct http_deadlines *d = &s->o.deadlines;
    d->head_ms = or_default(d->head_ms, HTTP_HEAD_MS);
    d->body_ms = or_default(d->body_ms, HTTP_BODY_MS);
    d->upload_ms = or_default(d->upload_ms, HTTP_UPLOAD_MS);
    d->write_ms = or_default(d->write_ms, HTTP_WRITE_MS);
    d->idle_ms = or_default(d->idle_ms, HTTP_IDLE_MS);
    int rc = books_open(&s->books, s->o.service, s->o.metrics, err);
    if (rc < 0) {
        mem_free(s);
        return rc;
    }
    buf_init(&s->head, HEAD_MAX);
    (void)uv_timer_init(s->o.loop, &s->tick); /* Always 0, as the next. */
    (void)uv_timer_init(s->o.loop, &s->resume);
    s->n_open = 2;
    s->tick.data = s->resume.data = s;
    (void)uv_timer_start(&s->tick, on_tick, HTTP_TICK_MS, HTTP_TICK_MS);
    *ret = s;
    return 0;
}

static void free_when_gone(struct http_server *s)
{
    if (!s->closed || s->n_conns > 0 || s->n_open > 0) return;
    books_close(s->books);
    buf_release(&s->head);
    mem_free(s);
}

void http_server_conn_gone(struct http_server *s)
{
    free_when_gone(s);
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct http_server *s = handle->data;
    s->n_open--;
    free_when_gone(s);
}

static void on_listener_closed(uv_handle_t *handle)
{
    struct http_listener *l = handle->data;
    struct http_server *s = l->server;
    if (--l->n_open > 0) return;
    s->n_open--;
    mem_free(l);
    free_when_gone(s);
}

static void close_listeners(struct http_server *s)
{
    while (s->listeners) {
        struct http_listener *l = s->listeners;
        s->listeners = l->next;
        uv_close(&l->u.handle, on_listener_closed);
    }
}

void http_server_close(struct http_server *s)
{
    if (!s) return;
    assert(!s->closed);
    close_listeners(s);
    for (struct http_conn *c = s->conns; c; c = c->next) http_conn_close(c);
    uv_close((uv_handle_t *)&s->tick, on_handle_closed);
    uv_close((uv_handle_t *)&s->resume, on_handle_closed);
    s->closed = true;
}

/* ---- Draining ---- */

bool http_server_is_draining(const struct http_server *s)
{
    return s->draining;
}

void http_server_drain(struct http_server *s)
{
    s->draining = true;
    close_listeners(s);
    for (struct http_conn *c = s->conns; c; c = c->next)
        if (c->state == CONN_IDLE && c->ahead.len == 0) http_conn_close(c);
}

void http_server_abort(struct http_server *s, const struct err *why)
{
    for (struct http_conn *c = s->conns, *next; c; c = next) {
        next = c->next;
        if (c->exchange && !c->closing) http_exchange_abort(c->exchange, why);
    }
}

size_t http_server_busy(const struct http_server *s)
{
    size_t busy = 0;
    for (const struct http_conn *c = s->conns; c; c = c->next)
        busy += c->state > CONN_IDLE && c->state < CONN_LINGER;
    return busy;
}

/* ---- Listening ---- */

static bool address_is_loopback(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET)
        return ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr) >> 24 ==
               127;
    return address->sa_family == AF_INET6 &&
           IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr);
}

static int resolve(struct addrinfo **ret, const char *host, int port, struct err *err)
{
    char service[16];
    struct addrinfo hints = { .ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM };
    /* Resolvers put ::1 first, and clients that know only 127.0.0.1 would find nobody. */
    if (strcmp(host, "localhost") == 0) hints.ai_family = AF_INET;
    (void)snprintf(service, sizeof service, "%d", port); /* At most 11 characters. */
    int rc = getaddrinfo(host, service, &hints, ret);
    if (rc != 0)
        return err_set(err, ERR_NOT_FOUND, "the host %s: %s; give an address of this machine", host,
                       gai_strerror(rc));
    return 0;
}

int http_host_is_loopback(bool *ret, const char *host, struct err *err)
{
    struct addrinfo *found;
    TRY(resolve(&found, host, 0, err));
    *ret = address_is_loopback(found->ai_addr);
    freeaddrinfo(found);
    return 0;
}

static int init_handle(struct http_server *s, union http_handle *u, bool local)
{
    return local ? uv_pipe_init(s->o.loop, &u->pipe, 0) : uv_tcp_init(s->o.loop, &u->tcp);
}

static void turn_away(struct http_listener *l);

static void on_turned_away(uv_handle_t *handle)
{
    struct http_listener *l = handle->data;
    l->spare_busy = false;
    if (l->owed && !uv_is_closing(&l->u.handle)) {
        l->owed = false;
        l->n_open--;
        turn_away(l);
        return;
    }
    on_listener_closed(handle);
}

/* libuv takes no further connection before this one is taken: without memory for it, by a handle
 * that is there for that alone. */
static void turn_away(struct http_listener *l)
{
    if (l->spare_busy) {
        l->owed = true;
        return;
    }
    if (init_handle(l->server, &l->spare, l->local) < 0) return;
    l->spare.handle.data = l;
    l->spare_busy = true;
    l->n_open++;
    (void)uv_accept(&l->u.stream, &l->spare.stream); /* Closed in any case. */
    uv_close(&l->spare.handle, on_turned_away);
}

static void on_connection(uv_stream_t *stream, int status)
{
    struct http_listener *l = stream->data;
    if (status == 0 && http_conn_accept(l->server, l) == 0) return;
    log_warn("connection not accepted",
             LOG_STR("why", status < 0 ? uv_strerror(status) : "no memory or no descriptor"));
    if (status == 0) turn_away(l);
}

static struct http_listener *new_listener(struct http_server *s, bool local)
{
    struct http_listener *l = mem_calloc(1, sizeof *l);
    if (!l) return NULL;
    l->server = s;
    l->local = local;
    if (init_handle(s, &l->u, local) < 0) {
        mem_free(l);
        return NULL;
    }
    l->u.handle.data = l;
    l->next = s->listeners;
    s->listeners = l;
    l->n_open = 1;
    s->n_open++;
    return l;
}

static int listen_error(int rc, const char *host, int port, struct err *err)
{
    switch (rc) {
    case UV_EADDRINUSE:
        return err_set(err, ERR_BUSY,
                       "port %d of %s is in use by another program; stop that one, or give another "
                       "with --port (0 picks a free one)",
                       port, host);
    case UV_EACCES:
        return err_set(err, ERR_PERMISSION,
                       "this user may not listen on port %d of %s; give a port above 1023", port,
                       host);
    case UV_EADDRNOTAVAIL:
        return err_set(err, ERR_NOT_FOUND,
                       "%s is no address of this machine; try 127.0.0.1, or 0.0.0.0 for all", host);
    default:
        return err_set(err, ERR_IO, "listening on %s port %d: %s", host, port, uv_strerror(rc));
    }
}

static int bind_tcp(struct http_listener *l, const struct sockaddr *address, int *ret_port)
{
    struct sockaddr_storage bound;
    int len = sizeof bound, rc;
    if ((rc = uv_tcp_bind(&l->u.tcp, address, 0)) < 0) return rc;
    if ((rc = uv_listen(&l->u.stream, HTTP_BACKLOG, on_connection)) < 0) return rc;
    if ((rc = uv_tcp_getsockname(&l->u.tcp, (struct sockaddr *)&bound, &len)) < 0) return rc;
    *ret_port = ntohs(bound.ss_family == AF_INET6
                          ? ((struct sockaddr_in6 *)(void *)&bound)->sin6_port
                          : ((struct sockaddr_in *)(void *)&bound)->sin_port);
    return 0;
}

int http_server_listen_tcp(struct http_server *s, const char *host, int port, int *ret_port,
                           struct err *err)
{
    struct addrinfo *found;
    TRY(resolve(&found, host, port, err));
    struct http_listener *l = new_listener(s, false);
    int rc = l ? bind_tcp(l, found->ai_addr, ret_port) : UV_ENOMEM;
    freeaddrinfo(found);
    return rc < 0 ? listen_error(rc, host, port, err) : 0;
}

int http_server_listen_unix(struct http_server *s, const char *path, struct err *err)
{
    struct http_listener *l = new_listener(s, true);
    if (!l) return err_set(err, ERR_NO_MEMORY, "no memory for the control socket");
    (void)seams.unlink(path); /* Left by a crash; bind says if something is still there. */
    mode_t before = umask(0177);
    int rc = uv_pipe_bind(&l->u.pipe, path);
    (void)umask(before); /* Cannot fail. */
    if (rc == 0) rc = uv_listen(&l->u.stream, HTTP_BACKLOG, on_connection);
    if (rc < 0) return err_set(err, ERR_IO, "the control socket %s: %s", path, uv_strerror(rc));
    return 0;
}

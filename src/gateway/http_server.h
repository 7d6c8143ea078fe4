/* http_server - HTTP/1.1 on one libuv loop: sockets, deadlines, streams; requests become calls.
 *
 *     TRY(http_server_open(&s, &options, err));
 *     TRY(http_server_listen_tcp(s, "127.0.0.1", 8080, &port, err));
 *     uv_run(loop, UV_RUN_DEFAULT);
 *     http_server_drain(s);          no new connections, no new requests
 *     http_server_abort(s, &err);    what is still open ends with this error
 *     http_server_close(s);          after which the loop must run until its handles are gone
 *
 * A connection costs no buffer while it is idle. Requests of one connection are answered in order,
 * one at a time; what a client sends ahead waits, up to HTTP_AHEAD_MAX. Reading goes on while a
 * request is answered, so that a client that goes away (a half-close counts) is noticed at once and
 * its call's on_close runs.
 *
 * A body that is too large for memory goes to its endpoint as it comes (api/endpoint.h), which can
 * hold it back: then nothing is read.
 *
 * Deadlines are totals: for the head, for the body (one in pieces: for each HTTP_UPLOAD_STEP of it,
 * and for all), for each HTTP_WRITE_STEP of an answer, and for an idle connection. A stream may
 * queue HTTP_STREAM_QUEUE_MAX bytes for a slow reader, besides HTTP_STREAM_SNDBUF in the kernel.
 * More is for bursts: it must be gone in HTTP_STREAM_BEHIND_MS and is never above
 * HTTP_STREAM_BURST_MAX, or the connection is closed.
 */
#ifndef TIRO_GATEWAY_HTTP_SERVER_H
#define TIRO_GATEWAY_HTTP_SERVER_H

#include "api/call.h"
#include "base/err.h"
#include "gateway/access.h"
#include "gateway/metrics.h"

#include <stdint.h>
#include <uv.h>

enum {
    HTTP_HEAD_MS = 10 * 1000,
    HTTP_BODY_MS = 60 * 1000,
    HTTP_UPLOAD_MS = 60 * 60 * 1000, /* A body in pieces: all of it, */
    HTTP_UPLOAD_STEP = 1 << 20,      /* and so much of it within the time of another's body. */
    HTTP_UPLOAD_MAX = 1 << 30,       /* No endpoint takes more in one request. */
    HTTP_WRITE_MS = 30 * 1000,
    HTTP_IDLE_MS = 75 * 1000,
    HTTP_LINGER_MS = 2 *
                     1000, /* For a client to take the answer to what it should not have sent. */
    HTTP_TICK_MS = 250,
    HTTP_BACKLOG = 4096,
    HTTP_CONNECTIONS_MAX = 16384,
    HTTP_READ_STEP = 64 << 10,
    HTTP_AHEAD_MAX = 64 << 10,
    HTTP_WRITE_STEP = 64 << 10,
    HTTP_STREAM_QUEUE_MAX = 128 << 10,
    HTTP_STREAM_BURST_MAX = 16 << 20, /* One batch of events is 4 MiB at most. */
    HTTP_STREAM_BEHIND_MS = 5 * 1000,
    HTTP_STREAM_SNDBUF = 32 << 10,
    HTTP_CALL_ARENA_MAX = 64 << 20,
};

struct http_deadlines {
    uint32_t head_ms, body_ms, upload_ms, write_ms, idle_ms; /* 0: the defaults above */
};

struct http_server;
struct gateway;

struct http_server_options {
    uv_loop_t *loop;
    struct gateway *gateway; /* For pages. */
    struct service *service;
    const struct access *access;
    struct metrics *metrics;
    uint32_t connections_max; /* 0: HTTP_CONNECTIONS_MAX, less where descriptors are scarce */
    struct http_deadlines deadlines;
};

int http_server_open(struct http_server **ret, const struct http_server_options *options,
                     struct err *err) MUST_USE;
/* Frees it once its connections are gone; call before the loop's last run. NULL is fine. */
void http_server_close(struct http_server *s);

/* What `host` stands for, before anything listens: whether it is this machine only. */
int http_host_is_loopback(bool *ret, const char *host, struct err *err) MUST_USE;
/* *ret_port is the port taken, also when `port` was 0. */
int http_server_listen_tcp(struct http_server *s, const char *host, int port, int *ret_port,
                           struct err *err) MUST_USE;
/* A Unix socket, mode 0600, over whatever is at `path`; its clients need no key. */
int http_server_listen_unix(struct http_server *s, const char *path, struct err *err) MUST_USE;

/* Closes the listening sockets and idle connections; requests that come now get 503. */
void http_server_drain(struct http_server *s);
bool http_server_is_draining(const struct http_server *s);
/* Ends every open call with `why` (an event in a stream) and runs its on_close. */
void http_server_abort(struct http_server *s, const struct err *why);
/* Calls not yet answered, and answers not yet taken. */
size_t http_server_busy(const struct http_server *s);

#endif

/* tiny_http - an HTTP server on loopback that serves one body and misbehaves as told.
 *
 * One connection at a time, one request a connection. Change `behave` only between requests.
 */
#ifndef TIRO_TESTS_TINY_HTTP_H
#define TIRO_TESTS_TINY_HTTP_H

#include "base/slice.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct tiny_behave {
    struct slice body;
    struct slice list;     /* the body of paths below /api/ */
    int status;            /* 200: as asked; anything else is answered with this */
    bool no_ranges;        /* ignores Range */
    size_t break_after;    /* closes after so many bytes of body; 0: never */
    int breaks;            /* how many times it breaks off */
    const char *etag;      /* NULL: none */
    const char *location;  /* with a 3xx status */
    long lie_about_length; /* added to Content-Length */
};

struct tiny_http {
    int fd, port;
    pthread_t thread;
    struct tiny_behave behave;
    atomic_int requests, ranged; /* all, and those with a Range header */
    char last_request[2048];
};

static inline void tiny_send(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);
        if (n <= 0) return;
        bytes += n;
        len -= (size_t)n;
    }
}

static inline void tiny_answer(struct tiny_http *t, int fd)
{
    struct tiny_behave *b = &t->behave;
    char head[1024];
    size_t from = 0;
    const char *range = strstr(t->last_request, "Range: bytes=");
    const char *if_range = strstr(t->last_request, "If-Range: ");
    bool same = !if_range || (b->etag && strncmp(if_range + 10, b->etag, strlen(b->etag)) == 0);
    if (range) t->ranged++;
    bool partial = range && !b->no_ranges && same;
    if (partial) from = strtoul(range + 13, NULL, 10);
    int status = b->status != 200 ? b->status : partial ? 206 : 200;
    if (partial && from >= b->body.len) status = 416;
    struct slice body = { b->body.ptr + from, b->body.len - from };
    if (strncmp(t->last_request, "GET /api/", 9) == 0) body = b->list;
    if (status >= 300) body.len = 0;
    int n = snprintf(head, sizeof head, "HTTP/1.1 %d X\r\nContent-Length: %ld\r\n", status,
                     (long)body.len + b->lie_about_length);
    if (status == 206)
        n += snprintf(head + n, sizeof head - (size_t)n, "Content-Range: bytes %zu-%zu/%zu\r\n",
                      from, b->body.len - 1, b->body.len);
    if (b->etag) n += snprintf(head + n, sizeof head - (size_t)n, "ETag: %s\r\n", b->etag);
    if (b->location)
        n += snprintf(head + n, sizeof head - (size_t)n, "Location: %s\r\n", b->location);
    n += snprintf(head + n, sizeof head - (size_t)n, "Connection: close\r\n\r\n");
    tiny_send(fd, head, (size_t)n);
    if (b->breaks > 0 && b->break_after < body.len) {
        b->breaks--;
        body.len = b->break_after;
    }
    tiny_send(fd, body.ptr, body.len);
}

static inline void *tiny_serve(void *ctx)
{
    struct tiny_http *t = ctx;
    while (true) {
        int fd = accept(t->fd, NULL, NULL);
        if (fd < 0) return NULL;
        size_t len = 0;
        while (len < sizeof t->last_request - 1) {
            ssize_t n = recv(fd, t->last_request + len, sizeof t->last_request - 1 - len, 0);
            if (n <= 0) break;
            len += (size_t)n;
            t->last_request[len] = '\0';
            if (strstr(t->last_request, "\r\n\r\n")) break;
        }
        t->requests++;
        tiny_answer(t, fd);
        (void)shutdown(fd, SHUT_WR);
        char rest[64];
        while (recv(fd, rest, sizeof rest, 0) > 0) {
        }
        (void)close(fd);
    }
}

static inline void tiny_open(struct tiny_http *t)
{
    struct sockaddr_in addr = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof addr;
    *t = (struct tiny_http){ .behave.status = 200 };
    t->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert(t->fd >= 0);
    int rc = bind(t->fd, (struct sockaddr *)&addr, sizeof addr);
    assert(rc == 0);
    rc = listen(t->fd, 16);
    assert(rc == 0);
    rc = getsockname(t->fd, (struct sockaddr *)&addr, &len);
    assert(rc == 0);
    t->port = ntohs(addr.sin_port);
    rc = pthread_create(&t->thread, NULL, tiny_serve, t);
    assert(rc == 0);
}

static inline void tiny_close(struct tiny_http *t)
{
    (void)shutdown(t->fd, SHUT_RDWR);
    (void)pthread_join(t->thread, NULL);
    (void)close(t->fd);
}

#endif

/* worker_client - a worker in a child process, and the gateway's end of its socket. */
#ifndef TIRO_TESTS_WORKER_CLIENT_H
#define TIRO_TESTS_WORKER_CLIENT_H

#include "proto/conn.h"
#include "worker/worker.h"

#include <assert.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct worker_client {
    pid_t pid;
    struct conn conn;
    struct arena arena;
};

static inline void worker_client_open(struct worker_client *c, const char *kind)
{
    int fds[2];
    struct err err;
    int r = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds);
    assert(r == 0);
    c->pid = fork();
    assert(c->pid >= 0);
    if (c->pid == 0) {
        close(fds[0]);
        _exit(worker_main(kind, fds[1]));
    }
    close(fds[1]);
    r = conn_init(&c->conn, fds[0], NULL, &err);
    assert(r == 0);
    arena_init(&c->arena, 64 << 20);
}

/* Goes out with the next that is sent. */
static inline void worker_client_queue(struct worker_client *c, enum message_kind kind,
                                       const void *body)
{
    struct err err;
    int r = conn_queue(&c->conn, kind, body, &err);
    assert(r == 0);
}

static inline void worker_client_send(struct worker_client *c, enum message_kind kind,
                                      const void *body)
{
    struct err err;
    worker_client_queue(c, kind, body);
    int r = conn_flush(&c->conn, &err);
    assert(r == 0 || r == -ERR_END);
}

/* The next message, valid until the next call; kind 0 when the worker closed. */
static inline struct message_any worker_client_next(struct worker_client *c)
{
    struct err err;
    struct message_any any = { 0 };
    int fd;
    bool ended = false;
    arena_reset(&c->arena);
    for (;;) {
        int r = conn_next(&c->conn, &any, &c->arena, &fd, &err);
        if (r == 0) return any;
        assert(r == -ERR_AGAIN);
        if (ended) return (struct message_any){ 0 };
        struct pollfd p = { .fd = c->conn.fd, .events = POLLIN };
        if (conn_wants_write(&c->conn)) p.events |= POLLOUT;
        r = poll(&p, 1, 120 * 1000);
        assert(r > 0);
        r = conn_flush(&c->conn, &err);
        assert(r == 0 || r == -ERR_END); /* A worker that is gone shows below. */
        r = conn_read(&c->conn, &err);
        ended = r == -ERR_END;
        assert(r == 0 || ended);
    }
}

/* Closes the socket; returns the worker's exit code. */
static inline int worker_client_close(struct worker_client *c)
{
    int status;
    conn_release(&c->conn);
    arena_release(&c->arena);
    pid_t pid = waitpid(c->pid, &status, 0);
    assert(pid == c->pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Asks it to end, hands on what still comes, and closes; returns the worker's exit code. */
static inline int worker_client_quit(struct worker_client *c,
                                     void (*note)(const struct message_any *any))
{
    worker_client_send(c, MSG_QUIT, &(struct msg_quit){ .grace_ms = 30000 });
    for (struct message_any any; (any = worker_client_next(c)).kind != 0;) note(&any);
    return worker_client_close(c);
}

#endif

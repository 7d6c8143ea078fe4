#include "proto/conn.h"

#include "base/seam.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/uio.h>

/* A buffer that once held a giant frame does not keep its memory for ever. */
enum { KEEP_BYTES_MAX = 1 << 20 };

union control {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(sizeof(int) * CONN_FDS_MAX)];
};

int conn_init(struct conn *c, int fd, const struct conn_options *options, struct err *err)
{
    assert(fd >= 0);
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
        return err_errno(err, errno, "cannot make descriptor %d non-blocking", fd);
    size_t out_max = options && options->out_max ? options->out_max : CONN_OUT_DEFAULT;
    *c = (struct conn){ .fd = fd, .out_max = out_max };
    buf_init(&c->in, MSG_FRAME_BYTES_MAX + CONN_READ_STEP);
    buf_init(&c->out, out_max + MSG_FRAME_BYTES_MAX);
    return 0;
}

void conn_release(struct conn *c)
{
    if (c->fd < 0) return;
    for (size_t i = 0; i < c->n_fds_in; i++) (void)seams.close(c->fds_in[i]);      /* Not taken. */
    for (size_t i = 0; i < c->n_fds_out; i++) (void)seams.close(c->fds_out[i].fd); /* Not sent. */
    (void)seams.close(c->fd); /* Nothing to do about it. */
    buf_release(&c->in);
    buf_release(&c->out);
    c->n_fds_in = c->n_fds_out = 0;
    c->fd = -1;
}

/* Drops the `*at` bytes already used from the front, when that is cheap or all. */
static void compact(struct buf *b, size_t *at)
{
    if (*at == b->len) {
        buf_reset(b);
        if (b->cap > KEEP_BYTES_MAX) buf_release(b);
        *at = 0;
    } else if (*at > b->len / 2) {
        buf_consume(b, *at);
        *at = 0;
    }
}

static int take_fds(struct conn *c, struct msghdr *msg, struct err *err)
{
    int r = 0;
    if (msg->msg_flags & MSG_CTRUNC)
        r = err_set(err, ERR_PROTOCOL, "more descriptors at once than the protocol has");
    for (struct cmsghdr *h = CMSG_FIRSTHDR(msg); h; h = CMSG_NXTHDR(msg, h)) {
        if (h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS) continue;
        size_t n = (h->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < n; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(h) + i * sizeof fd, sizeof fd);
            if (r == 0 && c->n_fds_in == CONN_FDS_MAX)
                r = err_set(err, ERR_PROTOCOL, "descriptors came that no message speaks of");
            if (r == 0)
                c->fds_in[c->n_fds_in++] = fd;
            else
                (void)seams.close(fd); /* Refused. */
        }
    }
    return r;
}

int conn_read(struct conn *c, struct err *err)
{
    assert(c->fd >= 0);
    compact(&c->in, &c->in_at);
    char *to = buf_reserve(&c->in, CONN_READ_STEP);
    if (!to) {
        c->in.failed = false;
        return err_set(err, ERR_NO_MEMORY, "no room for what the other side sends");
    }
    union control control;
    struct iovec iov = { .iov_base = to, .iov_len = CONN_READ_STEP };
    struct msghdr msg = { .msg_iov = &iov,
                          .msg_iovlen = 1,
                          .msg_control = control.bytes,
                          .msg_controllen = sizeof control.bytes };
    ssize_t n;
    do n = seams.recvmsg(c->fd, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    while (n < 0 && errno == EINTR);
    if (n < 0 && errno == EAGAIN) return 0;
    if (n == 0 || (n < 0 && errno == ECONNRESET))
        return err_set(err, ERR_END, "the other side closed the connection");
    if (n < 0) return err_errno(err, errno, "cannot read from the other process");
    buf_commit(&c->in, (size_t)n);
    return take_fds(c, &msg, err);
}

static bool wants_fd(const struct message_any *m)
{
    if (m->kind == MSG_EMBEDDING) return ((const struct msg_embedding *)m->body)->n_shared > 0;
    if (m->kind == MSG_ADAPTER) return !((const struct msg_adapter *)m->body)->gone;
    return m->kind == MSG_ARTEFACT;
}

int conn_next(struct conn *c, struct message_any *ret, struct arena *a, int *ret_fd,
              struct err *err)
{
    assert(c->fd >= 0);
    size_t len, have = c->in.len - c->in_at;
    *ret_fd = -1;
    if (have < MSG_HEADER_BYTES) return -ERR_AGAIN;
    struct slice in = { c->in.ptr + c->in_at, have };
    TRY(message_frame_len(&len, in, err));
    if (have < len) return -ERR_AGAIN;
    TRY(message_decode(ret, a, (struct slice){ in.ptr, len }, err));
    c->in_at += len;
    if (!wants_fd(ret)) return 0;
    if (c->n_fds_in == 0)
        return err_set(err, ERR_PROTOCOL, "a message speaks of a descriptor that did not come");
    *ret_fd = c->fds_in[0];
    c->n_fds_in--;
    memmove(c->fds_in, c->fds_in + 1, c->n_fds_in * sizeof c->fds_in[0]);
    return 0;
}

bool conn_skip(struct conn *c, enum message_kind *ret_kind, uint64_t *ret_id)
{
    /* A record's count, then the first field: its number, its type, its value. */
    enum { FIRST = MSG_HEADER_BYTES + 1, VALUE = FIRST + 2 };
    size_t len, have = c->in.len - c->in_at;
    struct slice in = { c->in.ptr + c->in_at, have };
    if (have < MSG_HEADER_BYTES || message_frame_len(&len, in, NULL) < 0 || have < len)
        return false;
    const unsigned char *p = (const unsigned char *)in.ptr;
    *ret_kind = (enum message_kind)(p[4] | p[5] << 8);
    *ret_id = 0;
    if (len >= VALUE + 8 && p[FIRST] == 1 && p[FIRST + 1] == MT_U64)
        for (unsigned i = 0; i < 8; i++) *ret_id |= (uint64_t)p[VALUE + i] << (8 * i);
    c->in_at += len;
    return true;
}

int conn_queue(struct conn *c, enum message_kind kind, const void *body, struct err *err)
{
    assert(c->fd >= 0);
    size_t before = conn_backlog(c), len = c->out.len;
    TRY(message_encode(&c->out, kind, body, err));
    if (before > 0 && conn_backlog(c) > c->out_max) {
        c->out.len = len;
        return err_set(err, ERR_BUSY, "the other side leaves %zu bytes unread", before);
    }
    return 0;
}

int conn_queue_fd(struct conn *c, enum message_kind kind, const void *body, int fd, struct err *err)
{
    assert(wants_fd(&(struct message_any){ .kind = kind, .body = (void *)(uintptr_t)body }));
    if (c->n_fds_out == CONN_FDS_MAX)
        return err_set(err, ERR_BUSY, "the other side leaves %d descriptors unread", CONN_FDS_MAX);
    size_t at = c->out.len;
    TRY(conn_queue(c, kind, body, err));
    c->fds_out[c->n_fds_out].fd = fd;
    c->fds_out[c->n_fds_out].at = at;
    c->n_fds_out++;
    return 0;
}

/* One sendmsg: up to the next descriptor's frame, or that frame with its descriptor. */
static ssize_t send_some(struct conn *c)
{
    union control control = { .bytes = { 0 } };
    size_t end = c->out.len;
    bool with_fd = c->n_fds_out > 0 && c->fds_out[0].at == c->out_at;
    size_t next = with_fd ? 1 : 0;
    if (c->n_fds_out > next) end = c->fds_out[next].at;
    struct iovec iov = { .iov_base = c->out.ptr + c->out_at, .iov_len = end - c->out_at };
    struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
    if (with_fd) {
        msg.msg_control = control.bytes;
        msg.msg_controllen = CMSG_SPACE(sizeof(int));
        struct cmsghdr *h = CMSG_FIRSTHDR(&msg);
        h->cmsg_level = SOL_SOCKET;
        h->cmsg_type = SCM_RIGHTS;
        h->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(h), &c->fds_out[0].fd, sizeof(int));
    }
    ssize_t n = seams.sendmsg(c->fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n > 0 && with_fd) {
        (void)seams.close(c->fds_out[0].fd); /* The copy on its way is what counts. */
        c->n_fds_out--;
        memmove(c->fds_out, c->fds_out + 1, c->n_fds_out * sizeof c->fds_out[0]);
    }
    return n;
}

int conn_flush(struct conn *c, struct err *err)
{
    assert(c->fd >= 0);
    while (c->out_at < c->out.len) {
        ssize_t n = send_some(c);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno == EAGAIN) break;
        if (n < 0 && (errno == EPIPE || errno == ECONNRESET))
            return err_set(err, ERR_END, "the other side closed the connection");
        if (n < 0) return err_errno(err, errno, "cannot write to the other process");
        c->out_at += (size_t)n;
    }
    size_t dropped = c->out_at;
    compact(&c->out, &c->out_at);
    dropped -= c->out_at;
    for (size_t i = 0; i < c->n_fds_out; i++) c->fds_out[i].at -= dropped;
    return 0;
}

bool conn_wants_write(const struct conn *c)
{
    return c->out_at < c->out.len;
}

size_t conn_backlog(const struct conn *c)
{
    return c->out.len - c->out_at;
}

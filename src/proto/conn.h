/* conn - framed messages over a Unix stream socket; never blocks, never owns a loop.
 *
 *     struct conn c;
 *     conn_init(&c, fd, &(struct conn_options){ 0 });        fd becomes non-blocking; c owns it
 *
 *     readable:   r = conn_read(&c, err);                    -ERR_END: the peer is gone
 *                 while ((r = conn_next(&c, &any, &arena, &shared, err)) == 0) {
 *                     handle(any); if (shared >= 0) close it; arena_reset(&arena);
 *                 }                                          -ERR_AGAIN: no more whole messages
 *     to send:    TRY(conn_queue(&c, MSG_TOKEN, &token, err));   as often as the step needs,
 *                 TRY(conn_flush(&c, err));                      then one write for all
 *     writable:   conn_flush(&c, err)                        watch POLLOUT while conn_wants_write
 *
 * With libuv: uv_poll on c.fd with UV_READABLE, and UV_WRITABLE while conn_wants_write(&c).
 * Any error but ERR_AGAIN and ERR_BUSY means the connection is unusable: release it.
 * conn_read takes a bounded amount (fairness); level-triggered polls call again. On -ERR_END whole
 * messages already read are still there: drain conn_next before giving up.
 */
#ifndef TIRO_PROTO_CONN_H
#define TIRO_PROTO_CONN_H

#include "proto/message.h"

enum {
    CONN_FDS_MAX = 16,            /* Descriptors received and not yet taken. */
    CONN_OUT_DEFAULT = 128 << 20, /* Bytes queued and not yet written. */
    CONN_READ_STEP = 256 << 10,   /* Bytes one conn_read takes at most. */
};

struct conn_options {
    size_t out_max; /* 0: CONN_OUT_DEFAULT */
};

struct conn {
    int fd; /* -1: released */
    struct buf in, out;
    size_t in_at;  /* Bytes of `in` already decoded. */
    size_t out_at; /* Bytes of `out` already written. */
    size_t out_max;
    int fds_in[CONN_FDS_MAX];
    size_t n_fds_in;
    struct {
        int fd;
        size_t at; /* Offset in `out` of the first byte it must travel with. */
    } fds_out[CONN_FDS_MAX];
    size_t n_fds_out;
};

int conn_init(struct conn *c, int fd, const struct conn_options *options, struct err *err) MUST_USE;
void conn_release(struct conn *c); /* Closes fd; twice is fine. */
int conn_read(struct conn *c, struct err *err) MUST_USE;
/* The next whole message. *ret_fd is -1, or a descriptor that came with it and is now yours. */
int conn_next(struct conn *c, struct message_any *ret, struct arena *a, int *ret_fd,
              struct err *err) MUST_USE;
/* After conn_next failed for want of memory (-ERR_NO_MEMORY, -ERR_LIMIT): drops that message; says
 * of what kind it was and, where its record begins with one, its id (else 0). False: none is there.
 */
bool conn_skip(struct conn *c, enum message_kind *ret_kind, uint64_t *ret_id);
/* -ERR_BUSY: the peer does not read and the queue is full; nothing was queued. */
int conn_queue(struct conn *c, enum message_kind kind, const void *body, struct err *err) MUST_USE;
/* As conn_queue, and `fd` goes along; it is closed once sent, and on failure it stays yours. */
int conn_queue_fd(struct conn *c, enum message_kind kind, const void *body, int fd,
                  struct err *err) MUST_USE;
int conn_flush(struct conn *c, struct err *err) MUST_USE;
bool conn_wants_write(const struct conn *c);
/* Bytes waiting to be written. */
size_t conn_backlog(const struct conn *c);

#endif

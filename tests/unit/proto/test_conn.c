/* Framing over a socket pair: any cut of the stream, descriptors, a full peer, a peer that left. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <errno.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/seam.h"
#include "proto/conn.h"

static struct conn left, right;
static struct arena arena;
static struct err err;

static int setup(void **state)
{
    (void)state;
    int fds[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0) return -1;
    arena_init(&arena, 1 << 20);
    if (conn_init(&left, fds[0], NULL, &err) < 0) return -1;
    return conn_init(&right, fds[1], NULL, &err);
}

static int teardown(void **state)
{
    (void)state;
    seams = seams_real;
    conn_release(&left);
    conn_release(&right);
    arena_release(&arena);
    return 0;
}

static uint64_t next_cancel(void)
{
    struct message_any any;
    int fd;
    assert_int_equal(conn_next(&right, &any, &arena, &fd, &err), 0);
    assert_int_equal(any.kind, MSG_CANCEL);
    assert_int_equal(fd, -1);
    return ((struct msg_cancel *)any.body)->id;
}

static void test_many_in_one_write(void **state)
{
    (void)state;
    struct message_any any;
    int fd;
    for (uint64_t i = 1; i <= 1000; i++)
        assert_int_equal(conn_queue(&left, MSG_CANCEL, &(struct msg_cancel){ .id = i }, &err), 0);
    assert_true(conn_wants_write(&left));
    assert_int_equal(conn_flush(&left, &err), 0);
    assert_false(conn_wants_write(&left));
    assert_int_equal(conn_read(&right, &err), 0);
    for (uint64_t i = 1; i <= 1000; i++) assert_int_equal(next_cancel(), i);
    assert_int_equal(conn_next(&right, &any, &arena, &fd, &err), -ERR_AGAIN);
    assert_int_equal(conn_read(&right, &err), 0); /* Nothing there is no error. */
}

static size_t dribble;

static ssize_t send_little(int fd, const struct msghdr *msg, int flags)
{
    static int calls;
    if (++calls % 3 == 0) {
        errno = EINTR;
        return -1;
    }
    struct iovec iov = msg->msg_iov[0];
    if (iov.iov_len > dribble) iov.iov_len = dribble;
    struct msghdr m = *msg;
    m.msg_iov = &iov;
    return seams_real.sendmsg(fd, &m, flags);
}

static ssize_t recv_little(int fd, struct msghdr *msg, int flags)
{
    struct iovec iov = msg->msg_iov[0];
    if (iov.iov_len > dribble) iov.iov_len = dribble;
    struct msghdr m = *msg;
    m.msg_iov = &iov;
    ssize_t n = seams_real.recvmsg(fd, &m, flags);
    msg->msg_controllen = m.msg_controllen;
    msg->msg_flags = m.msg_flags;
    return n;
}

static void test_every_cut(void **state)
{
    (void)state;
    seams.sendmsg = send_little;
    seams.recvmsg = recv_little;
    for (dribble = 1; dribble < 40; dribble++) {
        for (uint64_t i = 1; i <= 5; i++)
            assert_int_equal(conn_queue(&left, MSG_CANCEL, &(struct msg_cancel){ i << 40 }, &err),
                             0);
        assert_int_equal(conn_flush(&left, &err), 0);
        uint64_t got = 0;
        while (got < 5) {
            struct message_any any;
            int fd, r;
            assert_int_equal(conn_read(&right, &err), 0);
            while ((r = conn_next(&right, &any, &arena, &fd, &err)) == 0)
                assert_int_equal(((struct msg_cancel *)any.body)->id, ++got << 40);
            assert_int_equal(r, -ERR_AGAIN);
            arena_reset(&arena);
        }
    }
}

static int memfd_of(const char *text)
{
    int fd = memfd_create("test", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    return fd;
}

static void expect_shared(uint64_t id, const char *text)
{
    struct message_any any;
    char got[16] = "";
    int fd;
    assert_int_equal(conn_next(&right, &any, &arena, &fd, &err), 0);
    assert_int_equal(any.kind, MSG_EMBEDDING);
    assert_int_equal(((struct msg_embedding *)any.body)->id, id);
    assert_true(fd >= 0);
    assert_true(pread(fd, got, sizeof got - 1, 0) > 0);
    assert_string_equal(got, text);
    close(fd);
}

static void test_descriptors_stay_with_their_message(void **state)
{
    (void)state;
    struct msg_embedding e = { .id = 1, .n_shared = 3 };
    assert_int_equal(conn_queue(&left, MSG_CANCEL, &(struct msg_cancel){ .id = 5 }, &err), 0);
    assert_int_equal(conn_queue_fd(&left, MSG_EMBEDDING, &e, memfd_of("one"), &err), 0);
    assert_int_equal(conn_queue(&left, MSG_CANCEL, &(struct msg_cancel){ .id = 6 }, &err), 0);
    e.id = 2;
    assert_int_equal(conn_queue_fd(&left, MSG_EMBEDDING, &e, memfd_of("two"), &err), 0);
    assert_int_equal(conn_flush(&left, &err), 0);
    for (int i = 0; i < 4; i++) assert_int_equal(conn_read(&right, &err), 0);
    assert_int_equal(next_cancel(), 5);
    expect_shared(1, "one");
    assert_int_equal(next_cancel(), 6);
    expect_shared(2, "two");
}

static void test_missing_descriptor(void **state)
{
    (void)state;
    struct msg_embedding e = { .id = 1, .n_shared = 3 };
    struct message_any any;
    int fd;
    assert_int_equal(conn_queue(&left, MSG_EMBEDDING, &e, &err), 0);
    assert_int_equal(conn_flush(&left, &err), 0);
    assert_int_equal(conn_read(&right, &err), 0);
    assert_int_equal(conn_next(&right, &any, &arena, &fd, &err), -ERR_PROTOCOL);
}

/* A peer that does not read: the queue is bounded, and what was queued arrives whole later. */
static void test_full_peer(void **state)
{
    (void)state;
    conn_release(&left);
    conn_release(&right);
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    assert_int_equal(conn_init(&left, fds[0], &(struct conn_options){ .out_max = 1 << 16 }, &err),
                     0);
    assert_int_equal(conn_init(&right, fds[1], NULL, &err), 0);
    static char text[3000];
    memset(text, 'x', sizeof text);
    struct msg_token t = { .id = 1, .text = { text, sizeof text } };
    uint64_t queued = 0, got = 0;
    int r;
    while ((r = conn_queue(&left, MSG_TOKEN, &t, &err)) == 0) {
        queued++;
        assert_int_equal(conn_flush(&left, &err), 0);
    }
    assert_int_equal(r, -ERR_BUSY);
    assert_true(conn_backlog(&left) <= 1 << 16);
    while (got < queued) {
        struct message_any any;
        int fd;
        assert_int_equal(conn_read(&right, &err), 0);
        while ((r = conn_next(&right, &any, &arena, &fd, &err)) == 0) {
            assert_int_equal(((struct msg_token *)any.body)->text.len, sizeof text);
            got++;
            arena_reset(&arena);
        }
        assert_int_equal(r, -ERR_AGAIN);
        assert_int_equal(conn_flush(&left, &err), 0);
    }
    assert_false(conn_wants_write(&left));
}

static void test_peer_left(void **state)
{
    (void)state;
    assert_int_equal(conn_queue(&left, MSG_CANCEL, &(struct msg_cancel){ .id = 9 }, &err), 0);
    assert_int_equal(conn_flush(&left, &err), 0);
    conn_release(&left);
    assert_int_equal(conn_read(&right, &err), 0);
    assert_int_equal(conn_read(&right, &err), -ERR_END);
    assert_int_equal(next_cancel(), 9);
    assert_int_equal(conn_queue(&right, MSG_CANCEL, &(struct msg_cancel){ .id = 1 }, &err), 0);
    assert_int_equal(conn_flush(&right, &err), -ERR_END);
}

static void test_garbage(void **state)
{
    (void)state;
    struct message_any any;
    int fd;
    assert_int_equal(write(left.fd, "GET / HTTP/1.1\r\n", 16), 16);
    assert_int_equal(conn_read(&right, &err), 0);
    assert_int_equal(conn_next(&right, &any, &arena, &fd, &err), -ERR_PROTOCOL);
}

static size_t allocs_left;

static void *failing_alloc(size_t size)
{
    return allocs_left-- == 0 ? NULL : seams_real.alloc(size);
}

/* A request that there is no memory for is dropped by its id, and what follows is read. */
static void test_skip(void **state)
{
    (void)state;
    struct message_any any;
    int fd;
    enum message_kind kind;
    uint64_t id;
    struct msg_request q = { .id = 77, .prompt = SLICE("too much") };
    assert_int_equal(conn_queue(&left, MSG_REQUEST, &q, &err), 0);
    assert_int_equal(conn_queue(&left, MSG_CANCEL, &(struct msg_cancel){ .id = 78 }, &err), 0);
    assert_int_equal(conn_flush(&left, &err), 0);
    assert_int_equal(conn_read(&right, &err), 0);
    allocs_left = 0;
    seams.alloc = failing_alloc;
    assert_int_equal(conn_next(&right, &any, &arena, &fd, &err), -ERR_NO_MEMORY);
    seams = seams_real;
    assert_true(conn_skip(&right, &kind, &id));
    assert_int_equal(kind, MSG_REQUEST);
    assert_int_equal(id, 77);
    assert_int_equal(next_cancel(), 78);
    assert_false(conn_skip(&right, &kind, &id));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_many_in_one_write),
        T(test_every_cut),
        T(test_descriptors_stay_with_their_message),
        T(test_missing_descriptor),
        T(test_full_peer),
        T(test_peer_left),
        T(test_garbage),
        T(test_skip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

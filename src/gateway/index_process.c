#include "gateway/index_process.h"

#include "base/log.h"
#include "base/seam.h"
#include "gateway/spawn.h"
#include "proto/conn.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <sys/socket.h>

enum { ARENA_MAX = 1 << 20, NS_PER_MS = 1000 * 1000 };

/* One process, from its start to the last of its handles. */
struct run {
    struct index_process *owner; /* NULL once it has let go */
    uv_process_t process;
    uv_poll_t poll;
    struct conn conn;
    int pid, n_open;
    bool connected, running;
};

struct index_process {
    struct indexer indexer; /* First: what others hold. */
    uv_loop_t *loop;
    const struct gateway_options *gateway;
    uv_prepare_t flush; /* What was sent since the last turn goes out in one write. */
    struct run *run;    /* NULL: none */
    struct indexer_call *calls;
    struct arena arena; /* of the message being handled */
    uint64_t next_id, started_ns, rest_until_ns, rest_ms;
    bool closed;
};

static struct index_process *of(struct indexer *indexer)
{
    return (struct index_process *)indexer;
}

static uint64_t bytes_max(const struct index_process *p)
{
    return p->gateway->index_bytes_max ? p->gateway->index_bytes_max : INDEX_BYTES_DEFAULT;
}

/* ---- Calls ---- */

static void add_call(struct index_process *p, struct indexer_call *call)
{
    call->next = p->calls;
    call->at = &p->calls;
    if (call->next) call->next->at = &call->next;
    p->calls = call;
}

static void remove_call(struct indexer_call *call)
{
    *call->at = call->next;
    if (call->next) call->next->at = call->at;
}

static struct indexer_call *take_call(struct index_process *p, uint64_t id)
{
    for (struct indexer_call *c = p->calls; c; c = c->next)
        if (c->id == id) {
            remove_call(c);
            return c;
        }
    return NULL; /* It was cancelled. */
}

static void fail_calls(struct index_process *p, const struct err *err)
{
    struct indexer_call *calls = p->calls;
    p->calls = NULL; /* Who is told may send again. */
    if (calls) calls->at = &calls;
    while (calls) {
        struct indexer_call *c = calls;
        remove_call(c);
        c->done(c, NULL, NULL, err);
    }
}

/* ---- The end of a process ---- */

static void on_handle_closed(uv_handle_t *handle)
{
    struct run *r = handle->data;
    if (--r->n_open > 0) return;
    assert(!r->connected && !r->running);
    mem_free(r);
}

static void disconnect(struct run *r)
{
    if (!r->connected) return;
    r->connected = false;
    conn_release(&r->conn);
    uv_close((uv_handle_t *)&r->poll, on_handle_closed);
    if (r->running) (void)uv_process_kill(&r->process, SIGKILL); /* Mostly it is gone already. */
}

static void lose(struct run *r)
{
    struct index_process *p = r->owner;
    struct err err = { 0 };
    disconnect(r);
    r->owner = NULL;
    if (!p) return;
    uint64_t now = now_ns();
    bool healthy = now > p->started_ns + (uint64_t)INDEX_HEALTHY_MS * NS_PER_MS;
    p->run = NULL;
    p->indexer.life++;
    p->rest_ms = healthy ? 0 : p->rest_ms ? p->rest_ms * 2 : INDEX_BACKOFF_MIN_MS;
    if (p->rest_ms > INDEX_BACKOFF_MAX_MS) p->rest_ms = INDEX_BACKOFF_MAX_MS;
    p->rest_until_ns = now + p->rest_ms * NS_PER_MS;
    (void)err_set(&err, ERR_WORKER_LOST,
                  "the process that keeps the index of vector stores ended; it is being started "
                  "again");
    fail_calls(p, &err);
}

static void on_process_end(uv_process_t *process, int64_t status, int signal)
{
    struct run *r = process->data;
    r->running = false;
    if (r->owner)
        log_warn("index worker ended", LOG_INT("pid", r->pid), LOG_INT("status", status),
                 LOG_INT("signal", signal));
    lose(r);
    uv_close((uv_handle_t *)process, on_handle_closed);
}

/* ---- What it says ---- */

/* It has been told what to do ahead of this; here is only seen that it is the right one. */
static void on_hello(struct run *r, const struct msg_hello *hello)
{
    if (hello->protocol == MSG_PROTOCOL_VERSION && hello->kind == WORKER_INDEX) return;
    log_error("the index worker is of another version", LOG_INT("protocol", hello->protocol),
              LOG_INT("kind", hello->kind));
    lose(r);
}

static void answer(struct run *r, uint64_t id, const struct msg_indexed *indexed,
                   const struct msg_found *found, const struct err *err)
{
    struct indexer_call *c = take_call(r->owner, id);
    if (c) c->done(c, indexed, found, err);
}

static void on_error(struct run *r, const struct msg_error *m)
{
    struct err err = { 0 };
    bool known = m->code > ERR_NONE && m->code < ERR_COUNT;
    (void)err_set(&err, known ? (enum err_code)m->code : ERR_INTERNAL, "%.*s", SLICE_FMT(m->text));
    if (m->id) {
        answer(r, m->id, NULL, NULL, &err);
        return;
    }
    log_error("index worker gives up", LOG_STR("why", err.text));
    lose(r);
}

static void on_message(struct run *r, const struct message_any *any)
{
    const struct msg_ready *ready = any->body;
    switch (any->kind) {
    case MSG_HELLO: on_hello(r, any->body); break;
    case MSG_READY:
        log_info("index worker ready", LOG_INT("pid", r->pid),
                 LOG_INT("bytes_max", bytes_max(r->owner)), LOG_SLICE("walls", ready->walls),
                 LOG_SLICE("missing", ready->walls_missing));
        break;
    case MSG_INDEXED:
        answer(r, ((const struct msg_indexed *)any->body)->id, any->body, NULL, NULL);
        break;
    case MSG_FOUND:
        answer(r, ((const struct msg_found *)any->body)->id, NULL, any->body, NULL);
        break;
    case MSG_ERROR: on_error(r, any->body); break;
    default:
        log_error("index worker says what is not its to say", LOG_INT("kind", any->kind));
        lose(r);
    }
}

static void read_messages(struct run *r)
{
    struct index_process *p = r->owner;
    struct err err = { 0 };
    int end = conn_read(&r->conn, &err), rc = 0, fd;
    struct message_any any;
    while (r->owner && (rc = conn_next(&r->conn, &any, &p->arena, &fd, &err)) == 0) {
        if (fd >= 0) (void)seams.close(fd); /* It has none to give. */
        on_message(r, &any);
        arena_reset(&p->arena);
    }
    arena_reset(&p->arena);
    if (r->owner && rc < 0 && rc != -ERR_AGAIN)
        log_error("index worker speaks nonsense", LOG_STR("why", err.text));
    if (r->owner && (end < 0 || rc != -ERR_AGAIN)) lose(r);
}

static void flush(struct run *r);

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct run *r = poll->data;
    if (!r->connected) return;
    if (status < 0) {
        lose(r);
        return;
    }
    if (events & (UV_READABLE | UV_DISCONNECT)) read_messages(r);
    if (r->connected) flush(r);
}

static void flush(struct run *r)
{
    struct err err = { 0 };
    if (conn_flush(&r->conn, &err) < 0) {
        lose(r);
        return;
    }
    int events = UV_READABLE | (conn_wants_write(&r->conn) ? UV_WRITABLE : 0);
    if (uv_poll_start(&r->poll, events, on_poll) < 0) lose(r);
}

/* ---- Its start ---- */

static int start(struct index_process *p, struct err *err)
{
    int pair[2];
    struct run *r = mem_calloc(1, sizeof *r);
    if (!r) return err_set(err, ERR_NO_MEMORY, "no memory to start the index's worker");
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
        mem_free(r);
        return err_errno(err, errno, "the connection to the index's worker");
    }
    int rc = conn_init(&r->conn, pair[0], NULL, err);
    assert(rc == 0); /* A fresh socket can be made non-blocking. */
    r->process.data = r->poll.data = r;
    rc = spawn_worker(p->loop, &r->process, p->gateway->worker_program, "index", pair[1],
                      on_process_end);
    (void)seams.close(pair[1]); /* The worker has its own. */
    r->n_open = 1;
    if (rc < 0 || uv_poll_init(p->loop, &r->poll, r->conn.fd) < 0) {
        r->running = rc >= 0; /* Then it sees the end of the connection itself. */
        conn_release(&r->conn);
        if (rc < 0) uv_close((uv_handle_t *)&r->process, on_handle_closed);
        return err_set(err, ERR_IO, "cannot start the index's worker");
    }
    r->n_open++;
    r->running = r->connected = true;
    r->pid = uv_process_get_pid(&r->process);
    r->owner = p;
    p->run = r;
    p->started_ns = now_ns();
    struct msg_load load = {
        .name = SLICE("index"),
        .log_level = slice_of(p->gateway->log_level),
        .log_json = p->gateway->log_json,
        .index_bytes_max = bytes_max(p),
    };
    rc = conn_queue(&r->conn, MSG_LOAD, &load, err);
    if (rc < 0) lose(r);
    return rc;
}

static int op_send(struct indexer *indexer, struct indexer_call *call, enum message_kind kind,
                   const void *message, struct err *err)
{
    struct index_process *p = of(indexer);
    assert(kind == MSG_INDEX || kind == MSG_SEARCH);
    if (p->closed) return err_set(err, ERR_SHUTTING_DOWN, "the server is shutting down");
    if (!p->run && now_ns() < p->rest_until_ns)
        return err_set(err, ERR_WORKER_LOST,
                       "the process that keeps the index of vector stores ended too often; it is "
                       "started again in a moment");
    if (!p->run) TRY(start(p, err));
    call->id = ++p->next_id;
    union {
        struct msg_index index;
        struct msg_search search;
    } numbered;
    if (kind == MSG_INDEX) {
        numbered.index = *(const struct msg_index *)message;
        numbered.index.id = call->id;
    } else {
        numbered.search = *(const struct msg_search *)message;
        numbered.search.id = call->id;
    }
    TRY(conn_queue(&p->run->conn, kind, &numbered, err));
    add_call(p, call);
    return 0;
}

static void op_cancel(struct indexer *indexer, struct indexer_call *call)
{
    (void)indexer;
    remove_call(call);
}

static const struct indexer_ops ops = { .send = op_send, .cancel = op_cancel };

/* ---- Life ---- */

static void on_prepare(uv_prepare_t *prepare)
{
    struct index_process *p = prepare->data;
    if (p->run && conn_wants_write(&p->run->conn)) flush(p->run);
}

int index_process_open(struct index_process **ret, uv_loop_t *loop,
                       const struct gateway_options *gateway, struct err *err)
{
    struct index_process *p = mem_calloc(1, sizeof *p);
    if (!p) return err_set(err, ERR_NO_MEMORY, "no memory for the index of vector stores");
    p->indexer = (struct indexer){ .ops = &ops, .life = 1 };
    p->loop = loop;
    p->gateway = gateway;
    arena_init(&p->arena, ARENA_MAX);
    (void)uv_prepare_init(loop, &p->flush); /* Always 0. */
    p->flush.data = p;
    (void)uv_prepare_start(&p->flush, on_prepare);
    *ret = p;
    return 0;
}

struct indexer *index_process_indexer(struct index_process *p)
{
    return &p->indexer;
}

static void on_closed(uv_handle_t *handle)
{
    mem_free(handle->data);
}

void index_process_close(struct index_process *p)
{
    struct err err = { 0 };
    if (!p) return;
    p->closed = true;
    if (p->run) {
        p->run->owner = NULL; /* It only reads memory: killing loses nothing. */
        disconnect(p->run);
        p->run = NULL;
    }
    (void)err_set(&err, ERR_SHUTTING_DOWN, "the server is shutting down");
    fail_calls(p, &err);
    arena_release(&p->arena);
    uv_close((uv_handle_t *)&p->flush, on_closed);
}

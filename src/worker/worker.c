#include "worker/worker.h"

#include "base/json.h"
#include "base/log.h"
#include "base/pool.h"
#include "base/seam.h"
#include "worker/worker_state.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/sysinfo.h>
#include <time.h>
#include <unistd.h>

enum { EXIT_GOOD = 0, EXIT_BAD = 1, READS_PER_TURN = 16, MEMORY_WAIT_MS = 10 };

static void say_hello(struct worker *w)
{
    char walls[SANDBOX_TEXT_MAX];
    sandbox_describe(walls, sizeof walls);
    struct msg_hello hello = {
        .protocol = MSG_PROTOCOL_VERSION,
        .kind = w->kind,
        .pid = (uint32_t)getpid(),
        .program = SLICE(TIRO_VERSION),
        .walls = slice_of(walls),
    };
    worker_send(w, MSG_HELLO, &hello);
}

/* As much on its way as there may be: the socket is left alone until some of it is encoded. */
static bool is_full(const struct worker *w)
{
    return w->encoder && encoder_is_full(w->encoder);
}

/* Waits until the socket is ready, the encoder has finished something, something can be written, or
 * the time is over. */
static void wait_socket(struct worker *w, int timeout_ms)
{
    struct pollfd p[2] = { { .fd = w->conn.fd }, { .fd = w->wake_fd, .events = POLLIN } };
    if (!is_full(w)) p[0].events |= POLLIN;
    if (conn_wants_write(&w->conn)) p[0].events |= POLLOUT;
    int n = poll(p, w->wake_fd >= 0 ? 2 : 1, timeout_ms); /* EINTR: the loop comes again. */
    uint64_t count;
    if (n > 0 && is_full(w) && (p[0].revents & (POLLHUP | POLLERR))) w->gone = true;
    if (n > 0 && (p[1].revents & POLLIN))
        (void)seams.read(w->wake_fd, &count, sizeof count); /* Cannot fail; only a bell. */
}

static void flush(struct worker *w)
{
    struct err err;
    if (!w->gone && conn_flush(&w->conn, &err) < 0) w->gone = true;
}

/* ---- Serving ---- */

static void cancel(struct worker *w, uint64_t id)
{
    if (encoder_cancel(w->encoder, id)) return;
    if (w->scheduler) (void)scheduler_cancel(w->scheduler, id); /* Over already is fine. */
    if (w->embedder) (void)embedder_cancel(w->embedder, id);
}

static void handle(struct worker *w, const struct message_any *any, int fd)
{
    switch (any->kind) {
    case MSG_REQUEST: worker_request(w, any->body); break;
    case MSG_CANCEL: cancel(w, ((const struct msg_cancel *)any->body)->id); break;
    case MSG_ADAPTER: worker_adapter(w, any->body, fd); break;
    case MSG_POLL: worker_stats(w, ((const struct msg_poll *)any->body)->nonce); break;
    case MSG_QUIT:
        w->quitting = true;
        w->quit_by_ns = now_ns() +
                        (uint64_t)((const struct msg_quit *)any->body)->grace_ms * 1000000;
        break;
    default:
        log_error("message of a kind that no worker gets", LOG_INT("kind", any->kind));
        w->gone = true;
    }
}

/* A message that memory was short for: if it is a request, it alone fails. */
static bool skip_message(struct worker *w, const struct err *err)
{
    enum message_kind kind;
    uint64_t id;
    if (!conn_skip(&w->conn, &kind, &id) || kind != MSG_REQUEST) return false;
    worker_fail(w, id, err);
    return true;
}

/* All whole messages that are there; -ERR_AGAIN when none is left, or none can be taken now. */
static int take_messages(struct worker *w, struct err *err)
{
    for (;;) {
        if (is_full(w)) return -ERR_AGAIN;
        struct message_any any;
        int fd;
        int r = conn_next(&w->conn, &any, &w->in, &fd, err);
        bool short_of = r == -ERR_NO_MEMORY || r == -ERR_LIMIT;
        if (r < 0 && !(short_of && skip_message(w, err))) return r;
        if (r == 0) handle(w, &any, fd);
        if (fd >= 0) (void)seams.close(fd); /* Only read from; -1 when r is an error. */
        worker_end_broken(w);
        arena_reset(&w->in);
    }
}

static void read_messages(struct worker *w)
{
    struct err err = { 0 };
    for (int i = 0; i < READS_PER_TURN && !w->gone && !is_full(w); i++) {
        size_t before = w->conn.in.len;
        int r = conn_read(&w->conn, &err), taken = take_messages(w, &err);
        if (r == -ERR_NO_MEMORY && taken == -ERR_AGAIN) {
            wait_socket(w, MEMORY_WAIT_MS); /* Others may give some back. */
            return;
        }
        if (taken != -ERR_AGAIN || r < 0) {
            bool ended = taken == -ERR_AGAIN && r == -ERR_END;
            if (!ended) log_error("the connection broke", LOG_STR("why", err.text));
            w->gone = true;
        }
        if (w->conn.in.len <= before) break; /* Nothing new, or all of it used up. */
    }
}

static void step(struct worker *w)
{
    if (w->scheduler && scheduler_has_work(w->scheduler)) scheduler_step(w->scheduler);
    if (w->embedder && embedder_has_work(w->embedder)) embedder_step(w->embedder);
    worker_end_broken(w);
    worker_drop_adapters(w);
}

static bool is_over(const struct worker *w)
{
    if (w->gone) return true;
    if (!w->quitting) return false;
    bool busy = worker_has_work(w) || encoder_len(w->encoder) > 0;
    bool idle = !busy && !conn_wants_write(&w->conn);
    return idle || now_ns() > w->quit_by_ns;
}

static void serve(struct worker *w)
{
    enum { QUIT_TICK_MS = 20 };
    while (!is_over(w)) {
        bool crowded = conn_backlog(&w->conn) > WORKER_BACKLOG_MAX;
        bool busy = worker_has_work(w) && !crowded;
        wait_socket(w, busy ? 0 : w->quitting ? QUIT_TICK_MS : -1);
        encoder_collect(w);
        read_messages(w);
        if (busy) step(w);
        flush(w);
    }
}

/* ---- Coming up ---- */

static void set_log(const struct msg_load *load)
{
    enum log_level level = LOG_INFO;
    char word[16], who[64];
    (void)snprintf(word, sizeof word, "%.*s", SLICE_FMT(load->log_level)); /* Cut: unknown. */
    (void)log_level_of(&level, word); /* Unknown or empty: info. */
    (void)snprintf(who, sizeof who, "worker %.*s", SLICE_FMT(load->name)); /* Cut is fine. */
    log_setup(level, load->log_json ? LOG_JSON : LOG_TEXT, who);
}

/* Until the gateway says what to load. */
static int await_load(struct worker *w, struct message_any *ret, struct err *err)
{
    for (;;) {
        int fd, r = conn_next(&w->conn, ret, &w->in, &fd, err);
        if (r == 0 && ret->kind == MSG_LOAD) return 0;
        if (r == 0 && ret->kind == MSG_QUIT) return -ERR_END;
        if (r == 0) return err_set(err, ERR_PROTOCOL, "a worker must be told what to load first");
        if (r != -ERR_AGAIN) return r;
        wait_socket(w, -1);
        TRY(conn_flush(&w->conn, err));
        TRY(conn_read(&w->conn, err));
    }
}

static void flush_all(struct worker *w)
{
    enum { PATIENCE_MS = 1000 };
    flush(w);
    for (int i = 0; i < 10 && !w->gone && conn_wants_write(&w->conn); i++) {
        wait_socket(w, PATIENCE_MS / 10);
        flush(w);
    }
}

static int run(struct worker *w)
{
    struct err err = { 0 };
    struct message_any any;
    say_hello(w);
    int r = await_load(w, &any, &err);
    if (r == -ERR_END) return EXIT_GOOD;
    if (r == 0) {
        set_log(any.body);
        r = w->kind == WORKER_PACK    ? worker_pack(w, any.body, &err)
            : w->kind == WORKER_INDEX ? worker_index(w, any.body, &err)
                                      : worker_load(w, any.body, &err);
        arena_reset(&w->in);
    }
    if (r < 0) {
        if (w->gone) return EXIT_GOOD; /* Nobody wants it any more. */
        log_error(w->kind == WORKER_PACK ? "cannot pack the model" : "cannot serve the model",
                  LOG_STR("why", err.text));
        worker_fail(w, 0, &err);
        flush_all(w);
        return EXIT_BAD;
    }
    if (w->kind != WORKER_PACK && w->kind != WORKER_INDEX) serve(w);
    flush_all(w);
    return EXIT_GOOD;
}

/* What must be looked at before the walls stand. */
static void prepare(struct worker *w)
{
    struct sysinfo info;
    json_init();
    tzset(); /* Templates may print the date. */
    w->statm_fd = seams.open("/proc/self/statm", O_RDONLY | O_CLOEXEC, 0);
    w->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (sysinfo(&info) == 0)
        w->memory_free = ((uint64_t)info.freeram + info.bufferram) * info.mem_unit;
    char *text = NULL;
    size_t len;
    if (file_read_all(&text, &len, "/proc/meminfo", 1 << 16, NULL) == 0) {
        struct slice all = { text, len };
        struct slice key = SLICE("MemAvailable:");
        size_t at = slice_find(all, key), end = at < len ? at + key.len : len;
        struct slice rest = { text + end, len - end };
        rest.len = slice_find(rest, SLICE("kB"));
        uint64_t kib;
        if (slice_to_u64(&kib, slice_trim(rest))) w->memory_free = kib << 10;
    }
    mem_free(text);
}

int worker_main(const char *kind, int fd)
{
    static const char *const kinds[WORKER_KINDS] = { "text", "embed", "pack", "index" };
    struct worker w = { .statm_fd = -1, .wake_fd = -1, .kind = WORKER_TEXT };
    struct err err;
    log_setup(LOG_INFO, LOG_TEXT, "worker");
    while (w.kind < WORKER_KINDS && strcmp(kind, kinds[w.kind]) != 0) w.kind++;
    if (w.kind == WORKER_KINDS) {
        log_error("no such kind of worker", LOG_STR("kind", kind));
        return EXIT_BAD;
    }
    if (conn_init(&w.conn, fd, NULL, &err) < 0) {
        log_error("a worker needs a connected socket", LOG_STR("why", err.text));
        return EXIT_BAD;
    }
    arena_init(&w.in, WORKER_MESSAGE_BYTES_MAX);
    arena_init(&w.out, WORKER_EVENT_BYTES_MAX);
    prepare(&w);
    int code = run(&w);
    worker_unload(&w);
    conn_release(&w.conn);
    arena_release(&w.in);
    arena_release(&w.out);
    if (w.statm_fd >= 0) (void)seams.close(w.statm_fd); /* Read only. */
    if (w.wake_fd >= 0) (void)seams.close(w.wake_fd);   /* In memory only. */
    return code;
}

/* One worker process and what it says. */
#include "base/log.h"
#include "base/seam.h"
#include "gateway/spawn.h"
#include "gateway/supervisor_internal.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { NS_PER_MS = 1000 * 1000 };

static const char *const kind_words[WORKER_KINDS] = { "text", "embed", "pack", "index" };

static const char *model_name(const struct worker *w)
{
    return w->model ? w->model->facts.id : "(none)";
}

/* ---- Requests in flight ---- */

static struct backend_handle **bucket(struct worker *w, uint64_t id)
{
    return &w->buckets[id % WORKER_BUCKETS];
}

static struct backend_handle *find_handle(struct worker *w, uint64_t id)
{
    for (struct backend_handle *h = *bucket(w, id); h; h = h->next)
        if (h->id == id) return h;
    return NULL;
}

static void untouch(struct worker *w, struct backend_handle *h)
{
    if (!h->touched) return;
    if (h->prev_touched)
        h->prev_touched->next_touched = h->next_touched;
    else
        w->touched = h->next_touched;
    if (h->next_touched) h->next_touched->prev_touched = h->prev_touched;
    h->touched = false;
}

static void touch(struct worker *w, struct backend_handle *h)
{
    if (h->touched) return;
    h->touched = true;
    h->prev_touched = NULL;
    h->next_touched = w->touched;
    if (w->touched) w->touched->prev_touched = h;
    w->touched = h;
}

void worker_forget(struct worker *w, struct backend_handle *h)
{
    assert(h->worker == w);
    untouch(w, h);
    if (h->prev)
        h->prev->next = h->next;
    else
        *bucket(w, h->id) = h->next;
    if (h->next) h->next->prev = h->prev;
    h->prev = h->next = NULL;
    h->worker = NULL;
    w->n_in_flight--;
}

/* The frame is one of message_encode's: it goes out as it is. */
int worker_process_send(struct worker *w, struct backend_handle *h, struct err *err)
{
    assert(w->state == WORKER_READY && !h->worker);
    if (conn_backlog(&w->conn) > w->conn.out_max)
        return err_set(err, ERR_OVERLOADED, "the worker of %s leaves requests unread",
                       model_name(w));
    buf_add_slice(&w->conn.out, buf_slice(&h->frame));
    if (w->conn.out.failed) {
        w->conn.out.failed = false;
        return err_set(err, ERR_OVERLOADED, "no memory to pass the request on");
    }
    struct backend_handle **head = bucket(w, h->id);
    h->worker = w;
    h->prev = NULL;
    h->next = *head;
    if (*head) (*head)->prev = h;
    *head = h;
    if (w->n_in_flight++ == 0) w->heard_ns = now_ns();
    supervisor_wake_tick(w->supervisor);
    return 0;
}

static void queue(struct worker *w, enum message_kind kind, const void *body)
{
    struct err err = { 0 };
    if (!w->connected || w->broken) return;
    if (conn_queue(&w->conn, kind, body, &err) < 0) {
        log_warn("worker does not listen", LOG_STR("model", model_name(w)),
                 LOG_STR("why", err.text));
        w->broken = true;
    }
}

int worker_tell_adapter(struct worker *w, const struct msg_adapter *m, int fd, struct err *err)
{
    if (!w->connected || w->broken) return err_set(err, ERR_BUSY, "the worker is going");
    if (fd < 0) return conn_queue(&w->conn, MSG_ADAPTER, m, err);
    if (w->conn.n_fds_out == CONN_FDS_MAX && conn_flush(&w->conn, err) < 0)
        return -ERR_BUSY; /* It is seen to be gone soon. */
    return conn_queue_fd(&w->conn, MSG_ADAPTER, m, fd, err);
}

void worker_cancel(struct worker *w, struct backend_handle *h)
{
    struct msg_cancel cancel = { .id = h->id };
    worker_forget(w, h);
    queue(w, MSG_CANCEL, &cancel);
}

void worker_poll_stats(struct worker *w)
{
    struct msg_poll poll = { .nonce = 1 };
    if (w->state == WORKER_READY) queue(w, MSG_POLL, &poll);
}

/* ---- The end of a worker ---- */

static void on_handle_closed(uv_handle_t *handle)
{
    struct worker *w = handle->data;
    struct supervisor *s = w->supervisor;
    if (--w->n_open > 0) return;
    assert(!w->connected && !w->running && w->n_in_flight == 0);
    for (struct worker **p = &s->workers; *p; p = &(*p)->next)
        if (*p == w) {
            *p = w->next;
            break;
        }
    mem_free(w);
    supervisor_free_when_gone(s);
}

static void disconnect(struct worker *w)
{
    if (!w->connected) return;
    w->connected = false;
    uv_close((uv_handle_t *)&w->poll, on_handle_closed);
    conn_release(&w->conn);
}

static struct backend_handle *any_in_flight(struct worker *w)
{
    for (size_t i = 0; i < WORKER_BUCKETS; i++)
        if (w->buckets[i]) return w->buckets[i];
    return NULL;
}

/* A request whose worker is gone: once more, if the endpoint can begin again, or its error. */
static void retry_or_fail(struct worker *w, struct backend_handle *h)
{
    struct supervisor *s = w->supervisor;
    struct model *m = h->model;
    worker_forget(w, h);
    if (!h->retried && !m->removed && !s->stopped && h->events->restart &&
        h->events->restart(h->user)) {
        h->retried = true;
        h->since_ns = now_ns();
        h->last_token_ns = 0;
        s->o.metrics->requests_retried++;
        handle_list_add(&m->waiting, h);
        return;
    }
    struct err err = { 0 };
    (void)err_set(&err, ERR_WORKER_LOST,
                  "the process that ran the model %s ended; it is being started again",
                  m->facts.id);
    handle_fail(h, &err, SUPERVISOR_BACKOFF_MIN_MS);
}

/* The connection is gone, or not to be trusted any more. */
static void lose(struct worker *w)
{
    struct supervisor *s = w->supervisor;
    struct model *m = w->model;
    enum worker_state was = w->state;
    if (!w->connected) return;
    disconnect(w);
    /* Most often it is gone already. One that was told to quit has its deadline for that. */
    if (w->running && was != WORKER_QUITTING) (void)uv_process_kill(&w->process, SIGKILL);
    w->state = WORKER_QUITTING;
    bool detached = m && m->worker == w;
    if (detached) { /* First, for whoever is told below may submit again. */
        m->worker = NULL;
        m->facts.state = BACKEND_MODEL_LOADING;
    }
    w->model = NULL;
    for (struct backend_handle *h; (h = any_in_flight(w));) retry_or_fail(w, h);
    if (detached) model_on_worker_lost(s, m, was);
    if (m && m->packer == w) model_on_packer_gone(m);
}

/* ---- What it says ---- */

/* The path of the model that drafts for this one; NULL: none. */
static const char *find_draft(struct worker *w)
{
    const struct supervisor *s = w->supervisor;
    const struct gateway_options *g = s->o.gateway;
    struct model *m = w->model;
    m->draft = NULL;
    for (size_t i = 0; i < g->n_drafts && !m->draft; i++) {
        if (strcmp(g->drafts[i].model, m->facts.id) != 0) continue;
        for (size_t k = 0; k < s->n_models; k++) {
            if (strcmp(s->models[k]->facts.id, g->drafts[i].draft) != 0) continue;
            m->draft = g->drafts[i].draft;
            return s->models[k]->path;
        }
    }
    return NULL;
}

static void on_hello(struct worker *w, const struct msg_hello *hello)
{
    const struct gateway_options *g = w->supervisor->o.gateway;
    struct model *m = w->model;
    if (hello->protocol != MSG_PROTOCOL_VERSION || hello->kind != w->kind) {
        log_error("worker is of another version", LOG_STR("model", model_name(w)),
                  LOG_INT("protocol", hello->protocol), LOG_INT("kind", hello->kind));
        w->broken = true;
        return;
    }
    if (!m || w->state != WORKER_STARTING) return;
    struct msg_load load = {
        .path = slice_of(m->path),
        .name = slice_of(m->facts.id),
        .n_ctx = g->n_ctx,
        .n_threads = (uint32_t)g->n_threads,
        .kv_bytes = g->kv_bytes,
        .compute = slice_of(g->compute),
        .kv_type = slice_of(g->kv_type),
        .speculation = slice_of(g->speculation),
        .draft = slice_of(find_draft(w)),
        .latency_ms = g->latency_ms,
        .pinned_percent = g->pinned_percent,
        .n_sequences_max = 0,
        .queue_max = w->supervisor->in_flight_max, /* One bound, ours: more is never sent. */
        .log_level = slice_of(g->log_level),
        .log_json = g->log_json,
        .packed = slice_of(w->kind == WORKER_PACK ? m->part : m->packed),
        .packed_bytes_max = g->packed_bytes_max,
        .tool_format = slice_of(g->tool_format),
    };
    w->state = WORKER_LOADING;
    w->deadline_ns = 0; /* A disk may be slow; the queue has an age limit of its own. */
    queue(w, MSG_LOAD, &load);
}

static void on_progress(struct worker *w, const struct msg_progress *progress)
{
    struct model *m = w->model;
    if (!m || w->kind == WORKER_PACK) return;
    (void)snprintf(m->what, sizeof m->what, "%.*s", SLICE_FMT(progress->what)); /* Cut is fine. */
    m->progress_done = progress->done;
    m->progress_total = progress->total;
}

static void on_ready(struct worker *w, const struct msg_ready *ready)
{
    if (w->kind == WORKER_PACK) w->broken = true; /* It never serves. */
    if (w->state != WORKER_LOADING || !w->model || w->broken) return;
    w->state = WORKER_READY;
    w->ready_at_ns = now_ns();
    model_on_ready(w->supervisor, w->model, ready);
}

/* All that a WORKER_PACK says when it succeeds; it ends by itself. */
static void on_artefact(struct worker *w, const struct msg_artefact *artefact)
{
    if (w->kind != WORKER_PACK || w->state != WORKER_LOADING) {
        w->broken = true;
        return;
    }
    if (w->model) model_on_packed(w->supervisor, w->model, artefact);
    w->state = WORKER_QUITTING;
    w->deadline_ns = now_ns() + (uint64_t)SUPERVISOR_QUIT_MS * NS_PER_MS;
    supervisor_wake_tick(w->supervisor);
}

static struct err err_of(const struct msg_error *m)
{
    struct err err = { 0 };
    enum err_code code = m->code > ERR_NONE && m->code < ERR_COUNT ? (enum err_code)m->code
                                                                   : ERR_INTERNAL;
    char param[ERR_PARAM_MAX];
    (void)snprintf(param, sizeof param, "%.*s", SLICE_FMT(m->param)); /* Cut is fine. */
    (void)err_param(&err, code, param, "%.*s", SLICE_FMT(m->text));
    return err;
}

static void on_worker_error(struct worker *w, const struct msg_error *error)
{
    struct model *m = w->model;
    struct err err = err_of(error);
    if (w->kind == WORKER_PACK) {
        log_warn("packed weights are not kept", LOG_STR("model", model_name(w)),
                 LOG_STR("why", err.text));
        w->state = WORKER_QUITTING;
        w->deadline_ns = now_ns() + (uint64_t)SUPERVISOR_QUIT_MS * NS_PER_MS;
        w->broken = true;
        return;
    }
    if (!m || w->state == WORKER_READY) { /* It ends now, and is started again. */
        log_error("worker gives up", LOG_STR("model", model_name(w)), LOG_STR("why", err.text));
        w->broken = true;
        return;
    }
    m->worker = NULL;
    w->model = NULL;
    w->broken = true;
    model_fail(w->supervisor, m, &err);
}

static void observe_token(struct worker *w, struct backend_handle *h)
{
    struct metrics *metrics = w->supervisor->o.metrics;
    uint64_t now = now_ns();
    if (h->last_token_ns)
        metrics_observe(&metrics->between_tokens, (double)(now - h->last_token_ns) / 1e9);
    else
        metrics_observe(&metrics->first_token, (double)(now - h->since_ns) / 1e9);
    h->last_token_ns = now;
}

/* Long vectors come as a file in memory. The worker could shrink it: so it is read, not mapped. */
static int read_floats(struct msg_embedding *m, int fd, struct err *err)
{
    size_t size = (size_t)m->n_shared * sizeof(float), got = 0;
    float *floats = mem_alloc(size);
    if (!floats) return err_set(err, ERR_NO_MEMORY, "no memory for an embedding");
    while (got < size) {
        ssize_t n = pread(fd, (char *)floats + got, size - got, (off_t)got);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) {
            mem_free(floats);
            return err_set(err, ERR_PROTOCOL, "an embedding is shorter than announced");
        }
        got += (size_t)n;
    }
    m->floats = floats;
    m->n_floats = m->n_shared;
    return 0;
}

static void on_embedding(struct worker *w, struct backend_handle *h, struct msg_embedding *m,
                         int fd)
{
    struct err err = { 0 };
    const struct backend_events *events = h->events;
    void *user = h->user;
    bool shared = m->n_shared > 0;
    worker_forget(w, h);
    if ((shared && read_floats(m, fd, &err) < 0) || !events->embedding) {
        if (err.code == ERR_NONE)
            (void)err_set(&err, ERR_PROTOCOL, "an embedding nobody asked for");
        handle_fail(h, &err, 0);
        return;
    }
    handle_free(h);
    events->embedding(user, m);
    if (shared) mem_free(m->floats);
}

static void on_encoded(struct worker *w, struct backend_handle *h, const struct msg_tokens *m)
{
    const struct backend_events *events = h->events;
    void *user = h->user;
    worker_forget(w, h);
    if (!events->encoded) {
        struct err err = { 0 };
        (void)err_set(&err, ERR_PROTOCOL, "tokens nobody asked for");
        handle_fail(h, &err, 0);
        return;
    }
    handle_free(h);
    events->encoded(user, m);
}

static double pace_add(struct pace *pace, uint64_t tokens, uint64_t us)
{
    enum { TOKENS_MIN = 8, TOKENS_KEPT = 2048 };
    if (tokens >= TOKENS_MIN && us > 0) { /* A few tokens tell of what is around them. */
        double keep = pace->tokens > TOKENS_KEPT ? TOKENS_KEPT / pace->tokens : 1;
        pace->tokens = pace->tokens * keep + (double)tokens;
        pace->us = pace->us * keep + (double)us;
    }
    return pace->us > 0 ? pace->tokens * 1e6 / pace->us : 0;
}

static void observe_pace(struct model *m, const struct msg_done *done)
{
    uint64_t cached = done->cached_tokens;
    uint64_t read = done->prompt_tokens > cached ? done->prompt_tokens - cached : 0;
    uint64_t written = done->completion_tokens > 1 ? done->completion_tokens - 1 : 0;
    m->facts.prefill_tokens_per_s = pace_add(&m->prefill, read, done->prefill_us);
    m->facts.decode_tokens_per_s = pace_add(&m->decode, written, done->decode_us);
}

static void on_done(struct worker *w, struct backend_handle *h, const struct msg_done *m)
{
    if (w->model && m->choice == 0) observe_pace(w->model, m);
    const struct backend_events *events = h->events;
    void *user = h->user;
    if (m->final) {
        worker_forget(w, h);
        handle_free(h);
    } else {
        touch(w, h);
    }
    if (events->done) events->done(user, m);
}

static void on_request_error(struct worker *w, struct backend_handle *h, const struct msg_error *m)
{
    struct err err = err_of(m);
    worker_forget(w, h);
    handle_fail(h, &err, m->retry_after_ms);
}

/* A message about one request; those cancelled meanwhile are not found, and that is all right. */
static void on_answer(struct worker *w, const struct message_any *any, int fd)
{
    uint64_t id;
    memcpy(&id, any->body, sizeof id); /* Every answer's struct begins with it. */
    struct backend_handle *h = find_handle(w, id);
    if (!h) return;
    const struct backend_events *events = h->events;
    switch (any->kind) {
    case MSG_COUNTED:
        touch(w, h);
        if (events->counted) events->counted(h->user, any->body);
        break;
    case MSG_SCORE:
        touch(w, h);
        if (events->score) events->score(h->user, any->body);
        break;
    case MSG_TOKEN:
        touch(w, h);
        observe_token(w, h);
        if (events->token) events->token(h->user, any->body);
        break;
    case MSG_TOOL_DELTA:
        touch(w, h);
        observe_token(w, h);
        if (events->tool) events->tool(h->user, any->body);
        break;
    case MSG_DONE: on_done(w, h, any->body); break;
    case MSG_EMBEDDING: on_embedding(w, h, any->body, fd); break;
    case MSG_TOKENS: on_encoded(w, h, any->body); break;
    case MSG_ERROR: on_request_error(w, h, any->body); break;
    default: break; /* Not an answer. */
    }
}

static void on_stats(struct worker *w, const struct msg_stats *stats)
{
    if (!w->model) return;
    w->model->stats = *stats;
    w->model->stats_at_ns = now_ns();
}

static void on_message(struct worker *w, const struct message_any *any, int fd)
{
    switch (any->kind) {
    case MSG_HELLO: on_hello(w, any->body); break;
    case MSG_PROGRESS: on_progress(w, any->body); break;
    case MSG_READY: on_ready(w, any->body); break;
    case MSG_STATS: on_stats(w, any->body); break;
    case MSG_ARTEFACT: on_artefact(w, any->body); break;
    case MSG_ADAPTED:
        if (w->model) adapter_on_adapted(w->supervisor, w->model, any->body);
        break;
    case MSG_ERROR:
        if (((const struct msg_error *)any->body)->id == 0) {
            on_worker_error(w, any->body);
            break;
        }
        on_answer(w, any, fd);
        break;
    case MSG_COUNTED:
    case MSG_TOKEN:
    case MSG_TOOL_DELTA:
    case MSG_DONE:
    case MSG_SCORE:
    case MSG_EMBEDDING:
    case MSG_TOKENS: on_answer(w, any, fd); break;
    case MSG_LOAD:
    case MSG_POLL:
    case MSG_REQUEST:
    case MSG_CANCEL:
    case MSG_ADAPTER:
    case MSG_INDEX:
    case MSG_INDEXED:
    case MSG_SEARCH:
    case MSG_FOUND:
    case MSG_QUIT: w->broken = true; break; /* Not for a model's worker to say. */
    }
}

/* What the batch left unwritten. A handler may cancel others: the list is read from its head. */
static void flush_touched(struct worker *w)
{
    while (w->touched) {
        struct backend_handle *h = w->touched;
        untouch(w, h);
        if (h->events->flush) h->events->flush(h->user);
    }
}

static void read_messages(struct worker *w)
{
    struct supervisor *s = w->supervisor;
    struct err err = { 0 };
    int end = conn_read(&w->conn, &err), rc = 0;
    w->heard_ns = now_ns();
    while (!w->broken) {
        struct message_any any;
        int fd;
        rc = conn_next(&w->conn, &any, &s->arena, &fd, &err);
        if (rc < 0) break;
        on_message(w, &any, fd);
        if (fd >= 0) (void)seams.close(fd); /* Only read from. */
        arena_reset(&s->arena);
    }
    arena_reset(&s->arena);
    flush_touched(w);
    if (rc < 0 && rc != -ERR_AGAIN)
        log_error("worker speaks nonsense", LOG_STR("model", model_name(w)),
                  LOG_STR("why", err.text));
    if (w->broken || end < 0 || (rc < 0 && rc != -ERR_AGAIN)) lose(w);
}

static void watch(struct worker *w);

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct worker *w = poll->data;
    if (!w->connected) return;
    if (status < 0) {
        lose(w);
        return;
    }
    if (events & (UV_READABLE | UV_DISCONNECT)) read_messages(w);
    if (w->connected) worker_flush(w);
}

static void watch(struct worker *w)
{
    int events = UV_READABLE | (conn_wants_write(&w->conn) ? UV_WRITABLE : 0);
    if (uv_poll_start(&w->poll, events, on_poll) < 0) lose(w);
}

void worker_flush(struct worker *w)
{
    struct err err = { 0 };
    if (!w->connected) return;
    if (w->broken || conn_flush(&w->conn, &err) < 0) {
        /* What it said before it went is still to be read. */
        if (!w->broken) read_messages(w);
        lose(w);
        return;
    }
    watch(w);
}

/* ---- Start and end of the process ---- */

static void on_process_end(uv_process_t *process, int64_t status, int signal)
{
    struct worker *w = process->data;
    w->running = false;
    if (signal || status || w->state != WORKER_QUITTING)
        log_warn("worker ended", LOG_STR("model", model_name(w)), LOG_INT("pid", w->pid),
                 LOG_INT("status", status), LOG_INT("signal", signal));
    if (w->connected) {
        read_messages(w);
        lose(w);
    }
    uv_close((uv_handle_t *)process, on_handle_closed);
}

int worker_start(struct supervisor *s, struct model *m, uint32_t kind, struct err *err)
{
    int pair[2];
    struct worker *w = mem_calloc(1, sizeof *w);
    if (!w) return err_set(err, ERR_NO_MEMORY, "no memory to start a worker");
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
        mem_free(w);
        return err_errno(err, errno, "the connection to a worker");
    }
    w->supervisor = s;
    w->kind = kind;
    int rc = conn_init(&w->conn, pair[0], NULL, err);
    assert(rc == 0); /* A fresh socket can be made non-blocking. */
    w->process.data = w->poll.data = w;
    rc = spawn_worker(s->o.loop, &w->process, s->o.gateway->worker_program, kind_words[kind],
                      pair[1], on_process_end);
    (void)seams.close(pair[1]); /* The worker has its own. */
    w->n_open = 1;
    w->next = s->workers;
    s->workers = w;
    if (rc < 0) {
        conn_release(&w->conn);
        uv_close((uv_handle_t *)&w->process, on_handle_closed);
        return err_set(err, ERR_IO, "cannot start a worker: %s", uv_strerror(rc));
    }
    w->running = true;
    w->pid = uv_process_get_pid(&w->process);
    if (uv_poll_init(s->o.loop, &w->poll, w->conn.fd) < 0) {
        conn_release(&w->conn);
        (void)uv_process_kill(&w->process, SIGKILL); /* It would see the end itself. */
        return err_set(err, ERR_IO, "cannot watch a worker");
    }
    w->n_open++;
    w->connected = true;
    w->model = m;
    if (kind == WORKER_PACK)
        m->packer = w;
    else
        m->worker = w;
    w->deadline_ns = now_ns() + (uint64_t)SUPERVISOR_HELLO_MS * NS_PER_MS;
    s->o.metrics->worker_starts++;
    log_info("worker started", LOG_STR("model", m->facts.id), LOG_STR("kind", kind_words[kind]),
             LOG_INT("pid", w->pid));
    watch(w);
    supervisor_wake_tick(s);
    return 0;
}

void worker_quit(struct worker *w)
{
    struct msg_quit quit = { .grace_ms = SUPERVISOR_QUIT_MS };
    if (w->state == WORKER_QUITTING && w->deadline_ns) return;
    bool ready = w->state == WORKER_READY;
    w->state = WORKER_QUITTING;
    w->deadline_ns = now_ns() + (uint64_t)SUPERVISOR_QUIT_MS * NS_PER_MS;
    if (ready)
        queue(w, MSG_QUIT, &quit);
    else if (w->running)
        (void)uv_process_kill(&w->process, SIGKILL); /* It loads, and would not listen. */
    supervisor_wake_tick(w->supervisor);
}

static bool is_hung(const struct worker *w, uint64_t now)
{
    return w->state == WORKER_READY && w->n_in_flight > 0 &&
           now > w->heard_ns + (uint64_t)w->supervisor->silence_ms * NS_PER_MS;
}

void worker_check_deadline(struct worker *w, uint64_t now)
{
    if (is_hung(w, now)) {
        log_error("worker hangs", LOG_STR("model", model_name(w)), LOG_INT("pid", w->pid));
        lose(w);
        return;
    }
    if (!w->deadline_ns || now < w->deadline_ns) return;
    if (w->n_in_flight > 0 && !w->supervisor->stopped) return; /* It finishes them first. */
    if (w->state != WORKER_QUITTING)
        log_error("worker says nothing", LOG_STR("model", model_name(w)), LOG_INT("pid", w->pid));
    w->deadline_ns = 0;
    if (w->running) (void)uv_process_kill(&w->process, SIGKILL);
    lose(w);
}

#include "gateway/supervisor.h"

#include "base/log.h"
#include "base/seam.h"
#include "gateway/supervisor_internal.h"
#include "store/library.h"
#include "store/marker.h"

#include <assert.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>

enum { NS_PER_MS = 1000 * 1000, FRAME_MAX = MSG_FRAME_BYTES_MAX + MSG_HEADER_BYTES };

/* ---- Handles ---- */

void handle_list_add(struct handle_list *list, struct backend_handle *h)
{
    assert(!h->prev && !h->next && list->first != h);
    h->prev = list->last;
    if (list->last)
        list->last->next = h;
    else
        list->first = h;
    list->last = h;
    list->n++;
}

void handle_list_remove(struct handle_list *list, struct backend_handle *h)
{
    assert(list->n > 0);
    if (h->prev)
        h->prev->next = h->next;
    else
        list->first = h->next;
    if (h->next)
        h->next->prev = h->prev;
    else
        list->last = h->prev;
    h->prev = h->next = NULL;
    list->n--;
}

void handle_free(struct backend_handle *h)
{
    assert(!h->worker);
    buf_release(&h->frame);
    mem_free(h);
}

void handle_fail(struct backend_handle *h, const struct err *err, uint32_t retry_after_ms)
{
    const struct backend_events *events = h->events;
    void *user = h->user;
    handle_free(h);
    events->error(user, err, retry_after_ms);
}

static void fail_waiting(struct model *m, const struct err *err, uint32_t retry_after_ms)
{
    while (m->waiting.first) {
        struct backend_handle *h = m->waiting.first;
        handle_list_remove(&m->waiting, h);
        handle_fail(h, err, retry_after_ms);
    }
}

/* ---- Models ---- */

struct model *model_find(const struct supervisor *s, struct slice id)
{
    for (size_t i = 0; i < s->n_models; i++)
        if (slice_is(id, s->models[i]->facts.id)) return s->models[i];
    return NULL;
}

/* The file whose changes count: a folder's own time tells only of names. */
static int stat_file(const struct model *m, struct stat *ret)
{
    char path[PATH_MAX];
    int n = snprintf(path, sizeof path, "%s%s", m->path, m->is_adapter ? "/" ADAPTER_WEIGHTS : "");
    return n >= 0 && (size_t)n < sizeof path ? stat(path, ret) : -1;
}

/* What was checked when the file was pulled. */
static void look_at_marker(struct model *m)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(m->path, '/');
    size_t len = slash ? (size_t)(slash - m->path) : 0;
    m->facts.sha256 = NULL;
    if (!slash || len >= sizeof folder) return;
    memcpy(folder, m->path, len);
    folder[len] = '\0';
    if (marker_sha256(m->sha256, folder, slash + 1)) m->facts.sha256 = m->sha256;
}

/* Which file this is, so that a changed one is tried again and has another fingerprint. */
static void look_at_file(const struct supervisor *s, struct model *m)
{
    struct stat st;
    unsigned char hash[5];
    const struct model *base = m->is_adapter ? adapter_base(s, m) : NULL;
    if (stat_file(m, &st) < 0) memset(&st, 0, sizeof st); /* The worker says what is wrong. */
    m->file.mtime_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
    m->file.size = st.st_size;
    m->file.inode = st.st_ino;
    m->facts.created = st.st_mtim.tv_sec;
    m->facts.bytes = library_bytes(m->path);
    char text[300];
    int n = snprintf(text, sizeof text, "%s %lld %lld %s %.200s", TIRO_VERSION,
                     (long long)m->file.mtime_ns, (long long)m->file.size,
                     base ? base->fingerprint : "", m->facts.id);
    unsigned char full[crypto_generichash_BYTES];
    (void)crypto_generichash(full, sizeof full, (unsigned char *)text, (size_t)n, NULL, 0);
    memcpy(hash, full, sizeof hash);
    n = snprintf(m->fingerprint, sizeof m->fingerprint, "fp_");
    for (size_t i = 0; i < sizeof hash; i++)
        n += snprintf(m->fingerprint + n, sizeof m->fingerprint - (size_t)n, "%02x", hash[i]);
    m->facts.fingerprint = m->fingerprint;
    look_at_marker(m);
}

bool model_file_changed(const struct model *m)
{
    struct stat st;
    if (stat_file(m, &st) < 0) return false;
    return m->file.inode != st.st_ino || m->file.size != st.st_size ||
           m->file.mtime_ns != (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
}

/* Clients learn what is wrong with a file, not where the server keeps it. */
static void hide_folder(struct err *err, const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t folder = slash ? (size_t)(slash + 1 - path) : 0;
    for (char *at = err->text; folder && (at = strstr(at, path));)
        memmove(at, at + folder, strlen(at + folder) + 1);
}

void model_fail(struct supervisor *s, struct model *m, const struct err *why)
{
    struct err shown = *why, *err = &shown;
    log_error("model failed", LOG_STR("model", m->facts.id), LOG_STR("why", why->text));
    hide_folder(err, m->path);
    char *problem = mem_strndup(err->text, strlen(err->text));
    m->facts.state = BACKEND_MODEL_FAILED;
    m->failure = *err;
    bool may_pass = err->code == ERR_WORKER_LOST || err->code == ERR_NO_MEMORY;
    m->rested_at_ns = may_pass ? now_ns() + s->rest_ms * (uint64_t)NS_PER_MS : 0;
    m->retry_at_ns = 0;
    mem_free(m->problem);
    m->problem = problem;
    m->facts.problem = problem ? problem : "out of memory";
    fail_waiting(m, err, 0);
}

void model_reset(struct model *m)
{
    if (m->facts.state == BACKEND_MODEL_FAILED) m->facts.state = BACKEND_MODEL_IDLE;
    m->facts.problem = NULL;
    mem_free(m->problem);
    m->problem = NULL;
    m->load_crashes = 0;
}

static uint64_t backoff_ms(uint32_t crashes)
{
    uint64_t ms = SUPERVISOR_BACKOFF_MIN_MS;
    if (crashes <= 1) return 0;
    for (uint32_t i = 2; i < crashes && ms < SUPERVISOR_BACKOFF_MAX_MS; i++) ms *= 2;
    return ms < SUPERVISOR_BACKOFF_MAX_MS ? ms : SUPERVISOR_BACKOFF_MAX_MS;
}

void model_start_worker(struct supervisor *s, struct model *m)
{
    struct err err = { 0 };
    assert(!m->worker);
    m->retry_at_ns = 0;
    m->what[0] = '\0';
    m->progress_done = m->progress_total = 0;
    m->facts.state = BACKEND_MODEL_LOADING;
    look_at_file(s, m);
    model_find_packed(s, m);
    if (worker_start(s, m, m->kind, &err) == 0) return;
    log_error("worker not started", LOG_STR("model", m->facts.id), LOG_STR("why", err.text));
    m->crashes++;
    m->retry_at_ns = now_ns() + SUPERVISOR_BACKOFF_MAX_MS * (uint64_t)NS_PER_MS;
    supervisor_wake_tick(s);
}

void model_on_worker_lost(struct supervisor *s, struct model *m, enum worker_state was)
{
    uint64_t now = now_ns();
    bool wanted = was != WORKER_QUITTING || m->waiting.n > 0;
    m->facts.state = BACKEND_MODEL_IDLE;
    if (s->stopped || !wanted) return;
    if (was != WORKER_QUITTING) {
        s->o.metrics->worker_crashes++;
        m->crashes++;
        m->restarts++;
        if (was != WORKER_READY) m->load_crashes++;
    }
    if (m->load_crashes >= SUPERVISOR_LOAD_CRASHES_MAX) {
        struct err err = { 0 };
        (void)err_set(&err, ERR_WORKER_LOST,
                      "the process that loads the model %s ended %u times; look at the server's "
                      "log, and at the file %s. It is tried again later",
                      m->facts.id, m->load_crashes, m->path);
        model_fail(s, m, &err);
        return;
    }
    m->facts.state = BACKEND_MODEL_LOADING;
    m->retry_at_ns = now + backoff_ms(m->crashes) * NS_PER_MS;
    supervisor_wake_tick(s);
    if (m->retry_at_ns <= now) model_start_worker(s, m);
}

void model_send_waiting(struct supervisor *s, struct model *m)
{
    while (m->waiting.first && m->worker && m->worker->state == WORKER_READY) {
        struct backend_handle *h = m->waiting.first;
        struct err err = { 0 };
        handle_list_remove(&m->waiting, h);
        if (m->worker->n_in_flight >= s->in_flight_max)
            (void)err_set(&err, ERR_OVERLOADED, "%u requests for %s are being answered already",
                          s->in_flight_max, m->facts.id);
        if (err.code || worker_process_send(m->worker, h, &err) < 0) handle_fail(h, &err, 1000);
    }
}

static void copy_text(char *to, size_t size, struct slice from)
{
    (void)snprintf(to, size, "%.*s", SLICE_FMT(from)); /* Cut is fine. */
}

void model_on_ready(struct supervisor *s, struct model *m, const struct msg_ready *ready)
{
    struct backend_model *facts = &m->facts;
    char *arch = mem_strndup(ready->arch.len ? ready->arch.ptr : "", ready->arch.len);
    if (arch) {
        mem_free(m->arch);
        m->arch = arch;
        facts->arch = arch;
    }
    facts->capabilities = ready->capabilities;
    facts->n_ctx = ready->n_ctx;
    facts->n_vocab = ready->n_vocab;
    facts->n_embd = ready->n_embd;
    facts->state = BACKEND_MODEL_READY;
    model_reset(m);
    m->weight_bytes = ready->weight_bytes;
    m->kv_bytes = ready->kv_bytes;
    m->n_parameters = ready->n_parameters;
    m->n_threads = ready->n_threads;
    m->load_ms = ready->load_ms;
    copy_text(m->walls, sizeof m->walls, ready->walls);
    copy_text(m->walls_missing, sizeof m->walls_missing, ready->walls_missing);
    copy_text(m->quantisation, sizeof m->quantisation, ready->quantisation);
    facts->quantisation = m->quantisation;
    facts->n_parameters = ready->n_parameters;
    log_info("model ready", LOG_STR("model", facts->id), LOG_STR("arch", facts->arch),
             LOG_INT("n_ctx", facts->n_ctx), LOG_INT("load_ms", ready->load_ms),
             LOG_STR("weights", ready->weights_mapped ? "mapped" : "packed"),
             LOG_STR("walls", m->walls), LOG_STR("walls_missing", m->walls_missing));
    worker_poll_stats(m->worker);
    m->weights_mapped = ready->weights_mapped;
    model_want_packed(s, m, ready->weights_mapped);
    for (size_t i = 0; i < s->n_models; i++) /* Their fingerprints have this model's in them. */
        if (s->models[i]->is_adapter && adapter_base(s, s->models[i]) == m)
            look_at_file(s, s->models[i]);
    adapters_on_ready(s, m);
    model_send_waiting(s, m);
}

/* ---- What endpoints see ---- */

static struct supervisor *of(struct backend *backend)
{
    return (struct supervisor *)(void *)backend; /* Its first member. */
}

static size_t op_models(struct backend *backend, const struct backend_model **ret)
{
    struct supervisor *s = of(backend);
    for (size_t i = 0; i < s->n_models; i++) {
        const struct model *m = s->models[i];
        s->listed[i] = m->is_adapter ? adapter_facts(s, m) : m->facts;
    }
    *ret = s->listed;
    return s->n_models;
}

/* The request as it goes over the wire; its deadline counts from here. */
static int new_handle(struct supervisor *s, struct model *m, struct backend_handle **ret,
                      const struct msg_request *request, struct err *err)
{
    struct msg_request numbered = *request;
    struct backend_handle *h = mem_calloc(1, sizeof *h);
    if (!h) return err_set(err, ERR_NO_MEMORY, "no memory for the request");
    numbered.id = h->id = ++s->next_id;
    h->model = m;
    h->since_ns = now_ns();
    buf_init(&h->frame, FRAME_MAX);
    int rc = message_encode(&h->frame, MSG_REQUEST, &numbered, err);
    if (rc < 0) {
        handle_free(h);
        return rc;
    }
    *ret = h;
    return 0;
}

/* What wants only idle capacity leaves a part of every queue to the others. */
static size_t share(uint32_t max, const struct msg_request *request)
{
    return request->priority < 0 ? (size_t)max * SUPERVISOR_IDLE_PERCENT / 100 : max;
}

static int check_load(struct supervisor *s, struct model *m, const struct msg_request *request,
                      struct err *err)
{
    size_t in_flight_max = share(s->in_flight_max, request);
    size_t in_flight = m->worker ? m->worker->n_in_flight : 0;
    if (m->facts.state == BACKEND_MODEL_FAILED) {
        bool rested = m->rested_at_ns && now_ns() >= m->rested_at_ns;
        if (!model_file_changed(m) && !rested) {
            *err = m->failure;
            return -(int)err->code;
        }
        model_reset(m);
    }
    if (m->facts.state == BACKEND_MODEL_READY && in_flight < in_flight_max) return 0;
    if (m->facts.state != BACKEND_MODEL_READY && m->waiting.n < share(s->queue_max, request))
        return 0;
    s->o.metrics->requests_overloaded++;
    if (m->facts.state == BACKEND_MODEL_READY)
        return err_set(err, ERR_OVERLOADED,
                       "%zu requests for the model %s are being answered already; try again "
                       "shortly",
                       in_flight, m->facts.id);
    return err_set(err, ERR_OVERLOADED,
                   "the model %s is still loading and %zu requests wait for it already; try again "
                   "shortly",
                   m->facts.id, m->waiting.n);
}

static int op_submit(struct backend *backend, struct backend_handle **ret, const char *id,
                     const struct msg_request *request, const struct backend_events *events,
                     void *user, struct err *err)
{
    struct supervisor *s = of(backend);
    struct model *m = model_find(s, slice_of(id));
    struct backend_handle *h;
    assert(events->error);
    if (!m)
        return err_param(err, ERR_MODEL_NOT_FOUND, "model", "The model `%s` does not exist", id);
    if (s->stopped) return err_set(err, ERR_SHUTTING_DOWN, "the server is shutting down");
    struct msg_request adapted = *request;
    struct model *named = m;
    if (m->is_adapter) TRY(adapter_resolve(s, &m, &adapted.adapter, m, err));
    TRY(check_load(s, m, request, err));
    TRY(new_handle(s, m, &h, &adapted, err));
    h->events = events;
    h->user = user;
    named->n_requests++;
    if (m->facts.state == BACKEND_MODEL_READY) {
        int rc = worker_process_send(m->worker, h, err);
        if (rc < 0) {
            handle_free(h);
            return rc;
        }
    } else {
        handle_list_add(&m->waiting, h);
        if (m->facts.state == BACKEND_MODEL_IDLE) model_start_worker(s, m);
        supervisor_wake_tick(s);
    }
    *ret = h;
    return 0;
}

static void op_cancel(struct backend *backend, struct backend_handle *h)
{
    (void)backend;
    if (h->worker)
        worker_cancel(h->worker, h);
    else
        handle_list_remove(&h->model->waiting, h);
    handle_free(h);
}

static int find_or_fail(struct supervisor *s, struct model **ret, struct slice name,
                        struct err *err)
{
    *ret = model_find(s, name);
    if (*ret) return 0;
    return err_param(err, ERR_MODEL_NOT_FOUND, "model", "The model `%.*s` does not exist",
                     SLICE_FMT(name));
}

static int op_remove(struct backend *backend, struct slice id, struct err *err)
{
    struct supervisor *s = of(backend);
    struct store_paths paths;
    struct model *m;
    TRY(find_or_fail(s, &m, id, err));
    if (!m->is_adapter)
        return err_set(err, ERR_PERMISSION,
                       "`%s` is no adapter; `tiro rm %s` deletes it, on the server's own machine.",
                       m->facts.id, m->facts.id);
    TRY(store_paths_init(&paths, s->o.gateway->data_dir, err));
    TRY(library_remove(&paths, m->facts.id, err));
    return supervisor_remove(s, id, err);
}

static const struct backend_ops ops = {
    .models = op_models,
    .submit = op_submit,
    .cancel = op_cancel,
    .remove = op_remove,
};

struct backend *supervisor_backend(struct supervisor *s)
{
    return &s->backend;
}

/* ---- Adding and removing ---- */

static int insert_model(struct supervisor *s, struct model *m, struct err *err)
{
    if (s->n_models == SUPERVISOR_MODELS_MAX)
        return err_set(err, ERR_LIMIT, "more than %d models", SUPERVISOR_MODELS_MAX);
    size_t n = s->n_models + 1;
    struct model **models = mem_realloc(s->models, n * sizeof(struct model *));
    if (models) s->models = models;
    struct backend_model *listed = mem_realloc(s->listed, n * sizeof *listed);
    if (listed) s->listed = listed;
    if (!models || !listed) return err_set(err, ERR_NO_MEMORY, "no memory for another model");
    size_t at = s->n_models;
    for (; at > 0 && strcmp(s->models[at - 1]->facts.id, m->facts.id) > 0; at--)
        s->models[at] = s->models[at - 1];
    s->models[at] = m;
    s->n_models = n;
    return 0;
}

static void free_model(struct model *m)
{
    mem_free((char *)(uintptr_t)m->facts.id); /* Ours, though endpoints may not change it. */
    mem_free(m->path);
    mem_free(m->arch);
    mem_free(m->problem);
    mem_free(m);
}

/* An adapter is for the worker of its base. */
static int kind_of(uint32_t *ret, bool *ret_adapter, const struct gateway_model *model,
                   struct err *err)
{
    const char *kind = model->kind;
    const char *colon = strrchr(model->name, ':');
    *ret_adapter = kind && strcmp(kind, "adapter") == 0;
    if (*ret_adapter && (!colon || colon == model->name || colon[1] == '\0'))
        return err_set(err, ERR_INVALID_VALUE,
                       "an adapter is called MODEL:NAME, after the model that it is for; not %s",
                       model->name);
    if (!kind || strcmp(kind, "text") == 0 || *ret_adapter)
        *ret = WORKER_TEXT;
    else if (strcmp(kind, "embed") == 0)
        *ret = WORKER_EMBED;
    else
        return err_set(err, ERR_INVALID_VALUE, "there is no kind of worker named %s", kind);
    return 0;
}

static int new_model(struct model **ret, const struct gateway_model *model, struct err *err)
{
    struct model *m = mem_calloc(1, sizeof *m);
    if (!m) return err_set(err, ERR_NO_MEMORY, "no memory for the model %s", model->name);
    m->facts.id = mem_strndup(model->name, strlen(model->name));
    m->facts.owned_by = "tiro";
    if (!m->facts.id) {
        free_model(m);
        return err_set(err, ERR_NO_MEMORY, "no memory for the model %s", model->name);
    }
    *ret = m;
    return 0;
}

/* A worker that the model lets go of answers what it has, and ends. */
static void let_go(struct model *m)
{
    m->pack_at_ns = 0;
    if (m->packer) {
        m->packer->model = NULL;
        worker_quit(m->packer);
        model_on_packer_gone(m);
    }
    if (!m->worker) return;
    m->worker->model = NULL;
    worker_quit(m->worker);
    m->worker = NULL;
}

static void make_default(struct supervisor *s, struct model *m)
{
    for (size_t i = 0; i < s->n_models; i++) s->models[i]->facts.is_default = false;
    m->facts.is_default = true;
}

int supervisor_add(struct supervisor *s, const struct gateway_model *model, struct err *err)
{
    uint32_t kind;
    bool adapter;
    struct model *m = model_find(s, slice_of(model->name));
    TRY(kind_of(&kind, &adapter, model, err));
    if (model->name[0] == '\0' || strlen(model->name) >= MSG_NAME_MAX)
        return err_set(err, ERR_LIMIT, "a model's name has 1 to %d bytes", MSG_NAME_MAX - 1);
    if (m && m->kind == kind && m->is_adapter == adapter && strcmp(m->path, model->path) == 0 &&
        !model_file_changed(m) &&
        m->facts.state != BACKEND_MODEL_FAILED) { /* What is there already stays as it is. */
        if (model->is_default) make_default(s, m);
        if (adapter) return 0;
        m->preload = m->preload || model->preload;
        if (model->preload && !m->worker && m->retry_at_ns == 0) model_start_worker(s, m);
        return 0;
    }
    char *path = mem_strndup(model->path, strlen(model->path));
    if (!path) return err_set(err, ERR_NO_MEMORY, "no memory for the model %s", model->name);
    if (!m) {
        int rc = new_model(&m, model, err);
        if (rc == 0 && (rc = insert_model(s, m, err)) < 0) free_model(m);
        if (rc < 0) {
            mem_free(path);
            return rc;
        }
    }
    let_go(m);
    mem_free(m->path);
    m->path = path;
    /* The rest is known when its worker has read the file. */
    m->facts.capabilities = kind == WORKER_EMBED ? CAP_EMBEDDINGS : 0;
    m->kind = kind;
    m->is_adapter = adapter;
    m->preload = model->preload && !adapter;
    m->facts.state = BACKEND_MODEL_IDLE;
    m->facts.bytes = m->facts.n_parameters = 0;
    m->facts.quantisation = NULL;
    m->prefill = m->decode = (struct pace){ 0 };
    m->facts.prefill_tokens_per_s = m->facts.decode_tokens_per_s = 0;
    model_reset(m);
    look_at_file(s, m);
    if (m->is_adapter) adapter_on_change(s, m);
    if (model->is_default) make_default(s, m);
    if (m->preload || m->waiting.n > 0) model_start_worker(s, m);
    return 0;
}

/* The model whose worker answers for it: an adapter's base. */
static int find_worker_model(struct supervisor *s, struct model **ret, struct slice name,
                             struct err *err)
{
    struct model *m;
    TRY(find_or_fail(s, &m, name, err));
    if (m->is_adapter && !(m = adapter_base(s, m)))
        return err_param(err, ERR_MODEL_NOT_FOUND, "model", "There is no model for `%.*s`",
                         SLICE_FMT(name));
    *ret = m;
    return 0;
}

static void fail_in_flight(struct worker *w, const struct err *err)
{
    for (size_t i = 0; i < WORKER_BUCKETS; i++)
        while (w->buckets[i]) {
            struct backend_handle *h = w->buckets[i];
            worker_cancel(w, h);
            handle_fail(h, err, 0);
        }
}

int supervisor_remove(struct supervisor *s, struct slice name, struct err *err)
{
    struct model *m;
    struct err gone = { 0 };
    TRY(find_or_fail(s, &m, name, err));
    (void)err_param(&gone, ERR_MODEL_NOT_FOUND, "model", "The model `%s` was removed", m->facts.id);
    if (m->is_adapter) adapter_on_remove(s, m);
    m->removed = true;
    size_t at = 0;
    while (s->models[at] != m) at++;
    for (s->n_models--; at < s->n_models; at++) s->models[at] = s->models[at + 1];
    /* Workers let go of earlier may have requests of this model too. */
    for (struct worker *w = s->workers; w; w = w->next)
        for (size_t i = 0; i < WORKER_BUCKETS; i++)
            for (struct backend_handle *h = w->buckets[i]; h; h = h->next)
                if (h->model == m) {
                    fail_in_flight(w, &gone);
                    break;
                }
    fail_waiting(m, &gone, 0);
    let_go(m);
    free_model(m);
    return 0;
}

int supervisor_unload(struct supervisor *s, struct slice name, struct err *err)
{
    struct model *m;
    TRY(find_worker_model(s, &m, name, err));
    let_go(m);
    m->retry_at_ns = 0;
    if (m->facts.state != BACKEND_MODEL_FAILED) m->facts.state = BACKEND_MODEL_IDLE;
    if (m->waiting.n > 0) model_start_worker(s, m);
    return 0;
}

bool supervisor_is_ready(const struct supervisor *s)
{
    for (size_t i = 0; i < s->n_models; i++) {
        enum backend_model_state state = s->models[i]->facts.state;
        if (s->models[i]->preload && state != BACKEND_MODEL_READY && state != BACKEND_MODEL_FAILED)
            return false;
    }
    return !s->stopped;
}

/* ---- Time ---- */

static void check_waiting(struct supervisor *s, struct model *m, uint64_t now)
{
    uint64_t age_max = (uint64_t)s->queue_age_ms * NS_PER_MS;
    while (m->waiting.first && now > m->waiting.first->since_ns + age_max) {
        struct backend_handle *h = m->waiting.first;
        struct err err = { 0 };
        (void)err_set(&err, ERR_NOT_READY,
                      "the model %s is still loading after %u seconds; try again later",
                      m->facts.id, s->queue_age_ms / 1000);
        handle_list_remove(&m->waiting, h);
        handle_fail(h, &err, 10000);
    }
}

static bool needs_tick(const struct supervisor *s)
{
    for (const struct worker *w = s->workers; w; w = w->next)
        if (w->deadline_ns || w->n_in_flight > 0 || (w->model && w->model->crashes > 0))
            return true;
    for (size_t i = 0; i < s->n_models; i++)
        if (s->models[i]->waiting.n > 0 || s->models[i]->retry_at_ns || s->models[i]->pack_at_ns)
            return true;
    return false;
}

static void on_tick(uv_timer_t *timer)
{
    struct supervisor *s = timer->data;
    uint64_t now = now_ns();
    for (struct worker *w = s->workers, *next; w; w = next) {
        next = w->next; /* Freed only in a later turn of the loop. */
        worker_check_deadline(w, now);
        if (w->state == WORKER_READY && w->model &&
            now > w->ready_at_ns + SUPERVISOR_HEALTHY_MS * (uint64_t)NS_PER_MS)
            w->model->crashes = 0;
    }
    for (size_t i = 0; i < s->n_models; i++) {
        struct model *m = s->models[i];
        if (m->retry_at_ns && now >= m->retry_at_ns && !m->worker && !s->stopped)
            model_start_worker(s, m);
        check_waiting(s, m, now);
        model_check_packing(s, m, now);
    }
    if (now > s->polled_at_ns + s->poll_ms * (uint64_t)NS_PER_MS) {
        s->polled_at_ns = now;
        for (struct worker *w = s->workers; w; w = w->next) worker_poll_stats(w);
    }
    if (!needs_tick(s)) {
        s->ticking = false;
        (void)uv_timer_stop(&s->tick); /* Always 0. */
    }
}

void supervisor_wake_tick(struct supervisor *s)
{
    if (s->ticking || s->closed) return;
    s->ticking = true;
    (void)uv_timer_start(&s->tick, on_tick, SUPERVISOR_TICK_MS, SUPERVISOR_TICK_MS); /* As above. */
}

/* What endpoints sent since the last turn goes out in one write per worker. */
static void on_prepare(uv_prepare_t *prepare)
{
    struct supervisor *s = prepare->data;
    for (struct worker *w = s->workers, *next; w; w = next) {
        next = w->next;
        if (w->connected && (w->broken || conn_wants_write(&w->conn))) worker_flush(w);
    }
}

/* ---- Life ---- */

int supervisor_open(struct supervisor **ret, const struct supervisor_options *options,
                    struct err *err)
{
    struct supervisor *s = mem_calloc(1, sizeof *s);
    if (!s) return err_set(err, ERR_NO_MEMORY, "no memory for the supervisor");
    const struct gateway_options *g = options->gateway;
    s->backend.ops = &ops;
    s->o = *options;
    s->queue_max = g->queue_max ? g->queue_max : SUPERVISOR_QUEUE_MAX;
    s->in_flight_max = g->in_flight_max ? g->in_flight_max : SUPERVISOR_IN_FLIGHT_MAX;
    s->queue_age_ms = g->queue_age_ms ? g->queue_age_ms : SUPERVISOR_QUEUE_AGE_MS;
    s->rest_ms = g->rest_ms ? g->rest_ms : SUPERVISOR_REST_MS;
    s->silence_ms = g->silence_ms ? g->silence_ms : SUPERVISOR_SILENCE_MS;
    s->pack_idle_ms = g->pack_idle_ms ? g->pack_idle_ms : SUPERVISOR_PACK_IDLE_MS;
    s->poll_ms = s->silence_ms / 4 < SUPERVISOR_POLL_MS ? s->silence_ms / 4 : SUPERVISOR_POLL_MS;
    arena_init(&s->arena, WORKER_ARENA_MAX);
    (void)uv_prepare_init(s->o.loop, &s->flush); /* Always 0, as all below. */
    (void)uv_timer_init(s->o.loop, &s->tick);
    s->flush.data = s->tick.data = s;
    s->n_open = 2;
    (void)uv_prepare_start(&s->flush, on_prepare);
    *ret = s;
    return 0;
}

void supervisor_stop(struct supervisor *s)
{
    s->stopped = true;
    for (size_t i = 0; i < s->n_models; i++) {
        struct model *m = s->models[i];
        struct err err = { 0 };
        (void)err_set(&err, ERR_SHUTTING_DOWN, "the server is shutting down");
        m->retry_at_ns = 0;
        fail_waiting(m, &err, 0);
        m->pack_at_ns = 0;
        if (m->worker) worker_quit(m->worker);
        if (m->packer) worker_quit(m->packer);
    }
}

void supervisor_free_when_gone(struct supervisor *s)
{
    if (!s->closed || s->n_open > 0 || s->workers) return;
    for (size_t i = 0; i < s->n_models; i++) free_model(s->models[i]);
    mem_free(s->models);
    mem_free(s->listed);
    arena_release(&s->arena);
    mem_free(s);
}

static void on_closed(uv_handle_t *handle)
{
    struct supervisor *s = handle->data;
    s->n_open--;
    supervisor_free_when_gone(s);
}

bool supervisor_is_gone(const struct supervisor *s)
{
    return !s || !s->workers;
}

void supervisor_close(struct supervisor *s)
{
    if (!s) return;
    assert(s->stopped && !s->closed && !s->workers);
    s->closed = true;
    uv_close((uv_handle_t *)&s->flush, on_closed);
    uv_close((uv_handle_t *)&s->tick, on_closed);
}

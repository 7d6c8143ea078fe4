#include "gateway/gateway.h"

#include "api/runner.h"
#include "base/log.h"
#include "base/seam.h"
#include "gateway/gateway_internal.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>

enum { NS_PER_MS = 1000 * 1000, DRAIN_STEP_MS = 20 };

/* ---- The end: draining, stopping, closing ---- */

static void close_all(struct gateway *g)
{
    g->state = GATEWAY_CLOSING;
    if (g->listening && g->o->on_closing) g->o->on_closing(g->o->ctx);
    http_server_close(g->http);
    supervisor_close(g->supervisor);
    uv_close((uv_handle_t *)&g->wake, NULL);
    if (!uv_is_closing((uv_handle_t *)&g->terminate)) {
        uv_close((uv_handle_t *)&g->terminate, NULL);
        uv_close((uv_handle_t *)&g->interrupt, NULL);
    }
    uv_close((uv_handle_t *)&g->drain, NULL);
}

static void abort_calls(struct gateway *g)
{
    struct err err = { 0 };
    (void)err_set(&err, ERR_SHUTTING_DOWN,
                  "the server is shutting down and could not finish this answer in time");
    http_server_abort(g->http, &err);
}

/* Every DRAIN_STEP_MS: first the calls, then the workers, then the rest. */
static void on_drain(uv_timer_t *timer)
{
    struct gateway *g = timer->data;
    bool late = now_ns() >= g->grace_until_ns;
    if (g->state == GATEWAY_DRAINING) {
        if (http_server_busy(g->http) > 0 && !late) return;
        abort_calls(g);
        service_uv_close(
            g->service); /* Before the workers go, so that its work can be cancelled. */
        index_process_close(g->index);
        supervisor_stop(g->supervisor);
        g->state = GATEWAY_STOPPING;
    }
    if (g->state == GATEWAY_STOPPING && supervisor_is_gone(g->supervisor)) close_all(g);
}

void gateway_drain(struct gateway *g)
{
    if (g->state != GATEWAY_RUNNING) return;
    uint32_t grace_ms = g->o->grace_ms ? g->o->grace_ms : GRACE_MS;
    g->state = GATEWAY_DRAINING;
    g->grace_until_ns = now_ns() + (uint64_t)grace_ms * NS_PER_MS;
    log_info("draining", LOG_INT("open", http_server_busy(g->http)), LOG_INT("grace_ms", grace_ms));
    http_server_drain(g->http);
    runners_drain(service_uv_service(g->service));
    (void)uv_timer_start(&g->drain, on_drain, 0, DRAIN_STEP_MS); /* Fails only when closing. */
    /* From here a second signal does what it does to any program: it ends it at once. */
    uv_close((uv_handle_t *)&g->terminate, NULL);
    uv_close((uv_handle_t *)&g->interrupt, NULL);
}

static void on_signal(uv_signal_t *handle, int number)
{
    log_info("signal", LOG_INT("number", number));
    gateway_drain(handle->data);
}

/* ---- What other threads ask ---- */

static void set_pull(struct gateway *g, const struct pull_row *row)
{
    size_t i = 0;
    while (i < g->n_pulls && strcmp(g->pulls[i].name, row->name) != 0) i++;
    if (i == GATEWAY_PULLS_MAX) return; /* The page shows the others. */
    g->pulls[i] = *row;
    if (i == g->n_pulls) g->n_pulls++;
}

static void free_command(struct command *c)
{
    mem_free((char *)(uintptr_t)c->model.name);
    mem_free((char *)(uintptr_t)c->model.path);
    mem_free((char *)(uintptr_t)c->model.kind);
    mem_free(c);
}

static void run_command(struct gateway *g, const struct command *c)
{
    struct err err = { 0 };
    int rc = 0;
    switch (c->kind) {
    case COMMAND_ADD: rc = supervisor_add(g->supervisor, &c->model, &err); break;
    case COMMAND_REMOVE:
        rc = supervisor_remove(g->supervisor, slice_of(c->model.name), &err);
        break;
    case COMMAND_PULL: set_pull(g, &c->pull); break;
    case COMMAND_STOP: gateway_drain(g); break;
    }
    if (rc < 0) log_warn("not done", LOG_STR("model", c->model.name), LOG_STR("why", err.text));
}

static struct command *take_commands(struct gateway *g)
{
    (void)pthread_mutex_lock(&g->lock); /* Fails only on misuse. */
    struct command *list = g->commands;
    g->commands = NULL;
    g->commands_end = &g->commands;
    (void)pthread_mutex_unlock(&g->lock);
    return list;
}

static void on_wake(uv_async_t *wake)
{
    struct gateway *g = wake->data;
    struct command *list = take_commands(g);
    while (list) {
        struct command *c = list;
        list = c->next;
        if (g->state == GATEWAY_RUNNING) run_command(g, c);
        free_command(c);
    }
}

static void give(struct gateway *g, struct command *c)
{
    (void)pthread_mutex_lock(&g->lock); /* Fails only on misuse. */
    *g->commands_end = c;
    g->commands_end = &c->next;
    (void)uv_async_send(&g->wake); /* Under the lock, so that it is not closed before. */
    (void)pthread_mutex_unlock(&g->lock);
}

static char *copy(const char *s)
{
    return s ? mem_strndup(s, strlen(s)) : NULL;
}

static void give_model(struct gateway *g, int kind, const struct gateway_model *model)
{
    struct command *c = mem_calloc(1, sizeof *c);
    if (!c) {
        log_error("no memory to add a model", LOG_STR("model", model->name));
        return;
    }
    c->kind = kind;
    c->model = *model;
    c->model.name = copy(model->name);
    c->model.path = copy(model->path);
    c->model.kind = copy(model->kind);
    if (!c->model.name || (kind == COMMAND_ADD && !c->model.path)) {
        log_error("no memory to add a model", LOG_STR("model", model->name));
        free_command(c);
        return;
    }
    give(g, c);
}

void gateway_add_model(struct gateway *g, const struct gateway_model *model)
{
    assert(model->name && model->path);
    give_model(g, COMMAND_ADD, model);
}

void gateway_remove_model(struct gateway *g, const char *name)
{
    give_model(g, COMMAND_REMOVE, &(struct gateway_model){ .name = name });
}

void gateway_set_pull(struct gateway *g, const struct gateway_pull *pull)
{
    struct command *c = mem_calloc(1, sizeof *c);
    if (!c) return; /* The next report will do. */
    struct pull_row *row = &c->pull;
    c->kind = COMMAND_PULL;
    *row = (struct pull_row){ .bytes = pull->bytes,
                              .bytes_total = pull->bytes_total,
                              .bytes_per_s = pull->bytes_per_s };
    /* Cut is fine in all three. */
    (void)snprintf(row->name, sizeof row->name, "%s", pull->name);
    (void)snprintf(row->state, sizeof row->state, "%s", pull->state);
    (void)snprintf(row->text, sizeof row->text, "%s", pull->text ? pull->text : "");
    give(g, c);
}

void gateway_stop(struct gateway *g)
{
    struct command *c = mem_calloc(1, sizeof *c);
    if (!c) {
        (void)raise(SIGTERM); /* The same, by another way. */
        return;
    }
    c->kind = COMMAND_STOP;
    give(g, c);
}

/* ---- The beginning ---- */

/* Who may sign in; and where somebody should, and nobody can yet, the link for the first. */
static int open_people(struct gateway *g, struct err *err)
{
    struct service *service = service_uv_service(g->service);
    TRY(people_open(&service->people, service, err));
    g->people = service->people;
    if (!access_is_guarded(g->access) || access_has_keys(g->access) || people_have_owner(g->people))
        return 0;
    return people_owner_link(g->people, g->owner_token, err);
}

const char *gateway_owner_token(const struct gateway *g)
{
    return g->owner_token[0] ? g->owner_token : NULL;
}

static int open_parts(struct gateway *g, struct err *err)
{
    const struct gateway_options *o = g->o;
    const char *host = o->host ? o->host : "127.0.0.1";
    struct access_options access = {
        .api_key_file = o->api_key_file,
        .allow_hosts = o->allow_hosts,
        .n_allow_hosts = o->n_allow_hosts,
        .allow_origins = o->allow_origins,
        .n_allow_origins = o->n_allow_origins,
        .require_sign_in = o->require_sign_in,
    };
    TRY(http_host_is_loopback(&access.loopback, host, err));
    TRY(access_open(&g->access, &access, err));
    TRY(control_open(&g->control, o->data_dir, err));
    TRY(service_uv_open(&g->service, &g->loop, o->data_dir, o->database, o->worker_program, err));
    service_uv_service(g->service)->file_bytes_max = o->file_bytes_max;
    TRY(open_people(g, err));
    struct supervisor_options supervisor = { &g->loop, &g->metrics, o };
    TRY(supervisor_open(&g->supervisor, &supervisor, err));
    TRY(index_process_open(&g->index, &g->loop, o, err));
    struct service *service = service_uv_service(g->service);
    service->backend = supervisor_backend(g->supervisor);
    service->indexer = index_process_indexer(g->index);
    service->embedding_model = o->embedding_model;
    service->retention_days = o->retention_days;
    struct http_server_options http = {
        .loop = &g->loop,
        .gateway = g,
        .service = service,
        .access = g->access,
        .metrics = &g->metrics,
        .connections_max = o->connections_max,
    };
    if (o->deadlines) http.deadlines = *o->deadlines;
    TRY(http_server_open(&g->http, &http, err));
    int port;
    TRY(http_server_listen_tcp(g->http, host, o->port, &port, err));
    TRY(http_server_listen_unix(g->http, g->control.socket_path, err));
    bool v6 = strchr(host, ':') != NULL;
    (void)snprintf(g->url, sizeof g->url, v6 ? "http://[%s]:%d" : "http://%s:%d", host,
                   port); /* A host longer than that does not resolve. */
    return control_publish(&g->control, g->url, err);
}

static int add_models(struct gateway *g, struct err *err)
{
    for (size_t i = 0; i < g->o->n_models; i++)
        TRY(supervisor_add(g->supervisor, &g->o->models[i], err));
    return 0;
}

static int init_loop(struct gateway *g, struct err *err)
{
    int rc = uv_loop_init(&g->loop);
    if (rc < 0) return err_set(err, ERR_IO, "the event loop: %s", uv_strerror(rc));
    rc = uv_async_init(&g->loop, &g->wake, on_wake);
    assert(rc == 0); /* With a fresh loop none of these fails. */
    (void)uv_timer_init(&g->loop, &g->drain);
    (void)uv_signal_init(&g->loop, &g->terminate);
    (void)uv_signal_init(&g->loop, &g->interrupt);
    g->wake.data = g->drain.data = g->terminate.data = g->interrupt.data = g;
    return 0;
}

static void release(struct gateway *g)
{
    int rc = uv_loop_close(&g->loop);
    assert(rc == 0); /* Every handle has been closed. */
    for (struct command *c = take_commands(g), *next; c; c = next) {
        next = c->next;
        free_command(c);
    }
    control_close(&g->control);
    people_close(g->people);
    service_uv_free(g->service);
    access_close(g->access);
    metrics_release(&g->metrics);
    (void)pthread_mutex_destroy(&g->lock);
}

int gateway_run(const struct gateway_options *options, struct err *err)
{
    struct gateway *g = mem_calloc(1, sizeof *g);
    if (!g) return err_set(err, ERR_NO_MEMORY, "no memory for the server");
    g->o = options;
    g->control = (struct control){ .lock_fd = -1, .dir_fd = -1 };
    g->commands_end = &g->commands;
    g->start_ns = now_ns();
    (void)pthread_mutex_init(&g->lock, NULL); /* Cannot fail on Linux. */
    metrics_init(&g->metrics);
    int rc = init_loop(g, err);
    if (rc < 0) {
        mem_free(g);
        return rc;
    }
    (void)signal(SIGPIPE, SIG_IGN); /* A client that leaves is no reason to end. */
    rc = open_parts(g, err);
    if (rc == 0) rc = add_models(g, err);
    if (rc == 0) rc = runners_start(service_uv_service(g->service), err);
    if (rc == 0) {
        (void)uv_signal_start(&g->terminate, on_signal, SIGTERM); /* These signals may be had. */
        (void)uv_signal_start(&g->interrupt, on_signal, SIGINT);
        g->listening = true;
        if (options->on_listening) options->on_listening(options->ctx, g, g->url);
    } else {
        service_uv_close(g->service);
        index_process_close(g->index);
        if (g->supervisor) supervisor_stop(g->supervisor);
        g->state = GATEWAY_STOPPING;
        (void)uv_timer_start(&g->drain, on_drain, 0, DRAIN_STEP_MS); /* As in gateway_drain. */
    }
    (void)uv_run(&g->loop, UV_RUN_DEFAULT); /* Returns when every handle is closed. */
    release(g);
    mem_free(g);
    return rc;
}

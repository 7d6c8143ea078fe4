/* batch_service - a service for batches: a database and a folder that are really there, models that
 * answer when the test says so, and time that passes when it says so. One test program's. */
#ifndef TIRO_TESTS_BATCH_SERVICE_H
#define TIRO_TESTS_BATCH_SERVICE_H

#include "unit/test.h"

#include "api/batch_work.h"
#include "api/endpoint.h"
#include "api/runner/batches.h"
#include "base/json.h"
#include "base/log.h"
#include "base/seam.h"
#include "store/blob.h"
#include "store/file_table.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HANDLES_MAX = 4096, TIMERS_MAX = 4096, TEXT_MAX = 32 << 20 };

struct backend_handle {
    const struct backend_events *events;
    void *user;
    struct msg_request request; /* kind, priority and seed are read */
    char prompt[64];
    bool live;
};

struct service_timer {
    void (*fire)(void *user);
    void *user;
    uint64_t at_ms;
};

static struct harness {
    struct backend backend; /* first */
    struct service service;
    struct backend_handle handles[HANDLES_MAX];
    int n_handles, n_live, n_submitted, n_cancelled;
    struct service_timer *timers[TIMERS_MAX];
    uint64_t clock_ms;
    char dir[64];
    /* The next so many answers fail with this. */
    enum err_code failure;
    int n_failures;
    enum err_code refuse; /* Every submit, until it is reset. */
} h;

static const struct principal someone = {
    .tenant = { "t", 1 }, .project = { "p", 1 }, .user = { "u", 1 }, .key = { "k", 1 }
};
static const struct principal stranger = {
    .tenant = { "t2", 2 }, .project = { "p", 1 }, .user = { "u", 1 }, .key = { "k", 1 }
};

/* ---- Time ---- */

static uint64_t harness_wall(void)
{
    return UINT64_C(1700000000000000000) + h.clock_ms * 1000000;
}

static uint64_t harness_now(void)
{
    return UINT64_C(1000000000000) + h.clock_ms * 1000000;
}

static struct service_timer *harness_timer(struct service *service, uint64_t ms,
                                           void (*fire)(void *user), void *user)
{
    (void)service;
    for (int i = 0; i < TIMERS_MAX; i++) {
        if (h.timers[i]) continue;
        struct service_timer *t = mem_calloc(1, sizeof *t);
        if (!t) return NULL;
        *t = (struct service_timer){ .fire = fire, .user = user, .at_ms = h.clock_ms + ms };
        h.timers[i] = t;
        return t;
    }
    return NULL;
}

static void harness_timer_cancel(struct service *service, struct service_timer *timer)
{
    (void)service;
    for (int i = 0; timer && i < TIMERS_MAX; i++)
        if (h.timers[i] == timer) h.timers[i] = NULL;
    mem_free(timer);
}

static void pass(uint64_t ms)
{
    h.clock_ms += ms;
    for (int i = 0; i < TIMERS_MAX; i++) {
        struct service_timer *t = h.timers[i];
        if (!t || t->at_ms > h.clock_ms) continue;
        h.timers[i] = NULL;
        t->fire(t->user);
        mem_free(t);
    }
}

static const struct service_ops harness_service_ops = { harness_timer, harness_timer_cancel };

/* ---- Models ---- */

static const struct backend_model harness_models[] = {
    { .id = "small", .state = BACKEND_MODEL_READY, .capabilities = CAP_CHAT | CAP_COMPLETION },
    { .id = "vectors", .state = BACKEND_MODEL_READY, .capabilities = CAP_EMBEDDINGS, .n_embd = 2 },
};

static size_t harness_list(struct backend *backend, const struct backend_model **ret)
{
    (void)backend;
    *ret = harness_models;
    return sizeof harness_models / sizeof *harness_models;
}

static int harness_submit(struct backend *backend, struct backend_handle **ret, const char *id,
                          const struct msg_request *request, const struct backend_events *events,
                          void *user, struct err *err)
{
    (void)backend;
    (void)id;
    if (h.refuse) return err_set(err, h.refuse, "not now");
    for (int i = 0; i < HANDLES_MAX; i++) {
        struct backend_handle *b = &h.handles[i];
        if (b->live) continue;
        *b = (struct backend_handle){
            .events = events, .user = user, .request = *request, .live = true
        };
        (void)snprintf(b->prompt, sizeof b->prompt, "%.*s", SLICE_FMT(request->prompt));
        if (i >= h.n_handles) h.n_handles = i + 1;
        h.n_live++;
        h.n_submitted++;
        *ret = b;
        return 0;
    }
    return err_set(err, ERR_OVERLOADED, "full");
}

static void harness_cancel(struct backend *backend, struct backend_handle *handle)
{
    (void)backend;
    assert(handle->live);
    handle->live = false;
    h.n_live--;
    h.n_cancelled++;
}

static const struct backend_ops harness_backend_ops = { .models = harness_list,
                                                        .submit = harness_submit,
                                                        .cancel = harness_cancel };

/* One answer: of a text, "<prompt> <seed>". */
static void answer_one(struct backend_handle *b)
{
    struct backend_handle mine = *b;
    b->live = false;
    h.n_live--;
    if (h.n_failures > 0) {
        struct err err = { 0 };
        h.n_failures--;
        (void)err_set(&err, h.failure, "it failed");
        mine.events->error(mine.user, &err, 100);
        return;
    }
    if (mine.request.kind == REQUEST_EMBED) {
        float floats[2] = { 0.5f, -0.5f };
        struct msg_embedding m = { .prompt_tokens = 3, .floats = floats, .n_floats = 2 };
        mine.events->embedding(mine.user, &m);
        return;
    }
    char text[128];
    int n = snprintf(text, sizeof text, "%s %llu", mine.prompt,
                     (unsigned long long)mine.request.sampling.seed);
    struct msg_token token = { .text = { text, (size_t)n }, .n_tokens = 2 };
    struct msg_done done = {
        .prompt_tokens = 5, .cached_tokens = 1, .completion_tokens = 2, .final = true
    };
    mine.events->token(mine.user, &token);
    mine.events->done(mine.user, &done);
}

/* Lets what is going on go on: the store, then up to `n` answers. Returns how many there were. */
static int go(int n)
{
    int done = 0;
    store_wait(h.service.store);
    for (int i = 0; i < h.n_handles && done < n; i++) {
        if (!h.handles[i].live) continue;
        answer_one(&h.handles[i]);
        done++;
    }
    store_wait(h.service.store);
    return done;
}

/* ---- The service ---- */

static void begin(void)
{
    struct err err = { 0 };
    char url[128];
    (void)snprintf(url, sizeof url, "sqlite:%s/tiro.db", h.dir);
    struct store_options o = { .url = url };
    h.service = (struct service){ .ops = &harness_service_ops,
                                  .backend = &h.backend,
                                  .data_dir = h.dir };
    assert_ok(store_open(&h.service.store, &o, &err), &err);
    assert_ok(runners_start(&h.service, &err), &err);
    store_wait(h.service.store);
}

/* As at the end of a server, or at its death: what runs is dropped. */
static void halt(void)
{
    runners_stop(&h.service);
    store_close(h.service.store);
    for (int i = 0; i < TIMERS_MAX; i++) assert_null(h.timers[i]);
    assert_int_equal(h.n_live, 0);
}

static int setup(void **state)
{
    (void)state;
    log_setup(LOG_OFF, LOG_TEXT, "test");
    memset(&h, 0, sizeof h);
    h.backend.ops = &harness_backend_ops;
    (void)snprintf(h.dir, sizeof h.dir, "/tmp/tiro-batches-XXXXXX");
    if (!mkdtemp(h.dir)) return -1;
    seams.wall_ns = harness_wall;
    seams.now_ns = harness_now;
    begin();
    return 0;
}

static int teardown(void **state)
{
    char command[128];
    (void)state;
    halt();
    seams = seams_real;
    (void)snprintf(command, sizeof command, "rm -rf %s", h.dir);
    return system(command) == 0 ? 0 : -1;
}

#endif

/* The lines of batches: run, tried again, and written down. */
#include "api/batch_line.h"
#include "api/batch_work.h"
#include "api/reply.h"
#include "base/log.h"
#include "base/seam.h"

#include <assert.h>
#include <stdio.h>

enum { END_BYTES_MAX = REPLY_BYTES_MAX + (1 << 20) };

static struct batch_line_run *of_job(struct store_job *job)
{
    return (struct batch_line_run *)((char *)job - offsetof(struct batch_line_run, job));
}

/* ---- Lists ---- */

static void push(struct batch_line_run **list, struct batch_line_run *l)
{
    l->next = *list;
    l->at = list;
    if (l->next) l->next->at = &l->next;
    *list = l;
}

static void take_out(struct batch_line_run *l)
{
    *l->at = l->next;
    if (l->next) l->next->at = l->at;
    l->next = NULL;
    l->at = NULL;
}

struct batch_line_run *batch_line_new(struct batch_work *w, int64_t line, struct slice custom_id,
                                      struct slice body)
{
    struct batch_line_run *l = mem_calloc(1, sizeof *l + custom_id.len + body.len);
    if (!l) return NULL;
    char *text = (char *)(l + 1);
    memcpy(text, custom_id.ptr, custom_id.len);
    memcpy(text + custom_id.len, body.ptr, body.len);
    l->work = w;
    l->line = line;
    l->custom_id = (struct slice){ text, custom_id.len };
    l->body = (struct slice){ text + custom_id.len, body.len };
    return l;
}

void batch_line_free(struct batch_line_run *l)
{
    arena_release(&l->arena);
    mem_free(l);
}

/* ---- Written down ---- */

static int run_save(struct store_job *job, struct db *db, struct err *err)
{
    struct batch_line_run *l = of_job(job);
    return batch_line_end(db, l->work->id, &l->work->owner, &l->end, err);
}

static void on_saved(struct store_job *job, int rc, const struct err *err);

static void save(struct batch_line_run *l)
{
    struct batches *b = l->work->all;
    l->job = (struct store_job){ .run = run_save, .done = on_saved };
    b->n_jobs++;
    store_submit(b->service->store, &l->job);
}

static void on_saved(struct store_job *job, int rc, const struct err *err)
{
    struct batch_line_run *l = of_job(job);
    struct batch_work *w = l->work;
    struct batches *b = w->all;
    if (rc < 0 && !b->stopped) {
        log_warn("a batch's line was not stored yet", LOG_STR("batch", w->id.ptr),
                 LOG_STR("why", err->text));
        b->n_jobs--;
        push(&b->unsaved, l);
        return;
    }
    w->n_ending--;
    b->n_ending--;
    batch_line_free(l);
    if (batches_job_back(b)) batches_go(b);
}

void batches_save_again(struct batches *b)
{
    struct batch_line_run *list = b->unsaved, *next;
    b->unsaved = NULL;
    for (struct batch_line_run *l = list; l; l = next) {
        next = l->next;
        save(l);
    }
}

/* ---- Run ---- */

static void try_line(struct batch_line_run *l);

/* The error's code of an answer that is none; "" when it has no such. */
static void error_code(char ret[64], struct slice body)
{
    json_t *root;
    ret[0] = '\0';
    if (json_read(&root, body, &json_limits_request, "the answer", NULL) < 0) return;
    const json_t *code = json_object_get(json_object_get(root, "error"), "code");
    const char *text = json_is_string(code) ? json_string_value(code) : "";
    (void)snprintf(ret, 64, "%s", text); /* Ours are shorter. */
    json_decref(root);
}

/* Whether what kept the line from running may pass. */
static bool may_pass(struct batch_line_run *l, const struct inner_answer *a)
{
    static const enum err_code codes[] = {
        ERR_RATE_LIMIT, ERR_OVERLOADED, ERR_NOT_READY, ERR_WORKER_LOST, ERR_SHUTTING_DOWN,
        ERR_NO_MEMORY,  ERR_NO_SPACE,   ERR_IO,        ERR_BUSY,        ERR_DEADLINE
    };
    char code[64];
    if (a->status != 429 && a->status != 503) return false;
    error_code(code, a->body);
    if (strcmp(code, err_api_code(ERR_WORKER_LOST)) == 0 && ++l->n_lost >= BATCH_LOST_MAX)
        return false;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (strcmp(code, err_api_code(codes[i])) == 0) return true;
    return false;
}

static void on_retry(void *user)
{
    struct batch_line_run *l = user;
    l->timer = NULL;
    if (!l->work->all->draining) try_line(l);
}

static void try_later(struct batch_line_run *l, uint32_t at_least_ms)
{
    struct service *service = l->work->all->service;
    uint64_t ms = BATCH_RETRY_MS;
    for (uint32_t i = 0; i < l->n_tries && ms < BATCH_RETRY_MAX_MS; i++) ms *= 2;
    if (ms > BATCH_RETRY_MAX_MS) ms = BATCH_RETRY_MAX_MS;
    if (ms < at_least_ms) ms = at_least_ms;
    l->n_tries++;
    l->timer = service->ops->timer(service, ms, on_retry, l);
    /* Without memory for a timer it stays open; the next tick finds it. */
}

/* What it was, into memory of the line's own. */
static int keep(struct batch_line_run *l, const struct inner_answer *a)
{
    struct batch_work *w = l->work;
    struct batch_line_end *end = &l->end;
    const struct call_stats *stats = &a->stats;
    arena_release(&l->arena);
    arena_init(&l->arena, END_BYTES_MAX);
    bool good = a->status == 200;
    *end = (struct batch_line_end){
        .row = { .line = l->line,
                 .state = good ? BATCH_LINE_COMPLETED : BATCH_LINE_FAILED,
                 .status = a->status,
                 .request_id = arena_slice(&l->arena, slice_of(a->request_id)),
                 .body = arena_slice(&l->arena, a->body) },
        .reasoning_tokens = good ? stats->reasoning_tokens : 0,
        .used = { .endpoint = w->endpoint,
                  .model = stats->model ? arena_slice(&l->arena, slice_of(stats->model))
                                        : SLICE(""),
                  .created_at = batch_now(),
                  .status = a->status,
                  .core_us = stats->core_us },
    };
    char id[BATCH_REQUEST_ID_SIZE]; /* No text of the client's: the ledger outlives the batch. */
    batch_line_request_id(id, w->id, l->custom_id);
    end->used.id = slice_of(arena_printf(&l->arena, "%.*s/%s", SLICE_FMT(w->id), id));
    if (good) { /* As its usage says; an error says none. */
        end->used.prompt_tokens = stats->prompt_tokens;
        end->used.cached_tokens = stats->cached_tokens;
        end->used.completion_tokens = stats->completion_tokens;
    }
    return l->arena.failed ? -ERR_NO_MEMORY : 0;
}

static void on_answer(void *user, const struct inner_answer *a)
{
    struct batch_line_run *l = user;
    struct batch_work *w = l->work;
    struct batches *b = w->all;
    l->call = NULL;
    if (may_pass(l, a) || keep(l, a) < 0) {
        try_later(l, a->retry_after_ms);
        return;
    }
    take_out(l);
    w->n_open--;
    b->n_open--;
    w->n_ending++;
    b->n_ending++;
    save(l);
    batches_go(b);
}

static void try_line(struct batch_line_run *l)
{
    struct batch_work *w = l->work;
    struct inner_call_options o = {
        .service = w->all->service,
        .principal = &w->owner,
        .method = SLICE("POST"),
        .path = w->endpoint,
        .body = l->body,
        .priority = BATCH_PRIORITY,
        .has_seed = true,
        .seed = batch_line_seed(w->id, l->custom_id),
        .end = on_answer,
        .user = l,
    };
    struct err err = { 0 };
    if (inner_call_begin(&l->call, &o, &err) < 0) try_later(l, 0);
}

void batch_run_next(struct batch_work *w)
{
    struct batch_line_run *l = w->waiting;
    assert(l);
    if (w->waiting_end == &l->next) w->waiting_end = &w->waiting;
    take_out(l);
    w->n_waiting--;
    w->n_open++;
    w->all->n_open++;
    push(&w->open, l);
    try_line(l);
}

void batch_run_stuck(struct batch_work *w)
{
    for (struct batch_line_run *l = w->open, *next; l; l = next) {
        next = l->next;
        if (!l->call && !l->timer) try_line(l); /* Which may end, and is gone then. */
    }
}

void batch_run_stop(struct batch_work *w)
{
    struct service *service = w->all->service;
    while (w->open) {
        struct batch_line_run *l = w->open;
        take_out(l);
        w->n_open--;
        w->all->n_open--;
        service->ops->timer_cancel(service, l->timer);
        inner_call_cancel(l->call);
        batch_line_free(l);
    }
    while (w->waiting) {
        struct batch_line_run *l = w->waiting;
        take_out(l);
        w->n_waiting--;
        batch_line_free(l);
    }
    w->waiting_end = &w->waiting;
}

#include "api/live.h"

#include "api/call.h"
#include "api/field.h"
#include "api/response_body.h"
#include "base/json.h"
#include "base/log.h"
#include "base/seam.h"

#include <assert.h>
#include <stdio.h>

enum {
    NAMES_MAX = 4 << 10,
    WORK_MAX = 256 << 20, /* a request, its history's texts, and the object, twice */
};

static void advance(struct live *live);

/* ---- Life ---- */

struct live *live_new(struct service *service, struct slice id, const struct principal *owner)
{
    struct live *live = mem_calloc(1, sizeof *live);
    if (!live) return NULL;
    live->service = service;
    live->last = LIVE_NO_NUMBER;
    arena_init(&live->names, NAMES_MAX);
    arena_init(&live->work, WORK_MAX);
    event_log_init(&live->log, 0);
    live->id = arena_slice(&live->names, id);
    live->principal = (struct principal){ .tenant = arena_slice(&live->names, owner->tenant),
                                          .project = arena_slice(&live->names, owner->project),
                                          .user = arena_slice(&live->names, owner->user),
                                          .key = arena_slice(&live->names, owner->key) };
    live->fresh = arena_mark(&live->work);
    if (!live->names.failed) return live;
    live_free(live);
    return NULL;
}

/* What waits for its turn keeps none of it. */
static void drop_work(struct live *live)
{
    json_decref(live->history);
    json_decref(live->input);
    json_decref(live->output);
    live->history = live->input = live->output = NULL;
    live->request = live->asked = live->model = (struct slice){ 0 };
    live->previous_id = live->conversation_id = (struct slice){ 0 };
    live->first = live->body = (struct slice){ 0 };
    live->files = (struct prompt_files){ 0 };
    arena_release(&live->work);
    arena_init(&live->work, WORK_MAX);
    live->fresh = arena_mark(&live->work);
}

void live_free(struct live *live)
{
    assert(!live->run && !live->job_open && !live->listeners && !live->stop && !live->reading);
    drop_work(live);
    arena_release(&live->work);
    arena_release(&live->names);
    event_log_release(&live->log);
    mem_free(live);
}

/* ---- The run's events ---- */

static bool ends_stream(const char *type)
{
    return strcmp(type, "response.completed") == 0 || strcmp(type, "response.incomplete") == 0 ||
           strcmp(type, "response.failed") == 0;
}

static bool was_cancelled(const struct live *live)
{
    return strcmp(live->status, "cancelled") == 0;
}

static void stop_replay(void *user)
{
    struct live *live = user;
    live->stop = NULL;
    live_cancel(live);
}

/* A replay of what did not end by itself goes as far as it went; not from inside the run. */
static void stop_soon(struct live *live)
{
    struct service *s = live->service;
    if (!live->stop) live->stop = s->ops->timer(s, 0, stop_replay, live);
}

static void on_event(void *user, uint64_t number, const char *type, struct slice json)
{
    struct live *live = user;
    if (live->last != LIVE_NO_NUMBER) return;
    if (live->parked && strcmp(type, "response.in_progress") == 0) return; /* Not yet. */
    if (ends_stream(type)) {
        live->last = number; /* Written anew from the object, when that is on disk. */
        return;
    }
    if (live->replay && live->n_events > 0 && number + !was_cancelled(live) >= live->n_events) {
        if (!was_cancelled(live)) live->last = number;
        stop_soon(live);
        return;
    }
    event_log_add(&live->log, number, type, json);
}

static void on_flush(void *user)
{
    struct live *live = user;
    live->told = true;
    live_give(live);
    if (live->home) responses_grown(live->home, live);
}

static void drop_run(struct live *live)
{
    if (live->run) response_run_drop(live->run);
    live->run = NULL;
}

static void drop_reading(struct live *live)
{
    prompt_reading_cancel(live->reading);
    live->reading = NULL;
}

static void turn_over(struct live *live)
{
    if (live->counted && live->home) responses_turn_over(live->home, live);
}

static void take_result(struct live *live, const struct response_result *result)
{
    bool whole = result->body.len > 0 && result->output;
    (void)snprintf(live->status, sizeof live->status, "%s", result->status); /* Short. */
    live->stats = result->stats;
    live->n_events = (live->last == LIVE_NO_NUMBER ? live->log.end : live->last) + 1;
    if (whole) live->body = arena_slice(&live->work, result->body);
    if (live->body.ptr) live->output = json_incref((json_t *)(uintptr_t)result->output);
    if (result->error) live->failure = *result->error;
    live->retry_after_ms = result->retry_after_ms;
    if (live->body.ptr) return;
    (void)snprintf(live->status, sizeof live->status, "failed");
    (void)err_set(&live->failure, ERR_NO_MEMORY, "There is no memory for the answer.");
}

static bool may_pass(const struct err *err)
{
    int status = err_http_status(err->code);
    if (err->code == ERR_FORMAT || err->code == ERR_UNSUPPORTED_FORMAT || err->code == ERR_CHECKSUM)
        return false; /* A model's file does not mend itself. */
    return status == 429 || status == 503;
}

/* It is begun again, as after a start of the server. */
static void wait_again(struct live *live)
{
    live->phase = LIVE_WAITING;
    responses_retry_later(live->home);
}

/* Of what was promised, a failure that may pass is none yet. But a request that ends every worker
 * is not to end them for ever. */
static bool is_begun_again(struct live *live, const struct err *failure)
{
    bool lost = failure && may_pass(failure) && failure->code != ERR_NO_MEMORY;
    if (!lost || live->replay || !live->stored) return false;
    if (!live->on_disk || live_told_nothing(live) || live->n_again == LIVE_AGAIN_MAX) return false;
    live->n_again++;
    live->last = LIVE_NO_NUMBER;
    return true;
}

static void on_end(void *user, const struct response_result *result)
{
    struct live *live = user;
    live->run = NULL;
    turn_over(live);
    if (is_begun_again(live, result->error)) {
        wait_again(live);
        return;
    }
    live->phase = LIVE_ENDED;
    if (!live->replay) take_result(live, result);
    live->refused = !live->replay && live->failure.code && live_told_nothing(live);
    advance(live);
}

static const struct response_run_ops run_ops = {
    .event = on_event,
    .flush = on_flush,
    .end = on_end,
};

/* ---- The end ---- */

/* The last event, now that it is true. One that was cancelled has none. */
static void add_last_event(struct live *live)
{
    struct slice json;
    const char *type;
    uint64_t number = live->last;
    if (was_cancelled(live)) return;
    if (number == LIVE_NO_NUMBER) {
        number = live->log.end;
        for (struct listener *l = live->listeners; l; l = l->next)
            if (l->kind == LISTENER_EVENTS && l->number > number) number = l->number;
    }
    if (response_body_event(&json, &type, live->body, live->status, number, &live->work, NULL) == 0)
        event_log_add(&live->log, number, type, json);
    else
        event_log_add(&live->log, number + 1, "", SLICE("")); /* Whoever waits for it is refused. */
}

static void leave(struct live *live)
{
    if (live->stop) live->service->ops->timer_cancel(live->service, live->stop);
    live->stop = NULL;
    responses_done(live->home, live);
}

static void settle(struct live *live)
{
    live->phase = LIVE_SETTLED;
    live->told = true;
    add_last_event(live);
    live_tell_stats(live);
    live_answer(live, LISTENER_ROW, live->body);
    live_answer(live, LISTENER_OBJECT, live->body);
    live_give(live);
    leave(live);
}

/* Nothing of it was promised, or nothing more can be done. */
static void give_up(struct live *live, const struct err *err)
{
    live_leave_books(live);
    live_refuse(live, err);
    live->phase = LIVE_SETTLED;
    live->forgotten = true;
    leave(live);
}

static void submit(struct live *live,
                   int (*run)(struct store_job *job, struct db *db, struct err *err),
                   void (*done)(struct store_job *job, int rc, const struct err *err))
{
    assert(!live->job_open);
    live->job.run = run;
    live->job.done = done;
    live->job.erases = run == live_store_remove;
    live->job_open = true;
    store_submit(live->service->store, &live->job);
}

/* Whether there is still someone to whom it is of use; else it is freed. */
static bool job_over(struct live *live)
{
    live->job_open = false;
    if (live->home) return true;
    live_free(live);
    return false;
}

/* Of a request that was wrong there is nothing to keep. */
static void on_removed(struct store_job *job, int rc, const struct err *err)
{
    struct live *live = live_of_job(job);
    struct err why = live->failure;
    if (!job_over(live)) return;
    if (rc < 0)
        log_warn("a response is left that its client was not told of",
                 LOG_SLICE("response", live->id), LOG_STR("why", err->text));
    give_up(live, &why);
}

static void on_finished(struct store_job *job, int rc, const struct err *err)
{
    struct live *live = live_of_job(job);
    if (!job_over(live)) return;
    if (rc >= 0) {
        settle(live);
        return;
    }
    log_error("a response could not be written; it will be tried again",
              LOG_SLICE("response", live->id), LOG_STR("why", err->text));
    live_refuse(live, err);
    live->retry = true;
    responses_retry_later(live->home);
}

/* After each job, and when it has ended. */
static void advance(struct live *live)
{
    struct err err = { 0 };
    if (live->job_open || live->phase != LIVE_ENDED) return;
    if (live->stored && !live->replay && live->on_disk) {
        if (live->refused)
            submit(live, live_store_remove, on_removed);
        else
            submit(live, live_store_finish, on_finished);
        return;
    }
    if (live->refused) {
        err = live->failure;
        give_up(live, &err);
        return;
    }
    if (live->body.ptr && (!live->stored || live->replay)) {
        settle(live);
        return;
    }
    (void)err_set(&err, ERR_CANCELLED, "The response was cancelled.");
    give_up(live, &err);
}

void live_retry(struct live *live)
{
    if (!live->retry) return;
    live->retry = false;
    advance(live);
}

void live_cancel(struct live *live)
{
    if (live->phase == LIVE_ENDED || live->phase == LIVE_SETTLED) return;
    if (!live->replay) (void)snprintf(live->status, sizeof live->status, "cancelled");
    drop_reading(live);
    if (live->run) {
        struct slice body = { 0 };
        struct response_run *run = live->run;
        live->run = NULL;
        live->stats = response_run_stats(run);
        /* Without memory the row's own object will do. */
        int rc = response_run_cancel(run, &body, &live->work, NULL);
        if (!live->replay && rc == 0) live->body = body;
        turn_over(live);
    }
    live->phase = LIVE_ENDED;
    if (!live->replay) live->n_events = live->log.end;
    advance(live);
}

/* It cannot begin, for a reason that will not pass. */
static void fail(struct live *live, const struct err *err)
{
    (void)snprintf(live->status, sizeof live->status, "failed");
    live->failure = *err;
    live->n_events = 0;
    live->phase = LIVE_ENDED;
    advance(live);
}

/* ---- The beginning ---- */

static void on_added(struct store_job *job, int rc, const struct err *err)
{
    struct live *live = live_of_job(job);
    if (!job_over(live)) return;
    if (rc < 0) {
        drop_run(live);
        turn_over(live);
        give_up(live, err);
        return;
    }
    live->on_disk = true;
    live_answer(live, LISTENER_ROW, live->first);
    live_give(live);
    if (live->parked && live->phase == LIVE_RUNNING) {
        live->parked = false;
        live->phase = LIVE_WAITING;
        drop_work(live);
        responses_retry_later(live->home);
    }
    advance(live);
}

/* The row: the object as it begins, and the input's items. */
static int describe(struct live *live, struct err *err)
{
    const char *status = live->background ? "queued" : "in_progress";
    struct slice body;
    TRY(response_run_input(&live->input, live->run, err));
    if (live->on_disk) return 0;
    TRY(response_run_body(&body, live->run, &live->work, err));
    return response_body_with_status(&live->first, body, status, NULL, &live->work, err);
}

static int start(struct live *live, struct err *err)
{
    live->parked = live->background && !live->counted && !responses_take_turn(live->home, live);
    const struct response_run_options options = {
        .service = live->service,
        .principal = &live->principal,
        .request = live->request,
        .history = live->history,
        .stored = live->stored,
        .id = live->id,
        .created_at = live->created_at,
        .seed = live->seed,
        .events_from = live->log.end,
        .priority = live->priority,
        .replay = live->replay,
        .ops = &run_ops,
        .user = live,
    };
    int rc = response_run_begin(&live->run, &options, err);
    json_decref(live->history); /* What it needs it has. */
    live->history = NULL;
    if (rc < 0) {
        turn_over(live);
        return rc;
    }
    bool is_new = live->stored && !live->replay && !live->on_disk;
    if (is_new || live->conversation_id.ptr) rc = describe(live, err);
    if (rc < 0 || live->parked) drop_run(live);
    if (rc < 0) {
        turn_over(live);
        return rc;
    }
    live->phase = LIVE_RUNNING;
    live->told = live->told || live->background || (live->on_disk && !live->replay);
    if (is_new) {
        submit(live, live_store_add, on_added);
        return 0;
    }
    live->on_disk = true;
    live_give(live);
    return 0;
}

/* At once, then after longer and longer. */
static void rest(struct live *live)
{
    uint64_t s = live->n_starts ? LIVE_START_WAIT_S : 0;
    for (int i = 1; i < live->n_starts && s < LIVE_START_WAIT_MAX_S; i++) s *= 2;
    if (s > LIVE_START_WAIT_MAX_S) s = LIVE_START_WAIT_MAX_S;
    live->not_before_ns = now_ns() + s * 1000000000u;
    live->n_starts++;
}

static void start_failed(struct live *live, const struct err *err)
{
    if (live->replay || !live->on_disk) {
        give_up(live, err);
    } else if (may_pass(err) && (err->code != ERR_NOT_READY || live->n_starts < LIVE_STARTS_MAX)) {
        rest(live);
        wait_again(live);
    } else {
        log_warn("a response that was begun cannot be made again", LOG_SLICE("response", live->id),
                 LOG_STR("why", err->text));
        fail(live, err);
    }
}

static void on_files_read(void *user, json_t *texts, int rc, const struct err *err)
{
    struct live *live = user;
    struct err why = *err;
    json_t *root = NULL;
    live->reading = NULL;
    if (rc == 0) rc = json_read(&root, live->request, &json_limits_file, "the request", &why);
    if (rc == 0 && json_object_set(root, PROMPT_FILES_MEMBER, texts) < 0)
        rc = err_set(&why, ERR_NO_MEMORY, "There is no memory for the request.");
    if (rc == 0) rc = field_json_text(&live->request, root, &live->work, &why);
    json_decref(root);
    if (rc == 0) rc = start(live, &why);
    if (rc < 0) start_failed(live, &why);
}

static void on_loaded(struct store_job *job, int rc, const struct err *err)
{
    struct live *live = live_of_job(job);
    struct err why = *err;
    if (!job_over(live)) return;
    if (live->phase == LIVE_ENDED) { /* Cancelled meanwhile. */
        turn_over(live);
        advance(live);
        return;
    }
    if (rc < 0)
        turn_over(live);
    else if (live->files.n > 0)
        rc = prompt_files_read(&live->reading, live->service, &live->files, on_files_read, live,
                               &why);
    else
        rc = start(live, &why);
    if (rc < 0) start_failed(live, &why);
}

int live_begin(struct live *live, struct err *err)
{
    assert(live->phase == LIVE_NEW);
    live->fresh = arena_mark(&live->work);
    TRY(arena_check(&live->work, "the request", err));
    live->request = live->asked;
    if (!live->indirect && !live->shows_files && !live->previous_id.ptr &&
        !live->conversation_id.ptr)
        return start(live, err);
    submit(live, live_store_load, on_loaded);
    return 0;
}

void live_load(struct live *live)
{
    drop_work(live);
    live->phase = LIVE_LOADING;
    submit(live, live_store_load, on_loaded);
}

void live_abandon(struct live *live)
{
    drop_run(live);
    drop_reading(live);
    if (live->stop) live->service->ops->timer_cancel(live->service, live->stop);
    live->stop = NULL;
    live_drop_listeners(live);
    live->home = NULL;
    if (!live->job_open) live_free(live);
}

int live_body(struct slice *ret, const struct live *live, struct arena *arena, struct err *err)
{
    if (!live->run || live->replay) return 0;
    TRY(response_run_body(ret, live->run, arena, err));
    return 1;
}

/* Exams: the questions of evaluations in progress are asked, the oldest first, ASKED_AT_ONCE at
 * once and behind everything that people wait for. Each result is stored as it comes, so an exam
 * goes on where an earlier process stopped. */
#include "api/runner/evaluations.h"

#include "api/evaluation_ask.h"
#include "api/evaluations.h"
#include "api/inner_call.h"
#include "base/log.h"
#include "base/seam.h"
#include "store/ledger.h"

#include <assert.h>

enum {
    ASKED_AT_ONCE = 4,
    PRIORITY = -1,
    TICK_MS = 20 * 1000,
    REST_MS = 2 * 1000, /* after what may pass */
    PROBLEMS_MAX = 60,  /* of those one after the other, before an exam fails */
    ASKING_BYTES_MAX = 256 << 20,
    PROBLEM_TEXT_MAX = 500,
    NS_PER_S = 1000 * 1000 * 1000,
};

/* One question: claimed, asked, stored. */
struct asking {
    struct store_job job;      /* first */
    struct evaluations *owner; /* NULL: the runner has stopped */
    struct arena arena;
    struct evaluation_key key; /* of what it asks; 0: nothing yet */
    struct evaluation_key busy[ASKED_AT_ONCE];
    size_t n_busy;
    struct evaluation_work work;
    struct eval_item item;
    struct evaluation_asking ask;
    struct inner_call *call;
    struct ledger_row used;
    bool fails; /* The whole exam ends, for `problem`. */
    struct slice problem;
};

struct evaluations {
    struct service *service;
    struct asking *asked[ASKED_AT_ONCE]; /* NULL: free */
    bool claiming;                       /* One of them looks for its question. */
    bool again;                          /* There may be more than it sees. */
    int n_problems;
    struct service_timer *tick, *rest;
    bool draining;
};

static void look(struct evaluations *e);

static int64_t now_s(void)
{
    return (int64_t)(wall_ns() / NS_PER_S);
}

static void end_asking(struct asking *a)
{
    struct evaluations *e = a->owner;
    for (int i = 0; e && i < ASKED_AT_ONCE; i++)
        if (e->asked[i] == a) e->asked[i] = NULL;
    arena_release(&a->arena);
    mem_free(a);
}

static void on_rested(void *user)
{
    struct evaluations *e = user;
    e->rest = NULL;
    look(e);
}

static void rest(struct evaluations *e)
{
    if (!e->rest && !e->draining)
        e->rest = e->service->ops->timer(e->service, REST_MS, on_rested, e);
}

/* ---- Stored ---- */

static int run_save(struct store_job *job, struct db *db, struct err *err)
{
    struct asking *a = (struct asking *)job;
    if (a->fails)
        return evaluation_end(db, a->work.row.id, EVALUATION_FAILED, SLICE(""), a->problem, now_s(),
                              err);
    return evaluations_save(db, &a->work.owner, a->work.row.id, &a->work.item, &a->used, now_s(),
                            err);
}

static void saved(struct store_job *job, int rc, const struct err *err)
{
    struct asking *a = (struct asking *)job;
    struct evaluations *e = a->owner;
    if (rc < 0)
        log_warn("an exam's answer was not stored; it is asked again",
                 LOG_STR("evaluation", a->work.row.id.ptr), LOG_STR("why", err->text));
    end_asking(a);
    if (!e) return;
    if (rc < 0)
        rest(e);
    else
        look(e);
}

static void save(struct asking *a)
{
    a->job = (struct store_job){ .run = run_save, .done = saved };
    store_submit(a->owner->service->store, &a->job);
}

/* ---- Answered ---- */

static struct slice error_text(const struct inner_answer *answer, struct arena *arena)
{
    json_t *root;
    if (json_read(&root, answer->body, &json_limits_file, "the answer", NULL) < 0)
        return SLICE("The model could not be asked.");
    const json_t *text = json_object_get(json_object_get(root, "error"), "message");
    struct slice s = { json_string_value(text), json_string_length(text) };
    if (s.len > PROBLEM_TEXT_MAX) s.len = PROBLEM_TEXT_MAX;
    s = s.ptr ? arena_slice(arena, s) : SLICE("The model could not be asked.");
    json_decref(root);
    return s;
}

static void book(struct asking *a, const struct inner_answer *answer, struct slice path)
{
    const struct call_stats *stats = &answer->stats;
    const char *id = arena_printf(&a->arena, "%.*s/%lld", SLICE_FMT(a->work.row.id),
                                  (long long)a->work.item.number);
    a->used = (struct ledger_row){
        .id = slice_of(id),
        .endpoint = path,
        .model = a->work.row.model,
        .created_at = now_s(),
        .status = answer->status,
        .prompt_tokens = stats->prompt_tokens,
        .cached_tokens = stats->cached_tokens,
        .completion_tokens = stats->completion_tokens,
        .core_us = stats->core_us,
    };
}

static int keep(struct asking *a, const struct inner_answer *answer, struct err *err)
{
    struct eval_result result = { .kind = a->item.kind };
    int rc = -ERR_INVALID_VALUE;
    if (answer->status == 200)
        rc = evaluation_hear(&result, &a->ask, answer->body, &a->arena, err);
    else
        result.problem = error_text(answer, &a->arena);
    if (rc == -ERR_NO_MEMORY) return rc;
    if (answer->status == 200 && rc < 0) result.problem = slice_of(err->text);
    bool judge = result.kind == EVAL_CODE && !result.problem.len;
    a->work.item.state = judge ? EVALUATION_ANSWERED : EVALUATION_DONE;
    a->work.item.right = !judge && result.right;
    book(a, answer,
         a->ask.chat && result.kind == EVAL_CODE ? SLICE("/v1/chat/completions")
                                                 : SLICE("/v1/completions"));
    TRY(evaluations_result_text(&a->work.item.result, &result, &a->arena, err));
    return arena_check(&a->arena, "a result", err);
}

static void on_answer(void *user, const struct inner_answer *answer)
{
    struct asking *a = user;
    struct evaluations *e = a->owner;
    struct err err = { 0 };
    a->call = NULL;
    bool passes = answer->status == 429 || answer->status == 503;
    if (answer->status == 404 || (passes && ++e->n_problems > PROBLEMS_MAX)) {
        a->fails = true;
        a->problem = error_text(answer, &a->arena);
        e->n_problems = 0;
        save(a);
        return;
    }
    if (!passes) {
        e->n_problems = 0;
        if (keep(a, answer, &err) == 0) {
            save(a);
            return;
        }
        log_warn("an exam's answer could not be kept; it is asked again", LOG_STR("why", err.text));
    }
    end_asking(a);
    rest(e);
}

/* ---- Asked ---- */

static bool is_chat(struct slice settings)
{
    json_t *root;
    if (json_read(&root, settings, &json_limits_request, "the settings", NULL) < 0) return false;
    const char *style = json_string_value(json_object_get(root, "style"));
    bool chat = style && strcmp(style, "chat") == 0;
    json_decref(root);
    return chat;
}

static int ask(struct asking *a, struct err *err)
{
    struct buf body;
    TRY(evaluations_question(&a->item, a->work.item.question, &a->arena, err));
    a->ask = (struct evaluation_asking){ .model = a->work.row.model,
                                         .item = &a->item,
                                         .chat = is_chat(a->work.row.settings) };
    buf_init(&body, ASKING_BYTES_MAX);
    struct slice path = evaluation_ask(&body, &a->ask);
    struct inner_call_options o = {
        .service = a->owner->service,
        .principal = &a->work.owner,
        .method = SLICE("POST"),
        .path = path,
        .body = buf_slice(&body),
        .priority = PRIORITY,
        .end = on_answer,
        .user = a,
    };
    int rc = buf_check(&body, "the question", err);
    if (rc == 0) rc = inner_call_begin(&a->call, &o, err);
    buf_release(&body);
    return rc;
}

static int run_claim(struct store_job *job, struct db *db, struct err *err)
{
    struct asking *a = (struct asking *)job;
    arena_reset(&a->arena);
    return evaluation_next(&a->work, &a->key, db, a->busy, a->n_busy, &a->arena, err);
}

static void claimed(struct store_job *job, int rc, const struct err *err)
{
    struct asking *a = (struct asking *)job;
    struct evaluations *e = a->owner;
    struct err problem = { 0 };
    if (!e) {
        end_asking(a);
        return;
    }
    bool again = e->again, found = rc == 0 && a->work.row.id.len > 0;
    e->claiming = e->again = false;
    if (found && !e->draining) {
        rc = ask(a, &problem); /* From inside which it may be answered, and be gone. */
        if (rc == 0) {
            look(e);
            return;
        }
        err = &problem;
    }
    end_asking(a);
    if (rc < 0) {
        log_warn("exams have to wait", LOG_STR("why", err->text));
        rest(e);
    } else if (again) {
        look(e);
    }
}

static void look(struct evaluations *e)
{
    int place = 0;
    if (e->draining || e->rest) return;
    if (e->claiming) {
        e->again = true;
        return;
    }
    while (place < ASKED_AT_ONCE && e->asked[place]) place++;
    if (place == ASKED_AT_ONCE) return;
    struct asking *a = mem_calloc(1, sizeof *a);
    if (!a) return; /* The next tick tries again. */
    arena_init(&a->arena, ASKING_BYTES_MAX);
    a->owner = e;
    for (int i = 0; i < ASKED_AT_ONCE; i++)
        if (e->asked[i] && e->asked[i]->key.number) a->busy[a->n_busy++] = e->asked[i]->key;
    e->asked[place] = a;
    e->claiming = true;
    a->job = (struct store_job){ .run = run_claim, .done = claimed };
    store_submit(e->service->store, &a->job);
}

/* ---- The runner ---- */

static void on_tick(void *user)
{
    struct evaluations *e = user;
    e->tick = e->service->ops->timer(e->service, TICK_MS, on_tick, e);
    look(e);
}

static int start(struct service *service, void **ret_state, struct err *err)
{
    struct evaluations *e = mem_calloc(1, sizeof *e);
    if (e) {
        e->service = service;
        e->tick = service->ops->timer(service, 0, on_tick, e);
    }
    if (!e || !e->tick) {
        mem_free(e);
        return err_set(err, ERR_NO_MEMORY, "no memory for the exams");
    }
    *ret_state = e;
    return 0;
}

static void drain(void *state)
{
    struct evaluations *e = state;
    e->draining = true;
}

static void stop(void *state)
{
    struct evaluations *e = state;
    e->service->ops->timer_cancel(e->service, e->tick);
    e->service->ops->timer_cancel(e->service, e->rest);
    for (int i = 0; i < ASKED_AT_ONCE; i++) {
        struct asking *a = e->asked[i];
        if (!a) continue;
        a->owner = NULL;
        if (!a->call) continue; /* In the store, which ends it. */
        inner_call_cancel(a->call);
        end_asking(a);
    }
    mem_free(e);
}

void evaluations_tell(struct service *service)
{
    struct evaluations *e = runner_state(service, &runner_evaluations);
    if (e) look(e);
}

const struct runner runner_evaluations = {
    .start = start,
    .drain = drain,
    .stop = stop,
};

/* All responses that are being made, by id; those that wait for their turn; and, when the server is
 * started, those that an earlier process left unfinished. */
#include "api/responses.h"

#include "api/live.h"
#include "api/reply.h"
#include "base/log.h"
#include "base/seam.h"
#include "store/response_table.h"

#include <assert.h>

enum {
    NS_PER_S = 1000 * 1000 * 1000,
    KEPT_WORK_MAX = 1 << 20, /* One that holds more than this beside its events is not kept. */
};

struct responses {
    struct service *service;
    struct live *first, **end; /* oldest first */
    size_t n_turns, n_replays, n_kept;
    size_t bytes; /* of all logs */
    struct seal_key key;
    struct service_timer *tick;
    bool draining;
    struct leftovers *leftovers; /* While they are being read. */
};

/* The job that finds what an earlier process left, a page at a time. */
struct leftovers {
    struct store_job job;
    struct responses *home; /* NULL: the runner has stopped */
    struct arena arena;
    struct response_unfinished rows[RESPONSE_UNFINISHED_MAX];
    size_t n, n_all;
    int64_t after;
};

enum { LEFTOVERS_ARENA_MAX = 1 << 20 };

static int no_memory(struct err *err)
{
    return err_set(err, ERR_NO_MEMORY, "There is no memory for the request.");
}

/* ---- The list ---- */

static void enter(struct responses *r, struct live *live)
{
    live->home = r;
    live->key = r->key;
    live->next = NULL;
    live->at = r->end;
    *r->end = live;
    r->end = &live->next;
    r->n_replays += live->replay;
}

static void take_out(struct responses *r, struct live *live)
{
    *live->at = live->next;
    if (live->next)
        live->next->at = live->at;
    else
        r->end = live->at;
    r->bytes -= live->bytes;
    r->n_replays -= live->replay;
}

static void drop(struct responses *r, struct live *live)
{
    if (live->phase == LIVE_SETTLED && !live->forgotten) r->n_kept--;
    take_out(r, live);
    live_free(live);
}

static struct live *find(const struct responses *r, struct slice id)
{
    for (struct live *live = r ? r->first : NULL; live; live = live->next)
        if (!live->replay && !live->forgotten && live->stored && slice_eq(live->id, id))
            return live;
    return NULL;
}

static struct responses *of(const struct service *service)
{
    return runner_state(service, &runner_responses);
}

static int here(struct responses **ret, const struct service *service, struct err *err)
{
    *ret = of(service);
    return *ret ? 0 : err_set(err, ERR_SHUTTING_DOWN, "The server is shutting down.");
}

/* ---- Turns ---- */

bool responses_take_turn(struct responses *r, struct live *live)
{
    if (r->n_turns >= RESPONSES_TURNS_MAX || r->draining) return false;
    r->n_turns++;
    live->counted = true;
    return true;
}

static void on_tick(void *user);

static void tick_in(struct responses *r, uint64_t ms)
{
    if (!r->tick) r->tick = r->service->ops->timer(r->service, ms, on_tick, r);
}

void responses_retry_later(struct responses *r)
{
    tick_in(r, RESPONSES_RETRY_MS);
}

static void on_tick(void *user)
{
    struct responses *r = user;
    r->tick = NULL;
    for (struct live *live = r->first, *next; live; live = next) {
        next = live->next;
        live_retry(live);
    }
    bool rests = false;
    uint64_t now = now_ns();
    for (struct live *live = r->first, *next; live && !r->draining; live = next) {
        next = live->next;
        if (live->phase != LIVE_WAITING) continue;
        rests = rests || now < live->not_before_ns;
        if (now < live->not_before_ns) continue;
        if (!responses_take_turn(r, live)) break;
        live_load(live);
    }
    if (rests) responses_retry_later(r);
}

void responses_turn_over(struct responses *r, struct live *live)
{
    assert(live->counted && r->n_turns > 0);
    live->counted = false;
    r->n_turns--;
    if (r->tick) r->service->ops->timer_cancel(r->service, r->tick);
    r->tick = NULL;
    tick_in(r, 0); /* From the loop: the caller is in the middle of something. */
}

/* ---- Memory ---- */

static struct live *oldest_kept(const struct responses *r)
{
    for (struct live *live = r->first; live; live = live->next)
        if (live->phase == LIVE_SETTLED && !live->forgotten) return live;
    return NULL;
}

void responses_grown(struct responses *r, struct live *live)
{
    size_t bytes = live->log.text.len;
    struct live *kept;
    r->bytes += bytes - live->bytes;
    live->bytes = bytes;
    while (r->bytes > RESPONSES_EVENTS_MAX && (kept = oldest_kept(r)) && kept != live)
        drop(r, kept);
    if (r->bytes <= RESPONSES_EVENTS_MAX) return;
    event_log_drop(&live->log, live->log.end); /* Its listeners have them already. */
    r->bytes -= live->bytes;
    live->bytes = 0;
}

void responses_done(struct responses *r, struct live *live)
{
    bool keeps = live->stored && !live->replay && !live->forgotten &&
                 live->work.used <= KEPT_WORK_MAX;
    if (!keeps) live->forgotten = true;
    r->n_kept += keeps;
    if (keeps) responses_grown(r, live);
    if (!keeps)
        drop(r, live);
    else if (r->n_kept > RESPONSES_KEPT_MAX)
        drop(r, oldest_kept(r));
}

/* ---- What endpoints ask ---- */

static bool is_waited_for(const struct live *live)
{
    return live->background && live->phase != LIVE_SETTLED;
}

static bool is_of(const struct live *live, const struct principal *owner)
{
    return slice_eq(live->principal.tenant, owner->tenant) &&
           slice_eq(live->principal.project, owner->project);
}

static int check_room(const struct responses *r, const struct principal *owner, struct err *err)
{
    int n = 0, of_project = 0;
    for (const struct live *live = r->first; live; live = live->next) {
        if (!is_waited_for(live)) continue;
        n++;
        of_project += is_of(live, owner);
    }
    if (of_project >= RESPONSES_BACKGROUND_PROJECT_MAX)
        return err_set(err, ERR_RATE_LIMIT,
                       "Your project has %d background responses that have not ended; it may have "
                       "%d. Try again when some have.",
                       of_project, RESPONSES_BACKGROUND_PROJECT_MAX);
    if (n >= RESPONSES_BACKGROUND_MAX)
        return err_set(err, ERR_OVERLOADED,
                       "%d background responses have not ended; this server takes %d. Try again "
                       "shortly.",
                       n, RESPONSES_BACKGROUND_MAX);
    return 0;
}

static struct slice kept(struct live *live, struct slice s)
{
    return s.ptr ? arena_slice(&live->work, s) : s;
}

static struct live *make(struct responses *r, const struct call *call,
                         const struct responses_ask *ask)
{
    char id[REPLY_ID_MAX];
    reply_id(id, "resp_");
    struct live *live = live_new(r->service, slice_of(id), &call->principal);
    if (!live) return NULL;
    live->stored = ask->stored;
    live->background = ask->background;
    live->indirect = ask->indirect;
    live->shows_files = ask->shows_files;
    live->priority = call->priority;
    live->created_at = (int64_t)(wall_ns() / NS_PER_S);
    random_bytes_fill(&live->seed, sizeof live->seed);
    if (call->has_seed) live->seed = call->seed;
    live->asked = kept(live, ask->request);
    live->model = kept(live, ask->model);
    live->previous_id = kept(live, ask->previous_id);
    live->conversation_id = kept(live, ask->conversation_id);
    return live;
}

int responses_begin(struct call *call, const struct responses_ask *ask, struct err *err)
{
    struct responses *r;
    TRY(here(&r, call->service, err));
    if (ask->background) TRY(check_room(r, &call->principal, err));
    struct live *live = make(r, call, ask);
    if (!live) return no_memory(err);
    enter(r, live);
    enum listener_kind kind = ask->stream       ? LISTENER_EVENTS
                              : ask->background ? LISTENER_ROW
                                                : LISTENER_OBJECT;
    int rc = live_listen(live, call, kind, 0, true, err);
    if (rc == 0) rc = live_begin(live, err);
    if (rc < 0) {
        take_out(r, live);
        live_abandon(live);
        return rc;
    }
    call->books_itself = call->books_itself || ask->stored;
    call->stats.model = arena_strndup(call->arena, ask->model.ptr, ask->model.len);
    return 0;
}

int responses_body(struct slice *ret, const struct service *service, struct slice id,
                   struct arena *arena, struct err *err)
{
    const struct live *live = find(of(service), id);
    return live ? live_body(ret, live, arena, err) : 0;
}

int responses_stream(struct call *call, struct slice id, uint64_t number, struct err *err)
{
    struct responses *r;
    TRY(here(&r, call->service, err));
    struct live *live = find(r, id);
    bool is_live = live && (live->phase != LIVE_SETTLED || live->log.first <= number);
    if (is_live) {
        TRY(live_listen(live, call, LISTENER_EVENTS, number, false, err));
        live_give(live);
        return 0;
    }
    if (r->n_replays >= RESPONSES_REPLAYS_MAX)
        return err_set(err, ERR_OVERLOADED,
                       "The events of %d responses that have ended are being made again; this "
                       "server makes %d at a time. Try again shortly, or read the response without "
                       "'stream'.",
                       RESPONSES_REPLAYS_MAX, RESPONSES_REPLAYS_MAX);
    live = live_new(r->service, id, &call->principal);
    if (!live) return no_memory(err);
    live->stored = live->replay = live->on_disk = true;
    live->priority = call->priority;
    event_log_init(&live->log, number);
    int rc = live_listen(live, call, LISTENER_EVENTS, number, false, err);
    if (rc < 0) {
        live_free(live);
        return rc;
    }
    enter(r, live);
    live_load(live);
    return 0;
}

int responses_cancel(struct call *call, struct slice id, struct err *err)
{
    struct live *live = find(of(call->service), id);
    if (!live || live->phase == LIVE_SETTLED) return 0;
    TRY(live_listen(live, call, LISTENER_OBJECT, 0, false, err));
    live_cancel(live);
    return 1;
}

static void forget(struct responses *r, struct live *live)
{
    if (live->phase == LIVE_SETTLED) {
        drop(r, live);
        return;
    }
    live->forgotten = true;
    live_cancel(live);
}

void responses_forget(struct call *call, struct slice id)
{
    struct responses *r = of(call->service);
    struct live *live = find(r, id);
    if (live && is_of(live, &call->principal)) forget(r, live);
}

void responses_leave(struct service *service, const struct principal *owner)
{
    struct responses *r = of(service);
    for (struct live *live = r ? r->first : NULL, *next; live; live = next) {
        next = live->next;
        if (!live->replay && !live->forgotten && is_of(live, owner)) forget(r, live);
    }
}

int responses_seal_key(const struct seal_key **ret, const struct service *service, struct err *err)
{
    struct responses *r;
    TRY(here(&r, service, err));
    *ret = &r->key;
    return 0;
}

/* ---- Beginning and end ---- */

static int find_leftovers(struct store_job *job, struct db *db, struct err *err)
{
    struct leftovers *l = (struct leftovers *)job;
    arena_reset(&l->arena);
    return response_list_unfinished(l->rows, &l->n, db, l->after, &l->arena, err);
}

static int begin_again(struct responses *r, const struct response_unfinished *row)
{
    struct live *live = live_new(r->service, row->id, &row->owner);
    if (!live) return -ERR_NO_MEMORY;
    live->stored = live->on_disk = true;
    live->background = row->background;
    live->phase = LIVE_WAITING;
    enter(r, live);
    return 0;
}

static void leftovers_free(struct leftovers *l)
{
    if (l->home) l->home->leftovers = NULL;
    arena_release(&l->arena);
    mem_free(l);
}

static void leftovers_found(struct store_job *job, int rc, const struct err *err)
{
    struct leftovers *l = (struct leftovers *)job;
    struct responses *r = l->home;
    for (size_t i = 0; r && rc >= 0 && i < l->n; i++) {
        rc = begin_again(r, &l->rows[i]);
        l->after = l->rows[i].seq;
        l->n_all++;
    }
    if (r && rc >= 0 && l->n == RESPONSE_UNFINISHED_MAX) {
        store_submit(r->service->store, job);
        return;
    }
    if (r && rc < 0)
        log_error("responses that were left unfinished cannot be found; they wait for another "
                  "start",
                  LOG_STR("why", err->code ? err->text : "no memory"));
    if (r && l->n_all > 0) {
        log_info("responses are begun again", LOG_INT("responses", l->n_all));
        tick_in(r, 0);
    }
    leftovers_free(l);
}

static int start(struct service *service, void **ret_state, struct err *err)
{
    struct responses *r = mem_calloc(1, sizeof *r);
    struct leftovers *l = mem_calloc(1, sizeof *l);
    int rc = r && l ? seal_open_key(&r->key, service->data_dir, err)
                    : err_set(err, ERR_NO_MEMORY, "no memory for the responses");
    if (rc < 0) {
        mem_free(r);
        mem_free(l);
        return rc;
    }
    r->service = service;
    r->end = &r->first;
    l->home = r;
    l->job = (struct store_job){ .run = find_leftovers, .done = leftovers_found };
    arena_init(&l->arena, LEFTOVERS_ARENA_MAX);
    r->leftovers = l;
    *ret_state = r;
    store_submit(service->store, &l->job);
    return 0;
}

static void drain(void *state)
{
    struct responses *r = state;
    r->draining = true;
}

static void stop(void *state)
{
    struct responses *r = state;
    if (r->tick) r->service->ops->timer_cancel(r->service, r->tick);
    if (r->leftovers) r->leftovers->home = NULL;
    for (struct live *live = r->first, *next; live; live = next) {
        next = live->next;
        live_abandon(live);
    }
    mem_free(r);
}

const struct runner runner_responses = {
    .start = start,
    .drain = drain,
    .stop = stop,
};

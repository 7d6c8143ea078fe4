/* People who have left: what still ran for them is deleted too, and then their row. And sessions
 * and links whose time is over go. */
#include "api/leaving.h"
#include "api/runner.h"
#include "base/log.h"
#include "base/seam.h"
#include "store/holding.h"

enum {
    FIRST_MS = 2 * 1000,
    LEAVING_MS = 10 * 1000, /* while somebody's row waits to go */
    REST_MS = 10 * 60 * 1000,
    LIST_BYTES_MAX = 8 << 20,
};

struct sweep {
    struct store_job job; /* first */
    struct sweeper *home; /* NULL: the runner has stopped */
    struct arena arena;
    struct person_row *people;
    size_t n, n_gone;
};

struct sweeper {
    struct service *service;
    struct service_timer *timer;
    struct sweep *sweep;
    bool soon; /* somebody has left since the sweep began */
};

static void begin(void *user);

static void wait(struct sweeper *s, uint64_t ms)
{
    s->timer = s->service->ops->timer(s->service, ms, begin, s);
    if (!s->timer) log_error("no memory for a timer: who has left is forgotten at the next start");
}

/* On the store's thread. A row goes one sweep after the one that found nothing more at work. */
static int forget(struct sweep *s, struct db *db, const struct person_row *person, struct err *err)
{
    struct principal owner = person_principal(person, SLICE(""));
    int64_t open;
    if (!slice_is(person->state, "leaving")) return 0;
    TRY(holdings_erase(&open, db, &owner, err));
    s->job.erases = true;
    s->n_gone++;
    if (open) return 0;
    if (slice_is(person->role, "left")) return person_remove(db, person->id, err);
    return person_update(db, person->id, &(struct person_change){ .role = SLICE("left") }, err);
}

static int run(struct store_job *job, struct db *db, struct err *err)
{
    struct sweep *s = (struct sweep *)job;
    int64_t now = (int64_t)(wall_ns() / 1000000000u);
    arena_reset(&s->arena);
    s->n_gone = 0;
    TRY(people_expire(db, now - PEOPLE_SESSION_S, now - PEOPLE_SESSION_IDLE_S, now, err));
    TRY(people_read(&s->people, &s->n, db, &s->arena, err));
    for (size_t i = 0; i < s->n; i++) TRY(forget(s, db, &s->people[i], err));
    return 0;
}

static void done(struct store_job *job, int rc, const struct err *err)
{
    struct sweep *s = (struct sweep *)job;
    struct sweeper *home = s->home;
    if (rc < 0) log_error("what people left could not be deleted", LOG_STR("why", err->text));
    for (size_t i = 0; home && rc >= 0 && s->n_gone && i < s->n; i++) {
        struct principal owner = person_principal(&s->people[i], SLICE(""));
        if (slice_is(s->people[i].state, "leaving")) leaving_tidy(home->service, &owner);
    }
    if (home) {
        home->sweep = NULL;
        if (rc >= 0 && s->n_gone) people_reload(home->service->people);
        wait(home, rc < 0 || s->n_gone || home->soon ? LEAVING_MS : REST_MS);
        home->soon = false;
    }
    arena_release(&s->arena);
    mem_free(s);
}

static void begin(void *user)
{
    struct sweeper *home = user;
    struct sweep *s = mem_calloc(1, sizeof *s);
    home->timer = NULL;
    if (!s || !home->service->store) {
        mem_free(s);
        wait(home, LEAVING_MS);
        return;
    }
    s->job = (struct store_job){ .run = run, .done = done };
    s->home = home;
    arena_init(&s->arena, LIST_BYTES_MAX);
    home->sweep = s;
    store_submit(home->service->store, &s->job);
}

static int start(struct service *service, void **ret_state, struct err *err)
{
    if (!service->people) return 0;
    struct sweeper *home = mem_calloc(1, sizeof *home);
    if (!home) return err_set(err, ERR_NO_MEMORY, "no memory to forget people");
    home->service = service;
    *ret_state = home;
    wait(home, FIRST_MS);
    return 0;
}

static void stop(void *state)
{
    struct sweeper *home = state;
    home->service->ops->timer_cancel(home->service, home->timer);
    if (home->sweep) home->sweep->home = NULL;
    mem_free(home);
}

extern const struct runner runner_people;

void leaving_sweep_soon(struct service *service)
{
    struct sweeper *home = runner_state(service, &runner_people);
    if (home) home->soon = true;
    if (!home || home->sweep) return;
    home->service->ops->timer_cancel(home->service, home->timer);
    wait(home, LEAVING_MS);
}

const struct runner runner_people = { .start = start, .stop = stop };

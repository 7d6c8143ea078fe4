/* Deletes what has been kept for its time (store/retention.h): one small job after another, so that
 * nothing waits long behind them, soon after the start and every RETENTION_SWEEP_MS. */
#include "store/retention.h"
#include "api/runner.h"
#include "base/log.h"
#include "base/seam.h"

enum { FIRST_SWEEP_MS = 1000, SWEEP_MS = 10 * 60 * 1000, SECONDS_A_DAY = 24 * 60 * 60 };

/* One pass over all kinds. Its jobs may end after the runner. */
struct sweep {
    struct store_job job;  /* first */
    struct keeper *keeper; /* NULL: the runner has stopped */
    const struct retention *kind;
    struct retention_due due;
    size_t next_kind;
    int n; /* that the job deleted */
};

struct keeper {
    struct service *service;
    struct service_timer *timer; /* Until the next sweep ... */
    struct sweep *sweep;         /* ... or this one is going on. */
};

static void begin(void *user);

static void wait(struct keeper *k, uint64_t ms)
{
    k->timer = k->service->ops->timer(k->service, ms, begin, k);
    if (!k->timer) log_error("no memory for a timer: what is due is deleted at the next start");
}

static int run(struct store_job *job, struct db *db, struct err *err)
{
    struct sweep *s = (struct sweep *)job;
    int n = s->kind->expire(db, &s->due, err);
    s->n = n < 0 ? 0 : n;
    job->erases = s->n > 0;
    return n < 0 ? n : 0;
}

/* Days that the next kinds with any are kept; false: there are no more. */
static bool next_kind(struct sweep *s, const struct service *service)
{
    while (s->next_kind < retention_registry_len) {
        size_t i = s->next_kind++;
        int64_t days = service->retention_days[i];
        if (days == RETENTION_FOREVER) continue;
        s->kind = retention_registry[i];
        s->due.before = (int64_t)(wall_ns() / 1000000000u) - days * SECONDS_A_DAY;
        return true;
    }
    return false;
}

static void end(struct sweep *s)
{
    struct keeper *k = s->keeper;
    if (k) {
        k->sweep = NULL;
        wait(k, SWEEP_MS);
    }
    mem_free(s);
}

static void done(struct store_job *job, int rc, const struct err *err)
{
    struct sweep *s = (struct sweep *)job;
    bool more = rc >= 0 && s->n >= RETENTION_ROWS_AT_ONCE;
    if (rc < 0)
        log_error("what is due could not be deleted", LOG_STR("kind", s->kind->name),
                  LOG_STR("why", err->text));
    else if (s->n)
        log_info("deleted what was due", LOG_STR("kind", s->kind->name), LOG_INT("number", s->n));
    if (s->keeper && (more || next_kind(s, s->keeper->service)))
        store_submit(s->keeper->service->store, &s->job);
    else
        end(s);
}

static void begin(void *user)
{
    struct keeper *k = user;
    k->timer = NULL;
    struct sweep *s = mem_calloc(1, sizeof *s);
    if (!s) {
        wait(k, SWEEP_MS);
        return;
    }
    *s = (struct sweep){ .job = { .run = run, .done = done },
                         .keeper = k,
                         .due = { .data_dir = k->service->data_dir } };
    k->sweep = s;
    if (next_kind(s, k->service))
        store_submit(k->service->store, &s->job);
    else
        end(s);
}

static int start(struct service *service, void **ret_state, struct err *err)
{
    if (!service->retention_days) return 0; /* Everything is kept. */
    struct keeper *k = mem_calloc(1, sizeof *k);
    if (!k) return err_set(err, ERR_NO_MEMORY, "no memory to keep to the times of retention");
    k->service = service;
    *ret_state = k;
    wait(k, FIRST_SWEEP_MS);
    return 0;
}

static void stop(void *state)
{
    struct keeper *k = state;
    k->service->ops->timer_cancel(k->service, k->timer);
    if (k->sweep) k->sweep->keeper = NULL;
    mem_free(k);
}

const struct runner runner_retention = { .start = start, .stop = stop };

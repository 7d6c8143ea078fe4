/* Shared links that have ended: their copies are deleted within a minute. */
#include "api/runner.h"
#include "base/log.h"
#include "base/seam.h"
#include "store/share_table.h"

enum { TICK_MS = 30 * 1000 };

struct shares {
    struct service *service;
    struct service_timer *timer;
};

static int expire(struct store_job *job, struct db *db, struct err *err)
{
    int n = shares_expire(db, (int64_t)(wall_ns() / 1000000000u), err);
    job->erases = n > 0;
    return n < 0 ? n : 0;
}

static void expired(struct store_job *job, int rc, const struct err *err)
{
    if (rc < 0) log_error("shared links that have ended are still kept", LOG_STR("why", err->text));
    mem_free(job);
}

static void tick(void *user)
{
    struct shares *s = user;
    struct store_job *job = mem_calloc(1, sizeof *job);
    if (job) {
        job->run = expire;
        job->done = expired;
        store_submit(s->service->store, job);
    }
    s->timer = s->service->ops->timer(s->service, TICK_MS, tick, s);
    if (!s->timer) log_error("shared links are deleted at the next start only: no memory for it");
}

static int start(struct service *service, void **ret_state, struct err *err)
{
    struct shares *s = mem_calloc(1, sizeof *s);
    if (!s) return err_set(err, ERR_NO_MEMORY, "no memory to look after shared links");
    s->service = service;
    *ret_state = s;
    tick(s);
    return 0;
}

static void stop(void *state)
{
    struct shares *s = state;
    s->service->ops->timer_cancel(s->service, s->timer);
    mem_free(s);
}

const struct runner runner_shares = { .start = start, .stop = stop };

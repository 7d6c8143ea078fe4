/* Files and uploads that have reached their end, and bytes that no row names any more. */
#include "api/blobs.h"
#include "api/file_object.h"
#include "api/runner.h"
#include "base/log.h"
#include "base/seam.h"
#include "store/upload_table.h"

enum { TICK_MS = 20 * 1000 };

struct files {
    struct service *service;
    struct service_timer *timer;
};

static int expire(struct store_job *job, struct db *db, struct err *err)
{
    int64_t now = file_now();
    (void)job;
    TRY(files_expire(db, now, err));
    return uploads_expire(db, now, err);
}

/* The runner may have stopped: the job knows the service alone. */
struct expiry {
    struct store_job job;
    struct service *service;
};

static void expired(struct store_job *job, int rc, const struct err *err)
{
    struct expiry *e = (struct expiry *)job;
    if (rc < 0)
        log_error("files that have expired are still there", LOG_STR("why", err->text));
    else
        blobs_tidy(e->service);
    mem_free(e);
}

static void tick(void *user)
{
    struct files *f = user;
    struct expiry *e = mem_calloc(1, sizeof *e);
    if (e) {
        e->service = f->service;
        e->job.run = expire;
        e->job.done = expired;
        store_submit(f->service->store, &e->job);
    }
    f->timer = f->service->ops->timer(f->service, TICK_MS, tick, f);
    if (!f->timer) log_error("files are deleted at the next start only: no memory for a timer");
}

static int start(struct service *service, void **ret_state, struct err *err)
{
    struct files *f = mem_calloc(1, sizeof *f);
    if (!f) return err_set(err, ERR_NO_MEMORY, "no memory to look after files");
    f->service = service;
    int rc = blobs_clean(service, err);
    if (rc < 0) {
        mem_free(f);
        return rc;
    }
    *ret_state = f;
    tick(f);
    return 0;
}

static void stop(void *state)
{
    struct files *f = state;
    f->service->ops->timer_cancel(f->service, f->timer);
    mem_free(f);
}

const struct runner runner_files = { .start = start, .stop = stop };

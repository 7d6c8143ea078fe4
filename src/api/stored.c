#include "api/stored.h"

#include "api/service.h"
#include "base/seam.h"

#include <assert.h>

static struct stored *of_job(struct store_job *job)
{
    return (struct stored *)((char *)job - offsetof(struct stored, job));
}

static int copy_principal(struct stored *s, const struct principal *p)
{
    struct principal *mine = &s->principal;
    mine->tenant = arena_slice(&s->arena, p->tenant);
    mine->project = arena_slice(&s->arena, p->project);
    mine->user = arena_slice(&s->arena, p->user);
    mine->key = arena_slice(&s->arena, p->key);
    return s->arena.failed ? -ERR_NO_MEMORY : 0;
}

void *stored_new(struct call *call, size_t size, struct err *err)
{
    assert(size >= sizeof(struct stored));
    struct stored *s = mem_calloc(1, size);
    if (!s) {
        (void)err_set(err, ERR_NO_MEMORY, "There is no memory for the request.");
        return NULL;
    }
    s->call = call;
    arena_init(&s->arena, STORED_BYTES_MAX);
    if (copy_principal(s, &call->principal) == 0) return s;
    stored_free(s);
    (void)err_set(err, ERR_NO_MEMORY, "There is no memory for the request.");
    return NULL;
}

void stored_free(struct stored *s)
{
    if (s->release) s->release(s);
    arena_release(&s->arena);
    mem_free(s);
}

static void client_left(struct call *call)
{
    struct stored *s = call->state;
    s->call = NULL;
}

static int run_job(struct store_job *job, struct db *db, struct err *err)
{
    struct stored *s = of_job(job);
    arena_reset_to(&s->arena, s->fresh);
    return s->run(s, db, err);
}

static void job_done(struct store_job *job, int rc, const struct err *err)
{
    struct stored *s = of_job(job);
    struct call *call = s->call;
    struct err why = *err;
    if (s->ended) s->ended(s, rc);
    if (call) {
        call->on_close = NULL;
        call->state = NULL;
        if (rc >= 0) rc = s->answer(s, &why);
        if (rc < 0) call_error(call, &why, 0);
    }
    stored_free(s);
}

int stored_begin(struct stored *s,
                 int (*run)(struct stored *stored, struct db *db, struct err *err),
                 int (*answer)(struct stored *stored, struct err *err), struct err *err)
{
    int rc = s->call->service->store ? arena_check(&s->arena, "the request", err)
                                     : err_set(err, ERR_SHUTTING_DOWN, "The store is closed.");
    if (rc < 0) {
        stored_free(s);
        return rc;
    }
    s->run = run;
    s->answer = answer;
    s->fresh = arena_mark(&s->arena);
    s->job.run = run_job;
    s->job.done = job_done;
    s->call->on_close = client_left;
    s->call->state = s;
    store_submit(s->call->service->store, &s->job);
    return 0;
}

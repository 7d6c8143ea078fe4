/* Behind vector stores: files that were attached become searchable, FILES_AT_ONCE at once; what was
 * removed goes from the tables, PURGE_CHUNKS a transaction; stores that nobody used expire.
 *
 * All of it stands in the database, so it goes on where an earlier process stopped. */
#include "api/vector_files.h"

#include "api/runner.h"
#include "api/vector_index.h"
#include "api/vector_job.h"
#include "base/log.h"
#include "base/seam.h"
#include "store/vector_chunk_table.h"

#include <assert.h>

extern const struct runner runner_vector_files;

enum {
    FILES_AT_ONCE = 2,
    PURGE_CHUNKS = 200,
    LOST_FILES = 100,
    TICK_MS = 20 * 1000,
    REST_MS = 2 * 1000, /* after a file that could not be ended now */
    NS_PER_S = 1000 * 1000 * 1000,
};

struct vector_files {
    struct service *service;
    struct vector_index *index;
    struct vector_job *jobs[FILES_AT_ONCE]; /* NULL: free */
    struct service_timer *tick, *rest;
    struct task *claim, *purge, *expiry; /* in the store; NULL: none */
    bool again;                          /* There may be more than the claim in the store sees. */
    bool draining;
};

/* Work in the store; the runner may stop under it. */
struct task {
    struct store_job job;       /* first */
    struct vector_files *owner; /* NULL: stopped */
    struct arena arena;
    int64_t busy[FILES_AT_ONCE]; /* of claim: files that are being worked on */
    struct principal principal;
    struct vector_file file;
    struct vector_purge purged;
    int64_t store, now; /* of expiry: the store that has expired, or 0 */
    int n_lost;
};

static void look(struct vector_files *v);
static void purge(struct vector_files *v);

/* ---- Tasks ---- */

static void free_task(struct task *t)
{
    arena_release(&t->arena);
    mem_free(t);
}

static struct task *submit(struct vector_files *v,
                           int (*run)(struct store_job *job, struct db *db, struct err *err),
                           void (*done)(struct store_job *job, int rc, const struct err *err))
{
    struct task *t = mem_calloc(1, sizeof *t);
    if (!t) return NULL; /* The next tick tries again. */
    arena_init(&t->arena, 1 << 20);
    t->owner = v;
    t->now = (int64_t)(wall_ns() / NS_PER_S);
    t->job.run = run;
    t->job.done = done;
    for (int i = 0; i < FILES_AT_ONCE; i++)
        t->busy[i] = v->jobs[i] ? vector_job_file(v->jobs[i]) : 0;
    store_submit(v->service->store, &t->job);
    return t;
}

/* ---- Files to work on ---- */

static void job_done(void *user, struct vector_job *job, bool again);

static struct vector_job **free_place(struct vector_files *v)
{
    for (int i = 0; i < FILES_AT_ONCE; i++)
        if (!v->jobs[i]) return &v->jobs[i];
    return NULL;
}

static bool is_busy(const struct task *t, int64_t seq)
{
    for (int i = 0; i < FILES_AT_ONCE; i++)
        if (t->busy[i] == seq) return true;
    return false;
}

static int run_claim(struct store_job *job, struct db *db, struct err *err)
{
    struct task *t = (struct task *)job;
    int64_t after = 0;
    arena_reset(&t->arena);
    do {
        TRY(vector_file_next(&t->file, &t->principal, db, after, &t->arena, err));
        after = t->file.seq;
    } while (after && is_busy(t, after));
    return 0;
}

static void on_rested(void *user)
{
    struct vector_files *v = user;
    v->rest = NULL;
    look(v);
}

static void rest(struct vector_files *v)
{
    if (!v->rest && !v->draining)
        v->rest = v->service->ops->timer(v->service, REST_MS, on_rested, v);
}

static void begin(struct vector_files *v, const struct task *t)
{
    struct err err = { 0 };
    struct vector_job **place = free_place(v);
    struct vector_job_options options = {
        .service = v->service,
        .index = v->index,
        .owner = &t->principal,
        .file = &t->file,
        .done = job_done,
        .user = v,
    };
    assert(place);
    if (vector_job_open(place, &options, &err) == 0) return;
    *place = NULL;
    log_warn("a vector store's file has to wait", LOG_STR("why", err.text));
    rest(v);
}

static void claimed(struct store_job *job, int rc, const struct err *err)
{
    struct task *t = (struct task *)job;
    struct vector_files *v = t->owner;
    if (v) {
        bool again = v->again;
        v->claim = NULL;
        v->again = false;
        if (rc < 0) {
            log_warn("vector stores have to wait", LOG_STR("why", err->text));
            rest(v);
        } else if (t->file.seq && !v->draining) {
            begin(v, t);
            again = true;
        }
        if (again) look(v);
    }
    free_task(t);
}

static void look(struct vector_files *v)
{
    if (v->draining || v->rest || !free_place(v)) return;
    if (v->claim)
        v->again = true;
    else
        v->claim = submit(v, run_claim, claimed);
}

static void job_done(void *user, struct vector_job *job, bool again)
{
    struct vector_files *v = user;
    for (int i = 0; i < FILES_AT_ONCE; i++)
        if (v->jobs[i] == job) v->jobs[i] = NULL;
    if (again)
        rest(v);
    else
        look(v);
}

/* ---- What was removed ---- */

static int run_purge(struct store_job *job, struct db *db, struct err *err)
{
    struct task *t = (struct task *)job;
    TRY(vector_purge_some(&t->purged, db, PURGE_CHUNKS, err));
    job->erases = t->purged.finished;
    return 0;
}

static void purged(struct store_job *job, int rc, const struct err *err)
{
    struct task *t = (struct task *)job;
    struct vector_files *v = t->owner;
    struct msg_index_file gone = { .file = (uint64_t)t->purged.file_seq, .gone = true };
    struct msg_index change = { .store = (uint64_t)t->purged.store_seq,
                                .files = &gone,
                                .n_files = 1 };
    if (v) {
        v->purge = NULL;
        if (rc < 0)
            log_warn("deleted chunks are still there", LOG_STR("why", err->text));
        else if (t->purged.file_seq) {
            if (t->purged.finished) vector_index_change(v->index, &change);
            purge(v);
        }
    }
    free_task(t);
}

static void purge(struct vector_files *v)
{
    if (!v->purge) v->purge = submit(v, run_purge, purged);
}

/* ---- Time ---- */

static int run_expiry(struct store_job *job, struct db *db, struct err *err)
{
    struct task *t = (struct task *)job;
    TRY(vector_file_forget_lost(&t->n_lost, db, LOST_FILES, err));
    TRY(vector_store_expire(&t->store, db, t->now, err));
    job->erases = t->store || t->n_lost;
    return 0;
}

static void expire(struct vector_files *v);

static void expired(struct store_job *job, int rc, const struct err *err)
{
    struct task *t = (struct task *)job;
    struct vector_files *v = t->owner;
    if (v) {
        v->expiry = NULL;
        if (rc < 0) log_warn("vector stores have not expired", LOG_STR("why", err->text));
        if (rc == 0 && t->store) vector_index_forget(v->index, t->store);
        if (rc == 0 && (t->store || t->n_lost == LOST_FILES)) expire(v);
        purge(v);
    }
    free_task(t);
}

static void expire(struct vector_files *v)
{
    if (!v->expiry) v->expiry = submit(v, run_expiry, expired);
}

static void on_tick(void *user)
{
    struct vector_files *v = user;
    v->tick = v->service->ops->timer(v->service, TICK_MS, on_tick, v);
    expire(v);
    look(v);
}

/* ---- Life ---- */

static int start(struct service *service, void **ret_state, struct err *err)
{
    struct vector_files *v = mem_calloc(1, sizeof *v);
    if (!v) return err_set(err, ERR_NO_MEMORY, "no memory for the vector stores");
    v->service = service;
    int rc = vector_index_open(&v->index, service, err);
    if (rc < 0) {
        mem_free(v);
        return rc;
    }
    *ret_state = v;
    on_tick(v);
    return 0;
}

static void close_jobs(struct vector_files *v)
{
    for (int i = 0; i < FILES_AT_ONCE; i++) {
        if (v->jobs[i]) vector_job_close(v->jobs[i]);
        v->jobs[i] = NULL;
    }
}

static void drain(void *state)
{
    struct vector_files *v = state;
    v->draining = true;
    close_jobs(v); /* They are begun anew by the next process. */
}

static void stop(void *state)
{
    struct vector_files *v = state;
    close_jobs(v);
    if (v->claim) v->claim->owner = NULL;
    if (v->purge) v->purge->owner = NULL;
    if (v->expiry) v->expiry->owner = NULL;
    v->service->ops->timer_cancel(v->service, v->tick);
    v->service->ops->timer_cancel(v->service, v->rest);
    vector_index_close(v->index);
    mem_free(v);
}

const struct runner runner_vector_files = { .start = start, .drain = drain, .stop = stop };

void vector_files_kick(struct service *service)
{
    struct vector_files *v = runner_state(service, &runner_vector_files);
    if (!v) return; /* The server ends; the next one looks by itself. */
    look(v);
    purge(v);
}

struct vector_index *vector_files_index(struct service *service)
{
    struct vector_files *v = runner_state(service, &runner_vector_files);
    return v ? v->index : NULL;
}

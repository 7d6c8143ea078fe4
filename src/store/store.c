#include "store/store.h"

#include "base/log.h"
#include "base/seam.h"

#include <assert.h>
#include <pthread.h>

enum { TRIES_MAX = 5 }; /* Of one batch. */

struct list {
    struct store_job *first, **end;
};

struct store {
    struct store_options o;
    struct db *db;  /* Of the thread. */
    bool erase_due; /* Likewise: something was deleted that its files may still hold. */
    pthread_t thread;
    pthread_mutex_t lock; /* Of what follows. */
    pthread_cond_t submitted, ended_some;
    struct list waiting, ended;
    size_t n_open; /* Submitted and not collected. */
    bool closing;
};

/* ---- Lists ---- */

static void list_init(struct list *l)
{
    l->first = NULL;
    l->end = &l->first;
}

static void list_push(struct list *l, struct store_job *job)
{
    job->next = NULL;
    *l->end = job;
    l->end = &job->next;
}

static struct store_job *list_pop(struct list *l)
{
    struct store_job *job = l->first;
    if (!job) return NULL;
    l->first = job->next;
    if (!l->first) l->end = &l->first;
    return job;
}

static void list_append(struct list *to, struct list *from)
{
    if (!from->first) return;
    *to->end = from->first;
    to->end = from->end;
    list_init(from);
}

/* ---- The thread ---- */

static void fail(struct store_job *job, int rc, const struct err *err)
{
    job->rc = rc;
    job->err = *err;
}

/* One job within the open transaction; negative when the transaction itself is broken. */
static int run_job(struct store *s, struct store_job *job, struct err *err)
{
    job->err = (struct err){ 0 };
    TRY(db_mark(s->db, err));
    job->rc = job->run(job, s->db, &job->err);
    return job->rc < 0 ? db_rollback_to_mark(s->db, err) : db_release_mark(s->db, err);
}

static int run_jobs(struct store *s, struct list *jobs, struct err *err)
{
    TRY(db_begin(s->db, err));
    for (struct store_job *job = jobs->first; job; job = job->next) {
        int rc = run_job(s, job, err);
        if (rc == 0) continue;
        db_rollback(s->db);
        return rc;
    }
    return db_commit(s->db, err);
}

/* After the commit. */
static void erase(struct store *s, const struct list *jobs)
{
    struct err err = { 0 };
    for (const struct store_job *job = jobs->first; job; job = job->next)
        if (job->erases && job->rc >= 0) s->erase_due = true;
    if (!s->erase_due) return;
    if (db_erase(s->db, &err) == 0)
        s->erase_due = false;
    else
        log_warn("what was deleted is not erased yet", LOG_STR("why", err.text));
}

static void run_batch(struct store *s, struct list *jobs)
{
    struct err err = { 0 };
    int rc = run_jobs(s, jobs, &err);
    for (int n = 0; rc < 0 && db_is_broken(s->db) && n < TRIES_MAX; n++) {
        enum db_outcome outcome;
        log_warn("the database has to be opened again", LOG_STR("why", err.text));
        if (db_recover(s->db, &outcome, &err) < 0 || outcome == DB_OUTCOME_UNKNOWN) break;
        rc = outcome == DB_OUTCOME_DONE ? 0 : run_jobs(s, jobs, &err);
    }
    if (rc == 0) {
        erase(s, jobs);
        return;
    }
    log_error("the store could not write", LOG_STR("why", err.text));
    for (struct store_job *job = jobs->first; job; job = job->next) fail(job, rc, &err);
}

static void take(struct store *s, struct list *jobs)
{
    list_init(jobs);
    for (int n = 0; n < STORE_BATCH_MAX && s->waiting.first; n++)
        list_push(jobs, list_pop(&s->waiting));
}

static void *work(void *arg)
{
    struct store *s = arg;
    (void)pthread_mutex_lock(&s->lock); /* These fail only on misuse. */
    for (;;) {
        struct list jobs;
        take(s, &jobs);
        if (!jobs.first) {
            if (s->closing) break;
            (void)pthread_cond_wait(&s->submitted, &s->lock);
            continue;
        }
        (void)pthread_mutex_unlock(&s->lock);
        run_batch(s, &jobs);
        (void)pthread_mutex_lock(&s->lock);
        list_append(&s->ended, &jobs);
        (void)pthread_cond_signal(&s->ended_some);
        if (s->o.wake) s->o.wake(s->o.ctx);
    }
    (void)pthread_mutex_unlock(&s->lock);
    return NULL;
}

/* ---- Life ---- */

int store_open(struct store **ret, const struct store_options *options, struct err *err)
{
    struct store *s = mem_calloc(1, sizeof *s);
    if (!s) return err_set(err, ERR_NO_MEMORY, "no memory for the store");
    s->o = *options;
    list_init(&s->waiting);
    list_init(&s->ended);
    s->erase_due = true; /* An earlier process may have died between a deletion and its erasing. */
    int rc = db_open(&s->db, options->url, err);
    if (rc < 0) {
        mem_free(s);
        return rc;
    }
    (void)pthread_mutex_init(&s->lock, NULL); /* These cannot fail on Linux. */
    (void)pthread_cond_init(&s->submitted, NULL);
    (void)pthread_cond_init(&s->ended_some, NULL);
    rc = pthread_create(&s->thread, NULL, work, s);
    if (rc != 0) {
        db_close(s->db);
        mem_free(s);
        return err_errno(err, rc, "a thread for the store");
    }
    *ret = s;
    return 0;
}

void store_close(struct store *s)
{
    if (!s) return;
    store_wait(s);
    (void)pthread_mutex_lock(&s->lock);
    s->closing = true;
    (void)pthread_cond_signal(&s->submitted);
    (void)pthread_mutex_unlock(&s->lock);
    (void)pthread_join(s->thread, NULL);
    db_close(s->db);
    (void)pthread_cond_destroy(&s->submitted);
    (void)pthread_cond_destroy(&s->ended_some);
    (void)pthread_mutex_destroy(&s->lock);
    mem_free(s);
}

/* ---- The caller's side ---- */

void store_submit(struct store *s, struct store_job *job)
{
    assert(job->run && job->done);
    (void)pthread_mutex_lock(&s->lock);
    assert(!s->closing);
    list_push(&s->waiting, job);
    s->n_open++;
    (void)pthread_cond_signal(&s->submitted);
    (void)pthread_mutex_unlock(&s->lock);
}

void store_collect(struct store *s)
{
    struct list jobs;
    list_init(&jobs);
    (void)pthread_mutex_lock(&s->lock);
    list_append(&jobs, &s->ended);
    (void)pthread_mutex_unlock(&s->lock);
    for (struct store_job *job; (job = list_pop(&jobs));) {
        (void)pthread_mutex_lock(&s->lock);
        s->n_open--;
        (void)pthread_mutex_unlock(&s->lock);
        struct err err = job->err;
        job->done(job, job->rc, &err); /* The job may be gone now. */
    }
}

void store_wait(struct store *s)
{
    for (;;) {
        store_collect(s);
        (void)pthread_mutex_lock(&s->lock);
        bool busy = s->n_open > 0;
        if (busy && !s->ended.first) (void)pthread_cond_wait(&s->ended_some, &s->lock);
        (void)pthread_mutex_unlock(&s->lock);
        if (!busy) return;
    }
}

bool store_busy(const struct store *s)
{
    struct store *mine = (struct store *)s;
    (void)pthread_mutex_lock(&mine->lock);
    bool busy = mine->n_open > 0;
    (void)pthread_mutex_unlock(&mine->lock);
    return busy;
}

#include "store/store.h"

#include "base/log.h"
#include "base/seam.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <time.h>

struct list {
    struct store_job *first, **end;
};

enum {
    TRIES_MAX = 5, /* Of one batch that breaks. */
    IDLE_MS = 1000,
    ERASE_EVERY_MS = 60 * 1000, /* Where it is never idle. */
    SAY_EVERY_MS = 10 * 1000,
    /* An attempt to recover may read all of the database: it takes at most a tenth of the time, and
     * jobs in between fail. */
    PAUSE_TIMES = 10,
    PAUSE_MAX_MS = 60 * 1000,
};

#define NS_PER_MS UINT64_C(1000000)

struct store {
    struct store_options o;
    pthread_t thread;
    /* The thread's own. */
    struct db *db;
    bool untidy;    /* Worked with since it was last idle. */
    bool erase_due; /* Something was deleted that its files may still hold. */
    bool said;      /* That it fails, at said_ns. */
    uint64_t said_ns, erased_ns;
    uint64_t recover_from_ns; /* Not before. */
    struct err lost;          /* Why the last recovery failed. */
    pthread_mutex_t lock;     /* Of what follows. */
    pthread_cond_t submitted, ended_some;
    struct list waiting, ended;
    size_t n_waiting;
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

/* ---- A transaction ---- */

static void fail(struct store_job *job, int rc, const struct err *err)
{
    job->rc = rc;
    job->err = *err;
}

static void fail_all(struct list *jobs, int rc, const struct err *err)
{
    for (struct store_job *job = jobs->first; job; job = job->next) fail(job, rc, err);
}

/* One job within the open transaction; negative when the transaction itself is broken, or undone
 * by the job's failure, which is the one that is told then. */
static int run_job(struct store *s, struct store_job *job, struct err *err)
{
    job->err = (struct err){ 0 };
    TRY(db_mark(s->db, err));
    job->rc = job->run(job, s->db, &job->err);
    if (job->rc >= 0) return db_release_mark(s->db, err);
    if (!db_is_undone(s->db)) return db_rollback_to_mark(s->db, err);
    *err = job->err;
    return job->rc;
}

static int run_jobs(struct store *s, struct store_job *first, struct store_job *end,
                    struct err *err)
{
    for (struct store_job *job = first; job != end; job = job->next) TRY(run_job(s, job, err));
    if (!db_is_broken(s->db)) return 0;
    return err_set(err, ERR_IO, "the database's disk or connection failed");
}

/* Those from `first` to before `end`. Failed: nothing of it was done, unless *asked, which says
 * that the commit was under way. */
static int transact(struct store *s, struct store_job *first, struct store_job *end, bool *asked,
                    struct err *err)
{
    *asked = false;
    TRY(db_begin(s->db, err));
    int rc = run_jobs(s, first, end, err);
    if (rc < 0) {
        db_rollback(s->db);
        return rc;
    }
    *asked = true;
    return db_commit(s->db, err);
}

/* ---- Failures ---- */

static void say(struct store *s, const struct err *err)
{
    uint64_t now = now_ns();
    if (s->said && now - s->said_ns < SAY_EVERY_MS * NS_PER_MS) return;
    log_error("the store could not do its work", LOG_STR("why", err->text));
    s->said = true;
    s->said_ns = now;
}

static void pause_recovery(struct store *s, uint64_t began_ns)
{
    uint64_t now = now_ns(), pause = (now - began_ns) * PAUSE_TIMES;
    uint64_t most = PAUSE_MAX_MS * NS_PER_MS;
    s->recover_from_ns = now + (pause < most ? pause : most);
}

static int recover(struct store *s, enum db_outcome *ret, struct err *err)
{
    uint64_t now = now_ns();
    if (now < s->recover_from_ns) {
        *err = s->lost;
        return err_negative(-(int)s->lost.code);
    }
    int rc = db_recover(s->db, ret, &s->lost);
    if (rc < 0) {
        *err = s->lost;
        pause_recovery(s, now);
        return rc;
    }
    log_info("the database was opened anew");
    return 0;
}

/* What the database says can be believed, or is made so. */
static int be_sure(struct store *s, struct err *err)
{
    enum db_outcome outcome; /* Of something that was told to have failed. */
    return db_is_broken(s->db) ? recover(s, &outcome, err) : 0;
}

/* In one transaction, and again where that broke and nothing of it was done. *unknown: nobody can
 * say whether it was. */
static int run_together(struct store *s, struct store_job *first, struct store_job *end,
                        bool *unknown, struct err *err)
{
    *unknown = false;
    for (int n = 1;; n++) {
        enum db_outcome outcome = DB_OUTCOME_UNDONE;
        struct err why;
        bool asked;
        TRY(be_sure(s, err));
        int rc = transact(s, first, end, &asked, err);
        if (rc == 0 || !db_is_broken(s->db)) return rc;
        log_warn("the database has to be opened anew", LOG_STR("why", err->text));
        int recovered = recover(s, &outcome, &why);
        if (asked && recovered == 0 && outcome == DB_OUTCOME_DONE) return 0;
        *unknown = asked && (recovered < 0 || outcome == DB_OUTCOME_UNKNOWN);
        if (recovered < 0 || *unknown || n == TRIES_MAX) return rc;
    }
}

/* What was deleted has to be erased before that is told. */
static void erase(struct store *s, const struct list *jobs)
{
    struct err err = { 0 };
    for (const struct store_job *job = jobs->first; job; job = job->next)
        if (job->erases && job->rc >= 0) s->erase_due = true;
    if (!s->erase_due) return;
    if (be_sure(s, &err) == 0 && db_erase(s->db, &err) == 0)
        s->erase_due = false;
    else
        log_warn("what was deleted is not erased yet", LOG_STR("why", err.text));
}

/* All together; where that fails each alone, so that only those fail that cannot be done: on a full
 * disk those that write. */
static void run_batch(struct store *s, struct list *jobs)
{
    struct err err = { 0 };
    bool unknown;
    s->untidy = true;
    int rc = run_together(s, jobs->first, NULL, &unknown, &err);
    if (rc < 0) {
        say(s, &err);
        fail_all(jobs, rc, &err);
        bool again = !unknown && !db_is_broken(s->db) && jobs->first->next;
        for (struct store_job *job = jobs->first; again && job; job = job->next) {
            rc = run_together(s, job, job->next, &unknown, &err);
            if (rc < 0) fail(job, rc, &err);
        }
    }
    erase(s, jobs);
}

/* ---- Upkeep ---- */

/* Behind a batch, when its jobs have been told. */
static void tidy(struct store *s)
{
    struct err err = { 0 };
    uint64_t now = now_ns();
    bool all = now - s->erased_ns >= ERASE_EVERY_MS * NS_PER_MS;
    if (be_sure(s, &err) < 0 || (all ? db_erase(s->db, &err) : db_tidy(s->db, &err)) < 0)
        say(s, &err);
    if (all) s->erased_ns = now;
}

/* Where it fails it stays untidy, and is tried again. */
static void tidy_when_idle(struct store *s)
{
    struct err err = { 0 };
    if (be_sure(s, &err) < 0 || db_erase(s->db, &err) < 0) {
        say(s, &err);
        return;
    }
    s->erased_ns = now_ns();
    s->untidy = s->erase_due = false;
}

/* ---- The thread ---- */

static void take(struct store *s, struct list *jobs)
{
    list_init(jobs);
    for (int n = 0; n < STORE_BATCH_MAX && s->waiting.first; n++) {
        list_push(jobs, list_pop(&s->waiting));
        s->n_waiting--;
    }
}

/* Until something is submitted, or, where there is something to tidy up, it was idle for long
 * enough; true: the latter. */
static bool wait_for_work(struct store *s)
{
    if (!s->untidy) {
        (void)pthread_cond_wait(&s->submitted, &s->lock); /* As below. */
        return false;
    }
    struct timespec until;
    uint32_t ms = s->o.idle_ms ? s->o.idle_ms : IDLE_MS;
    (void)clock_gettime(CLOCK_MONOTONIC, &until); /* Real time, whatever tests make of ours. */
    until.tv_sec += ms / 1000;
    until.tv_nsec += (long)(ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    return pthread_cond_timedwait(&s->submitted, &s->lock, &until) == ETIMEDOUT;
}

static void *work(void *arg)
{
    struct store *s = arg;
    (void)pthread_mutex_lock(&s->lock); /* These fail only on misuse. */
    for (;;) {
        struct list jobs;
        take(s, &jobs);
        if (!jobs.first && s->closing) break;
        if (!jobs.first && !wait_for_work(s)) continue;
        (void)pthread_mutex_unlock(&s->lock);
        if (!jobs.first) {
            tidy_when_idle(s);
            (void)pthread_mutex_lock(&s->lock);
            continue;
        }
        run_batch(s, &jobs);
        (void)pthread_mutex_lock(&s->lock);
        list_append(&s->ended, &jobs);
        (void)pthread_cond_signal(&s->ended_some);
        if (s->o.wake) s->o.wake(s->o.ctx);
        (void)pthread_mutex_unlock(&s->lock);
        tidy(s); /* Nobody waits for it. */
        (void)pthread_mutex_lock(&s->lock);
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
    int rc = db_open(&s->db, options->url, err);
    if (rc < 0) {
        mem_free(s);
        return rc;
    }
    s->erase_due = true; /* An earlier process may have died between a deletion and its erasing. */
    s->erased_ns = now_ns();
    (void)pthread_mutex_init(&s->lock, NULL); /* These cannot fail on Linux. */
    pthread_condattr_t monotonic;
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&s->submitted, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
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

/* More than the database can take is not let grow: whoever asked hears of it. */
static bool refuse(struct store *s, struct store_job *job)
{
    if (s->n_waiting < STORE_WAITING_MAX) return false;
    job->rc = err_set(&job->err, ERR_OVERLOADED,
                      "more than %d changes wait to be written: try again later",
                      STORE_WAITING_MAX);
    list_push(&s->ended, job);
    (void)pthread_cond_signal(&s->ended_some);
    return true;
}

void store_submit(struct store *s, struct store_job *job)
{
    assert(job->run && job->done);
    (void)pthread_mutex_lock(&s->lock);
    assert(!s->closing);
    s->n_open++;
    bool refused = refuse(s, job);
    if (!refused) {
        list_push(&s->waiting, job);
        s->n_waiting++;
        (void)pthread_cond_signal(&s->submitted);
    }
    (void)pthread_mutex_unlock(&s->lock);
    if (refused && s->o.wake) s->o.wake(s->o.ctx);
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

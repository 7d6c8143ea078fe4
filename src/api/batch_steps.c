/* What batches do in the store, a step at a time. */
#include "api/backend.h"
#include "api/batch_validation.h"
#include "api/batch_work.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/seam.h"
#include "store/blob.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

enum { STEP_BYTES_MAX = 64 << 20, PURGE_LINES = 500 };

struct step {
    struct store_job job;
    struct batch_work *work;
    void (*done)(struct step *s); /* on the loop, when it is on disk */
    struct arena arena;
    int64_t now;
    /* validate */
    enum batch_found found;
    struct batch_row row;
    struct batch_problem problem; /* code NULL: none */
    /* take */
    struct batch_line_run *lines, **lines_end;
    int n_lines;
    bool all, input_gone;
    /* finish, purge */
    bool last;
};

static struct step *of(struct store_job *job)
{
    return (struct step *)((char *)job - offsetof(struct step, job));
}

static void free_lines(struct step *s)
{
    while (s->lines) {
        struct batch_line_run *l = s->lines;
        s->lines = l->next;
        batch_line_free(l);
    }
    s->lines_end = &s->lines;
    s->n_lines = 0;
}

static void begin(struct batch_work *w,
                  int (*run)(struct store_job *job, struct db *db, struct err *err),
                  void (*done)(struct step *s), const struct batch_problem *problem);

/* ---- Validate ---- */

static int run_validate(struct store_job *job, struct db *db, struct err *err)
{
    struct step *s = of(job);
    arena_reset(&s->arena);
    return batch_validate(&s->found, &s->row, db, s->work->all->service->data_dir, s->work->id,
                          s->now, &s->arena, err);
}

static int run_validated(struct store_job *job, struct db *db, struct err *err)
{
    struct step *s = of(job);
    arena_reset(&s->arena);
    return batch_validation_end(db, s->work->id, s->problem.code ? &s->problem : NULL, s->now,
                                &s->arena, err);
}

static void done_validated(struct step *s)
{
    s->work->stage = s->problem.code ? STAGE_PURGE : STAGE_RUN;
}

/* The models are the loop's. */
static void check_model(struct step *s)
{
    struct slice model = s->row.model;
    struct batch_problem problem = { 0 };
    if (!backend_find(s->work->all->service->backend, model)) {
        problem.code = "model_not_found";
        problem.param = "body.model";
        (void)snprintf(problem.text, sizeof problem.text, /* May be cut. */
                       "The model `%.*s` does not exist or you do not have access to it.",
                       (int)(model.len < 200 ? model.len : 200), model.ptr);
    }
    begin(s->work, run_validated, done_validated, &problem);
}

static void done_validate(struct step *s)
{
    struct batch_work *w = s->work;
    switch (s->found) {
    case BATCH_FOUND_MORE: break;
    case BATCH_FOUND_GOOD: check_model(s); break;
    case BATCH_FOUND_BAD: w->stage = STAGE_PURGE; break;
    case BATCH_FOUND_OTHER:
        w->cancelled = s->row.status == BATCH_CANCELLING;
        w->stage = w->cancelled ? STAGE_FINISH : STAGE_PURGE;
        break;
    }
}

/* ---- Take: lines are read ahead ---- */

static int read_bytes(struct buf *ret, int fd, const struct batch_line_row *row, struct err *err)
{
    buf_reset(ret);
    char *to = buf_reserve(ret, row->bytes + 1);
    if (!to) return err_set(err, ERR_NO_MEMORY, "no memory for a batch's line");
    if (lseek(fd, (off_t)row->start, SEEK_SET) < 0)
        return err_errno(err, errno, "the batch's input file");
    while (ret->len < row->bytes) {
        ssize_t n = seams.read(fd, ret->ptr + ret->len, row->bytes - ret->len);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return err_errno(err, errno, "the batch's input file");
        if (n == 0) return err_set(err, ERR_CHECKSUM, "the batch's input file is cut");
        buf_commit(ret, (size_t)n);
    }
    return 0;
}

static int take_line(struct step *s, struct slice text, const struct batch_line_row *row,
                     struct err *err)
{
    struct batch_work *w = s->work;
    struct batch_problem problem;
    struct batch_line line;
    struct slice body;
    struct arena_mark mark = arena_mark(&s->arena);
    int rc = batch_line_read(&line, text, w->endpoint.ptr, &problem);
    if (rc == -ERR_NO_MEMORY) return err_set(err, ERR_NO_MEMORY, "no memory for a batch's line");
    if (rc < 0) return err_set(err, ERR_CHECKSUM, "the batch's input file is not what it was");
    rc = batch_line_body(&body, &line, w->endpoint.ptr, &s->arena, err);
    if (rc == 0) {
        struct batch_line_run *l = batch_line_new(w, row->line, row->custom_id, body);
        if (!l) rc = err_set(err, ERR_NO_MEMORY, "no memory for a batch's line");
        if (l) {
            *s->lines_end = l;
            s->lines_end = &l->next;
            s->n_lines++;
        }
    }
    batch_line_release(&line);
    arena_reset_to(&s->arena, mark);
    return rc;
}

static int take_lines(struct step *s, int fd, struct db *db, struct err *err)
{
    struct db_rows rows;
    struct buf text;
    struct batch_work *w = s->work;
    uint64_t bytes = 0;
    int rc;
    TRY(batch_lines_query(&rows, db, w->id, w->taken_to, true, BATCH_LINES_TAKE, err));
    buf_init(&text, BATCH_LINE_BYTES_MAX + 1);
    while ((rc = db_next(&rows, err)) > 0) {
        struct batch_line_row row;
        batch_line_from_row(&row, &rows);
        bytes += row.bytes;
        if (s->n_lines > 0 && bytes > BATCH_TAKE_BYTES) break;
        rc = read_bytes(&text, fd, &row, err);
        if (rc == 0) rc = take_line(s, (struct slice){ text.ptr, row.bytes }, &row, err);
        if (rc < 0) break;
    }
    db_rows_close(&rows);
    buf_release(&text);
    s->all = rc == 0 && s->n_lines < BATCH_LINES_TAKE;
    return rc < 0 ? rc : 0;
}

static int run_take(struct store_job *job, struct db *db, struct err *err)
{
    struct step *s = of(job);
    int fd;
    free_lines(s);
    arena_reset(&s->arena);
    int rc = blob_read(&fd, s->work->all->service->data_dir, s->work->sha256, err);
    s->input_gone = rc == -ERR_NOT_FOUND;
    if (rc < 0) return s->input_gone ? 0 : rc;
    rc = take_lines(s, fd, db, err);
    (void)seams.close(fd); /* Only read. */
    return rc;
}

static void done_take(struct step *s)
{
    struct batch_work *w = s->work;
    w->input_gone = s->input_gone;
    w->all_taken = s->all;
    while (s->lines) {
        struct batch_line_run *l = s->lines;
        s->lines = l->next;
        l->next = NULL;
        l->at = w->waiting_end;
        *w->waiting_end = l;
        w->waiting_end = &l->next;
        w->n_waiting++;
        w->taken_to = l->line;
    }
}

/* ---- Finish and purge ---- */

static int run_finish(struct store_job *job, struct db *db, struct err *err)
{
    struct step *s = of(job);
    arena_reset(&s->arena);
    int rc = batch_output_step(s->work->output, db, s->work->input_gone, s->now, &s->arena, err);
    s->last = rc == 1;
    return rc;
}

static void done_finish(struct step *s)
{
    struct batch_work *w = s->work;
    if (!s->last) {
        batch_output_stepped(w->output);
        return;
    }
    batch_output_close(w->output);
    w->output = NULL;
    w->stage = STAGE_PURGE;
    log_info("batch over", LOG_STR("batch", w->id.ptr));
}

static int run_purge(struct store_job *job, struct db *db, struct err *err)
{
    struct step *s = of(job);
    int rc = batch_lines_remove(db, s->work->id, PURGE_LINES, err);
    s->last = rc == 0;
    return rc;
}

static void done_purge(struct step *s)
{
    if (s->last) s->work->stage = STAGE_OVER;
}

/* ---- All of them ---- */

static void free_step(struct step *s)
{
    free_lines(s);
    arena_release(&s->arena);
    mem_free(s);
}

static void rest(struct batch_work *w)
{
    w->rest_until_ns = now_ns() + BATCH_REST_MS * UINT64_C(1000000);
}

static void step_done(struct store_job *job, int rc, const struct err *err)
{
    struct step *s = of(job);
    struct batch_work *w = s->work;
    struct batches *b = w->all;
    w->busy = false;
    if (!batches_job_back(b)) {
        free_step(s);
        return;
    }
    if (rc < 0) {
        log_warn("a batch's step was not done yet", LOG_STR("batch", w->id.ptr),
                 LOG_STR("why", err->text));
        batch_output_close(w->output); /* Its files are begun again. */
        w->output = NULL;
        rest(w);
    } else {
        s->done(s);
    }
    free_step(s);
    batches_go(b);
}

static void begin(struct batch_work *w,
                  int (*run)(struct store_job *job, struct db *db, struct err *err),
                  void (*done)(struct step *s), const struct batch_problem *problem)
{
    assert(!w->busy);
    struct step *s = mem_calloc(1, sizeof *s);
    if (!s) {
        rest(w);
        return;
    }
    s->done = done;
    s->work = w;
    s->now = batch_now();
    s->lines_end = &s->lines;
    arena_init(&s->arena, STEP_BYTES_MAX);
    if (problem) s->problem = *problem;
    s->job.run = run;
    s->job.done = step_done;
    w->busy = true;
    w->all->n_jobs++;
    store_submit(w->all->service->store, &s->job);
}

void batch_step_begin(struct batch_work *w)
{
    struct err err = { 0 };
    switch (w->stage) {
    case STAGE_VALIDATE: begin(w, run_validate, done_validate, NULL); break;
    case STAGE_RUN: begin(w, run_take, done_take, NULL); break;
    case STAGE_FINISH:
        if (!w->output && batch_output_open(&w->output, w->id, w->all->service->data_dir, &err) < 0)
            rest(w);
        else
            begin(w, run_finish, done_finish, NULL);
        break;
    case STAGE_PURGE: begin(w, run_purge, done_purge, NULL); break;
    case STAGE_OVER: break;
    }
}

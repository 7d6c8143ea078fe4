#include "api/batch_validation.h"

#include "api/field.h"
#include "base/json.h"
#include "base/seam.h"
#include "store/blob.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

struct check {
    struct batch_row *row;
    struct db *db;
    struct arena *arena;
    struct buf window; /* of the file, from row->read_to */
    struct buf errors; /* the members of a JSON array */
    bool at_end;       /* the window reaches to the file's end */
    bool stopped;      /* what is behind is not looked at */
};

/* ---- What is wrong ---- */

static void write_problem(struct buf *out, const struct batch_problem *problem, int64_t line)
{
    struct json_writer w;
    if (out->len) buf_add_char(out, ',');
    json_writer_init(&w, out);
    json_object_begin(&w);
    json_key(&w, "code");
    json_str(&w, problem->code);
    json_key(&w, "message");
    json_str(&w, problem->text);
    json_key(&w, "param");
    json_str(&w, problem->param);
    json_key(&w, "line");
    if (line)
        json_int(&w, line);
    else
        json_null_value(&w);
    json_object_end(&w);
}

static void add_problem(struct check *c, const struct batch_problem *problem, int64_t line)
{
    write_problem(&c->errors, problem, line);
    c->row->n_errors++;
    if (c->row->n_errors >= BATCH_ERRORS_MAX) c->stopped = true;
}

static void too_many(struct check *c, const char *what, int most)
{
    struct batch_problem problem = { .code = "too_many_tasks" };
    (void)snprintf(problem.text, sizeof problem.text, "The file has more than %d %s.", most,
                   what); /* Short. */
    add_problem(c, &problem, c->row->n_read);
    c->stopped = true;
}

/* ---- Lines ---- */

/* A file of requests is for one model. */
static int check_model(struct check *c, const struct batch_line *line,
                       struct batch_problem *problem)
{
    struct batch_row *row = c->row;
    if (!row->model.len) row->model = arena_slice(c->arena, line->model);
    if (slice_eq(row->model, line->model)) return 0;
    problem->code = "model_mismatch";
    problem->param = "body.model";
    (void)snprintf(problem->text, sizeof problem->text, /* May be cut. */
                   "The lines of a batch are for one model: expected '%.*s', as in the first line.",
                   (int)(row->model.len < 200 ? row->model.len : 200), row->model.ptr);
    return -ERR_INVALID_VALUE;
}

static int add_line(struct check *c, const struct batch_line *line, uint64_t start, uint64_t bytes,
                    struct batch_problem *problem, struct err *err)
{
    struct batch_line_row row = {
        .line = c->row->n_read, .custom_id = line->custom_id, .start = start, .bytes = bytes
    };
    int rc = check_model(c, line, problem);
    if (rc < 0) return rc;
    rc = batch_line_add(c->db, c->row, &row, err);
    if (rc != 0) return rc < 0 ? rc : 0;
    problem->code = "duplicate_custom_id";
    problem->param = "custom_id";
    (void)snprintf(
        problem->text, sizeof problem->text, /* May be cut. */
        "The custom_id '%.*s' stands in an earlier line, too. Each must be unique within "
        "the batch.",
        (int)(line->custom_id.len < 200 ? line->custom_id.len : 200), line->custom_id.ptr);
    return -ERR_INVALID_VALUE;
}

/* One line, without its end, that begins at `start` of the file. */
static int judge(struct check *c, struct slice text, uint64_t start, struct err *err)
{
    struct batch_row *row = c->row;
    struct batch_problem problem = { 0 };
    struct batch_line line = { 0 };
    row->n_read++;
    if (slice_trim(text).len == 0) return 0;
    if (row->n_total == BATCH_LINES_MAX) {
        too_many(c, "requests", BATCH_LINES_MAX);
        return 0;
    }
    row->n_total++;
    int rc = batch_line_read(&line, text, c->row->endpoint.ptr, &problem);
    if (rc == 0) rc = add_line(c, &line, start, text.len, &problem, err);
    if (rc == 0 && (row->n_inputs += (int64_t)line.n_inputs) > BATCH_INPUTS_MAX)
        too_many(c, "inputs to embed", BATCH_INPUTS_MAX);
    batch_line_release(&line);
    if (rc == -ERR_NO_MEMORY) return err_set(err, ERR_NO_MEMORY, "no memory for a batch's line");
    if (rc < 0 && !problem.code) return rc;
    if (rc < 0) add_problem(c, &problem, row->n_read);
    return 0;
}

/* ---- The file ---- */

/* Reads on until the window holds a line's end, or more than a line may have, or the file's end. */
static int read_window(struct check *c, int fd, struct err *err)
{
    struct buf *b = &c->window;
    if (lseek(fd, (off_t)c->row->read_to, SEEK_SET) < 0)
        return err_errno(err, errno, "the batch's input file");
    while (!c->at_end && b->len <= BATCH_LINE_BYTES_MAX) {
        char *to = buf_reserve(b, BATCH_STEP_BYTES);
        if (!to) return err_set(err, ERR_NO_MEMORY, "no memory for a batch's input file");
        ssize_t n = seams.read(fd, to, BATCH_STEP_BYTES);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return err_errno(err, errno, "the batch's input file");
        struct slice piece = { to, (size_t)n };
        c->at_end = n == 0;
        buf_commit(b, piece.len);
        if (memchr(to, '\n', piece.len)) return 0;
    }
    return 0;
}

static int judge_window(struct check *c, struct err *err)
{
    struct slice left = buf_slice(&c->window);
    while (left.len && !c->stopped) {
        size_t len = slice_find(left, SLICE("\n"));
        bool whole = len < left.len;
        if (!whole && !c->at_end && left.len <= BATCH_LINE_BYTES_MAX) return 0;
        TRY(judge(c, (struct slice){ left.ptr, len }, c->row->read_to, err));
        if (!whole && !c->at_end) c->stopped = true; /* Where it ends is not known. */
        size_t step = len + whole;
        left = (struct slice){ left.ptr + step, left.len - step };
        c->row->read_to += step;
    }
    return 0;
}

static int read_step(struct check *c, const char *data_dir, struct err *err)
{
    int fd;
    struct err why = { 0 };
    int rc = blob_read(&fd, data_dir, c->row->sha256, &why);
    if (rc == -ERR_NOT_FOUND) {
        static const struct batch_problem gone = { .code = "file_not_found",
                                                   .param = "input_file_id",
                                                   .text = "The input file has been deleted." };
        add_problem(c, &gone, 0);
        c->stopped = true;
        return 0;
    }
    if (rc < 0) {
        *err = why;
        return rc;
    }
    rc = read_window(c, fd, err);
    (void)seams.close(fd); /* Only read. */
    return rc < 0 ? rc : judge_window(c, err);
}

static void check_empty(struct check *c)
{
    static const struct batch_problem empty = {
        .code = "empty_file",
        .text = "The input file is empty: a batch has at least one request.",
    };
    if (c->row->n_total == 0 && c->row->n_errors == 0) add_problem(c, &empty, 0);
}

static int keep_errors(struct check *c, struct err *err)
{
    if (c->errors.failed) return err_set(err, ERR_NO_MEMORY, "no memory for a batch's errors");
    c->row->errors = arena_slice(c->arena, buf_slice(&c->errors));
    TRY(arena_check(c->arena, "the batch", err));
    return batch_set_read(c->db, c->row, err);
}

static int step(enum batch_found *ret, struct check *c, const char *data_dir, int64_t now,
                struct err *err)
{
    TRY(read_step(c, data_dir, err));
    bool over = c->stopped || (c->at_end && c->row->read_to >= c->row->bytes);
    if (over) check_empty(c);
    TRY(keep_errors(c, err));
    *ret = BATCH_FOUND_MORE;
    if (!over) return 0;
    *ret = c->row->n_errors ? BATCH_FOUND_BAD : BATCH_FOUND_GOOD;
    if (*ret == BATCH_FOUND_GOOD) return 0;
    int rc = batch_move(c->db, c->row->id, BATCH_VALIDATING, BATCH_FAILED, now, err);
    return rc < 0 ? rc : 0;
}

enum { WINDOW_MAX = BATCH_LINE_BYTES_MAX + 2 * BATCH_STEP_BYTES, ERRORS_BYTES_MAX = 1 << 20 };

int batch_validate(enum batch_found *ret, struct batch_row *row, struct db *db,
                   const char *data_dir, struct slice id, int64_t now, struct arena *arena,
                   struct err *err)
{
    struct check c = { .row = row, .db = db, .arena = arena };
    TRY(batch_read(row, db, id, arena, err));
    if (row->status != BATCH_VALIDATING) {
        *ret = BATCH_FOUND_OTHER;
        return 0;
    }
    buf_init(&c.window, WINDOW_MAX);
    buf_init(&c.errors, ERRORS_BYTES_MAX);
    buf_add_slice(&c.errors, row->errors);
    int rc = step(ret, &c, data_dir, now, err);
    buf_release(&c.window);
    buf_release(&c.errors);
    return rc;
}

int batch_validation_end(struct db *db, struct slice id, const struct batch_problem *problem,
                         int64_t now, struct arena *arena, struct err *err)
{
    struct batch_row row;
    struct check c = { .row = &row, .db = db, .arena = arena };
    if (problem) {
        TRY(batch_read(&row, db, id, arena, err));
        buf_init(&c.errors, ERRORS_BYTES_MAX);
        add_problem(&c, problem, 0);
        int rc = keep_errors(&c, err);
        buf_release(&c.errors);
        if (rc < 0) return rc;
    }
    int rc = batch_move(db, id, BATCH_VALIDATING, problem ? BATCH_FAILED : BATCH_IN_PROGRESS, now,
                        err);
    return rc < 0 ? rc : 0;
}

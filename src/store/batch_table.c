#include "store/batch_table.h"

#include <assert.h>

enum { QUOTE_MAX = 100 };

/* ---- Batches ---- */

static struct slice text(const struct db_rows *rows, int column, struct arena *arena)
{
    if (db_is_null(rows, column)) return (struct slice){ 0 };
    return arena_slice(arena, db_text(rows, column));
}

static uint64_t count(const struct db_rows *rows, int column)
{
    int64_t n = db_int(rows, column);
    return n > 0 ? (uint64_t)n : 0;
}

void batch_from_row(struct batch_row *ret, const struct db_rows *rows, struct arena *arena)
{
    int64_t status = db_int(rows, 12);
    *ret = (struct batch_row){
        .id = text(rows, 0, arena),
        .owner = { .tenant = text(rows, 1, arena),
                   .project = text(rows, 2, arena),
                   .user = text(rows, 3, arena),
                   .key = text(rows, 4, arena) },
        .endpoint = text(rows, 5, arena),
        .input_file_id = text(rows, 6, arena),
        .sha256 = text(rows, 7, arena),
        .bytes = count(rows, 8),
        .metadata = text(rows, 9, arena),
        .output_seconds = db_int(rows, 10),
        .model = text(rows, 11, arena),
        .status = status >= 0 && status < BATCH_STATUSES ? (enum batch_status)status : BATCH_FAILED,
        .expires_at = db_int(rows, 21),
        .errors = text(rows, 22, arena),
        .n_errors = db_int(rows, 23),
        .read_to = count(rows, 24),
        .n_read = db_int(rows, 25),
        .n_inputs = db_int(rows, 26),
        .n_total = db_int(rows, 27),
        .n_completed = db_int(rows, 28),
        .n_failed = db_int(rows, 29),
        .prompt_tokens = count(rows, 30),
        .cached_tokens = count(rows, 31),
        .completion_tokens = count(rows, 32),
        .reasoning_tokens = count(rows, 33),
        .output_file_id = text(rows, 34, arena),
        .error_file_id = text(rows, 35, arena),
    };
    for (int i = 0; i < BATCH_STATUSES; i++) ret->at[i] = db_int(rows, 13 + i);
}

static int check_open(struct db *db, const struct principal *owner, struct err *err)
{
    int64_t n;
    TRY(db_one_int(&n, 0, db,
                   "SELECT COUNT(*) FROM batches WHERE " BATCH_OPEN " AND " OWNED_BY("?1", "?2"),
                   DB_ARGS(OWNED_ARGS(owner)), err));
    if (n < BATCH_OPEN_MAX) return 0;
    return err_set(err, ERR_RATE_LIMIT,
                   "There are %d batches that are not over yet: wait for one, or cancel it.",
                   BATCH_OPEN_MAX);
}

int batch_add(struct db *db, const struct batch_row *row, struct err *err)
{
    TRY(check_open(db, &row->owner, err));
    int rc = db_exec(
        db,
        "INSERT INTO batches(id, " OWNER_NAMES ", endpoint, input_file_id, sha256, bytes, "
        "metadata, output_seconds, created_at, expires_at, model, status, failed_at, "
        "in_progress_at, finalizing_at, completed_at, expired_at, cancelling_at, cancelled_at, "
        "errors, n_errors, read_to, n_read, n_inputs, n_total, n_completed, n_failed, "
        "prompt_tokens, cached_tokens, completion_tokens, reasoning_tokens) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, "
        "'', 0, 0, 0, 0, 0, 0, 0, 0, '', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)",
        DB_ARGS(DB_TEXT(row->id), OWNER_ARGS(&row->owner), DB_TEXT(row->endpoint),
                DB_TEXT(row->input_file_id), DB_TEXT(row->sha256), DB_INT((int64_t)row->bytes),
                DB_TEXT(row->metadata), DB_INT(row->output_seconds),
                DB_INT(row->at[BATCH_VALIDATING]), DB_INT(row->expires_at)),
        err);
    return rc < 0 ? rc : 0;
}

static int not_found(struct slice id, struct err *err)
{
    return err_set(err, ERR_NOT_FOUND, "No batch found with id '%.*s'.",
                   (int)(id.len < QUOTE_MAX ? id.len : QUOTE_MAX), id.ptr);
}

static int first(struct batch_row *ret, struct db_rows *rows, struct slice id, struct arena *arena,
                 struct err *err)
{
    int rc = db_next(rows, err);
    if (rc < 0) return rc;
    if (rc == 0) return not_found(id, err);
    batch_from_row(ret, rows, arena);
    db_rows_close(rows);
    return arena_check(arena, "the batch", err);
}

#define SELECT_BATCH "SELECT " BATCH_COLUMNS " FROM batches WHERE id = ?1"

int batch_find(struct batch_row *ret, struct db *db, const struct principal *owner, struct slice id,
               struct arena *arena, struct err *err)
{
    struct db_rows rows;
    TRY(db_query(&rows, db, SELECT_BATCH " AND " OWNED_BY("?2", "?3"),
                 DB_ARGS(DB_TEXT(id), OWNED_ARGS(owner)), err));
    return first(ret, &rows, id, arena, err);
}

int batch_read(struct batch_row *ret, struct db *db, struct slice id, struct arena *arena,
               struct err *err)
{
    struct db_rows rows;
    TRY(db_query(&rows, db, SELECT_BATCH, DB_ARGS(DB_TEXT(id)), err));
    return first(ret, &rows, id, arena, err);
}

int batch_move(struct db *db, struct slice id, enum batch_status from, enum batch_status to,
               int64_t now, struct err *err)
{
#define MOVE(column) "UPDATE batches SET status = ?1, " column " = ?2 WHERE id = ?3 AND status = ?4"
    static const char *const statements[BATCH_STATUSES] = {
        [BATCH_FAILED] = MOVE("failed_at"),         [BATCH_IN_PROGRESS] = MOVE("in_progress_at"),
        [BATCH_FINALIZING] = MOVE("finalizing_at"), [BATCH_COMPLETED] = MOVE("completed_at"),
        [BATCH_EXPIRED] = MOVE("expired_at"),       [BATCH_CANCELLING] = MOVE("cancelling_at"),
        [BATCH_CANCELLED] = MOVE("cancelled_at"),
    };
    assert(statements[to]);
    int rc = db_exec(db, statements[to],
                     DB_ARGS(DB_INT(to), DB_INT(now), DB_TEXT(id), DB_INT(from)), err);
    return rc > 0 ? 1 : rc;
}

int batch_set_read(struct db *db, const struct batch_row *row, struct err *err)
{
    int rc = db_exec(db,
                     "UPDATE batches SET model = ?1, errors = ?2, n_errors = ?3, read_to = ?4, "
                     "n_read = ?5, n_inputs = ?6, n_total = ?7 WHERE id = ?8",
                     DB_ARGS(DB_TEXT(row->model), DB_TEXT(row->errors), DB_INT(row->n_errors),
                             DB_INT((int64_t)row->read_to), DB_INT(row->n_read),
                             DB_INT(row->n_inputs), DB_INT(row->n_total), DB_TEXT(row->id)),
                     err);
    return rc < 0 ? rc : 0;
}

int batch_set_files(struct db *db, struct slice id, struct slice output, struct slice error,
                    struct err *err)
{
    int rc = db_exec(db,
                     "UPDATE batches SET output_file_id = ?1, error_file_id = ?2, "
                     "n_failed = n_total - n_completed WHERE id = ?3",
                     DB_ARGS(DB_TEXT_OR_NULL(output), DB_TEXT_OR_NULL(error), DB_TEXT(id)), err);
    return rc < 0 ? rc : 0;
}

/* ---- Lines ---- */

int batch_line_add(struct db *db, const struct batch_row *batch, const struct batch_line_row *line,
                   struct err *err)
{
    return db_exec(db,
                   "INSERT INTO batch_lines(batch_id, " OWNER_NAMES
                   ", line, custom_id, start, bytes, state, status) "
                   "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0, 0) "
                   "ON CONFLICT (batch_id, custom_id) DO NOTHING",
                   DB_ARGS(DB_TEXT(batch->id), OWNER_ARGS(&batch->owner), DB_INT(line->line),
                           DB_TEXT(line->custom_id), DB_INT((int64_t)line->start),
                           DB_INT((int64_t)line->bytes)),
                   err);
}

#define SELECT_LINES                                                                          \
    "SELECT line, custom_id, start, bytes, state, status, request_id, body FROM batch_lines " \
    "WHERE batch_id = ?1 AND line > ?2 "

int batch_lines_query(struct db_rows *ret, struct db *db, struct slice batch_id, int64_t after,
                      bool only_waiting, int limit, struct err *err)
{
    return db_query(ret, db,
                    only_waiting ? SELECT_LINES "AND state = 0 ORDER BY line LIMIT ?3"
                                 : SELECT_LINES "ORDER BY line LIMIT ?3",
                    DB_ARGS(DB_TEXT(batch_id), DB_INT(after), DB_INT(limit)), err);
}

void batch_line_from_row(struct batch_line_row *ret, const struct db_rows *rows)
{
    int64_t state = db_int(rows, 4);
    *ret = (struct batch_line_row){
        .line = db_int(rows, 0),
        .custom_id = db_text(rows, 1),
        .start = count(rows, 2),
        .bytes = count(rows, 3),
        .state = state == BATCH_LINE_WAITING || state == BATCH_LINE_COMPLETED
                     ? (enum batch_line_state)state
                     : BATCH_LINE_FAILED,
        .status = (int)db_int(rows, 5),
        .request_id = db_text(rows, 6),
        .body = db_text(rows, 7),
    };
}

static int add_counts(struct db *db, struct slice batch_id, const struct batch_line_end *end,
                      struct err *err)
{
    bool completed = end->row.state == BATCH_LINE_COMPLETED;
    int rc = db_exec(db,
                     "UPDATE batches SET n_completed = n_completed + ?1, "
                     "n_failed = n_failed + ?2, prompt_tokens = prompt_tokens + ?3, "
                     "cached_tokens = cached_tokens + ?4, "
                     "completion_tokens = completion_tokens + ?5, "
                     "reasoning_tokens = reasoning_tokens + ?6 WHERE id = ?7",
                     DB_ARGS(DB_INT(completed), DB_INT(!completed),
                             DB_INT((int64_t)end->used.prompt_tokens),
                             DB_INT((int64_t)end->used.cached_tokens),
                             DB_INT((int64_t)end->used.completion_tokens),
                             DB_INT((int64_t)end->reasoning_tokens), DB_TEXT(batch_id)),
                     err);
    return rc < 0 ? rc : 0;
}

int batch_line_end(struct db *db, struct slice batch_id, const struct principal *owner,
                   const struct batch_line_end *end, struct err *err)
{
    const struct batch_line_row *row = &end->row;
    assert(row->state != BATCH_LINE_WAITING);
    int rc = db_exec(db,
                     "UPDATE batch_lines SET state = ?1, status = ?2, request_id = ?3, body = ?4 "
                     "WHERE batch_id = ?5 AND line = ?6 AND state = 0",
                     DB_ARGS(DB_INT(row->state), DB_INT(row->status), DB_TEXT(row->request_id),
                             DB_TEXT(row->body), DB_TEXT(batch_id), DB_INT(row->line)),
                     err);
    if (rc <= 0) return rc;
    TRY(add_counts(db, batch_id, end, err));
    return ledger_add(db, owner, &end->used, err);
}

int batch_lines_remove(struct db *db, struct slice batch_id, int limit, struct err *err)
{
    return db_exec(db,
                   "DELETE FROM batch_lines WHERE batch_id = ?1 AND line IN "
                   "(SELECT line FROM batch_lines WHERE batch_id = ?1 ORDER BY line LIMIT ?2)",
                   DB_ARGS(DB_TEXT(batch_id), DB_INT(limit)), err);
}

int batch_delete(struct db *db, const struct principal *owner, struct slice id, struct err *err)
{
    int rc = db_exec(
        db, "DELETE FROM batches WHERE id = ?1 AND NOT (" BATCH_OPEN ") AND " OWNED_BY("?2", "?3"),
        DB_ARGS(DB_TEXT(id), OWNED_ARGS(owner)), err);
    if (rc == 0) return not_found(id, err);
    if (rc < 0) return rc;
    rc = db_exec(db, "DELETE FROM batch_lines WHERE batch_id = ?1", DB_ARGS(DB_TEXT(id)), err);
    return rc < 0 ? rc : 0;
}

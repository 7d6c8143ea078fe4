/* batch_table - batches and their lines.
 *
 *     validating ─► in_progress ─► finalizing ─► completed     every line has its answer
 *         │              │             └───────► expired       the window closed first
 *         ▼              ▼
 *       failed      cancelling ─► cancelled                    (also from validating)
 *
 * Each change of status is guarded by the one before it, so one done again changes nothing. A line
 * waits until its answer is written, once: with the batch's counts and the row of the ledger, in
 * the transaction of batch_line_end. Once the answers stand in files the lines are removed.
 *
 * All of this runs on the store's thread.
 */
#ifndef TIRO_STORE_BATCH_TABLE_H
#define TIRO_STORE_BATCH_TABLE_H

#include "base/arena.h"
#include "store/ledger.h"
#include "store/owner.h"

enum batch_status {
    BATCH_VALIDATING,
    BATCH_FAILED,
    BATCH_IN_PROGRESS,
    BATCH_FINALIZING,
    BATCH_COMPLETED,
    BATCH_EXPIRED,
    BATCH_CANCELLING,
    BATCH_CANCELLED,
    BATCH_STATUSES
};

enum batch_line_state { BATCH_LINE_WAITING, BATCH_LINE_COMPLETED, BATCH_LINE_FAILED };

enum { BATCH_OPEN_MAX = 256 }; /* Batches of a project that are not over. */

struct batch_row {
    struct slice id, endpoint, model; /* model "": not known yet */
    struct slice input_file_id, sha256;
    struct slice metadata;                      /* a JSON object */
    struct slice errors;                        /* the members of a JSON array */
    struct slice output_file_id, error_file_id; /* ptr NULL: none */
    enum batch_status status;
    int64_t at[BATCH_STATUSES]; /* when it came to each status; [BATCH_VALIDATING]: was made */
    int64_t expires_at, output_seconds; /* of its files' life; 0: for ever */
    uint64_t bytes, read_to;            /* of the input; validated as far as that */
    int64_t n_read, n_errors, n_inputs; /* lines and errors so far; texts to embed */
    int64_t n_total, n_completed, n_failed;
    uint64_t prompt_tokens, cached_tokens, completion_tokens, reasoning_tokens;
    struct principal owner;
};

/* What batch_from_row reads, for statements of one's own. */
#define BATCH_COLUMNS                                                                             \
    "id, " OWNER_NAMES ", endpoint, input_file_id, sha256, bytes, metadata, output_seconds, "     \
    "model, status, created_at, failed_at, in_progress_at, finalizing_at, completed_at, "         \
    "expired_at, cancelling_at, cancelled_at, expires_at, errors, n_errors, read_to, n_read, "    \
    "n_inputs, n_total, n_completed, n_failed, prompt_tokens, cached_tokens, completion_tokens, " \
    "reasoning_tokens, output_file_id, error_file_id"
/* Statuses of batches that are not over. */
#define BATCH_OPEN "status IN (0, 2, 3, 6)"
/* Strings lie in the arena. */
void batch_from_row(struct batch_row *ret, const struct db_rows *rows, struct arena *arena);

/* -ERR_RATE_LIMIT: the project has BATCH_OPEN_MAX that are not over. */
int batch_add(struct db *db, const struct batch_row *row, struct err *err) MUST_USE;
/* -ERR_NOT_FOUND "No batch found with id 'batch_x'." */
int batch_find(struct batch_row *ret, struct db *db, const struct principal *owner, struct slice id,
               struct arena *arena, struct err *err) MUST_USE;
/* Whosever it is: for what works on it. */
int batch_read(struct batch_row *ret, struct db *db, struct slice id, struct arena *arena,
               struct err *err) MUST_USE;
/* From `from` to `to`; 0 when it is not in `from` (any more), else 1. */
int batch_move(struct db *db, struct slice id, enum batch_status from, enum batch_status to,
               int64_t now, struct err *err) MUST_USE;
/* What validation knows: model, errors, read_to and the counts of the row. */
int batch_set_read(struct db *db, const struct batch_row *row, struct err *err) MUST_USE;
/* The files (ptr NULL: none), and the lines that never ran as failed. */
int batch_set_files(struct db *db, struct slice id, struct slice output, struct slice error,
                    struct err *err) MUST_USE;

struct batch_line_row {
    int64_t line; /* of the input file, from 1 */
    struct slice custom_id;
    uint64_t start, bytes;
    enum batch_line_state state;
    int status; /* HTTP's */
    struct slice request_id, body;
};

/* 0: the batch has the custom_id already, else 1. */
int batch_line_add(struct db *db, const struct batch_row *batch, const struct batch_line_row *line,
                   struct err *err) MUST_USE;
/* Lines behind `after`: line, custom_id, start, bytes, state, status, request_id, body. */
int batch_lines_query(struct db_rows *ret, struct db *db, struct slice batch_id, int64_t after,
                      bool only_waiting, int limit, struct err *err) MUST_USE;
/* Slices live until the next row. */
void batch_line_from_row(struct batch_line_row *ret, const struct db_rows *rows);

/* A line's answer: state, status, request_id, body, and what it used. */
struct batch_line_end {
    struct batch_line_row row;
    uint64_t reasoning_tokens;
    struct ledger_row used; /* its id: BATCH/REQUEST_ID */
};
/* A line that does not wait (any more) changes nothing. */
int batch_line_end(struct db *db, struct slice batch_id, const struct principal *owner,
                   const struct batch_line_end *end, struct err *err) MUST_USE;
/* Removes some `limit` lines; 0: none were left. */
int batch_lines_remove(struct db *db, struct slice batch_id, int limit, struct err *err) MUST_USE;
/* One that is over, with what is left of its lines; its files stay. As batch_find: not found. */
int batch_delete(struct db *db, const struct principal *owner, struct slice id,
                 struct err *err) MUST_USE;

#endif

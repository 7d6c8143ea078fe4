/* evaluation_table - exams that models sit: each with its questions, their results, its report.
 *
 * An item waits, is answered (a program that is still to be judged), or is done. An evaluation is
 * in_progress, judging (all are answered), completed, failed or cancelled; the counts in its row
 * change in the transaction in which its items do.
 */
#ifndef TIRO_STORE_EVALUATION_TABLE_H
#define TIRO_STORE_EVALUATION_TABLE_H

#include "base/arena.h"
#include "base/json.h"
#include "store/owner.h"

enum {
    EVALUATION_NAME_MAX = 200,
    EVALUATIONS_MAX = 10000, /* of one project */
};

enum evaluation_item_state { EVALUATION_WAITING, EVALUATION_ANSWERED, EVALUATION_DONE };

#define EVALUATION_IN_PROGRESS "in_progress"
#define EVALUATION_JUDGING     "judging"
#define EVALUATION_COMPLETED   "completed"
#define EVALUATION_FAILED      "failed"
#define EVALUATION_CANCELLED   "cancelled"

struct evaluation_row {
    struct slice id, name, model, fingerprint, format, kind;
    struct slice settings; /* a JSON object: shots, limit, seed ... */
    struct slice digest;   /* of model, questions and settings: what makes it the same exam */
    struct slice status, problem;
    struct slice report; /* a JSON object; "": it is not completed */
    int64_t n_items, n_answered, n_done, n_right;
    int64_t created_at, ended_at; /* unix seconds; ended_at 0: it goes on */
};

struct evaluation_item {
    int64_t number; /* from 1 */
    enum evaluation_item_state state;
    bool right;
    struct slice question, result; /* JSON objects; result "": none yet */
};

struct evaluation_listing {
    struct slice after, model; /* ptr NULL: from the newest; of any model */
    int limit;
};

struct evaluation_item_listing {
    int64_t after; /* number */
    int state;     /* -1: any */
    int limit;
};

/* -ERR_LIMIT: there are too many. */
int evaluation_add(struct db *db, const struct principal *owner, const struct evaluation_row *row,
                   struct err *err) MUST_USE;
int evaluation_item_add(struct db *db, const struct principal *owner, struct slice id,
                        int64_t number, struct slice question, struct err *err) MUST_USE;
int evaluation_set_items(struct db *db, struct slice id, int64_t n_items, struct err *err) MUST_USE;
/* -ERR_NOT_FOUND. Strings lie in the arena. */
int evaluation_find(struct evaluation_row *ret, struct db *db, const struct principal *owner,
                    struct slice id, struct arena *arena, struct err *err) MUST_USE;
/* The newest that was not completed, of that digest; id empty: there is none. */
int evaluation_find_open(struct slice *ret_id, struct db *db, const struct principal *owner,
                         struct slice digest, struct arena *arena, struct err *err) MUST_USE;
int evaluation_delete(struct db *db, const struct principal *owner, struct slice id,
                      struct err *err) MUST_USE;
/* From whichever to "cancelled", and back: to "in_progress", or "judging" when all is answered.
 * What is completed stays so (-ERR_INVALID_VALUE). */
int evaluation_cancel(struct db *db, const struct principal *owner, struct slice id, int64_t now,
                      struct err *err) MUST_USE;
int evaluation_continue(struct db *db, const struct principal *owner, struct slice id,
                        struct err *err) MUST_USE;

/* {"object":"list","data":[...],"has_more"}: the newest first, without their reports' details. */
int evaluation_list(struct json_writer *w, struct db *db, const struct principal *owner,
                    const struct evaluation_listing *listing, struct err *err) MUST_USE;
void evaluation_write(struct json_writer *w, const struct evaluation_row *row);
/* Likewise, of its items by number. */
int evaluation_items_list(struct json_writer *w, struct db *db, struct slice id,
                          const struct evaluation_item_listing *listing, struct err *err) MUST_USE;
/* One item, in the arena; -ERR_NOT_FOUND. */
int evaluation_item_find(struct evaluation_item *ret, struct db *db, struct slice id,
                         int64_t number, struct arena *arena, struct err *err) MUST_USE;
/* Each item that is done, in order. */
int evaluation_items_each(struct db *db, struct slice id,
                          int (*take)(void *ctx, const struct evaluation_item *item,
                                      struct err *err),
                          void *ctx, struct err *err) MUST_USE;

/* ---- For the runner ---- */

struct evaluation_work {
    struct evaluation_row row; /* id empty: there is nothing to do */
    struct principal owner;
    struct evaluation_item item;
};

/* The next waiting item of an evaluation in progress, the oldest first, that is none of `busy`
 * (pairs of an evaluation's seq and number). */
struct evaluation_key {
    int64_t evaluation, number;
};
int evaluation_next(struct evaluation_work *ret, struct evaluation_key *ret_key, struct db *db,
                    const struct evaluation_key *busy, size_t n_busy, struct arena *arena,
                    struct err *err) MUST_USE;
/* What came of an item; *ret_last: nothing of the evaluation is left to be done. An item that is
 * done already, or whose evaluation is gone, changes nothing; *ret_changed says so. */
int evaluation_item_end(bool *ret_changed, bool *ret_last, struct db *db, struct slice id,
                        const struct evaluation_item *item, struct err *err) MUST_USE;
/* Ends it, with a report, or with a problem (report empty). */
int evaluation_end(struct db *db, struct slice id, const char *status, struct slice report,
                   struct slice problem, int64_t now, struct err *err) MUST_USE;

#endif

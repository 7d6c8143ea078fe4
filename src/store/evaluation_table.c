#include "store/evaluation_table.h"

#include "store/owned.h"

#define ROW_NAMES                                                                             \
    "id, name, model, fingerprint, format, kind, settings, digest, status, problem, report, " \
    "n_items, n_answered, n_done, n_right, created_at, ended_at"

enum { ROW_COLUMNS = 17 };

/* ---- Rows ---- */

int evaluation_add(struct db *db, const struct principal *owner, const struct evaluation_row *row,
                   struct err *err)
{
    int64_t n;
    TRY(db_one_int(&n, 0, db, "SELECT count(*) FROM evaluations WHERE " OWNED_BY("?1", "?2"),
                   DB_ARGS(OWNED_ARGS(owner)), err));
    if (n >= EVALUATIONS_MAX)
        return err_set(err, ERR_LIMIT, "There are %d evaluations already; delete some.",
                       EVALUATIONS_MAX);
    int rc = db_exec(db,
                     "INSERT INTO evaluations(" OWNER_NAMES ", " ROW_NAMES ") VALUES (?1, ?2, ?3, "
                     "?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, '', '', ?14, 0, 0, 0, ?15, 0)",
                     DB_ARGS(OWNER_ARGS(owner), DB_TEXT(row->id), DB_TEXT(row->name),
                             DB_TEXT(row->model), DB_TEXT(row->fingerprint), DB_TEXT(row->format),
                             DB_TEXT(row->kind), DB_TEXT(row->settings), DB_TEXT(row->digest),
                             DB_TEXT(row->status), DB_INT(row->n_items), DB_INT(row->created_at)),
                     err);
    return rc < 0 ? rc : 0;
}

int evaluation_item_add(struct db *db, const struct principal *owner, struct slice id,
                        int64_t number, struct slice question, struct err *err)
{
    int rc = db_exec(db,
                     "INSERT INTO evaluation_items(" OWNER_NAMES ", evaluation_id, number, state, "
                     "is_right, question, result) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, 0, ?7, '')",
                     DB_ARGS(OWNER_ARGS(owner), DB_TEXT(id), DB_INT(number), DB_TEXT(question)),
                     err);
    return rc < 0 ? rc : 0;
}

int evaluation_set_items(struct db *db, struct slice id, int64_t n_items, struct err *err)
{
    int rc = db_exec(db, "UPDATE evaluations SET n_items = ?2 WHERE id = ?1",
                     DB_ARGS(DB_TEXT(id), DB_INT(n_items)), err);
    return rc < 0 ? rc : 0;
}

static struct evaluation_row row_of(const struct db_rows *rows)
{
    return (struct evaluation_row){
        .id = db_text(rows, 0),
        .name = db_text(rows, 1),
        .model = db_text(rows, 2),
        .fingerprint = db_text(rows, 3),
        .format = db_text(rows, 4),
        .kind = db_text(rows, 5),
        .settings = db_text(rows, 6),
        .digest = db_text(rows, 7),
        .status = db_text(rows, 8),
        .problem = db_text(rows, 9),
        .report = db_text(rows, 10),
        .n_items = db_int(rows, 11),
        .n_answered = db_int(rows, 12),
        .n_done = db_int(rows, 13),
        .n_right = db_int(rows, 14),
        .created_at = db_int(rows, 15),
        .ended_at = db_int(rows, 16),
    };
}

static void keep_row(struct evaluation_row *row, struct arena *arena)
{
    struct slice *texts[] = { &row->id,     &row->name,    &row->model,    &row->fingerprint,
                              &row->format, &row->kind,    &row->settings, &row->digest,
                              &row->status, &row->problem, &row->report };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        *texts[i] = arena_slice(arena, *texts[i]);
}

int evaluation_find(struct evaluation_row *ret, struct db *db, const struct principal *owner,
                    struct slice id, struct arena *arena, struct err *err)
{
    struct db_rows rows;
    TRY(db_query(&rows, db,
                 "SELECT " ROW_NAMES " FROM evaluations WHERE id = ?1 AND " OWNED_BY("?2", "?3"),
                 DB_ARGS(DB_TEXT(id), OWNED_ARGS(owner)), err));
    int rc = db_next(&rows, err);
    if (rc < 0) return rc;
    if (rc == 0) return owned_not_found("Evaluation", id, err);
    struct evaluation_row row = row_of(&rows);
    keep_row(&row, arena);
    db_rows_close(&rows);
    TRY(arena_check(arena, "the evaluation", err));
    *ret = row;
    return 0;
}

int evaluation_find_open(struct slice *ret_id, struct db *db, const struct principal *owner,
                         struct slice digest, struct arena *arena, struct err *err)
{
    struct db_rows rows;
    *ret_id = SLICE("");
    TRY(db_query(
        &rows, db,
        "SELECT id FROM evaluations WHERE digest = ?1 AND status <> 'completed' AND " OWNED_BY(
            "?2", "?3") " ORDER BY seq DESC LIMIT 1",
        DB_ARGS(DB_TEXT(digest), OWNED_ARGS(owner)), err));
    int rc = db_next(&rows, err);
    if (rc <= 0) return rc;
    *ret_id = arena_slice(arena, db_text(&rows, 0));
    db_rows_close(&rows);
    return arena_check(arena, "the evaluation", err);
}

int evaluation_delete(struct db *db, const struct principal *owner, struct slice id,
                      struct err *err)
{
    int n = db_exec(db, "DELETE FROM evaluations WHERE id = ?1 AND " OWNED_BY("?2", "?3"),
                    DB_ARGS(DB_TEXT(id), OWNED_ARGS(owner)), err);
    if (n == 0) return owned_not_found("Evaluation", id, err);
    if (n > 0)
        n = db_exec(db, "DELETE FROM evaluation_items WHERE evaluation_id = ?1",
                    DB_ARGS(DB_TEXT(id)), err);
    return n < 0 ? n : 0;
}

static int change(int n, struct db *db, const struct principal *owner, struct slice id,
                  struct err *err)
{
    int64_t there;
    if (n != 0) return n < 0 ? n : 0;
    TRY(db_one_int(&there, 0, db,
                   "SELECT 1 FROM evaluations WHERE id = ?1 AND " OWNED_BY("?2", "?3"),
                   DB_ARGS(DB_TEXT(id), OWNED_ARGS(owner)), err));
    if (!there) return owned_not_found("Evaluation", id, err);
    return err_set(err, ERR_INVALID_VALUE, "The evaluation is completed; begin a new one.");
}

int evaluation_cancel(struct db *db, const struct principal *owner, struct slice id, int64_t now,
                      struct err *err)
{
    int n = db_exec(db,
                    "UPDATE evaluations SET status = 'cancelled', ended_at = ?4 WHERE id = ?1 AND "
                    "status <> 'completed' AND " OWNED_BY("?2", "?3"),
                    DB_ARGS(DB_TEXT(id), OWNED_ARGS(owner), DB_INT(now)), err);
    return change(n, db, owner, id, err);
}

int evaluation_continue(struct db *db, const struct principal *owner, struct slice id,
                        struct err *err)
{
    int n = db_exec(db,
                    "UPDATE evaluations SET ended_at = 0, problem = '', status = CASE WHEN "
                    "n_answered = n_items THEN 'judging' ELSE 'in_progress' END WHERE id = ?1 AND "
                    "status <> 'completed' AND " OWNED_BY("?2", "?3"),
                    DB_ARGS(DB_TEXT(id), OWNED_ARGS(owner)), err);
    return change(n, db, owner, id, err);
}

/* ---- As JSON ---- */

static void key_json(struct json_writer *w, const char *key, struct slice value)
{
    json_key(w, key);
    if (value.len)
        json_raw(w, value);
    else
        json_null_value(w);
}

void evaluation_write(struct json_writer *w, const struct evaluation_row *row)
{
    json_object_begin(w);
    json_member_slice(w, "id", row->id);
    json_member_slice(w, "object", SLICE("tiro.evaluation"));
    json_member_slice(w, "name", row->name);
    json_member_slice(w, "model", row->model);
    json_member_slice(w, "fingerprint", row->fingerprint);
    json_member_slice(w, "format", row->format);
    json_member_slice(w, "kind", row->kind);
    key_json(w, "settings", row->settings);
    json_member_slice(w, "status", row->status);
    json_key(w, "problem");
    if (row->problem.len)
        json_slice(w, row->problem);
    else
        json_null_value(w);
    json_key(w, "counts");
    json_object_begin(w);
    json_member_int(w, "items", row->n_items);
    json_member_int(w, "answered", row->n_answered);
    json_member_int(w, "done", row->n_done);
    json_member_int(w, "right", row->n_right);
    json_object_end(w);
    key_json(w, "report", row->report);
    json_member_int(w, "created_at", row->created_at);
    json_key(w, "ended_at");
    if (row->ended_at)
        json_int(w, row->ended_at);
    else
        json_null_value(w);
    json_object_end(w);
}

static void begin_list(struct json_writer *w)
{
    json_object_begin(w);
    json_member_slice(w, "object", SLICE("list"));
    json_key(w, "data");
    json_array_begin(w);
}

static int end_list(struct json_writer *w, struct db_rows *rows, bool more, int rc)
{
    db_rows_close(rows);
    json_array_end(w);
    json_key(w, "has_more");
    json_bool(w, more);
    json_object_end(w);
    return rc < 0 ? rc : 0;
}

int evaluation_list(struct json_writer *w, struct db *db, const struct principal *owner,
                    const struct evaluation_listing *l, struct err *err)
{
    struct db_rows rows;
    int n = 0, rc;
    bool more = false;
    TRY(db_query(
        &rows, db,
        "SELECT " ROW_NAMES " FROM evaluations WHERE " OWNED_BY(
            "?1",
            "?2") " AND (?3 IS NULL OR seq < (SELECT seq FROM evaluations WHERE id = ?3)) AND "
                  "(?4 IS NULL OR model = ?4) ORDER BY seq DESC LIMIT ?5",
        DB_ARGS(OWNED_ARGS(owner), DB_TEXT_OR_NULL(l->after), DB_TEXT_OR_NULL(l->model),
                DB_INT(l->limit + 1)),
        err));
    begin_list(w);
    while ((rc = db_next(&rows, err)) > 0) {
        if ((more = n++ == l->limit)) break;
        struct evaluation_row row = row_of(&rows);
        evaluation_write(w, &row);
    }
    return end_list(w, &rows, more, rc);
}

static struct evaluation_item item_of(const struct db_rows *rows, int at)
{
    return (struct evaluation_item){
        .number = db_int(rows, at),
        .state = (enum evaluation_item_state)db_int(rows, at + 1),
        .right = db_int(rows, at + 2) != 0,
        .question = db_text(rows, at + 3),
        .result = db_text(rows, at + 4),
    };
}

#define ITEM_NAMES "number, state, is_right, question, result"

int evaluation_items_list(struct json_writer *w, struct db *db, struct slice id,
                          const struct evaluation_item_listing *l, struct err *err)
{
    static const char *const states[] = { "waiting", "answered", "done" };
    struct db_rows rows;
    int n = 0, rc;
    bool more = false;
    TRY(db_query(&rows, db,
                 "SELECT " ITEM_NAMES " FROM evaluation_items WHERE evaluation_id = ?1 AND "
                 "number > ?2 AND (?3 < 0 OR state = ?3) ORDER BY number LIMIT ?4",
                 DB_ARGS(DB_TEXT(id), DB_INT(l->after), DB_INT(l->state), DB_INT(l->limit + 1)),
                 err));
    begin_list(w);
    while ((rc = db_next(&rows, err)) > 0) {
        if ((more = n++ == l->limit)) break;
        struct evaluation_item item = item_of(&rows, 0);
        json_object_begin(w);
        json_member_int(w, "number", item.number);
        json_member_slice(w, "state", slice_of(states[item.state > 2 ? 2 : item.state]));
        json_key(w, "right");
        json_bool(w, item.right);
        key_json(w, "question", item.question);
        key_json(w, "result", item.result);
        json_object_end(w);
    }
    return end_list(w, &rows, more, rc);
}

int evaluation_item_find(struct evaluation_item *ret, struct db *db, struct slice id,
                         int64_t number, struct arena *arena, struct err *err)
{
    struct db_rows rows;
    TRY(db_query(&rows, db,
                 "SELECT " ITEM_NAMES " FROM evaluation_items WHERE evaluation_id = ?1 AND "
                 "number = ?2",
                 DB_ARGS(DB_TEXT(id), DB_INT(number)), err));
    int rc = db_next(&rows, err);
    if (rc < 0) return rc;
    if (rc == 0)
        return err_set(err, ERR_NOT_FOUND, "The evaluation has no item %lld.", (long long)number);
    struct evaluation_item item = item_of(&rows, 0);
    item.question = arena_slice(arena, item.question);
    item.result = arena_slice(arena, item.result);
    db_rows_close(&rows);
    TRY(arena_check(arena, "the item", err));
    *ret = item;
    return 0;
}

int evaluation_items_each(struct db *db, struct slice id,
                          int (*take)(void *ctx, const struct evaluation_item *item,
                                      struct err *err),
                          void *ctx, struct err *err)
{
    struct db_rows rows;
    int rc;
    TRY(db_query(&rows, db,
                 "SELECT " ITEM_NAMES " FROM evaluation_items WHERE evaluation_id = ?1 AND "
                 "state = 2 ORDER BY number",
                 DB_ARGS(DB_TEXT(id)), err));
    while ((rc = db_next(&rows, err)) > 0) {
        struct evaluation_item item = item_of(&rows, 0);
        rc = take(ctx, &item, err);
        if (rc < 0) break;
    }
    db_rows_close(&rows);
    return rc < 0 ? rc : 0;
}

/* ---- For the runner ---- */

static bool is_busy(const struct evaluation_key *key, const struct evaluation_key *busy, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (busy[i].evaluation == key->evaluation && busy[i].number == key->number) return true;
    return false;
}

/* The columns before those of the evaluation and of its owner. */
enum { AT_OWNER = ROW_COLUMNS, AT_ITEM = AT_OWNER + 4, AT_SEQ = AT_ITEM + 5 };

int evaluation_next(struct evaluation_work *ret, struct evaluation_key *ret_key, struct db *db,
                    const struct evaluation_key *busy, size_t n_busy, struct arena *arena,
                    struct err *err)
{
    struct db_rows rows;
    int rc;
    *ret = (struct evaluation_work){ .row.id = SLICE("") };
    TRY(db_query(&rows, db,
                 "SELECT e.id, e.name, e.model, e.fingerprint, e.format, e.kind, e.settings, "
                 "e.digest, e.status, e.problem, e.report, e.n_items, e.n_answered, e.n_done, "
                 "e.n_right, e.created_at, e.ended_at, e.tenant_id, e.project_id, e.user_id, "
                 "e.key_id, i.number, i.state, i.is_right, i.question, i.result, e.seq "
                 "FROM evaluations e JOIN evaluation_items i ON i.evaluation_id = e.id "
                 "WHERE e.status = 'in_progress' AND i.state = 0 ORDER BY e.seq, i.number LIMIT ?1",
                 DB_ARGS(DB_INT((int64_t)n_busy + 1)), err));
    while ((rc = db_next(&rows, err)) > 0) {
        struct evaluation_key key = { db_int(&rows, AT_SEQ), db_int(&rows, AT_ITEM) };
        if (is_busy(&key, busy, n_busy)) continue;
        ret->row = row_of(&rows);
        keep_row(&ret->row, arena);
        ret->owner = (struct principal){ .tenant = arena_slice(arena, db_text(&rows, AT_OWNER)),
                                         .project = arena_slice(arena,
                                                                db_text(&rows, AT_OWNER + 1)),
                                         .user = arena_slice(arena, db_text(&rows, AT_OWNER + 2)),
                                         .key = arena_slice(arena, db_text(&rows, AT_OWNER + 3)) };
        ret->item = item_of(&rows, AT_ITEM);
        ret->item.question = arena_slice(arena, ret->item.question);
        ret->item.result = SLICE("");
        *ret_key = key;
        break;
    }
    db_rows_close(&rows);
    if (rc < 0) return rc;
    return arena_check(arena, "the question", err);
}

int evaluation_item_end(bool *ret_changed, bool *ret_last, struct db *db, struct slice id,
                        const struct evaluation_item *item, struct err *err)
{
    int64_t left;
    *ret_changed = *ret_last = false;
    struct evaluation_item was;
    struct arena arena;
    arena_init(&arena, 8 << 20);
    int rc = evaluation_item_find(&was, db, id, item->number, &arena, err);
    arena_release(&arena);
    if (rc == -ERR_NOT_FOUND) return 0;
    if (rc < 0) return rc;
    if (was.state >= item->state) return 0;
    bool answered = was.state == EVALUATION_WAITING, done = item->state == EVALUATION_DONE;
    rc = db_exec(db,
                 "UPDATE evaluation_items SET state = ?3, is_right = ?4, result = ?5 WHERE "
                 "evaluation_id = ?1 AND number = ?2",
                 DB_ARGS(DB_TEXT(id), DB_INT(item->number), DB_INT(item->state),
                         DB_INT(item->right), DB_TEXT(item->result)),
                 err);
    if (rc < 0) return rc;
    rc = db_exec(db,
                 "UPDATE evaluations SET n_answered = n_answered + ?2, n_done = n_done + ?3, "
                 "n_right = n_right + ?4, status = CASE WHEN n_answered + ?2 = n_items AND "
                 "status = 'in_progress' THEN 'judging' ELSE status END WHERE id = ?1",
                 DB_ARGS(DB_TEXT(id), DB_INT(answered), DB_INT(done), DB_INT(done && item->right)),
                 err);
    if (rc < 0) return rc;
    TRY(db_one_int(&left, 1, db,
                   "SELECT n_items - n_done FROM evaluations WHERE id = ?1 AND status <> "
                   "'completed'",
                   DB_ARGS(DB_TEXT(id)), err));
    *ret_changed = true;
    *ret_last = left == 0;
    return 0;
}

int evaluation_end(struct db *db, struct slice id, const char *status, struct slice report,
                   struct slice problem, int64_t now, struct err *err)
{
    int rc = db_exec(db,
                     "UPDATE evaluations SET status = ?2, report = ?3, problem = ?4, ended_at = ?5 "
                     "WHERE id = ?1",
                     DB_ARGS(DB_TEXT(id), DB_TEXT(slice_of(status)), DB_TEXT(report),
                             DB_TEXT(problem), DB_INT(now)),
                     err);
    return rc < 0 ? rc : 0;
}

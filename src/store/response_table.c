#include "store/response_table.h"

#include "store/items.h"

enum { QUOTE_MAX = 100 };

static int quote_len(struct slice s)
{
    return (int)(s.len < QUOTE_MAX ? s.len : QUOTE_MAX);
}

static int not_found(struct slice id, struct err *err)
{
    return err_set(err, ERR_NOT_FOUND, "Response with id '%.*s' not found.", quote_len(id), id.ptr);
}

int response_add(struct db *db, const struct principal *owner, const struct response_row *row,
                 struct err *err)
{
    int rc = db_exec(
        db,
        "INSERT INTO responses(id, " OWNER_NAMES ", created_at, status, model, background, "
        "request, seed, previous_id, conversation_id, history_items, history_sum, n_events, body) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, 0, ?16)",
        DB_ARGS(DB_TEXT(row->id), OWNER_ARGS(owner), DB_INT(row->created_at), DB_TEXT(row->status),
                DB_TEXT(row->model), DB_INT(row->background), DB_TEXT(row->request),
                DB_INT((int64_t)row->seed), DB_TEXT_OR_NULL(row->previous_id),
                DB_TEXT_OR_NULL(row->conversation_id), DB_INT((int64_t)row->history_items),
                DB_INT((int64_t)row->history_sum), DB_TEXT(row->body)),
        err);
    return rc < 0 ? rc : 0;
}

/* The columns of fill(), in its order. */
#define COLUMNS                                                                      \
    "status, model, request, previous_id, conversation_id, body, created_at, seed, " \
    "background, history_items, history_sum, n_events"

static int fill(struct response_row *ret, const struct db_rows *rows, struct slice id,
                struct arena *arena, struct err *err)
{
    struct slice *const texts[] = { &ret->status,      &ret->model,           &ret->request,
                                    &ret->previous_id, &ret->conversation_id, &ret->body };
    int at = 0;
    *ret = (struct response_row){ .id = arena_slice(arena, id) };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++, at++)
        if (!db_is_null(rows, at)) *texts[i] = arena_slice(arena, db_text(rows, at));
    ret->created_at = db_int(rows, at++);
    ret->seed = (uint64_t)db_int(rows, at++);
    ret->background = db_int(rows, at++) != 0;
    ret->history_items = (uint64_t)db_int(rows, at++);
    ret->history_sum = (uint64_t)db_int(rows, at++);
    ret->n_events = (uint64_t)db_int(rows, at++);
    return arena_check(arena, "the response", err);
}

int response_find(struct response_row *ret, struct db *db, const struct principal *owner,
                  struct slice id, struct arena *arena, struct err *err)
{
    struct db_rows rows;
    TRY(db_query(&rows, db,
                 "SELECT " COLUMNS " FROM responses WHERE id = ?1 AND " OWNED_BY("?2", "?3"),
                 DB_ARGS(DB_TEXT(id), OWNED_ARGS(owner)), err));
    int rc = db_next(&rows, err);
    if (rc == 0) return not_found(id, err);
    if (rc < 0) return rc;
    rc = fill(ret, &rows, id, arena, err);
    db_rows_close(&rows);
    return rc;
}

int response_find_link(struct response_link *ret, struct db *db, const struct principal *owner,
                       struct slice id, struct arena *arena, struct err *err)
{
    struct db_rows rows;
    TRY(db_query(&rows, db,
                 "SELECT previous_id, conversation_id, history_items, status FROM responses "
                 "WHERE id = ?1 AND " OWNED_BY("?2", "?3"),
                 DB_ARGS(DB_TEXT(id), OWNED_ARGS(owner)), err));
    int rc = db_next(&rows, err);
    if (rc == 0) return not_found(id, err);
    if (rc < 0) return rc;
    struct slice status = db_text(&rows, 3);
    *ret = (struct response_link){
        .history_items = (uint64_t)db_int(&rows, 2),
        .unfinished = slice_is(status, "queued") || slice_is(status, "in_progress"),
    };
    if (!db_is_null(&rows, 0)) ret->previous_id = arena_slice(arena, db_text(&rows, 0));
    if (!db_is_null(&rows, 1)) ret->conversation_id = arena_slice(arena, db_text(&rows, 1));
    db_rows_close(&rows);
    return arena_check(arena, "the response", err);
}

int response_finish(struct db *db, const struct principal *owner, const struct response_row *row,
                    struct err *err)
{
    return db_exec(db,
                   "UPDATE responses SET status = ?1, body = ?2, n_events = ?3 WHERE id = ?4 AND "
                   "status IN ('queued', 'in_progress') AND " OWNED_BY("?5", "?6"),
                   DB_ARGS(DB_TEXT(row->status), DB_TEXT(row->body), DB_INT((int64_t)row->n_events),
                           DB_TEXT(row->id), OWNED_ARGS(owner)),
                   err);
}

int response_delete(struct db *db, const struct principal *owner, struct slice id, struct err *err)
{
    int rc = db_exec(db, "DELETE FROM responses WHERE id = ?1 AND " OWNED_BY("?2", "?3"),
                     DB_ARGS(DB_TEXT(id), OWNED_ARGS(owner)), err);
    if (rc == 0) return not_found(id, err);
    if (rc < 0) return rc;
    TRY(items_delete_all(db, owner, &(struct items_list){ id, ITEMS_INPUT }, err));
    return items_delete_all(db, owner, &(struct items_list){ id, ITEMS_OUTPUT }, err);
}

static struct principal owner_at(const struct db_rows *rows, int at, struct arena *arena)
{
    return (struct principal){ .tenant = arena_slice(arena, db_text(rows, at)),
                               .project = arena_slice(arena, db_text(rows, at + 1)),
                               .user = arena_slice(arena, db_text(rows, at + 2)),
                               .key = arena_slice(arena, db_text(rows, at + 3)) };
}

/* Rows of seq, id, owner, background. */
static int take(struct response_unfinished *ret, size_t *ret_n, struct db_rows *rows,
                struct arena *arena, struct err *err)
{
    int rc;
    *ret_n = 0;
    while ((rc = db_next(rows, err)) > 0)
        ret[(*ret_n)++] = (struct response_unfinished){
            .seq = db_int(rows, 0),
            .id = arena_slice(arena, db_text(rows, 1)),
            .owner = owner_at(rows, 2, arena),
            .background = db_int(rows, 6) != 0,
        };
    return rc < 0 ? rc : arena_check(arena, "the unfinished responses", err);
}

int response_list_unfinished(struct response_unfinished *ret, size_t *ret_n, struct db *db,
                             int64_t after, struct arena *arena, struct err *err)
{
    struct db_rows rows;
    TRY(db_query(&rows, db,
                 "SELECT seq, id, " OWNER_NAMES ", background FROM responses "
                 "WHERE status IN ('queued', 'in_progress') AND seq > ?1 ORDER BY seq LIMIT ?2",
                 DB_ARGS(DB_INT(after), DB_INT(RESPONSE_UNFINISHED_MAX)), err));
    return take(ret, ret_n, &rows, arena, err);
}

int response_find_item(struct slice *ret, struct db *db, const struct principal *owner,
                       struct slice id, struct arena *arena, struct err *err)
{
    struct db_rows rows;
    TRY(db_query(&rows, db,
                 "SELECT body FROM items WHERE id = ?1 AND " OWNED_BY("?2", "?3") " ORDER BY seq",
                 DB_ARGS(DB_TEXT(id), OWNED_ARGS(owner)), err));
    int rc = db_next(&rows, err);
    if (rc == 0)
        return err_param(err, ERR_NOT_FOUND, "input",
                         "Item with id '%.*s' not found. Items are not persisted when `store` is "
                         "set to false. Try again with `store` set to true, or remove this item "
                         "from your input.",
                         quote_len(id), id.ptr);
    if (rc < 0) return rc;
    *ret = arena_slice(arena, db_text(&rows, 0));
    db_rows_close(&rows);
    return arena_check(arena, "the item", err);
}

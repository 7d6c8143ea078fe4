#include "store/vector_table.h"

enum { DAY = 24 * 60 * 60 };

const char vector_store_columns[] =
    "id, seq, name, description, metadata, created_at, last_active_at, expires_days, expired, "
    "model, dimensions, usage_bytes, n_in_progress, n_completed, n_failed, n_cancelled";

static struct slice text_of(const struct db_rows *rows, int column, struct arena *arena)
{
    struct slice text = db_text(rows, column);
    return arena && text.ptr ? arena_slice(arena, text) : text;
}

void vector_store_read(struct vector_store *ret, const struct db_rows *rows, int64_t now,
                       struct arena *arena)
{
    *ret = (struct vector_store){
        .id = text_of(rows, 0, arena),
        .seq = db_int(rows, 1),
        .name = text_of(rows, 2, arena),
        .description = text_of(rows, 3, arena),
        .metadata = text_of(rows, 4, arena),
        .created_at = db_int(rows, 5),
        .last_active_at = db_int(rows, 6),
        .expires_days = db_int(rows, 7),
        .expired = db_int(rows, 8) != 0,
        .model = text_of(rows, 9, arena),
        .dimensions = (uint32_t)db_int(rows, 10),
        .usage_bytes = db_int(rows, 11),
    };
    for (int i = 0; i < VECTOR_STATUSES; i++) ret->counts.of[i] = db_int(rows, 12 + i);
    if (ret->expires_days && ret->last_active_at + ret->expires_days * DAY <= now)
        ret->expired = true;
}

int vector_store_add(struct db *db, const struct principal *owner, struct vector_store *s,
                     struct err *err)
{
    TRY(db_exec(db,
                "INSERT INTO vector_stores(id, " OWNER_NAMES ", created_at, last_active_at, "
                "expires_days, expired, name, description, metadata, model, dimensions, "
                "usage_bytes, n_in_progress, n_completed, n_failed, n_cancelled) "
                "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7, 0, ?8, ?9, ?10, '', 0, 0, 0, 0, 0, 0)",
                DB_ARGS(DB_TEXT(s->id), OWNER_ARGS(owner), DB_INT(s->created_at),
                        DB_INT(s->expires_days), DB_TEXT(s->name), DB_TEXT_OR_NULL(s->description),
                        DB_TEXT(s->metadata)),
                err));
    return db_one_int(&s->seq, 0, db, "SELECT seq FROM vector_stores WHERE id = ?1",
                      DB_ARGS(DB_TEXT(s->id)), err);
}

int vector_store_find(struct vector_store *ret, struct db *db, const struct principal *owner,
                      struct slice id, int64_t now, struct arena *arena, struct err *err)
{
    struct db_rows rows;
    TRY(db_query(
        &rows, db,
        "SELECT id, seq, name, description, metadata, created_at, last_active_at, "
        "expires_days, expired, model, dimensions, usage_bytes, n_in_progress, "
        "n_completed, n_failed, n_cancelled FROM vector_stores WHERE id = ?1 AND " OWNED_BY("?2",
                                                                                            "?3"),
        DB_ARGS(DB_TEXT(id), OWNED_ARGS(owner)), err));
    int rc = db_next(&rows, err);
    if (rc == 0)
        return err_set(err, ERR_NOT_FOUND, "Vector store with id '%.*s' not found.",
                       (int)(id.len < 100 ? id.len : 100), id.ptr);
    TRY(rc);
    vector_store_read(ret, &rows, now, arena);
    db_rows_close(&rows);
    return arena_check(arena, "the vector store", err);
}

static int changed(int rc)
{
    return rc < 0 ? rc : 0;
}

int vector_store_update(struct db *db, const struct vector_store *s, struct err *err)
{
    return changed(db_exec(
        db,
        "UPDATE vector_stores SET name = ?2, metadata = ?3, expires_days = ?4 "
        "WHERE seq = ?1",
        DB_ARGS(DB_INT(s->seq), DB_TEXT(s->name), DB_TEXT(s->metadata), DB_INT(s->expires_days)),
        err));
}

int vector_store_touch(struct db *db, int64_t seq, int64_t now, struct err *err)
{
    return changed(db_exec(db, "UPDATE vector_stores SET last_active_at = ?2 WHERE seq = ?1",
                           DB_ARGS(DB_INT(seq), DB_INT(now)), err));
}

int vector_store_settle(struct db *db, int64_t seq, struct slice model, uint32_t dimensions,
                        struct err *err)
{
    TRY(db_exec(db,
                "UPDATE vector_stores SET model = ?2, dimensions = ?3 "
                "WHERE seq = ?1 AND model = ''",
                DB_ARGS(DB_INT(seq), DB_TEXT(model), DB_INT(dimensions)), err));
    int64_t same;
    TRY(db_one_int(&same, 0, db,
                   "SELECT COUNT(*) FROM vector_stores WHERE seq = ?1 AND model = ?2 AND "
                   "dimensions = ?3",
                   DB_ARGS(DB_INT(seq), DB_TEXT(model), DB_INT(dimensions)), err));
    if (same) return 0;
    return err_set(err, ERR_UNSUPPORTED_VALUE,
                   "The vector store's other files were embedded by another model than '%.*s' with "
                   "its %u dimensions; put files of both into two vector stores.",
                   SLICE_FMT(model), dimensions);
}

/* Its files go, and their chunks are noted to go. */
static int empty(struct db *db, int64_t seq, struct err *err)
{
    TRY(db_exec(db,
                "INSERT INTO vector_purges(store_seq, file_seq) "
                "SELECT store_seq, seq FROM vector_files WHERE store_seq = ?1",
                DB_ARGS(DB_INT(seq)), err));
    TRY(db_exec(db, "DELETE FROM vector_files WHERE store_seq = ?1", DB_ARGS(DB_INT(seq)), err));
    return changed(db_exec(db, "DELETE FROM vector_file_batches WHERE store_seq = ?1",
                           DB_ARGS(DB_INT(seq)), err));
}

int vector_store_delete(struct db *db, int64_t seq, struct err *err)
{
    TRY(empty(db, seq, err));
    return changed(
        db_exec(db, "DELETE FROM vector_stores WHERE seq = ?1", DB_ARGS(DB_INT(seq)), err));
}

int vector_store_expire(int64_t *ret_seq, struct db *db, int64_t now, struct err *err)
{
    TRY(db_one_int(ret_seq, 0, db,
                   "SELECT seq FROM vector_stores WHERE expired = 0 AND expires_days > 0 AND "
                   "last_active_at + expires_days * 86400 <= ?1 ORDER BY seq LIMIT 1",
                   DB_ARGS(DB_INT(now)), err));
    if (*ret_seq == 0) return 0;
    TRY(empty(db, *ret_seq, err));
    return changed(db_exec(db,
                           "UPDATE vector_stores SET expired = 1, usage_bytes = 0, "
                           "n_in_progress = 0, n_completed = 0, n_failed = 0, n_cancelled = 0 "
                           "WHERE seq = ?1",
                           DB_ARGS(DB_INT(*ret_seq)), err));
}

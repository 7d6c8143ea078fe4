#include "store/vector_file_table.h"

#include <assert.h>

#define VECTOR_FILE_COLUMNS                                                                  \
    "id, seq, store_seq, batch_seq, filename, created_at, usage_bytes, status, error_code, " \
    "error_text, attributes, chunk_tokens, overlap_tokens"
#define VECTOR_BATCH_COLUMNS                                                            \
    "id, seq, store_seq, created_at, cancelled, n_in_progress, n_completed, n_failed, " \
    "n_cancelled"

const char vector_file_columns[] = VECTOR_FILE_COLUMNS;

static struct slice text_of(const struct db_rows *rows, int column, struct arena *arena)
{
    struct slice text = db_text(rows, column);
    return arena && text.ptr ? arena_slice(arena, text) : text;
}

static int changed(int rc)
{
    return rc < 0 ? rc : 0;
}

void vector_file_read(struct vector_file *ret, const struct db_rows *rows, struct arena *arena)
{
    *ret = (struct vector_file){
        .id = text_of(rows, 0, arena),
        .seq = db_int(rows, 1),
        .store_seq = db_int(rows, 2),
        .batch_seq = db_int(rows, 3),
        .filename = text_of(rows, 4, arena),
        .created_at = db_int(rows, 5),
        .usage_bytes = db_int(rows, 6),
        .status = (enum vector_status)db_int(rows, 7),
        .error_code = text_of(rows, 8, arena),
        .error_text = text_of(rows, 9, arena),
        .attributes = text_of(rows, 10, arena),
        .chunk_tokens = db_int(rows, 11),
        .overlap_tokens = db_int(rows, 12),
    };
}

/* ---- Counts ---- */

/* By how much the counts of a file's store and batch change. */
struct change {
    int64_t of[VECTOR_STATUSES], usage_bytes;
};

static int count_store(struct db *db, int64_t seq, const struct change *c, struct err *err)
{
    return changed(db_exec(db,
                           "UPDATE vector_stores SET n_in_progress = n_in_progress + ?2, "
                           "n_completed = n_completed + ?3, n_failed = n_failed + ?4, "
                           "n_cancelled = n_cancelled + ?5, usage_bytes = usage_bytes + ?6 "
                           "WHERE seq = ?1",
                           DB_ARGS(DB_INT(seq), DB_INT(c->of[VECTOR_IN_PROGRESS]),
                                   DB_INT(c->of[VECTOR_COMPLETED]), DB_INT(c->of[VECTOR_FAILED]),
                                   DB_INT(c->of[VECTOR_CANCELLED]), DB_INT(c->usage_bytes)),
                           err));
}

static int count_batch(struct db *db, int64_t seq, const struct change *c, struct err *err)
{
    if (seq == 0) return 0;
    return changed(db_exec(db,
                           "UPDATE vector_file_batches SET n_in_progress = n_in_progress + ?2, "
                           "n_completed = n_completed + ?3, n_failed = n_failed + ?4, "
                           "n_cancelled = n_cancelled + ?5, usage_bytes = usage_bytes + ?6 "
                           "WHERE seq = ?1",
                           DB_ARGS(DB_INT(seq), DB_INT(c->of[VECTOR_IN_PROGRESS]),
                                   DB_INT(c->of[VECTOR_COMPLETED]), DB_INT(c->of[VECTOR_FAILED]),
                                   DB_INT(c->of[VECTOR_CANCELLED]), DB_INT(c->usage_bytes)),
                           err));
}

/* ---- Files ---- */

static int find_old(struct vector_file *ret, struct db *db, int64_t store_seq, struct slice id,
                    struct err *err)
{
    struct db_rows rows;
    *ret = (struct vector_file){ 0 };
    TRY(db_query(&rows, db,
                 "SELECT " VECTOR_FILE_COLUMNS
                 " FROM vector_files WHERE store_seq = ?1 AND id = ?2",
                 DB_ARGS(DB_INT(store_seq), DB_TEXT(id)), err));
    int rc = db_next(&rows, err);
    if (rc <= 0) return rc;
    vector_file_read(ret, &rows, NULL);
    db_rows_close(&rows); /* Only numbers are used. */
    return 0;
}

int vector_file_add(struct db *db, const struct principal *owner, struct vector_file *f,
                    int64_t *ret_old, struct err *err)
{
    struct vector_file old;
    struct change one = { .of[VECTOR_IN_PROGRESS] = 1 };
    assert(f->status == VECTOR_IN_PROGRESS);
    TRY(find_old(&old, db, f->store_seq, f->id, err));
    if (old.seq) TRY(vector_file_remove(db, &old, err));
    TRY(db_exec(db,
                "INSERT INTO vector_files(store_seq, batch_seq, id, " OWNER_NAMES ", filename, "
                "created_at, status, attributes, chunk_tokens, overlap_tokens, usage_bytes) "
                "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0, ?10, ?11, ?12, 0)",
                DB_ARGS(DB_INT(f->store_seq), DB_INT(f->batch_seq), DB_TEXT(f->id),
                        OWNER_ARGS(owner), DB_TEXT(f->filename), DB_INT(f->created_at),
                        DB_TEXT(f->attributes), DB_INT(f->chunk_tokens), DB_INT(f->overlap_tokens)),
                err));
    TRY(db_one_int(&f->seq, 0, db, "SELECT seq FROM vector_files WHERE store_seq = ?1 AND id = ?2",
                   DB_ARGS(DB_INT(f->store_seq), DB_TEXT(f->id)), err));
    *ret_old = old.seq;
    TRY(count_store(db, f->store_seq, &one, err));
    return count_batch(db, f->batch_seq, &one, err);
}

int vector_file_find(struct vector_file *ret, struct db *db, const struct vector_store *store,
                     struct slice id, struct arena *arena, struct err *err)
{
    struct db_rows rows;
    TRY(db_query(&rows, db,
                 "SELECT " VECTOR_FILE_COLUMNS
                 " FROM vector_files WHERE store_seq = ?1 AND id = ?2",
                 DB_ARGS(DB_INT(store->seq), DB_TEXT(id)), err));
    int rc = db_next(&rows, err);
    if (rc == 0)
        return err_set(err, ERR_NOT_FOUND, "No file found with id '%.*s' in vector store '%.*s'.",
                       (int)(id.len < 100 ? id.len : 100), id.ptr, SLICE_FMT(store->id));
    TRY(rc);
    vector_file_read(ret, &rows, arena);
    db_rows_close(&rows);
    return arena_check(arena, "the file", err);
}

int vector_file_set_attributes(struct db *db, int64_t seq, struct slice attributes, struct err *err)
{
    return changed(db_exec(db, "UPDATE vector_files SET attributes = ?2 WHERE seq = ?1",
                           DB_ARGS(DB_INT(seq), DB_TEXT(attributes)), err));
}

int vector_file_attributes(struct slice *ret, struct db *db, int64_t seq, struct arena *arena,
                           struct err *err)
{
    struct db_rows rows;
    TRY(db_query(&rows, db, "SELECT attributes FROM vector_files WHERE seq = ?1",
                 DB_ARGS(DB_INT(seq)), err));
    int rc = db_next(&rows, err);
    TRY(rc);
    *ret = rc > 0 ? arena_slice(arena, db_text(&rows, 0)) : SLICE("{}");
    db_rows_close(&rows);
    return arena_check(arena, "the attributes", err);
}

int vector_file_remove(struct db *db, const struct vector_file *f, struct err *err)
{
    struct change less = { .usage_bytes = -f->usage_bytes };
    struct change stopped = { .of[VECTOR_IN_PROGRESS] = -1, .of[VECTOR_CANCELLED] = 1 };
    less.of[f->status]--;
    TRY(db_exec(db, "INSERT INTO vector_purges(store_seq, file_seq) VALUES (?1, ?2)",
                DB_ARGS(DB_INT(f->store_seq), DB_INT(f->seq)), err));
    TRY(db_exec(db, "DELETE FROM vector_files WHERE seq = ?1", DB_ARGS(DB_INT(f->seq)), err));
    TRY(count_store(db, f->store_seq, &less, err));
    /* A batch tells what became of its files; one that went before its end was stopped. */
    if (f->status == VECTOR_IN_PROGRESS) return count_batch(db, f->batch_seq, &stopped, err);
    return 0;
}

/* One of those that have this id; *ret_more is false when there was none. */
static int forget_one(bool *ret_more, struct db *db, const struct principal *owner, struct slice id,
                      struct err *err)
{
    struct db_rows rows;
    struct vector_file file;
    TRY(db_query(&rows, db,
                 "SELECT " VECTOR_FILE_COLUMNS
                 " FROM vector_files WHERE id = ?1 AND " OWNED_BY("?2", "?3") " LIMIT 1",
                 DB_ARGS(DB_TEXT(id), OWNED_ARGS(owner)), err));
    int rc = db_next(&rows, err);
    *ret_more = rc > 0;
    if (rc <= 0) return rc;
    vector_file_read(&file, &rows, NULL);
    db_rows_close(&rows); /* Only numbers are used. */
    return vector_file_remove(db, &file, err);
}

int vector_file_forget(struct db *db, const struct principal *owner, struct slice id,
                       struct err *err)
{
    for (bool more = true; more;) TRY(forget_one(&more, db, owner, id, err));
    return 0;
}

int vector_file_forget_lost(int *ret, struct db *db, int limit, struct err *err)
{
    struct db_rows rows;
    struct vector_file file;
    for (*ret = 0; *ret < limit; ++*ret) {
        TRY(db_query(&rows, db,
                     "SELECT " VECTOR_FILE_COLUMNS " FROM vector_files WHERE status <> 0 AND "
                     "NOT EXISTS (SELECT 1 FROM files f WHERE f.id = vector_files.id) "
                     "ORDER BY seq LIMIT 1",
                     DB_NO_ARGS, err));
        int rc = db_next(&rows, err);
        if (rc <= 0) return rc;
        vector_file_read(&file, &rows, NULL);
        db_rows_close(&rows); /* Only numbers are used. */
        TRY(vector_file_remove(db, &file, err));
    }
    return 0;
}

int vector_file_of_store(struct db_rows *ret, struct db *db, int64_t store_seq, int64_t after,
                         int limit, struct err *err)
{
    return db_query(ret, db,
                    "SELECT " VECTOR_FILE_COLUMNS " FROM vector_files "
                    "WHERE store_seq = ?1 AND seq > ?2 AND status < 2 ORDER BY seq LIMIT ?3",
                    DB_ARGS(DB_INT(store_seq), DB_INT(after), DB_INT(limit)), err);
}

/* ---- Work ---- */

int vector_file_next(struct vector_file *ret, struct principal *ret_owner, struct db *db,
                     int64_t after, struct arena *arena, struct err *err)
{
    struct db_rows rows;
    *ret = (struct vector_file){ 0 };
    TRY(db_query(&rows, db,
                 "SELECT " VECTOR_FILE_COLUMNS ", " OWNER_NAMES " FROM vector_files "
                 "WHERE status = 0 AND seq > ?1 ORDER BY seq LIMIT 1",
                 DB_ARGS(DB_INT(after)), err));
    int rc = db_next(&rows, err);
    if (rc <= 0) return rc;
    vector_file_read(ret, &rows, arena);
    *ret_owner = (struct principal){ text_of(&rows, 13, arena), text_of(&rows, 14, arena),
                                     text_of(&rows, 15, arena), text_of(&rows, 16, arena) };
    db_rows_close(&rows);
    return arena_check(arena, "the file", err);
}

int vector_file_set_chunking(struct db *db, int64_t seq, int64_t chunk_tokens,
                             int64_t overlap_tokens, struct err *err)
{
    return changed(db_exec(db,
                           "UPDATE vector_files SET chunk_tokens = ?2, overlap_tokens = ?3 "
                           "WHERE seq = ?1",
                           DB_ARGS(DB_INT(seq), DB_INT(chunk_tokens), DB_INT(overlap_tokens)),
                           err));
}

int vector_file_is_wanted(bool *ret, struct db *db, int64_t seq, struct err *err)
{
    int64_t n;
    TRY(db_one_int(&n, 0, db, "SELECT COUNT(*) FROM vector_files WHERE seq = ?1 AND status = 0",
                   DB_ARGS(DB_INT(seq)), err));
    *ret = n > 0;
    return 0;
}

int vector_file_end(bool *ret, struct db *db, const struct vector_file *f, struct err *err)
{
    struct change change = { .of[VECTOR_IN_PROGRESS] = -1, .usage_bytes = f->usage_bytes };
    assert(f->status != VECTOR_IN_PROGRESS);
    int n = db_exec(db,
                    "UPDATE vector_files SET status = ?2, usage_bytes = ?3, error_code = ?4, "
                    "error_text = ?5 WHERE seq = ?1 AND status = 0",
                    DB_ARGS(DB_INT(f->seq), DB_INT(f->status), DB_INT(f->usage_bytes),
                            DB_TEXT_OR_NULL(f->error_code), DB_TEXT_OR_NULL(f->error_text)),
                    err);
    TRY(n);
    *ret = n > 0;
    if (n == 0) return 0;
    change.of[f->status]++;
    TRY(count_store(db, f->store_seq, &change, err));
    return count_batch(db, f->batch_seq, &change, err);
}

/* ---- Batches ---- */

int vector_batch_add(struct db *db, struct vector_batch *b, struct err *err)
{
    TRY(db_exec(db,
                "INSERT INTO vector_file_batches(id, store_seq, created_at, cancelled, "
                "usage_bytes, n_in_progress, n_completed, n_failed, n_cancelled) "
                "VALUES (?1, ?2, ?3, 0, 0, 0, 0, 0, 0)",
                DB_ARGS(DB_TEXT(b->id), DB_INT(b->store_seq), DB_INT(b->created_at)), err));
    return db_one_int(&b->seq, 0, db, "SELECT seq FROM vector_file_batches WHERE id = ?1",
                      DB_ARGS(DB_TEXT(b->id)), err);
}

int vector_batch_find(struct vector_batch *ret, struct db *db, const struct vector_store *store,
                      struct slice id, struct arena *arena, struct err *err)
{
    struct db_rows rows;
    TRY(db_query(&rows, db,
                 "SELECT " VECTOR_BATCH_COLUMNS " FROM vector_file_batches "
                 "WHERE store_seq = ?1 AND id = ?2",
                 DB_ARGS(DB_INT(store->seq), DB_TEXT(id)), err));
    int rc = db_next(&rows, err);
    if (rc == 0)
        return err_set(err, ERR_NOT_FOUND,
                       "No file batch found with id '%.*s' in vector store '%.*s'.",
                       (int)(id.len < 100 ? id.len : 100), id.ptr, SLICE_FMT(store->id));
    TRY(rc);
    *ret = (struct vector_batch){ .id = text_of(&rows, 0, arena),
                                  .seq = db_int(&rows, 1),
                                  .store_seq = db_int(&rows, 2),
                                  .created_at = db_int(&rows, 3),
                                  .cancelled = db_int(&rows, 4) != 0 };
    for (int i = 0; i < VECTOR_STATUSES; i++) ret->counts.of[i] = db_int(&rows, 5 + i);
    db_rows_close(&rows);
    return arena_check(arena, "the batch", err);
}

/* What its files have become chunks of goes as if they had been removed. */
int vector_batch_cancel(struct db *db, struct vector_batch *b, struct err *err)
{
    TRY(db_exec(db,
                "INSERT INTO vector_purges(store_seq, file_seq) SELECT store_seq, seq "
                "FROM vector_files WHERE batch_seq = ?1 AND status = 0",
                DB_ARGS(DB_INT(b->seq)), err));
    int n = db_exec(db, "UPDATE vector_files SET status = ?2 WHERE batch_seq = ?1 AND status = 0",
                    DB_ARGS(DB_INT(b->seq), DB_INT(VECTOR_CANCELLED)), err);
    TRY(n);
    struct change change = { .of[VECTOR_IN_PROGRESS] = -n, .of[VECTOR_CANCELLED] = n };
    TRY(db_exec(db, "UPDATE vector_file_batches SET cancelled = 1 WHERE seq = ?1",
                DB_ARGS(DB_INT(b->seq)), err));
    TRY(count_store(db, b->store_seq, &change, err));
    TRY(count_batch(db, b->seq, &change, err));
    for (int i = 0; i < VECTOR_STATUSES; i++) b->counts.of[i] += change.of[i];
    b->cancelled = true;
    return 0;
}

#include "store/file_table.h"

#include "base/seam.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

enum { QUOTE_MAX = 100, SQL_MAX = 512 };

static int64_t now_seconds(void)
{
    return (int64_t)(wall_ns() / 1000000000u);
}

void file_from_row(struct file_row *ret, const struct db_rows *rows, struct arena *arena)
{
    *ret = (struct file_row){
        .id = arena_slice(arena, db_text(rows, 0)),
        .filename = arena_slice(arena, db_text(rows, 1)),
        .purpose = arena_slice(arena, db_text(rows, 2)),
        .sha256 = arena_slice(arena, db_text(rows, 3)),
        .status = arena_slice(arena, db_text(rows, 4)),
        .bytes = (uint64_t)db_int(rows, 5),
        .created_at = db_int(rows, 6),
        .expires_at = db_int(rows, 7),
    };
}

static int not_found(struct slice id, struct err *err)
{
    return err_param(err, ERR_NOT_FOUND, "id", "No such File object: %.*s",
                     (int)(id.len < QUOTE_MAX ? id.len : QUOTE_MAX), id.ptr ? id.ptr : "");
}

int file_find(struct file_row *ret, struct db *db, const struct principal *owner, struct slice id,
              struct arena *arena, struct err *err)
{
    struct db_rows rows;
    TRY(db_query(&rows, db,
                 "SELECT " FILE_COLUMNS
                 " FROM files WHERE id = ?1 AND " FILE_VISIBLE("?2", "?3", "?4"),
                 DB_ARGS(DB_TEXT(id), OWNED_ARGS(owner), DB_INT(now_seconds())), err));
    int rc = db_next(&rows, err);
    if (rc < 0) return rc;
    if (rc == 0) return not_found(id, err);
    struct file_row row;
    file_from_row(&row, &rows, arena);
    db_rows_close(&rows);
    TRY(arena_check(arena, "a file's row", err));
    *ret = row;
    return 0;
}

int file_add(struct db *db, const struct principal *owner, const struct file_row *row,
             struct err *err)
{
    int rc = db_exec(db,
                     "INSERT INTO files(" OWNER_NAMES ", " FILE_COLUMNS ") VALUES (?1, ?2, ?3, ?4, "
                     "?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
                     DB_ARGS(OWNER_ARGS(owner), DB_TEXT(row->id), DB_TEXT(row->filename),
                             DB_TEXT(row->purpose), DB_TEXT(row->sha256), DB_TEXT(row->status),
                             DB_INT((int64_t)row->bytes), DB_INT(row->created_at),
                             DB_INT(row->expires_at)),
                     err);
    return rc < 0 ? rc : 0;
}

int file_delete(struct db *db, const struct principal *owner, struct slice id, struct err *err)
{
    const struct db_value args[] = { DB_TEXT(id), OWNED_ARGS(owner), DB_INT(now_seconds()) };
    TRY(loose_blobs_add(
        db, "SELECT sha256 FROM files WHERE id = ?1 AND " FILE_VISIBLE("?2", "?3", "?4"), args, 4,
        err));
    int rc = db_exec(db, "DELETE FROM files WHERE id = ?1 AND " FILE_VISIBLE("?2", "?3", "?4"),
                     args, 4, err);
    return rc == 0 ? not_found(id, err) : rc < 0 ? rc : 0;
}

int file_check_quota(struct db *db, const struct principal *owner, uint64_t more,
                     uint64_t bytes_max, struct err *err)
{
    int64_t files, parts;
    if (bytes_max == 0) return 0;
    TRY(db_one_int(&files, 0, db,
                   "SELECT CAST(SUM(bytes) AS BIGINT) FROM files WHERE " OWNED_BY("?1", "?2"),
                   DB_ARGS(OWNED_ARGS(owner)), err));
    TRY(db_one_int(
        &parts, 0, db,
        "SELECT CAST(SUM(bytes) AS BIGINT) FROM upload_parts WHERE " OWNED_BY("?1", "?2"),
        DB_ARGS(OWNED_ARGS(owner)), err));
    uint64_t used = (uint64_t)files + (uint64_t)parts;
    if (used <= bytes_max && more <= bytes_max - used) return 0;
    return err_set(err, ERR_LIMIT,
                   "The project's files have %" PRIu64 " bytes, and with %" PRIu64
                   " more would have over %" PRIu64
                   "; delete files that are not needed, or raise file_megabytes.",
                   used, more, bytes_max);
}

int files_expire(struct db *db, int64_t now, struct err *err)
{
    const struct db_value args[] = { DB_INT(now) };
    TRY(loose_blobs_add(db, "SELECT sha256 FROM files WHERE expires_at > 0 AND expires_at <= ?1",
                        args, 1, err));
    return db_exec(db, "DELETE FROM files WHERE expires_at > 0 AND expires_at <= ?1", args, 1, err);
}

/* ---- Bytes that have lost a name ---- */

int loose_blobs_add(struct db *db, const char *select, const struct db_value *args, size_t n_args,
                    struct err *err)
{
    char sql[SQL_MAX];
    int n = snprintf(sql, sizeof sql, "INSERT INTO loose_blobs(sha256) %s", select);
    assert(n > 0 && n < SQL_MAX);
    int rc = db_exec(db, sql, args, n_args, err);
    return rc < 0 ? rc : 0;
}

static int take_list(struct slice *found, size_t *ret_n, struct db *db, struct arena *arena,
                     struct err *err)
{
    struct db_rows rows;
    int64_t seq_max = 0;
    size_t n = 0;
    int rc;
    TRY(db_query(&rows, db, "SELECT seq, sha256 FROM loose_blobs ORDER BY seq LIMIT ?1",
                 DB_ARGS(DB_INT(LOOSE_BLOBS_MAX)), err));
    while ((rc = db_next(&rows, err)) > 0) {
        seq_max = db_int(&rows, 0);
        found[n++] = arena_slice(arena, db_text(&rows, 1));
    }
    if (rc == 0 && n > 0)
        rc = db_exec(db, "DELETE FROM loose_blobs WHERE seq <= ?1", DB_ARGS(DB_INT(seq_max)), err);
    *ret_n = n;
    return rc < 0 ? rc : arena_check(arena, "the bytes of deleted files", err);
}

int loose_blobs_take(struct slice **ret, size_t *ret_n, struct db *db, struct arena *arena,
                     struct err *err)
{
    struct slice *found = ARENA_NEWS(arena, LOOSE_BLOBS_MAX, struct slice);
    size_t n = 0, n_unnamed = 0;
    TRY(arena_check(arena, "the bytes of deleted files", err));
    TRY(take_list(found, &n, db, arena, err));
    for (size_t i = 0; i < n; i++) {
        bool named;
        TRY(file_names_blob(&named, db, found[i], err));
        if (!named) found[n_unnamed++] = found[i];
    }
    *ret = found;
    *ret_n = n_unnamed;
    return 0;
}

int file_names_blob(bool *ret, struct db *db, struct slice sha256, struct err *err)
{
    int64_t n;
    TRY(db_one_int(&n, 0, db,
                   "SELECT CASE WHEN EXISTS (SELECT 1 FROM files WHERE sha256 = ?1) OR EXISTS "
                   "(SELECT 1 FROM upload_parts WHERE sha256 = ?1) THEN 1 ELSE 0 END",
                   DB_ARGS(DB_TEXT(sha256)), err));
    *ret = n != 0;
    return 0;
}

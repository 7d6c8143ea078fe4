#include "store/upload_table.h"

#include "base/seam.h"

#define UPLOAD_COLUMNS \
    "id, filename, purpose, status, file_id, bytes, created_at, expires_at, file_seconds"
/* The parts of uploads that match; they are put on the list of loose blobs, and then deleted. */
#define PARTS_OF_ENDED \
    "upload_id IN (SELECT id FROM uploads WHERE status = 'pending' AND expires_at <= ?1)"

enum { QUOTE_MAX = 100 };

static int quote_len(struct slice s)
{
    return (int)(s.len < QUOTE_MAX ? s.len : QUOTE_MAX);
}

static int exec(struct db *db, const char *sql, const struct db_value *args, size_t n_args,
                struct err *err)
{
    int rc = db_exec(db, sql, args, n_args, err);
    return rc < 0 ? rc : 0;
}

int upload_add(struct db *db, const struct principal *owner, const struct upload_row *row,
               struct err *err)
{
    return exec(db,
                "INSERT INTO uploads(" OWNER_NAMES ", " UPLOAD_COLUMNS ") VALUES (?1, ?2, ?3, ?4, "
                "?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
                DB_ARGS(OWNER_ARGS(owner), DB_TEXT(row->id), DB_TEXT(row->filename),
                        DB_TEXT(row->purpose), DB_TEXT(row->status), DB_TEXT_OR_NULL(row->file_id),
                        DB_INT((int64_t)row->bytes), DB_INT(row->created_at),
                        DB_INT(row->expires_at), DB_INT(row->file_seconds)),
                err);
}

int upload_find(struct upload_row *ret, struct db *db, const struct principal *owner,
                struct slice id, struct arena *arena, struct err *err)
{
    struct db_rows rows;
    TRY(db_query(&rows, db,
                 "SELECT " UPLOAD_COLUMNS " FROM uploads WHERE id = ?1 AND " OWNED_BY("?2", "?3"),
                 DB_ARGS(DB_TEXT(id), OWNED_ARGS(owner)), err));
    int rc = db_next(&rows, err);
    if (rc < 0) return rc;
    if (rc == 0)
        return err_param(err, ERR_NOT_FOUND, "upload_id", "No such Upload object: %.*s",
                         quote_len(id), id.ptr ? id.ptr : "");
    struct upload_row row = {
        .id = arena_slice(arena, db_text(&rows, 0)),
        .filename = arena_slice(arena, db_text(&rows, 1)),
        .purpose = arena_slice(arena, db_text(&rows, 2)),
        .status = arena_slice(arena, db_text(&rows, 3)),
        .bytes = (uint64_t)db_int(&rows, 5),
        .created_at = db_int(&rows, 6),
        .expires_at = db_int(&rows, 7),
        .file_seconds = db_int(&rows, 8),
    };
    if (!db_is_null(&rows, 4)) row.file_id = arena_slice(arena, db_text(&rows, 4));
    db_rows_close(&rows);
    TRY(arena_check(arena, "an upload's row", err));
    bool over = slice_is(row.status, "pending") &&
                row.expires_at <= (int64_t)(wall_ns() / 1000000000u);
    if (over) row.status = SLICE("expired");
    *ret = row;
    return 0;
}

int upload_find_pending(struct upload_row *ret, struct db *db, const struct principal *owner,
                        struct slice id, struct arena *arena, struct err *err)
{
    struct upload_row row;
    TRY(upload_find(&row, db, owner, id, arena, err));
    if (!slice_is(row.status, "pending"))
        return err_param(err, ERR_INVALID_VALUE, "upload_id",
                         "Upload %.*s is %.*s; only a pending one takes parts and can be completed "
                         "or cancelled.",
                         quote_len(id), id.ptr, SLICE_FMT(row.status));
    *ret = row;
    return 0;
}

int upload_add_part(struct db *db, const struct principal *owner, struct slice upload_id,
                    const struct upload_part *part, int64_t now, struct err *err)
{
    int64_t n;
    TRY(db_one_int(&n, 0, db, "SELECT COUNT(*) FROM upload_parts WHERE upload_id = ?1",
                   DB_ARGS(DB_TEXT(upload_id)), err));
    if (n >= UPLOAD_PARTS_MAX)
        return err_set(err, ERR_LIMIT, "The upload has %d parts, the most that are taken.",
                       UPLOAD_PARTS_MAX);
    return exec(db,
                "INSERT INTO upload_parts(" OWNER_NAMES ", id, upload_id, sha256, bytes, "
                "created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                DB_ARGS(OWNER_ARGS(owner), DB_TEXT(part->id), DB_TEXT(upload_id),
                        DB_TEXT(part->sha256), DB_INT((int64_t)part->bytes), DB_INT(now)),
                err);
}

int upload_find_part(struct upload_part *ret, struct db *db, const struct principal *owner,
                     struct slice upload_id, struct slice part_id, struct arena *arena,
                     struct err *err)
{
    struct db_rows rows;
    TRY(db_query(&rows, db,
                 "SELECT id, sha256, bytes FROM upload_parts WHERE id = ?1 AND upload_id = ?2 "
                 "AND " OWNED_BY("?3", "?4"),
                 DB_ARGS(DB_TEXT(part_id), DB_TEXT(upload_id), OWNED_ARGS(owner)), err));
    int rc = db_next(&rows, err);
    if (rc < 0) return rc;
    if (rc == 0)
        return err_param(err, ERR_NOT_FOUND, "part_ids", "No such Upload Part object: %.*s",
                         quote_len(part_id), part_id.ptr ? part_id.ptr : "");
    struct upload_part part = { .id = arena_slice(arena, db_text(&rows, 0)),
                                .sha256 = arena_slice(arena, db_text(&rows, 1)),
                                .bytes = (uint64_t)db_int(&rows, 2) };
    db_rows_close(&rows);
    TRY(arena_check(arena, "a part's row", err));
    *ret = part;
    return 0;
}

int upload_end(struct db *db, const struct principal *owner, struct slice id, const char *status,
               struct slice file_id, struct err *err)
{
    int n = db_exec(db,
                    "UPDATE uploads SET status = ?1, file_id = ?2 WHERE id = ?3 AND " OWNED_BY(
                        "?4", "?5") " AND status = 'pending'",
                    DB_ARGS(DB_TEXT(slice_of(status)), DB_TEXT_OR_NULL(file_id), DB_TEXT(id),
                            OWNED_ARGS(owner)),
                    err);
    if (n < 0) return n;
    if (n == 0)
        return err_param(err, ERR_INVALID_VALUE, "upload_id", "Upload %.*s has ended meanwhile.",
                         quote_len(id), id.ptr);
    TRY(loose_blobs_add(db, "SELECT sha256 FROM upload_parts WHERE upload_id = ?1",
                        DB_ARGS(DB_TEXT(id)), err));
    return exec(db, "DELETE FROM upload_parts WHERE upload_id = ?1", DB_ARGS(DB_TEXT(id)), err);
}

int uploads_expire(struct db *db, int64_t now, struct err *err)
{
    const struct db_value args[] = { DB_INT(now) };
    TRY(loose_blobs_add(db, "SELECT sha256 FROM upload_parts WHERE " PARTS_OF_ENDED, args, 1, err));
    TRY(exec(db, "DELETE FROM upload_parts WHERE " PARTS_OF_ENDED, args, 1, err));
    TRY(exec(db,
             "UPDATE uploads SET status = 'expired' WHERE status = 'pending' AND "
             "expires_at <= ?1",
             args, 1, err));
    return exec(db, "DELETE FROM uploads WHERE status <> 'pending' AND expires_at <= ?1",
                DB_ARGS(DB_INT(now - UPLOAD_KEPT_S)), err);
}

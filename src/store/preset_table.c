#include "store/preset_table.h"

#define PRESET_NAMES "id, name, settings, created_at, updated_at"

int preset_add(struct db *db, const struct principal *owner, const struct preset_row *row,
               struct err *err)
{
    TRY(owned_check_room(db, owner, "SELECT count(*) FROM presets WHERE " OWNED_BY("?1", "?2"),
                         PRESETS_MAX, "presets", err));
    int n = db_exec(db,
                    "INSERT INTO presets(" OWNER_NAMES ", " PRESET_NAMES
                    ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8)",
                    DB_ARGS(OWNER_ARGS(owner), DB_TEXT(row->id), DB_TEXT(row->name),
                            DB_TEXT(row->settings), DB_INT(row->now)),
                    err);
    return n < 0 ? n : 0;
}

static void write_row(struct json_writer *w, const struct db_rows *rows)
{
    json_object_begin(w);
    json_member_slice(w, "id", db_text(rows, 0));
    json_member_slice(w, "object", SLICE("tiro.preset"));
    json_member_slice(w, "name", db_text(rows, 1));
    json_key(w, "settings");
    json_raw(w, db_text(rows, 2));
    json_member_int(w, "created_at", db_int(rows, 3));
    json_member_int(w, "updated_at", db_int(rows, 4));
    json_object_end(w);
}

int preset_write(struct json_writer *w, struct db *db, const struct principal *owner,
                 struct slice id, struct err *err)
{
    struct db_rows rows;
    TRY(db_query(&rows, db,
                 "SELECT " PRESET_NAMES " FROM presets WHERE id = ?1 AND " OWNED_BY("?2", "?3"),
                 DB_ARGS(DB_TEXT(id), OWNED_ARGS(owner)), err));
    int rc = db_next(&rows, err);
    if (rc == 0) return owned_not_found("Preset", id, err);
    TRY(rc);
    write_row(w, &rows);
    db_rows_close(&rows);
    return 0;
}

int preset_update(struct db *db, const struct principal *owner, const struct preset_row *row,
                  struct err *err)
{
    int n = db_exec(db,
                    "UPDATE presets SET name = coalesce(?4, name), "
                    "settings = coalesce(?5, settings), updated_at = ?6 "
                    "WHERE id = ?1 AND " OWNED_BY("?2", "?3"),
                    DB_ARGS(DB_TEXT(row->id), OWNED_ARGS(owner), DB_TEXT_OR_NULL(row->name),
                            DB_TEXT_OR_NULL(row->settings), DB_INT(row->now)),
                    err);
    return owned_changed(n, "Preset", row->id, err);
}

int preset_delete(struct db *db, const struct principal *owner, struct slice id, struct err *err)
{
    int n = db_exec(db, "DELETE FROM presets WHERE id = ?1 AND " OWNED_BY("?2", "?3"),
                    DB_ARGS(DB_TEXT(id), OWNED_ARGS(owner)), err);
    return owned_changed(n, "Preset", id, err);
}

int preset_list(struct json_writer *w, struct db *db, const struct principal *owner,
                struct err *err)
{
    struct db_rows rows;
    TRY(db_query(&rows, db,
                 "SELECT " PRESET_NAMES
                 " FROM presets WHERE " OWNED_BY("?1", "?2") " ORDER BY lower(name), seq",
                 DB_ARGS(OWNED_ARGS(owner)), err));
    return owned_write_list(w, &rows, write_row, err);
}

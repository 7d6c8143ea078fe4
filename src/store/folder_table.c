#include "store/folder_table.h"

#define FOLDER_NAMES "id, name, instructions, vector_store_id, settings, created_at, updated_at"
#define N_CHATS      "(SELECT count(*) FROM chats WHERE chats.folder_id = folders.id)"

int folder_add(struct db *db, const struct principal *owner, const struct folder_row *row,
               struct err *err)
{
    TRY(owned_check_room(db, owner, "SELECT count(*) FROM folders WHERE " OWNED_BY("?1", "?2"),
                         FOLDERS_MAX, "folders", err));
    int n = db_exec(db,
                    "INSERT INTO folders(" OWNER_NAMES ", " FOLDER_NAMES ") VALUES "
                    "(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
                    DB_ARGS(OWNER_ARGS(owner), DB_TEXT(row->id), DB_TEXT(row->name),
                            DB_TEXT(row->instructions), DB_TEXT(row->vector_store_id),
                            DB_TEXT(row->settings), DB_INT(row->created_at),
                            DB_INT(row->updated_at)),
                    err);
    return n < 0 ? n : 0;
}

static void write_row(struct json_writer *w, const struct db_rows *rows)
{
    json_object_begin(w);
    json_member_slice(w, "id", db_text(rows, 0));
    json_member_slice(w, "object", SLICE("tiro.folder"));
    json_member_slice(w, "name", db_text(rows, 1));
    json_member_slice(w, "instructions", db_text(rows, 2));
    json_member_slice(w, "vector_store_id", db_text(rows, 3));
    json_key(w, "settings");
    json_raw(w, db_text(rows, 4));
    json_member_int(w, "n_chats", db_int(rows, 7));
    json_member_int(w, "created_at", db_int(rows, 5));
    json_member_int(w, "updated_at", db_int(rows, 6));
    json_object_end(w);
}

int folder_write(struct json_writer *w, struct db *db, const struct principal *owner,
                 struct slice id, struct err *err)
{
    struct db_rows rows;
    TRY(db_query(&rows, db,
                 "SELECT " FOLDER_NAMES ", " N_CHATS
                 " FROM folders WHERE id = ?1 AND " OWNED_BY("?2", "?3"),
                 DB_ARGS(DB_TEXT(id), OWNED_ARGS(owner)), err));
    int rc = db_next(&rows, err);
    if (rc == 0) return owned_not_found("Folder", id, err);
    TRY(rc);
    write_row(w, &rows);
    db_rows_close(&rows);
    return 0;
}

int folder_list(struct json_writer *w, struct db *db, const struct principal *owner,
                struct err *err)
{
    struct db_rows rows;
    TRY(db_query(&rows, db,
                 "SELECT " FOLDER_NAMES ", " N_CHATS
                 " FROM folders WHERE " OWNED_BY("?1", "?2") " ORDER BY lower(name), seq",
                 DB_ARGS(OWNED_ARGS(owner)), err));
    return owned_write_list(w, &rows, write_row, err);
}

int folder_check(struct db *db, const struct principal *owner, struct slice id, struct err *err)
{
    int64_t found;
    TRY(db_one_int(&found, 0, db, "SELECT 1 FROM folders WHERE id = ?1 AND " OWNED_BY("?2", "?3"),
                   DB_ARGS(DB_TEXT(id), OWNED_ARGS(owner)), err));
    return found ? 0 : owned_not_found("Folder", id, err);
}

int folder_update(struct db *db, const struct principal *owner, struct slice id,
                  const struct folder_change *c, int64_t now, struct err *err)
{
    int n = db_exec(db,
                    "UPDATE folders SET name = coalesce(?4, name), "
                    "instructions = coalesce(?5, instructions), "
                    "vector_store_id = coalesce(?6, vector_store_id), "
                    "settings = coalesce(?7, settings), updated_at = ?8 "
                    "WHERE id = ?1 AND " OWNED_BY("?2", "?3"),
                    DB_ARGS(DB_TEXT(id), OWNED_ARGS(owner), DB_TEXT_OR_NULL(c->name),
                            DB_TEXT_OR_NULL(c->instructions), DB_TEXT_OR_NULL(c->vector_store_id),
                            DB_TEXT_OR_NULL(c->settings), DB_INT(now)),
                    err);
    return owned_changed(n, "Folder", id, err);
}

static int delete_chats(struct db *db, struct slice id, struct err *err)
{
#define ITS_CHATS "(SELECT id FROM chats WHERE folder_id = ?1)"
    static const char *const steps[] = {
        "DELETE FROM shares WHERE chat_id IN " ITS_CHATS,
        "DELETE FROM chat_messages WHERE chat_id IN " ITS_CHATS,
        "DELETE FROM chats WHERE folder_id = ?1",
    };
#undef ITS_CHATS
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        int n = db_exec(db, steps[i], DB_ARGS(DB_TEXT(id)), err);
        if (n < 0) return n;
    }
    return 0;
}

int folder_delete(struct db *db, const struct principal *owner, struct slice id, bool chats_too,
                  struct err *err)
{
    int n = db_exec(db, "DELETE FROM folders WHERE id = ?1 AND " OWNED_BY("?2", "?3"),
                    DB_ARGS(DB_TEXT(id), OWNED_ARGS(owner)), err);
    TRY(owned_changed(n, "Folder", id, err));
    if (chats_too) return delete_chats(db, id, err);
    n = db_exec(db, "UPDATE chats SET folder_id = '' WHERE folder_id = ?1", DB_ARGS(DB_TEXT(id)),
                err);
    return n < 0 ? n : 0;
}

int folder_delete_alone(struct db *db, const struct principal *owner, struct slice id,
                        struct err *err)
{
    return folder_delete(db, owner, id, false, err);
}

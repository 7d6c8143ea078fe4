#include "store/conversation_table.h"

enum { ID_SHOWN_MAX = 100 };

static int not_found(struct slice id, struct err *err)
{
    return err_set(err, ERR_NOT_FOUND, "Conversation with id '%.*s' not found.",
                   (int)(id.len < ID_SHOWN_MAX ? id.len : ID_SHOWN_MAX), id.ptr);
}

struct items_list conversation_items(struct slice id)
{
    return (struct items_list){ .of = id, .part = ITEMS_CONVERSATION };
}

int conversation_add(struct db *db, const struct principal *owner,
                     const struct conversation_row *row, struct err *err)
{
    int rc = db_exec(db,
                     "INSERT INTO conversations(id, created_at, metadata, " OWNER_NAMES ") "
                     "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                     DB_ARGS(DB_TEXT(row->id), DB_INT(row->created_at), DB_TEXT(row->metadata),
                             OWNER_ARGS(owner)),
                     err);
    return rc < 0 ? rc : 0;
}

int conversation_find(struct conversation_row *ret, struct db *db, const struct principal *owner,
                      struct slice id, struct arena *arena, struct err *err)
{
    struct db_rows rows;
    TRY(db_query(
        &rows, db,
        "SELECT created_at, metadata FROM conversations WHERE id = ?1 AND " OWNED_BY("?2", "?3"),
        DB_ARGS(DB_TEXT(id), OWNED_ARGS(owner)), err));
    int rc = db_next(&rows, err);
    if (rc == 0) return not_found(id, err);
    if (rc < 0) return rc;
    struct conversation_row row = { .id = arena_slice(arena, id),
                                    .created_at = db_int(&rows, 0),
                                    .metadata = arena_slice(arena, db_text(&rows, 1)) };
    db_rows_close(&rows);
    TRY(arena_check(arena, "the conversation", err));
    *ret = row;
    return 0;
}

int conversation_set_metadata(struct db *db, const struct principal *owner, struct slice id,
                              struct slice metadata, struct err *err)
{
    int rc = db_exec(
        db, "UPDATE conversations SET metadata = ?1 WHERE id = ?2 AND " OWNED_BY("?3", "?4"),
        DB_ARGS(DB_TEXT(metadata), DB_TEXT(id), OWNED_ARGS(owner)), err);
    return rc == 0 ? not_found(id, err) : rc < 0 ? rc : 0;
}

static int check_there(struct db *db, const struct principal *owner, struct slice id,
                       struct err *err)
{
    int64_t n;
    TRY(db_one_int(&n, 0, db,
                   "SELECT COUNT(*) FROM conversations WHERE id = ?1 AND " OWNED_BY("?2", "?3"),
                   DB_ARGS(DB_TEXT(id), OWNED_ARGS(owner)), err));
    return n ? 0 : not_found(id, err);
}

int conversation_append(struct db *db, const struct principal *owner, struct slice id,
                        const json_t *items, struct err *err)
{
    struct items_list list = conversation_items(id);
    TRY(check_there(db, owner, id, err));
    return items_append(db, owner, &list, items, err);
}

int conversation_delete(struct db *db, const struct principal *owner, struct slice id,
                        struct err *err)
{
    struct items_list list = conversation_items(id);
    int rc = db_exec(db, "DELETE FROM conversations WHERE id = ?1 AND " OWNED_BY("?2", "?3"),
                     DB_ARGS(DB_TEXT(id), OWNED_ARGS(owner)), err);
    if (rc == 0) return not_found(id, err);
    return rc < 0 ? rc : items_delete_all(db, owner, &list, err);
}

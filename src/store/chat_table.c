#include "store/chat_table.h"

#include "store/owned.h"

#define CHAT_NAMES \
    "id, title, leaf_id, settings, pinned, archived, created_at, updated_at, folder_id"
#define MESSAGE_NAMES "id, parent_id, role, content, model, response_id, details, created_at"

enum { SNIPPET_MAX = 160, PATTERN_MAX = 2 * CHAT_QUERY_MAX + 3 };

/* ---- Chats ---- */

int chat_add(struct db *db, const struct principal *owner, const struct chat_row *row,
             struct err *err)
{
    int rc = db_exec(db,
                     "INSERT INTO chats(" OWNER_NAMES ", " CHAT_NAMES ") VALUES "
                     "(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
                     DB_ARGS(OWNER_ARGS(owner), DB_TEXT(row->id), DB_TEXT(row->title),
                             DB_TEXT(row->leaf_id), DB_TEXT(row->settings), DB_INT(row->pinned),
                             DB_INT(row->archived), DB_INT(row->created_at),
                             DB_INT(row->updated_at), DB_TEXT(row->folder_id)),
                     err);
    return rc < 0 ? rc : 0;
}

static struct chat_row chat_of(const struct db_rows *rows)
{
    return (struct chat_row){
        .id = db_text(rows, 0),
        .title = db_text(rows, 1),
        .leaf_id = db_text(rows, 2),
        .settings = db_text(rows, 3),
        .pinned = db_int(rows, 4) != 0,
        .archived = db_int(rows, 5) != 0,
        .created_at = db_int(rows, 6),
        .updated_at = db_int(rows, 7),
        .folder_id = db_text(rows, 8),
    };
}

int chat_find(struct chat_row *ret, struct db *db, const struct principal *owner, struct slice id,
              struct arena *arena, struct err *err)
{
    struct db_rows rows;
    TRY(db_query(&rows, db,
                 "SELECT " CHAT_NAMES " FROM chats WHERE id = ?1 AND " OWNED_BY("?2", "?3"),
                 DB_ARGS(DB_TEXT(id), OWNED_ARGS(owner)), err));
    int rc = db_next(&rows, err);
    if (rc < 0) return rc;
    if (rc == 0) return owned_not_found("Chat", id, err);
    struct chat_row row = chat_of(&rows);
    row.id = arena_slice(arena, row.id);
    row.title = arena_slice(arena, row.title);
    row.leaf_id = arena_slice(arena, row.leaf_id);
    row.settings = arena_slice(arena, row.settings);
    row.folder_id = arena_slice(arena, row.folder_id);
    db_rows_close(&rows);
    TRY(arena_check(arena, "the chat", err));
    *ret = row;
    return 0;
}

int chat_update(struct db *db, const struct principal *owner, struct slice id,
                const struct chat_change *c, int64_t now, struct err *err)
{
    struct db_value pinned = c->pinned ? DB_INT(*c->pinned) : DB_NULL;
    struct db_value archived = c->archived ? DB_INT(*c->archived) : DB_NULL;
    int n = db_exec(
        db,
        "UPDATE chats SET title = coalesce(?4, title), leaf_id = coalesce(?5, leaf_id), "
        "settings = coalesce(?6, settings), pinned = coalesce(?7, pinned), "
        "archived = coalesce(?8, archived), updated_at = CASE WHEN ?9 > 0 THEN ?9 ELSE updated_at "
        "END, folder_id = coalesce(?10, folder_id) "
        "WHERE id = ?1 AND " OWNED_BY("?2", "?3"),
        DB_ARGS(DB_TEXT(id), OWNED_ARGS(owner), DB_TEXT_OR_NULL(c->title),
                DB_TEXT_OR_NULL(c->leaf_id), DB_TEXT_OR_NULL(c->settings), pinned, archived,
                DB_INT(now), DB_TEXT_OR_NULL(c->folder_id)),
        err);
    return owned_changed(n, "Chat", id, err);
}

int chat_delete(struct db *db, const struct principal *owner, struct slice id, struct err *err)
{
    int n = db_exec(db, "DELETE FROM chats WHERE id = ?1 AND " OWNED_BY("?2", "?3"),
                    DB_ARGS(DB_TEXT(id), OWNED_ARGS(owner)), err);
    TRY(owned_changed(n, "Chat", id, err));
    n = db_exec(db, "DELETE FROM chat_messages WHERE chat_id = ?1", DB_ARGS(DB_TEXT(id)), err);
    if (n < 0) return n;
    n = db_exec(db, "DELETE FROM shares WHERE chat_id = ?1", DB_ARGS(DB_TEXT(id)), err);
    return n < 0 ? n : 0;
}

static void write_chat_keys(struct json_writer *w, const struct chat_row *row)
{
    json_member_slice(w, "id", row->id);
    json_member_slice(w, "object", SLICE("tiro.chat"));
    json_member_slice(w, "title", row->title);
    json_member_slice(w, "folder_id", row->folder_id);
    json_member_slice(w, "leaf_id", row->leaf_id);
    json_key(w, "settings");
    json_raw(w, row->settings);
    json_key(w, "pinned");
    json_bool(w, row->pinned);
    json_key(w, "archived");
    json_bool(w, row->archived);
    json_key(w, "created_at");
    json_int(w, row->created_at);
    json_key(w, "updated_at");
    json_int(w, row->updated_at);
}

void chat_write(struct json_writer *w, const struct chat_row *row)
{
    json_object_begin(w);
    write_chat_keys(w, row);
    json_object_end(w);
}

/* ---- Lists ---- */

/* %text%, with what LIKE would take for more than itself behind a backslash. */
static struct slice pattern_of(char ret[PATTERN_MAX], struct slice text)
{
    size_t n = 0;
    ret[n++] = '%';
    for (size_t i = 0; i < text.len && n + 3 < PATTERN_MAX; i++) {
        if (strchr("%_\\", text.ptr[i])) ret[n++] = '\\';
        ret[n++] = text.ptr[i];
    }
    ret[n++] = '%';
    return (struct slice){ ret, n };
}

static int write_list(struct json_writer *w, struct db_rows *rows, const struct chat_listing *l,
                      struct err *err)
{
    bool more = false;
    int n = 0, rc;
    json_object_begin(w);
    json_member_slice(w, "object", SLICE("list"));
    json_key(w, "data");
    json_array_begin(w);
    while ((rc = db_next(rows, err)) > 0) {
        if (n++ == l->limit) {
            more = true;
            break;
        }
        struct chat_row row = chat_of(rows);
        json_object_begin(w);
        write_chat_keys(w, &row);
        json_key(w, "snippet");
        if (l->search.ptr && !db_is_null(rows, 9))
            json_slice(w, db_text(rows, 9));
        else
            json_null_value(w);
        json_object_end(w);
    }
    db_rows_close(rows);
    json_array_end(w);
    json_key(w, "has_more");
    json_bool(w, more);
    json_object_end(w);
    return rc < 0 ? rc : 0;
}

/* The casts are PostgreSQL's: it wants to know the type of what may be NULL. */
#define LIST_ORDER                                                \
    "(CAST(?6 AS TEXT) IS NULL OR folder_id = ?6) AND "           \
    "(CAST(?4 AS TEXT) IS NULL OR (pinned, updated_at, seq) < "   \
    "(SELECT pinned, updated_at, seq FROM chats WHERE id = ?4)) " \
    "ORDER BY pinned DESC, updated_at DESC, seq DESC LIMIT ?5"

int chat_list(struct json_writer *w, struct db *db, const struct principal *owner,
              const struct chat_listing *l, struct err *err)
{
    struct db_rows rows;
    char pattern[PATTERN_MAX];
    if (!l->search.ptr) {
        TRY(db_query(&rows, db,
                     "SELECT " CHAT_NAMES
                     " FROM chats WHERE " OWNED_BY("?1", "?2") " AND "
                                                               "archived = ?3 AND " LIST_ORDER,
                     DB_ARGS(OWNED_ARGS(owner), DB_INT(l->archived), DB_TEXT_OR_NULL(l->after),
                             DB_INT(l->limit + 1), DB_TEXT_OR_NULL(l->folder_id)),
                     err));
        return write_list(w, &rows, l, err);
    }
    TRY(db_query(&rows, db,
                 "SELECT * FROM (SELECT " CHAT_NAMES ", (SELECT substr(content, 1, ?8) "
                 "FROM chat_messages m "
                 "WHERE m.chat_id = chats.id AND lower(content) LIKE lower(?7) ESCAPE '\\' "
                 "ORDER BY m.seq LIMIT 1) AS snippet, seq FROM chats WHERE " OWNED_BY(
                     "?1", "?2") ""
                                 " AND archived = ?3) AS found WHERE (snippet IS NOT NULL OR "
                                 "lower(title) LIKE lower(?7) ESCAPE '\\') AND " LIST_ORDER,
                 DB_ARGS(OWNED_ARGS(owner), DB_INT(l->archived), DB_TEXT_OR_NULL(l->after),
                         DB_INT(l->limit + 1), DB_TEXT_OR_NULL(l->folder_id),
                         DB_TEXT(pattern_of(pattern, l->search)), DB_INT(SNIPPET_MAX)),
                 err));
    return write_list(w, &rows, l, err);
}

/* ---- Messages ---- */

void chat_message_write(struct json_writer *w, const struct chat_message_row *row)
{
    json_object_begin(w);
    json_member_slice(w, "id", row->id);
    json_member_slice(w, "object", SLICE("tiro.chat.message"));
    json_member_slice(w, "parent_id", row->parent_id);
    json_member_slice(w, "role", row->role);
    json_member_slice(w, "content", row->content);
    json_member_slice(w, "model", row->model);
    json_member_slice(w, "response_id", row->response_id);
    json_key(w, "details");
    json_raw(w, row->details);
    json_key(w, "created_at");
    json_int(w, row->created_at);
    json_object_end(w);
}

int chat_messages_write(struct json_writer *w, struct db *db, struct slice chat_id, struct err *err)
{
    struct db_rows rows;
    int rc;
    TRY(db_query(&rows, db,
                 "SELECT " MESSAGE_NAMES " FROM chat_messages WHERE chat_id = ?1 ORDER BY seq",
                 DB_ARGS(DB_TEXT(chat_id)), err));
    json_array_begin(w);
    while ((rc = db_next(&rows, err)) > 0) {
        struct chat_message_row row = {
            .id = db_text(&rows, 0),
            .parent_id = db_text(&rows, 1),
            .role = db_text(&rows, 2),
            .content = db_text(&rows, 3),
            .model = db_text(&rows, 4),
            .response_id = db_text(&rows, 5),
            .details = db_text(&rows, 6),
            .created_at = db_int(&rows, 7),
        };
        chat_message_write(w, &row);
    }
    json_array_end(w);
    return rc;
}

static int check_message(struct db *db, struct slice chat_id, struct slice id, struct err *err)
{
    int64_t found;
    TRY(db_one_int(&found, 0, db, "SELECT 1 FROM chat_messages WHERE chat_id = ?1 AND id = ?2",
                   DB_ARGS(DB_TEXT(chat_id), DB_TEXT(id)), err));
    return found ? 0 : owned_not_found("Message", id, err);
}

int chat_message_add(struct db *db, const struct principal *owner, struct slice chat_id,
                     const struct chat_message_row *row, struct err *err)
{
    int64_t n;
    TRY(chat_update(db, owner, chat_id, &(struct chat_change){ .leaf_id = row->id },
                    row->created_at, err));
    if (row->parent_id.len > 0) TRY(check_message(db, chat_id, row->parent_id, err));
    TRY(db_one_int(&n, 0, db, "SELECT count(*) FROM chat_messages WHERE chat_id = ?1",
                   DB_ARGS(DB_TEXT(chat_id)), err));
    if (n >= CHAT_MESSAGES_MAX)
        return err_set(err, ERR_LIMIT, "A chat holds at most %d messages; begin a new one.",
                       CHAT_MESSAGES_MAX);
    int rc = db_exec(db,
                     "INSERT INTO chat_messages(" OWNER_NAMES ", chat_id, " MESSAGE_NAMES ") "
                     "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
                     DB_ARGS(OWNER_ARGS(owner), DB_TEXT(chat_id), DB_TEXT(row->id),
                             DB_TEXT(row->parent_id), DB_TEXT(row->role), DB_TEXT(row->content),
                             DB_TEXT(row->model), DB_TEXT(row->response_id), DB_TEXT(row->details),
                             DB_INT(row->created_at)),
                     err);
    return rc < 0 ? rc : 0;
}

int chat_message_update(struct db *db, const struct principal *owner, struct slice chat_id,
                        struct slice id, const struct chat_message_change *c, int64_t now,
                        struct err *err)
{
    TRY(chat_update(db, owner, chat_id, &(struct chat_change){ { 0 } }, now, err));
    int n = db_exec(db,
                    "UPDATE chat_messages SET content = coalesce(?3, content), "
                    "model = coalesce(?4, model), response_id = coalesce(?5, response_id), "
                    "details = coalesce(?6, details) WHERE chat_id = ?1 AND id = ?2",
                    DB_ARGS(DB_TEXT(chat_id), DB_TEXT(id), DB_TEXT_OR_NULL(c->content),
                            DB_TEXT_OR_NULL(c->model), DB_TEXT_OR_NULL(c->response_id),
                            DB_TEXT_OR_NULL(c->details)),
                    err);
    return owned_changed(n, "Message", id, err);
}

int chat_message_delete(struct db *db, const struct principal *owner, struct slice chat_id,
                        struct slice id, int64_t now, struct err *err)
{
    TRY(chat_update(db, owner, chat_id, &(struct chat_change){ { 0 } }, now, err));
    TRY(check_message(db, chat_id, id, err));
    struct db_value args[] = { DB_TEXT(chat_id), DB_TEXT(id) };
#define BRANCH                                                                                \
    "WITH RECURSIVE branch(id) AS (SELECT ?2 UNION SELECT m.id FROM chat_messages m, branch " \
    "WHERE m.chat_id = ?1 AND m.parent_id = branch.id) SELECT id FROM branch"
    int n = db_exec(db,
                    "UPDATE chats SET leaf_id = (SELECT parent_id FROM chat_messages WHERE "
                    "chat_id = ?1 AND id = ?2) WHERE id = ?1 AND leaf_id IN (" BRANCH ")",
                    args, 2, err);
    if (n < 0) return n;
    n = db_exec(db, "DELETE FROM chat_messages WHERE chat_id = ?1 AND id IN (" BRANCH ")", args, 2,
                err);
#undef BRANCH
    return n < 0 ? n : 0;
}

#include "store/memory_table.h"

#define MEMORY_NAMES "id, text, origin, created_at, updated_at"

static void write_row(struct json_writer *w, const struct db_rows *rows)
{
    json_object_begin(w);
    json_member_slice(w, "id", db_text(rows, 0));
    json_member_slice(w, "object", SLICE("tiro.memory.entry"));
    json_member_slice(w, "text", db_text(rows, 1));
    json_member_slice(w, "origin", db_text(rows, 2));
    json_member_int(w, "created_at", db_int(rows, 3));
    json_member_int(w, "updated_at", db_int(rows, 4));
    json_object_end(w);
}

/* False: there is none of that id, or, with `text`, none that says this. */
static int write_one(bool *ret, struct json_writer *w, struct db *db, const struct principal *owner,
                     struct slice id, struct slice text, struct err *err)
{
    struct db_rows rows;
    TRY(db_query(&rows, db,
                 "SELECT " MEMORY_NAMES
                 " FROM memories WHERE (id = ?1 OR text = ?2) AND " OWNED_BY("?3", "?4"),
                 DB_ARGS(DB_TEXT_OR_NULL(id), DB_TEXT_OR_NULL(text), OWNED_ARGS(owner)), err));
    int rc = db_next(&rows, err);
    *ret = rc > 0;
    if (rc > 0) write_row(w, &rows);
    db_rows_close(&rows);
    return rc < 0 ? rc : 0;
}

/* Whether all of them but `id` have room beside so many bytes. */
static int check_room(struct db *db, const struct principal *owner, struct slice id, size_t n_bytes,
                      struct err *err)
{
    int64_t others;
    TRY(db_one_int(&others, 0, db,
                   "SELECT CAST(coalesce(sum(n_bytes), 0) AS BIGINT) FROM memories WHERE id <> ?1 "
                   "AND " OWNED_BY("?2", "?3"),
                   DB_ARGS(DB_TEXT(id), OWNED_ARGS(owner)), err));
    if (others + (int64_t)n_bytes <= MEMORY_BYTES_MAX) return 0;
    return err_set(err, ERR_LIMIT,
                   "The memory holds at most %d bytes, since all of it is read with every chat; "
                   "%lld are taken and this has %zu. Delete or shorten some of it.",
                   MEMORY_BYTES_MAX, (long long)others, n_bytes);
}

int memory_add(struct json_writer *w, struct db *db, const struct principal *owner,
               const struct memory_row *row, struct err *err)
{
    bool there;
    TRY(write_one(&there, w, db, owner, (struct slice){ 0 }, row->text, err));
    if (there) return 0;
    TRY(owned_check_room(db, owner, "SELECT count(*) FROM memories WHERE " OWNED_BY("?1", "?2"),
                         MEMORIES_MAX, "memories", err));
    TRY(check_room(db, owner, row->id, row->text.len, err));
    int n = db_exec(db,
                    "INSERT INTO memories(" OWNER_NAMES ", " MEMORY_NAMES
                    ", n_bytes) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8, ?9)",
                    DB_ARGS(OWNER_ARGS(owner), DB_TEXT(row->id), DB_TEXT(row->text),
                            DB_TEXT(row->origin), DB_INT(row->now), DB_INT((int64_t)row->text.len)),
                    err);
    if (n < 0) return n;
    return write_one(&there, w, db, owner, row->id, (struct slice){ 0 }, err);
}

int memory_find(bool *ret, struct json_writer *w, struct db *db, const struct principal *owner,
                struct slice text, struct err *err)
{
    return write_one(ret, w, db, owner, (struct slice){ 0 }, text, err);
}

int memory_update(struct json_writer *w, struct db *db, const struct principal *owner,
                  const struct memory_row *row, struct err *err)
{
    bool there;
    TRY(check_room(db, owner, row->id, row->text.len, err));
    int n = db_exec(db,
                    "UPDATE memories SET text = ?2, n_bytes = ?3, updated_at = ?4 "
                    "WHERE id = ?1 AND " OWNED_BY("?5", "?6"),
                    DB_ARGS(DB_TEXT(row->id), DB_TEXT(row->text), DB_INT((int64_t)row->text.len),
                            DB_INT(row->now), OWNED_ARGS(owner)),
                    err);
    TRY(owned_changed(n, "Memory", row->id, err));
    return write_one(&there, w, db, owner, row->id, (struct slice){ 0 }, err);
}

int memory_delete(struct db *db, const struct principal *owner, struct slice id, struct err *err)
{
    int n = db_exec(db, "DELETE FROM memories WHERE id = ?1 AND " OWNED_BY("?2", "?3"),
                    DB_ARGS(DB_TEXT(id), OWNED_ARGS(owner)), err);
    return owned_changed(n, "Memory", id, err);
}

/* What a model reads of them; nothing, when there are none or they are switched off. */
static void tell(struct buf *out, struct slice text)
{
    if (out->len == 0) buf_add_str(out, "What you know of the user, from earlier:\n");
    buf_add_str(out, "- ");
    for (size_t i = 0; i < text.len; i++) /* A line each. */
        buf_add(out, text.ptr[i] == '\n' ? " " : &text.ptr[i], 1);
    buf_add_str(out, "\n");
}

int memory_write_all(struct json_writer *w, struct db *db, const struct principal *owner,
                     bool enabled, struct err *err)
{
    struct db_rows rows;
    struct buf text;
    int rc;
    TRY(db_query(&rows, db,
                 "SELECT " MEMORY_NAMES " FROM memories WHERE " OWNED_BY("?1", "?2") " ORDER BY "
                                                                                     "seq",
                 DB_ARGS(OWNED_ARGS(owner)), err));
    buf_init(&text, 4 * MEMORY_BYTES_MAX);
    json_key(w, "data");
    json_array_begin(w);
    while ((rc = db_next(&rows, err)) > 0) {
        write_row(w, &rows);
        if (enabled) tell(&text, db_text(&rows, 1));
    }
    json_array_end(w);
    json_member_slice(w, "instructions", buf_slice(&text));
    if (rc == 0 && text.failed) rc = err_set(err, ERR_NO_MEMORY, "no memory for the memory");
    buf_release(&text);
    return rc;
}

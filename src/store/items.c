#include "store/items.h"

#include "base/json.h"

#include <assert.h>

enum { ITEM_BYTES_MAX = 64 << 20, ID_SHOWN_MAX = 100 };

/* Every statement's first four values say which list. */
#define IN_LIST                "list_id = ?1 AND part = ?2 AND " OWNED_BY("?3", "?4")
#define LIST_ARGS(list, owner) DB_TEXT((list)->of), DB_INT((list)->part), OWNED_ARGS(owner)

static int shown(struct slice id)
{
    return (int)(id.len < ID_SHOWN_MAX ? id.len : ID_SHOWN_MAX);
}

static int not_found(struct slice id, struct err *err)
{
    return err_set(err, ERR_NOT_FOUND, "Item with id '%.*s' not found.", shown(id), id.ptr);
}

static int check_room(struct db *db, const struct principal *owner, const struct items_list *list,
                      size_t more, struct err *err)
{
    int64_t there;
    TRY(db_one_int(&there, 0, db, "SELECT COUNT(*) FROM items WHERE " IN_LIST,
                   DB_ARGS(LIST_ARGS(list, owner)), err));
    if ((uint64_t)there + more <= ITEMS_READ_MAX) return 0;
    return err_set(err, ERR_LIMIT,
                   "'%.*s' would have more than %d items: begin a new one, or delete some.",
                   shown(list->of), list->of.ptr, ITEMS_READ_MAX);
}

static int add(struct db *db, const struct principal *owner, const struct items_list *list,
               const struct item_row *row, struct err *err)
{
    int rc = db_exec(db,
                     "INSERT INTO items(list_id, part, id, type, body, " OWNER_NAMES ") "
                     "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                     DB_ARGS(DB_TEXT(list->of), DB_INT(list->part), DB_TEXT(row->id),
                             DB_TEXT(row->type), DB_TEXT(row->body), OWNER_ARGS(owner)),
                     err);
    if (rc == -ERR_EXISTS)
        return err_set(err, ERR_EXISTS, "An item with id '%.*s' is in '%.*s' already.",
                       shown(row->id), row->id.ptr, shown(list->of), list->of.ptr);
    return rc < 0 ? rc : 0;
}

int items_add(struct db *db, const struct principal *owner, const struct items_list *list,
              const struct item_row *rows, size_t n, struct err *err)
{
    TRY(check_room(db, owner, list, n, err));
    for (size_t i = 0; i < n; i++) TRY(add(db, owner, list, &rows[i], err));
    return 0;
}

static struct slice text_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return (struct slice){ json_string_value(value), json_string_length(value) };
}

int items_append(struct db *db, const struct principal *owner, const struct items_list *list,
                 const json_t *items, struct err *err)
{
    struct buf body;
    buf_init(&body, ITEM_BYTES_MAX);
    int rc = check_room(db, owner, list, json_array_size(items), err);
    for (size_t i = 0; rc == 0 && i < json_array_size(items); i++) {
        const json_t *item = json_array_get(items, i);
        struct item_row row = { .id = text_of(item, "id"), .type = text_of(item, "type") };
        struct json_writer w;
        assert(row.id.ptr);
        if (!row.type.ptr) row.type = SLICE("message");
        buf_reset(&body);
        json_writer_init(&w, &body);
        json_value(&w, item);
        row.body = buf_slice(&body);
        rc = body.failed ? err_set(err, ERR_NO_MEMORY, "There is no memory for the items.")
                         : add(db, owner, list, &row, err);
    }
    buf_release(&body);
    return rc;
}

static int take(json_t *to, struct slice body, struct err *err)
{
    json_t *item;
    TRY(json_read(&item, body, &json_limits_file, "a stored item", err));
    if (json_array_append_new(to, item) == 0) return 0;
    return err_set(err, ERR_NO_MEMORY, "There is no memory for the items.");
}

int items_read(json_t *to, struct db *db, const struct principal *owner,
               const struct items_list *list, struct err *err)
{
    struct db_rows rows;
    size_t before = json_array_size(to);
    TRY(db_query(&rows, db, "SELECT body FROM items WHERE " IN_LIST " ORDER BY seq",
                 DB_ARGS(LIST_ARGS(list, owner)), err));
    int rc;
    while ((rc = db_next(&rows, err)) > 0) {
        rc = take(to, db_text(&rows, 0), err);
        if (rc == 0) continue;
        db_rows_close(&rows);
        break;
    }
    while (rc < 0 && json_array_size(to) > before)
        (void)json_array_remove(to, json_array_size(to) - 1); /* It is there. */
    return rc;
}

int items_page(struct db_rows *ret, struct db *db, const struct principal *owner,
               const struct items_list *list, const struct listing *page, struct err *err)
{
    struct listing listing = *page;
    listing.table = "items";
    listing.columns = "id, body, type";
    listing.where = IN_LIST;
    return listing_query(ret, db, &listing, DB_ARGS(LIST_ARGS(list, owner)), err);
}

int items_find_row(struct item_row *ret, struct db *db, const struct principal *owner,
                   const struct items_list *list, struct slice id, struct arena *arena,
                   struct err *err)
{
    struct db_rows rows;
    TRY(db_query(&rows, db, "SELECT type, body FROM items WHERE " IN_LIST " AND id = ?5",
                 DB_ARGS(LIST_ARGS(list, owner), DB_TEXT(id)), err));
    int rc = db_next(&rows, err);
    if (rc == 0) return not_found(id, err);
    if (rc < 0) return rc;
    struct item_row row = { .id = arena_slice(arena, id),
                            .type = arena_slice(arena, db_text(&rows, 0)),
                            .body = arena_slice(arena, db_text(&rows, 1)) };
    db_rows_close(&rows);
    TRY(arena_check(arena, "the item", err));
    *ret = row;
    return 0;
}

int items_find(struct slice *ret, struct db *db, const struct principal *owner,
               const struct items_list *list, struct slice id, struct arena *arena, struct err *err)
{
    struct item_row row;
    TRY(items_find_row(&row, db, owner, list, id, arena, err));
    *ret = row.body;
    return 0;
}

int items_delete(struct db *db, const struct principal *owner, const struct items_list *list,
                 struct slice id, struct err *err)
{
    int rc = db_exec(db, "DELETE FROM items WHERE " IN_LIST " AND id = ?5",
                     DB_ARGS(LIST_ARGS(list, owner), DB_TEXT(id)), err);
    return rc == 0 ? not_found(id, err) : rc < 0 ? rc : 0;
}

int items_delete_all(struct db *db, const struct principal *owner, const struct items_list *list,
                     struct err *err)
{
    int rc = db_exec(db, "DELETE FROM items WHERE " IN_LIST, DB_ARGS(LIST_ARGS(list, owner)), err);
    return rc < 0 ? rc : 0;
}

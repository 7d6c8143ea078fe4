#include "store/completion_table.h"

#include "base/json.h"

#include <assert.h>
#include <stdio.h>

enum { ID_SHOWN_MAX = 100, WHERE_MAX = 800 };

/* The whole object: see the table (migration/0005_conversations.c). */
#define WHOLE_BODY "open_body || ',\"metadata\":' || metadata || '}'"

static int not_found(struct slice id, struct err *err)
{
    return err_set(err, ERR_NOT_FOUND, "Chat completion with id '%.*s' not found.",
                   (int)(id.len < ID_SHOWN_MAX ? id.len : ID_SHOWN_MAX), id.ptr);
}

struct items_list completion_messages(struct slice id)
{
    return (struct items_list){ .of = id, .part = ITEMS_INPUT };
}

/* ---- Labels: the metadata, to be found by ---- */

static int add_label(struct db *db, struct slice id, const char *label, const json_t *content,
                     struct err *err)
{
    struct slice text = { json_string_value(content), json_string_length(content) };
    int rc = db_exec(db,
                     "INSERT INTO completion_labels(completion_id, label, content) "
                     "VALUES (?1, ?2, ?3)",
                     DB_ARGS(DB_TEXT(id), DB_TEXT(slice_of(label)), DB_TEXT(text)), err);
    return rc < 0 ? rc : 0;
}

static int add_labels(struct db *db, struct slice id, struct slice metadata, struct err *err)
{
    json_t *labels;
    int rc = 0;
    TRY(json_read(&labels, metadata, &json_limits_request, "the metadata", err));
    for (void *it = json_object_iter(labels); rc == 0 && it; it = json_object_iter_next(labels, it))
        rc = add_label(db, id, json_object_iter_key(it), json_object_iter_value(it), err);
    json_decref(labels);
    return rc;
}

static int delete_labels(struct db *db, struct slice id, struct err *err)
{
    int rc = db_exec(db, "DELETE FROM completion_labels WHERE completion_id = ?1",
                     DB_ARGS(DB_TEXT(id)), err);
    return rc < 0 ? rc : 0;
}

/* ---- Completions ---- */

int completion_add(struct db *db, const struct principal *owner, const struct completion_row *row,
                   struct err *err)
{
    assert(row->body.len > 1 && row->body.ptr[row->body.len - 1] == '}');
    struct slice open_body = { row->body.ptr, row->body.len - 1 };
    int rc = db_exec(db,
                     "INSERT INTO completions(id, model, created_at, metadata, "
                     "open_body, " OWNER_NAMES ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                     DB_ARGS(DB_TEXT(row->id), DB_TEXT(row->model), DB_INT(row->created_at),
                             DB_TEXT(row->metadata), DB_TEXT(open_body), OWNER_ARGS(owner)),
                     err);
    return rc < 0 ? rc : add_labels(db, row->id, row->metadata, err);
}

int completion_find(struct slice *ret, struct db *db, const struct principal *owner,
                    struct slice id, struct arena *arena, struct err *err)
{
    struct db_rows rows;
    TRY(db_query(&rows, db,
                 "SELECT " WHOLE_BODY " FROM completions WHERE id = ?1 AND " OWNED_BY("?2", "?3"),
                 DB_ARGS(DB_TEXT(id), OWNED_ARGS(owner)), err));
    int rc = db_next(&rows, err);
    if (rc == 0) return not_found(id, err);
    if (rc < 0) return rc;
    struct slice body = arena_slice(arena, db_text(&rows, 0));
    db_rows_close(&rows);
    TRY(arena_check(arena, "the completion", err));
    *ret = body;
    return 0;
}

int completion_set_metadata(struct db *db, const struct principal *owner, struct slice id,
                            struct slice metadata, struct err *err)
{
    int rc = db_exec(db,
                     "UPDATE completions SET metadata = ?1 WHERE id = ?2 AND " OWNED_BY("?3", "?4"),
                     DB_ARGS(DB_TEXT(metadata), DB_TEXT(id), OWNED_ARGS(owner)), err);
    if (rc == 0) return not_found(id, err);
    if (rc < 0) return rc;
    TRY(delete_labels(db, id, err));
    return add_labels(db, id, metadata, err);
}

int completion_page(struct db_rows *ret, struct db *db, const struct principal *owner,
                    const struct completion_filter *filter, const struct listing *page,
                    struct err *err)
{
    struct db_value args[LISTING_ARGS_MAX] = { OWNED_ARGS(owner) };
    size_t n_args = 2, n = 0;
    char where[WHERE_MAX];
    struct listing listing = *page;
    assert(filter->n_labels <= COMPLETION_LABELS_MAX);
    n += (size_t)snprintf(where, sizeof where, OWNED_BY("?1", "?2")); /* All of it is short. */
    if (filter->model.ptr) {
        args[n_args++] = DB_TEXT(filter->model);
        n += (size_t)snprintf(where + n, sizeof where - n, " AND model = ?%zu", n_args);
    }
    if (filter->n_labels) {
        n += (size_t)snprintf(where + n, sizeof where - n,
                              " AND id IN (SELECT completion_id FROM completion_labels WHERE");
        for (size_t i = 0; i < filter->n_labels; i++) {
            args[n_args++] = DB_TEXT(filter->labels[i].label);
            args[n_args++] = DB_TEXT(filter->labels[i].content);
            n += (size_t)snprintf(where + n, sizeof where - n,
                                  "%s (label = ?%zu AND content = ?%zu)", i ? " OR" : "",
                                  n_args - 1, n_args);
        }
        args[n_args++] = DB_INT((int64_t)filter->n_labels);
        n += (size_t)snprintf(where + n, sizeof where - n,
                              " GROUP BY completion_id HAVING COUNT(*) = ?%zu)", n_args);
    }
    assert(n < sizeof where);
    listing.table = "completions";
    listing.columns = "id, " WHOLE_BODY;
    listing.where = where;
    return listing_query(ret, db, &listing, args, n_args, err);
}

int completion_delete(struct db *db, const struct principal *owner, struct slice id,
                      struct err *err)
{
    struct items_list messages = completion_messages(id);
    int rc = db_exec(db, "DELETE FROM completions WHERE id = ?1 AND " OWNED_BY("?2", "?3"),
                     DB_ARGS(DB_TEXT(id), OWNED_ARGS(owner)), err);
    if (rc == 0) return not_found(id, err);
    if (rc < 0) return rc;
    TRY(delete_labels(db, id, err));
    return items_delete_all(db, owner, &messages, err);
}

#include "api/list_answer.h"

#include "base/json.h"

enum { LIST_BYTES_MAX = 64 << 20, ID_MAX = 128 };

static const char *const orders[] = { "asc", "desc", NULL };

#define LIST_FIELDS(order_def)                                                        \
    FIELD_INT(struct list_req, limit, .range = { 1, LISTING_LIMIT_MAX }, .def = "20", \
              .help = "The most objects of a page."),                                 \
        FIELD_ENUM(struct list_req, order, .names = orders, .def = (order_def),       \
                   .help = "By the time they were made."),                            \
        FIELD_STRING(struct list_req, after, .len_max = ID_MAX,                       \
                     .help = "An id of the list: what comes behind it."),             \
        FIELD_STRING(struct list_req, before, .len_max = ID_MAX,                      \
                     .help = "An id of the list: what comes before it."),             \
        FIELDS_END

const struct field list_fields[] = { LIST_FIELDS("\"desc\"") };
const struct field list_fields_ascending[] = { LIST_FIELDS("\"asc\"") };

void list_req_fill(struct listing *ret, const struct list_req *req, struct arena *arena)
{
    ret->limit = (int)req->limit.value;
    ret->ascending = req->order.value == 0;
    if (req->after.given) ret->after = arena_slice(arena, req->after.value);
    if (req->before.given) ret->before = arena_slice(arena, req->before.value);
}

/* ---- Writing ---- */

void list_writer_begin(struct list_writer *list, struct buf *out)
{
    *list = (struct list_writer){ 0 };
    json_writer_init(&list->w, out);
    json_object_begin(&list->w);
    json_key(&list->w, "object");
    json_str(&list->w, "list");
    json_key(&list->w, "data");
    json_array_begin(&list->w);
}

void list_writer_id(struct list_writer *list, struct slice id)
{
    if (!list->first.ptr) list->first = id;
    list->last = id;
}

static void write_id(struct json_writer *w, const char *key, struct slice id)
{
    json_key(w, key);
    if (id.ptr)
        json_slice(w, id);
    else
        json_null_value(w);
}

void list_writer_end(struct list_writer *list, bool has_more)
{
    json_array_end(&list->w);
    write_id(&list->w, "first_id", list->first);
    write_id(&list->w, "last_id", list->last);
    json_key(&list->w, "has_more");
    json_bool(&list->w, has_more);
    json_object_end(&list->w);
}

/* ---- From rows ---- */

static int write_second_column(struct json_writer *w, const struct db_rows *rows, const void *ctx,
                               struct err *err)
{
    (void)ctx;
    (void)err;
    json_raw(w, db_text(rows, 1));
    return 0;
}

int list_answer_from_rows(struct slice *ret, struct db_rows *rows, int limit, struct arena *arena,
                          struct err *err)
{
    return list_answer_written(ret, rows, limit, write_second_column, NULL, arena, err);
}

int list_answer_written(struct slice *ret, struct db_rows *rows, int limit,
                        int (*write)(struct json_writer *w, const struct db_rows *rows,
                                     const void *ctx, struct err *err),
                        const void *ctx, struct arena *arena, struct err *err)
{
    struct buf out;
    struct list_writer list;
    int rc = 0, n = 0;
    buf_init(&out, LIST_BYTES_MAX);
    list_writer_begin(&list, &out);
    while (rc == 0 && (rc = db_next(rows, err)) > 0 && n < limit) {
        n++;
        list_writer_id(&list, arena_slice(arena, db_text(rows, 0)));
        rc = write(&list.w, rows, ctx, err);
    }
    list_writer_end(&list, rc > 0); /* A row was left over. */
    db_rows_close(rows);
    if (rc >= 0) return field_keep_text(ret, &out, arena, err);
    buf_release(&out);
    return rc;
}

const struct field list_answer_fields[] = {
    ANSWER("object", STRING, .help = "list"),
    ANSWER("data", JSON, .schema = "{\"type\":\"array\",\"items\":{\"type\":\"object\"}}",
           .help = "The objects of this page."),
    ANSWER("first_id", STRING, .nullable = true, .help = "Of the first one; null: there is none."),
    ANSWER("last_id", STRING, .nullable = true, .help = "Of the last one: the next page's after."),
    ANSWER("has_more", BOOL, .help = "Whether there are more behind them."),
    FIELDS_END,
};

#include "api/list_answer.h"

#include "base/json.h"

enum { LIST_BYTES_MAX = 64 << 20, ID_MAX = 128 };

static const char *const orders[] = { "asc", "desc", NULL };

const struct field list_fields[] = {
    FIELD_INT(struct list_req, limit, .range = { 1, LISTING_LIMIT_MAX }, .def = "20",
              .help = "The most objects of a page."),
    FIELD_ENUM(struct list_req, order, .names = orders, .def = "\"desc\"",
               .help = "By the time they were made."),
    FIELD_STRING(struct list_req, after, .len_max = ID_MAX,
                 .help = "An id of the list: what comes behind it."),
    FIELD_STRING(struct list_req, before, .len_max = ID_MAX,
                 .help = "An id of the list: what comes before it."),
    FIELDS_END,
};

void list_req_fill(struct listing *ret, const struct list_req *req, struct arena *arena)
{
    ret->limit = (int)req->limit.value;
    ret->ascending = req->order.value == 0;
    if (req->after.given) ret->after = arena_slice(arena, req->after.value);
    if (req->before.given) ret->before = arena_slice(arena, req->before.value);
}

/* The objects; *ret_more says that a row was left over. */
static int write_rows(struct json_writer *w, struct slice ids[2], bool *ret_more,
                      struct db_rows *rows, int limit,
                      void (*write)(struct json_writer *w, const struct db_rows *rows, void *ctx),
                      void *ctx, struct arena *arena, struct err *err)
{
    int n = 0, rc;
    while ((rc = db_next(rows, err)) > 0) {
        if (n == limit) {
            *ret_more = true;
            db_rows_close(rows);
            return 0;
        }
        if (n++ == 0) ids[0] = arena_slice(arena, db_text(rows, 0));
        ids[1] = arena_slice(arena, db_text(rows, 0));
        write(w, rows, ctx);
    }
    return rc;
}

static void write_id(struct json_writer *w, const char *key, struct slice id)
{
    json_key(w, key);
    if (id.ptr)
        json_slice(w, id);
    else
        json_null_value(w);
}

int list_answer_write(struct slice *ret, struct db_rows *rows, int limit,
                      void (*write)(struct json_writer *w, const struct db_rows *rows, void *ctx),
                      void *ctx, struct arena *arena, struct err *err)
{
    struct buf out;
    struct json_writer w;
    struct slice ids[2] = { { 0 } };
    bool more = false;
    buf_init(&out, LIST_BYTES_MAX);
    json_writer_init(&w, &out);
    json_object_begin(&w);
    json_key(&w, "object");
    json_str(&w, "list");
    json_key(&w, "data");
    json_array_begin(&w);
    int rc = write_rows(&w, ids, &more, rows, limit, write, ctx, arena, err);
    json_array_end(&w);
    write_id(&w, "first_id", ids[0]);
    write_id(&w, "last_id", ids[1]);
    json_key(&w, "has_more");
    json_bool(&w, more);
    json_object_end(&w);
    if (rc == 0) return field_keep_text(ret, &out, arena, err);
    buf_release(&out);
    return rc;
}

static void write_text(struct json_writer *w, const struct db_rows *rows, void *ctx)
{
    (void)ctx;
    json_raw(w, db_text(rows, 1));
}

int list_answer_from_rows(struct slice *ret, struct db_rows *rows, int limit, struct arena *arena,
                          struct err *err)
{
    return list_answer_write(ret, rows, limit, write_text, NULL, arena, err);
}

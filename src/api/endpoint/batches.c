/* GET /v1/batches: the project's batches, newest first. */
#include "api/batch_object.h"
#include "api/endpoint.h"
#include "api/list_answer.h"
#include "api/stored.h"

enum { LIST_BYTES_MAX = 64 << 20 };

struct list {
    struct stored stored; /* first */
    struct listing listing;
    struct slice body;
};

struct page {
    struct json_writer w;
    struct slice first, last;
    bool more;
};

static int write_rows(struct page *page, struct db_rows *rows, int limit, struct arena *arena,
                      struct err *err)
{
    int rc;
    for (int n = 0; (rc = db_next(rows, err)) > 0; n++) {
        struct batch_row row;
        if (n == limit) {
            page->more = true;
            db_rows_close(rows);
            return 0;
        }
        batch_from_row(&row, rows, arena);
        rc = arena_check(arena, "the list", err);
        if (rc < 0) {
            db_rows_close(rows);
            return rc;
        }
        if (n == 0) page->first = row.id;
        page->last = row.id;
        batch_object_write(&page->w, &row);
    }
    return rc;
}

static void write_end(struct page *page)
{
    struct json_writer *w = &page->w;
    if (page->first.ptr) {
        json_key(w, "first_id");
        json_slice(w, page->first);
        json_key(w, "last_id");
        json_slice(w, page->last);
    }
    json_key(w, "has_more");
    json_bool(w, page->more);
    json_object_end(w);
}

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct list *l = (struct list *)stored;
    struct page page = { .more = false };
    struct db_rows rows;
    struct buf out;
    TRY(listing_query(&rows, db, &l->listing, DB_ARGS(OWNED_ARGS(&stored->principal)), err));
    buf_init(&out, LIST_BYTES_MAX);
    json_writer_init(&page.w, &out);
    json_object_begin(&page.w);
    json_key(&page.w, "object");
    json_str(&page.w, "list");
    json_key(&page.w, "data");
    json_array_begin(&page.w);
    int rc = write_rows(&page, &rows, l->listing.limit, &stored->arena, err);
    json_array_end(&page.w);
    write_end(&page);
    if (rc == 0) return field_keep_text(&l->body, &out, &stored->arena, err);
    buf_release(&out);
    return rc;
}

static int answer(struct stored *stored, struct err *err)
{
    struct list *l = (struct list *)stored;
    (void)err;
    stored->call->ops->reply(stored->call, 200, "application/json", l->body);
    return 0;
}

static int handle(struct call *call, const void *request, struct err *err)
{
    struct list *l = stored_new(call, sizeof *l, err);
    if (!l) return -ERR_NO_MEMORY;
    l->listing = (struct listing){ .table = "batches",
                                   .columns = BATCH_COLUMNS,
                                   .where = OWNED_BY("?1", "?2") };
    list_req_fill(&l->listing, request, &l->stored.arena);
    return stored_begin(&l->stored, run, answer, err);
}

static const char *const list_objects[] = { "list", NULL };

static const struct field response[] = {
    ANSWER("object", ENUM, .names = list_objects, .help = "list"),
    ANSWER("data", OBJECTS, .fields = batch_answer, .help = "Batches."),
    ANSWER_MAYBE("first_id", STRING, .help = "Of the page, unless it is empty."),
    ANSWER_MAYBE("last_id", STRING, .help = "Likewise: `after` for the next page."),
    ANSWER("has_more", BOOL, .help = "Whether there is a next page."),
    FIELDS_END,
};

const struct endpoint endpoint_batches = {
    .method = "GET",
    .path = "/v1/batches",
    .query = list_fields,
    .size = sizeof(struct list_req),
    .handle = handle,
    .name = "BatchList",
    .tag = "Batches",
    .summary = "The batches of the project.",
    .response = response,
};

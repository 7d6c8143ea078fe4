/* GET /v1/files: the project's files, newest first, up to 10,000 a page. */
#include "api/endpoint.h"
#include "api/file_object.h"
#include "api/stored.h"
#include "store/listing.h"

enum { ID_MAX = 128, PURPOSE_MAX = 64 };

struct files_req {
    struct field_string purpose;
    struct field_int limit;
    struct field_enum order; /* 0: asc, 1: desc */
    struct field_string after;
};

static const char *const orders[] = { "asc", "desc", NULL };

static const struct field query[] = {
    FIELD_STRING(struct files_req, purpose, .len_max = PURPOSE_MAX,
                 .help = "Only files that are for this."),
    FIELD_INT(struct files_req, limit, .range = { 1, LISTING_ROWS_MAX }, .def = "10000",
              .help = "The most files of a page."),
    FIELD_ENUM(struct files_req, order, .names = orders, .def = "\"desc\"",
               .help = "By the time they were made."),
    FIELD_STRING(struct files_req, after, .len_max = ID_MAX,
                 .help = "An id of the list: what comes behind it."),
    FIELDS_END,
};

struct files {
    struct stored stored;
    struct listing listing;
    struct slice purpose; /* ptr NULL: any */
    struct slice body;
};

static void write_id(struct json_writer *w, const char *key, struct slice id)
{
    json_key(w, key);
    if (id.ptr)
        json_slice(w, id);
    else
        json_null_value(w);
}

/* The objects; *ret_more says that a row was left over. */
static int write_rows(struct json_writer *w, struct files *f, struct slice ids[2], bool *ret_more,
                      struct db_rows *rows, struct err *err)
{
    struct arena *arena = &f->stored.arena;
    int n = 0, rc;
    while ((rc = db_next(rows, err)) > 0) {
        if (n == f->listing.limit) {
            *ret_more = true;
            db_rows_close(rows);
            return 0;
        }
        struct arena_mark mark = arena_mark(arena);
        struct file_row row;
        file_from_row(&row, rows, arena);
        file_object_write(w, &row);
        arena_reset_to(arena, mark);
        if (n++ == 0) ids[0] = arena_slice(arena, db_text(rows, 0));
        ids[1] = arena_slice(arena, db_text(rows, 0));
    }
    return rc;
}

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct files *f = (struct files *)stored;
    struct db_rows rows;
    struct buf out;
    struct json_writer w;
    struct slice ids[2] = { { 0 } };
    bool more = false;
    TRY(listing_query(
        &rows, db, &f->listing,
        DB_ARGS(OWNED_ARGS(&stored->principal), DB_INT(file_now()), DB_TEXT_OR_NULL(f->purpose)),
        err));
    buf_init(&out, FILE_LIST_MAX);
    json_writer_init(&w, &out);
    json_object_begin(&w);
    json_key(&w, "object");
    json_str(&w, "list");
    json_key(&w, "data");
    json_array_begin(&w);
    int rc = write_rows(&w, f, ids, &more, &rows, err);
    json_array_end(&w);
    write_id(&w, "first_id", ids[0]);
    write_id(&w, "last_id", ids[1]);
    json_key(&w, "has_more");
    json_bool(&w, more);
    json_object_end(&w);
    if (rc == 0) return field_keep_text(&f->body, &out, &stored->arena, err);
    buf_release(&out);
    return rc;
}

static int answer(struct stored *stored, struct err *err)
{
    struct files *f = (struct files *)stored;
    (void)err;
    stored->call->ops->reply(stored->call, 200, "application/json", f->body);
    return 0;
}

static int handle(struct call *call, const void *request, struct err *err)
{
    const struct files_req *req = request;
    struct files *f = stored_new(call, sizeof *f, err);
    if (!f) return -ERR_NO_MEMORY;
    struct arena *arena = &f->stored.arena;
    f->listing = (struct listing){
        .table = "files",
        .columns = FILE_COLUMNS,
        .where = FILE_VISIBLE("?1", "?2", "?3") " AND (CAST(?4 AS TEXT) IS NULL OR purpose = ?4)",
        .ascending = req->order.value == 0,
        .limit = (int)req->limit.value,
    };
    if (req->after.given) f->listing.after = arena_slice(arena, req->after.value);
    if (req->purpose.given) f->purpose = arena_slice(arena, req->purpose.value);
    return stored_begin(&f->stored, run, answer, err);
}

static const char *const objects[] = { "list", NULL };

static const struct field response[] = {
    ANSWER("object", ENUM, .names = objects, .help = "list"),
    ANSWER("data", OBJECTS, .fields = file_answer, .help = "The files."),
    ANSWER("first_id", STRING, .nullable = true, .help = "Of the first one."),
    ANSWER("last_id", STRING, .nullable = true, .help = "Of the last one: the next page's after."),
    ANSWER("has_more", BOOL, .help = "Whether there are more behind it."),
    FIELDS_END,
};

const struct endpoint endpoint_files = {
    .method = "GET",
    .path = "/v1/files",
    .query = query,
    .size = sizeof(struct files_req),
    .handle = handle,
    .name = "FileList",
    .tag = "Files",
    .summary = "The project's files.",
    .response = response,
};

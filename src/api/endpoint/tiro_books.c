/* GET /v1/tiro/books */
#include "api/books.h"
#include "api/reply.h"

enum { LIMIT_MAX = 100 };

struct list_books_req {
    struct field_int limit;
    struct field_string after;
};

static const struct field query[] = {
    FIELD_INT(struct list_books_req, limit, .range = { 1, LIMIT_MAX }, .def = "50",
              .help = "The most books of a page."),
    FIELD_STRING(struct list_books_req, after, .len_max = BOOKS_ID_MAX,
                 .help = "The last book of the page before."),
    FIELDS_END,
};

struct list_books {
    struct books_call call;
    struct book_listing listing;
};

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct list_books *list = (struct list_books *)stored;
    struct book_row *rows;
    size_t n;
    bool more;
    struct buf out;
    struct json_writer w;
    TRY(book_list(&rows, &n, &more, db, &stored->principal, &list->listing, &stored->arena, err));
    buf_init(&out, REPLY_BYTES_MAX);
    json_writer_init(&w, &out);
    json_object_begin(&w);
    json_key(&w, "object");
    json_str(&w, "list");
    json_key(&w, "data");
    json_array_begin(&w);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < n; i++) rc = books_write(&w, &rows[i], db, err);
    json_array_end(&w);
    json_key(&w, "has_more");
    json_bool(&w, more);
    json_object_end(&w);
    if (rc == 0) return field_keep_text(&list->call.answer, &out, &stored->arena, err);
    buf_release(&out);
    return rc;
}

static int handle(struct call *call, const void *request, struct err *err)
{
    const struct list_books_req *req = request;
    struct list_books *list = books_call_new(call, sizeof *list, err);
    if (!list) return -ERR_NO_MEMORY;
    list->listing.after = books_keep(&list->call, &req->after);
    list->listing.limit = (int)req->limit.value;
    return books_call_begin(&list->call, run, err);
}

static const struct field response[] = {
    ANSWER("object", STRING, .help = "list"),
    ANSWER("data", OBJECTS, .fields = books_head_answer, .help = "By their last change."),
    ANSWER("has_more", BOOL, .help = "Whether there is a next page."),
    FIELDS_END,
};

const struct endpoint endpoint_tiro_books = {
    .method = "GET",
    .path = "/v1/tiro/books",
    .query = query,
    .size = sizeof(struct list_books_req),
    .handle = handle,
    .name = "BookList",
    .tag = "Books",
    .summary = "The books kept on this server, without their chapters.",
    .response = response,
};

/* DELETE /v1/tiro/books/{book_id} */
#include "api/books.h"
#include "api/reply.h"

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct books_call *c = (struct books_call *)stored;
    struct buf out;
    struct json_writer w;
    TRY(book_delete(db, &stored->principal, c->book_id, err));
    buf_init(&out, REPLY_BYTES_MAX);
    json_writer_init(&w, &out);
    json_object_begin(&w);
    json_key(&w, "id");
    json_slice(&w, c->book_id);
    json_key(&w, "object");
    json_str(&w, "tiro.book.deleted");
    json_key(&w, "deleted");
    json_bool(&w, true);
    json_object_end(&w);
    return field_keep_text(&c->answer, &out, &stored->arena, err);
}

static int handle(struct call *call, const void *request, struct err *err)
{
    (void)request;
    struct books_call *c = books_call_new(call, sizeof *c, err);
    if (!c) return -ERR_NO_MEMORY;
    c->stored.job.erases = true;
    c->tell = true;
    return books_call_begin(c, run, err);
}

static const struct field response[] = {
    ANSWER("id", STRING, .help = "What was deleted."),
    ANSWER("object", STRING, .help = "tiro.book.deleted"),
    ANSWER("deleted", BOOL, .help = "true"),
    FIELDS_END,
};

const struct endpoint endpoint_tiro_book_delete = {
    .method = "DELETE",
    .path = "/v1/tiro/books/{book_id}",
    .handle = handle,
    .name = "BookDelete",
    .tag = "Books",
    .summary = "Deletes a book with all its texts; one that is being written stops.",
    .response = response,
};

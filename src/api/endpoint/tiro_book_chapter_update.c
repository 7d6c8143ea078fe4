/* POST /v1/tiro/books/{book_id}/chapters/{chapter_id}: its title and outline. */
#include "api/books.h"

struct update_chapter_req {
    struct field_string title, outline;
};

static const struct field fields[] = {
    FIELD_STRING(struct update_chapter_req, title, .len_min = 1, .len_max = BOOK_TITLE_MAX,
                 .help = "Its heading."),
    FIELD_STRING(struct update_chapter_req, outline, .len_min = 1, .len_max = BOOK_TEXT_MAX,
                 .help = "What happens in it. Scenes that are planned already keep their plans."),
    FIELDS_END,
};

struct update_chapter {
    struct books_call call;
    struct slice title, outline;
};

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct update_chapter *u = (struct update_chapter *)stored;
    struct books_call *c = &u->call;
    TRY(book_update(db, &stored->principal, c->book_id, &(struct book_change){ .parallel = 0 },
                    c->now, err));
    TRY(book_chapter_update(db, &stored->principal, c->book_id, c->sub_id, u->title, u->outline,
                            err));
    return books_answer_chapter(c, db, c->sub_id, err);
}

static int handle(struct call *call, const void *request, struct err *err)
{
    const struct update_chapter_req *req = request;
    struct update_chapter *u = books_call_new(call, sizeof *u, err);
    if (!u) return -ERR_NO_MEMORY;
    u->call.stored.job.erases = true;
    u->title = books_keep(&u->call, &req->title);
    u->outline = books_keep(&u->call, &req->outline);
    return books_call_begin(&u->call, run, err);
}

const struct endpoint endpoint_tiro_book_chapter_update = {
    .method = "POST",
    .path = "/v1/tiro/books/{book_id}/chapters/{chapter_id}",
    .fields = fields,
    .size = sizeof(struct update_chapter_req),
    .handle = handle,
    .name = "BookChapterUpdate",
    .tag = "Books",
    .summary = "Changes what is given and leaves the rest.",
    .response = books_chapter_answer,
};

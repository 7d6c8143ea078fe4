/* GET /v1/tiro/books/{book_id}/chapters/{chapter_id} */
#include "api/books.h"

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct books_call *c = (struct books_call *)stored;
    return books_answer_chapter(c, db, c->sub_id, err);
}

static int handle(struct call *call, const void *request, struct err *err)
{
    (void)request;
    struct books_call *c = books_call_new(call, sizeof *c, err);
    if (!c) return -ERR_NO_MEMORY;
    return books_call_begin(c, run, err);
}

const struct endpoint endpoint_tiro_book_chapter = {
    .method = "GET",
    .path = "/v1/tiro/books/{book_id}/chapters/{chapter_id}",
    .handle = handle,
    .name = "BookChapter",
    .tag = "Books",
    .summary = "A chapter with the texts of its scenes, all their versions included.",
    .response = books_chapter_answer,
};

/* POST /v1/tiro/books/{book_id}/scenes/{scene_id}/regenerate */
#include "api/books.h"

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct books_call *c = (struct books_call *)stored;
    TRY(book_scene_reset(db, &stored->principal, c->book_id, c->sub_id, err));
    TRY(book_set_status(db, &stored->principal, c->book_id, BOOK_RUNNING, SLICE("end"), SLICE(""),
                        c->now, err));
    return books_answer_book(c, db, err);
}

static int handle(struct call *call, const void *request, struct err *err)
{
    (void)request;
    struct books_call *c = books_call_new(call, sizeof *c, err);
    if (!c) return -ERR_NO_MEMORY;
    c->stored.job.erases = true; /* Its summary and facts. */
    c->tell = true;
    return books_call_begin(c, run, err);
}

const struct endpoint endpoint_tiro_book_scene_regenerate = {
    .method = "POST",
    .path = "/v1/tiro/books/{book_id}/scenes/{scene_id}/regenerate",
    .handle = handle,
    .name = "BookSceneRegenerate",
    .tag = "Books",
    .summary = "Writes one scene again, or with a chapter's id all of that chapter's, and goes on "
               "with the book. What was there stays as a version, and stands until the new one is "
               "there.",
    .response = books_book_answer,
};

/* POST /v1/tiro/books/{book_id}/pause */
#include "api/books.h"

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct books_call *c = (struct books_call *)stored;
    struct book_row book;
    TRY(book_find(&book, db, &stored->principal, c->book_id, &stored->arena, err));
    if (slice_is(book.status, BOOK_RUNNING))
        TRY(book_set_status(db, &stored->principal, c->book_id, BOOK_PAUSED, (struct slice){ 0 },
                            SLICE(""), c->now, err));
    return books_answer_book(c, db, err);
}

static int handle(struct call *call, const void *request, struct err *err)
{
    (void)request;
    struct books_call *c = books_call_new(call, sizeof *c, err);
    if (!c) return -ERR_NO_MEMORY;
    c->tell = true;
    return books_call_begin(c, run, err);
}

const struct endpoint endpoint_tiro_book_pause = {
    .method = "POST",
    .path = "/v1/tiro/books/{book_id}/pause",
    .handle = handle,
    .name = "BookPause",
    .tag = "Books",
    .summary =
        "Stops at once: the scenes being written are begun anew later, all else is kept. One "
        "that does not run stays as it is.",
    .response = books_book_answer,
};

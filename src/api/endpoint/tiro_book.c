/* GET /v1/tiro/books/{book_id} */
#include "api/books.h"

static int run(struct stored *stored, struct db *db, struct err *err)
{
    return books_answer_book((struct books_call *)stored, db, err);
}

static int handle(struct call *call, const void *request, struct err *err)
{
    (void)request;
    struct books_call *c = books_call_new(call, sizeof *c, err);
    if (!c) return -ERR_NO_MEMORY;
    return books_call_begin(c, run, err);
}

const struct endpoint endpoint_tiro_book = {
    .method = "GET",
    .path = "/v1/tiro/books/{book_id}",
    .handle = handle,
    .name = "BookGet",
    .tag = "Books",
    .summary = "A book: what it is, how far it is, its chapters and scenes without their texts.",
    .response = books_book_answer,
};

/* POST /v1/tiro/books/{book_id}/start: begins, or goes on. */
#include "api/books.h"

static const char *const goals[] = { "outline", "end", NULL };

struct start_book_req {
    struct field_enum until;
};

static const struct field fields[] = {
    FIELD_ENUM(struct start_book_req, until, .names = goals, .def = "\"end\"",
               .help = "outline: premise, style sheet, the outlines of all chapters and the plans "
                       "of their scenes, to be looked at and changed; end: all of the text."),
    FIELDS_END,
};

struct start_book {
    struct books_call call;
    const char *until;
};

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct start_book *s = (struct start_book *)stored;
    TRY(book_set_status(db, &stored->principal, s->call.book_id, BOOK_RUNNING, slice_of(s->until),
                        SLICE(""), s->call.now, err));
    return books_answer_book(&s->call, db, err);
}

static int handle(struct call *call, const void *request, struct err *err)
{
    const struct start_book_req *req = request;
    struct start_book *s = books_call_new(call, sizeof *s, err);
    if (!s) return -ERR_NO_MEMORY;
    s->until = goals[req->until.value];
    s->call.tell = true;
    return books_call_begin(&s->call, run, err);
}

const struct endpoint endpoint_tiro_book_start = {
    .method = "POST",
    .path = "/v1/tiro/books/{book_id}/start",
    .fields = fields,
    .size = sizeof(struct start_book_req),
    .handle = handle,
    .name = "BookStart",
    .tag = "Books",
    .summary = "The server goes on with the book by itself, also when it is started again.",
    .response = books_book_answer,
};

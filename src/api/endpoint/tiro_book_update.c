/* POST /v1/tiro/books/{book_id}: what it is about, and how it is written. */
#include "api/books.h"

struct update_book_req {
    struct field_string title, idea, model, language, genre, premise, people, style_sheet;
    struct field_int parallel;
};

static const struct field fields[] = {
    FIELD_STRING(struct update_book_req, title, .len_max = BOOK_TITLE_MAX, .help = "Its title."),
    FIELD_STRING(struct update_book_req, idea, .len_min = 1, .len_max = BOOK_IDEA_MAX,
                 .help = "What it began with."),
    FIELD_STRING(struct update_book_req, model, .len_min = 1, .len_max = MSG_NAME_MAX,
                 .help = "That writes what is still to be written."),
    FIELD_STRING(struct update_book_req, language, .len_min = 1, .len_max = BOOK_NAME_MAX,
                 .help = "That it is written in."),
    FIELD_STRING(struct update_book_req, genre, .len_max = BOOK_NAME_MAX,
                 .help = "Kind and style."),
    FIELD_STRING(struct update_book_req, premise, .len_max = BOOK_TEXT_MAX,
                 .help = "\"\": the model writes it anew when the book goes on; likewise the style "
                         "sheet."),
    FIELD_STRING(struct update_book_req, people, .len_max = BOOK_TEXT_MAX,
                 .help = "Its people, a line each."),
    FIELD_STRING(struct update_book_req, style_sheet, .len_max = BOOK_TEXT_MAX,
                 .help = "Who tells it, tense, tone, places."),
    FIELD_INT(struct update_book_req, parallel, .range = { 1, BOOK_PARALLEL_MAX },
              .help = "Chapters written at a time."),
    FIELDS_END,
};

struct update_book {
    struct books_call call;
    struct book_change change;
};

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct update_book *u = (struct update_book *)stored;
    TRY(book_update(db, &stored->principal, u->call.book_id, &u->change, u->call.now, err));
    return books_answer_book(&u->call, db, err);
}

static int handle(struct call *call, const void *request, struct err *err)
{
    const struct update_book_req *req = request;
    struct update_book *u = books_call_new(call, sizeof *u, err);
    if (!u) return -ERR_NO_MEMORY;
    struct books_call *c = &u->call;
    c->stored.job.erases = true; /* What it was before. */
    u->change = (struct book_change){
        .title = books_keep(c, &req->title),
        .idea = books_keep(c, &req->idea),
        .model = books_keep(c, &req->model),
        .language = books_keep(c, &req->language),
        .genre = books_keep(c, &req->genre),
        .premise = books_keep(c, &req->premise),
        .people = books_keep(c, &req->people),
        .style_sheet = books_keep(c, &req->style_sheet),
        .parallel = req->parallel.given ? req->parallel.value : 0,
    };
    return books_call_begin(c, run, err);
}

const struct endpoint endpoint_tiro_book_update = {
    .method = "POST",
    .path = "/v1/tiro/books/{book_id}",
    .fields = fields,
    .size = sizeof(struct update_book_req),
    .handle = handle,
    .name = "BookUpdate",
    .tag = "Books",
    .summary = "Changes what is given and leaves the rest; what is written from then on heeds it.",
    .response = books_book_answer,
};

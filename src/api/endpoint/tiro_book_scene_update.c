/* POST /v1/tiro/books/{book_id}/scenes/{scene_id}: its plan, its text, or which version stands. */
#include "api/book_grams.h"
#include "api/books.h"
#include "api/reply.h"

struct update_scene_req {
    struct field_string plan, text, version_id;
};

static const struct field fields[] = {
    FIELD_STRING(struct update_scene_req, plan, .len_min = 1, .len_max = BOOK_TEXT_MAX,
                 .help = "What happens in it."),
    FIELD_STRING(struct update_scene_req, text, .len_min = 1, .len_max = BOOK_SCENE_MAX,
                 .help = "Becomes a version of its own, and is chosen."),
    FIELD_STRING(struct update_scene_req, version_id, .len_min = 1, .len_max = BOOKS_ID_MAX,
                 .help = "The version to choose. Not together with text."),
    FIELDS_END,
};

struct update_scene {
    struct books_call call;
    char id[REPLY_ID_MAX];
    struct slice plan, text, version_id;
};

/* Against all other scenes, as with those that a model wrote. */
static int measure(double *ret, struct update_scene *u, struct db *db, struct err *err)
{
    struct book_scene_row *scenes;
    struct book_grams grams = { 0 };
    size_t n;
    int rc = book_scenes(&scenes, &n, db, u->call.book_id, true, &u->call.stored.arena, err);
    for (size_t i = 0; rc == 0 && i < n; i++)
        if (!slice_eq(scenes[i].id, u->call.sub_id))
            rc = book_grams_add(&grams, scenes[i].text, err);
    if (rc == 0) rc = book_repeated(ret, &grams, u->text, err);
    book_grams_release(&grams);
    return rc;
}

static int add_version(struct update_scene *u, struct db *db, struct err *err)
{
    struct books_call *c = &u->call;
    struct book_version_row row = { .id = slice_of(u->id),
                                    .scene_id = c->sub_id,
                                    .text = u->text,
                                    .model = SLICE(""),
                                    .words = (int64_t)book_words(u->text),
                                    .created_at = c->now };
    bool done;
    TRY(measure(&row.repeated, u, db, err));
    return book_version_add(&done, db, &c->stored.principal, c->book_id, &row, -1, err);
}

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct update_scene *u = (struct update_scene *)stored;
    struct books_call *c = &u->call;
    const struct principal *p = &stored->principal;
    TRY(book_update(db, p, c->book_id, &(struct book_change){ .parallel = 0 }, c->now, err));
    TRY(book_scene_set_plan(db, p, c->book_id, c->sub_id, u->plan, err));
    if (u->text.ptr) TRY(add_version(u, db, err));
    if (u->version_id.ptr)
        TRY(book_version_choose(db, p, c->book_id, c->sub_id, u->version_id, err));
    return books_answer_chapter_of(c, db, c->sub_id, err);
}

static int handle(struct call *call, const void *request, struct err *err)
{
    const struct update_scene_req *req = request;
    if (req->text.given && req->version_id.given)
        return err_param(err, ERR_INVALID_VALUE, "version_id",
                         "Invalid 'version_id': a new 'text' is chosen by itself. Give one of "
                         "them.");
    struct update_scene *u = books_call_new(call, sizeof *u, err);
    if (!u) return -ERR_NO_MEMORY;
    u->call.stored.job.erases = true;
    u->call.tell = true;
    reply_id(u->id, "version_");
    u->plan = books_keep(&u->call, &req->plan);
    u->text = books_keep(&u->call, &req->text);
    u->version_id = books_keep(&u->call, &req->version_id);
    return books_call_begin(&u->call, run, err);
}

const struct endpoint endpoint_tiro_book_scene_update = {
    .method = "POST",
    .path = "/v1/tiro/books/{book_id}/scenes/{scene_id}",
    .fields = fields,
    .size = sizeof(struct update_scene_req),
    .handle = handle,
    .name = "BookSceneUpdate",
    .tag = "Books",
    .summary = "Changes a scene; the answer is its chapter. A text that changed is summed up anew "
               "when the book goes on.",
    .response = books_chapter_answer,
};

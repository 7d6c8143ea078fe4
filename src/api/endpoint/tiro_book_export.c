/* GET /v1/tiro/books/{book_id}/export: the book as it stands, as a file for readers or printers. */
#include "api/books.h"
#include "api/download.h"
#include "api/press.h"
#include "base/seam.h"
#include "proto/press.h"

struct export_book_req {
    struct field_enum format;
};

static const char *const names[] = { "markdown", "epub", "pdf", "docx", NULL };

static const struct kind {
    const char *content_type, *extension;
} kinds[] = {
    { "text/markdown; charset=utf-8", "md" },
    { "application/epub+zip", "epub" },
    { "application/pdf", "pdf" },
    { "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx" },
};

static const struct field query[] = {
    FIELD_ENUM(struct export_book_req, format, .names = names, .def = "\"markdown\"",
               .help = "Of the file. PDF: A5 pages, with contents and outline."),
    FIELDS_END,
};

struct export_book {
    struct books_call call;
    int format;
    struct slice title;
    struct buf json; /* the book, as press/press.h says */
};

/* Until the file is here or the client has left. */
struct pressing {
    struct extraction extraction;
    struct call *call;
    const struct kind *kind;
    struct buf json;
    char *title; /* in the call's arena */
};

/* ---- The book, in the store ---- */

static void write_chapter(struct json_writer *w, const struct book_chapter_row *chapter,
                          const struct book_scene_row *scenes, size_t n)
{
    json_object_begin(w);
    json_member_slice(w, "title", chapter->title);
    json_key(w, "scenes");
    json_array_begin(w);
    for (size_t i = 0; i < n; i++)
        if (scenes[i].chapter == chapter->number && scenes[i].text.len)
            json_slice(w, scenes[i].text);
    json_array_end(w);
    json_object_end(w);
}

static int check_some(const struct book_scene_row *scenes, size_t n, struct err *err)
{
    for (size_t i = 0; i < n; i++)
        if (slice_trim(scenes[i].text).len) return 0;
    return err_set(err, ERR_INVALID_VALUE,
                   "The book has no text yet, so there is nothing to export. Start it, or write a "
                   "scene's text.");
}

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct export_book *e = (struct export_book *)stored;
    struct arena *a = &stored->arena;
    struct slice id = e->call.book_id;
    struct book_row book;
    struct book_chapter_row *chapters;
    struct book_scene_row *scenes;
    size_t n_chapters, n_scenes;
    struct json_writer w;
    TRY(book_find(&book, db, &stored->principal, id, a, err));
    TRY(book_chapters(&chapters, &n_chapters, db, id, a, err));
    TRY(book_scenes(&scenes, &n_scenes, db, id, true, a, err));
    TRY(check_some(scenes, n_scenes, err));
    e->title = book.title;
    buf_reset(&e->json);
    json_writer_init(&w, &e->json);
    json_object_begin(&w);
    json_member_slice(&w, "id", id);
    json_member_slice(&w, "title", book.title);
    json_member_slice(&w, "language", book.language);
    json_member_int(&w, "modified", book.updated_at);
    json_key(&w, "chapters");
    json_array_begin(&w);
    for (size_t i = 0; i < n_chapters; i++) write_chapter(&w, &chapters[i], scenes, n_scenes);
    json_array_end(&w);
    json_object_end(&w);
    if (!e->json.failed) return 0;
    return err_set(err, ERR_LIMIT, "The book has more than %d MiB of text, the most of one file.",
                   PRESS_BOOK_MAX >> 20);
}

static void release(struct stored *stored)
{
    buf_release(&((struct export_book *)stored)->json);
}

/* ---- The file, by a process ---- */

static void let_go(struct pressing *p)
{
    p->call->on_close = NULL;
    p->call->state = NULL;
    buf_release(&p->json);
    mem_free(p);
}

static void pressed(struct extraction *x, int rc, struct slice file, const struct err *why)
{
    struct pressing *p = (struct pressing *)x;
    struct call *call = p->call;
    const struct kind *kind = p->kind;
    struct slice title = slice_of(p->title);
    let_go(p);
    if (rc < 0) {
        call_error(call, why, 0);
        return;
    }
    call->ops->header(call, "Cache-Control", "no-store");
    download_header(call, title, kind->extension);
    call->ops->reply(call, 200, kind->content_type, file);
}

static void client_left(struct call *call)
{
    struct pressing *p = call->state;
    press_cancel(call->service, &p->extraction);
    let_go(p);
}

static int begin(struct stored *stored, struct err *err)
{
    struct export_book *e = (struct export_book *)stored;
    struct call *call = stored->call;
    struct pressing *p = mem_calloc(1, sizeof *p);
    if (!p) return err_set(err, ERR_NO_MEMORY, "There is no memory for the book.");
    p->call = call;
    p->kind = &kinds[e->format];
    p->title = arena_strndup(call->arena, e->title.ptr, e->title.len);
    p->extraction.format = names[e->format];
    p->extraction.bytes = buf_slice(&e->json);
    p->extraction.done = pressed;
    int rc = arena_check(call->arena, "the book's title", err);
    if (rc == 0) rc = press_begin(call->service, &p->extraction, err);
    if (rc < 0) {
        mem_free(p);
        return rc;
    }
    p->json = e->json; /* Its bytes stay where they are. */
    buf_init(&e->json, PRESS_BOOK_MAX);
    call->state = p;
    call->on_close = client_left;
    return 0;
}

static int handle(struct call *call, const void *request, struct err *err)
{
    const struct export_book_req *req = request;
    struct export_book *e = books_call_new(call, sizeof *e, err);
    if (!e) return -ERR_NO_MEMORY;
    e->format = req->format.value;
    buf_init(&e->json, PRESS_BOOK_MAX);
    e->call.stored.release = release;
    return stored_begin(&e->call.stored, run, begin, err);
}

const struct endpoint endpoint_tiro_book_export = {
    .method = "GET",
    .path = "/v1/tiro/books/{book_id}/export",
    .query = query,
    .size = sizeof(struct export_book_req),
    .handle = handle,
    .name = "BookExport",
    .tag = "Books",
    .summary = "The book as it stands as a file: Markdown, EPUB, PDF or DOCX. Chapters without any "
               "text are left out.",
};

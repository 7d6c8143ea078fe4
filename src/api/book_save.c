/* A step's result: kept together with what it cost and, where that stops the book, why. */
#include "api/book_work.h"
#include "api/reply.h"
#include "base/log.h"
#include "base/seam.h"
#include "store/ledger.h"

#include <stdio.h>

static int save_chapter(struct book_step *s, struct db *db, struct err *err)
{
    struct book_work *w = s->work;
    const struct book_row *book = &s->view.book;
    struct book_chapter_row *there;
    size_t n;
    char id[REPLY_ID_MAX];
    TRY(book_chapters(&there, &n, db, w->id, &s->arena, err));
    if ((int64_t)n != s->ask.chapter - 1) return 0; /* Somebody else made one. */
    reply_id(id, "chapter_");
    struct book_chapter_row row = { .id = slice_of(id),
                                    .title = s->title,
                                    .outline = s->outline,
                                    .number = s->ask.chapter,
                                    .words = book->words / book->n_chapters };
    return book_chapter_add(db, &w->owner, w->id, &row, err);
}

static int save_plan(struct book_step *s, struct db *db, struct err *err)
{
    struct book_work *w = s->work;
    int64_t n = s->view.book.n_scenes, found;
    TRY(db_one_int(&found, 0, db, "SELECT count(*) FROM book_scenes WHERE chapter_id = ?1",
                   DB_ARGS(DB_TEXT(s->chapter->id)), err));
    if (found > 0) return 0;
    for (int64_t i = 0; i < n; i++) {
        char id[REPLY_ID_MAX];
        reply_id(id, "scene_");
        struct book_scene_row row = { .id = slice_of(id),
                                      .chapter_id = s->chapter->id,
                                      .chapter = s->chapter->number,
                                      .number = i + 1,
                                      .plan = s->plans[i],
                                      .words = s->chapter->words / n };
        TRY(book_scene_add(db, &w->owner, w->id, &row, err));
    }
    return 0;
}

static int save_draft(struct book_step *s, struct db *db, struct err *err)
{
    char id[REPLY_ID_MAX];
    bool done;
    reply_id(id, "version_");
    struct book_version_row row = { .id = slice_of(id),
                                    .scene_id = s->ask.scene->id,
                                    .text = s->best.text,
                                    .model = s->view.book.model,
                                    .seed = (int64_t)s->best.seed,
                                    .words = (int64_t)s->best.words,
                                    .repeated = s->best.repeated,
                                    .drafts = s->n_drafts,
                                    .created_at = s->now };
    TRY(book_version_add(&done, db, &s->work->owner, s->work->id, &row, BOOK_SCENE_WAITING, err));
    s->used.words = done ? row.words : 0;
    return 0;
}

static int save_premise(struct book_step *s, struct db *db, struct err *err)
{
    const struct book_row *book = &s->view.book;
    struct book_change change = { .premise = s->premise };
    if (book->title.len == 0) change.title = s->title;
    return book_update(db, &s->work->owner, s->work->id, &change, s->now, err);
}

static int save_result(struct book_step *s, struct db *db, struct err *err)
{
    struct book_work *w = s->work;
    struct book_change change = { .people = s->people, .style_sheet = s->style };
    bool done;
    switch (s->ask.kind) {
    case BOOK_STEP_PEOPLE:
    case BOOK_STEP_STYLE: return book_update(db, &w->owner, w->id, &change, s->now, err);
    case BOOK_STEP_PREMISE: return save_premise(s, db, err);
    case BOOK_STEP_CHAPTER: return save_chapter(s, db, err);
    case BOOK_STEP_PLAN: return save_plan(s, db, err);
    case BOOK_STEP_DRAFT: return save_draft(s, db, err);
    case BOOK_STEP_NOTES:
        return book_notes_add(&done, db, &w->owner, w->id, s->ask.scene->id, s->summary, s->facts,
                              s->n_facts, err);
    }
    return 0;
}

static int book_ledger(struct book_step *s, struct db *db, struct err *err)
{
    char id[160];
    struct book_work *w = s->work;
    (void)snprintf(id, sizeof id, "%.*s/%d.%d.%d/%lld", SLICE_FMT(w->id), (int)s->ask.kind,
                   (int)s->ask.chapter, s->ask.scene ? (int)s->ask.scene->number : 0,
                   (long long)s->view.book.n_steps);
    struct ledger_row row = { .id = slice_of(id),
                              .endpoint = SLICE("/v1/chat/completions"),
                              .model = s->view.book.model,
                              .created_at = s->now,
                              .status = 200,
                              .prompt_tokens = s->used.prompt_tokens,
                              .cached_tokens = s->used.cached_tokens,
                              .completion_tokens = s->used.completion_tokens,
                              .core_us = s->core_us };
    return ledger_add(db, &w->owner, &row, err);
}

static int run_save(struct store_job *job, struct db *db, struct err *err)
{
    struct book_step *s = (struct book_step *)job;
    struct book_work *w = s->work;
    struct book_row now;
    int rc = book_find(&now, db, &w->owner, w->id, &s->arena, err);
    if (rc == -ERR_NOT_FOUND) return 0; /* It was deleted, and nothing of it is wanted. */
    if (rc < 0) return rc;
    if (s->failure.ptr)
        TRY(book_set_status(db, &w->owner, w->id, BOOK_FAILED, (struct slice){ 0 }, s->failure,
                            s->now, err));
    else
        TRY(save_result(s, db, err));
    TRY(book_count(db, &w->owner, w->id, &s->used, s->now, err));
    return s->used.completion_tokens ? book_ledger(s, db, err) : 0;
}

static void done_save(struct store_job *job, int rc, const struct err *err)
{
    struct book_step *s = (struct book_step *)job;
    struct book_work *w = s->work;
    struct books *b = w->all;
    if (!books_job_back(b)) return;
    if (rc < 0) { /* It is saved again later: what was written is not thrown away. */
        log_warn("a book's step was not stored yet", LOG_STR("book", w->id.ptr),
                 LOG_STR("why", err->text));
        s->saving = false;
        return;
    }
    w->full = false;
    book_step_over(s);
    books_go(b);
}

void book_save_begin(struct book_step *s)
{
    struct book_work *w = s->work;
    uint64_t now = now_ns();
    s->saving = s->decided = true;
    s->now = (int64_t)(wall_ns() / 1000000000u);
    if (w->clock_ns) s->used.ms += (int64_t)((now - w->clock_ns) / 1000000u);
    w->clock_ns = now;
    s->job = (struct store_job){ .run = run_save, .done = done_save };
    w->all->n_jobs++;
    store_submit(w->all->service->store, &s->job);
}

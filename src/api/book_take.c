/* What is to be done next in a book: the first thing that its rows lack. */
#include "api/book_work.h"
#include "base/log.h"
#include "base/seam.h"

static bool is_busy(const struct book_step *s, int64_t chapter)
{
    for (int i = 0; i < s->n_busy; i++)
        if (s->busy[i] == chapter) return true;
    return false;
}

static bool take(struct book_step *s, enum book_step_kind kind, int64_t chapter,
                 const struct book_scene_row *scene)
{
    s->ask = (struct book_ask){ .kind = kind, .chapter = chapter, .scene = scene };
    s->outcome = BOOK_TAKE_STEP;
    return true;
}

/* A chapter's next step; false: it has none. */
static bool take_of_chapter(struct book_step *s, const struct book_chapter_row *c)
{
    const struct book_view *v = &s->view;
    bool any = false;
    s->chapter = c;
    for (size_t i = 0; i < v->n_scenes; i++) {
        const struct book_scene_row *scene = &v->scenes[i];
        if (scene->chapter != c->number) continue;
        any = true;
        if (scene->state == BOOK_SCENE_DONE || !slice_is(v->book.until, "end")) continue;
        return take(s, scene->state == BOOK_SCENE_WAITING ? BOOK_STEP_DRAFT : BOOK_STEP_NOTES,
                    c->number, scene);
    }
    return !any && take(s, BOOK_STEP_PLAN, c->number, NULL);
}

/* Those that the others rest on stand alone. */
static bool take_outline(struct book_step *s)
{
    const struct book_row *book = &s->view.book;
    int64_t n = (int64_t)s->view.n_chapters;
    if (book->people.len > 0 && book->premise.len > 0 && book->style_sheet.len > 0 &&
        n >= book->n_chapters)
        return false;
    s->outcome = BOOK_TAKE_WAIT;
    if (s->n_busy > 0) return true;
    if (book->people.len == 0) return take(s, BOOK_STEP_PEOPLE, 0, NULL);
    if (book->premise.len == 0) return take(s, BOOK_STEP_PREMISE, 0, NULL);
    if (book->style_sheet.len == 0) return take(s, BOOK_STEP_STYLE, 0, NULL);
    return take(s, BOOK_STEP_CHAPTER, n + 1, NULL);
}

static void choose(struct book_step *s)
{
    s->outcome = BOOK_TAKE_WAIT;
    if (s->n_busy >= s->view.book.parallel || take_outline(s)) return;
    for (size_t i = 0; i < s->view.n_chapters; i++) {
        const struct book_chapter_row *c = &s->view.chapters[i];
        if (!is_busy(s, c->number) && take_of_chapter(s, c)) return;
    }
    s->outcome = s->n_busy > 0 ? BOOK_TAKE_WAIT : BOOK_TAKE_OVER;
}

static int add_scenes(struct book_step *s, struct err *err)
{
    const struct book_view *v = &s->view;
    for (size_t i = 0; i < v->n_scenes; i++) {
        const struct book_scene_row *scene = &v->scenes[i];
        TRY(book_grams_add(&s->grams, scene->summary, err));
        if (scene == s->ask.scene) continue;
        TRY(book_grams_add(&s->grams, scene->text, err));
        TRY(book_grams_add(&s->grams, scene->plan, err));
    }
    return 0;
}

/* What must not be told again; a small model tells what its prompt says of other chapters, too. */
static int add_grams(struct book_step *s, struct err *err)
{
    const struct book_view *v = &s->view;
    bool draft = s->ask.kind == BOOK_STEP_DRAFT;
    if (draft) TRY(add_scenes(s, err));
    for (size_t i = 0; (draft || s->ask.kind == BOOK_STEP_CHAPTER) && i < v->n_chapters; i++)
        TRY(book_grams_add(&s->grams, v->chapters[i].outline, err));
    for (const struct book_example *e = book_examples((int)s->ask.kind, 0); e->asked; e++)
        TRY(book_grams_add(&s->grams, slice_of(e->answer), err));
    return 0;
}

static int load(struct book_step *s, struct db *db, struct err *err)
{
    struct book_view *v = &s->view;
    struct book_work *w = s->work;
    TRY(book_find(&v->book, db, &w->owner, w->id, &s->arena, err));
    TRY(book_chapters(&v->chapters, &v->n_chapters, db, w->id, &s->arena, err));
    return book_scenes(&v->scenes, &v->n_scenes, db, w->id, true, &s->arena, err);
}

static int run_take(struct store_job *job, struct db *db, struct err *err)
{
    struct book_step *s = (struct book_step *)job;
    struct book_work *w = s->work;
    arena_reset(&s->arena);
    book_grams_release(&s->grams);
    s->stopped = false;
    int rc = load(s, db, err);
    if (rc == -ERR_NOT_FOUND || (rc == 0 && !slice_is(s->view.book.status, BOOK_RUNNING))) {
        s->stopped = true;
        return 0;
    }
    if (rc < 0) return rc;
    choose(s);
    if (s->outcome == BOOK_TAKE_OVER) {
        bool end = slice_is(s->view.book.until, "end");
        s->stopped = true;
        return book_set_status(db, &w->owner, w->id, end ? BOOK_COMPLETED : BOOK_DRAFT,
                               (struct slice){ 0 }, SLICE(""), s->now, err);
    }
    if (s->outcome == BOOK_TAKE_WAIT) return 0;
    const struct book_row *book = &s->view.book;
    s->first_seed = book_mix(book_mix((uint64_t)book->seed, (uint64_t)s->ask.kind),
                             (uint64_t)s->ask.chapter * 1000 +
                                 (s->ask.scene ? (uint64_t)s->ask.scene->number : 0));
    s->first_seed = book_mix(s->first_seed, (uint64_t)book->n_steps) & BOOK_SEED_MAX;
    TRY(book_facts(&s->view.facts, &s->view.n_facts, db, w->id, s->ask.chapter, &s->arena, err));
    return add_grams(s, err);
}

static void stop_others(struct book_work *w)
{
    w->stopped = true;
    for (struct book_step *s = w->steps; s; s = s->next) book_run_stop(s);
}

static void done_take(struct store_job *job, int rc, const struct err *err)
{
    struct book_step *s = (struct book_step *)job;
    struct book_work *w = s->work;
    struct books *b = w->all;
    w->taking = false;
    if (!books_job_back(b)) return; /* All of it is gone. */
    if (rc < 0) {
        log_warn("a book's next step was not found yet", LOG_STR("book", w->id.ptr),
                 LOG_STR("why", err->text));
        w->rest_until_ns = now_ns() + (uint64_t)BOOK_TICK_MS * 1000000u;
    }
    if (rc == 0 && !s->stopped && !w->stopped && s->outcome == BOOK_TAKE_STEP) {
        s->begun = true;
        if (!w->clock_ns) w->clock_ns = now_ns();
        book_run_begin(s);
    } else {
        if (rc == 0 && s->stopped) {
            stop_others(w);
            log_info("book rests", LOG_STR("book", w->id.ptr));
        }
        w->full = true;
        book_step_over(s);
    }
    books_go(b);
}

bool book_take_begin(struct book_work *w)
{
    struct book_step *s = mem_calloc(1, sizeof *s);
    if (!s) return false;
    arena_init(&s->arena, BOOK_STEP_BYTES_MAX);
    buf_init(&s->text, BOOK_SCENE_MAX);
    s->work = w;
    s->now = (int64_t)(wall_ns() / 1000000000u);
    for (struct book_step *at = w->steps; at; at = at->next)
        if (s->n_busy < BOOK_PARALLEL_MAX) s->busy[s->n_busy++] = at->ask.chapter;
    s->next = w->steps;
    w->steps = s;
    w->n_steps++;
    w->taking = true;
    w->full = false;
    s->job.run = run_take;
    s->job.done = done_take;
    w->all->n_jobs++;
    store_submit(w->all->service->store, &s->job);
    return true;
}

/* The calls of a step: asked, judged, asked again, until there is something to keep. */
#include "api/book_sift.h"
#include "api/book_work.h"
#include "base/log.h"
#include "base/seam.h"

#include <assert.h>

static void ask(struct book_step *s);

/* ---- The end of a step ---- */

static void fail(struct book_step *s, struct slice why)
{
    s->failure = arena_slice(&s->arena, book_clip(why, BOOK_TEXT_MAX));
    if (!s->failure.ptr) s->failure = SLICE("There is no memory for the book.");
    book_save_begin(s);
}

/* What stands where the model could not say it as asked for: the book goes on. */
static void fall_back(struct book_step *s)
{
    struct arena *a = &s->arena;
    int n = (int)s->view.book.n_scenes;
    switch (s->ask.kind) {
    case BOOK_STEP_STYLE: s->style = SLICE("Told in: third person\nTense: past"); break;
    case BOOK_STEP_PLAN:
        for (int i = 0; i < n; i++)
            s->plans[i] = slice_of(arena_printf(a, "Part %d of %d of the outline: %.*s", i + 1, n,
                                                SLICE_FMT(s->chapter->outline)));
        break;
    case BOOK_STEP_NOTES:
        s->summary = book_cut(s->ask.scene->text, 45);
        s->n_facts = 0;
        break;
    default:
        fail(s, SLICE("The model did not answer in the form that the outline needs, several times. "
                      "Choose another model, or write the outline yourself, and start again."));
        return;
    }
    if (a->failed)
        fail(s, SLICE("There is no memory for the book."));
    else
        book_save_begin(s);
}

/* ---- A scene ---- */

static void begin_draft(struct book_step *s)
{
    buf_reset(&s->text);
    s->n_drafts++;
    s->n_continues = s->n_dull = 0;
}

/* Keeps the draft if it is the best so far; what is short or repeats itself costs. */
static int weigh(struct book_step *s, size_t words_min, struct err *err)
{
    const size_t words_max = (size_t)s->ask.scene->words * BOOK_LONG_PERCENT / 100;
    struct slice text = book_cut(buf_slice(&s->text), words_max);
    struct book_draft d = { .words = book_words(text), .seed = s->ask.seed };
    TRY(book_repeated(&d.repeated, &s->grams, text, err));
    d.cost = d.repeated;
    if (d.words < words_min) d.cost += 1 - (double)d.words / (double)words_min;
    if (s->best.text.ptr && d.cost >= s->best.cost) return 0;
    d.text = arena_slice(&s->arena, text);
    s->best = d;
    return arena_check(&s->arena, "the scene", err);
}

/* All that was written is told elsewhere: better that than no scene; nobody is there to ask. */
static void keep_raw(struct book_step *s)
{
    struct err err = { 0 };
    s->best.text = book_cut(s->raw, (size_t)s->ask.scene->words * BOOK_LONG_PERCENT / 100);
    s->best.words = book_words(s->best.text);
    if (book_repeated(&s->best.repeated, &s->grams, s->best.text, &err) < 0)
        fail(s, slice_of(err.text));
    else
        book_save_begin(s);
}

static void end_draft(struct book_step *s, size_t words_min)
{
    struct err err = { 0 };
    if (weigh(s, words_min, &err) < 0) {
        fail(s, slice_of(err.text));
        return;
    }
    bool good = s->best.words >= words_min && s->best.repeated * 100 <= BOOK_REPEATED_PERCENT;
    if (!good && s->n_drafts < BOOK_DRAFTS_MAX) {
        s->used.n_again++;
        begin_draft(s);
        ask(s);
    } else if (s->best.words == 0 && s->raw.ptr) {
        keep_raw(s);
    } else if (s->best.words == 0) {
        fail(s,
             SLICE("The model wrote nothing for a scene, several times. Choose another model, or "
                   "write the scene yourself, and start again."));
    } else {
        book_save_begin(s);
    }
}

static int add_piece(struct book_step *s, struct slice content, bool cut, struct err *err)
{
    struct buf piece;
    struct slice prose = book_prose(content);
    if (cut) prose = book_whole_sentences(prose);
    buf_init(&piece, BOOK_SCENE_MAX);
    int rc = book_sift(&piece, &s->grams, &s->view.book, buf_slice(&s->text), prose, err);
    struct slice kept = slice_trim(buf_slice(&piece));
    if (rc == 0 && book_words(kept) >= BOOK_PIECE_WORDS_MIN) {
        if (s->text.len > 0) buf_add_str(&s->text, "\n\n");
        buf_add_slice(&s->text, kept);
    } else {
        s->n_dull++;
    }
    buf_release(&piece);
    if (rc < 0) return rc;
    if (prose.len > s->raw.len) s->raw = prose;
    return buf_check(&s->text, "the scene", err);
}

static void take_draft(struct book_step *s, struct slice content, bool cut)
{
    struct err err = { 0 };
    size_t words_min = (size_t)s->ask.scene->words * BOOK_SHORT_PERCENT / 100;
    if (add_piece(s, content, cut, &err) < 0) {
        fail(s, slice_of(err.text));
        return;
    }
    s->n_continues++;
    size_t words_full = (size_t)s->ask.scene->words * BOOK_FULL_PERCENT / 100;
    int64_t n_max = s->ask.scene->words / BOOK_PIECE_WORDS_EACH + BOOK_CONTINUES_MORE;
    bool more = book_words(buf_slice(&s->text)) < words_full && s->n_dull < BOOK_DULL_MAX &&
                s->n_continues < n_max;
    if (more)
        ask(s);
    else
        end_draft(s, words_min);
}

/* ---- The others ---- */

static int read_answer(struct book_step *s, struct slice content, struct err *err)
{
    struct arena *a = &s->arena;
    size_t n_scenes = (size_t)s->view.book.n_scenes;
    switch (s->ask.kind) {
    case BOOK_STEP_PEOPLE: return book_read_person(&s->person, content, a, err);
    case BOOK_STEP_PREMISE: return book_read_premise(&s->title, &s->premise, content, a, err);
    case BOOK_STEP_STYLE: return book_read_style(&s->style, content, a, err);
    case BOOK_STEP_CHAPTER: return book_read_chapter(&s->title, &s->outline, content, a, err);
    case BOOK_STEP_PLAN: return book_read_plan(s->plans, n_scenes, content, a, err);
    case BOOK_STEP_NOTES:
        return book_read_notes(&s->summary, s->facts, &s->n_facts, content, s->ask.scene->text, a,
                               err);
    case BOOK_STEP_DRAFT: break;
    }
    return 0;
}

/* How much of an answer stood elsewhere, in this book or in the examples. */
static int cost_of(double *ret, struct book_step *s, struct slice content, struct err *err)
{
    const struct book_view *v = &s->view;
    struct slice text = s->ask.kind == BOOK_STEP_CHAPTER   ? s->outline
                        : s->ask.kind == BOOK_STEP_PEOPLE  ? s->person
                        : s->ask.kind == BOOK_STEP_PREMISE ? s->premise
                        : s->ask.kind == BOOK_STEP_NOTES   ? s->summary
                                                           : content;
    bool known = false;
    *ret = 0;
    if (s->ask.kind == BOOK_STEP_STYLE) return 0;
    TRY(book_repeated(ret, &s->grams, text, err));
    for (size_t i = 0; s->ask.kind == BOOK_STEP_CHAPTER && i < v->n_chapters; i++)
        known = known || book_titles_alike(v->chapters[i].title, s->title);
    if (known) *ret += 0.5;
    if (book_of_examples(&v->book, content)) *ret += 1;
    return 0;
}

/* A plan is long: where there is one, that is good enough sooner. */
static int tries_max(const struct book_step *s)
{
    return s->ask.kind == BOOK_STEP_PLAN && s->kept.ptr ? BOOK_PLAN_TRIES_MAX : BOOK_TRIES_MAX;
}

/* Whether the answer that was read is good enough; if not, the best of them is remembered. */
static int judge(bool *ret_good, struct book_step *s, struct slice content, struct err *err)
{
    double cost;
    TRY(cost_of(&cost, s, content, err));
    *ret_good = cost * 100 <= BOOK_OUTLINE_PERCENT;
    if (*ret_good) return 0;
    if (!s->kept.ptr || cost < s->kept_cost) {
        s->kept = content;
        s->kept_cost = cost;
    }
    /* A small model tells again what it is shown: then it is not shown. */
    s->ask.alone = true;
    return 0;
}

static int add_person(struct book_step *s, struct err *err)
{
    TRY(book_grams_add(&s->grams, s->person, err));
    buf_printf(&s->text, "%s%.*s", s->text.len ? "\n" : "", SLICE_FMT(s->person));
    s->people = arena_slice(&s->arena, buf_slice(&s->text));
    TRY(arena_check(&s->arena, "the people", err));
    return buf_check(&s->text, "the people", err);
}

/* Saved, but for the people, who come one by one. */
static int keep_answer(struct book_step *s, struct err *err)
{
    if (s->ask.kind == BOOK_STEP_PEOPLE) {
        TRY(add_person(s, err));
        s->kept = (struct slice){ 0 };
        s->n_tries = 0;
        if (++s->ask.person < BOOK_PEOPLE) {
            ask(s);
            return 0;
        }
    }
    book_save_begin(s);
    return 0;
}

static void take_answer(struct book_step *s, struct slice content)
{
    struct err err = { 0 };
    bool good = false;
    int rc = read_answer(s, content, &err);
    if (rc == 0) rc = judge(&good, s, content, &err);
    if (rc < 0 && rc != -ERR_FORMAT) {
        fail(s, slice_of(err.text));
        return;
    }
    if (!good && ++s->n_tries < tries_max(s)) {
        s->used.n_again++;
        ask(s);
        return;
    }
    if (!good && !s->kept.ptr) {
        fall_back(s);
        return;
    }
    rc = good ? 0 : read_answer(s, s->kept, &err);
    if (rc == 0) rc = keep_answer(s, &err);
    if (rc < 0) fail(s, slice_of(err.text));
}

/* ---- Calls ---- */

static void on_retry(void *user)
{
    struct book_step *s = user;
    s->timer = NULL;
    if (!s->work->all->draining) ask(s);
}

static void try_later(struct book_step *s, uint32_t at_least_ms)
{
    struct service *service = s->work->all->service;
    uint64_t ms = BOOK_RETRY_MS;
    for (int i = 0; i < s->n_refused && ms < BOOK_RETRY_MAX_MS; i++) ms *= 2;
    if (ms > BOOK_RETRY_MAX_MS) ms = BOOK_RETRY_MAX_MS;
    if (ms < at_least_ms) ms = at_least_ms;
    s->n_refused++;
    s->timer = service->ops->timer(service, ms, on_retry, s);
    /* Without memory for a timer the next tick finds it. */
}

/* The words of an error's body, else its status. */
static void fail_as(struct book_step *s, const struct inner_answer *a)
{
    json_t *root = NULL;
    const char *text = NULL;
    if (json_read(&root, a->body, &json_limits_request, "the answer", NULL) == 0)
        text = json_string_value(json_object_get(json_object_get(root, "error"), "message"));
    fail(s, text ? slice_of(text) : SLICE("The model gave no answer."));
    json_decref(root);
}

static void on_answer(void *user, const struct inner_answer *a)
{
    struct book_step *s = user;
    struct err err = { 0 };
    struct slice content;
    bool cut;
    s->call = NULL;
    if ((a->status == 429 || a->status == 503) && s->n_refused < BOOK_REFUSED_MAX) {
        try_later(s, a->retry_after_ms);
        return;
    }
    if (a->status != 200) {
        fail_as(s, a);
        return;
    }
    s->n_refused = 0;
    s->used.prompt_tokens += a->stats.prompt_tokens;
    s->used.cached_tokens += a->stats.cached_tokens;
    s->used.completion_tokens += a->stats.completion_tokens;
    s->core_us += a->stats.core_us;
    if (book_read_content(&content, &cut, a->body, &s->arena, &err) < 0)
        fail(s, slice_of(err.text));
    else if (s->ask.kind == BOOK_STEP_DRAFT)
        take_draft(s, content, cut);
    else
        take_answer(s, content);
}

static void set_words(struct book_step *s)
{
    size_t have = book_words(buf_slice(&s->text)), want = (size_t)s->ask.scene->words;
    size_t left = want > have ? want - have : 0;
    if (left < BOOK_PIECE_WORDS_MIN * 4) left = BOOK_PIECE_WORDS_MIN * 4;
    s->ask.words = left < BOOK_PIECE_WORDS_MAX ? left : BOOK_PIECE_WORDS_MAX;
    s->ask.so_far = buf_slice(&s->text);
    s->ask.piece = s->n_continues;
}

static void ask(struct book_step *s)
{
    struct book_work *w = s->work;
    struct err err = { 0 };
    struct buf body;
    assert(!s->call && !s->timer);
    if (s->ask.kind == BOOK_STEP_DRAFT) set_words(s);
    /* A draft's calls follow from the seed of its first. */
    s->ask.seed = (s->first_seed + s->n_calls) & BOOK_SEED_MAX;
    s->n_calls++;
    buf_init(&body, BOOK_PROMPT_MAX);
    int rc = book_prompt(&body, &s->view, &s->ask, &err);
    struct inner_call_options o = { .service = w->all->service,
                                    .principal = &w->owner,
                                    .method = SLICE("POST"),
                                    .path = SLICE("/v1/chat/completions"),
                                    .body = buf_slice(&body),
                                    .priority = BOOK_PRIORITY,
                                    .end = on_answer,
                                    .user = s };
    if (rc == 0) rc = inner_call_begin(&s->call, &o, &err);
    buf_release(&body);
    if (rc < 0) try_later(s, 0);
}

/* As far as it is known yet: a model that was never loaded counts as small. */
static bool is_small(const struct book_step *s)
{
    const struct backend_model *m = backend_find(s->work->all->service->backend,
                                                 s->view.book.model);
    return !m || m->n_parameters < BOOK_SMALL_PARAMETERS;
}

void book_run_begin(struct book_step *s)
{
    s->ask.small = is_small(s);
    if (s->ask.kind == BOOK_STEP_DRAFT) begin_draft(s);
    ask(s);
}

void book_run_stuck(struct book_step *s)
{
    if (!s->begun || s->saving || s->call || s->timer) return;
    if (s->decided)
        book_save_begin(s);
    else
        ask(s);
}

void book_run_stop(struct book_step *s)
{
    struct service *service = s->work->all->service;
    service->ops->timer_cancel(service, s->timer);
    inner_call_cancel(s->call);
    s->timer = NULL;
    s->call = NULL;
}

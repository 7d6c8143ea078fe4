#include "api/book_prompt.h"

#include "api/book_form.h"

enum {
    PREMISE_SHOWN = 1600, /* bytes of each */
    PEOPLE_SHOWN = 1600,
    STYLE_SHOWN = 1200,
    IDEA_SHOWN = 3000,
    OUTLINE_SHOWN = 700,
    PLAN_SHOWN = 500,
    SUMMARY_SHOWN = 320,
    FACT_SHOWN = 160,
    NOTES_TEXT_SHOWN = 6000,
    END_WORDS = 30, /* of what stands before */
    TOKENS_A_WORD = 2,
    TOKENS_MORE = 60,
    PLAN_TOKENS = 1200,
};

bool book_is_english(const struct book_row *book)
{
    return slice_eq_nocase(book->language, SLICE("English"));
}

/* ---- The message that all share ---- */

static void line(struct buf *b, const char *label, struct slice text, size_t bytes_max)
{
    struct slice shown = book_clip(text, bytes_max);
    if (shown.len) buf_printf(b, "%s%.*s\n", label, SLICE_FMT(shown));
}

static void write_system(struct buf *b, const struct book_row *book, const struct book_ask *ask)
{
    buf_printf(b, "You are a novelist. You write in %.*s.", SLICE_FMT(book->language));
    if (book->genre.len) buf_printf(b, " The kind of book: %.*s.", SLICE_FMT(book->genre));
    if (book->premise.len == 0 || ask->kind == BOOK_STEP_NOTES) return;
    if (ask->small && ask->kind == BOOK_STEP_PLAN) return;
    buf_add_str(b, "\n\nThe book\n");
    line(b, "Title: ", book->title, BOOK_TITLE_MAX);
    line(b, "Premise: ", book->premise, PREMISE_SHOWN);
    if (!ask->small || ask->kind != BOOK_STEP_DRAFT)
        line(b, "People:\n", book->people, PEOPLE_SHOWN);
    line(b, "Style:\n", book->style_sheet, STYLE_SHOWN);
}

/* ---- The story so far ---- */

static const struct book_chapter_row *chapter_of(const struct book_view *v, int64_t number)
{
    for (size_t i = 0; i < v->n_chapters; i++)
        if (v->chapters[i].number == number) return &v->chapters[i];
    return NULL;
}

/* By what has been written of it, else by what is meant to happen. */
static void write_chapter_before(struct buf *b, const struct book_view *v,
                                 const struct book_chapter_row *c)
{
    bool any = false;
    buf_printf(b, "Chapter %d, %.*s:", (int)c->number, SLICE_FMT(c->title));
    for (size_t i = 0; i < v->n_scenes; i++) {
        const struct book_scene_row *s = &v->scenes[i];
        struct slice shown = book_clip(s->summary, SUMMARY_SHOWN / 2);
        if (s->chapter != c->number || !shown.len) continue;
        buf_printf(b, " %.*s", SLICE_FMT(shown));
        any = true;
    }
    struct slice outline = book_clip(c->outline, SUMMARY_SHOWN);
    if (!any) buf_printf(b, " %.*s", SLICE_FMT(outline));
    buf_add_char(b, '\n');
}

static void write_before(struct buf *b, const struct book_view *v, int64_t chapter)
{
    bool any = false;
    for (size_t i = 0; i < v->n_chapters; i++) {
        const struct book_chapter_row *c = &v->chapters[i];
        if (c->number >= chapter || c->number < chapter - BOOK_BEFORE_SHOWN) continue;
        if (!any) buf_add_str(b, "What happened before:\n");
        any = true;
        write_chapter_before(b, v, c);
    }
}

static bool names(struct slice text, struct slice name)
{
    return name.len > 0 && slice_find(text, name) < text.len;
}

static void write_fact(struct buf *b, const struct book_fact_row *f)
{
    struct slice fact = book_clip(f->fact, FACT_SHOWN);
    buf_printf(b, "- %.*s: %.*s\n", SLICE_FMT(f->name), SLICE_FMT(fact));
}

/* First what is known of those whom the scene names, newest first, then the newest of all. */
static void write_facts(struct buf *b, const struct book_view *v, struct slice plan,
                        struct slice outline)
{
    int shown = 0;
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = v->n_facts; i > 0 && shown < BOOK_FACTS_SHOWN; i--) {
            const struct book_fact_row *f = &v->facts[i - 1];
            bool named = names(plan, f->name) || names(outline, f->name);
            if (named != (pass == 0)) continue;
            if (shown++ == 0) buf_add_str(b, "Facts that stay true:\n");
            write_fact(b, f);
        }
    }
}

/* Those whom the plan names, by their whole name or the first word of it, and what is known of
 * them. */
static void write_people_of(struct buf *b, const struct book_view *v, struct slice plan)
{
    struct book_names all;
    int shown = 0;
    book_names(&all, v->book.people);
    for (size_t i = 0; i < all.n; i++) {
        struct slice first = { all.at[i].ptr, slice_find(all.at[i], SLICE(" ")) };
        if (names(plan, first)) line(b, "", all.lines[i], SUMMARY_SHOWN);
    }
    for (size_t i = v->n_facts; i > 0 && shown < BOOK_FACTS_SMALL; i--) {
        if (!names(plan, v->facts[i - 1].name)) continue;
        write_fact(b, &v->facts[i - 1]);
        shown++;
    }
}

/* ---- What is asked ---- */

static void write_idea(struct buf *b, const struct book_view *v)
{
    line(b, "Idea: ", v->book.idea, IDEA_SHOWN);
    line(b, "", v->book.premise, PREMISE_SHOWN);
}

static void write_person(struct buf *b, const struct book_view *v, const struct book_ask *ask)
{
    write_idea(b, v);
    buf_printf(b, "Invent %s.", book_role(ask->person));
}

static void write_premise(struct buf *b, const struct book_view *v, const struct book_names *names)
{
    struct slice name = names->n ? names->at[0] : SLICE("the main person");
    write_idea(b, v);
    if (names->n) line(b, "", names->lines[0], PEOPLE_SHOWN);
    buf_printf(b, "What does %.*s want, what stands against it, and how does it end?",
               SLICE_FMT(name));
}

static void write_style(struct buf *b)
{
    buf_add_str(b, "Write the style sheet of this book: who tells it, in which tense and tone, and "
                   "three places where it happens. Answer as JSON.");
}

static void write_chapter(struct buf *b, const struct book_view *v, const struct book_ask *ask,
                          const struct book_names *names)
{
    const struct book_chapter_row *last = chapter_of(v, ask->chapter - 1);
    if (last && !ask->alone) line(b, "Before: ", last->outline, OUTLINE_SHOWN);
    buf_printf(b, "Chapter %d: %s.", (int)ask->chapter,
               book_turn(ask->chapter, v->book.n_chapters, (uint64_t)v->book.seed));
    if (names->n) buf_printf(b, " At its centre: %.*s.", SLICE_FMT(names->at[0]));
}

static void write_chapter_head(struct buf *b, const struct book_chapter_row *c)
{
    struct slice outline = book_clip(c->outline, OUTLINE_SHOWN);
    buf_printf(b, "Chapter %d, %.*s: %.*s\n", (int)c->number, SLICE_FMT(c->title),
               SLICE_FMT(outline));
}

static void write_plan(struct buf *b, const struct book_view *v, const struct book_chapter_row *c)
{
    write_chapter_head(b, c);
    buf_printf(b, "Its %d scenes:", (int)v->book.n_scenes);
}

static const struct book_scene_row *scene_before(const struct book_view *v,
                                                 const struct book_scene_row *scene)
{
    const struct book_scene_row *last = NULL;
    for (size_t i = 0; i < v->n_scenes; i++) {
        const struct book_scene_row *s = &v->scenes[i];
        bool before = s->chapter < scene->chapter ||
                      (s->chapter == scene->chapter && s->number < scene->number);
        if (before && s->chapter >= scene->chapter - 1) last = s;
    }
    return last;
}

/* What there is before the scene begins. */
static void write_story(struct buf *b, const struct book_view *v, const struct book_ask *ask)
{
    const struct book_chapter_row *c = chapter_of(v, ask->chapter);
    const struct book_scene_row *s = ask->scene;
    write_before(b, v, ask->chapter);
    write_facts(b, v, s->plan, c->outline);
    buf_printf(b, "Chapter %d, %.*s\n", (int)c->number, SLICE_FMT(c->title));
    for (size_t i = 0; i < v->n_scenes; i++) {
        const struct book_scene_row *at = &v->scenes[i];
        if (at->chapter != s->chapter || at->number >= s->number || !at->summary.len) continue;
        struct slice summary = book_clip(at->summary, SUMMARY_SHOWN);
        buf_printf(b, "Scene %d: %.*s\n", (int)at->number, SLICE_FMT(summary));
    }
}

static void write_draft(struct buf *b, const struct book_view *v, const struct book_ask *ask)
{
    const struct book_scene_row *s = ask->scene, *last = scene_before(v, s);
    if (ask->small)
        write_people_of(b, v, s->plan);
    else
        write_story(b, v, ask);
    struct slice plan = book_clip(s->plan, PLAN_SHOWN);
    struct slice before = ask->so_far.len ? ask->so_far : last ? last->text : SLICE("");
    struct slice end = book_tail(before, END_WORDS);
    buf_printf(b, "The scene: %.*s\n", SLICE_FMT(plan));
    if (end.len) buf_printf(b, "Before: ...%.*s\n", SLICE_FMT(end));
    buf_printf(b, "\n%s", book_piece(ask->piece)->asked);
}

static void write_notes(struct buf *b, const struct book_ask *ask)
{
    struct slice text = book_clip(ask->scene->text, NOTES_TEXT_SHOWN);
    buf_printf(b, "A scene: %.*s\nWhat happened in it, and what stays true?", SLICE_FMT(text));
}

/* ---- The request ---- */

static void write_user(struct buf *b, const struct book_view *v, const struct book_ask *ask,
                       const struct book_names *names)
{
    switch (ask->kind) {
    case BOOK_STEP_PEOPLE: write_person(b, v, ask); break;
    case BOOK_STEP_PREMISE: write_premise(b, v, names); break;
    case BOOK_STEP_STYLE: write_style(b); break;
    case BOOK_STEP_CHAPTER: write_chapter(b, v, ask, names); break;
    case BOOK_STEP_PLAN: write_plan(b, v, chapter_of(v, ask->chapter)); break;
    case BOOK_STEP_DRAFT: write_draft(b, v, ask); break;
    case BOOK_STEP_NOTES: write_notes(b, ask); break;
    }
    if (!book_is_english(&v->book))
        buf_printf(b, "\nWrite it in %.*s.", SLICE_FMT(v->book.language));
}

static void write_message(struct json_writer *w, const char *role, struct slice content)
{
    json_object_begin(w);
    json_key(w, "role");
    json_str(w, role);
    json_key(w, "content");
    json_slice(w, content);
    json_object_end(w);
}

/* Prose is kept from going in circles; JSON, whose marks must come again, less so. */
static void write_sampling(struct json_writer *w, const struct book_ask *ask)
{
    bool draft = ask->kind == BOOK_STEP_DRAFT;
    json_member_double(w, "temperature", ask->kind == BOOK_STEP_NOTES ? 0.4 : 0.9);
    json_member_double(w, "min_p", 0.08);
    json_member_double(w, "frequency_penalty",
                       draft                         ? 0.35
                       : ask->kind == BOOK_STEP_PLAN ? 0.6
                                                     : 0.2);
    json_member_double(w, "presence_penalty", draft ? 0.25 : 0);
    json_member_double(w, "repetition_penalty", draft ? 1.05 : 1);
    json_member_int(w, "seed", (int64_t)(ask->seed & INT64_MAX));
    json_member_int(w, "max_completion_tokens",
                    draft ? (int64_t)(ask->words * TOKENS_A_WORD + TOKENS_MORE) : PLAN_TOKENS);
}

static void write_format(struct json_writer *w, const struct book_view *view,
                         const struct book_ask *ask, const struct book_names *names)
{
    json_key(w, "response_format");
    json_object_begin(w);
    json_member_str(w, "type", "json_schema");
    json_key(w, "json_schema");
    json_object_begin(w);
    json_member_str(w, "name", "step");
    json_key(w, "schema");
    book_form_write(w, view, ask, names);
    json_object_end(w);
    json_object_end(w);
}

static void write_prose(struct json_writer *w, struct buf *text, const struct book_view *view,
                        const struct book_ask *ask, const struct book_names *names)
{
    buf_reset(text);
    book_form_prose(text, view, ask, names);
    json_key(w, "structured_outputs");
    json_object_begin(w);
    json_member_slice(w, "regex", buf_slice(text));
    json_object_end(w);
}

static void write_examples(struct json_writer *w, const struct book_ask *ask)
{
    for (const struct book_example *e = book_examples((int)ask->kind, ask->person); e->asked; e++) {
        write_message(w, "user", slice_of(e->asked));
        write_message(w, "assistant", slice_of(e->answer));
    }
}

/* Of prose there are examples in English only, and after them a model writes English. */
static void write_messages(struct json_writer *w, struct buf *text, const struct book_view *view,
                           const struct book_ask *ask, const struct book_names *names)
{
    write_system(text, &view->book, ask);
    write_message(w, "system", buf_slice(text));
    if (ask->kind != BOOK_STEP_DRAFT || book_is_english(&view->book)) write_examples(w, ask);
    buf_reset(text);
    write_user(text, view, ask, names);
    write_message(w, "user", buf_slice(text));
}

/* The people take turns at the centre; the first and the last chapter are the main one's. */
static void turn_names(struct book_names *names, const struct book_view *v,
                       const struct book_ask *ask)
{
    if (ask->kind != BOOK_STEP_CHAPTER || names->n == 0) return;
    size_t i = ask->chapter == v->book.n_chapters ? 0 : (size_t)(ask->chapter - 1) % names->n;
    struct slice name = names->at[i], line = names->lines[i];
    names->at[i] = names->at[0];
    names->lines[i] = names->lines[0];
    names->at[0] = name;
    names->lines[0] = line;
}

int book_prompt(struct buf *out, const struct book_view *view, const struct book_ask *ask,
                struct err *err)
{
    struct buf text;
    struct json_writer w;
    struct book_names names;
    buf_init(&text, BOOK_PROMPT_MAX);
    book_names(&names, view->book.people);
    turn_names(&names, view, ask);
    json_writer_init(&w, out);
    json_object_begin(&w);
    json_member_slice(&w, "model", view->book.model);
    json_key(&w, "messages");
    json_array_begin(&w);
    write_messages(&w, &text, view, ask, &names);
    json_array_end(&w);
    write_sampling(&w, ask);
    if (ask->kind == BOOK_STEP_DRAFT)
        write_prose(&w, &text, view, ask, &names);
    else
        write_format(&w, view, ask, &names);
    json_object_end(&w);
    if (text.failed) out->failed = true;
    buf_release(&text);
    return buf_check(out, "the request for a step of the book", err);
}

#include "api/book_prompt.h"

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
    END_WORDS = 70, /* of the scene before */
    TOKENS_A_WORD = 2,
    TOKENS_MORE = 60,
};

/* ---- Schemas ---- */

#define TEXT(min, max) "{\"type\":\"string\",\"minLength\":" #min ",\"maxLength\":" #max "}"
#define OBJECT_OPEN    "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"

static const char premise_schema[] = OBJECT_OPEN "\"title\":" TEXT(4, 60) ",\"premise\":" TEXT(
    250, 900) ",\"people\":{"
              "\"type\":\"array\",\"minItems\":4,\"maxItems\":4,\"items\":" OBJECT_OPEN
              "\"name\":" TEXT(3, 40) ",\"about\":" TEXT(
                  40, 160) "},\"required\":[\"name\",\"about\"]}}},"
                           "\"required\":[\"title\",\"premise\",\"people\"]}";

static const char style_schema[] = OBJECT_OPEN
    "\"person\":{\"enum\":[\"first person\",\"third person\"]},"
    "\"tense\":{\"enum\":[\"past\",\"present\"]},\"tone\":" TEXT(10, 120) ",\"places\":" TEXT(
        20, 200) ",\"avoid\":" TEXT(10, 120) "},\"required\":[\"person\",\"tense\",\"tone\","
                                             "\"places\",\"avoid\"]}";

static const char chapter_schema[] = OBJECT_OPEN "\"title\":" TEXT(4, 60) ",\"outline\":" TEXT(
    150, 480) "},\"required\":[\"title\",\"outline\"]}";

static const char notes_schema[] = OBJECT_OPEN "\"summary\":" TEXT(
    60, 300) ",\"facts\":{\"type\":\"array\",\"minItems\":1,"
             "\"maxItems\":4,\"items\":" OBJECT_OPEN "\"name\":" TEXT(2, 40) ",\"fact\":" TEXT(
                 15,
                 140) "},\"required\":[\"name\",\"fact\"]}}},\"required\":[\"summary\",\"facts\"]}";

/* ---- The message that all share ---- */

static void line(struct buf *b, const char *label, struct slice text, size_t bytes_max)
{
    struct slice shown = book_clip(text, bytes_max);
    if (shown.len) buf_printf(b, "%s%.*s\n", label, SLICE_FMT(shown));
}

static void write_system(struct buf *b, const struct book_row *book)
{
    buf_printf(b, "You are a novelist. You write in %.*s.", SLICE_FMT(book->language));
    if (book->genre.len) buf_printf(b, " The kind of book: %.*s.", SLICE_FMT(book->genre));
    if (book->premise.len == 0) return;
    buf_add_str(b, "\n\nThe book\n");
    line(b, "Title: ", book->title, PREMISE_SHOWN);
    line(b, "Premise: ", book->premise, PREMISE_SHOWN);
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
            struct slice fact = book_clip(f->fact, FACT_SHOWN);
            buf_printf(b, "- %.*s: %.*s\n", SLICE_FMT(f->name), SLICE_FMT(fact));
        }
    }
}

/* ---- What is asked ---- */

static void write_premise(struct buf *b, const struct book_view *v)
{
    struct slice idea = book_clip(v->book.idea, IDEA_SHOWN);
    buf_printf(b,
               "Plan a book from this idea: %.*s\nGive it a title; a premise of one paragraph that "
               "says who wants what, what stands against it, and how it ends; and its %d main "
               "people, each with a name that fits the place and one sentence about who they are "
               "in this story. Answer as JSON.",
               SLICE_FMT(idea), BOOK_PEOPLE);
}

static void write_style(struct buf *b)
{
    buf_add_str(b, "Write the style sheet of this book: who tells it, its tense, its tone, the "
                   "places where it happens, and what the text should avoid. Answer as JSON.");
}

static const char *part_of(int64_t number, int64_t n)
{
    if (number == 1) return "It opens the book: it shows the main person and begins the conflict.";
    if (number == n) return "It is the last chapter: the conflict ends and nothing stays open.";
    if (number * 4 < n) return "It belongs to the beginning: the conflict grows.";
    if (number * 4 < n * 3) return "It belongs to the middle: something new goes wrong.";
    return "It belongs to the last part: everything comes to a head.";
}

static void write_chapter(struct buf *b, const struct book_view *v, int64_t number)
{
    write_before(b, v, number);
    buf_printf(b,
               "Write the outline of chapter %d of %d. %s It must happen after the chapters above "
               "and be about something new. Give a title and an outline of two to four sentences "
               "that say who does what, where. Answer as JSON.",
               (int)number, (int)v->book.n_chapters, part_of(number, v->book.n_chapters));
}

static void write_chapter_head(struct buf *b, const struct book_chapter_row *c)
{
    struct slice outline = book_clip(c->outline, OUTLINE_SHOWN);
    buf_printf(b, "Chapter %d: %.*s\nOutline: %.*s\n", (int)c->number, SLICE_FMT(c->title),
               SLICE_FMT(outline));
}

static void write_plan(struct buf *b, const struct book_view *v, const struct book_chapter_row *c)
{
    write_before(b, v, c->number);
    write_chapter_head(b, c);
    buf_printf(b,
               "Divide this chapter into %d scenes that follow each other and together tell its "
               "outline. For each, one or two sentences: the place, who is there, and what "
               "happens that was not so before. Answer as JSON.",
               (int)v->book.n_scenes);
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

static void write_draft(struct buf *b, const struct book_view *v, const struct book_ask *ask)
{
    const struct book_chapter_row *c = chapter_of(v, ask->chapter);
    const struct book_scene_row *s = ask->scene, *last = scene_before(v, s);
    write_before(b, v, ask->chapter);
    write_facts(b, v, s->plan, c->outline);
    write_chapter_head(b, c);
    for (size_t i = 0; i < v->n_scenes; i++) {
        const struct book_scene_row *at = &v->scenes[i];
        if (at->chapter != s->chapter || at->number >= s->number || !at->summary.len) continue;
        struct slice summary = book_clip(at->summary, SUMMARY_SHOWN);
        buf_printf(b, "Scene %d: %.*s\n", (int)at->number, SLICE_FMT(summary));
    }
    if (last && last->text.len) {
        struct slice end = book_tail(last->text, END_WORDS);
        buf_printf(b, "The scene before ends: ...%.*s\n", SLICE_FMT(end));
    }
    struct slice plan = book_clip(s->plan, PLAN_SHOWN);
    buf_printf(b,
               "\nNow write scene %d of chapter %d, about %d words: %.*s\nWrite only the story, "
               "with what people do, see and say to each other. No headings, no summary, no "
               "list of the people. Do not repeat sentences.",
               (int)s->number, (int)s->chapter, (int)s->words, SLICE_FMT(plan));
}

static void write_notes(struct buf *b, const struct book_ask *ask)
{
    struct slice text = book_clip(ask->scene->text, NOTES_TEXT_SHOWN);
    buf_printf(b,
               "A scene of the book:\n\n%.*s\n\nSum it up in two sentences: what happened, and how "
               "things stand at its end. Then name up to %d facts that later scenes must keep to: "
               "each the name of a person or thing of the scene, and what is now true of it. "
               "Answer as JSON.",
               SLICE_FMT(text), BOOK_FACTS_TAKEN);
}

static void write_go_on(struct buf *b, size_t words)
{
    buf_printf(b,
               "Go on with this scene from where it stopped: about %d more words. Tell what "
               "happens next; repeat nothing, sum nothing up.",
               (int)words);
}

/* ---- The request ---- */

static void write_user(struct buf *b, const struct book_view *v, const struct book_ask *ask)
{
    switch (ask->kind) {
    case BOOK_STEP_PREMISE: write_premise(b, v); break;
    case BOOK_STEP_STYLE: write_style(b); break;
    case BOOK_STEP_CHAPTER: write_chapter(b, v, ask->chapter); break;
    case BOOK_STEP_PLAN: write_plan(b, v, chapter_of(v, ask->chapter)); break;
    case BOOK_STEP_DRAFT: write_draft(b, v, ask); break;
    case BOOK_STEP_NOTES: write_notes(b, ask); break;
    }
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

static void number(struct json_writer *w, const char *key, double value)
{
    json_key(w, key);
    json_double(w, value);
}

/* Prose is kept from going in circles; JSON, whose marks must come again, less so. */
static void write_sampling(struct json_writer *w, const struct book_ask *ask)
{
    bool draft = ask->kind == BOOK_STEP_DRAFT;
    number(w, "temperature", draft ? 0.85 : ask->kind == BOOK_STEP_NOTES ? 0.4 : 0.8);
    number(w, "min_p", 0.06);
    number(w, "frequency_penalty", draft ? 0.35 : 0.1);
    number(w, "presence_penalty", draft ? 0.25 : 0);
    number(w, "repetition_penalty", draft ? 1.05 : 1);
    json_key(w, "seed");
    json_int(w, (int64_t)(ask->seed & INT64_MAX));
    json_key(w, "max_completion_tokens");
    json_int(w, draft ? (int64_t)(ask->words * TOKENS_A_WORD + TOKENS_MORE) : 1200);
}

static void write_schema(struct json_writer *w, const struct book_view *v, enum book_step_kind kind)
{
    struct buf plan;
    buf_init(&plan, BOOK_PROMPT_MAX);
    buf_printf(&plan,
               OBJECT_OPEN "\"scenes\":{\"type\":\"array\",\"minItems\":%d,\"maxItems\":%d,"
                           "\"items\":" TEXT(60, 260) "}},\"required\":[\"scenes\"]}",
               (int)v->book.n_scenes, (int)v->book.n_scenes);
    struct slice schema = kind == BOOK_STEP_PREMISE   ? slice_of(premise_schema)
                          : kind == BOOK_STEP_STYLE   ? slice_of(style_schema)
                          : kind == BOOK_STEP_CHAPTER ? slice_of(chapter_schema)
                          : kind == BOOK_STEP_PLAN    ? buf_slice(&plan)
                                                      : slice_of(notes_schema);
    json_key(w, "response_format");
    json_raw(w, SLICE("{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"step\",\"schema\":"));
    buf_add_slice(w->out, schema);
    buf_add_str(w->out, "}}");
    if (plan.failed) w->out->failed = true;
    buf_release(&plan);
}

int book_prompt(struct buf *out, const struct book_view *view, const struct book_ask *ask,
                struct err *err)
{
    struct buf text;
    struct json_writer w;
    buf_init(&text, BOOK_PROMPT_MAX);
    json_writer_init(&w, out);
    json_object_begin(&w);
    json_key(&w, "model");
    json_slice(&w, view->book.model);
    json_key(&w, "messages");
    json_array_begin(&w);
    write_system(&text, &view->book);
    write_message(&w, "system", buf_slice(&text));
    buf_reset(&text);
    write_user(&text, view, ask);
    write_message(&w, "user", buf_slice(&text));
    if (ask->so_far.len) {
        write_message(&w, "assistant", ask->so_far);
        buf_reset(&text);
        write_go_on(&text, ask->words);
        write_message(&w, "user", buf_slice(&text));
    }
    json_array_end(&w);
    write_sampling(&w, ask);
    if (ask->kind != BOOK_STEP_DRAFT) write_schema(&w, view, ask->kind);
    json_object_end(&w);
    if (text.failed) out->failed = true;
    buf_release(&text);
    return buf_check(out, "the request for a step of the book", err);
}

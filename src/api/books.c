#include "api/books.h"

#include "api/reply.h"
#include "api/runner/books.h"
#include "base/seam.h"

void *books_call_new(struct call *call, size_t size, struct err *err)
{
    struct books_call *c = stored_new(call, size, err);
    if (!c) return NULL;
    c->book_id = arena_slice(&c->stored.arena, call->id);
    c->sub_id = arena_slice(&c->stored.arena, call->sub_id);
    c->now = (int64_t)(wall_ns() / 1000000000u);
    return c;
}

static int answer(struct stored *stored, struct err *err)
{
    (void)err;
    struct books_call *c = (struct books_call *)stored;
    if (c->tell) books_tell(stored->call->service);
    stored->call->ops->reply(stored->call, 200, "application/json", c->answer);
    return 0;
}

int books_call_begin(struct books_call *c,
                     int (*run)(struct stored *stored, struct db *db, struct err *err),
                     struct err *err)
{
    return stored_begin(&c->stored, run, answer, err);
}

struct slice books_keep(struct books_call *c, const struct field_string *field)
{
    return field->given ? arena_slice(&c->stored.arena, field->value) : (struct slice){ 0 };
}

/* ---- Writing ---- */

/* What is left at the rate so far; null: unknown, or nothing goes on. */
static void write_progress(struct json_writer *w, const struct book_row *b,
                           const struct book_progress *p)
{
    int64_t scenes = b->n_chapters * b->n_scenes;
    double a_minute = b->run_ms > 0 ? (double)b->run_words * 60000.0 / (double)b->run_ms : 0;
    double left = scenes > 0 ? (double)(b->words * (scenes - p->scenes_written)) / (double)scenes
                             : 0;
    json_key(w, "progress");
    json_object_begin(w);
    json_member_int(w, "words", p->words);
    json_member_int(w, "scenes", scenes);
    json_member_int(w, "scenes_written", p->scenes_written);
    json_member_int(w, "scenes_done", p->scenes_done);
    json_member_double(w, "words_per_minute", (double)(int64_t)(a_minute * 10) / 10);
    json_key(w, "eta_seconds");
    if (a_minute > 0 && slice_is(b->status, BOOK_RUNNING) && slice_is(b->until, "end"))
        json_int(w, (int64_t)(left * 60 / a_minute));
    else
        json_null_value(w);
    json_member_int(w, "run_seconds", b->run_ms / 1000);
    json_member_int(w, "steps", b->n_steps);
    json_member_int(w, "drafts_again", b->n_again);
    json_object_end(w);
}

static void write_usage(struct json_writer *w, const struct book_row *b)
{
    json_key(w, "usage");
    json_object_begin(w);
    json_member_int(w, "prompt_tokens", b->prompt_tokens);
    json_member_int(w, "cached_tokens", b->cached_tokens);
    json_member_int(w, "completion_tokens", b->completion_tokens);
    json_object_end(w);
}

static void write_head(struct json_writer *w, const struct book_row *b,
                       const struct book_progress *p)
{
    json_member_slice(w, "id", b->id);
    json_member_str(w, "object", "tiro.book");
    json_member_slice(w, "title", b->title);
    json_member_slice(w, "idea", b->idea);
    json_member_slice(w, "model", b->model);
    json_member_slice(w, "language", b->language);
    json_member_slice(w, "genre", b->genre);
    json_member_slice(w, "premise", b->premise);
    json_member_slice(w, "people", b->people);
    json_member_slice(w, "style_sheet", b->style_sheet);
    json_member_int(w, "words", b->words);
    json_member_int(w, "chapter_count", b->n_chapters);
    json_member_int(w, "scenes_per_chapter", b->n_scenes);
    json_member_int(w, "parallel", b->parallel);
    json_member_int(w, "seed", b->seed);
    json_member_slice(w, "status", b->status);
    json_member_slice(w, "until", b->until);
    json_key(w, "error");
    if (b->error.len)
        json_slice(w, b->error);
    else
        json_null_value(w);
    write_progress(w, b, p);
    write_usage(w, b);
    json_member_int(w, "created_at", b->created_at);
    json_member_int(w, "updated_at", b->updated_at);
}

int books_write(struct json_writer *w, const struct book_row *row, struct db *db, struct err *err)
{
    struct book_progress progress;
    TRY(book_progress(&progress, db, row->id, err));
    json_object_begin(w);
    write_head(w, row, &progress);
    json_object_end(w);
    return 0;
}

static const char *const scene_states[] = { "waiting", "written", "done" };

static void write_scene_keys(struct json_writer *w, const struct book_scene_row *s)
{
    json_member_slice(w, "id", s->id);
    json_member_str(w, "object", "tiro.book.scene");
    json_member_int(w, "number", s->number);
    json_member_slice(w, "plan", s->plan);
    json_member_slice(w, "summary", s->summary);
    json_member_str(w, "state", scene_states[s->state]);
    json_member_int(w, "words_wanted", s->words);
    json_member_int(w, "words", s->n_words);
    json_member_double(w, "repeated", s->repeated);
    json_member_slice(w, "version_id", s->version_id);
}

static void write_chapter_keys(struct json_writer *w, const struct book_chapter_row *c)
{
    json_member_slice(w, "id", c->id);
    json_member_str(w, "object", "tiro.book.chapter");
    json_member_int(w, "number", c->number);
    json_member_slice(w, "title", c->title);
    json_member_slice(w, "outline", c->outline);
    json_member_int(w, "words_wanted", c->words);
}

static void write_facts(struct json_writer *w, const struct book_fact_row *facts, size_t n)
{
    json_key(w, "facts");
    json_array_begin(w);
    for (size_t i = 0; i < n; i++) {
        json_object_begin(w);
        json_member_slice(w, "name", facts[i].name);
        json_member_slice(w, "fact", facts[i].fact);
        json_object_end(w);
    }
    json_array_end(w);
}

int books_answer_book(struct books_call *c, struct db *db, struct err *err)
{
    struct arena *a = &c->stored.arena;
    struct book_row book;
    struct book_progress progress;
    struct book_chapter_row *chapters;
    struct book_scene_row *scenes;
    struct book_fact_row *facts;
    size_t n_chapters, n_scenes, n_facts;
    struct buf out;
    struct json_writer w;
    TRY(book_find(&book, db, &c->stored.principal, c->book_id, a, err));
    TRY(book_progress(&progress, db, c->book_id, err));
    TRY(book_chapters(&chapters, &n_chapters, db, c->book_id, a, err));
    TRY(book_scenes(&scenes, &n_scenes, db, c->book_id, false, a, err));
    TRY(book_facts(&facts, &n_facts, db, c->book_id, BOOK_CHAPTERS_MAX, a, err));
    buf_init(&out, REPLY_BYTES_MAX);
    json_writer_init(&w, &out);
    json_object_begin(&w);
    write_head(&w, &book, &progress);
    json_key(&w, "chapters");
    json_array_begin(&w);
    for (size_t i = 0; i < n_chapters; i++) {
        json_object_begin(&w);
        write_chapter_keys(&w, &chapters[i]);
        json_key(&w, "scenes");
        json_array_begin(&w);
        for (size_t k = 0; k < n_scenes; k++) {
            if (scenes[k].chapter != chapters[i].number) continue;
            json_object_begin(&w);
            write_scene_keys(&w, &scenes[k]);
            json_object_end(&w);
        }
        json_array_end(&w);
        json_object_end(&w);
    }
    json_array_end(&w);
    write_facts(&w, facts, n_facts);
    json_object_end(&w);
    return field_keep_text(&c->answer, &out, a, err);
}

static int write_scene(struct json_writer *w, const struct book_scene_row *s, struct db *db,
                       struct arena *arena, struct err *err)
{
    struct book_version_row *versions;
    size_t n;
    TRY(book_versions(&versions, &n, db, s->id, arena, err));
    json_object_begin(w);
    write_scene_keys(w, s);
    json_member_slice(w, "text", s->text);
    json_key(w, "versions");
    json_array_begin(w);
    for (size_t i = 0; i < n; i++) {
        const struct book_version_row *v = &versions[i];
        json_object_begin(w);
        json_member_slice(w, "id", v->id);
        json_member_slice(w, "text", v->text);
        json_member_slice(w, "model", v->model);
        json_member_int(w, "seed", v->seed);
        json_member_int(w, "words", v->words);
        json_member_double(w, "repeated", v->repeated);
        json_member_int(w, "drafts", v->drafts);
        json_member_int(w, "created_at", v->created_at);
        json_object_end(w);
    }
    json_array_end(w);
    json_object_end(w);
    return 0;
}

static int write_chapter(struct json_writer *w, struct books_call *c,
                         const struct book_chapter_row *chapter, struct db *db, struct err *err)
{
    struct arena *a = &c->stored.arena;
    struct book_scene_row *scenes;
    size_t n;
    TRY(book_scenes(&scenes, &n, db, c->book_id, true, a, err));
    json_object_begin(w);
    write_chapter_keys(w, chapter);
    json_key(w, "scenes");
    json_array_begin(w);
    for (size_t i = 0; i < n; i++)
        if (scenes[i].chapter == chapter->number) TRY(write_scene(w, &scenes[i], db, a, err));
    json_array_end(w);
    json_object_end(w);
    return 0;
}

int books_answer_chapter(struct books_call *c, struct db *db, struct slice chapter_id,
                         struct err *err)
{
    struct arena *a = &c->stored.arena;
    struct book_row book;
    struct book_chapter_row *chapters, *found = NULL;
    size_t n;
    struct buf out;
    struct json_writer w;
    TRY(book_find(&book, db, &c->stored.principal, c->book_id, a, err));
    TRY(book_chapters(&chapters, &n, db, c->book_id, a, err));
    for (size_t i = 0; i < n; i++)
        if (slice_eq(chapters[i].id, chapter_id)) found = &chapters[i];
    if (!found)
        return err_set(err, ERR_NOT_FOUND, "Chapter with id '%.*s' not found.",
                       (int)(chapter_id.len < BOOKS_ID_MAX ? chapter_id.len : BOOKS_ID_MAX),
                       chapter_id.ptr);
    buf_init(&out, REPLY_BYTES_MAX);
    json_writer_init(&w, &out);
    int rc = write_chapter(&w, c, found, db, err);
    if (rc == 0) return field_keep_text(&c->answer, &out, a, err);
    buf_release(&out);
    return rc;
}

int books_answer_chapter_of(struct books_call *c, struct db *db, struct slice scene_id,
                            struct err *err)
{
    struct book_scene_row *scenes;
    size_t n;
    TRY(book_scenes(&scenes, &n, db, c->book_id, false, &c->stored.arena, err));
    for (size_t i = 0; i < n; i++)
        if (slice_eq(scenes[i].id, scene_id))
            return books_answer_chapter(c, db, scenes[i].chapter_id, err);
    return err_set(err, ERR_NOT_FOUND, "Scene with id '%.*s' not found.",
                   (int)(scene_id.len < BOOKS_ID_MAX ? scene_id.len : BOOKS_ID_MAX), scene_id.ptr);
}

/* ---- For the documents ---- */

static const struct field progress_answer[] = {
    ANSWER("words", INT, .help = "That the book has."),
    ANSWER("scenes", INT, .help = "That it will have."),
    ANSWER("scenes_written", INT, .help = "With a text."),
    ANSWER("scenes_done", INT, .help = "With a text that has been summed up, too."),
    ANSWER("words_per_minute", NUMBER, .help = "While it was worked on; 0: unknown."),
    ANSWER("eta_seconds", INT, .nullable = true, .help = "What is left at that rate."),
    ANSWER("run_seconds", INT, .help = "How long it has been worked on."),
    ANSWER("steps", INT, .help = "Outlines, plans, scenes and summaries made."),
    ANSWER("drafts_again", INT, .help = "Answers that were not good enough, and asked for again."),
    FIELDS_END,
};

static const struct field books_usage_answer[] = {
    ANSWER("prompt_tokens", INT, .help = "Read, cached ones included."),
    ANSWER("cached_tokens", INT, .help = "Of those, already in memory."),
    ANSWER("completion_tokens", INT, .help = "Written, thrown away ones included."),
    FIELDS_END,
};

const struct field books_head_answer[] = {
    ANSWER("id", STRING, .help = "book_..."),
    ANSWER("object", STRING, .help = "tiro.book"),
    ANSWER("title", STRING, .help = "\"\": the model finds one."),
    ANSWER("idea", STRING, .help = "What it began with."),
    ANSWER("model", STRING, .help = "That writes it."),
    ANSWER("language", STRING, .help = "That it is written in."),
    ANSWER("genre", STRING, .help = "Kind and style, in words."),
    ANSWER("premise", STRING, .help = "\"\": not there yet; likewise the next two."),
    ANSWER("people", STRING, .help = "Its people, a line each."),
    ANSWER("style_sheet", STRING, .help = "Who tells it, tense, tone, places."),
    ANSWER("words", INT, .help = "That it shall have."),
    ANSWER("chapter_count", INT, .help = "That it shall have."),
    ANSWER("scenes_per_chapter", INT, .help = "That it shall have."),
    ANSWER("parallel", INT, .help = "Chapters that are written at a time."),
    ANSWER("seed", INT, .help = "From which those of all steps follow."),
    ANSWER("status", STRING, .help = "draft, running, paused, completed or failed."),
    ANSWER("until", STRING, .help = "What it is worked on for: outline, or end."),
    ANSWER("error", STRING, .nullable = true, .help = "Of one that failed: why."),
    ANSWER("progress", OBJECT, .fields = progress_answer, .help = "How far it is."),
    ANSWER("usage", OBJECT, .fields = books_usage_answer, .help = "Tokens so far."),
    ANSWER("created_at", INT, .help = "Unix seconds."),
    ANSWER("updated_at", INT, .help = "Unix seconds, of the last change of anything in it."),
    FIELDS_END,
};

#define SCENE_ROWS                                                                           \
    ANSWER("id", STRING, .help = "scene_..."),                                               \
        ANSWER("object", STRING, .help = "tiro.book.scene"),                                 \
        ANSWER("number", INT, .help = "In its chapter, from 1."),                            \
        ANSWER("plan", STRING, .help = "What happens in it."),                               \
        ANSWER("summary", STRING, .help = "What happened; \"\": not summed up yet."),        \
        ANSWER("state", STRING, .help = "waiting, written (not summed up yet) or done."),    \
        ANSWER("words_wanted", INT, .help = "Its budget."),                                  \
        ANSWER("words", INT, .help = "Of the version that is chosen; 0: none."),             \
        ANSWER("repeated", NUMBER,                                                           \
               .help = "The share of its 8-grams that stood before, in it or in the book."), \
        ANSWER("version_id", STRING, .help = "Of the version that is chosen; \"\": none.")

#define CHAPTER_ROWS                                                                               \
    ANSWER("id", STRING, .help = "chapter_..."),                                                   \
        ANSWER("object", STRING, .help = "tiro.book.chapter"),                                     \
        ANSWER("number", INT, .help = "From 1."), ANSWER("title", STRING, .help = "Its heading."), \
        ANSWER("outline", STRING, .help = "What happens in it."),                                  \
        ANSWER("words_wanted", INT, .help = "Its budget.")

static const struct field scene_answer[] = { SCENE_ROWS, FIELDS_END };

static const struct field chapter_in_book_answer[] = {
    CHAPTER_ROWS,
    ANSWER("scenes", OBJECTS, .fields = scene_answer, .help = "In order; [] until planned."),
    FIELDS_END,
};

static const struct field fact_answer[] = {
    ANSWER("name", STRING, .help = "Who or what it is about."),
    ANSWER("fact", STRING, .help = "What is true of it."),
    FIELDS_END,
};

const struct field books_book_answer[] = {
    { .name = "", .kind = FIELD_KIND_INCLUDE, .fields = books_head_answer },
    ANSWER("chapters", OBJECTS, .fields = chapter_in_book_answer, .help = "In order."),
    ANSWER("facts", OBJECTS, .fields = fact_answer, .help = "What its scenes have stated."),
    FIELDS_END,
};

static const struct field version_answer[] = {
    ANSWER("id", STRING, .help = "version_..."),
    ANSWER("text", STRING, .help = "Its text."),
    ANSWER("model", STRING, .help = "That wrote it; \"\": a person."),
    ANSWER("seed", INT, .help = "Of the last call that wrote it."),
    ANSWER("words", INT, .help = "Their number."),
    ANSWER("repeated", NUMBER, .help = "The share of 8-grams that stood before."),
    ANSWER("drafts", INT, .help = "How many were written to get this one."),
    ANSWER("created_at", INT, .help = "Unix seconds."),
    FIELDS_END,
};

static const struct field scene_text_answer[] = {
    SCENE_ROWS,
    ANSWER("text", STRING, .help = "Of the version that is chosen; \"\": none yet."),
    ANSWER("versions", OBJECTS, .fields = version_answer, .help = "All, the newest first."),
    FIELDS_END,
};

const struct field books_chapter_answer[] = {
    CHAPTER_ROWS,
    ANSWER("scenes", OBJECTS, .fields = scene_text_answer, .help = "With their texts."),
    FIELDS_END,
};

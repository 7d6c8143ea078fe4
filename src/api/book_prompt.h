/* book_prompt - what a model is asked at each step of a book, and what is made of its answer. The
 * form that answers have: book_form.h; what a plot is made of: book_plot.h.
 *
 * A request begins with what the book is (title, premise, people, style sheet), the same for each
 * step of a kind, so that its keys and values are shared. Then comes only as much of the story as
 * fits a small context: the outlines or summaries of the chapters before, what was stated of the
 * people (those first whom the scene names), the end of the scene before, and the scene's plan.
 *
 * What a small model is shown it tells again, and every scene becomes the premise. So one below
 * BOOK_SMALL_PARAMETERS is shown what the step itself needs: to plan a chapter its outline, to
 * write a scene its plan, those whom that names and two facts about them (docs/perf/0020).
 */
#ifndef TIRO_API_BOOK_PROMPT_H
#define TIRO_API_BOOK_PROMPT_H

#include "api/book_people.h"
#include "api/book_plot.h"
#include "api/book_text.h"
#include "store/book_table.h"

enum book_step_kind {
    BOOK_STEP_PEOPLE,  /* who is in it, one call for each */
    BOOK_STEP_PREMISE, /* title, premise */
    BOOK_STEP_STYLE,   /* the style sheet */
    BOOK_STEP_CHAPTER, /* the outline of the next chapter */
    BOOK_STEP_PLAN,    /* of the scenes of a chapter */
    BOOK_STEP_DRAFT,   /* a scene's text */
    BOOK_STEP_NOTES,   /* its summary and facts */
};

enum {
    BOOK_FACTS_SHOWN = 10, /* of those stated so far; to a small model: */
    BOOK_FACTS_SMALL = 2,
    BOOK_FACTS_TAKEN = 4,  /* of one scene */
    BOOK_BEFORE_SHOWN = 2, /* chapters before, each by its summary */
    BOOK_PROMPT_MAX = 1 << 20,
};

/* A model with fewer weights is small. Measured at 0.5e9 only. */
#define BOOK_SMALL_PARAMETERS UINT64_C(2000000000)

/* All that a step may want to know, as it stands in the database. */
struct book_view {
    struct book_row book;
    struct book_chapter_row *chapters;
    struct book_scene_row *scenes; /* with their texts */
    struct book_fact_row *facts;   /* up to the chapter that is worked on */
    size_t n_chapters, n_scenes, n_facts;
};

struct book_ask {
    enum book_step_kind kind;
    int64_t chapter;                    /* its number: of CHAPTER, PLAN, DRAFT, NOTES */
    const struct book_scene_row *scene; /* of DRAFT, NOTES */
    int person;                         /* of PEOPLE: which */
    bool alone;                         /* CHAPTER: without what happened before */
    bool small;                         /* the model is */
    uint64_t seed;
    /* DRAFT: which piece (book_plot.h), what of the scene is there already (its end is shown), and
     * the most words wanted now. */
    int piece;
    struct slice so_far;
    size_t words;
};

/* Whether it is written in English. */
bool book_is_english(const struct book_row *book);

/* The body of POST /v1/chat/completions. */
int book_prompt(struct buf *out, const struct book_view *view, const struct book_ask *ask,
                struct err *err) MUST_USE;

/* ---- Answers: -ERR_FORMAT when it is not what was asked for. All lies in the arena. ---- */

/* A line of the book's `people`. */
int book_read_person(struct slice *ret, struct slice content, struct arena *arena,
                     struct err *err) MUST_USE;
int book_read_premise(struct slice *ret_title, struct slice *ret_premise, struct slice content,
                      struct arena *arena, struct err *err) MUST_USE;
int book_read_style(struct slice *ret, struct slice content, struct arena *arena,
                    struct err *err) MUST_USE;
int book_read_chapter(struct slice *ret_title, struct slice *ret_outline, struct slice content,
                      struct arena *arena, struct err *err) MUST_USE;
/* `n` plans. */
int book_read_plan(struct slice *ret, size_t n, struct slice content, struct arena *arena,
                   struct err *err) MUST_USE;
/* Only facts about somebody or something that the text names; *ret_n of BOOK_FACTS_TAKEN. */
int book_read_notes(struct slice *ret_summary, struct book_fact_row *ret_facts, size_t *ret_n,
                    struct slice content, struct slice text, struct arena *arena,
                    struct err *err) MUST_USE;
/* choices[0].message.content of a chat completion. */
int book_read_content(struct slice *ret, bool *ret_cut, struct slice body, struct arena *arena,
                      struct err *err) MUST_USE;

#endif

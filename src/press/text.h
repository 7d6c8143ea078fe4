/* text - what a scene's text means: paragraphs, lines, breaks, *emphasis*, and which way it runs.
 *
 *     struct press_text t;
 *     struct press_paragraph p;
 *     press_text_begin(&t, scene, arena);
 *     while (press_text_next(&t, &p)) ...
 *     TRY(press_text_check(&t, err));
 *
 * An empty line ends a paragraph; a line end within it stays one. A paragraph of nothing but three
 * or more of * - or _ is a break. Of Markdown, emphasis counts and nothing else: *a*, _a_, **a**,
 * __a__, ***a***, ___a___, where CommonMark would see it too and the marks are equal in number and
 * not within a word; one in another is fine. \* and \_ are the characters. Whatever does not match
 * is text as it stands.
 *
 * Takes time in proportion to the text, however hostile.
 */
#ifndef TIRO_PRESS_TEXT_H
#define TIRO_PRESS_TEXT_H

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"

enum { PRESS_EMPHASIS = 1, PRESS_STRONG = 2 };

struct press_run {
    struct slice text;
    unsigned style; /* PRESS_* */
    /* MARK: `text` are the marks that begin or end a style; only Markdown wants them. */
    enum { PRESS_TEXT, PRESS_LINE_END, PRESS_MARK } kind;
};

struct press_paragraph {
    struct slice text;      /* all of it, as it was */
    bool is_break;          /* then there are no runs */
    bool right_to_left;     /* so is its first letter that has a direction */
    struct press_run *runs; /* until the next call */
    size_t n_runs;
};

struct press_text {
    struct slice rest;
    struct arena *arena;
    struct arena_mark mark;
};

/* `text` is clean (press/press.h). */
void press_text_begin(struct press_text *t, struct slice text, struct arena *arena);
bool press_text_next(struct press_text *t, struct press_paragraph *ret);
/* Whether it ended for want of memory. */
int press_text_check(const struct press_text *t, struct err *err) MUST_USE;

/* A copy that is clean; `lines`: line ends stay, else they are spaces. ptr NULL on failure. */
struct slice press_text_clean(struct slice text, bool lines, struct arena *arena);
bool press_text_runs_right_to_left(struct slice text);

#endif

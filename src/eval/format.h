/* format - the files that questions come in: a file in eval/format/ that ends in a descriptor.
 *
 *     const struct eval_format eval_format_arc = {
 *         .name = "arc", .kind = EVAL_CHOICE, .matches = matches, .object = read_object };
 *
 * The build finds it. A line is one question: a JSON object, or, of a format with `row`, a row of
 * CSV (whose fields may hold line breaks in quotes).
 *
 *     const struct eval_format *f;
 *     TRY(eval_format_find(&f, SLICE("auto"), text, err));
 *     TRY(eval_read(f, text, take, ctx, err));            take() gets each item
 */
#ifndef TIRO_EVAL_FORMAT_H
#define TIRO_EVAL_FORMAT_H

#include "eval/item.h"

enum { EVAL_FIELDS_MAX = 64 }; /* of a row of CSV */

struct eval_format {
    const char *name;
    const char *about; /* for --help: "MMLU: CSV without a head, or JSONL" */
    enum eval_kind kind;
    /* What few-shot prompts begin with: %s is the subject; NULL: nothing. */
    const char *description;
    /* Does this look like one of its lines? */
    bool (*matches)(const json_t *object);
    /* Fills *ret, which is zero but for its kind. */
    int (*object)(struct eval_item *ret, const json_t *object, struct arena *arena,
                  struct err *err);
    /* Likewise, of a row of CSV; NULL: it is JSONL alone. */
    int (*row)(struct eval_item *ret, const struct slice *fields, size_t n, struct arena *arena,
               struct err *err);
};

extern const struct eval_format *const eval_format_registry[];
extern const size_t eval_format_registry_len;

/* By name, or, for "auto", by the first line of the text. -ERR_INVALID_VALUE names them all. */
int eval_format_find(const struct eval_format **ret, struct slice name, struct slice text,
                     struct err *err) MUST_USE;

/* Calls `take` with each item of the text; its memory is used again after that. Failures say the
 * line, of a text that begins at line `first_line` of its file. */
int eval_read(const struct eval_format *format, struct slice text, size_t first_line,
              int (*take)(void *ctx, const struct eval_item *item, struct err *err), void *ctx,
              struct err *err) MUST_USE;

/* ---- For the formats ---- */

/* A string of the object: copied, trimmed. Missing: -ERR_FORMAT, or empty if not `required`. */
int eval_string(struct slice *ret, const json_t *object, const char *key, bool required,
                struct arena *arena, struct err *err) MUST_USE;
/* Adds an option; its label is `label`, or A, B, C ... for an empty one. */
int eval_add_option(struct eval_item *item, struct slice label, const json_t *text,
                    struct arena *arena, struct err *err) MUST_USE;
/* The right one: an index of a number, a label, or one of the options' texts. */
int eval_set_answer(struct eval_item *item, const json_t *answer, int64_t first,
                    struct err *err) MUST_USE;
/* At least two options, and each one's continuation: " A" where they stand in the prompt by their
 * letters, else " " and its text. */
int eval_finish_choice(struct eval_item *item, bool letters, struct arena *arena,
                       struct err *err) MUST_USE;
/* "QUESTION\nA. TEXT\nB. TEXT\nAnswer:" behind `before`. */
void eval_letters_prompt(struct eval_item *item, const char *before, struct arena *arena);

#endif

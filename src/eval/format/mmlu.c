/* MMLU: the authors' CSV (question, four options, the letter of the answer; no head), or JSONL with
 * "question", "choices", "answer" (an index from 0, or a letter) and "subject". The options stand
 * in the prompt and the letter is the answer, as lm-evaluation-harness's task has it. */
#include "eval/format.h"

enum { CSV_OPTIONS = 4 };

static bool matches(const json_t *object)
{
    return json_is_array(json_object_get(object, "choices")) &&
           json_is_string(json_object_get(object, "question")) &&
           json_is_integer(json_object_get(object, "answer"));
}

static int finish(struct eval_item *item, struct arena *arena, struct err *err)
{
    eval_letters_prompt(item, "", arena);
    return eval_finish_choice(item, true, arena, err);
}

static int read_object(struct eval_item *ret, const json_t *object, struct arena *arena,
                       struct err *err)
{
    const json_t *choices = json_object_get(object, "choices");
    TRY(eval_string(&ret->question, object, "question", true, arena, err));
    TRY(eval_string(&ret->subject, object, "subject", false, arena, err));
    TRY(eval_string(&ret->id, object, "id", false, arena, err));
    for (size_t i = 0; i < json_array_size(choices); i++)
        TRY(eval_add_option(ret, SLICE(""), json_array_get(choices, i), arena, err));
    TRY(eval_set_answer(ret, json_object_get(object, "answer"), 0, err));
    return finish(ret, arena, err);
}

static int read_row(struct eval_item *ret, const struct slice *fields, size_t n,
                    struct arena *arena, struct err *err)
{
    if (n < CSV_OPTIONS + 2 || n > CSV_OPTIONS + 3)
        return err_set(err, ERR_FORMAT,
                       "a row of MMLU has 6 fields (question, four options, letter), or a seventh "
                       "with the subject; this one has %zu",
                       n);
    ret->question = fields[0];
    for (size_t i = 0; i < CSV_OPTIONS; i++) {
        json_t *text = json_stringn(fields[1 + i].ptr ? fields[1 + i].ptr : "", fields[1 + i].len);
        if (!text) return err_set(err, ERR_NO_MEMORY, "no memory for a question");
        int rc = eval_add_option(ret, SLICE(""), text, arena, err);
        json_decref(text);
        if (rc < 0) return rc;
    }
    struct slice letter = fields[CSV_OPTIONS + 1];
    if (letter.len != 1 || letter.ptr[0] < 'A' || letter.ptr[0] >= 'A' + CSV_OPTIONS)
        return err_set(err, ERR_FORMAT, "the last field is the answer's letter, A to D; not '%.*s'",
                       (int)(letter.len < 20 ? letter.len : 20), letter.ptr ? letter.ptr : "");
    ret->answer = (uint32_t)(letter.ptr[0] - 'A');
    if (n == CSV_OPTIONS + 3) ret->subject = fields[CSV_OPTIONS + 2];
    return finish(ret, arena, err);
}

const struct eval_format eval_format_mmlu = {
    .name = "mmlu",
    .about = "CSV of question, four options, letter (and subject); or JSONL with \"choices\"",
    .kind = EVAL_CHOICE,
    .description = "The following are multiple choice questions (with answers) about %s.\n\n",
    .matches = matches,
    .object = read_object,
    .row = read_row,
};

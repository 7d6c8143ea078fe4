/* MedQA (USMLE): "question", "options" as an object of letters, "answer_idx" (or "answer": its
 * text), "meta_info". The options stand in the prompt and the letter is the answer. */
#include "eval/format.h"

static bool matches(const json_t *object)
{
    return json_is_object(json_object_get(object, "options"));
}

static int read_object(struct eval_item *ret, const json_t *object, struct arena *arena,
                       struct err *err)
{
    const json_t *options = json_object_get(object, "options");
    const json_t *index = json_object_get(object, "answer_idx");
    char letter[2] = "A";
    if (!json_is_object(options))
        return err_set(err, ERR_FORMAT, "there are no \"options\": {\"A\": ..., \"B\": ...}");
    TRY(eval_string(&ret->question, object, "question", true, arena, err));
    TRY(eval_string(&ret->id, object, "id", false, arena, err));
    TRY(eval_string(&ret->subject, object, "meta_info", false, arena, err));
    for (; json_object_get(options, letter); letter[0]++)
        TRY(eval_add_option(ret, slice_of(letter), json_object_get(options, letter), arena, err));
    if (ret->n_options != json_object_size(options))
        return err_set(err, ERR_FORMAT, "the options' letters are not A, B, C ... without a gap");
    TRY(eval_set_answer(ret, index ? index : json_object_get(object, "answer"), 0, err));
    eval_letters_prompt(ret, "Question: ", arena);
    return eval_finish_choice(ret, true, arena, err);
}

const struct eval_format eval_format_medqa = {
    .name = "medqa",
    .about = "MedQA's (USMLE) JSONL: \"options\" by letter, \"answer_idx\"",
    .kind = EVAL_CHOICE,
    .matches = matches,
    .object = read_object,
};

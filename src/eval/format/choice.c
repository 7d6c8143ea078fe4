/* Tiro's own: {"question", "options": [...], "answer", "subject", "id"}, where the answer is an
 * option's letter, its text or its number from 0. The options stand in the prompt and the letter is
 * scored; with "score": "text" the options' texts are, and do not. */
#include "eval/format.h"

static bool matches(const json_t *object)
{
    return json_is_array(json_object_get(object, "options"));
}

static int read_object(struct eval_item *ret, const json_t *object, struct arena *arena,
                       struct err *err)
{
    const json_t *options = json_object_get(object, "options");
    struct slice score;
    if (!json_is_array(options)) return err_set(err, ERR_FORMAT, "there is no list of \"options\"");
    TRY(eval_string(&ret->question, object, "question", true, arena, err));
    TRY(eval_string(&ret->subject, object, "subject", false, arena, err));
    TRY(eval_string(&ret->id, object, "id", false, arena, err));
    TRY(eval_string(&score, object, "score", false, arena, err));
    bool letters = !slice_is(score, "text");
    if (letters && score.len && !slice_is(score, "letter"))
        return err_set(err, ERR_FORMAT, "\"score\" is \"letter\" or \"text\"");
    for (size_t i = 0; i < json_array_size(options); i++)
        TRY(eval_add_option(ret, SLICE(""), json_array_get(options, i), arena, err));
    TRY(eval_set_answer(ret, json_object_get(object, "answer"), 0, err));
    if (letters) {
        eval_letters_prompt(ret, "Question: ", arena);
    } else {
        const char *prompt = arena_printf(arena,
                                          "Question: %.*s\nAnswer:", SLICE_FMT(ret->question));
        if (prompt) ret->prompt = slice_of(prompt);
    }
    return eval_finish_choice(ret, letters, arena, err);
}

const struct eval_format eval_format_choice = {
    .name = "choice",
    .about = "JSONL of your own: \"question\", \"options\": [...], \"answer\", \"subject\"",
    .kind = EVAL_CHOICE,
    .matches = matches,
    .object = read_object,
};

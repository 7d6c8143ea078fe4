/* ARC, as published ("question": {"stem", "choices": [{"label", "text"}]}, "answerKey") or with
 * lists side by side ("choices": {"label": [...], "text": [...]}). The options' texts are scored.
 */
#include "eval/format.h"

static const json_t *choices_of(const json_t *object)
{
    const json_t *question = json_object_get(object, "question");
    return json_object_get(json_is_object(question) ? question : object, "choices");
}

static bool matches(const json_t *object)
{
    return json_object_get(object, "answerKey") && choices_of(object);
}

static int read_options(struct eval_item *ret, const json_t *choices, struct arena *arena,
                        struct err *err)
{
    bool lists = json_is_object(choices);
    const json_t *texts = lists ? json_object_get(choices, "text") : choices;
    for (size_t i = 0; i < json_array_size(texts); i++) {
        const json_t *one = json_array_get(texts, i);
        const json_t *label = lists ? json_array_get(json_object_get(choices, "label"), i)
                                    : json_object_get(one, "label");
        struct slice s = { json_string_value(label), json_string_length(label) };
        TRY(eval_add_option(ret, s, lists ? one : json_object_get(one, "text"), arena, err));
    }
    return 0;
}

static int read_object(struct eval_item *ret, const json_t *object, struct arena *arena,
                       struct err *err)
{
    const json_t *question = json_object_get(object, "question");
    if (json_is_object(question))
        TRY(eval_string(&ret->question, question, "stem", true, arena, err));
    else
        TRY(eval_string(&ret->question, object, "question", true, arena, err));
    TRY(eval_string(&ret->id, object, "id", false, arena, err));
    TRY(read_options(ret, choices_of(object), arena, err));
    TRY(eval_set_answer(ret, json_object_get(object, "answerKey"), 1, err));
    const char *prompt = arena_printf(arena, "Question: %.*s\nAnswer:", SLICE_FMT(ret->question));
    if (prompt) ret->prompt = slice_of(prompt);
    return eval_finish_choice(ret, false, arena, err);
}

const struct eval_format eval_format_arc = {
    .name = "arc",
    .about = "ARC's JSONL: a question with labelled \"choices\", and \"answerKey\"",
    .kind = EVAL_CHOICE,
    .matches = matches,
    .object = read_object,
};

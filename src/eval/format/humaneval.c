/* HumanEval: "task_id", "prompt", "entry_point", "test". */
#include "eval/format.h"

static bool matches(const json_t *object)
{
    return json_object_get(object, "entry_point") && json_object_get(object, "test");
}

static struct slice as_it_is(const json_t *object, const char *key, struct arena *arena)
{
    const json_t *value = json_object_get(object, key);
    struct slice s = { json_string_value(value), json_string_length(value) };
    return arena_slice(arena, s);
}

/* It becomes part of a program. */
static bool is_name(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!letter && !(i > 0 && c >= '0' && c <= '9')) return false;
    }
    return s.len > 0;
}

static int read_object(struct eval_item *ret, const json_t *object, struct arena *arena,
                       struct err *err)
{
    struct slice checked;
    TRY(eval_string(&ret->id, object, "task_id", false, arena, err));
    TRY(eval_string(&ret->entry_point, object, "entry_point", true, arena, err));
    TRY(eval_string(&checked, object, "prompt", true, arena, err));
    TRY(eval_string(&checked, object, "test", true, arena, err));
    if (!is_name(ret->entry_point))
        return err_set(err, ERR_FORMAT, "\"entry_point\" is not the name of a function");
    ret->prompt = ret->question = as_it_is(object, "prompt", arena);
    ret->tests = as_it_is(object, "test", arena);
    return 0;
}

const struct eval_format eval_format_humaneval = {
    .name = "humaneval",
    .about = "HumanEval's JSONL: \"prompt\", \"entry_point\", \"test\"",
    .kind = EVAL_CODE,
    .matches = matches,
    .object = read_object,
};

/* HellaSwag: "ctx" (or "ctx_a" and "ctx_b"), "endings", "label", "activity_label". Text is tidied
 * as lm-evaluation-harness does: " [title]" ends a sentence, other brackets go, and of two spaces
 * one. */
#include "eval/format.h"

static bool matches(const json_t *object)
{
    return json_is_array(json_object_get(object, "endings"));
}

static char *add(char *to, const char *s, size_t len)
{
    memcpy(to, s, len);
    return to + len;
}

static struct slice tidy(struct slice s, struct arena *arena)
{
    s = slice_trim(s);
    char *out = arena_alloc(arena, s.len + 1), *to = out;
    if (!out) return SLICE("");
    for (size_t i = 0; i < s.len;) {
        struct slice rest = { s.ptr + i, s.len - i };
        size_t end = slice_find(rest, SLICE("]"));
        if (slice_starts(rest, SLICE(" [title]"))) {
            to = add(to, ". ", 2);
            i += 8;
        } else if (rest.ptr[0] == '[' && end < rest.len) {
            i += end + 1;
        } else {
            *to++ = s.ptr[i++];
        }
    }
    size_t n = (size_t)(to - out), kept = 0;
    for (size_t i = 0; i < n; i++, kept++) { /* Each pair of spaces becomes one. */
        out[kept] = out[i];
        if (out[i] == ' ' && i + 1 < n && out[i + 1] == ' ') i++;
    }
    return (struct slice){ out, kept };
}

static int read_context(struct slice *ret, const json_t *object, struct arena *arena,
                        struct err *err)
{
    struct slice a, b;
    if (!json_object_get(object, "ctx_a")) return eval_string(ret, object, "ctx", true, arena, err);
    TRY(eval_string(&a, object, "ctx_a", true, arena, err));
    TRY(eval_string(&b, object, "ctx_b", false, arena, err));
    char *text = arena_printf(arena, "%.*s %.*s", SLICE_FMT(a), SLICE_FMT(b));
    if (!text) return arena_check(arena, "a question", err);
    for (size_t i = 0; i < b.len; i++) { /* A capital, and the rest small: Python's capitalize. */
        char *c = &text[a.len + 1 + i];
        if (i == 0 && *c >= 'a' && *c <= 'z') *c = (char)(*c - 'a' + 'A');
        if (i > 0 && *c >= 'A' && *c <= 'Z') *c = (char)(*c - 'A' + 'a');
    }
    *ret = slice_of(text);
    return 0;
}

static int read_object(struct eval_item *ret, const json_t *object, struct arena *arena,
                       struct err *err)
{
    const json_t *endings = json_object_get(object, "endings");
    struct slice context, label;
    TRY(read_context(&context, object, arena, err));
    TRY(eval_string(&label, object, "activity_label", false, arena, err));
    TRY(eval_string(&ret->id, object, "ind", false, arena, err));
    ret->subject = label;
    const char *text = label.len
                           ? arena_printf(arena, "%.*s: %.*s", SLICE_FMT(label), SLICE_FMT(context))
                           : arena_printf(arena, "%.*s", SLICE_FMT(context));
    ret->question = ret->prompt = tidy(slice_of(text), arena);
    for (size_t i = 0; i < json_array_size(endings); i++) {
        const json_t *one = json_array_get(endings, i);
        TRY(eval_add_option(ret, SLICE(""), one, arena, err));
        struct eval_option *o = &ret->options[i];
        o->text = tidy(o->text, arena);
        if (o->text.len == 0) return err_set(err, ERR_FORMAT, "ending %zu is empty", i + 1);
    }
    TRY(eval_set_answer(ret, json_object_get(object, "label"), 0, err));
    return eval_finish_choice(ret, false, arena, err);
}

const struct eval_format eval_format_hellaswag = {
    .name = "hellaswag",
    .about = "HellaSwag's JSONL: \"ctx\", \"endings\", \"label\"",
    .kind = EVAL_CHOICE,
    .matches = matches,
    .object = read_object,
};

#include "eval/item.h"

#include "eval/format.h"

static const char *const kinds[] = { "choice", "code", "text" };

static void write_options(struct json_writer *w, const struct eval_item *item)
{
    json_key(w, "options");
    json_array_begin(w);
    for (uint32_t i = 0; i < item->n_options; i++) {
        const struct eval_option *o = &item->options[i];
        json_object_begin(w);
        json_member_slice(w, "label", o->label);
        json_member_slice(w, "text", o->text);
        json_member_slice(w, "continuation", o->continuation);
        json_object_end(w);
    }
    json_array_end(w);
    json_key(w, "answer");
    json_uint(w, item->answer);
}

void eval_item_write(struct json_writer *w, const struct eval_item *item)
{
    json_object_begin(w);
    json_member_slice(w, "kind", slice_of(kinds[item->kind]));
    json_member_slice(w, "id", item->id);
    json_member_slice(w, "subject", item->subject);
    json_member_slice(w, "question", item->question);
    json_member_slice(w, "prompt", item->prompt);
    if (item->kind == EVAL_CHOICE) write_options(w, item);
    if (item->kind == EVAL_CODE) {
        json_member_slice(w, "tests", item->tests);
        json_member_slice(w, "entry_point", item->entry_point);
    }
    if (item->kind == EVAL_TEXT) {
        json_key(w, "skip");
        json_uint(w, item->skip);
        json_key(w, "bytes");
        json_uint(w, item->bytes);
    }
    json_object_end(w);
}

/* As it stands: a prompt's spaces are its own. */
static struct slice text_of(const json_t *object, const char *key, struct arena *arena)
{
    const json_t *value = json_object_get(object, key);
    struct slice s = { json_string_value(value), json_string_length(value) };
    return s.ptr ? arena_slice(arena, s) : SLICE("");
}

static int read_options(struct eval_item *ret, const json_t *object, struct arena *arena,
                        struct err *err)
{
    const json_t *options = json_object_get(object, "options");
    size_t n = json_array_size(options);
    json_int_t answer = json_integer_value(json_object_get(object, "answer"));
    if (n < 2 || n > EVAL_OPTIONS_MAX || answer < 0 || (size_t)answer >= n)
        return err_set(err, ERR_FORMAT, "a kept question has no options");
    for (size_t i = 0; i < n; i++) {
        const json_t *o = json_array_get(options, i);
        ret->options[i] = (struct eval_option){ .label = text_of(o, "label", arena),
                                                .text = text_of(o, "text", arena),
                                                .continuation = text_of(o, "continuation", arena) };
    }
    ret->n_options = (uint32_t)n;
    ret->answer = (uint32_t)answer;
    return 0;
}

int eval_item_read(struct eval_item *ret, const json_t *object, struct arena *arena,
                   struct err *err)
{
    struct eval_item item = { 0 };
    const char *kind = json_string_value(json_object_get(object, "kind"));
    size_t k = 0;
    while (k < 3 && (!kind || strcmp(kind, kinds[k]) != 0)) k++;
    if (k == 3) return err_set(err, ERR_FORMAT, "a kept question has no kind");
    item.kind = (enum eval_kind)k;
    item.id = text_of(object, "id", arena);
    item.subject = text_of(object, "subject", arena);
    item.question = text_of(object, "question", arena);
    item.prompt = text_of(object, "prompt", arena);
    item.tests = text_of(object, "tests", arena);
    item.entry_point = text_of(object, "entry_point", arena);
    item.skip = (uint32_t)json_integer_value(json_object_get(object, "skip"));
    item.bytes = (uint32_t)json_integer_value(json_object_get(object, "bytes"));
    if (item.kind == EVAL_CHOICE) TRY(read_options(&item, object, arena, err));
    TRY(arena_check(arena, "a question", err));
    *ret = item;
    return 0;
}

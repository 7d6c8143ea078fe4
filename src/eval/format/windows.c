/* A text as windows of its model's own tokens: {"tokens": [ids], "skip": n, "bytes": b}: the first
 * `skip` are context only, the others spell `bytes` bytes. `tiro eval --text` makes them. */
#include "eval/format.h"

enum { WINDOW_TOKENS_MAX = 131072 };

static bool matches(const json_t *object)
{
    return json_is_array(json_object_get(object, "tokens"));
}

static int read_object(struct eval_item *ret, const json_t *object, struct arena *arena,
                       struct err *err)
{
    const json_t *tokens = json_object_get(object, "tokens");
    json_int_t skip = json_integer_value(json_object_get(object, "skip"));
    json_int_t bytes = json_integer_value(json_object_get(object, "bytes"));
    size_t n = json_array_size(tokens);
    if (n < 2 || n > WINDOW_TOKENS_MAX)
        return err_set(err, ERR_FORMAT, "\"tokens\" is a list of 2 to %d token ids",
                       WINDOW_TOKENS_MAX);
    if (skip < 1 || (size_t)skip >= n)
        return err_set(err, ERR_FORMAT, "\"skip\" is 1 or more, and less than the tokens");
    if (bytes < 0 || bytes > UINT32_MAX) return err_set(err, ERR_FORMAT, "\"bytes\" is a number");
    struct buf out;
    struct json_writer w;
    buf_init(&out, EVAL_ITEM_BYTES_MAX);
    json_writer_init(&w, &out);
    json_array_begin(&w);
    for (size_t i = 0; i < n; i++) {
        const json_t *id = json_array_get(tokens, i);
        json_int_t value = json_is_integer(id) ? json_integer_value(id) : -1;
        out.failed |= value < 0 || value > INT32_MAX;
        json_int(&w, value);
    }
    json_array_end(&w);
    bool failed = out.failed;
    ret->prompt = arena_slice(arena, buf_slice(&out));
    buf_release(&out);
    if (failed) return err_set(err, ERR_FORMAT, "\"tokens\" holds something that is no token id");
    ret->skip = (uint32_t)skip;
    ret->bytes = (uint32_t)bytes;
    ret->question = SLICE("");
    return 0;
}

const struct eval_format eval_format_windows = {
    .name = "windows",
    .about = "JSONL of token ids, for perplexity: \"tokens\", \"skip\", \"bytes\"",
    .kind = EVAL_TEXT,
    .matches = matches,
    .object = read_object,
};

#include "api/input.h"

#include "api/fan.h"

#include <inttypes.h>
#include <stdio.h>

const char input_schema[] =
    "{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"array\",\"minItems\":1,\"items\":"
    "{\"type\":\"string\"}},{\"type\":\"array\",\"minItems\":1,\"items\":{\"type\":\"integer\","
    "\"minimum\":0}},{\"type\":\"array\",\"minItems\":1,\"items\":{\"type\":\"array\","
    "\"minItems\":1,\"items\":{\"type\":\"integer\",\"minimum\":0}}}]}";

struct read {
    const struct input_rules *rules;
    const struct backend_model *model;
    struct arena *arena;
    bool keep; /* texts must outlive the document */
    struct err *err;
};

static int bad_type(const struct read *r, const char *path, const char *expected, const json_t *v)
{
    return err_param(r->err, ERR_INVALID_TYPE, path,
                     "Invalid type for '%s': expected %s, but got %s instead.", path, expected,
                     field_type_words(v));
}

static int read_token(uint32_t *ret, const json_t *value, const char *path, const struct read *r)
{
    if (!json_is_integer(value)) return bad_type(r, path, "an integer", value);
    int64_t token = json_integer_value(value);
    int64_t max = r->model->n_vocab ? (int64_t)r->model->n_vocab - 1 : INT32_MAX;
    if (token < 0)
        return err_param(
            r->err, ERR_INTEGER_BELOW_MIN, path,
            "Invalid '%s': integer below minimum value. Expected a value >= 0, but got "
            "%" PRId64 " instead.",
            path, token);
    if (token > max)
        return err_param(r->err, ERR_INTEGER_ABOVE_MAX, path,
                         "Invalid '%s': integer above maximum value. Expected a value <= %" PRId64
                         ", the last token of this model, but got %" PRId64 " instead.",
                         path, max, token);
    *ret = (uint32_t)token;
    return 0;
}

static int empty(const struct read *r, const char *path, const char *what)
{
    enum err_code code = what[0] == 's' ? ERR_STRING_TOO_SHORT : ERR_ARRAY_TOO_SHORT;
    const char *an = what[0] == 's' ? "a string" : "an array";
    return err_param(
        r->err, code, path,
        "Invalid '%s': empty %s. Expected %s with minimum length 1, but got an empty %s "
        "instead.",
        path, what, an, what);
}

static int read_text(struct input *ret, const json_t *value, const char *path, const struct read *r)
{
    if (!json_is_string(value)) return bad_type(r, path, "a string", value);
    struct slice text = { .ptr = json_string_value(value), .len = json_string_length(value) };
    if (text.len == 0 && !r->rules->empty_text) return empty(r, path, "string");
    if (r->keep) text = arena_slice(r->arena, text);
    ret->text = text;
    return arena_check(r->arena, "the request", r->err);
}

static int read_tokens(struct input *ret, const json_t *array, const char *path,
                       const struct read *r)
{
    size_t n = json_array_size(array);
    if (n == 0) return empty(r, path, "array");
    ret->tokens = ARENA_NEWS(r->arena, n, uint32_t);
    if (!ret->tokens) return arena_check(r->arena, "the request", r->err);
    ret->n_tokens = (uint32_t)n;
    for (size_t i = 0; i < n; i++) {
        char item[ERR_PARAM_MAX];
        (void)snprintf(item, sizeof item, "%.60s[%zu]", path, i);
        TRY(read_token(&ret->tokens[i], json_array_get(array, i), item, r));
    }
    return 0;
}

static int read_item(struct input *ret, const json_t *value, const char *path, bool lists,
                     const struct read *r)
{
    if (!lists) return read_text(ret, value, path, r);
    if (!json_is_array(value)) return bad_type(r, path, "an array of integers", value);
    return read_tokens(ret, value, path, r);
}

static int too_many(const struct read *r, size_t n)
{
    return err_param(r->err, ERR_ARRAY_TOO_LONG, r->rules->name,
                     "Invalid '%s': array too long. Expected an array with maximum length %zu, but "
                     "got an array with length %zu instead.",
                     r->rules->name, r->rules->n_max, n);
}

int input_read(struct input **ret, uint32_t *ret_n, const json_t *value,
               const struct input_rules *rules, const struct backend_model *model,
               struct call *call, struct err *err)
{
    const json_t *first = json_array_get(value, 0);
    bool one = !json_is_array(value) || json_is_integer(first);
    size_t n = one ? 1 : json_array_size(value);
    struct read r = { .rules = rules, .model = model, .err = err, .keep = n > FAN_WINDOW };
    r.arena = r.keep ? call->arena : call->scratch;
    if (n == 0) return empty(&r, rules->name, "array");
    if (n > rules->n_max) return too_many(&r, n);
    struct input *items = ARENA_NEWS(r.arena, n, struct input);
    if (!items) return arena_check(r.arena, "the request", err);
    if (one && json_is_array(value)) TRY(read_tokens(items, value, rules->name, &r));
    if (one && !json_is_array(value)) TRY(read_text(items, value, rules->name, &r));
    for (size_t i = 0; i < n && !one; i++) {
        char path[ERR_PARAM_MAX];
        (void)snprintf(path, sizeof path, "%.60s[%zu]", rules->name, i);
        TRY(read_item(&items[i], json_array_get(value, i), path, json_is_array(first), &r));
    }
    *ret = items;
    *ret_n = (uint32_t)n;
    return 0;
}

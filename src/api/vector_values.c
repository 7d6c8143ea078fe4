#include "api/vector_values.h"

#include "base/utf8.h"

#include <assert.h>
#include <stdio.h>

const char vector_attributes_schema[] =
    "{\"type\":\"object\",\"maxProperties\":16,\"additionalProperties\":{\"anyOf\":["
    "{\"type\":\"string\",\"maxLength\":512},{\"type\":\"number\"},{\"type\":\"boolean\"}]}}";
const char vector_metadata_schema[] =
    "{\"type\":\"object\",\"maxProperties\":16,\"additionalProperties\":"
    "{\"type\":\"string\",\"maxLength\":512}}";
const char vector_filter_schema[] =
    "{\"type\":\"object\",\"properties\":{\"type\":{\"enum\":[\"eq\",\"ne\",\"gt\",\"gte\",\"lt\","
    "\"lte\",\"in\",\"nin\",\"and\",\"or\"]},\"key\":{\"type\":\"string\"},\"value\":{},"
    "\"filters\":{\"type\":\"array\"}},\"required\":[\"type\"]}";

static size_t n_characters(const char *s, size_t len)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++) n += ((unsigned char)s[i] & 0xc0) != 0x80;
    return n;
}

/* ---- Attributes and metadata ---- */

static int check_label(const char *key, const json_t *value, bool texts_only, const char *path,
                       struct err *err)
{
    if (n_characters(key, strlen(key)) > LABEL_KEY_MAX)
        return err_param(err, ERR_STRING_TOO_LONG, path,
                         "Invalid '%s': a key is longer than %d characters.", path, LABEL_KEY_MAX);
    if (json_is_string(value)) {
        size_t n = n_characters(json_string_value(value), json_string_length(value));
        if (n <= LABEL_VALUE_MAX) return 0;
        return err_param(err, ERR_STRING_TOO_LONG, path,
                         "Invalid '%s.%.64s': string too long. Expected a string with maximum "
                         "length %d, but got a string with length %zu instead.",
                         path, key, LABEL_VALUE_MAX, n);
    }
    if (!texts_only && (json_is_number(value) || json_is_boolean(value))) return 0;
    return err_param(err, ERR_INVALID_TYPE, path,
                     "Invalid type for '%s.%.64s': expected %s, but got %s instead.", path, key,
                     texts_only ? "a string" : "a string, a number or a boolean",
                     field_type_words(value));
}

static int labels_text(struct slice *ret, const json_t *object, bool texts_only, const char *path,
                       struct arena *arena, struct err *err)
{
    const char *key;
    json_t *value, *all = (json_t *)(uintptr_t)object;
    *ret = SLICE("{}");
    if (!object) return 0;
    if (json_object_size(object) > LABELS_MAX)
        return err_param(err, ERR_ARRAY_TOO_LONG, path,
                         "Invalid '%s': too many properties. Expected an object with at most %d "
                         "properties, but got an object with %zu properties instead.",
                         path, LABELS_MAX, json_object_size(object));
    json_object_foreach(all, key, value) TRY(check_label(key, value, texts_only, path, err));
    return field_json_text(ret, object, arena, err);
}

int vector_metadata_text(struct slice *ret, const json_t *object, const char *path,
                         struct arena *arena, struct err *err)
{
    return labels_text(ret, object, true, path, arena, err);
}

int vector_attributes_text(struct slice *ret, const json_t *object, const char *path,
                           struct arena *arena, struct err *err)
{
    return labels_text(ret, object, false, path, arena, err);
}

static struct msg_value value_of(const json_t *value, struct arena *arena)
{
    if (json_is_string(value)) {
        struct slice text = { json_string_value(value), json_string_length(value) };
        return (struct msg_value){ .kind = MSG_VALUE_TEXT, .text = arena_slice(arena, text) };
    }
    if (json_is_boolean(value))
        return (struct msg_value){ .kind = MSG_VALUE_TRUTH, .number = json_is_true(value) };
    return (struct msg_value){ .kind = MSG_VALUE_NUMBER, .number = json_number_value(value) };
}

int vector_attributes_read(struct msg_attribute **ret, uint32_t *ret_n, struct slice json,
                           struct arena *arena, struct err *err)
{
    json_t *object, *value;
    const char *key;
    uint32_t n = 0;
    TRY(json_read(&object, json, &json_limits_request, "the attributes", err));
    *ret = ARENA_NEWS(arena, LABELS_MAX, struct msg_attribute);
    json_object_foreach(object, key, value)
    {
        if (!*ret || n == LABELS_MAX) break;
        (*ret)[n++] = (struct msg_attribute){ arena_slice(arena, slice_of(key)),
                                              value_of(value, arena) };
    }
    json_decref(object);
    *ret_n = n;
    return arena_check(arena, "the attributes", err);
}

/* ---- Filters ---- */

static const char *const ops[] = { "eq", "ne",  "gt",  "gte", "lt", "lte",
                                   "in", "nin", "and", "or",  NULL };

struct reading {
    struct msg_filter_step *steps; /* room for MSG_FILTER_STEPS_MAX */
    uint32_t n;
    struct arena *arena;
    struct err *err;
    char path[ERR_PARAM_MAX];
};

static int wrong_type(struct reading *r, const char *member, const char *expected,
                      const json_t *got)
{
    char path[ERR_PARAM_MAX];
    (void)snprintf(path, sizeof path, "%.*s.%s", (int)sizeof path - 24, r->path, member);
    if (!got)
        return err_param(r->err, ERR_MISSING_PARAMETER, path, "Missing required parameter: '%s'.",
                         path);
    return err_param(r->err, ERR_INVALID_TYPE, path,
                     "Invalid type for '%s': expected %s, but got %s instead.", path, expected,
                     field_type_words(got));
}

static int read_op(struct reading *r, uint32_t *ret, const json_t *object)
{
    const json_t *type = json_object_get(object, "type");
    if (!json_is_string(type)) return wrong_type(r, "type", "a string", type);
    for (*ret = 0; ops[*ret]; ++*ret)
        if (strcmp(json_string_value(type), ops[*ret]) == 0) return 0;
    return err_param(r->err, ERR_INVALID_VALUE, r->path,
                     "Invalid value: '%.40s'. Supported values of a filter's 'type' are: 'eq', "
                     "'ne', 'gt', 'gte', 'lt', 'lte', 'in', 'nin', 'and', and 'or'.",
                     json_string_value(type));
}

static int check_members(struct reading *r, const json_t *object, bool joins)
{
    const char *key;
    json_t *value, *all = (json_t *)(uintptr_t)object;
    json_object_foreach(all, key, value)
    {
        bool known = strcmp(key, "type") == 0 ||
                     (joins ? strcmp(key, "filters") == 0
                            : strcmp(key, "key") == 0 || strcmp(key, "value") == 0);
        if (!known)
            return err_param(r->err, ERR_UNKNOWN_PARAMETER, r->path,
                             "Unknown parameter: '%s.%.40s'.", r->path, key);
    }
    return 0;
}

static bool is_value(const json_t *value)
{
    return json_is_string(value) || json_is_number(value) || json_is_boolean(value);
}

static int read_values(struct reading *r, struct msg_filter_step *step, const json_t *value)
{
    bool list = step->op == MSG_FILTER_IN || step->op == MSG_FILTER_NIN;
    if (list ? !json_is_array(value) : !is_value(value))
        return wrong_type(r, "value", list ? "an array" : "a string, a number or a boolean", value);
    size_t n = list ? json_array_size(value) : 1;
    if (n > MSG_FILTER_VALUES_MAX)
        return err_param(r->err, ERR_ARRAY_TOO_LONG, r->path,
                         "Invalid '%s.value': array too long. Expected an array with maximum "
                         "length %d, but got an array with length %zu instead.",
                         r->path, MSG_FILTER_VALUES_MAX, n);
    step->values = ARENA_NEWS(r->arena, n + 1, struct msg_value);
    step->n_values = (uint32_t)n;
    for (size_t i = 0; step->values && i < n; i++) {
        const json_t *item = list ? json_array_get(value, i) : value;
        if (!is_value(item)) return wrong_type(r, "value", "strings or numbers", item);
        step->values[i] = value_of(item, r->arena);
        if (step->values[i].text.len > MSG_SHORT_TEXT_MAX)
            return err_param(r->err, ERR_STRING_TOO_LONG, r->path,
                             "Invalid '%s.value': string too long. No attribute has more than %d "
                             "characters.",
                             r->path, LABEL_VALUE_MAX);
    }
    return 0;
}

static int read_comparison(struct reading *r, struct msg_filter_step *step, const json_t *object)
{
    const json_t *key = json_object_get(object, "key");
    if (!json_is_string(key)) return wrong_type(r, "key", "a string", key);
    if (json_string_length(key) > MSG_NAME_MAX)
        return err_param(r->err, ERR_STRING_TOO_LONG, r->path,
                         "Invalid '%s.key': string too long. No attribute's key has more than %d "
                         "characters.",
                         r->path, LABEL_KEY_MAX);
    step->key = arena_slice(r->arena,
                            (struct slice){ json_string_value(key), json_string_length(key) });
    return read_values(r, step, json_object_get(object, "value"));
}

static int read_filter(struct reading *r, const json_t *object, int depth);

/* Each inner filter leaves its answer; the step takes them. */
static int read_inner(struct reading *r, struct msg_filter_step *step, const json_t *object,
                      int depth)
{
    const json_t *filters = json_object_get(object, "filters");
    if (!json_is_array(filters)) return wrong_type(r, "filters", "an array", filters);
    size_t n = json_array_size(filters), len = strlen(r->path);
    if (n == 0)
        return err_param(r->err, ERR_ARRAY_TOO_SHORT, r->path,
                         "Invalid '%s.filters': empty array. Expected an array with minimum "
                         "length 1, but got an empty array instead.",
                         r->path);
    for (size_t i = 0; i < n; i++) {
        /* A path that is cut still says where to look. */
        (void)snprintf(r->path + len, sizeof r->path - len, ".filters[%zu]", i);
        TRY(read_filter(r, json_array_get(filters, i), depth + 1));
        r->path[len] = '\0';
    }
    step->n_below = (uint32_t)n;
    return 0;
}

static int read_filter(struct reading *r, const json_t *object, int depth)
{
    struct msg_filter_step step = { 0 };
    if (depth > VECTOR_FILTER_DEPTH_MAX)
        return err_param(r->err, ERR_LIMIT, r->path,
                         "Invalid '%s': filters are nested more than %d deep.", r->path,
                         VECTOR_FILTER_DEPTH_MAX);
    if (!json_is_object(object))
        return err_param(r->err, ERR_INVALID_TYPE, r->path,
                         "Invalid type for '%s': expected an object, but got %s instead.", r->path,
                         field_type_words(object));
    TRY(read_op(r, &step.op, object));
    bool joins = step.op >= MSG_FILTER_AND;
    TRY(check_members(r, object, joins));
    if (joins)
        TRY(read_inner(r, &step, object, depth));
    else
        TRY(read_comparison(r, &step, object));
    if (r->n == MSG_FILTER_STEPS_MAX)
        return err_param(r->err, ERR_LIMIT, r->path,
                         "Invalid '%s': a filter has at most %d comparisons and joins.", r->path,
                         MSG_FILTER_STEPS_MAX);
    r->steps[r->n++] = step;
    return 0;
}

int vector_filter_read(struct msg_filter_step **ret, uint32_t *ret_n, const json_t *filter,
                       const char *path, struct arena *arena, struct err *err)
{
    struct reading r = { .arena = arena, .err = err };
    *ret = NULL;
    *ret_n = 0;
    if (!filter) return 0;
    assert(strlen(path) < sizeof r.path);
    (void)snprintf(r.path, sizeof r.path, "%s", path); /* Fits. */
    r.steps = ARENA_NEWS(arena, MSG_FILTER_STEPS_MAX, struct msg_filter_step);
    if (r.steps) TRY(read_filter(&r, filter, 1));
    *ret = r.steps;
    *ret_n = r.n;
    return arena_check(arena, "the filter", err);
}

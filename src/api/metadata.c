#include "api/metadata.h"

#include "api/field.h"

#include <stdio.h>

const char metadata_schema[] =
    "{\"type\":\"object\",\"maxProperties\":16,\"additionalProperties\":{\"type\":\"string\","
    "\"maxLength\":512}}";

static size_t n_characters(const char *text)
{
    size_t n = 0;
    for (; *text; text++) n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

static int check_pair(const char *key, const json_t *value, const char *param, struct err *err)
{
    char path[ERR_PARAM_MAX];
    size_t n = n_characters(key);
    (void)snprintf(path, sizeof path, "%.40s.%.64s", param, key);
    if (n > METADATA_KEY_MAX)
        return err_param(err, ERR_STRING_TOO_LONG, param,
                         "Invalid property name in '%s': '%.64s...' is too long. Expected a string "
                         "with maximum length %d, but got a string with length %zu instead.",
                         param, key, METADATA_KEY_MAX, n);
    if (!json_is_string(value))
        return err_param(err, ERR_INVALID_TYPE, path,
                         "Invalid type for '%s': expected a string, but got %s instead.", path,
                         field_type_words(value));
    n = n_characters(json_string_value(value));
    if (n > METADATA_VALUE_MAX)
        return err_param(err, ERR_STRING_TOO_LONG, path,
                         "Invalid '%s': string too long. Expected a string with maximum length %d, "
                         "but got a string with length %zu instead.",
                         path, METADATA_VALUE_MAX, n);
    return 0;
}

int metadata_check(const json_t *object, const char *param, struct err *err)
{
    json_t *all = (json_t *)(uintptr_t)object; /* Only read. */
    size_t n = json_object_size(object);
    if (n > METADATA_PAIRS_MAX)
        return err_param(err, ERR_ARRAY_TOO_LONG, param,
                         "Invalid '%s': too many properties. Expected an object with at most %d "
                         "properties, but got an object with %zu properties instead.",
                         param, METADATA_PAIRS_MAX, n);
    for (void *it = json_object_iter(all); it; it = json_object_iter_next(all, it))
        TRY(check_pair(json_object_iter_key(it), json_object_iter_value(it), param, err));
    return 0;
}

int metadata_fill(struct slice *ret, const json_t *object, const char *param, struct arena *arena,
                  struct err *err)
{
    TRY(metadata_check(object, param, err));
    if (object) return field_json_text(ret, object, arena, err);
    *ret = SLICE("{}");
    return 0;
}

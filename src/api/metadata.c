#include "api/metadata.h"

#include <stdio.h>

const char metadata_schema[] = "{\"type\":\"object\",\"maxProperties\":16,"
                               "\"additionalProperties\":{\"type\":\"string\",\"maxLength\":512}}";

static size_t n_characters(struct slice s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++) n += ((unsigned char)s.ptr[i] & 0xC0) != 0x80;
    return n;
}

static int check_length(struct slice s, size_t max, const char *path, const char *what,
                        struct err *err)
{
    size_t n = n_characters(s);
    if (n <= max) return 0;
    return err_param(err, ERR_STRING_TOO_LONG, path,
                     "Invalid '%s': %s too long. Expected a string with maximum length %zu, but "
                     "got a string with length %zu instead.",
                     path, what, max, n);
}

static int check_pair(const char *key, const json_t *value, const char *path, struct err *err)
{
    char place[ERR_PARAM_MAX];
    (void)snprintf(place, sizeof place, "%s.%.64s", path, key); /* May be cut. */
    TRY(check_length(slice_of(key), METADATA_KEY_MAX, path, "key", err));
    if (!json_is_string(value))
        return err_param(err, ERR_INVALID_TYPE, place,
                         "Invalid type for '%s': expected a string, but got %s instead.", place,
                         field_type_words(value));
    struct slice text = { json_string_value(value), json_string_length(value) };
    return check_length(text, METADATA_VALUE_MAX, place, "string", err);
}

int metadata_fill(struct slice *ret, const json_t *metadata, const char *path, struct arena *arena,
                  struct err *err)
{
    json_t *all = (json_t *)(uintptr_t)metadata; /* Only read. */
    if (json_object_size(all) > METADATA_PAIRS_MAX)
        return err_param(err, ERR_INVALID_VALUE, path,
                         "Invalid '%s': too many properties. Expected an object with at most %d "
                         "properties, but got an object with %zu properties instead.",
                         path, METADATA_PAIRS_MAX, json_object_size(all));
    for (void *it = json_object_iter(all); it; it = json_object_iter_next(all, it))
        TRY(check_pair(json_object_iter_key(it), json_object_iter_value(it), path, err));
    if (metadata) return field_json_text(ret, metadata, arena, err);
    *ret = SLICE("{}");
    return 0;
}

#include "api/field.h"

#include "base/utf8.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    PATH_MAX_LEN = ERR_PARAM_MAX,
    QUOTE_MAX = 64, /* bytes of a client's value that an error repeats */
};

struct parse {
    const char *path; /* of the object whose fields are read; "" for the body */
    struct arena *arena;
    struct err *err;
};

static void path_of(char out[PATH_MAX_LEN], const char *path, const char *name)
{
    (void)snprintf(out, PATH_MAX_LEN, "%.80s%s%.46s", path, path[0] ? "." : "", name);
}

static void path_item(char out[PATH_MAX_LEN], const char *path, size_t index)
{
    (void)snprintf(out, PATH_MAX_LEN, "%.100s[%zu]", path, index);
}

const char *field_type_words(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT: return "an object";
    case JSON_ARRAY: return "an array";
    case JSON_STRING: return "a string";
    case JSON_INTEGER: return "an integer";
    case JSON_REAL: return "a decimal";
    case JSON_TRUE:
    case JSON_FALSE: return "a boolean";
    case JSON_NULL: return "null";
    }
    return "something else";
}

static const char *expected_words(const struct field *f)
{
    static const char *const by_types[] = {
        [FIELD_TYPE_STRING] = "a string",
        [FIELD_TYPE_ARRAY] = "an array",
        [FIELD_TYPE_OBJECT] = "an object",
        [FIELD_TYPE_NUMBER] = "a decimal",
        [FIELD_TYPE_BOOL] = "a boolean",
        [FIELD_TYPE_STRING | FIELD_TYPE_ARRAY] = "one of a string or array",
        [FIELD_TYPE_STRING | FIELD_TYPE_OBJECT] = "one of a string or object",
    };
    switch (f->kind) {
    case FIELD_KIND_BOOL: return "a boolean";
    case FIELD_KIND_INT: return "an integer";
    case FIELD_KIND_NUMBER: return "a decimal";
    case FIELD_KIND_STRING:
    case FIELD_KIND_ENUM: return "a string";
    case FIELD_KIND_STRINGS: return "one of a string or array of strings";
    case FIELD_KIND_OBJECT: return "an object";
    case FIELD_KIND_OBJECTS: return "an array of objects";
    case FIELD_KIND_CONTENT: return "one of a string or array of objects";
    case FIELD_KIND_JSON:
        if (f->types < sizeof by_types / sizeof *by_types && by_types[f->types])
            return by_types[f->types];
        break;
    case FIELD_KIND_END:
    case FIELD_KIND_INCLUDE: break;
    }
    return "another type";
}

static struct slice string_of(const json_t *value)
{
    return (struct slice){ .ptr = json_string_value(value), .len = json_string_length(value) };
}

static int bad_type(const struct field *f, const char *path, const char *expected,
                    const json_t *value, struct err *err)
{
    bool decimal_for_int = f->kind == FIELD_KIND_INT && json_is_real(value);
    return err_param(err, ERR_INVALID_TYPE, path,
                     "Invalid type for '%s': expected %s, but got %s instead.", path, expected,
                     decimal_for_int ? "a decimal number" : field_type_words(value));
}

static int parse_int(struct field_int *ret, const struct field *f, const char *path,
                     const json_t *value, struct err *err)
{
    if (!json_is_integer(value)) return bad_type(f, path, expected_words(f), value, err);
    int64_t v = json_integer_value(value);
    bool limited = f->range.min != 0 || f->range.max != 0;
    if (limited && (double)v < f->range.min)
        return err_param(
            err, ERR_INTEGER_BELOW_MIN, path,
            "Invalid '%s': integer below minimum value. Expected a value >= %.15g, but "
            "got %" PRId64 " instead.",
            path, f->range.min, v);
    if (limited && (double)v > f->range.max)
        return err_param(
            err, ERR_INTEGER_ABOVE_MAX, path,
            "Invalid '%s': integer above maximum value. Expected a value <= %.15g, but "
            "got %" PRId64 " instead.",
            path, f->range.max, v);
    *ret = (struct field_int){ .value = v, .given = true };
    return 0;
}

static int parse_number(struct field_number *ret, const struct field *f, const char *path,
                        const json_t *value, struct err *err)
{
    if (!json_is_number(value)) return bad_type(f, path, expected_words(f), value, err);
    double v = json_number_value(value);
    bool limited = f->range.min != 0 || f->range.max != 0;
    if (limited && v < f->range.min)
        return err_param(
            err, ERR_DECIMAL_BELOW_MIN, path,
            "Invalid '%s': decimal below minimum value. Expected a value >= %.15g, but "
            "got %.15g instead.",
            path, f->range.min, v);
    if (limited && v > f->range.max)
        return err_param(
            err, ERR_DECIMAL_ABOVE_MAX, path,
            "Invalid '%s': decimal above maximum value. Expected a value <= %.15g, but "
            "got %.15g instead.",
            path, f->range.max, v);
    *ret = (struct field_number){ .value = v, .given = true };
    return 0;
}

static int check_string(struct slice s, size_t len_min, size_t len_max, const char *path,
                        struct err *err)
{
    if (s.len < len_min)
        return err_param(err, ERR_STRING_TOO_SHORT, path,
                         "Invalid '%s': %s. Expected a string with minimum length %zu, but got %s "
                         "instead.",
                         path, s.len ? "string too short" : "empty string", len_min,
                         s.len ? "a shorter one" : "an empty string");
    if (len_max && s.len > len_max)
        return err_param(
            err, ERR_STRING_TOO_LONG, path,
            "Invalid '%s': string too long. Expected a string with maximum length %zu, "
            "but got a string with length %zu instead.",
            path, len_max, s.len);
    return 0;
}

static int check_count(size_t n, const struct field *f, const char *path, struct err *err)
{
    if (n < f->len_min && n == 0)
        return err_param(
            err, ERR_ARRAY_TOO_SHORT, path,
            "Invalid '%s': empty array. Expected an array with minimum length %zu, but "
            "got an empty array instead.",
            path, f->len_min);
    if (n < f->len_min)
        return err_param(
            err, ERR_ARRAY_TOO_SHORT, path,
            "Invalid '%s': array too short. Expected an array with minimum length %zu, "
            "but got an array with length %zu instead.",
            path, f->len_min, n);
    if (f->len_max && n > f->len_max)
        return err_param(err, ERR_ARRAY_TOO_LONG, path,
                         "Invalid '%s': array too long. Expected an array with maximum length %zu, "
                         "but got an array with length %zu instead.",
                         path, f->len_max, n);
    return 0;
}

static int parse_string(struct field_string *ret, const struct field *f, const char *path,
                        const json_t *value, struct err *err)
{
    if (!json_is_string(value)) return bad_type(f, path, expected_words(f), value, err);
    struct slice s = string_of(value);
    TRY(check_string(s, f->len_min, f->len_max, path, err));
    *ret = (struct field_string){ .value = s, .given = true };
    return 0;
}

/* "'a', 'b', and 'c'" */
static void list_names(char *out, size_t size, const char *const *names)
{
    size_t n = 0, at = 0;
    while (names[n]) n++;
    out[0] = '\0';
    for (size_t i = 0; i < n && at < size; i++) {
        const char *before = i == 0 ? "" : i + 1 < n ? ", " : n == 2 ? " and " : ", and ";
        int wrote = snprintf(out + at, size - at, "%s'%s'", before, names[i]);
        at += wrote > 0 ? (size_t)wrote : 0;
    }
}

static int parse_enum(struct field_enum *ret, const struct field *f, const char *path,
                      const json_t *value, struct err *err)
{
    if (!json_is_string(value)) return bad_type(f, path, expected_words(f), value, err);
    struct slice s = string_of(value);
    for (int i = 0; f->names[i]; i++) {
        if (!slice_is(s, f->names[i])) continue;
        *ret = (struct field_enum){ .value = i, .given = true };
        return 0;
    }
    char names[400];
    list_names(names, sizeof names, f->names);
    return err_param(err, ERR_INVALID_VALUE, path,
                     "Invalid value: '%.*s'. Supported values are: %s.",
                     (int)(s.len < QUOTE_MAX ? s.len : QUOTE_MAX), s.ptr, names);
}

static int parse_strings(struct field_strings *ret, const struct field *f, const char *path,
                         const json_t *value, const struct parse *p)
{
    if (!json_is_string(value) && !json_is_array(value))
        return bad_type(f, path, expected_words(f), value, p->err);
    bool one = json_is_string(value);
    size_t n = one ? 1 : json_array_size(value);
    if (!one) TRY(check_count(n, f, path, p->err));
    struct slice *items = ARENA_NEWS(p->arena, n ? n : 1, struct slice);
    if (!items) return arena_check(p->arena, "the request", p->err);
    for (size_t i = 0; i < n; i++) {
        char item[PATH_MAX_LEN];
        if (one)
            (void)snprintf(item, sizeof item, "%s", path);
        else
            path_item(item, path, i);
        const json_t *v = one ? value : json_array_get(value, i);
        if (!json_is_string(v)) return bad_type(f, item, "a string", v, p->err);
        items[i] = string_of(v);
        TRY(check_string(items[i], 0, f->item_len_max, item, p->err));
    }
    *ret = (struct field_strings){ .items = items, .n = n, .given = true };
    return 0;
}

static int parse_object(void **ret, const struct field *f, const char *path, const json_t *value,
                        const struct parse *p)
{
    if (!json_is_object(value)) return bad_type(f, path, expected_words(f), value, p->err);
    void *object = arena_alloc(p->arena, f->size);
    if (!object) return arena_check(p->arena, "the request", p->err);
    TRY(fields_parse(object, f->fields, value, path, p->arena, p->err));
    *ret = object;
    return 0;
}

static int parse_objects(void **ret, size_t *ret_n, const struct field *f, const char *path,
                         const json_t *value, const struct parse *p)
{
    if (!json_is_array(value)) return bad_type(f, path, expected_words(f), value, p->err);
    size_t n = json_array_size(value);
    TRY(check_count(n, f, path, p->err));
    char *items = arena_array(p->arena, n ? n : 1, f->size);
    if (!items) return arena_check(p->arena, "the request", p->err);
    for (size_t i = 0; i < n; i++) {
        char item[PATH_MAX_LEN];
        path_item(item, path, i);
        const json_t *v = json_array_get(value, i);
        if (!json_is_object(v)) return bad_type(f, item, "an object", v, p->err);
        TRY(fields_parse(items + i * f->size, f->fields, v, item, p->arena, p->err));
    }
    *ret = items;
    *ret_n = n;
    return 0;
}

static int parse_content(struct field_content *ret, const struct field *f, const char *path,
                         const json_t *value, const struct parse *p)
{
    struct field_content content = { .given = true };
    if (json_is_string(value)) {
        content.is_text = true;
        content.text = string_of(value);
    } else {
        TRY(parse_objects(&content.items, &content.n, f, path, value, p));
    }
    *ret = content;
    return 0;
}

static int parse_json(struct field_json *ret, const struct field *f, const char *path,
                      const json_t *value, struct err *err)
{
    unsigned type = json_is_string(value)    ? FIELD_TYPE_STRING
                    : json_is_array(value)   ? FIELD_TYPE_ARRAY
                    : json_is_object(value)  ? FIELD_TYPE_OBJECT
                    : json_is_number(value)  ? FIELD_TYPE_NUMBER
                    : json_is_boolean(value) ? FIELD_TYPE_BOOL
                                             : 0;
    if (!(f->types & type)) return bad_type(f, path, expected_words(f), value, err);
    if (json_is_array(value)) TRY(check_count(json_array_size(value), f, path, err));
    *ret = (struct field_json){ .value = value, .given = true };
    return 0;
}

/* Whether the row's list of harmless values holds this one; else the error. */
static int check_only(const struct field *f, const char *path, const json_t *value, struct err *err)
{
    json_t *allowed = json_loads(f->only, JSON_DECODE_ANY, NULL);
    if (!allowed) return err_set(err, ERR_NO_MEMORY, "no memory to check '%s'", path);
    bool found = false;
    for (size_t i = 0; i < json_array_size(allowed) && !found; i++)
        found = json_equal(json_array_get(allowed, i), value);
    bool any = json_array_size(allowed) > 0;
    json_decref(allowed);
    if (found) return 0;
    const char *instead = f->instead ? f->instead : "";
    if (!any)
        return err_param(err, ERR_UNSUPPORTED_PARAMETER, path,
                         "Unsupported parameter: '%s' is not supported by this server.%s%s", path,
                         instead[0] ? " " : "", instead);
    struct buf text;
    struct json_writer w;
    buf_init(&text, QUOTE_MAX);
    json_writer_init(&w, &text);
    json_value(&w, value);
    int result = err_param(err, ERR_UNSUPPORTED_VALUE, path,
                           "Unsupported value: '%s' does not support %s on this server.%s%s", path,
                           text.failed ? "this value" : buf_str(&text), instead[0] ? " " : "",
                           instead);
    buf_release(&text);
    return result;
}

static int parse_value(void *at, const struct field *f, const char *path, const json_t *value,
                       const struct parse *p)
{
    switch (f->kind) {
    case FIELD_KIND_BOOL:
        if (!json_is_boolean(value)) return bad_type(f, path, expected_words(f), value, p->err);
        *(struct field_bool *)at = (struct field_bool){ .value = json_is_true(value),
                                                        .given = true };
        return 0;
    case FIELD_KIND_INT: return parse_int(at, f, path, value, p->err);
    case FIELD_KIND_NUMBER: return parse_number(at, f, path, value, p->err);
    case FIELD_KIND_STRING: return parse_string(at, f, path, value, p->err);
    case FIELD_KIND_ENUM: return parse_enum(at, f, path, value, p->err);
    case FIELD_KIND_STRINGS: return parse_strings(at, f, path, value, p);
    case FIELD_KIND_CONTENT: return parse_content(at, f, path, value, p);
    case FIELD_KIND_JSON: return parse_json(at, f, path, value, p->err);
    case FIELD_KIND_OBJECT: {
        struct field_object *object = at;
        TRY(parse_object(&object->value, f, path, value, p));
        object->given = true;
        return 0;
    }
    case FIELD_KIND_OBJECTS: {
        struct field_objects *objects = at;
        TRY(parse_objects(&objects->items, &objects->n, f, path, value, p));
        objects->given = true;
        return 0;
    }
    case FIELD_KIND_END:
    case FIELD_KIND_INCLUDE: break;
    }
    assert(!"a row without a kind");
    return -(int)ERR_INTERNAL;
}

/* A default is JSON; those of strings have no escapes. */
static struct slice unquoted(const char *json)
{
    return (struct slice){ json + 1, strlen(json) - 2 };
}

static void set_default(void *at, const struct field *f)
{
    if (f->kind == FIELD_KIND_ENUM) ((struct field_enum *)at)->value = -1;
    if (!f->def) return;
    switch (f->kind) {
    case FIELD_KIND_BOOL: ((struct field_bool *)at)->value = f->def[0] == 't'; break;
    case FIELD_KIND_INT: ((struct field_int *)at)->value = strtoll(f->def, NULL, 10); break;
    case FIELD_KIND_NUMBER: ((struct field_number *)at)->value = strtod(f->def, NULL); break;
    case FIELD_KIND_STRING: ((struct field_string *)at)->value = unquoted(f->def); break;
    case FIELD_KIND_ENUM: {
        struct slice name = unquoted(f->def);
        for (int i = 0; f->names[i]; i++)
            if (slice_is(name, f->names[i])) ((struct field_enum *)at)->value = i;
        break;
    }
    default: break; /* The others have no default but "absent". */
    }
}

static int parse_rows(void *ret, const struct field *rows, const json_t *object,
                      const struct parse *p)
{
    for (const struct field *f = rows; f->kind != FIELD_KIND_END; f++) {
        void *at = (char *)ret + f->offset;
        if (f->kind == FIELD_KIND_INCLUDE) {
            TRY(parse_rows(at, f->fields, object, p));
            continue;
        }
        set_default(at, f);
        const json_t *value = json_object_get(object, f->name);
        char path[PATH_MAX_LEN];
        if (!value && !f->required) continue;
        path_of(path, p->path, f->name);
        if (!value) return field_missing(path, p->err);
        if (json_is_null(value) && !f->required && !f->not_null) continue;
        if (json_is_null(value)) return bad_type(f, path, expected_words(f), value, p->err);
        TRY(parse_value(at, f, path, value, p));
        if (f->only) TRY(check_only(f, path, value, p->err));
    }
    return 0;
}

static bool knows(const struct field *rows, const char *name)
{
    struct field_walk walk;
    field_walk_init(&walk, rows);
    for (const struct field *f; (f = field_walk_next(&walk));)
        if (strcmp(f->name, name) == 0) return true;
    return false;
}

int fields_parse(void *ret, const struct field *fields, const json_t *object, const char *path,
                 struct arena *arena, struct err *err)
{
    assert(json_is_object(object));
    void *iter = json_object_iter((json_t *)(uintptr_t)object);
    for (; iter; iter = json_object_iter_next((json_t *)(uintptr_t)object, iter)) {
        const char *name = json_object_iter_key(iter);
        if (knows(fields, name)) continue;
        char full[PATH_MAX_LEN];
        path_of(full, path, name);
        return err_param(err, ERR_UNKNOWN_PARAMETER, full,
                         "Unrecognized request argument supplied: %s", full);
    }
    struct parse p = { .path = path, .arena = arena, .err = err };
    return parse_rows(ret, fields, object, &p);
}

struct slice field_keep_string(const struct field_string *field, struct arena *arena)
{
    return field->value.ptr ? arena_slice(arena, field->value) : SLICE("");
}

int field_keep_text(struct slice *ret, struct buf *text, struct arena *arena, struct err *err)
{
    bool failed = text->failed; /* No memory: the limit is never reached. */
    if (!failed) *ret = arena_slice(arena, buf_slice(text));
    buf_release(text);
    if (failed) return err_set(err, ERR_NO_MEMORY, "There is no memory for the request.");
    return arena_check(arena, "the request", err);
}

int field_json_text(struct slice *ret, const json_t *value, struct arena *arena, struct err *err)
{
    struct buf text;
    struct json_writer w;
    buf_init(&text, FIELD_TEXT_MAX);
    json_writer_init(&w, &text);
    json_value(&w, value);
    return field_keep_text(ret, &text, arena, err);
}

int field_missing(const char *path, struct err *err)
{
    return err_param(err, ERR_MISSING_PARAMETER, path, "Missing required parameter: '%s'.", path);
}

int field_misplaced(const char *path, const char *type, struct err *err)
{
    return err_param(err, ERR_UNKNOWN_PARAMETER, path,
                     "Unrecognized request argument supplied: %s. It belongs to the type '%s'.",
                     path, type);
}

int field_check_name(struct slice name, const char *param, struct err *err)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
            c == '_' || c == '-')
            continue;
        return err_param(err, ERR_INVALID_VALUE, param,
                         "Invalid '%s': string does not match pattern. Expected a string that "
                         "matches the pattern '^[a-zA-Z0-9_-]+$'.",
                         param);
    }
    return 0;
}

void field_walk_init(struct field_walk *walk, const struct field *fields)
{
    walk->rows[0] = fields;
    walk->depth = 0;
}

const struct field *field_walk_next(struct field_walk *walk)
{
    for (;;) {
        const struct field *f = walk->rows[walk->depth]++;
        if (f->kind == FIELD_KIND_INCLUDE) {
            assert(walk->depth + 1 < (int)(sizeof walk->rows / sizeof *walk->rows));
            walk->rows[++walk->depth] = f->fields;
        } else if (f->kind != FIELD_KIND_END) {
            return f;
        } else if (walk->depth-- == 0) {
            walk->depth = 0;
            walk->rows[0]--; /* Stays at the end. */
            return NULL;
        }
    }
}

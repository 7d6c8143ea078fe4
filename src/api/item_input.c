#include "api/item_input.h"

#include "api/prompt_files.h"
#include "api/reply.h"

#include <stdio.h>

enum { TYPES_SHOWN_MAX = 300, QUOTE_MAX = 64, SEARCH_QUERIES_MAX = 64 };

/* ---- Parts of content ---- */

enum part_place {
    IN_INPUT = 1,   /* a message of the user, system or developer; the output of a tool */
    IN_OUTPUT = 2,  /* a message of the assistant */
    IN_SUMMARY = 4, /* of thoughts */
    IN_THOUGHTS = 8,
};

struct part_req {
    struct field_string type, text, refusal, image_url, file_id, filename, file_data, file_url;
    struct field_enum detail;
    struct field_json annotations, logprobs, prompt_cache_breakpoint;
};

static const char *const details[] = { "low", "high", "auto", "original", NULL };

#define PART_TYPE FIELD_STRING(struct part_req, type, .required = true)
#define PART_BREAKPOINT                                                              \
    FIELD_JSON(struct part_req, prompt_cache_breakpoint, .types = FIELD_TYPE_OBJECT, \
               .ignored = true)

static const struct field input_text_fields[] = {
    PART_TYPE,
    FIELD_STRING(struct part_req, text, .required = true),
    PART_BREAKPOINT,
    FIELDS_END,
};

static const struct field text_fields[] = {
    PART_TYPE,
    FIELD_STRING(struct part_req, text, .required = true),
    FIELDS_END,
};

static const struct field output_text_fields[] = {
    PART_TYPE,
    FIELD_STRING(struct part_req, text, .required = true),
    FIELD_JSON(struct part_req, annotations, .types = FIELD_TYPE_ARRAY),
    FIELD_JSON(struct part_req, logprobs, .types = FIELD_TYPE_ARRAY),
    FIELDS_END,
};

static const struct field refusal_fields[] = {
    PART_TYPE,
    FIELD_STRING(struct part_req, refusal, .required = true),
    FIELDS_END,
};

static const struct field image_fields[] = {
    PART_TYPE,
    FIELD_STRING(struct part_req, image_url),
    FIELD_STRING(struct part_req, file_id),
    FIELD_ENUM(struct part_req, detail, .names = details),
    PART_BREAKPOINT,
    FIELDS_END,
};

static const struct field file_fields[] = {
    PART_TYPE,
    FIELD_STRING(struct part_req, file_id),
    FIELD_STRING(struct part_req, filename),
    FIELD_STRING(struct part_req, file_data),
    FIELD_STRING(struct part_req, file_url),
    FIELD_ENUM(struct part_req, detail, .names = details),
    PART_BREAKPOINT,
    FIELDS_END,
};

static const struct part_shape {
    const char *type;
    unsigned places; /* enum part_place */
    const struct field *fields;
    const char *defaults[2][2]; /* what a reader expects to be there: name, JSON */
} part_shapes[] = {
    { "input_text", IN_INPUT, input_text_fields, { { NULL } } },
    { "input_image", IN_INPUT, image_fields, { { "detail", "\"auto\"" } } },
    { "input_file", IN_INPUT, file_fields, { { NULL } } },
    { "output_text",
      IN_OUTPUT,
      output_text_fields,
      { { "annotations", "[]" }, { "logprobs", "[]" } } },
    { "refusal", IN_OUTPUT, refusal_fields, { { NULL } } },
    { "summary_text", IN_SUMMARY, text_fields, { { NULL } } },
    { "reasoning_text", IN_THOUGHTS, text_fields, { { NULL } } },
};
enum { N_PART_SHAPES = sizeof part_shapes / sizeof *part_shapes };

static struct slice text_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return (struct slice){ json_string_value(value), json_string_length(value) };
}

static const struct part_shape *find_part(struct slice type)
{
    for (size_t i = 0; i < N_PART_SHAPES; i++)
        if (slice_is(type, part_shapes[i].type)) return &part_shapes[i];
    return NULL;
}

static int refuse_part(struct slice type, enum part_place place, const char *path, struct err *err)
{
    char names[TYPES_SHOWN_MAX] = "", at[ERR_PARAM_MAX];
    size_t n = 0;
    for (size_t i = 0; i < N_PART_SHAPES; i++)
        if (part_shapes[i].places & place)
            n += (size_t)snprintf(names + n, sizeof names - n, "%s'%s'", n ? ", " : "",
                                  part_shapes[i].type); /* All of them fit. */
    (void)snprintf(at, sizeof at, "%.100s.type", path); /* May be cut. */
    return err_param(
        err, ERR_INVALID_VALUE, at, "Invalid value: '%.*s'. Supported values here are: %s.",
        (int)(type.len < QUOTE_MAX ? type.len : QUOTE_MAX), type.ptr ? type.ptr : "", names);
}

static int check_part(const json_t *part, enum part_place place, const char *path,
                      struct arena *arena, struct err *err)
{
    struct part_req req = { 0 };
    if (!json_is_object(part))
        return err_param(err, ERR_INVALID_TYPE, path,
                         "Invalid type for '%s': expected an object, but got %s instead.", path,
                         field_type_words(part));
    const struct part_shape *kind = find_part(text_of(part, "type"));
    if (!kind || !(kind->places & place))
        return refuse_part(text_of(part, "type"), place, path, err);
    TRY(fields_parse(&req, kind->fields, part, path, arena, err));
    return kind->fields == file_fields ? prompt_file_check(part, path, err) : 0;
}

static int check_parts(const json_t *parts, enum part_place place, const char *path,
                       const char *name, struct arena *arena, struct err *err)
{
    for (size_t i = 0; json_is_array(parts) && i < json_array_size(parts); i++) {
        char at[ERR_PARAM_MAX];
        (void)snprintf(at, sizeof at, "%.80s.%s[%zu]", path, name, i); /* May be cut. */
        TRY(check_part(json_array_get(parts, i), place, at, arena, err));
    }
    return 0;
}

/* ---- Items ---- */

struct item_req {
    struct field_string id, type, call_id, name, namespace, arguments, input, encrypted_content;
    struct field_enum role, status, phase;
    struct field_json content, output, summary, queries, results, caller;
    struct field_json abc, ok, tunes, voices, bars, notes, headers, issues, issues_left_out;
};

static const char *const roles[] = { "user", "assistant", "system", "developer", NULL };
enum { ROLE_ASSISTANT = 1 };
static const char *const statuses[] = { "in_progress", "completed", "incomplete", NULL };
static const char *const search_statuses[] = { "in_progress", "searching", "completed",
                                               "incomplete",  "failed",    NULL };
static const char *const phases[] = { "commentary", "final_answer", NULL };

#define ITEM_HEAD                        \
    FIELD_STRING(struct item_req, type), \
        FIELD_STRING(struct item_req, id, .len_min = 1, .len_max = ITEM_INPUT_ID_MAX)
#define ITEM_STATUS FIELD_ENUM(struct item_req, status, .names = statuses)
#define ITEM_CALL \
    FIELD_STRING(struct item_req, call_id, .required = true, .len_min = 1, .len_max = 64)
#define ITEM_NAME \
    FIELD_STRING(struct item_req, name, .required = true, .len_min = 1, .len_max = 128)
#define ITEM_ORIGIN                                                        \
    FIELD_STRING(struct item_req, namespace, .len_min = 1, .len_max = 64), \
        FIELD_JSON(struct item_req, caller, .types = FIELD_TYPE_OBJECT)

static const struct field message_item_fields[] = {
    ITEM_HEAD,
    ITEM_STATUS,
    FIELD_ENUM(struct item_req, role, .required = true, .names = roles),
    FIELD_JSON(struct item_req, content, .required = true,
               .types = FIELD_TYPE_STRING | FIELD_TYPE_ARRAY),
    FIELD_ENUM(struct item_req, phase, .names = phases),
    FIELDS_END,
};

static const struct field function_call_fields[] = {
    ITEM_HEAD,  ITEM_STATUS, ITEM_CALL,
    ITEM_NAME,  ITEM_ORIGIN, FIELD_STRING(struct item_req, arguments, .required = true),
    FIELDS_END,
};

static const struct field custom_call_fields[] = {
    ITEM_HEAD,  ITEM_STATUS, ITEM_CALL,
    ITEM_NAME,  ITEM_ORIGIN, FIELD_STRING(struct item_req, input, .required = true),
    FIELDS_END,
};

static const struct field call_output_fields[] = {
    ITEM_HEAD,
    ITEM_STATUS,
    ITEM_CALL,
    FIELD_STRING(struct item_req, name, .len_min = 1, .len_max = 128),
    ITEM_ORIGIN,
    FIELD_JSON(struct item_req, output, .required = true,
               .types = FIELD_TYPE_STRING | FIELD_TYPE_ARRAY),
    FIELDS_END,
};

static const struct field reasoning_fields[] = {
    ITEM_HEAD,
    ITEM_STATUS,
    FIELD_JSON(struct item_req, summary, .required = true, .types = FIELD_TYPE_ARRAY),
    FIELD_JSON(struct item_req, content, .types = FIELD_TYPE_ARRAY),
    FIELD_STRING(struct item_req, encrypted_content),
    FIELDS_END,
};

static const struct field compaction_fields[] = {
    ITEM_HEAD,
    FIELD_STRING(struct item_req, encrypted_content, .required = true),
    FIELDS_END,
};

static const struct field file_search_fields[] = {
    ITEM_HEAD,
    FIELD_ENUM(struct item_req, status, .names = search_statuses),
    FIELD_JSON(struct item_req, queries, .required = true, .types = FIELD_TYPE_ARRAY,
               .len_max = SEARCH_QUERIES_MAX),
    FIELD_JSON(struct item_req, results, .types = FIELD_TYPE_ARRAY),
    FIELDS_END,
};

static const char *const check_statuses[] = { "in_progress", "checking", "completed",
                                              "incomplete",  "failed",   NULL };

static const struct field abc_check_fields[] = {
    ITEM_HEAD,
    FIELD_ENUM(struct item_req, status, .names = check_statuses),
    FIELD_JSON(struct item_req, abc, .types = FIELD_TYPE_STRING),
    FIELD_JSON(struct item_req, ok, .types = FIELD_TYPE_BOOL),
    FIELD_JSON(struct item_req, tunes, .types = FIELD_TYPE_NUMBER),
    FIELD_JSON(struct item_req, voices, .types = FIELD_TYPE_NUMBER),
    FIELD_JSON(struct item_req, bars, .types = FIELD_TYPE_NUMBER),
    FIELD_JSON(struct item_req, notes, .types = FIELD_TYPE_NUMBER),
    FIELD_JSON(struct item_req, headers, .types = FIELD_TYPE_ARRAY),
    FIELD_JSON(struct item_req, issues, .types = FIELD_TYPE_ARRAY),
    FIELD_JSON(struct item_req, issues_left_out, .types = FIELD_TYPE_NUMBER),
    FIELDS_END,
};

struct item_kind {
    const char *type, *prefix;
    bool has_status;
    const struct field *fields;
};

static const struct item_kind item_kinds[] = {
    { "message", "msg_", true, message_item_fields },
    { "function_call", "fc_", true, function_call_fields },
    { "function_call_output", "fco_", true, call_output_fields },
    { "custom_tool_call", "ctc_", true, custom_call_fields },
    { "custom_tool_call_output", "ctco_", true, call_output_fields },
    { "reasoning", "rs_", true, reasoning_fields },
    { "compaction", "cmp_", false, compaction_fields },
    { "file_search_call", "fs_", true, file_search_fields },
    { "tiro_abc_check_call", "abc_", true, abc_check_fields },
};
enum { N_ITEM_KINDS = sizeof item_kinds / sizeof *item_kinds };

const char *item_input_id_prefix(const struct item_kind *kind)
{
    return kind->prefix;
}

static int find_kind(const struct item_kind **ret, const json_t *item, const char *path,
                     struct err *err)
{
    char names[TYPES_SHOWN_MAX] = "", at[ERR_PARAM_MAX];
    const json_t *type = json_object_get(item, "type");
    struct slice name = !type || json_is_null(type) ? SLICE("message") : text_of(item, "type");
    size_t n = 0;
    for (size_t i = 0; i < N_ITEM_KINDS; i++) {
        n += (size_t)snprintf(names + n, sizeof names - n, "%s'%s'", i ? ", " : "",
                              item_kinds[i].type); /* All of them fit. */
        if (!slice_is(name, item_kinds[i].type)) continue;
        *ret = &item_kinds[i];
        return 0;
    }
    (void)snprintf(at, sizeof at, "%.100s.type", path); /* May be cut. */
    if (slice_is(name, "item_reference"))
        return err_param(err, ERR_UNSUPPORTED_VALUE, at,
                         "Unsupported value: '%s' does not support 'item_reference' on this "
                         "server. Give the item itself.",
                         at);
    return err_param(err, ERR_INVALID_VALUE, at, "Invalid value: '%.*s'. Supported values are: %s.",
                     (int)(name.len < QUOTE_MAX ? name.len : QUOTE_MAX), name.ptr ? name.ptr : "",
                     names);
}

static int check_strings(const struct field_json *list, const char *path, const char *name,
                         struct err *err)
{
    for (size_t i = 0; i < json_array_size(list->value); i++) {
        char at[ERR_PARAM_MAX];
        const json_t *value = json_array_get(list->value, i);
        if (json_is_string(value)) continue;
        (void)snprintf(at, sizeof at, "%.80s.%s[%zu]", path, name, i); /* May be cut. */
        return err_param(err, ERR_INVALID_TYPE, at,
                         "Invalid type for '%s': expected a string, but got %s instead.", at,
                         field_type_words(value));
    }
    return 0;
}

int item_input_check(const struct item_kind **ret, const json_t *item, const char *path,
                     struct arena *arena, struct err *err)
{
    struct item_req req = { 0 };
    char at[ERR_PARAM_MAX];
    if (!json_is_object(item))
        return err_param(err, ERR_INVALID_TYPE, path,
                         "Invalid type for '%s': expected an object, but got %s instead.", path,
                         field_type_words(item));
    TRY(find_kind(ret, item, path, err));
    TRY(fields_parse(&req, (*ret)->fields, item, path, arena, err));
    (void)snprintf(at, sizeof at, "%.100s.id", path); /* May be cut. */
    TRY(field_check_name(req.id.value, at, err));
    bool thinks = (*ret)->fields == reasoning_fields;
    enum part_place place = thinks                             ? IN_THOUGHTS
                            : req.role.value == ROLE_ASSISTANT ? IN_OUTPUT
                                                               : IN_INPUT;
    if (req.role.given || thinks)
        TRY(check_parts(req.content.value, place, path, "content", arena, err));
    TRY(check_parts(req.summary.value, IN_SUMMARY, path, "summary", arena, err));
    TRY(check_parts(req.output.value, IN_INPUT, path, "output", arena, err));
    return check_strings(&req.queries, path, "queries", err);
}

/* ---- As they are kept ---- */

static void write_part(struct json_writer *w, const json_t *part)
{
    const struct part_shape *kind = find_part(text_of(part, "type"));
    json_t *all = (json_t *)(uintptr_t)part; /* Only read. */
    json_object_begin(w);
    for (void *it = json_object_iter(all); it; it = json_object_iter_next(all, it)) {
        if (json_is_null(json_object_iter_value(it))) continue;
        json_key(w, json_object_iter_key(it));
        json_value(w, json_object_iter_value(it));
    }
    for (size_t i = 0; i < 2 && kind->defaults[i][0]; i++) {
        const json_t *value = json_object_get(part, kind->defaults[i][0]);
        if (value && !json_is_null(value)) continue;
        json_key(w, kind->defaults[i][0]);
        json_raw(w, slice_of(kind->defaults[i][1]));
    }
    json_object_end(w);
}

/* A text becomes the one part that it is. */
static void write_content(struct json_writer *w, const json_t *item, const json_t *content)
{
    json_array_begin(w);
    for (size_t i = 0; i < json_array_size(content); i++) write_part(w, json_array_get(content, i));
    if (json_is_string(content)) {
        bool output = slice_is(text_of(item, "role"), roles[ROLE_ASSISTANT]);
        json_object_begin(w);
        json_key(w, "type");
        json_str(w, output ? "output_text" : "input_text");
        json_key(w, "text");
        json_value(w, content);
        if (output) json_key(w, "annotations");
        if (output) json_raw(w, SLICE("[]"));
        if (output) json_key(w, "logprobs");
        if (output) json_raw(w, SLICE("[]"));
        json_object_end(w);
    }
    json_array_end(w);
}

static void write_item(struct json_writer *w, const struct item_kind *kind, const json_t *item,
                       struct slice id)
{
    struct slice status = text_of(item, "status");
    json_t *all = (json_t *)(uintptr_t)item; /* Only read. */
    json_object_begin(w);
    json_key(w, "id");
    json_slice(w, id);
    json_key(w, "type");
    json_str(w, kind->type);
    if (kind->has_status) {
        json_key(w, "status");
        json_slice(w, status.ptr ? status : SLICE("completed"));
    }
    for (void *it = json_object_iter(all); it; it = json_object_iter_next(all, it)) {
        const char *key = json_object_iter_key(it);
        const json_t *value = json_object_iter_value(it);
        if (json_is_null(value) || strcmp(key, "id") == 0 || strcmp(key, "type") == 0 ||
            strcmp(key, "status") == 0)
            continue;
        bool parts = strcmp(key, "content") == 0 || strcmp(key, "summary") == 0 ||
                     (strcmp(key, "output") == 0 && json_is_array(value));
        json_key(w, key);
        if (parts)
            write_content(w, item, value);
        else
            json_value(w, value);
    }
    json_object_end(w);
}

int item_input_row(struct item_row *ret, const struct item_kind *kind, const json_t *item,
                   struct slice id, struct arena *arena, struct err *err)
{
    struct slice own = text_of(item, "id");
    struct item_row row = { .id = own.ptr ? arena_slice(arena, own) : id,
                            .type = slice_of(kind->type) };
    struct buf text;
    struct json_writer w;
    buf_init(&text, FIELD_TEXT_MAX);
    json_writer_init(&w, &text);
    write_item(&w, kind, item, own.ptr ? own : id);
    TRY(field_keep_text(&row.body, &text, arena, err));
    *ret = row;
    return 0;
}

int item_input_rows(struct item_row **ret, const json_t *items, const char *path,
                    struct arena *arena, struct err *err)
{
    size_t n = json_array_size(items);
    struct item_row *rows = ARENA_NEWS(arena, n ? n : 1, struct item_row);
    if (!rows) return arena_check(arena, "the request", err);
    for (size_t i = 0; i < n; i++) {
        const struct item_kind *kind;
        const json_t *item = json_array_get(items, i);
        char at[ERR_PARAM_MAX], id[REPLY_ID_MAX];
        (void)snprintf(at, sizeof at, "%.100s[%zu]", path, i); /* Short. */
        TRY(item_input_check(&kind, item, at, arena, err));
        reply_id(id, kind->prefix);
        TRY(item_input_row(&rows[i], kind, item, arena_slice(arena, slice_of(id)), arena, err));
    }
    *ret = rows;
    return 0;
}

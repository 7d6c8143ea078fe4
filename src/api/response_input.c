#include "api/response_input.h"

#include "api/messages.h"
#include "api/response_ids.h"

#include <assert.h>
#include <stdio.h>

/* clang-format off */
const char response_input_schema[] =
    "{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"array\",\"items\":{\"type\":\"object\","
    "\"properties\":{\"type\":{\"type\":\"string\",\"enum\":[\"message\",\"function_call\","
    "\"function_call_output\",\"custom_tool_call\",\"custom_tool_call_output\",\"reasoning\","
    "\"item_reference\"]},\"id\":{\"type\":\"string\"},\"role\":{\"type\":\"string\",\"enum\":["
    "\"user\",\"assistant\",\"system\",\"developer\"]},\"content\":{\"anyOf\":[{\"type\":"
    "\"string\"},{\"type\":\"array\",\"items\":{\"type\":\"object\"}}]},\"call_id\":{\"type\":"
    "\"string\"},\"name\":{\"type\":\"string\"},\"arguments\":{\"type\":\"string\"},\"input\":{"
    "\"type\":\"string\"},\"output\":{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"array\","
    "\"items\":{\"type\":\"object\"}}]}}}}]}";
/* clang-format on */

enum { CALL_ID_MAX = 64 };

static const char *const roles[] = { "user", "assistant", "system", "developer", NULL };
enum role { ROLE_USER, ROLE_ASSISTANT, ROLE_SYSTEM, ROLE_DEVELOPER };
static const char *const statuses[] = { "in_progress", "completed", "incomplete", NULL };
static const char *const phases[] = { "commentary", "final_answer", NULL };
static const char *const part_types[] = { "input_text",  "output_text", "refusal",
                                          "input_image", "input_file",  NULL };
enum part_type { TYPE_INPUT_TEXT, TYPE_OUTPUT_TEXT, TYPE_REFUSAL, TYPE_IMAGE, TYPE_FILE };

struct part_req {
    struct field_enum type;
    struct field_string text, refusal;
    struct field_json annotations, logprobs, prompt_cache_breakpoint;
    struct field_json image_url, file_id, detail, filename, file_data, file_url;
};

/* Of every kind of item: their members do not contradict each other. */
struct item_req {
    struct field_string type, id, call_id, name, arguments, input, encrypted_content, namespace_;
    struct field_enum role, status, phase;
    struct field_content content; /* of struct part_req */
    struct field_content output;  /* of struct part_req */
    struct field_json caller, summary, thoughts;
};

static const struct field part_fields[] = {
    FIELD_ENUM(struct part_req, type, .required = true, .names = part_types, .help = "Its kind."),
    FIELD_STRING(struct part_req, text, .help = "Of a text."),
    FIELD_STRING(struct part_req, refusal, .help = "Of a refusal."),
    FIELD_JSON(struct part_req, annotations, .types = FIELD_TYPE_ARRAY, .ignored = true,
               .help = "Of an earlier answer. Accepted; the model is not shown them."),
    FIELD_JSON(struct part_req, logprobs, .types = FIELD_TYPE_ARRAY, .ignored = true,
               .help = "Of an earlier answer. Accepted; the model is not shown them."),
    FIELD_JSON(struct part_req, prompt_cache_breakpoint, .types = FIELD_TYPE_OBJECT,
               .ignored = true, .help = "Accepted: prefixes are cached anyway."),
    FIELD_JSON(struct part_req, image_url, .types = FIELD_TYPE_STRING, .help = "Of a picture."),
    FIELD_JSON(struct part_req, file_id, .types = FIELD_TYPE_STRING, .help = "Of a file."),
    FIELD_JSON(struct part_req, detail, .types = FIELD_TYPE_STRING, .help = "Of a picture."),
    FIELD_JSON(struct part_req, filename, .types = FIELD_TYPE_STRING, .help = "Of a file."),
    FIELD_JSON(struct part_req, file_data, .types = FIELD_TYPE_STRING, .help = "Of a file."),
    FIELD_JSON(struct part_req, file_url, .types = FIELD_TYPE_STRING, .help = "Of a file."),
    FIELDS_END,
};

#define TYPE   FIELD_STRING(struct item_req, type, .help = "Its kind.")
#define ID     FIELD_STRING(struct item_req, id, .len_max = MSG_NAME_MAX, .help = "Its id.")
#define STATUS FIELD_ENUM(struct item_req, status, .names = statuses, .help = "How far it came.")
#define CALL_ID                                                                                    \
    FIELD_STRING(struct item_req, call_id, .required = true, .len_min = 1, .len_max = CALL_ID_MAX, \
                 .help = "The call's, as the answer gave it.")
#define CALLER                                                                       \
    FIELD_JSON(struct item_req, caller, .types = FIELD_TYPE_OBJECT, .ignored = true, \
               .help = "Accepted: the model itself is the only caller.")
#define NAMESPACE                                                         \
    {                                                                     \
        .name = "namespace", .kind = FIELD_KIND_STRING,                   \
        .offset = offsetof(struct item_req, namespace_), .ignored = true, \
        .help = "Accepted: tools have no namespaces here."                \
    }
#define OUTPUT                                                                         \
    FIELD_CONTENT(struct item_req, output, .required = true, .len_max = MSG_PARTS_MAX, \
                  .fields = part_fields, .size = sizeof(struct part_req),              \
                  .help = "What came of it.")

static const struct field message_fields_[] = {
    TYPE,
    ID,
    STATUS,
    FIELD_ENUM(struct item_req, role, .required = true, .names = roles, .help = "Who speaks."),
    FIELD_CONTENT(struct item_req, content, .required = true, .len_max = MSG_PARTS_MAX,
                  .fields = part_fields, .size = sizeof(struct part_req), .help = "What is said."),
    FIELD_ENUM(struct item_req, phase, .names = phases, .ignored = true,
               .help = "Accepted: models here do not tell them apart."),
    FIELDS_END,
};

static const struct field function_fields[] = {
    TYPE,
    ID,
    STATUS,
    CALL_ID,
    CALLER,
    NAMESPACE,
    FIELD_STRING(struct item_req, name, .required = true, .len_max = MSG_NAME_MAX,
                 .help = "The function called."),
    FIELD_STRING(struct item_req, arguments, .required = true, .help = "JSON text."),
    FIELDS_END,
};

static const struct field custom_fields[] = {
    TYPE,
    ID,
    STATUS,
    CALL_ID,
    CALLER,
    NAMESPACE,
    FIELD_STRING(struct item_req, name, .required = true, .len_max = MSG_NAME_MAX,
                 .help = "The tool called."),
    FIELD_STRING(struct item_req, input, .required = true, .help = "Its input."),
    FIELDS_END,
};

static const struct field output_fields[] = {
    TYPE,
    ID,
    STATUS,
    CALL_ID,
    CALLER,
    NAMESPACE,
    OUTPUT,
    FIELD_STRING(struct item_req, name, .len_max = 128, .ignored = true,
                 .help = "Accepted: call_id says which call it answers."),
    FIELDS_END,
};

static const struct field reasoning_fields[] = {
    TYPE,
    ID,
    STATUS,
    FIELD_JSON(struct item_req, summary, .types = FIELD_TYPE_ARRAY, .ignored = true, .help = "."),
    { .name = "content",
      .kind = FIELD_KIND_JSON,
      .offset = offsetof(struct item_req, thoughts),
      .types = FIELD_TYPE_ARRAY,
      .ignored = true,
      .help = "." },
    FIELD_STRING(struct item_req, encrypted_content, .ignored = true, .help = "."),
    FIELDS_END,
};

static const struct field reference_fields[] = {
    TYPE,
    FIELD_STRING(struct item_req, id, .required = true, .len_max = MSG_NAME_MAX,
                 .help = "Of the item."),
    FIELDS_END,
};

/* ---- Kinds of items ---- */

struct filling {
    const struct response_messages *from;
    struct msg_chat *to;         /* n_to of them */
    struct msg_tool_call *calls; /* n_calls, of all messages in order */
    size_t n_to, n_calls;
    bool open; /* the last message is the assistant's, and calls join it */
    struct arena *arena;
    struct err *err;
};

struct item_kind {
    const char *type, *id_prefix;
    const struct field *fields;
    int (*fill)(struct filling *f, const struct item_req *req, const char *where);
};

static int fill_message(struct filling *f, const struct item_req *req, const char *where);
static int fill_function(struct filling *f, const struct item_req *req, const char *where);
static int fill_custom(struct filling *f, const struct item_req *req, const char *where);
static int fill_output(struct filling *f, const struct item_req *req, const char *where);

/* Models are not shown again what they thought: no `fill`. */
static const struct item_kind kinds[] = {
    { "message", "msg_", message_fields_, fill_message },
    { "function_call", "fc_", function_fields, fill_function },
    { "function_call_output", "fco_", output_fields, fill_output },
    { "custom_tool_call", "ctc_", custom_fields, fill_custom },
    { "custom_tool_call_output", "ctco_", output_fields, fill_output },
    { "reasoning", "rs_", reasoning_fields, NULL },
};

static const char reference_type[] = "item_reference";

static struct slice string_at(const json_t *object, const char *key)
{
    const json_t *s = json_object_get(object, key);
    return (struct slice){ json_string_value(s), json_string_length(s) };
}

/* "message" may be left out, and so may "item_reference". */
static struct slice type_of(const json_t *item)
{
    struct slice type = string_at(item, "type");
    if (type.len || !json_is_object(item)) return type;
    if (json_object_get(item, "role")) return SLICE("message");
    return json_object_get(item, "id") ? slice_of(reference_type) : type;
}

static const struct item_kind *kind_of(struct slice type)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (slice_is(type, kinds[i].type)) return &kinds[i];
    return NULL;
}

/* ---- Items as they are listed ---- */

static int no_memory(struct err *err)
{
    return err_set(err, ERR_NO_MEMORY, "There is no memory for the request.");
}

/* A text alone becomes a list of one part. */
static int list_content(json_t *item, struct err *err)
{
    json_t *content = json_object_get(item, "content");
    if (!json_is_string(content)) return 0;
    bool output = slice_is(string_at(item, "role"), "assistant");
    json_t *parts = output ? json_pack("[{s:s, s:O, s:[], s:[]}]", "type", "output_text", "text",
                                       content, "annotations", "logprobs")
                           : json_pack("[{s:s, s:O}]", "type", "input_text", "text", content);
    return json_object_set_new(item, "content", parts) < 0 ? no_memory(err) : 0;
}

static int complete(json_t *item, struct slice of, uint64_t number, struct err *err)
{
    char id[RESPONSE_ID_MAX];
    struct slice type = type_of(item);
    const struct item_kind *kind = kind_of(type);
    const struct server_tool *tool = kind ? NULL : server_tool_of_item(type);
    if (!kind && !tool) return 0;
    response_id(id, kind ? kind->id_prefix : tool->id_prefix, of, RESPONSE_ID_INPUT, number);
    int rc = 0;
    if (!json_is_string(json_object_get(item, "id")))
        rc |= json_object_set_new(item, "id", json_string(id));
    if (!json_object_get(item, "type"))
        rc |= json_object_set_new(item, "type", json_stringn(type.ptr, type.len));
    if (!json_is_string(json_object_get(item, "status")))
        rc |= json_object_set_new(item, "status", json_string("completed"));
    return rc < 0 ? no_memory(err) : list_content(item, err);
}

static int read_item(json_t *to, const json_t *from, struct slice of, uint64_t number,
                     struct err *err)
{
    json_t *item = json_copy((json_t *)(uintptr_t)from);
    if (!item) return no_memory(err);
    /* A copy that ran out of memory lacks members. */
    int rc = json_object_size(item) != json_object_size(from) ? no_memory(err) : 0;
    if (rc == 0 && json_is_object(item)) rc = complete(item, of, number, err);
    if (rc < 0) {
        json_decref(item);
        return rc;
    }
    return json_array_append_new(to, item) < 0 ? no_memory(err) : 0;
}

int response_items_read(json_t **ret, const json_t *input, struct slice of, struct err *err)
{
    json_t *list = json_is_string(input)
                       ? json_pack("[{s:s, s:O}]", "role", "user", "content", input)
                       : NULL;
    if (json_is_string(input) && !list) return no_memory(err);
    const json_t *from = list ? list : input;
    json_t *to = json_array();
    int rc = to ? 0 : no_memory(err);
    for (size_t i = 0; i < json_array_size(from) && rc == 0; i++)
        rc = read_item(to, json_array_get(from, i), of, i, err);
    json_decref(list);
    if (rc < 0) {
        json_decref(to);
        return rc;
    }
    *ret = to;
    return 0;
}

int response_references(struct slice **ret, size_t *ret_n, const json_t *input, struct arena *arena,
                        struct err *err)
{
    size_t n = 0;
    struct slice *ids = ARENA_NEWS(arena, json_array_size(input) + 1, struct slice);
    if (!ids) return arena_check(arena, "the request", err);
    for (size_t i = 0; i < json_array_size(input); i++) {
        const json_t *item = json_array_get(input, i);
        if (slice_is(type_of(item), reference_type)) ids[n++] = string_at(item, "id");
    }
    *ret = ids;
    *ret_n = n;
    return 0;
}

/* ---- Items in a conversation ---- */

static int unsupported(const struct filling *f, const char *path, const char *value,
                       const char *why)
{
    return err_param(f->err, ERR_UNSUPPORTED_VALUE, path,
                     "Unsupported value: '%s' does not support '%s' with this model. '%s' %s.",
                     path, value, f->from->model->id, why);
}

static int fill_part(struct msg_part *ret, const struct part_req *part, const char *where,
                     const struct filling *f)
{
    char type_path[ERR_PARAM_MAX], value_path[ERR_PARAM_MAX];
    const char *type = part_types[part->type.value];
    bool refusal = part->type.value == TYPE_REFUSAL;
    (void)snprintf(type_path, sizeof type_path, "%.100s.type", where);
    (void)snprintf(value_path, sizeof value_path, "%.100s.%s", where, refusal ? "refusal" : "text");
    if (part->type.value == TYPE_IMAGE)
        return unsupported(f, type_path, type, "takes no pictures, only text");
    if (part->type.value == TYPE_FILE)
        return unsupported(f, type_path, type, "takes no files, only text");
    if (refusal ? !part->refusal.given : !part->text.given)
        return field_missing(value_path, f->err);
    *ret = refusal ? (struct msg_part){ .kind = PART_REFUSAL, .text = part->refusal.value }
                   : (struct msg_part){ .kind = PART_TEXT, .text = part->text.value };
    return 0;
}

static int fill_parts(struct msg_chat *ret, const struct field_content *content, const char *where,
                      const struct filling *f)
{
    size_t n = content->is_text ? 1 : content->n;
    const struct part_req *from = content->items;
    struct msg_part *parts = ARENA_NEWS(f->arena, n + 1, struct msg_part);
    if (!parts) return arena_check(f->arena, "the request", f->err);
    if (content->is_text) parts[0] = (struct msg_part){ .text = content->text };
    for (size_t i = 0; i < n && !content->is_text; i++) {
        char path[ERR_PARAM_MAX];
        (void)snprintf(path, sizeof path, "%.60s[%zu]", where, i);
        TRY(fill_part(&parts[i], &from[i], path, f));
    }
    ret->parts = parts;
    ret->n_parts = (uint32_t)n;
    return 0;
}

static int fill_message(struct filling *f, const struct item_req *req, const char *where)
{
    static const struct slice names[] = {
        { "user", 4 }, { "assistant", 9 }, { "system", 6 }, { "system", 6 }
    };
    char path[ERR_PARAM_MAX];
    struct msg_chat *m = &f->to[f->n_to++];
    m->role = names[req->role.value];
    f->open = req->role.value == ROLE_ASSISTANT;
    (void)snprintf(path, sizeof path, "%.60s.content", where);
    return fill_parts(m, &req->content, path, f);
}

/* Calls belong to the assistant's message before them, or to one of their own. */
static struct msg_tool_call *add_call(struct filling *f, struct slice id, struct slice name)
{
    if (!f->open) f->to[f->n_to++].role = SLICE("assistant");
    f->open = true;
    struct msg_chat *m = &f->to[f->n_to - 1];
    struct msg_tool_call *call = &f->calls[f->n_calls++];
    if (m->n_tool_calls++ == 0) m->tool_calls = call;
    *call = (struct msg_tool_call){ .id = id, .name = name };
    return call;
}

static int check_calls(const struct filling *f, const char *where)
{
    char path[ERR_PARAM_MAX];
    const struct msg_chat *m = &f->to[f->n_to - 1];
    (void)snprintf(path, sizeof path, "%.60s.type", where);
    if (f->open && m->n_tool_calls > MSG_TOOL_CALLS_MAX)
        return err_param(f->err, ERR_ARRAY_TOO_LONG, path,
                         "Invalid '%s': more than %d calls without a result between them.", path,
                         MSG_TOOL_CALLS_MAX);
    return tools_check_model(f->from->model, path, f->err);
}

static int fill_function(struct filling *f, const struct item_req *req, const char *where)
{
    struct msg_tool_call *call = add_call(f, req->call_id.value, req->name.value);
    call->arguments = req->arguments.value;
    return check_calls(f, where);
}

static int fill_custom(struct filling *f, const struct item_req *req, const char *where)
{
    struct msg_tool_call *call = add_call(f, req->call_id.value, req->name.value);
    TRY(messages_custom_input(&call->arguments, req->name.value, req->input.value,
                              &f->from->tools->client, f->arena, f->err));
    return check_calls(f, where);
}

static int fill_output(struct filling *f, const struct item_req *req, const char *where)
{
    char path[ERR_PARAM_MAX];
    struct msg_chat *m = &f->to[f->n_to++];
    f->open = false;
    *m = (struct msg_chat){ .role = SLICE("tool"), .tool_call_id = req->call_id.value };
    (void)snprintf(path, sizeof path, "%.60s.output", where);
    TRY(fill_parts(m, &req->output, path, f));
    return check_calls(f, where);
}

/* A call of a tool that the server ran is told again where the tool is offered again. */
static int fill_server(struct filling *f, const struct server_tool *tool, const json_t *item)
{
    struct slice arguments, text;
    const struct response_tools *tools = f->from->tools;
    if (!response_tools_server(tools, slice_of(tool->name))) return 0;
    TRY(tool->recall(&arguments, &text, item, f->arena, f->err));
    struct slice id = string_at(item, "id");
    add_call(f, id, slice_of(tool->name))->arguments = arguments;
    struct msg_part *part = ARENA_NEW(f->arena, struct msg_part);
    if (!part) return arena_check(f->arena, "the request", f->err);
    part->text = text;
    f->open = false;
    f->to[f->n_to++] = (struct msg_chat){
        .role = SLICE("tool"), .tool_call_id = id, .parts = part, .n_parts = 1
    };
    return 0;
}

static int refuse_type(struct slice type, const char *where, struct err *err)
{
    char path[ERR_PARAM_MAX];
    (void)snprintf(path, sizeof path, "%.60s.type", where);
    if (type.len == 0) return field_missing(path, err);
    return err_param(err, ERR_INVALID_VALUE, path,
                     "Invalid value: '%.*s'. Supported values are: 'message', 'function_call', "
                     "'function_call_output', 'custom_tool_call', 'custom_tool_call_output', "
                     "'reasoning', and 'item_reference'.",
                     (int)(type.len < 64 ? type.len : 64), type.ptr);
}

static int fill_item(struct filling *f, const json_t *item, const char *where)
{
    if (!json_is_object(item))
        return err_param(f->err, ERR_INVALID_TYPE, where,
                         "Invalid type for '%s': expected an object, but got %s instead.", where,
                         field_type_words(item));
    struct slice type = type_of(item);
    const struct item_kind *kind = kind_of(type);
    const struct server_tool *tool = kind ? NULL : server_tool_of_item(type);
    if (tool) return fill_server(f, tool, item);
    if (!kind) return refuse_type(type, where, f->err);
    struct item_req req = { 0 };
    TRY(fields_parse(&req, kind->fields, item, where, f->arena, f->err));
    return kind->fill ? kind->fill(f, &req, where) : 0;
}

static const json_t *find_item(const json_t *list, struct slice id)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        if (slice_eq(string_at(json_array_get(list, i), "id"), id)) return json_array_get(list, i);
    return NULL;
}

int response_items_resolve(json_t *items, const json_t *history, const json_t *referenced,
                           struct err *err)
{
    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *item = json_array_get(items, i);
        if (!slice_is(type_of(item), reference_type)) continue;
        struct slice id = string_at(item, "id");
        const json_t *found = find_item(referenced, id);
        if (!found) found = find_item(history, id);
        if (!found) continue;
        json_t *same = json_incref((json_t *)(uintptr_t)found);
        if (json_array_set_new(items, i, same) < 0) return no_memory(err);
    }
    return 0;
}

static int fill_reference(struct filling *f, const json_t *item, const char *where)
{
    struct item_req req = { 0 };
    TRY(fields_parse(&req, reference_fields, item, where, f->arena, f->err));
    const json_t *found = find_item(f->from->referenced, req.id.value);
    if (!found) found = find_item(f->from->history, req.id.value);
    if (found) return fill_item(f, found, where);
    return err_param(f->err, ERR_NOT_FOUND, "input", "Item with id '%.*s' not found.%s",
                     (int)(req.id.value.len < 64 ? req.id.value.len : 64), req.id.value.ptr,
                     f->from->stored
                         ? ""
                         : " Items are not persisted when `store` is set to false. Try again with "
                           "`store` set to true, or remove this item from your input.");
}

static int fill_list(struct filling *f, const json_t *list, const char *name)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        char where[ERR_PARAM_MAX];
        const json_t *item = json_array_get(list, i);
        (void)snprintf(where, sizeof where, "%s[%zu]", name, i);
        if (json_is_object(item) && slice_is(type_of(item), reference_type))
            TRY(fill_reference(f, item, where));
        else
            TRY(fill_item(f, item, where));
    }
    return 0;
}

static int fill_instructions(struct filling *f)
{
    struct msg_part *part = ARENA_NEW(f->arena, struct msg_part);
    if (!part) return arena_check(f->arena, "the request", f->err);
    part->text = f->from->instructions;
    f->to[f->n_to++] = (struct msg_chat){ .role = SLICE("system"), .parts = part, .n_parts = 1 };
    return 0;
}

int response_messages_fill(struct msg_request *ret, const struct response_messages *from,
                           struct arena *arena, struct err *err)
{
    struct filling f = { .from = from, .arena = arena, .err = err };
    /* An item is at most a call and its result. */
    size_t n = json_array_size(from->history) + json_array_size(from->input);
    f.to = ARENA_NEWS(arena, 2 * n + 1, struct msg_chat);
    f.calls = ARENA_NEWS(arena, n + 1, struct msg_tool_call);
    TRY(arena_check(arena, "the request", err));
    if (from->has_instructions) TRY(fill_instructions(&f));
    TRY(fill_list(&f, from->history, "history"));
    TRY(fill_list(&f, from->input, "input"));
    assert(f.n_to <= 2 * n + 1 && f.n_calls <= n);
    if (f.n_to == 0) return field_missing("input", err);
    if (f.n_to > MSG_MESSAGES_MAX)
        return err_param(err, ERR_ARRAY_TOO_LONG, "input",
                         "Invalid 'input': array too long. Expected at most %d messages with those "
                         "before, but got %zu instead.",
                         MSG_MESSAGES_MAX, f.n_to);
    ret->messages = f.to;
    ret->n_messages = (uint32_t)f.n_to;
    return 0;
}

void response_place_error(struct err *err)
{
    static const char *const inside[] = { ".function", ".custom" };
    if (slice_starts(slice_of(err->param), SLICE("messages")))
        (void)snprintf(err->param, sizeof err->param, "input");
    if (!slice_starts(slice_of(err->param), SLICE("tools["))) return;
    for (int i = 0; i < 2; i++) {
        size_t len = strlen(inside[i]), at = slice_find(slice_of(err->param), slice_of(inside[i]));
        if (err->param[at] == '\0') continue;
        memmove(err->param + at, err->param + at + len, strlen(err->param + at + len) + 1);
    }
}

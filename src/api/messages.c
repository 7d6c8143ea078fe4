#include "api/messages.h"

#include "api/prompt_files.h"

#include <stdio.h>

enum role { ROLE_DEVELOPER, ROLE_SYSTEM, ROLE_USER, ROLE_ASSISTANT, ROLE_TOOL, ROLE_FUNCTION };
static const char *const role_names[] = { "developer", "system",   "user", "assistant",
                                          "tool",      "function", NULL };

enum part_type { TYPE_TEXT, TYPE_IMAGE, TYPE_AUDIO, TYPE_FILE, TYPE_REFUSAL };
static const char *const type_names[] = { "text", "image_url", "input_audio",
                                          "file", "refusal",   NULL };

struct part_req {
    struct field_enum type;
    struct field_string text, refusal;
    struct field_json image_url, input_audio;
    struct field_object file; /* struct file_req */
};

struct file_req {
    struct field_string file_id, filename, file_data;
};

struct function_req {
    struct field_string name, arguments;
};

struct custom_req {
    struct field_string name, input;
};

struct tool_call_req {
    struct field_string id;
    struct field_enum type;
    struct field_object function; /* struct function_req */
    struct field_object custom;   /* struct custom_req */
};

static const struct field file_fields[] = {
    FIELD_STRING(struct file_req, file_id, .help = "Of a file that was uploaded; or:"),
    FIELD_STRING(struct file_req, file_data, .help = "The file, as base64 or as a data URL of it."),
    FIELD_STRING(struct file_req, filename, .len_max = PROMPT_FILE_NAME_MAX,
                 .help = "What it is called; its end says what it is."),
    FIELDS_END,
};

static const struct field part_fields[] = {
    FIELD_ENUM(struct part_req, type, .required = true, .names = type_names,
               .help = "What this part is."),
    FIELD_STRING(struct part_req, text, .help = "Of a text part."),
    FIELD_STRING(struct part_req, refusal, .help = "Of a refusal part (assistant only)."),
    FIELD_JSON(struct part_req, image_url, .types = FIELD_TYPE_OBJECT,
               .help = "Of a picture; only for models that can see."),
    FIELD_JSON(struct part_req, input_audio, .types = FIELD_TYPE_OBJECT,
               .help = "Of a recording; only for models that can hear."),
    FIELD_OBJECT(
        struct part_req, file, .fields = file_fields, .size = sizeof(struct file_req),
        .help = "Of a document: Markdown, code, HTML, PDF, DOCX. The model gets its text."),
    FIELDS_END,
};

static const struct field function_fields[] = {
    FIELD_STRING(struct function_req, name, .required = true, .len_max = MSG_NAME_MAX,
                 .help = "The function the model called."),
    FIELD_STRING(struct function_req, arguments, .required = true,
                 .help = "Its arguments, as JSON text."),
    FIELDS_END,
};

static const struct field custom_fields[] = {
    FIELD_STRING(struct custom_req, name, .required = true, .len_max = MSG_NAME_MAX,
                 .help = "The custom tool the model called."),
    FIELD_STRING(struct custom_req, input, .required = true, .help = "Its input."),
    FIELDS_END,
};

enum tool_call_type { CALL_FUNCTION, CALL_CUSTOM };
static const char *const tool_call_types[] = { "function", "custom", NULL };

static const struct field tool_call_fields[] = {
    FIELD_STRING(struct tool_call_req, id, .required = true, .len_max = MSG_NAME_MAX,
                 .help = "The call's id, as the model's answer gave it."),
    FIELD_ENUM(struct tool_call_req, type, .required = true, .names = tool_call_types,
               .help = "Kind of tool."),
    FIELD_OBJECT(struct tool_call_req, function, .fields = function_fields,
                 .size = sizeof(struct function_req), .help = "With type function."),
    FIELD_OBJECT(struct tool_call_req, custom, .fields = custom_fields,
                 .size = sizeof(struct custom_req), .help = "With type custom."),
    FIELDS_END,
};

const struct field message_fields[] = {
    FIELD_ENUM(struct message_req, role, .required = true, .names = role_names,
               .help = "Who speaks. `developer` is `system` under a newer name."),
    FIELD_CONTENT(
        struct message_req, content, .fields = part_fields, .len_min = 1, .len_max = MSG_PARTS_MAX,
        .size = sizeof(struct part_req),
        .help = "The text, or a list of parts. Required except for an assistant's message "
                "with tool_calls, function_call or refusal."),
    FIELD_STRING(struct message_req, name, .len_max = MSG_NAME_MAX,
                 .help = "Tells speakers of one role apart, if the model's template shows it; of a "
                         "function message the function that answers."),
    FIELD_OBJECTS(struct message_req, tool_calls, .fields = tool_call_fields,
                  .len_max = MSG_TOOL_CALLS_MAX, .size = sizeof(struct tool_call_req),
                  .help = "Calls the assistant made; only for models with tools."),
    FIELD_STRING(struct message_req, tool_call_id, .len_max = MSG_NAME_MAX,
                 .help = "Which call this tool message answers."),
    FIELD_STRING(struct message_req, refusal,
                 .help = "The assistant's refusal, instead of content."),
    FIELD_JSON(struct message_req, annotations, .types = FIELD_TYPE_ARRAY, .only = "[[]]",
               .instead = "Leave it out.", .help = "Of an earlier answer; only an empty list."),
    FIELD_JSON(struct message_req, audio, .types = FIELD_TYPE_OBJECT, .only = "[]",
               .instead = "Models here do not speak.", .help = "Of an earlier spoken answer."),
    FIELD_OBJECT(struct message_req, function_call, .deprecated = true, .fields = function_fields,
                 .size = sizeof(struct function_req), .help = "The older form of tool_calls."),
    FIELD_STRING(
        struct message_req, reasoning_content, .ignored = true, .extension = true,
        .help = "What the model thought before an earlier answer. Accepted; models are not "
                "shown it again."),
    FIELDS_END,
};

struct fill {
    const struct backend_model *model;
    const struct tools *tools;
    const json_t *files;
    struct arena *arena;
    struct err *err;
};

static bool lacks(const struct backend_model *model, uint32_t capability)
{
    return model->capabilities && !(model->capabilities & capability);
}

static int unsupported(const struct fill *f, const char *path, const char *value, const char *why)
{
    return err_param(f->err, ERR_UNSUPPORTED_VALUE, path,
                     "Unsupported value: '%s' does not support '%s' with this model. '%s' %s.",
                     path, value, f->model->id, why);
}

static int fill_file(struct slice *ret, const struct file_req *file, const struct fill *f)
{
    const struct prompt_file_part part = { .id = file->file_id.value,
                                           .filename = file->filename.value,
                                           .data = file->file_data.value };
    return prompt_files_text(ret, f->files, &part, f->arena, f->err);
}

static int fill_part(struct msg_part *ret, const struct part_req *part, const char *where,
                     const struct fill *f)
{
    char type_path[ERR_PARAM_MAX], value_path[ERR_PARAM_MAX];
    const char *type = type_names[part->type.value];
    (void)snprintf(type_path, sizeof type_path, "%.100s.type", where);
    (void)snprintf(value_path, sizeof value_path, "%.100s.%.20s", where, type);
    switch ((enum part_type)part->type.value) {
    case TYPE_TEXT:
        if (!part->text.given) return field_missing(value_path, f->err);
        *ret = (struct msg_part){ .kind = PART_TEXT, .text = part->text.value };
        return 0;
    case TYPE_REFUSAL:
        if (!part->refusal.given) return field_missing(value_path, f->err);
        *ret = (struct msg_part){ .kind = PART_REFUSAL, .text = part->refusal.value };
        return 0;
    case TYPE_IMAGE: return unsupported(f, type_path, type, "takes no pictures, only text");
    case TYPE_AUDIO: return unsupported(f, type_path, type, "takes no sound, only text");
    case TYPE_FILE:
        if (!part->file.given) return field_missing(value_path, f->err);
        *ret = (struct msg_part){ .kind = PART_TEXT };
        return fill_file(&ret->text, part->file.value, f);
    }
    return field_missing(type_path, f->err);
}

static int fill_content(struct msg_chat *ret, const struct message_req *m, const char *where,
                        const struct fill *f)
{
    size_t n = m->content.given ? m->content.is_text ? 1 : m->content.n : 0;
    struct msg_part *parts = ARENA_NEWS(f->arena, n + 1, struct msg_part);
    if (!parts) return arena_check(f->arena, "the request", f->err);
    if (m->content.is_text) parts[0] = (struct msg_part){ .text = m->content.text };
    const struct part_req *from = m->content.items;
    for (size_t i = 0; i < n && !m->content.is_text; i++) {
        char path[ERR_PARAM_MAX];
        (void)snprintf(path, sizeof path, "%.60s.content[%zu]", where, i);
        TRY(fill_part(&parts[i], &from[i], path, f));
    }
    if (m->refusal.given)
        parts[n++] = (struct msg_part){ .kind = PART_REFUSAL, .text = m->refusal.value };
    ret->parts = parts;
    ret->n_parts = (uint32_t)n;
    return 0;
}

int messages_custom_input(struct slice *ret, struct slice name, struct slice input,
                          const struct tools *tools, struct arena *arena, struct err *err)
{
    struct buf text;
    struct json_writer w;
    *ret = input;
    if (tools_is_custom(tools, name)) return 0;
    buf_init(&text, FIELD_TEXT_MAX);
    json_writer_init(&w, &text);
    json_object_begin(&w);
    json_key(&w, "input");
    json_slice(&w, input);
    json_object_end(&w);
    return field_keep_text(ret, &text, arena, err);
}

static int fill_tool_call(struct msg_tool_call *ret, const struct tool_call_req *from,
                          const char *where, const struct fill *f)
{
    bool is_custom = from->type.value == CALL_CUSTOM;
    const struct function_req *function = from->function.value;
    const struct custom_req *custom = from->custom.value;
    char param[ERR_PARAM_MAX];
    (void)snprintf(param, sizeof param, "%.100s.%s", where, tool_call_types[is_custom]);
    if (is_custom ? !custom : !function) return field_missing(param, f->err);
    (void)snprintf(param, sizeof param, "%.100s.%s", where, tool_call_types[!is_custom]);
    if (is_custom ? function != NULL : custom != NULL)
        return field_misplaced(param, tool_call_types[!is_custom], f->err);
    ret->id = from->id.value;
    ret->name = is_custom ? custom->name.value : function->name.value;
    if (is_custom)
        return messages_custom_input(&ret->arguments, custom->name.value, custom->input.value,
                                     f->tools, f->arena, f->err);
    ret->arguments = function->arguments.value;
    return 0;
}

static int fill_tool_calls(struct msg_chat *ret, const struct message_req *m, const char *where,
                           const struct fill *f)
{
    const struct tool_call_req *from = m->tool_calls.items;
    const struct function_req *legacy = m->function_call.value;
    size_t n = m->tool_calls.n;
    char path[ERR_PARAM_MAX];
    if (n == 0 && !legacy) return 0;
    (void)snprintf(path, sizeof path, "%.60s.%s", where, n ? "tool_calls" : "function_call");
    TRY(tools_check_model(f->model, path, f->err));
    if (n && legacy)
        return err_param(f->err, ERR_INVALID_VALUE, path,
                         "Invalid value for '%s': give 'tool_calls' or 'function_call', not both.",
                         path);
    struct msg_tool_call *calls = ARENA_NEWS(f->arena, n + 1, struct msg_tool_call);
    if (!calls) return arena_check(f->arena, "the request", f->err);
    for (size_t i = 0; i < n; i++) {
        (void)snprintf(path, sizeof path, "%.60s.tool_calls[%zu]", where, i);
        TRY(fill_tool_call(&calls[i], &from[i], path, f));
    }
    /* Calls had no ids then: the function's name stands for it, here and in what answers it. */
    if (legacy)
        calls[n++] = (struct msg_tool_call){ .id = legacy->name.value,
                                             .name = legacy->name.value,
                                             .arguments = legacy->arguments.value };
    ret->tool_calls = calls;
    ret->n_tool_calls = (uint32_t)n;
    return 0;
}

static int check_role(const struct message_req *m, const char *where, const struct fill *f)
{
    char path[ERR_PARAM_MAX];
    enum role role = (enum role)m->role.value;
    bool result = role == ROLE_TOOL || role == ROLE_FUNCTION;
    (void)snprintf(path, sizeof path, "%.60s.role", where);
    if (result && lacks(f->model, CAP_TOOLS))
        return unsupported(f, path, role_names[role], "has no tools");
    (void)snprintf(path, sizeof path, "%.60s.content", where);
    bool assistant_without = role == ROLE_ASSISTANT &&
                             (m->tool_calls.n > 0 || m->function_call.given || m->refusal.given);
    /* A function may have answered nothing. */
    if (!m->content.given && !assistant_without && role != ROLE_FUNCTION)
        return field_missing(path, f->err);
    (void)snprintf(path, sizeof path, "%.60s.tool_call_id", where);
    if (role == ROLE_TOOL && !m->tool_call_id.given) return field_missing(path, f->err);
    (void)snprintf(path, sizeof path, "%.60s.name", where);
    if (role == ROLE_FUNCTION && !m->name.given) return field_missing(path, f->err);
    return 0;
}

int messages_fill(struct msg_request *ret, const struct field_objects *messages,
                  const struct tools *tools, const json_t *files, const struct backend_model *model,
                  struct arena *arena, struct err *err)
{
    const struct fill f = {
        .model = model, .tools = tools, .files = files, .arena = arena, .err = err
    };
    const struct message_req *from = messages->items;
    struct msg_chat *to = ARENA_NEWS(arena, messages->n, struct msg_chat);
    if (!to) return arena_check(arena, "the request", err);
    for (size_t i = 0; i < messages->n; i++) {
        char where[ERR_PARAM_MAX];
        (void)snprintf(where, sizeof where, "messages[%zu]", i);
        TRY(check_role(&from[i], where, &f));
        TRY(fill_content(&to[i], &from[i], where, &f));
        TRY(fill_tool_calls(&to[i], &from[i], where, &f));
        int role = from[i].role.value == ROLE_DEVELOPER ? ROLE_SYSTEM : from[i].role.value;
        to[i].role = slice_of(role_names[role]);
        to[i].name = from[i].name.value;
        to[i].tool_call_id = from[i].role.value == ROLE_FUNCTION ? from[i].name.value
                                                                 : from[i].tool_call_id.value;
    }
    ret->messages = to;
    ret->n_messages = (uint32_t)messages->n;
    return 0;
}

bool messages_have_files(const struct field_objects *messages)
{
    const struct message_req *m = messages->items;
    for (size_t i = 0; i < messages->n; i++) {
        const struct part_req *parts = m[i].content.items;
        for (size_t k = 0; !m[i].content.is_text && k < m[i].content.n; k++)
            if (parts[k].type.value == TYPE_FILE && parts[k].file.given) return true;
    }
    return false;
}

static bool says_json(struct slice text)
{
    static const struct slice json = { "json", 4 };
    for (size_t i = 0; i + json.len <= text.len; i++)
        if (slice_eq_nocase((struct slice){ text.ptr + i, json.len }, json)) return true;
    return false;
}

bool messages_say_json(const struct msg_request *m)
{
    for (uint32_t i = 0; i < m->n_messages; i++)
        for (uint32_t j = 0; j < m->messages[i].n_parts; j++)
            if (says_json(m->messages[i].parts[j].text)) return true;
    return false;
}

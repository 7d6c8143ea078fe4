#include "api/messages.h"

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
    struct field_json image_url, input_audio, file;
};

struct function_req {
    struct field_string name, arguments;
};

struct tool_call_req {
    struct field_string id;
    struct field_enum type;
    struct field_object function; /* struct function_req */
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
    FIELD_JSON(struct part_req, file, .types = FIELD_TYPE_OBJECT,
               .help = "Of a document; no model here reads them yet."),
    FIELDS_END,
};

static const struct field function_fields[] = {
    FIELD_STRING(struct function_req, name, .required = true, .len_max = MSG_NAME_MAX,
                 .help = "The function the model called."),
    FIELD_STRING(struct function_req, arguments, .required = true,
                 .help = "Its arguments, as JSON text."),
    FIELDS_END,
};

static const char *const tool_call_types[] = { "function", NULL };

static const struct field tool_call_fields[] = {
    FIELD_STRING(struct tool_call_req, id, .required = true, .len_max = MSG_NAME_MAX,
                 .help = "The call's id, as the model's answer gave it."),
    FIELD_ENUM(struct tool_call_req, type, .required = true, .names = tool_call_types,
               .help = "Kind of tool."),
    FIELD_OBJECT(struct tool_call_req, function, .required = true, .fields = function_fields,
                 .size = sizeof(struct function_req), .help = "What was called."),
    FIELDS_END,
};

const struct field message_fields[] = {
    FIELD_ENUM(struct message_req, role, .required = true, .names = role_names,
               .help = "Who speaks. `developer` is `system` under a newer name."),
    FIELD_CONTENT(
        struct message_req, content, .fields = part_fields, .len_min = 1, .len_max = MSG_PARTS_MAX,
        .size = sizeof(struct part_req),
        .help = "The text, or a list of parts. Required except for an assistant's message "
                "with tool_calls or refusal."),
    FIELD_STRING(struct message_req, name, .len_max = MSG_NAME_MAX,
                 .help = "Tells speakers of one role apart, if the model's template shows it."),
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
    FIELD_JSON(struct message_req, function_call, .types = FIELD_TYPE_OBJECT, .only = "[]",
               .deprecated = true, .instead = "Use tool_calls.", .help = "Replaced by tool_calls."),
    FIELDS_END,
};

struct fill {
    const struct backend_model *model;
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

static int missing(const struct fill *f, const char *path)
{
    return err_param(f->err, ERR_MISSING_PARAMETER, path, "Missing required parameter: '%s'.",
                     path);
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
        if (!part->text.given) return missing(f, value_path);
        *ret = (struct msg_part){ .kind = PART_TEXT, .text = part->text.value };
        return 0;
    case TYPE_REFUSAL:
        if (!part->refusal.given) return missing(f, value_path);
        *ret = (struct msg_part){ .kind = PART_REFUSAL, .text = part->refusal.value };
        return 0;
    case TYPE_IMAGE: return unsupported(f, type_path, type, "takes no pictures, only text");
    case TYPE_AUDIO: return unsupported(f, type_path, type, "takes no sound, only text");
    case TYPE_FILE: return unsupported(f, type_path, type, "takes no files, only text");
    }
    return missing(f, type_path);
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

static int fill_tool_calls(struct msg_chat *ret, const struct message_req *m, const char *where,
                           const struct fill *f)
{
    const struct tool_call_req *from = m->tool_calls.items;
    size_t n = m->tool_calls.n;
    if (n == 0) return 0;
    if (lacks(f->model, CAP_TOOLS)) {
        char path[ERR_PARAM_MAX];
        (void)snprintf(path, sizeof path, "%.60s.tool_calls", where);
        return err_param(
            f->err, ERR_UNSUPPORTED_PARAMETER, path,
            "Unsupported parameter: '%s' is not supported with this model. '%s' has no "
            "tools.",
            path, f->model->id);
    }
    struct msg_tool_call *calls = ARENA_NEWS(f->arena, n, struct msg_tool_call);
    if (!calls) return arena_check(f->arena, "the request", f->err);
    for (size_t i = 0; i < n; i++) {
        const struct function_req *function = from[i].function.value;
        calls[i] = (struct msg_tool_call){ .id = from[i].id.value,
                                           .name = function->name.value,
                                           .arguments = function->arguments.value };
    }
    ret->tool_calls = calls;
    ret->n_tool_calls = (uint32_t)n;
    return 0;
}

static int check_role(const struct message_req *m, const char *where, const struct fill *f)
{
    char path[ERR_PARAM_MAX];
    enum role role = (enum role)m->role.value;
    (void)snprintf(path, sizeof path, "%.60s.role", where);
    if (role == ROLE_FUNCTION || (role == ROLE_TOOL && lacks(f->model, CAP_TOOLS)))
        return unsupported(f, path, role_names[role], "has no tools");
    (void)snprintf(path, sizeof path, "%.60s.content", where);
    bool assistant_without = role == ROLE_ASSISTANT && (m->tool_calls.n > 0 || m->refusal.given);
    if (!m->content.given && !assistant_without) return missing(f, path);
    (void)snprintf(path, sizeof path, "%.60s.tool_call_id", where);
    if (role == ROLE_TOOL && !m->tool_call_id.given) return missing(f, path);
    return 0;
}

int messages_fill(struct msg_request *ret, const struct field_objects *messages,
                  const struct backend_model *model, struct arena *arena, struct err *err)
{
    const struct fill f = { .model = model, .arena = arena, .err = err };
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
        to[i].tool_call_id = from[i].tool_call_id.value;
    }
    ret->messages = to;
    ret->n_messages = (uint32_t)messages->n;
    return 0;
}

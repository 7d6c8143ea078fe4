#include "api/anthropic_messages.h"

#include "api/tools.h"

#include <assert.h>
#include <stdio.h>

enum role { ROLE_USER, ROLE_ASSISTANT, ROLE_SYSTEM };
static const char *const roles[] = { "user", "assistant", "system", NULL };

enum block_type {
    BLOCK_TEXT,
    BLOCK_TOOL_USE,
    BLOCK_TOOL_RESULT,
    BLOCK_THINKING,
    BLOCK_REDACTED_THINKING,
    BLOCK_IMAGE,
    BLOCK_DOCUMENT,
};
static const char *const block_types[] = {
    "text", "tool_use", "tool_result", "thinking", "redacted_thinking", "image", "document", NULL
};

struct anthropic_result_req {
    struct field_enum type;
    struct field_string text;
    struct field_json source, cache_control, citations;
};

/* What stands in several kinds of blocks. */
#define BLOCK_COMMON(s)                                                                          \
    FIELD_JSON(s, source, .types = FIELD_TYPE_OBJECT, .help = "Of a picture or document."),      \
        FIELD_JSON(s, cache_control, .types = FIELD_TYPE_OBJECT, .ignored = true,                \
                   .help = "Accepted: prefixes are cached anyway."),                             \
        FIELD_JSON(s, citations, .types = FIELD_TYPE_ARRAY | FIELD_TYPE_OBJECT, .ignored = true, \
                   .schema = "{}",                                                               \
                   .help = "Of an earlier text. Accepted; nothing is done with it.")

static const struct field result_fields[] = {
    FIELD_ENUM(struct anthropic_result_req, type, .required = true, .names = block_types,
               .help = "text; other kinds are refused."),
    FIELD_STRING(struct anthropic_result_req, text, .help = "Of a text block."),
    BLOCK_COMMON(struct anthropic_result_req),
    FIELDS_END,
};

const struct field anthropic_block_fields[] = {
    FIELD_ENUM(
        struct anthropic_block_req, type, .required = true, .names = block_types,
        .help = "What this block is. Pictures and documents are refused: no model here takes "
                "them yet."),
    FIELD_STRING(struct anthropic_block_req, text, .help = "Of a text block."),
    FIELD_STRING(struct anthropic_block_req, id, .len_max = MSG_NAME_MAX, .help = "Of a tool_use."),
    FIELD_STRING(struct anthropic_block_req, name, .len_max = MSG_NAME_MAX,
                 .help = "Of a tool_use: the tool."),
    FIELD_JSON(struct anthropic_block_req, input, .types = FIELD_TYPE_OBJECT,
               .schema = "{\"type\":\"object\"}", .help = "Of a tool_use."),
    FIELD_STRING(struct anthropic_block_req, tool_use_id, .len_max = MSG_NAME_MAX,
                 .help = "Of a tool_result: which tool_use it answers."),
    FIELD_CONTENT(struct anthropic_block_req, content, .fields = result_fields,
                  .len_max = MSG_PARTS_MAX, .size = sizeof(struct anthropic_result_req),
                  .help = "Of a tool_result: a text, or a list of text blocks."),
    FIELD_BOOL(struct anthropic_block_req, is_error, .def = "false",
               .help = "Of a tool_result: the model is told that it is an error."),
    FIELD_STRING(struct anthropic_block_req, thinking, .ignored = true,
                 .help = "Of a thinking block. Accepted; models are not shown it again."),
    FIELD_STRING(struct anthropic_block_req, signature, .ignored = true,
                 .help = "Of a thinking block."),
    FIELD_STRING(struct anthropic_block_req, data, .ignored = true,
                 .help = "Of a redacted_thinking block."),
    FIELD_JSON(struct anthropic_block_req, caller, .types = FIELD_TYPE_OBJECT, .ignored = true,
               .help = "Of a tool_use: who called. Accepted; here it is always the model."),
    FIELD_JSON(struct anthropic_block_req, toolset_name, .types = FIELD_TYPE_STRING, .only = "[]",
               .instead = "There are no sets of tools here.", .help = "Which set a tool is of."),
    BLOCK_COMMON(struct anthropic_block_req),
    FIELDS_END,
};

const struct field anthropic_message_fields[] = {
    FIELD_ENUM(struct anthropic_message_req, role, .required = true, .names = roles,
               .help = "Who speaks."),
    FIELD_CONTENT(struct anthropic_message_req, content, .required = true,
                  .fields = anthropic_block_fields, .size = sizeof(struct anthropic_block_req),
                  .len_max = MSG_PARTS_MAX, .help = "A text, or a list of blocks."),
    FIELDS_END,
};

struct fill {
    const struct backend_model *model;
    struct arena *arena;
    struct err *err;
    struct msg_chat *to; /* room of them */
    size_t n, room;
};

static int missing(const struct fill *f, const char *where, const char *field)
{
    char param[ERR_PARAM_MAX];
    (void)snprintf(param, sizeof param, "%.100s.%.20s", where, field);
    return field_missing(param, f->err);
}

static int refuse(const struct fill *f, const char *where, int type, const char *why)
{
    char param[ERR_PARAM_MAX];
    (void)snprintf(param, sizeof param, "%.100s.type", where);
    return err_param(f->err, ERR_UNSUPPORTED_VALUE, param,
                     "Unsupported value: '%s' does not support '%s' here. %s", param,
                     block_types[type], why);
}

static int refuse_media(const struct fill *f, const char *where, int type)
{
    char param[ERR_PARAM_MAX];
    const char *what = type == BLOCK_IMAGE ? "pictures" : "documents";
    (void)snprintf(param, sizeof param, "%.100s.type", where);
    return err_param(f->err, ERR_UNSUPPORTED_VALUE, param,
                     "Unsupported value: '%s' does not support '%s' with this model. '%s' takes no "
                     "%s, only text.",
                     param, block_types[type], f->model->id, what);
}

static bool is_media(int type)
{
    return type == BLOCK_IMAGE || type == BLOCK_DOCUMENT;
}

/* Results and the system's message count, too. */
static int next(struct msg_chat **ret, struct fill *f, const char *role)
{
    if (f->n == MSG_MESSAGES_MAX)
        return err_param(f->err, ERR_ARRAY_TOO_LONG, "messages",
                         "Invalid 'messages': too many messages and results of tools. At most %d "
                         "are allowed.",
                         MSG_MESSAGES_MAX);
    assert(f->n < f->room);
    *ret = &f->to[f->n++];
    (*ret)->role = slice_of(role);
    return 0;
}

static int set_text(struct msg_chat *ret, const struct fill *f, struct slice text)
{
    ret->parts = ARENA_NEW(f->arena, struct msg_part);
    if (!ret->parts) return arena_check(f->arena, "the request", f->err);
    ret->parts[0].text = text;
    ret->n_parts = 1;
    return 0;
}

/* ---- Results of tools ---- */

static int result_parts(struct msg_chat *ret, const struct fill *f,
                        const struct anthropic_block_req *block, const char *where)
{
    const struct field_content *content = &block->content;
    const struct anthropic_result_req *blocks = content->items;
    size_t n = content->is_text ? 1 : content->n;
    struct msg_part *parts = ARENA_NEWS(f->arena, n + 1, struct msg_part);
    if (!parts) return arena_check(f->arena, "the request", f->err);
    uint32_t at = 0;
    /* Templates have no other place for it. */
    if (block->is_error.value) parts[at++].text = SLICE("Error:");
    if (content->is_text) parts[at++].text = content->text;
    for (size_t i = 0; i < content->n; i++) {
        char path[ERR_PARAM_MAX];
        int type = blocks[i].type.value;
        (void)snprintf(path, sizeof path, "%.90s.content[%zu]", where, i);
        if (is_media(type)) return refuse_media(f, path, type);
        if (type != BLOCK_TEXT) return refuse(f, path, type, "A tool_result holds text.");
        if (!blocks[i].text.given) return missing(f, path, "text");
        parts[at++].text = blocks[i].text.value;
    }
    ret->parts = parts;
    ret->n_parts = at;
    return 0;
}

static int add_result(struct fill *f, const struct anthropic_block_req *block, const char *where)
{
    struct msg_chat *to;
    if (!block->tool_use_id.given) return missing(f, where, "tool_use_id");
    TRY(next(&to, f, "tool"));
    to->tool_call_id = block->tool_use_id.value;
    return result_parts(to, f, block, where);
}

/* ---- Blocks ---- */

static int add_call(struct msg_chat *to, const struct fill *f,
                    const struct anthropic_block_req *block, const char *where)
{
    struct msg_tool_call *call = &to->tool_calls[to->n_tool_calls++];
    if (!block->id.given) return missing(f, where, "id");
    if (!block->name.given) return missing(f, where, "name");
    if (!block->input.given) return missing(f, where, "input");
    call->id = block->id.value;
    call->name = block->name.value;
    return field_json_text(&call->arguments, block->input.value, f->arena, f->err);
}

static int add_block(struct msg_chat *to, struct fill *f, const struct anthropic_block_req *block,
                     enum role role, const char *where)
{
    int type = block->type.value;
    switch ((enum block_type)type) {
    case BLOCK_TEXT:
        if (!block->text.given) return missing(f, where, "text");
        to->parts[to->n_parts++].text = block->text.value;
        return 0;
    case BLOCK_TOOL_USE:
        if (role != ROLE_ASSISTANT) return refuse(f, where, type, "It is the assistant's.");
        return add_call(to, f, block, where);
    case BLOCK_TOOL_RESULT:
        if (role != ROLE_USER) return refuse(f, where, type, "It is the user's.");
        return 0; /* A message of its own. */
    case BLOCK_THINKING:
    case BLOCK_REDACTED_THINKING:
        if (role != ROLE_ASSISTANT) return refuse(f, where, type, "It is the assistant's.");
        return 0; /* Models are not shown it again. */
    case BLOCK_IMAGE:
    case BLOCK_DOCUMENT: return refuse_media(f, where, type);
    }
    return refuse(f, where, type, "");
}

static size_t count(const struct field_content *content, enum block_type type)
{
    const struct anthropic_block_req *blocks = content->items;
    size_t n = 0;
    for (size_t i = 0; i < content->n; i++) n += blocks[i].type.value == (int)type;
    return n;
}

/* The results of a message, each as a message; then what else it says. */
static int add_blocks(struct fill *f, const struct field_content *content, enum role role,
                      const char *where)
{
    const struct anthropic_block_req *blocks = content->items;
    size_t n_results = role == ROLE_USER ? count(content, BLOCK_TOOL_RESULT) : 0;
    char path[ERR_PARAM_MAX];
    struct msg_chat *to;
    for (size_t i = 0; i < content->n && n_results; i++) {
        (void)snprintf(path, sizeof path, "%.60s[%zu]", where, i);
        if (blocks[i].type.value == BLOCK_TOOL_RESULT) TRY(add_result(f, &blocks[i], path));
    }
    if (content->n == n_results && n_results) return 0;
    TRY(next(&to, f, roles[role]));
    to->parts = ARENA_NEWS(f->arena, content->n + 1, struct msg_part);
    to->tool_calls = ARENA_NEWS(f->arena, count(content, BLOCK_TOOL_USE) + 1, struct msg_tool_call);
    TRY(arena_check(f->arena, "the request", f->err));
    for (size_t i = 0; i < content->n; i++) {
        (void)snprintf(path, sizeof path, "%.60s[%zu]", where, i);
        TRY(add_block(to, f, &blocks[i], role, path));
    }
    return 0;
}

static int add_content(struct fill *f, const struct field_content *content, enum role role,
                       const char *where)
{
    struct msg_chat *to;
    if (!content->is_text) return add_blocks(f, content, role, where);
    TRY(next(&to, f, roles[role]));
    return set_text(to, f, content->text);
}

/* ---- All of it ---- */

static int check_model(const struct fill *f, const struct field_content *content, const char *where)
{
    bool tools = count(content, BLOCK_TOOL_USE) || count(content, BLOCK_TOOL_RESULT);
    return tools ? tools_check_model(f->model, where, f->err) : 0;
}

int anthropic_messages_fill(struct msg_request *ret, const struct anthropic_prompt_req *req,
                            const struct backend_model *model, struct arena *arena, struct err *err)
{
    const struct anthropic_message_req *messages = req->messages.items;
    size_t n = req->messages.n, room = n + 1;
    for (size_t i = 0; i < n; i++) room += count(&messages[i].content, BLOCK_TOOL_RESULT);
    struct fill f = { .model = model, .arena = arena, .err = err, .room = room };
    f.to = ARENA_NEWS(arena, room, struct msg_chat);
    if (!f.to) return arena_check(arena, "the request", err);
    if (req->system.given) TRY(add_content(&f, &req->system, ROLE_SYSTEM, "system"));
    for (size_t i = 0; i < n; i++) {
        char where[ERR_PARAM_MAX];
        (void)snprintf(where, sizeof where, "messages[%zu].content", i);
        TRY(check_model(&f, &messages[i].content, where));
        TRY(add_content(&f, &messages[i].content, (enum role)messages[i].role.value, where));
    }
    if (messages[n - 1].role.value == ROLE_ASSISTANT)
        return err_param(err, ERR_UNSUPPORTED_VALUE, "messages",
                         "Unsupported value: the last of 'messages' is the assistant's. An answer "
                         "cannot be begun for it here; end with a user's message.");
    ret->messages = f.to;
    ret->n_messages = (uint32_t)f.n;
    return 0;
}

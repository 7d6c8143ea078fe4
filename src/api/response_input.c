#include "api/response_input.h"

#include "api/item_input.h"
#include "api/messages.h"
#include "api/prompt_files.h"
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

enum { QUOTE_MAX = 64 };

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

static bool is_reference(const json_t *item)
{
    return slice_is(type_of(item), reference_type);
}

static int no_memory(struct err *err)
{
    return err_set(err, ERR_NO_MEMORY, "There is no memory for the request.");
}

/* ---- The list of items ---- */

/* A text is what the user says. */
int response_items_read(json_t **ret, const json_t *input, struct err *err)
{
    json_t *list = json_is_string(input)
                       ? json_pack("[{s:s, s:O}]", "role", "user", "content", input)
                       : json_array();
    if (!list ||
        (json_is_array(input) && json_array_extend(list, (json_t *)(uintptr_t)input) < 0)) {
        json_decref(list);
        return no_memory(err);
    }
    *ret = list;
    return 0;
}

static const json_t *find_item(const json_t *list, struct slice id)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        if (slice_eq(string_at(json_array_get(list, i), "id"), id)) return json_array_get(list, i);
    return NULL;
}

int response_items_resolve(json_t *items, const json_t *history, bool stored, struct err *err)
{
    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *item = json_array_get(items, i);
        if (!is_reference(item)) continue;
        struct slice id = string_at(item, "id");
        const json_t *found = find_item(history, id);
        if (!found)
            return err_param(err, ERR_NOT_FOUND, "input", "Item with id '%.*s' not found.%s",
                             (int)(id.len < QUOTE_MAX ? id.len : QUOTE_MAX), id.ptr ? id.ptr : "",
                             stored ? ""
                                    : " Items are not persisted when `store` is set to false. Try "
                                      "again with `store` set to true, or remove this item from "
                                      "your input.");
        json_t *same = json_incref((json_t *)(uintptr_t)found);
        if (json_array_set_new(items, i, same) < 0) return no_memory(err);
    }
    return 0;
}

static int show_item(json_t *to, const json_t *item, struct slice of, size_t number,
                     struct arena *arena, struct err *err)
{
    char id[RESPONSE_ID_MAX];
    struct item_row row;
    const struct item_kind *kind;
    json_t *shown = NULL;
    /* Those of tools that the server runs have been shown before. */
    if (server_tool_of_item(type_of(item)))
        return json_array_append(to, (json_t *)(uintptr_t)item) < 0 ? no_memory(err) : 0;
    TRY(item_input_check(&kind, item, "input", arena, err));
    response_id(id, item_input_id_prefix(kind), of, RESPONSE_ID_INPUT, number);
    TRY(item_input_row(&row, kind, item, slice_of(id), arena, err));
    TRY(json_read(&shown, row.body, &json_limits_request, "an item", err));
    return json_array_append_new(to, shown) < 0 ? no_memory(err) : 0;
}

int response_items_shown(json_t **ret, const json_t *items, struct slice of, struct err *err)
{
    struct arena arena;
    json_t *to = json_array();
    int rc = to ? 0 : no_memory(err);
    arena_init(&arena, FIELD_TEXT_MAX);
    for (size_t i = 0; i < json_array_size(items) && rc == 0; i++) {
        rc = show_item(to, json_array_get(items, i), of, i, &arena, err);
        arena_reset(&arena);
    }
    arena_release(&arena);
    if (rc < 0) {
        json_decref(to);
        return rc;
    }
    *ret = to;
    return 0;
}

/* ---- Items in a conversation ---- */

struct filling {
    const struct response_messages *from;
    struct msg_chat *to;         /* n_to of them */
    struct msg_tool_call *calls; /* n_calls, of all messages in order */
    size_t n_to, n_calls;
    bool open; /* the last message is the assistant's, and calls join it */
    struct arena *arena;
    struct err *err;
};

static int unsupported(const struct filling *f, const char *path, struct slice value,
                       const char *why)
{
    return err_param(f->err, ERR_UNSUPPORTED_VALUE, path,
                     "Unsupported value: '%s' does not support '%.*s' with this model. '%s' %s.",
                     path, SLICE_FMT(value), f->from->model->id, why);
}

/* The parts have been checked. */
static int fill_part(struct msg_part *ret, const json_t *part, const char *where,
                     const struct filling *f)
{
    char path[ERR_PARAM_MAX];
    struct slice type = string_at(part, "type");
    (void)snprintf(path, sizeof path, "%.100s.type", where);
    if (slice_is(type, "input_image"))
        return unsupported(f, path, type, "takes no pictures, only text");
    if (slice_is(type, "input_file")) {
        const struct prompt_file_part file = { .id = string_at(part, "file_id"),
                                               .filename = string_at(part, "filename"),
                                               .data = string_at(part, "file_data") };
        *ret = (struct msg_part){ .kind = PART_TEXT };
        return prompt_files_text(&ret->text, f->from->files, &file, f->arena, f->err);
    }
    bool refusal = slice_is(type, "refusal");
    *ret = (struct msg_part){ .kind = refusal ? PART_REFUSAL : PART_TEXT,
                              .text = string_at(part, refusal ? "refusal" : "text") };
    return 0;
}

/* A text, or a list of parts. */
static int fill_parts(struct msg_chat *ret, const json_t *item, const char *key, const char *where,
                      const struct filling *f)
{
    const json_t *content = json_object_get(item, key);
    bool is_text = json_is_string(content);
    size_t n = is_text ? 1 : json_array_size(content);
    struct msg_part *parts = ARENA_NEWS(f->arena, n + 1, struct msg_part);
    if (!parts) return arena_check(f->arena, "the request", f->err);
    char path[ERR_PARAM_MAX];
    (void)snprintf(path, sizeof path, "%.60s.%s", where, key);
    if (n > MSG_PARTS_MAX)
        return err_param(f->err, ERR_ARRAY_TOO_LONG, path,
                         "Invalid '%s': array too long. Expected an array with maximum length %d, "
                         "but got an array with length %zu instead.",
                         path, MSG_PARTS_MAX, n);
    if (is_text) parts[0].text = string_at(item, key);
    for (size_t i = 0; i < n && !is_text; i++) {
        (void)snprintf(path, sizeof path, "%.60s.%s[%zu]", where, key, i);
        TRY(fill_part(&parts[i], json_array_get(content, i), path, f));
    }
    ret->parts = parts;
    ret->n_parts = (uint32_t)n;
    return 0;
}

static int fill_message(struct filling *f, const json_t *item, const char *where)
{
    struct slice role = string_at(item, "role");
    struct msg_chat *m = &f->to[f->n_to++];
    f->open = slice_is(role, "assistant");
    m->role = slice_is(role, "developer") ? SLICE("system") : role;
    return fill_parts(m, item, "content", where, f);
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

static int fill_function(struct filling *f, const json_t *item, const char *where)
{
    struct msg_tool_call *call = add_call(f, string_at(item, "call_id"), string_at(item, "name"));
    call->arguments = string_at(item, "arguments");
    return check_calls(f, where);
}

static int fill_custom(struct filling *f, const json_t *item, const char *where)
{
    struct slice name = string_at(item, "name");
    struct msg_tool_call *call = add_call(f, string_at(item, "call_id"), name);
    TRY(messages_custom_input(&call->arguments, name, string_at(item, "input"),
                              &f->from->tools->client, f->arena, f->err));
    return check_calls(f, where);
}

static int fill_output(struct filling *f, const json_t *item, const char *where)
{
    struct msg_chat *m = &f->to[f->n_to++];
    f->open = false;
    *m = (struct msg_chat){ .role = SLICE("tool"), .tool_call_id = string_at(item, "call_id") };
    TRY(fill_parts(m, item, "output", where, f));
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

/* Models are not shown again what they thought. */
static int fill_nothing(struct filling *f, const json_t *item, const char *where)
{
    (void)f;
    (void)item;
    (void)where;
    return 0;
}

static const struct {
    const char *type;
    int (*fill)(struct filling *f, const json_t *item, const char *where);
} fillers[] = {
    { "message", fill_message },
    { "function_call", fill_function },
    { "function_call_output", fill_output },
    { "custom_tool_call", fill_custom },
    { "custom_tool_call_output", fill_output },
    { "reasoning", fill_nothing },
};

static int fill_item(struct filling *f, const json_t *item, const char *where)
{
    const struct item_kind *kind;
    struct slice type = type_of(item);
    const struct server_tool *tool = server_tool_of_item(type);
    if (tool) return fill_server(f, tool, item);
    TRY(item_input_check(&kind, item, where, f->arena, f->err));
    for (size_t i = 0; i < sizeof fillers / sizeof *fillers; i++)
        if (slice_is(type, fillers[i].type)) return fillers[i].fill(f, item, where);
    char path[ERR_PARAM_MAX];
    (void)snprintf(path, sizeof path, "%.60s.type", where);
    return unsupported(f, path, type, "is told of no such items");
}

static int fill_list(struct filling *f, const json_t *list, const char *name)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        char where[ERR_PARAM_MAX];
        (void)snprintf(where, sizeof where, "%s[%zu]", name, i);
        TRY(fill_item(f, json_array_get(list, i), where));
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

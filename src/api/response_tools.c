#include "api/response_tools.h"

#include <stdio.h>

/* clang-format off */
const char response_tools_schema[] =
    "{\"type\":\"array\",\"maxItems\":128,\"items\":{\"type\":\"object\",\"required\":[\"type\"],"
    "\"properties\":{\"type\":{\"type\":\"string\"},\"name\":{\"type\":\"string\"},"
    "\"description\":{\"type\":\"string\"},\"parameters\":{\"type\":[\"object\",\"null\"]},"
    "\"strict\":{\"type\":[\"boolean\",\"null\"]},\"format\":{\"type\":\"object\"}}}}";

const char response_tool_choice_schema[] =
    "{\"anyOf\":[{\"type\":\"string\",\"enum\":[\"none\",\"auto\",\"required\"]},"
    "{\"type\":\"object\",\"required\":[\"type\"],\"properties\":{\"type\":{\"type\":\"string\"},"
    "\"name\":{\"type\":\"string\"},\"mode\":{\"type\":\"string\",\"enum\":[\"auto\","
    "\"required\"]},\"tools\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}}}}]}";
/* clang-format on */

static const char *const function_types[] = { "function", NULL };
static const char *const custom_types[] = { "custom", NULL };
static const char *const format_types[] = { "text", "grammar", NULL };
enum format_type { FORMAT_TEXT, FORMAT_GRAMMAR };
static const char *const syntaxes[] = { "lark", "regex", NULL };
static const char *const allowed_types[] = { "allowed_tools", NULL };
static const char *const modes[] = { "auto", "required", NULL };
enum { MODE_REQUIRED = 1 };

struct function_req {
    struct field_enum type;
    struct field_string name, description;
    struct field_json parameters, output_schema, defer_loading, allowed_callers;
    struct field_bool strict;
};

struct format_req {
    struct field_enum type, syntax;
    struct field_string definition;
};

struct custom_req {
    struct field_enum type;
    struct field_string name, description;
    struct field_object format; /* struct format_req */
    struct field_json defer_loading, allowed_callers;
};

struct named_req {
    struct field_string type, name, server_label;
};

struct allowed_req {
    struct field_enum type, mode;
    struct field_json tools;
};

static const struct field function_fields[] = {
    FIELD_ENUM(struct function_req, type, .required = true, .names = function_types, .help = "."),
    FIELD_STRING(struct function_req, name, .required = true, .len_min = 1,
                 .len_max = TOOL_NAME_MAX, .help = "Letters, digits, _ and -."),
    FIELD_STRING(struct function_req, description, .help = "When to call it, for the model."),
    FIELD_JSON(struct function_req, parameters, .types = FIELD_TYPE_OBJECT,
               .help = "A JSON Schema of its arguments."),
    FIELD_BOOL(struct function_req, strict, .def = "false",
               .help = "Also refuse parameters outside of OpenAI's strict subset."),
    FIELD_JSON(struct function_req, output_schema, .types = FIELD_TYPE_OBJECT, .ignored = true,
               .help = "Accepted: a result is told as it is."),
    FIELD_JSON(struct function_req, defer_loading, .types = FIELD_TYPE_BOOL, .only = "[false]",
               .instead = "The model is told of all tools at once.", .help = "Tell of it later."),
    FIELD_JSON(struct function_req, allowed_callers, .types = FIELD_TYPE_ARRAY,
               .only = "[[\"direct\"]]", .instead = "Only [\"direct\"] is.",
               .help = "Who may call it; only the model itself."),
    FIELDS_END,
};

static const struct field format_fields[] = {
    FIELD_ENUM(struct format_req, type, .required = true, .names = format_types, .help = "."),
    FIELD_ENUM(struct format_req, syntax, .names = syntaxes, .help = "With type grammar."),
    FIELD_STRING(struct format_req, definition, .len_min = 1, .help = "With type grammar."),
    FIELDS_END,
};

static const struct field custom_fields[] = {
    FIELD_ENUM(struct custom_req, type, .required = true, .names = custom_types, .help = "."),
    FIELD_STRING(struct custom_req, name, .required = true, .len_min = 1, .len_max = TOOL_NAME_MAX,
                 .help = "As of functions."),
    FIELD_STRING(struct custom_req, description, .help = "When to call it, for the model."),
    FIELD_OBJECT(struct custom_req, format, .fields = format_fields,
                 .size = sizeof(struct format_req), .help = "Of its input; without it, any text."),
    FIELD_JSON(struct custom_req, defer_loading, .types = FIELD_TYPE_BOOL, .only = "[false]",
               .instead = "The model is told of all tools at once.", .help = "Tell of it later."),
    FIELD_JSON(struct custom_req, allowed_callers, .types = FIELD_TYPE_ARRAY,
               .only = "[[\"direct\"]]", .instead = "Only [\"direct\"] is.",
               .help = "Who may call it; only the model itself."),
    FIELDS_END,
};

static const struct field named_fields[] = {
    FIELD_STRING(struct named_req, type, .required = true, .help = "Its kind."),
    FIELD_STRING(struct named_req, name, .help = "Of a function or custom tool."),
    FIELDS_END,
};

static const struct field allowed_fields[] = {
    FIELD_ENUM(struct allowed_req, type, .required = true, .names = allowed_types, .help = "."),
    FIELD_ENUM(struct allowed_req, mode, .required = true, .names = modes, .help = "."),
    FIELD_JSON(struct allowed_req, tools, .required = true, .types = FIELD_TYPE_ARRAY, .len_min = 1,
               .len_max = MSG_TOOLS_MAX, .help = "Those that may be called."),
    FIELDS_END,
};

/* One request's tools being read: kinds and names, in order. */
enum kind { KIND_FUNCTION, KIND_CUSTOM, KIND_SERVER };

struct filling {
    struct msg_request *message;
    struct response_tools *tools;
    const struct call *call;
    struct json_writer *w; /* the worker's list */
    struct slice *names;   /* (n): before the model */
    struct slice *types;   /* (n): as in the request */
    enum kind *kinds;      /* (n) */
    size_t n;
    struct err *err;
};

static struct slice string_at(const json_t *object, const char *key)
{
    const json_t *s = json_object_get(object, key);
    return (struct slice){ json_string_value(s), json_string_length(s) };
}

static int shown(struct slice s)
{
    return s.len < 64 ? (int)s.len : 64;
}

/* ---- One tool ---- */

static int add(struct filling *f, enum kind kind, struct slice name, const char *path)
{
    char param[ERR_PARAM_MAX];
    (void)snprintf(param, sizeof param, "%.60s%s", path, kind == KIND_SERVER ? "" : ".name");
    TRY(field_check_name(name, param, f->err));
    for (size_t i = 0; i < f->n; i++)
        if (slice_eq(f->names[i], name))
            return err_param(f->err, ERR_INVALID_VALUE, param,
                             "Invalid '%s': '%.*s' is the name of another tool already.", param,
                             shown(name), name.ptr);
    f->names[f->n] = name;
    f->kinds[f->n++] = kind;
    return 0;
}

static int add_function(struct filling *f, const json_t *object, const char *path)
{
    struct function_req req = { 0 };
    TRY(fields_parse(&req, function_fields, object, path, f->call->scratch, f->err));
    const struct tool_function function = {
        .name = req.name.value,
        .description = req.description.value,
        .parameters = req.parameters.value,
        .strict = req.strict.value,
    };
    TRY(add(f, KIND_FUNCTION, req.name.value, path));
    tool_function_write(f->w, &function);
    return 0;
}

static int add_custom(struct filling *f, const json_t *object, const char *path)
{
    struct custom_req req = { 0 };
    char param[ERR_PARAM_MAX];
    TRY(fields_parse(&req, custom_fields, object, path, f->call->scratch, f->err));
    struct tool_custom custom = { .name = req.name.value, .description = req.description.value };
    const struct format_req *format = req.format.value;
    bool is_grammar = format && format->type.value == FORMAT_GRAMMAR;
    (void)snprintf(param, sizeof param, "%.60s.format.%s", path,
                   !format || format->definition.given != is_grammar ? "definition" : "syntax");
    if (is_grammar && !(format->syntax.given && format->definition.given))
        return field_missing(param, f->err);
    if (format && !is_grammar && (format->syntax.given || format->definition.given))
        return field_misplaced(param, "grammar", f->err);
    if (is_grammar) {
        custom.syntax = syntaxes[format->syntax.value];
        custom.definition = format->definition.value;
    }
    TRY(add(f, KIND_CUSTOM, req.name.value, path));
    tool_custom_write(f->w, &custom);
    return 0;
}

/* `object` without its type, as the tool's own table has it. */
static int check_server(const struct server_tool *tool, const json_t *object, const char *path,
                        struct arena *arena, struct err *err)
{
    void *req = arena_alloc(arena, tool->size ? tool->size : 1);
    json_t *own = json_copy((json_t *)(uintptr_t)object);
    /* A copy that ran out of memory lacks members. */
    bool whole = own && json_object_size(own) == json_object_size(object);
    int rc = req && whole ? json_object_del(own, "type") : -1;
    rc = rc < 0 ? err_set(err, ERR_NO_MEMORY, "There is no memory for the request.")
                : fields_parse(req, tool->fields, own, path, arena, err);
    if (rc == 0 && tool->check) rc = tool->check(req, path, err);
    json_decref(own);
    return rc;
}

static int add_server(struct filling *f, const struct server_tool *tool, const json_t *object,
                      const char *path)
{
    TRY(check_server(tool, object, path, f->call->scratch, f->err));
    TRY(add(f, KIND_SERVER, slice_of(tool->name), path));
    json_t *parameters = json_loads(tool->parameters, 0, NULL);
    if (!parameters) return err_set(f->err, ERR_NO_MEMORY, "There is no memory for the request.");
    const struct tool_function function = { .name = slice_of(tool->name),
                                            .description = slice_of(tool->description),
                                            .parameters = parameters };
    tool_function_write(f->w, &function);
    json_decref(parameters);
    struct response_tools *tools = f->tools;
    tools->server[tools->n_server++] = (struct response_server_tool){ tool, object };
    return 0;
}

static int refuse_type(struct slice type, const char *path, struct err *err)
{
    char param[ERR_PARAM_MAX], more[200] = "";
    size_t at = 0;
    (void)snprintf(param, sizeof param, "%.60s.type", path);
    if (type.len == 0) return field_missing(param, err);
    for (size_t i = 0; i < server_tool_registry_len && at < sizeof more; i++)
        at += (size_t)snprintf(more + at, sizeof more - at, ", '%s'",
                               server_tool_registry[i]->type);
    return err_param(err, ERR_UNSUPPORTED_VALUE, param,
                     "Unsupported value: '%s' does not support '%.*s' on this server. Supported "
                     "values are: 'function', 'custom'%s.",
                     param, shown(type), type.ptr, more);
}

static int add_tool(struct filling *f, const json_t *object, const char *path)
{
    if (!json_is_object(object))
        return err_param(f->err, ERR_INVALID_TYPE, path,
                         "Invalid type for '%s': expected an object, but got %s instead.", path,
                         field_type_words(object));
    struct slice type = string_at(object, "type");
    f->types[f->n] = type;
    if (slice_is(type, "function")) return add_function(f, object, path);
    if (slice_is(type, "custom")) return add_custom(f, object, path);
    const struct server_tool *tool = server_tool_of_type(type);
    return tool ? add_server(f, tool, object, path) : refuse_type(type, path, f->err);
}

/* ---- Which may be called ---- */

static int find_choice(struct slice *ret, const struct filling *f, const json_t *object,
                       const char *path)
{
    struct named_req req = { 0 };
    char param[ERR_PARAM_MAX];
    if (!json_is_object(object))
        return err_param(f->err, ERR_INVALID_TYPE, path,
                         "Invalid type for '%s': expected an object, but got %s instead.", path,
                         field_type_words(object));
    TRY(fields_parse(&req, named_fields, object, path, f->call->scratch, f->err));
    struct slice type = req.type.value, name = req.name.value;
    bool by_name = slice_is(type, "function") || slice_is(type, "custom");
    (void)snprintf(param, sizeof param, "%.60s.name", path);
    if (by_name && !req.name.given) return field_missing(param, f->err);
    if (!by_name && req.name.given) return field_misplaced(param, "function", f->err);
    for (size_t i = 0; i < f->n; i++) {
        if (!slice_eq(f->types[i], type) || (by_name && !slice_eq(f->names[i], name))) continue;
        *ret = f->names[i];
        return 0;
    }
    return err_param(f->err, ERR_INVALID_VALUE, path,
                     "Invalid value for '%s': no tool of the type '%.*s'%s%.*s%s is in 'tools'.",
                     path, shown(type), type.ptr, by_name ? " and the name '" : "",
                     by_name ? shown(name) : 0, by_name ? name.ptr : "", by_name ? "'" : "");
}

static int choose_allowed(struct filling *f, const json_t *object)
{
    struct allowed_req req = { 0 };
    struct arena *scratch = f->call->scratch;
    TRY(fields_parse(&req, allowed_fields, object, "tool_choice", scratch, f->err));
    size_t n = json_array_size(req.tools.value);
    struct slice *names = ARENA_NEWS(scratch, n, struct slice);
    TRY(arena_check(scratch, "the request", f->err));
    for (size_t i = 0; i < n; i++) {
        char path[ERR_PARAM_MAX];
        (void)snprintf(path, sizeof path, "tool_choice.tools[%zu]", i);
        TRY(find_choice(&names[i], f, json_array_get(req.tools.value, i), path));
    }
    f->message->tool_names = names;
    f->message->n_tool_names = (uint32_t)n;
    if (req.mode.value == MODE_REQUIRED) f->message->tool_choice = TOOL_CHOICE_REQUIRED;
    return 0;
}

static int choose_object(struct filling *f, const json_t *object)
{
    if (slice_is(string_at(object, "type"), "allowed_tools")) return choose_allowed(f, object);
    struct msg_request *m = f->message;
    struct slice *name = ARENA_NEW(f->call->scratch, struct slice);
    if (!name) return arena_check(f->call->scratch, "the request", f->err);
    TRY(find_choice(name, f, object, "tool_choice"));
    m->tool_names = name;
    m->n_tool_names = 1;
    m->tool_choice = TOOL_CHOICE_REQUIRED;
    m->one_tool_call = true; /* A named tool is called once. */
    return 0;
}

static int choose(struct filling *f, const struct response_prompt_req *req)
{
    const json_t *value = req->tool_choice.value;
    const char *word = json_string_value(value);
    f->message->one_tool_call = !req->parallel_tool_calls.value;
    if (!value || (word && strcmp(word, "auto") == 0)) return 0;
    if (!word) return choose_object(f, value);
    if (strcmp(word, "none") == 0)
        f->message->tool_choice = TOOL_CHOICE_NONE;
    else if (strcmp(word, "required") == 0)
        f->message->tool_choice = TOOL_CHOICE_REQUIRED;
    else
        return err_param(f->err, ERR_INVALID_VALUE, "tool_choice",
                         "Invalid value: '%.64s'. Supported values are: 'none', 'auto', and "
                         "'required'.",
                         word);
    return 0;
}

/* Without tools a choice must choose nothing. */
static int check_without(const struct response_prompt_req *req, struct err *err)
{
    const char *word = json_string_value(req->tool_choice.value);
    bool harmless = word && (strcmp(word, "none") == 0 || strcmp(word, "auto") == 0);
    if (!req->tool_choice.given || harmless) return 0;
    return err_param(err, ERR_INVALID_VALUE, "tool_choice",
                     "Tool choice '%.64s' must be specified with 'tools' parameter.",
                     word ? word : "of a tool");
}

/* ---- All of it ---- */

static int read_all(struct filling *f, const json_t *list)
{
    struct buf text;
    struct json_writer w;
    int rc = 0;
    buf_init(&text, FIELD_TEXT_MAX);
    json_writer_init(&w, &text);
    f->w = &w;
    json_array_begin(&w);
    for (size_t i = 0; i < json_array_size(list) && rc == 0; i++) {
        char path[ERR_PARAM_MAX];
        (void)snprintf(path, sizeof path, "tools[%zu]", i);
        rc = add_tool(f, json_array_get(list, i), path);
    }
    if (rc < 0) {
        buf_release(&text);
        return rc;
    }
    json_array_end(&w);
    return field_keep_text(&f->message->tools, &text, f->call->scratch, f->err);
}

static int keep_names(struct filling *f)
{
    struct arena *arena = f->call->arena;
    struct response_tools *t = f->tools;
    struct slice *custom = ARENA_NEWS(arena, f->n, struct slice);
    t->names = ARENA_NEWS(arena, f->n, struct slice);
    TRY(arena_check(arena, "the request", f->err));
    t->client.custom = custom;
    for (size_t i = 0; i < f->n; i++) {
        if (f->kinds[i] == KIND_SERVER) continue;
        struct slice name = arena_slice(arena, f->names[i]);
        t->names[t->n_names++] = name;
        if (f->kinds[i] == KIND_CUSTOM) custom[t->client.n_custom++] = name;
    }
    return arena_check(arena, "the request", f->err);
}

int response_tools_fill(struct msg_request *ret, struct response_tools *ret_tools,
                        const struct response_prompt_req *req, const struct backend_model *model,
                        const struct call *call, struct err *err)
{
    struct filling f = { .message = ret, .tools = ret_tools, .call = call, .err = err };
    size_t n = json_array_size(req->tools.value);
    *ret_tools = (struct response_tools){ 0 };
    if (n == 0) return check_without(req, err);
    TRY(tools_check_model(model, "tools", err));
    f.names = ARENA_NEWS(call->scratch, n, struct slice);
    f.types = ARENA_NEWS(call->scratch, n, struct slice);
    f.kinds = ARENA_NEWS(call->scratch, n, enum kind);
    ret_tools->server = ARENA_NEWS(call->arena, n, struct response_server_tool);
    TRY(arena_check(call->scratch, "the request", err));
    TRY(arena_check(call->arena, "the request", err));
    TRY(read_all(&f, req->tools.value));
    TRY(choose(&f, req));
    if (ret->tool_choice != TOOL_CHOICE_NONE) return keep_names(&f);
    ret_tools->n_server = 0; /* Nothing will be called. */
    return 0;
}

const struct response_server_tool *response_tools_server(const struct response_tools *tools,
                                                         struct slice name)
{
    for (uint32_t i = 0; i < tools->n_server; i++)
        if (slice_is(name, tools->server[i].tool->name)) return &tools->server[i];
    return NULL;
}

#include "api/tools_fill.h"

#include <stdio.h>

enum tool_type { TOOL_FUNCTION, TOOL_CUSTOM };
const char *const tool_types[] = { "function", "custom", NULL };
enum format_type { FORMAT_TEXT, FORMAT_GRAMMAR };
static const char *const format_types[] = { "text", "grammar", NULL };
static const char *const syntaxes[] = { "lark", "regex", NULL };

struct function_req {
    struct field_string name, description;
    struct field_json parameters;
    struct field_bool strict;
};

struct grammar_req {
    struct field_string definition;
    struct field_enum syntax;
};

struct format_req {
    struct field_enum type;
    struct field_object grammar; /* struct grammar_req */
};

struct custom_req {
    struct field_string name, description;
    struct field_object format; /* struct format_req */
};

struct tool_req {
    struct field_enum type;
    struct field_object function; /* struct function_req */
    struct field_object custom;   /* struct custom_req */
};

static const struct field function_fields[] = {
    FIELD_STRING(struct function_req, name, .required = true, .len_min = 1,
                 .len_max = TOOL_NAME_MAX,
                 .help = "Letters, digits, _ and -; no two tools may share one."),
    FIELD_STRING(struct function_req, description, .help = "When to call it, for the model."),
    FIELD_JSON(struct function_req, parameters, .types = FIELD_TYPE_OBJECT,
               .schema = "{\"type\":\"object\"}",
               .help = "A JSON Schema of its arguments, which are valid under it; without one it "
                       "takes none."),
    FIELD_BOOL(struct function_req, strict, .def = "false",
               .help = "Also refuse parameters outside of OpenAI's strict subset. Arguments are "
                       "held to the schema either way."),
    FIELDS_END,
};

static const struct field grammar_fields[] = {
    FIELD_STRING(struct grammar_req, definition, .required = true, .len_min = 1,
                 .help = "The grammar, or the regular expression."),
    FIELD_ENUM(struct grammar_req, syntax, .required = true, .names = syntaxes,
               .help = "regex; or lark: read as this server's grammar language."),
    FIELDS_END,
};

static const struct field format_fields[] = {
    FIELD_ENUM(struct format_req, type, .required = true, .names = format_types,
               .help = "text: any; grammar: what `grammar` lets through."),
    FIELD_OBJECT(struct format_req, grammar, .fields = grammar_fields,
                 .size = sizeof(struct grammar_req), .help = "With type grammar."),
    FIELDS_END,
};

static const struct field custom_fields[] = {
    FIELD_STRING(struct custom_req, name, .required = true, .len_min = 1, .len_max = TOOL_NAME_MAX,
                 .help = "As of functions."),
    FIELD_STRING(struct custom_req, description, .help = "When to call it, for the model."),
    FIELD_OBJECT(struct custom_req, format, .fields = format_fields,
                 .size = sizeof(struct format_req), .help = "Of its input; without it, any text."),
    FIELDS_END,
};

static const struct field tool_fields[] = {
    FIELD_ENUM(struct tool_req, type, .required = true, .names = tool_types,
               .help = "function: called with JSON; custom: with a text."),
    FIELD_OBJECT(struct tool_req, function, .fields = function_fields,
                 .size = sizeof(struct function_req), .help = "With type function."),
    FIELD_OBJECT(struct tool_req, custom, .fields = custom_fields,
                 .size = sizeof(struct custom_req), .help = "With type custom."),
    FIELDS_END,
};

/* clang-format off */
const struct field tools_fields[] = {
    FIELD_OBJECTS(struct tools_req, tools, .len_max = MSG_TOOLS_MAX, .fields = tool_fields,
                  .size = sizeof(struct tool_req), .help = "What the model may call."),
    FIELD_JSON(struct tools_req, tool_choice, .types = FIELD_TYPE_STRING | FIELD_TYPE_OBJECT,
               .schema = tool_choice_schema,
               .help = "none: call nothing; auto: the model decides; required: call at least one; "
                       "the one to call, {\"type\": \"function\", \"function\": {\"name\": ..}}; "
                       "or those that may be called, {\"type\": \"allowed_tools\", ..}. auto with "
                       "tools, none without."),
    FIELD_BOOL(struct tools_req, parallel_tool_calls, .def = "true",
               .help = "False: at most one call in an answer."),
    FIELD_OBJECTS(struct tools_req, functions, .len_min = 1, .len_max = MSG_TOOLS_MAX,
                  .deprecated = true, .fields = function_fields,
                  .size = sizeof(struct function_req), .help = "The older form of tools."),
    FIELD_JSON(struct tools_req, function_call, .types = FIELD_TYPE_STRING | FIELD_TYPE_OBJECT,
               .deprecated = true, .schema = function_call_schema,
               .help = "The older form of tool_choice: none, auto or {\"name\": ..}."),
    FIELDS_END,
};
/* clang-format on */

/* ---- What the worker is told ---- */

static void write_description(struct json_writer *w, struct slice text)
{
    if (text.len == 0) return;
    json_key(w, "description");
    json_slice(w, text);
}

void tool_function_write(struct json_writer *w, const struct tool_function *f)
{
    json_object_begin(w);
    json_key(w, "type");
    json_str(w, "function");
    json_key(w, "function");
    json_object_begin(w);
    json_key(w, "name");
    json_slice(w, f->name);
    write_description(w, f->description);
    if (f->parameters) {
        json_key(w, "parameters");
        json_value(w, f->parameters);
    }
    if (f->strict) {
        json_key(w, "strict");
        json_bool(w, true);
    }
    json_object_end(w);
    json_object_end(w);
}

static void write_function(struct json_writer *w, const struct function_req *req)
{
    const struct tool_function f = {
        .name = req->name.value,
        .description = req->description.value,
        .parameters = req->parameters.value,
        .strict = req->strict.value,
    };
    tool_function_write(w, &f);
}

void tool_custom_write(struct json_writer *w, const struct tool_custom *c)
{
    json_object_begin(w);
    json_key(w, "type");
    json_str(w, "custom");
    json_key(w, "custom");
    json_object_begin(w);
    json_key(w, "name");
    json_slice(w, c->name);
    write_description(w, c->description);
    if (c->syntax) {
        json_key(w, "format");
        json_object_begin(w);
        json_key(w, "type");
        json_str(w, "grammar");
        json_key(w, "grammar");
        json_object_begin(w);
        json_key(w, "syntax");
        json_str(w, c->syntax);
        json_key(w, "definition");
        json_slice(w, c->definition);
        json_object_end(w);
        json_object_end(w);
    }
    json_object_end(w);
    json_object_end(w);
}

static void write_custom(struct json_writer *w, const struct custom_req *req)
{
    const struct format_req *format = req->format.value;
    struct tool_custom c = { .name = req->name.value, .description = req->description.value };
    if (format && format->type.value == FORMAT_GRAMMAR) {
        const struct grammar_req *grammar = format->grammar.value;
        c.syntax = syntaxes[grammar->syntax.value];
        c.definition = grammar->definition.value;
    }
    tool_custom_write(w, &c);
}

/* ---- What is checked ---- */

static int add_name(struct tools_fill *f, size_t i, struct slice name, bool custom,
                    const char *param)
{
    TRY(field_check_name(name, param, f->err));
    for (size_t j = 0; j < i; j++)
        if (slice_eq(f->names[j], name))
            return err_param(f->err, ERR_INVALID_VALUE, param,
                             "Invalid '%s': '%.*s' is the name of another tool already.", param,
                             SLICE_FMT(name));
    f->names[i] = name;
    f->is_custom[i] = custom;
    return 0;
}

static int check_format(const struct custom_req *custom, size_t i, struct err *err)
{
    char param[ERR_PARAM_MAX];
    const struct format_req *format = custom->format.value;
    if (!format) return 0;
    (void)snprintf(param, sizeof param, "tools[%zu].custom.format.grammar", i);
    bool is_grammar = format->type.value == FORMAT_GRAMMAR;
    if (is_grammar && !format->grammar.value) return field_missing(param, err);
    if (!is_grammar && format->grammar.value) return field_misplaced(param, "grammar", err);
    return 0;
}

static int check_tool(struct tools_fill *f, size_t i, const struct tool_req *tool)
{
    bool custom = tool->type.value == TOOL_CUSTOM;
    const struct function_req *function = tool->function.value;
    const struct custom_req *input = tool->custom.value;
    char own[ERR_PARAM_MAX], other[ERR_PARAM_MAX], name[ERR_PARAM_MAX];
    (void)snprintf(own, sizeof own, "tools[%zu].%s", i, tool_types[custom]);
    (void)snprintf(other, sizeof other, "tools[%zu].%s", i, tool_types[!custom]);
    (void)snprintf(name, sizeof name, "tools[%zu].%s.name", i, tool_types[custom]);
    if (custom ? !input : !function) return field_missing(own, f->err);
    if (custom ? function != NULL : input != NULL)
        return field_misplaced(other, tool_types[!custom], f->err);
    if (custom) TRY(check_format(input, i, f->err));
    return add_name(f, i, custom ? input->name.value : function->name.value, custom, name);
}

int tools_check_model(const struct backend_model *model, const char *param, struct err *err)
{
    if (!model->capabilities || model->capabilities & CAP_TOOLS) return 0;
    return err_param(err, ERR_UNSUPPORTED_PARAMETER, param,
                     "Unsupported parameter: '%s' is not supported with this model. '%s' has no "
                     "tools.",
                     param, model->id);
}

static int fill_names(struct tools_fill *f)
{
    const struct tools_req *req = f->req;
    struct arena *arena = f->call->scratch;
    const struct tool_req *tools = req->tools.items;
    const struct function_req *functions = req->functions.items;
    f->n = f->tools->legacy ? req->functions.n : req->tools.n;
    f->names = ARENA_NEWS(arena, f->n + 1, struct slice);
    f->is_custom = ARENA_NEWS(arena, f->n + 1, bool);
    TRY(arena_check(arena, "the request", f->err));
    for (size_t i = 0; i < f->n; i++) {
        char param[ERR_PARAM_MAX];
        (void)snprintf(param, sizeof param, "functions[%zu].name", i);
        if (f->tools->legacy)
            TRY(add_name(f, i, functions[i].name.value, false, param));
        else
            TRY(check_tool(f, i, &tools[i]));
    }
    return 0;
}

static int fill_text(struct tools_fill *f)
{
    const struct tool_req *tools = f->req->tools.items;
    const struct function_req *functions = f->req->functions.items;
    struct buf text;
    struct json_writer w;
    buf_init(&text, FIELD_TEXT_MAX);
    json_writer_init(&w, &text);
    json_array_begin(&w);
    for (size_t i = 0; i < f->n; i++) {
        if (f->is_custom[i])
            write_custom(&w, tools[i].custom.value);
        else
            write_function(&w, f->tools->legacy ? &functions[i] : tools[i].function.value);
    }
    json_array_end(&w);
    return field_keep_text(&f->message->tools, &text, f->call->scratch, f->err);
}

/* ---- All of it ---- */

static int only_with(const char *param, const char *with, struct err *err)
{
    return err_param(err, ERR_UNSUPPORTED_PARAMETER, param,
                     "Invalid value for '%s': '%s' is only allowed when '%s' are specified.", param,
                     param, with);
}

/* Without tools a choice must choose nothing. */
static int check_without(const struct tools_req *req, struct err *err)
{
    const char *choice = json_string_value(req->tool_choice.value);
    bool harmless = choice && (strcmp(choice, "none") == 0 || strcmp(choice, "auto") == 0);
    if (req->tool_choice.given && !harmless) return only_with("tool_choice", "tools", err);
    choice = json_string_value(req->function_call.value);
    harmless = choice && strcmp(choice, "none") == 0;
    if (req->function_call.given && !harmless) return only_with("function_call", "functions", err);
    return 0;
}

static int check_both(const struct tools_req *req, struct err *err)
{
    if (req->functions.n && req->tools.n)
        return err_param(err, ERR_INVALID_VALUE, "functions",
                         "Invalid value for 'functions': give 'tools' or 'functions', not both.");
    if (req->functions.n && req->tool_choice.given) return only_with("tool_choice", "tools", err);
    if (req->tools.n && req->function_call.given)
        return only_with("function_call", "functions", err);
    return 0;
}

static int keep_custom(struct tools_fill *f)
{
    struct arena *arena = f->call->arena;
    struct tools *t = f->tools;
    t->custom = ARENA_NEWS(arena, f->n, struct slice);
    for (size_t i = 0; i < f->n && t->custom; i++)
        if (f->is_custom[i]) t->custom[t->n_custom++] = arena_slice(arena, f->names[i]);
    return arena_check(arena, "the request", f->err);
}

int tools_fill(struct msg_request *ret, struct tools *ret_tools, const struct tools_req *req,
               const struct backend_model *model, const struct call *call, struct err *err)
{
    struct tools_fill f = {
        .message = ret, .tools = ret_tools, .req = req, .call = call, .err = err
    };
    *ret_tools = (struct tools){ .legacy = req->functions.n > 0 };
    if (req->tools.n + req->functions.n == 0) return check_without(req, err);
    TRY(tools_check_model(model, ret_tools->legacy ? "functions" : "tools", err));
    TRY(check_both(req, err));
    TRY(fill_names(&f));
    TRY(fill_text(&f));
    TRY(ret_tools->legacy ? tools_choose_legacy(&f) : tools_choose(&f));
    return ret->tool_choice == TOOL_CHOICE_NONE ? 0 : keep_custom(&f);
}

bool tools_is_custom(const struct tools *tools, struct slice name)
{
    for (uint32_t i = 0; i < tools->n_custom; i++)
        if (slice_eq(tools->custom[i], name)) return true;
    return false;
}

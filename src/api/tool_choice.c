/* tool_choice and function_call: which tools may be called, and whether one must be. */
#include "api/tools_fill.h"

#include <stdio.h>

static const char *const modes[] = { "auto", "required", NULL };

/* clang-format off */
#define NAME_SCHEMA                                                                               \
    "{\"type\":\"object\",\"required\":[\"name\"],\"additionalProperties\":false,\"properties\":" \
    "{\"name\":{\"type\":\"string\"}}}"
#define NAMED_SCHEMA(kind)                                                                      \
    "{\"type\":\"object\",\"required\":[\"type\",\"" kind "\"],\"additionalProperties\":false," \
    "\"properties\":{\"type\":{\"type\":\"string\",\"enum\":[\"" kind "\"]},\"" kind            \
    "\":" NAME_SCHEMA "}}"
#define TOOL_NAMES_SCHEMA                                                                      \
    "{\"type\":\"array\",\"minItems\":1,\"maxItems\":128,\"items\":{\"anyOf\":[" NAMED_SCHEMA( \
        "function") "," NAMED_SCHEMA("custom") "]}}"

const char tool_choice_schema[] =
    "{\"anyOf\":[{\"type\":\"string\",\"enum\":[\"none\",\"auto\",\"required\"]}," NAMED_SCHEMA(
        "function") "," NAMED_SCHEMA("custom") ","
                                               "{\"type\":\"object\",\"required\":[\"type\","
                                               "\"allowed_tools\"],\"additionalProperties\":false,"
                                               "\"properties\":{\"type\":{\"type\":\"string\","
                                               "\"enum\":[\"allowed_tools\"]},\"allowed_tools\":"
                                               "{\"type\":\"object\",\"required\":[\"mode\","
                                               "\"tools\"],\"additionalProperties\":false,"
                                               "\"properties\":{\"mode\":{\"type\":\"string\","
                                               "\"enum\":[\"auto\",\"required\"]},"
                                               "\"tools\":" TOOL_NAMES_SCHEMA "}}}}]}";

const char function_call_schema[] =
    "{\"anyOf\":[{\"type\":\"string\",\"enum\":[\"none\",\"auto\"]}," NAME_SCHEMA "]}";
/* clang-format on */

struct name_req {
    struct field_string name;
};

struct choice_req {
    struct field_enum type;
    struct field_object function, custom; /* struct name_req */
    struct field_object allowed_tools;    /* struct allowed_req */
};

struct allowed_req {
    struct field_enum mode;
    struct field_objects tools; /* of struct choice_req, without allowed_tools */
};

enum choice_type { CHOICE_FUNCTION, CHOICE_CUSTOM, CHOICE_ALLOWED };
static const char *const choice_types[] = { "function", "custom", "allowed_tools", NULL };

static const struct field name_fields[] = {
    FIELD_STRING(struct name_req, name, .required = true, .help = "Of the tool."),
    FIELDS_END,
};

static const struct field named_fields[] = {
    FIELD_ENUM(struct choice_req, type, .required = true, .names = tool_types, .help = "Its kind."),
    FIELD_OBJECT(struct choice_req, function, .fields = name_fields,
                 .size = sizeof(struct name_req), .help = "With type function."),
    FIELD_OBJECT(struct choice_req, custom, .fields = name_fields, .size = sizeof(struct name_req),
                 .help = "With type custom."),
    FIELDS_END,
};

static const struct field allowed_fields[] = {
    FIELD_ENUM(struct allowed_req, mode, .required = true, .names = modes,
               .help = "auto: the model decides; required: it must call one."),
    FIELD_OBJECTS(struct allowed_req, tools, .required = true, .len_min = 1,
                  .len_max = MSG_TOOLS_MAX, .fields = named_fields,
                  .size = sizeof(struct choice_req), .help = "Those that may be called."),
    FIELDS_END,
};

static const struct field choice_fields[] = {
    FIELD_ENUM(struct choice_req, type, .required = true, .names = choice_types,
               .help = "What is chosen."),
    FIELD_OBJECT(struct choice_req, function, .fields = name_fields,
                 .size = sizeof(struct name_req), .help = "With type function."),
    FIELD_OBJECT(struct choice_req, custom, .fields = name_fields, .size = sizeof(struct name_req),
                 .help = "With type custom."),
    FIELD_OBJECT(struct choice_req, allowed_tools, .fields = allowed_fields,
                 .size = sizeof(struct allowed_req), .help = "With type allowed_tools."),
    FIELDS_END,
};

/* The name of the tool that `choice`, at `path`, names. */
static int named_tool(struct slice *ret, const struct tools_fill *f,
                      const struct choice_req *choice, const char *path)
{
    bool custom = choice->type.value == CHOICE_CUSTOM;
    const struct name_req *own = custom ? choice->custom.value : choice->function.value;
    const struct name_req *other = custom ? choice->function.value : choice->custom.value;
    char param[ERR_PARAM_MAX];
    (void)snprintf(param, sizeof param, "%.60s.%s", path, tool_types[other ? !custom : custom]);
    if (other) return field_misplaced(param, tool_types[!custom], f->err);
    if (!own) return field_missing(param, f->err);
    for (size_t i = 0; i < f->n; i++) {
        if (!slice_eq(f->names[i], own->name.value) || f->is_custom[i] != custom) continue;
        *ret = f->names[i];
        return 0;
    }
    (void)snprintf(param, sizeof param, "%.60s.%s.name", path, tool_types[custom]);
    return err_param(f->err, ERR_INVALID_VALUE, param,
                     "Invalid value for '%s': no tool of the type '%s' has the name '%.*s'.", param,
                     tool_types[custom],
                     own->name.value.len > TOOL_NAME_MAX ? TOOL_NAME_MAX : (int)own->name.value.len,
                     own->name.value.ptr);
}

static int choose_names(struct tools_fill *f, const struct choice_req *choices, size_t n,
                        const char *path)
{
    struct slice *names = ARENA_NEWS(f->call->scratch, n, struct slice);
    TRY(arena_check(f->call->scratch, "the request", f->err));
    for (size_t i = 0; i < n; i++) {
        char item[ERR_PARAM_MAX];
        (void)snprintf(item, sizeof item, "%.40s[%zu]", path, i);
        TRY(named_tool(&names[i], f, &choices[i], item));
    }
    f->message->tool_names = names;
    f->message->n_tool_names = (uint32_t)n;
    return 0;
}

static int choose_object(struct tools_fill *f, const json_t *value)
{
    struct choice_req choice = { 0 };
    struct msg_request *m = f->message;
    TRY(fields_parse(&choice, choice_fields, value, "tool_choice", f->call->scratch, f->err));
    const struct allowed_req *allowed = choice.allowed_tools.value;
    if (choice.type.value == CHOICE_ALLOWED) {
        if (!allowed) return field_missing("tool_choice.allowed_tools", f->err);
        if (allowed->mode.value == 1) m->tool_choice = TOOL_CHOICE_REQUIRED;
        return choose_names(f, allowed->tools.items, allowed->tools.n,
                            "tool_choice.allowed_tools.tools");
    }
    if (allowed) return field_misplaced("tool_choice.allowed_tools", "allowed_tools", f->err);
    m->tool_names = ARENA_NEW(f->call->scratch, struct slice);
    TRY(arena_check(f->call->scratch, "the request", f->err));
    m->n_tool_names = 1;
    m->tool_choice = TOOL_CHOICE_REQUIRED;
    m->one_tool_call = true; /* A named tool is called once. */
    f->tools->named = true;
    return named_tool(m->tool_names, f, &choice, "tool_choice");
}

int tools_choose(struct tools_fill *f)
{
    const json_t *value = f->req->tool_choice.value;
    const char *word = json_string_value(value);
    struct msg_request *m = f->message;
    m->one_tool_call = !f->req->parallel_tool_calls.value;
    if (!value || (word && strcmp(word, "auto") == 0)) return 0;
    if (!word) return choose_object(f, value);
    if (strcmp(word, "none") == 0)
        m->tool_choice = TOOL_CHOICE_NONE;
    else if (strcmp(word, "required") == 0)
        m->tool_choice = TOOL_CHOICE_REQUIRED;
    else
        return err_param(f->err, ERR_INVALID_VALUE, "tool_choice",
                         "Invalid value: '%.64s'. Supported values are: 'none', 'auto', and "
                         "'required'.",
                         word);
    return 0;
}

/* function_call: "none", "auto" or {"name": ..}. */
int tools_choose_legacy(struct tools_fill *f)
{
    const json_t *value = f->req->function_call.value;
    const char *word = json_string_value(value);
    struct msg_request *m = f->message;
    struct name_req named = { 0 };
    m->one_tool_call = true;
    if (!value || (word && strcmp(word, "auto") == 0)) return 0;
    if (word && strcmp(word, "none") == 0) {
        m->tool_choice = TOOL_CHOICE_NONE;
        return 0;
    }
    if (word)
        return err_param(f->err, ERR_INVALID_VALUE, "function_call",
                         "Invalid value: '%.64s'. Supported values are: 'none' and 'auto'.", word);
    TRY(fields_parse(&named, name_fields, value, "function_call", f->call->scratch, f->err));
    for (size_t i = 0; i < f->n; i++) {
        if (!slice_eq(f->names[i], named.name.value)) continue;
        m->tool_names = &f->names[i];
        m->n_tool_names = 1;
        m->tool_choice = TOOL_CHOICE_REQUIRED;
        f->tools->named = true;
        return 0;
    }
    return err_param(f->err, ERR_INVALID_VALUE, "function_call.name",
                     "Invalid value for 'function_call.name': no function has that name.");
}

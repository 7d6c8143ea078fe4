#include "chat/tools.h"

#include "base/json.h"
#include "base/seam.h"

#include <stdio.h>

/* Where in the request something stands, for errors. */
struct place {
    size_t index;
    const char *kind; /* "function" or "custom" */
};

static int wrong(struct err *err, enum err_code code, const struct place *p, const char *field,
                 const char *why)
{
    char param[ERR_PARAM_MAX];
    (void)snprintf(param, sizeof param, "tools[%zu]%s%s%s", p->index, p->kind ? "." : "",
                   p->kind ? p->kind : "", field); /* Short. */
    return err_param(err, code, param, "Invalid '%s': %s", param, why);
}

static struct slice text_of(const json_t *object, const char *key)
{
    const json_t *v = json_object_get(object, key);
    return (struct slice){ json_string_value(v), json_string_length(v) };
}

static bool name_is_good(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    c == '_' || c == '-';
        if (!good) return false;
    }
    return s.len > 0;
}

static int read_name(struct tool *t, const json_t *body, const struct place *p, struct err *err)
{
    t->name = text_of(body, "name");
    if (!t->name.ptr)
        return wrong(err, ERR_MISSING_PARAMETER, p, ".name", "a tool needs a name, a string.");
    if (t->name.len > TOOL_NAME_MAX)
        return wrong(err, ERR_STRING_TOO_LONG, p, ".name",
                     "string too long. Expected a string with maximum length 64.");
    if (!name_is_good(t->name))
        return wrong(err, ERR_INVALID_VALUE, p, ".name",
                     "string does not match pattern. Expected a string that matches the pattern "
                     "'^[a-zA-Z0-9_-]+$'.");
    return 0;
}

static int read_function(struct tool *t, const json_t *body, const struct place *p, struct err *err)
{
    const json_t *parameters = json_object_get(body, "parameters");
    const json_t *strict = json_object_get(body, "strict");
    if (parameters && !json_is_null(parameters)) {
        if (!json_is_object(parameters))
            return wrong(err, ERR_INVALID_TYPE, p, ".parameters", "expected a JSON Schema object.");
        t->parameters = parameters;
    }
    if (strict && !json_is_null(strict) && !json_is_boolean(strict))
        return wrong(err, ERR_INVALID_TYPE, p, ".strict", "expected a boolean.");
    t->strict = json_is_true(strict);
    return 0;
}

/* format: {"type": "text"} or {"type": "grammar", "grammar": {"syntax": .., "definition": ..}}. The
 * Responses API has syntax and definition beside the type. */
static int read_custom(struct tool *t, const json_t *body, const struct place *p, struct err *err)
{
    const json_t *format = json_object_get(body, "format");
    t->custom = true;
    if (!format || json_is_null(format)) return 0;
    struct slice type = text_of(format, "type");
    if (slice_is(type, "text")) return 0;
    if (!slice_is(type, "grammar"))
        return wrong(err, ERR_INVALID_VALUE, p, ".format.type",
                     "supported values are: 'text' and 'grammar'.");
    const json_t *grammar = json_object_get(format, "grammar");
    if (!json_is_object(grammar)) grammar = format;
    struct slice syntax = text_of(grammar, "syntax");
    t->pattern = text_of(grammar, "definition");
    if (!t->pattern.ptr)
        return wrong(err, ERR_MISSING_PARAMETER, p, ".format.grammar.definition",
                     "a grammar needs a definition, a string.");
    if (!slice_is(syntax, "regex") && !slice_is(syntax, "lark"))
        return wrong(err, ERR_INVALID_VALUE, p, ".format.grammar.syntax",
                     "supported values are: 'lark' and 'regex'.");
    t->input = slice_is(syntax, "regex") ? TOOL_INPUT_REGEX : TOOL_INPUT_GRAMMAR;
    return 0;
}

static int read_tool(struct tool *t, const json_t *json, size_t index, struct err *err)
{
    struct place p = { .index = index };
    struct slice type = text_of(json, "type");
    if (!json_is_object(json)) return wrong(err, ERR_INVALID_TYPE, &p, "", "expected an object.");
    /* Some clients leave the type out. */
    if (!type.ptr && json_object_get(json, "function")) type = SLICE("function");
    if (!slice_is(type, "function") && !slice_is(type, "custom"))
        return wrong(err, ERR_INVALID_VALUE, &p, ".type",
                     "supported values are: 'function' and 'custom'.");
    p.kind = slice_is(type, "custom") ? "custom" : "function";
    const json_t *body = json_object_get(json, p.kind);
    if (!json_is_object(body))
        return wrong(err, ERR_MISSING_PARAMETER, &p, "", "expected an object.");
    t->definition = json;
    TRY(read_name(t, body, &p, err));
    return slice_is(type, "custom") ? read_custom(t, body, &p, err)
                                    : read_function(t, body, &p, err);
}

static int choose(struct tool_list *list, const struct slice *names, size_t n_names,
                  struct err *err)
{
    for (size_t i = 0; i < list->n; i++) list->tools[i].callable = n_names == 0;
    for (size_t k = 0; k < n_names; k++) {
        bool found = false;
        for (size_t i = 0; i < list->n; i++) {
            if (!slice_eq(list->tools[i].name, names[k])) continue;
            list->tools[i].callable = true;
            found = true;
        }
        if (!found)
            return err_param(err, ERR_INVALID_VALUE, "tool_choice",
                             "Invalid value for 'tool_choice': '%.*s' is not among the tools.",
                             SLICE_FMT(names[k]));
    }
    return 0;
}

static int read_all(struct tool_list *list, const struct slice *names, size_t n_names,
                    struct err *err)
{
    if (!json_is_array(list->json))
        return err_param(err, ERR_INVALID_TYPE, "tools", "tools must be an array");
    list->n = json_array_size(list->json);
    if (list->n > TOOLS_MAX)
        return err_param(err, ERR_ARRAY_TOO_LONG, "tools",
                         "Invalid 'tools': array too long. Expected an array with maximum length "
                         "%d, but got an array with length %zu instead.",
                         TOOLS_MAX, list->n);
    list->tools = mem_calloc(list->n, sizeof *list->tools);
    if (!list->tools) return err_set(err, ERR_NO_MEMORY, "out of memory for the tools");
    for (size_t i = 0; i < list->n; i++)
        TRY(read_tool(&list->tools[i], json_array_get(list->json, i), i, err));
    return list->n ? choose(list, names, n_names, err) : 0;
}

int tool_list_open(struct tool_list **ret, struct slice json, const struct slice *names,
                   size_t n_names, struct err *err)
{
    struct tool_list *list = mem_calloc(1, sizeof *list);
    if (!list) return err_set(err, ERR_NO_MEMORY, "out of memory for the tools");
    int rc = json_read(&list->json, json, &json_limits_request, "tools", err);
    if (rc == 0) rc = read_all(list, names, n_names, err);
    if (rc < 0 || list->n == 0) {
        tool_list_close(list);
        list = NULL;
    }
    if (rc == 0) *ret = list;
    return rc;
}

void tool_list_close(struct tool_list *list)
{
    if (!list) return;
    json_decref(list->json);
    mem_free(list->tools);
    mem_free(list);
}

const struct tool *tool_list_find(const struct tool_list *list, struct slice name)
{
    for (size_t i = 0; list && i < list->n; i++)
        if (slice_eq(list->tools[i].name, name)) return &list->tools[i];
    return NULL;
}

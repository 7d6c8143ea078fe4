#include "chat/reply_grammar.h"

#include "chat/reply.h"
#include "grammar/ebnf.h"
#include "grammar/json_schema.h"
#include "grammar/regex.h"

#include <stdio.h>

#define SEQ(b, ...) \
    grammar_seq(b, sizeof((int32_t[]){ __VA_ARGS__ }) / sizeof(int32_t), (int32_t[]){ __VA_ARGS__ })
#define ALT(b, ...) \
    grammar_alt(b, sizeof((int32_t[]){ __VA_ARGS__ }) / sizeof(int32_t), (int32_t[]){ __VA_ARGS__ })

/* As a rule: however often it is used, it is one automaton. */
static int32_t once(struct grammar_builder *b, struct slice name, int32_t node)
{
    int32_t rule = grammar_rule(b, name);
    grammar_rule_set(b, rule, node);
    return grammar_use(b, rule);
}

/* ---- Arguments ---- */

static int32_t blame(const struct tool *t, size_t i, const char *field, struct err *err)
{
    char param[ERR_PARAM_MAX];
    (void)snprintf(param, sizeof param, "tools[%zu].%s", i, field); /* Short. */
    if (err->code == ERR_NONE) (void)err_set(err, ERR_INVALID_VALUE, "it cannot be held");
    enum err_code code = err->code;
    (void)err_context(err, "Invalid %s '%.*s'",
                      t->custom ? "grammar for custom tool" : "schema for function",
                      SLICE_FMT(t->name));
    memcpy(err->param, param, sizeof err->param);
    return -(int32_t)code;
}

/* Arguments are an object, whether the schema says so or not. A new reference, or NULL with err. */
static json_t *object_schema(const json_t *schema, struct err *err)
{
    static const char *const combine[] = { "$ref", "anyOf", "oneOf", "allOf", "const", "enum" };
    const json_t *type = json_object_get(schema, "type");
    if (json_is_string(type) && strcmp(json_string_value(type), "object") != 0) {
        (void)err_set(err, ERR_INVALID_VALUE,
                      "schema must be a JSON Schema of 'type: \"object\"', got 'type: \"%s\"'.",
                      json_string_value(type));
        return NULL;
    }
    bool other = json_is_string(type); /* There is nothing to be added. */
    for (size_t i = 0; i < sizeof combine / sizeof *combine; i++)
        other = other || json_object_get(schema, combine[i]);
    json_t *copy = json_copy((json_t *)(uintptr_t)schema); /* Shallow; only read. */
    if (copy && !other && json_object_set_new(copy, "type", json_string("object")) < 0) {
        json_decref(copy);
        copy = NULL;
    }
    if (!copy) (void)err_set(err, ERR_NO_MEMORY, "out of memory for a schema");
    return copy;
}

static int32_t function_arguments(struct grammar_builder *b, const struct tool *t, size_t i,
                                  struct err *err)
{
    const struct json_schema_options options = { .strict = t->strict };
    if (!t->parameters) return grammar_text(b, SLICE("{}"));
    if (json_object_size(t->parameters) == 0 && !t->strict) return json_object_write(b);
    json_t *schema = object_schema(t->parameters, err);
    int32_t node = schema ? json_schema_write(b, schema, &options, err) : -(int32_t)err->code;
    json_decref(schema);
    if (node >= 0 || grammar_builder_failed(b)) return node;
    if (err->code == ERR_NO_MEMORY) return -ERR_NO_MEMORY;
    return blame(t, i, "function.parameters", err);
}

/* Any JSON string. */
static int32_t any_string(struct grammar_builder *b, struct err *err)
{
    json_t *schema = json_pack("{s:s}", "type", "string");
    if (!schema) return err_set(err, ERR_NO_MEMORY, "out of memory for a schema");
    int32_t node = json_schema_write(b, schema, &(struct json_schema_options){ 0 }, err);
    json_decref(schema);
    return node;
}

/* The input of a custom tool as a JSON string. */
static int32_t input_string(struct grammar_builder *b, const struct tool *t, struct err *err)
{
    const struct regex_options options = { .whole = true, .json = true };
    if (t->input == TOOL_INPUT_TEXT) return any_string(b, err);
    int32_t node = t->input == TOOL_INPUT_REGEX ? regex_write(b, t->pattern, &options, err)
                                                : ebnf_write_json(b, t->pattern, err);
    int32_t quote = grammar_text(b, SLICE("\""));
    return node < 0 ? node : SEQ(b, quote, node, quote);
}

static int32_t custom_arguments(struct grammar_builder *b, const struct tool *t, size_t i,
                                bool json, struct err *err)
{
    const struct regex_options whole = { .whole = true };
    int32_t node = json                           ? input_string(b, t, err)
                   : t->input == TOOL_INPUT_TEXT  ? mark_any(b)
                   : t->input == TOOL_INPUT_REGEX ? regex_write(b, t->pattern, &whole, err)
                                                  : ebnf_write(b, t->pattern, err);
    if (node < 0 && (err->code == ERR_NO_MEMORY || grammar_builder_failed(b))) return node;
    if (node < 0) return blame(t, i, "custom.format.grammar.definition", err);
    if (!json) return node;
    return SEQ(b, grammar_text(b, SLICE("{\"input\": ")), node, grammar_text(b, SLICE("}")));
}

int32_t tool_arguments_grammar(struct grammar_builder *b, const struct tool_list *tools, size_t i,
                               bool json, struct err *err)
{
    const struct tool *t = &tools->tools[i];
    int32_t node = t->custom ? custom_arguments(b, t, i, json, err)
                             : function_arguments(b, t, i, err);
    return node < 0 ? node : once(b, t->name, node);
}

/* ---- Calls ---- */

/* The arguments of each tool that may be called; those of the others stay as they are. */
static int write_arguments(struct grammar_builder *b, int32_t *arguments,
                           const struct tool_list *tools, struct err *err)
{
    for (size_t i = 0; i < tools->n; i++) {
        if (!tools->tools[i].callable) continue;
        arguments[i] = tool_arguments_grammar(b, tools, i, true, err);
        if (arguments[i] < 0) return arguments[i];
    }
    return 0;
}

/* NAME .. ARGUMENTS of one tool. */
static int32_t named(struct grammar_builder *b, const struct tool_style *s, struct slice name,
                     int32_t arguments)
{
    const char *key = s->format->writing.arguments;
    int32_t called = grammar_text(b, name);
    if (!key) return SEQ(b, called, mark_grammar(b, s->name_end), arguments);
    return SEQ(b, grammar_text(b, SLICE("{\"name\": \"")), called, grammar_text(b, SLICE("\", \"")),
               grammar_text(b, slice_of(key)), grammar_text(b, SLICE("\": ")), arguments,
               grammar_text(b, SLICE("}")));
}

/* NAME .. ARGUMENTS of any tool that may be called. */
static int32_t any_named(struct grammar_builder *b, const struct reply_rules *rules,
                         const int32_t *arguments)
{
    const struct tool_list *tools = rules->tools;
    int32_t nodes[TOOLS_MAX];
    size_t n = 0;
    for (size_t i = 0; i < tools->n; i++)
        if (tools->tools[i].callable)
            nodes[n++] = named(b, rules->style, tools->tools[i].name, arguments[i]);
    return once(b, SLICE("a call"), grammar_alt(b, n, nodes));
}

/* One or several, as the format writes them. */
static int32_t marked_calls(struct grammar_builder *b, const struct reply_rules *rules,
                            int32_t call)
{
    const struct tool_style *s = rules->style;
    const struct tool_writing *w = &s->format->writing;
    int32_t space = grammar_optional(b, grammar_text(b, SLICE(" ")));
    int32_t one = SEQ(b, mark_grammar(b, s->call), call, mark_grammar(b, s->after));
    int32_t separator = w->list ? grammar_text(b, SLICE(", ")) : mark_grammar(b, s->separator);
    int32_t most = rules->one || !w->separator ? 0 : REPLY_CALLS_MAX - 1;
    int32_t more = grammar_repeat(b, SEQ(b, separator, one), 0, most);
    int32_t all = most ? SEQ(b, one, more) : one;
    if (w->list) all = SEQ(b, space, grammar_text(b, SLICE("[")), all, grammar_text(b, SLICE("]")));
    return SEQ(b, mark_grammar(b, s->begin), all, mark_grammar(b, s->end));
}

/* {"name": "NAME" with white space as models like it. */
static int32_t bare_head(struct grammar_builder *b, int32_t name, int32_t space)
{
    return SEQ(b, grammar_text(b, SLICE("{")), space, grammar_text(b, SLICE("\"name\"")), space,
               grammar_text(b, SLICE(":")), space, grammar_text(b, SLICE("\"")), name,
               grammar_text(b, SLICE("\"")));
}

/* Texts that are read as a bare call from their beginning on. */
static int32_t bare_beginning(struct grammar_builder *b, const struct tool_list *tools)
{
    int32_t names[TOOLS_MAX], space = mark_space(b, GRAMMAR_UNBOUNDED);
    for (size_t i = 0; i < tools->n; i++) names[i] = grammar_text(b, tools->tools[i].name);
    int32_t fence = SEQ(b, grammar_text(b, SLICE("```json")), space);
    return SEQ(b, space, grammar_optional(b, fence),
               bare_head(b, grammar_alt(b, tools->n, names), space), mark_any(b));
}

/* A bare call in an answer that need not be one, with or without a fence. */
static int32_t bare_call(struct grammar_builder *b, const struct reply_rules *rules,
                         const int32_t *arguments)
{
    enum { SPACE_MAX = 32 };
    const struct tool_list *tools = rules->tools;
    int32_t nodes[TOOLS_MAX], space = mark_space(b, SPACE_MAX);
    int32_t key = SEQ(b, grammar_text(b, SLICE("\"")),
                      grammar_text(b, slice_of(rules->style->format->writing.arguments)),
                      grammar_text(b, SLICE("\"")));
    size_t n = 0;
    for (size_t i = 0; i < tools->n; i++)
        if (tools->tools[i].callable)
            nodes[n++] = SEQ(b, bare_head(b, grammar_text(b, tools->tools[i].name), space), space,
                             grammar_text(b, SLICE(",")), space, key, space,
                             grammar_text(b, SLICE(":")), space, arguments[i], space,
                             grammar_text(b, SLICE("}")));
    int32_t call = once(b, SLICE("a bare call"), grammar_alt(b, n, nodes));
    int32_t fenced = SEQ(b, grammar_text(b, SLICE("```json")), space, call, space,
                         grammar_text(b, SLICE("```")));
    return SEQ(b, space, ALT(b, call, fenced));
}

static int32_t free_text(struct grammar_builder *b, const struct reply_rules *rules)
{
    int32_t text = mark_until(b, rules->style->marker);
    if (!rules->style->format->writing.bare) return text;
    return grammar_except(b, text, bare_beginning(b, rules->tools));
}

static int32_t with_tools(struct grammar_builder *b, const struct reply_rules *rules,
                          struct err *err)
{
    int32_t arguments[TOOLS_MAX];
    TRY(write_arguments(b, arguments, rules->tools, err));
    int32_t call = any_named(b, rules, arguments);
    int32_t marked = marked_calls(b, rules, call);
    const struct tool_writing *w = &rules->style->format->writing;
    if (rules->required) return w->unmarked ? ALT(b, marked, call) : marked;
    /* A text that is held to something could look like a bare call and be none. */
    if (rules->text != REPLY_FREE) return ALT(b, rules->text, marked);
    int32_t spoken = SEQ(b, free_text(b, rules), grammar_optional(b, marked));
    return w->bare ? ALT(b, spoken, bare_call(b, rules, arguments)) : spoken;
}

int32_t reply_grammar(struct grammar_builder *b, const struct reply_rules *rules, struct err *err)
{
    int32_t node = rules->text;
    if (rules->style->format->grammar) return rules->style->format->grammar(b, rules, err);
    if (rules->tools)
        node = with_tools(b, rules, err);
    else if (node == REPLY_FREE)
        node = mark_any(b);
    return node < 0 ? node : thinking_grammar(b, rules->thinking, rules->thinks, node);
}

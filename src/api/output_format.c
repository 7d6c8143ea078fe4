#include "api/output_format.h"

#include <stdio.h>

enum format_type { FORMAT_TEXT, FORMAT_JSON_OBJECT, FORMAT_JSON_SCHEMA };
static const char *const format_types[] = { "text", "json_object", "json_schema", NULL };

struct json_schema_req {
    struct field_string name, description;
    struct field_json schema;
    struct field_bool strict;
};

static const struct field json_schema_fields[] = {
    FIELD_STRING(struct json_schema_req, name, .required = true, .len_min = 1,
                 .len_max = FORMAT_NAME_MAX,
                 .help = "What it is called, in errors: letters, digits, _ and -."),
    FIELD_STRING(struct json_schema_req, description, .ignored = true,
                 .help = "What it is for. Accepted; the model is not shown it."),
    FIELD_JSON(
        struct json_schema_req, schema, .required = true, .types = FIELD_TYPE_OBJECT,
        .schema = "{\"type\":\"object\"}",
        .help = "The JSON Schema. The answer is valid under it; keywords that cannot be held "
                "are refused by name."),
    FIELD_BOOL(struct json_schema_req, strict, .def = "false",
               .help = "Also refuse schemas outside of OpenAI's strict subset. The answer is held "
                       "to the schema either way."),
    FIELDS_END,
};

const struct field response_format_fields[] = {
    FIELD_ENUM(struct response_format_req, type, .required = true, .names = format_types,
               .help = "text: anything; json_object: any JSON object; json_schema: what "
                       "json_schema says."),
    FIELD_OBJECT(struct response_format_req, json_schema, .fields = json_schema_fields,
                 .size = sizeof(struct json_schema_req), .help = "With type json_schema."),
    FIELDS_END,
};

const struct field structured_outputs_fields[] = {
    FIELD_JSON(struct structured_outputs_req, json, .types = FIELD_TYPE_OBJECT | FIELD_TYPE_STRING,
               .help = "A JSON Schema, as an object or as its text."),
    FIELD_STRING(struct structured_outputs_req, regex, .len_min = 1, .len_max = FORMAT_PATTERN_MAX,
                 .help = "A regular expression for the whole answer."),
    FIELD_STRINGS(struct structured_outputs_req, choice, .len_min = 1,
                  .help = "Texts of which the answer is one."),
    FIELD_STRING(struct structured_outputs_req, grammar, .len_min = 1,
                 .len_max = FORMAT_PATTERN_MAX,
                 .help = "A grammar in EBNF or GBNF, whose rule `root` is the answer."),
    FIELD_BOOL(struct structured_outputs_req, json_object, .help = "Any JSON object; only true."),
    FIELDS_END,
};

int output_schema_fill(struct msg_request *ret, const json_t *schema, bool strict,
                       const char *param, struct arena *arena, struct err *err)
{
    ret->grammar_kind = GRAMMAR_JSON_SCHEMA;
    ret->grammar_strict = strict;
    ret->grammar_param = arena_slice(arena, slice_of(param));
    return field_json_text(&ret->grammar, schema, arena, err);
}

int response_format_fill(struct msg_request *ret, const struct response_format_req *req,
                         struct arena *arena, struct err *err)
{
    static const char schema[] = "response_format.json_schema";
    if (!req) return 0;
    const struct json_schema_req *json_schema = req->json_schema.value;
    if (req->type.value != FORMAT_JSON_SCHEMA && json_schema)
        return field_misplaced(schema, format_types[FORMAT_JSON_SCHEMA], err);
    if (req->type.value == FORMAT_TEXT) return 0;
    if (ret->grammar_kind != GRAMMAR_NONE)
        return err_param(err, ERR_INVALID_VALUE, "structured_outputs",
                         "Invalid 'structured_outputs': only one of 'response_format' and "
                         "'structured_outputs' can hold an answer.");
    if (req->type.value == FORMAT_JSON_OBJECT) {
        ret->grammar_kind = GRAMMAR_JSON_OBJECT;
        ret->grammar_param = SLICE("response_format");
        return 0;
    }
    if (!json_schema) return field_missing(schema, err);
    TRY(field_check_name(json_schema->name.value, "response_format.json_schema.name", err));
    char param[FORMAT_NAME_MAX + 32];
    (void)snprintf(param, sizeof param, "response_format '%.*s'",
                   SLICE_FMT(json_schema->name.value)); /* A name is short. */
    return output_schema_fill(ret, json_schema->schema.value, json_schema->strict.value, param,
                              arena, err);
}

static int choice_text(struct slice *ret, const struct field_strings *choice, struct arena *arena,
                       struct err *err)
{
    struct buf text;
    struct json_writer w;
    buf_init(&text, FIELD_TEXT_MAX);
    json_writer_init(&w, &text);
    json_array_begin(&w);
    for (size_t i = 0; i < choice->n; i++) json_slice(&w, choice->items[i]);
    json_array_end(&w);
    return field_keep_text(ret, &text, arena, err);
}

static int pattern(struct msg_request *ret, enum grammar_kind kind, struct slice text,
                   const char *param, struct arena *arena, struct err *err)
{
    ret->grammar_kind = kind;
    ret->grammar_param = slice_of(param);
    ret->grammar = arena_slice(arena, text);
    return arena_check(arena, "the request", err);
}

int structured_outputs_fill(struct msg_request *ret, const struct structured_outputs_req *req,
                            struct arena *arena, struct err *err)
{
    if (!req) return 0;
    int n = req->json.given + req->regex.given + req->choice.given + req->grammar.given +
            req->json_object.given;
    if (n != 1)
        return err_param(err, ERR_INVALID_VALUE, "structured_outputs",
                         "Invalid 'structured_outputs': expected exactly one of 'json', 'regex', "
                         "'choice', 'grammar' and 'json_object', but got %d of them.",
                         n);
    if (req->regex.given)
        return pattern(ret, GRAMMAR_REGEX, req->regex.value, "structured_outputs.regex", arena,
                       err);
    if (req->grammar.given)
        return pattern(ret, GRAMMAR_EBNF, req->grammar.value, "structured_outputs.grammar", arena,
                       err);
    if (req->json_object.given) {
        if (!req->json_object.value)
            return err_param(err, ERR_INVALID_VALUE, "structured_outputs.json_object",
                             "Invalid 'structured_outputs.json_object': expected true.");
        ret->grammar_kind = GRAMMAR_JSON_OBJECT;
        ret->grammar_param = SLICE("structured_outputs.json_object");
        return 0;
    }
    if (req->choice.given) {
        ret->grammar_kind = GRAMMAR_CHOICE;
        ret->grammar_param = SLICE("structured_outputs.choice");
        return choice_text(&ret->grammar, &req->choice, arena, err);
    }
    static const char param[] = "structured_outputs.json";
    if (!json_is_string(req->json.value))
        return output_schema_fill(ret, req->json.value, false, param, arena, err);
    /* The worker reads it, and says what is wrong with it. */
    struct slice text = { json_string_value(req->json.value), json_string_length(req->json.value) };
    return pattern(ret, GRAMMAR_JSON_SCHEMA, text, param, arena, err);
}

#include "api/openapi.h"

#include "api/endpoint.h"
#include "base/json.h"

#include <stdio.h>

enum { NAME_MAX_LEN = 96 };

static void key_ref(struct json_writer *w, const char *name, const char *suffix)
{
    char ref[NAME_MAX_LEN];
    (void)snprintf(ref, sizeof ref, "#/components/schemas/%s%s", name, suffix);
    json_object_begin(w);
    json_member_str(w, "$ref", ref);
    json_object_end(w);
}

static void write_table(struct json_writer *w, const struct field *fields);

static void write_items(struct json_writer *w, const struct field *f)
{
    json_object_begin(w);
    json_member_str(w, "type", "array");
    if (f->len_min) {
        json_key(w, "minItems");
        json_uint(w, f->len_min);
    }
    if (f->len_max) {
        json_key(w, "maxItems");
        json_uint(w, f->len_max);
    }
    json_key(w, "items");
    if (f->fields) {
        write_table(w, f->fields);
    } else {
        json_object_begin(w);
        json_member_str(w, "type", "string");
        json_object_end(w);
    }
    json_object_end(w);
}

static void write_string_type(struct json_writer *w, const struct field *f)
{
    json_object_begin(w);
    json_member_str(w, "type", "string");
    if (f && f->len_min) {
        json_key(w, "minLength");
        json_uint(w, f->len_min);
    }
    if (f && f->len_max) {
        json_key(w, "maxLength");
        json_uint(w, f->len_max);
    }
    if (f && f->kind == FIELD_KIND_ENUM) {
        json_key(w, "enum");
        json_array_begin(w);
        for (int i = 0; f->names[i]; i++) json_str(w, f->names[i]);
        json_array_end(w);
    }
    json_object_end(w);
}

static void write_number_type(struct json_writer *w, const struct field *f, const char *type)
{
    json_object_begin(w);
    json_member_str(w, "type", type);
    if (f->range.min != 0 || f->range.max != 0) {
        json_key(w, "minimum");
        json_double(w, f->range.min);
        json_key(w, "maximum");
        json_double(w, f->range.max);
    }
    json_object_end(w);
}

/* One {"type": ...} for each JSON type that the row takes. */
static void write_json_types(struct json_writer *w, unsigned types)
{
    static const char *const names[] = { "string", "array", "object", "number", "boolean" };
    json_object_begin(w);
    if (types) {
        json_key(w, "type");
        json_array_begin(w);
        for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
            if (types & (1u << i)) json_str(w, names[i]);
        json_array_end(w);
    }
    if (types & FIELD_TYPE_ARRAY) {
        json_key(w, "items");
        json_object_begin(w);
        json_object_end(w);
    }
    json_object_end(w);
}

static void write_string_or_items(struct json_writer *w, const struct field *f)
{
    json_object_begin(w);
    json_key(w, "anyOf");
    json_array_begin(w);
    write_string_type(w, NULL);
    write_items(w, f);
    json_array_end(w);
    json_object_end(w);
}

static void write_type(struct json_writer *w, const struct field *f)
{
    switch (f->kind) {
    case FIELD_KIND_BOOL: json_raw(w, SLICE("{\"type\":\"boolean\"}")); break;
    case FIELD_KIND_INT: write_number_type(w, f, "integer"); break;
    case FIELD_KIND_NUMBER: write_number_type(w, f, "number"); break;
    case FIELD_KIND_STRING:
    case FIELD_KIND_ENUM: write_string_type(w, f); break;
    case FIELD_KIND_STRINGS:
    case FIELD_KIND_CONTENT: write_string_or_items(w, f); break;
    case FIELD_KIND_OBJECT: write_table(w, f->fields); break;
    case FIELD_KIND_OBJECTS: write_items(w, f); break;
    case FIELD_KIND_JSON:
        if (f->schema)
            json_raw(w, slice_of(f->schema));
        else
            write_json_types(w, f->types);
        break;
    case FIELD_KIND_END:
    case FIELD_KIND_INCLUDE: break;
    }
}

/* The type in "allOf" or, where null is as good as absent, in "anyOf" beside null; then what stands
 * beside every type. */
static void write_property(struct json_writer *w, const struct field *f, bool answer)
{
    bool nullable = answer ? f->nullable : !f->required && !f->not_null;
    json_key(w, f->name);
    json_object_begin(w);
    json_key(w, nullable ? "anyOf" : "allOf");
    json_array_begin(w);
    write_type(w, f);
    if (nullable) json_raw(w, SLICE("{\"type\":\"null\"}"));
    json_array_end(w);
    if (f->help) json_member_str(w, "description", f->help);
    if (f->only) {
        json_key(w, "x-tiro-only");
        json_raw(w, slice_of(f->only));
    }
    if (f->def) {
        json_key(w, "default");
        json_raw(w, slice_of(f->def));
    }
    if (f->deprecated) {
        json_key(w, "deprecated");
        json_bool(w, true);
    }
    if (f->extension) {
        json_key(w, "x-tiro-extension");
        json_bool(w, true);
    }
    json_object_end(w);
}

/* Rows of answers have no place in a struct. */
static bool is_answer(const struct field *fields)
{
    return fields[0].kind != FIELD_KIND_INCLUDE && fields[0].answer;
}

static void write_table(struct json_writer *w, const struct field *fields)
{
    bool answer = is_answer(fields), any = false;
    struct field_walk walk;
    json_object_begin(w);
    json_member_str(w, "type", "object");
    json_key(w, "properties");
    json_object_begin(w);
    field_walk_init(&walk, fields);
    for (const struct field *f; (f = field_walk_next(&walk));) {
        write_property(w, f, answer);
        any |= f->required;
    }
    json_object_end(w);
    if (any) {
        json_key(w, "required");
        json_array_begin(w);
        field_walk_init(&walk, fields);
        for (const struct field *f; (f = field_walk_next(&walk));)
            if (f->required) json_str(w, f->name);
        json_array_end(w);
    }
    if (!answer) {
        json_key(w, "additionalProperties");
        json_bool(w, false);
    }
    json_object_end(w);
}

static void write_content(struct json_writer *w, const char *type, const char *name,
                          const char *suffix)
{
    json_key(w, type);
    json_object_begin(w);
    json_key(w, "schema");
    key_ref(w, name, suffix);
    json_object_end(w);
}

static void write_responses(struct json_writer *w, const struct endpoint *ep)
{
    json_key(w, "responses");
    json_object_begin(w);
    json_key(w, "200");
    json_object_begin(w);
    json_member_str(w, "description", "The answer.");
    json_key(w, "content");
    json_object_begin(w);
    if (ep->response)
        write_content(w, "application/json", ep->name, "");
    else
        json_raw(w, SLICE("\"application/json\":{\"schema\":{\"type\":\"object\"}}"));
    if (ep->response_stream) write_content(w, "text/event-stream", ep->name, "Event");
    json_object_end(w);
    json_object_end(w);
    json_key(w, "default");
    json_object_begin(w);
    json_member_str(w, "description", "What was wrong.");
    json_key(w, "content");
    json_object_begin(w);
    write_content(w, "application/json",
                  ep->dialect == DIALECT_ANTHROPIC ? "AnthropicError" : "Error", "");
    json_object_end(w);
    json_object_end(w);
    json_object_end(w);
}

static void write_parameter(struct json_writer *w, const char *place, struct slice name)
{
    json_object_begin(w);
    json_key(w, "name");
    json_slice(w, name);
    json_member_str(w, "in", place);
    json_key(w, "required");
    json_bool(w, strcmp(place, "path") == 0);
}

static void write_parameters(struct json_writer *w, const struct endpoint *ep)
{
    if (!strchr(ep->path, '{') && !ep->query) return;
    json_key(w, "parameters");
    json_array_begin(w);
    for (const char *p = ep->path; (p = strchr(p, '{')); p++) {
        write_parameter(w, "path", (struct slice){ p + 1, strcspn(p + 1, "}") });
        json_key(w, "schema");
        json_raw(w, SLICE("{\"type\":\"string\"}"));
        json_object_end(w);
    }
    struct field_walk walk;
    field_walk_init(&walk, ep->query);
    for (const struct field *f; ep->query && (f = field_walk_next(&walk));) {
        write_parameter(w, "query", slice_of(f->name));
        json_member_str(w, "description", f->help);
        json_key(w, "schema");
        write_type(w, f);
        json_object_end(w);
    }
    json_array_end(w);
}

static void write_operation(struct json_writer *w, const struct endpoint *ep)
{
    char method[8];
    size_t n = 0;
    for (; ep->method[n] && n + 1 < sizeof method; n++) method[n] = (char)(ep->method[n] | 0x20);
    method[n] = '\0';
    json_key(w, method);
    json_object_begin(w);
    char id[NAME_MAX_LEN];
    (void)snprintf(id, sizeof id, "%s%s", method, ep->name);
    json_member_str(w, "operationId", id);
    json_member_str(w, "summary", ep->summary);
    json_key(w, "tags");
    json_array_begin(w);
    json_str(w, ep->tag);
    json_array_end(w);
    if (ep->open) {
        json_key(w, "security");
        json_array_begin(w);
        json_array_end(w);
    }
    write_parameters(w, ep);
    if (ep->fields) {
        json_key(w, "requestBody");
        json_object_begin(w);
        json_key(w, "required");
        json_bool(w, true);
        json_key(w, "content");
        json_object_begin(w);
        write_content(w, ep->body ? "multipart/form-data" : "application/json", ep->name,
                      "Request");
        json_object_end(w);
        json_object_end(w);
    }
    write_responses(w, ep);
    json_object_end(w);
}

static bool path_seen_before(size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (strcmp(endpoint_registry[i]->path, endpoint_registry[index]->path) == 0) return true;
    return false;
}

static void write_paths(struct json_writer *w)
{
    json_key(w, "paths");
    json_object_begin(w);
    for (size_t i = 0; i < endpoint_registry_len; i++) {
        if (path_seen_before(i)) continue;
        const char *path = endpoint_registry[i]->path;
        json_key(w, path);
        json_object_begin(w);
        for (size_t j = i; j < endpoint_registry_len; j++)
            if (strcmp(endpoint_registry[j]->path, path) == 0)
                write_operation(w, endpoint_registry[j]);
        json_object_end(w);
    }
    json_object_end(w);
}

static const struct field error_object[] = {
    ANSWER("message", STRING, .help = "What was wrong, for a person."),
    ANSWER("type", STRING, .help = "invalid_request_error, server_error ..."),
    ANSWER("param", STRING, .nullable = true, .help = "The field at fault: messages[0].role"),
    ANSWER("code", STRING, .nullable = true, .help = "What was wrong, for a program."),
    FIELDS_END,
};

static const struct field error_answer[] = {
    ANSWER("error", OBJECT, .fields = error_object, .help = "Always with all four keys."),
    FIELDS_END,
};

static const char *const anthropic_error_types[] = { "error", NULL };

static const struct field anthropic_error_object[] = {
    ANSWER("type", STRING, .help = "invalid_request_error, overloaded_error ..."),
    ANSWER("message", STRING, .help = "What was wrong, and where, for a person."),
    FIELDS_END,
};

static const struct field anthropic_error_answer[] = {
    ANSWER("type", ENUM, .names = anthropic_error_types, .help = "error"),
    ANSWER("error", OBJECT, .fields = anthropic_error_object, .help = "What was wrong."),
    ANSWER_MAYBE("request_id", STRING, .help = "Also in the header request-id."),
    FIELDS_END,
};

static void write_schema(struct json_writer *w, const char *name, const char *suffix,
                         const struct field *fields)
{
    char full[NAME_MAX_LEN];
    if (!fields) return;
    (void)snprintf(full, sizeof full, "%s%s", name, suffix);
    json_key(w, full);
    write_table(w, fields);
}

void openapi_write(struct buf *out)
{
    struct json_writer writer, *w = &writer;
    json_writer_init(w, out);
    json_object_begin(w);
    json_member_str(w, "openapi", "3.1.0");
    json_key(w, "info");
    json_object_begin(w);
    json_member_str(w, "title", "Tiro");
    json_member_str(w, "version", TIRO_VERSION);
    json_member_str(
        w, "description",
        "The OpenAI API as this server speaks it. x-tiro-extension marks what OpenAI does not "
        "have, x-tiro-only the values that a field is accepted with.");
    json_object_end(w);
    json_key(w, "security");
    json_raw(w, SLICE("[{\"ApiKey\":[]}]"));
    write_paths(w);
    json_key(w, "components");
    json_object_begin(w);
    json_key(w, "schemas");
    json_object_begin(w);
    write_schema(w, "Error", "", error_answer);
    write_schema(w, "AnthropicError", "", anthropic_error_answer);
    for (size_t i = 0; i < endpoint_registry_len; i++) {
        const struct endpoint *ep = endpoint_registry[i];
        write_schema(w, ep->name, "Request", ep->fields);
        write_schema(w, ep->name, "", ep->response);
        write_schema(w, ep->name, "Event", ep->response_stream);
    }
    json_object_end(w);
    json_key(w, "securitySchemes");
    json_raw(w, SLICE("{\"ApiKey\":{\"type\":\"http\",\"scheme\":\"bearer\"}}"));
    json_object_end(w);
    json_object_end(w);
}

/* The other documents of openapi.h: for people, for web/ and for the fuzzers. */
#include "api/endpoint.h"
#include "api/openapi.h"
#include "base/json.h"

#include <inttypes.h>

static const char *type_word(const struct field *f)
{
    switch (f->kind) {
    case FIELD_KIND_BOOL: return "boolean";
    case FIELD_KIND_INT: return "integer";
    case FIELD_KIND_NUMBER: return "number";
    case FIELD_KIND_STRING: return "string";
    case FIELD_KIND_ENUM: return "string";
    case FIELD_KIND_STRINGS: return "string or list of strings";
    case FIELD_KIND_OBJECT: return "object";
    case FIELD_KIND_OBJECTS: return "list of objects";
    case FIELD_KIND_CONTENT: return "string or list of objects";
    case FIELD_KIND_JSON:
        return f->types == FIELD_TYPE_BOOL     ? "boolean"
               : f->types == FIELD_TYPE_STRING ? "string"
               : f->types == FIELD_TYPE_OBJECT ? "object"
               : f->types == FIELD_TYPE_ARRAY  ? "list"
                                               : "see text";
    case FIELD_KIND_END:
    case FIELD_KIND_INCLUDE: break;
    }
    return "";
}

static void markdown_limits(struct buf *out, const struct field *f)
{
    const char *between = "";
    if (f->kind == FIELD_KIND_ENUM)
        for (int i = 0; f->names[i]; i++) buf_printf(out, "%s`%s`", i ? ", " : "", f->names[i]);
    if (f->range.min != 0 || f->range.max != 0) {
        buf_printf(out, "%.10g to %.10g", f->range.min, f->range.max);
        between = ", ";
    }
    const char *unit = f->kind == FIELD_KIND_STRING ? "bytes" : "items";
    if (f->len_min || f->len_max) {
        buf_printf(out, "%s", between);
        if (f->len_min && f->len_max)
            buf_printf(out, "%zu to %zu %s", f->len_min, f->len_max, unit);
        else if (f->len_max)
            buf_printf(out, "up to %zu %s", f->len_max, unit);
        else
            buf_printf(out, "at least %zu %s", f->len_min, unit);
        between = ", ";
    }
    if (f->item_len_max) buf_printf(out, "%seach up to %zu bytes", between, f->item_len_max);
    if (f->only && strcmp(f->only, "[]") == 0) buf_add_str(out, "refused");
    if (f->only && strcmp(f->only, "[]") != 0) {
        /* The list without its brackets. */
        buf_printf(out, "%sonly `%.*s`", between, (int)strlen(f->only) - 2, f->only + 1);
    }
}

static void markdown_rows(struct buf *out, const struct field *fields, const char *prefix)
{
    struct field_walk walk;
    field_walk_init(&walk, fields);
    for (const struct field *f; (f = field_walk_next(&walk));) {
        bool many = f->kind == FIELD_KIND_OBJECTS || f->kind == FIELD_KIND_CONTENT;
        buf_printf(out, "| `%s%s`%s%s%s | %s | ", prefix, f->name,
                   f->required && !f->answer ? " **required**" : "",
                   f->extension ? " *(extension)*" : "", f->deprecated ? " *(deprecated)*" : "",
                   type_word(f));
        markdown_limits(out, f);
        buf_printf(out, " | %s | %s |\n", f->def ? f->def : "", f->help ? f->help : "");
        if (!f->fields) continue;
        char below[256];
        struct buf name;
        buf_init(&name, sizeof below);
        buf_printf(&name, "%s%s%s.", prefix, f->name, many ? "[]" : "");
        markdown_rows(out, f->fields, buf_str(&name));
        buf_release(&name);
    }
}

static void markdown_table(struct buf *out, const char *title, const struct field *fields)
{
    if (!fields) return;
    buf_printf(out, "\n%s\n\n| field | type | limits | default | |\n|---|---|---|---|---|\n",
               title);
    markdown_rows(out, fields, "");
}

void api_markdown_write(struct buf *out)
{
    buf_add_str(
        out,
        "# The API\n\n"
        "Generated from the field tables in `src/api/endpoint/` by tools/docs.sh; do not edit.\n\n"
        "Tiro speaks the OpenAI API: point an official client at `http://HOST:PORT/v1`. Every "
        "field "
        "is honoured or\nrefused by name. *Extensions* are ours. In requests `null` is the same as "
        "leaving a field out. Errors are\n"
        "`{\"error\": {\"message\", \"type\", \"param\", \"code\"}}`, always with all four keys; "
        "in "
        "a stream that has begun\nthey come as an event. `/v1/messages` is in the shape of "
        "Anthropic's API instead, errors too: point that client at `http://HOST:PORT`.\n"
        "The same as an OpenAPI 3.1 document: `GET /openapi.json`.\n\n"
        "For operators: `/health`, `/ready`, `/metrics`, `/v1/tiro/status`; see "
        "[http.md](http.md).\n");
    for (size_t i = 0; i < endpoint_registry_len; i++) {
        const struct endpoint *ep = endpoint_registry[i];
        buf_printf(out, "\n## %s %s\n\n%s%s\n", ep->method, ep->path, ep->summary,
                   ep->open ? " Needs no API key." : "");
        markdown_table(out, ep->query ? "Query:" : "Request:", ep->query ? ep->query : ep->fields);
        markdown_table(out, "Answer:", ep->response);
        if (ep->response_stream != ep->response)
            markdown_table(out, "Each event's `data` with `stream: true`:", ep->response_stream);
    }
}

static void typescript_type(struct buf *out, const json_t *schema, int depth);

static bool is_identifier(const char *name)
{
    for (const char *c = name; *c; c++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789", *c))
            return false;
    return true;
}

static void typescript_object(struct buf *out, const json_t *schema, int depth)
{
    json_t *properties = json_object_get(schema, "properties");
    const json_t *required = json_object_get(schema, "required");
    const char *name;
    json_t *property;
    if (!properties) {
        buf_add_str(out, "Record<string, ");
        const json_t *more = json_object_get(schema, "additionalProperties");
        if (json_is_object(more))
            typescript_type(out, more, depth);
        else
            buf_add_str(out, "unknown");
        buf_add_str(out, ">");
        return;
    }
    buf_add_str(out, "{\n");
    json_object_foreach(properties, name, property)
    {
        bool must = false;
        for (size_t i = 0; i < json_array_size(required); i++)
            must |= strcmp(json_string_value(json_array_get(required, i)), name) == 0;
        const char *help = json_string_value(json_object_get(property, "description"));
        if (help) buf_printf(out, "%*s/** %s */\n", 4 * (depth + 1), "", help);
        const char *quote = is_identifier(name) ? "" : "\"";
        buf_printf(out, "%*s%s%s%s%s: ", 4 * (depth + 1), "", quote, name, quote, must ? "" : "?");
        typescript_type(out, property, depth + 1);
        buf_add_str(out, ";\n");
    }
    buf_printf(out, "%*s}", 4 * depth, "");
}

static void typescript_union(struct buf *out, const json_t *list, int depth)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (i) buf_add_str(out, " | ");
        typescript_type(out, json_array_get(list, i), depth);
    }
}

static void typescript_named(struct buf *out, const json_t *schema, const char *type, int depth)
{
    const json_t *values = json_object_get(schema, "enum");
    if (values) {
        for (size_t i = 0; i < json_array_size(values); i++)
            buf_printf(out, "%s\"%s\"", i ? " | " : "",
                       json_string_value(json_array_get(values, i)));
    } else if (strcmp(type, "array") == 0) {
        buf_add_str(out, "Array<");
        typescript_type(out, json_object_get(schema, "items"), depth);
        buf_add_str(out, ">");
    } else if (strcmp(type, "object") == 0) {
        typescript_object(out, schema, depth);
    } else {
        buf_add_str(out, strcmp(type, "integer") == 0 ? "number" : type);
    }
}

static void typescript_type(struct buf *out, const json_t *schema, int depth)
{
    const json_t *any = json_object_get(schema, "anyOf");
    const json_t *type = json_object_get(schema, "type");
    if (!any) any = json_object_get(schema, "allOf");
    if (any) {
        typescript_union(out, any, depth);
    } else if (json_is_string(type)) {
        typescript_named(out, schema, json_string_value(type), depth);
    } else if (json_is_array(type)) {
        for (size_t i = 0; i < json_array_size(type); i++) {
            if (i) buf_add_str(out, " | ");
            typescript_named(out, schema, json_string_value(json_array_get(type, i)), depth);
        }
    } else {
        buf_add_str(out, "unknown");
    }
}

void api_typescript_write(struct buf *out)
{
    struct buf document;
    json_t *root = NULL;
    buf_init(&document, DOCUMENT_BYTES_MAX);
    openapi_write(&document);
    if (json_read(&root, buf_slice(&document), &json_limits_file, "the OpenAPI document", NULL) < 0)
        out->failed = true;
    buf_release(&document);
    if (!root) return;
    json_t *schemas = json_object_get(json_object_get(root, "components"), "schemas");
    const char *name;
    json_t *schema;
    buf_add_str(out,
                "// Generated from the field tables in src/api/endpoint/ by tools/docs.sh; do not "
                "edit.\n");
    json_object_foreach(schemas, name, schema)
    {
        buf_printf(out, "\nexport interface %s ", name);
        typescript_object(out, schema, 0);
        buf_add_str(out, "\n");
    }
    json_decref(root);
}

static void dictionary_rows(struct buf *out, const struct field *fields)
{
    struct field_walk walk;
    field_walk_init(&walk, fields);
    for (const struct field *f; (f = field_walk_next(&walk));) {
        buf_printf(out, "\"\\\"%s\\\":\"\n", f->name);
        for (int i = 0; f->names && f->names[i]; i++)
            buf_printf(out, "\"\\\"%s\\\"\"\n", f->names[i]);
        if (f->fields) dictionary_rows(out, f->fields);
    }
}

void api_dictionary_write(struct buf *out)
{
    buf_add_str(out,
                "# Generated from the field tables in src/api/endpoint/ by tools/docs.sh; do not "
                "edit.\n");
    for (size_t i = 0; i < endpoint_registry_len; i++)
        if (endpoint_registry[i]->fields) dictionary_rows(out, endpoint_registry[i]->fields);
}

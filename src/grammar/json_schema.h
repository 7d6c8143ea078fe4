/* json_schema - from a JSON Schema to the texts that are valid under it.
 *
 *     const struct json_schema_options options = { .strict = true };
 *     int32_t node = json_schema_write(b, schema, &options, err);
 *     if (node < 0) ...   err names the place in the schema and the reason
 *
 * Canonical writing, which the grammar allows and nothing else: properties in the order of the
 * schema's "properties" (then further ones, if any are allowed), ", " between and ": " behind keys,
 * no other white space; as Python's json.dumps writes it with ensure_ascii=False. In strings whose
 * content is free every JSON escape may be used; keys, enums, consts and patterns are written with
 * the shortest escapes (\" \\ \b \f \n \r \t, \u00xx in lower case for other controls).
 *
 * Sound: what the grammar lets through is valid under the schema (draft 2020-12). Keywords that
 * cannot be held are refused by name: never ignored. docs/json-schema.md lists them.
 */
#ifndef TIRO_GRAMMAR_JSON_SCHEMA_H
#define TIRO_GRAMMAR_JSON_SCHEMA_H

#include "grammar/build.h"

#include <jansson.h>

enum {
    JSON_SCHEMA_DEPTH_MAX = 128,          /* Levels of JSON in a schema. */
    JSON_SCHEMA_REFS_MAX = 100,           /* $ref and allOf one behind the other. */
    JSON_SCHEMA_MERGED_MAX = 1000,        /* Schemas that hold for one value together. */
    JSON_SCHEMA_ALTERNATIVES_MAX = 20000, /* Ways to choose branches of anyOf, of all values. */
    JSON_SCHEMA_SETS_MAX = 60000,         /* Different parts of a schema. */
    JSON_SCHEMA_WORK_MAX = 1 << 26,
    JSON_SCHEMA_MEMORY_MAX = 128 << 20,
    JSON_SCHEMA_PATTERNS_MAX = 6,          /* patternProperties of one object. */
    JSON_SCHEMA_PATTERN_LENGTH_MAX = 2000, /* minLength, maxLength beside a pattern. */
    JSON_SCHEMA_COUNTED_MAX = 20000,       /* Properties by number of properties before them. */
    JSON_SCHEMA_UNIQUE_MAX = 8,            /* Values of an enum whose items must differ. */
    JSON_SCHEMA_CONTAINS_MAX = 64,         /* Items of an array with contains. */
};

struct json_schema_options {
    /* OpenAI's strict subset is required: every object closed (additionalProperties false) and
     * all its properties required. Else -ERR_INVALID_VALUE in OpenAI's words ("In
     * context=('properties', 'a'), 'additionalProperties' is required to be supplied and to be
     * false."). */
    bool strict;
};

/* The expression, or -ERR_*: -ERR_INVALID_VALUE for what is no schema, cannot be met or is refused;
 * -ERR_LIMIT over a limit. Errors have no param: the caller knows where the schema came from. */
int32_t json_schema_write(struct grammar_builder *b, const json_t *schema,
                          const struct json_schema_options *options, struct err *err) MUST_USE;
/* Any JSON object, at any depth up to what fits: response_format json_object. */
int32_t json_object_write(struct grammar_builder *b);
/* Any JSON value. */
int32_t json_any_write(struct grammar_builder *b);
/* One JSON value, as canonical text. */
int32_t json_const_write(struct grammar_builder *b, const json_t *value);

#endif

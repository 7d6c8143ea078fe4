/* output_format - what an answer is held to: response_format, and vLLM's structured_outputs.
 *
 * Both become the grammar of the worker's request, which compiles it and says what is wrong with a
 * schema. At most one of them holds an answer.
 */
#ifndef TIRO_API_OUTPUT_FORMAT_H
#define TIRO_API_OUTPUT_FORMAT_H

#include "api/field.h"
#include "proto/bodies.h"

enum {
    FORMAT_NAME_MAX = 64,
    FORMAT_PATTERN_MAX = 1 << 20, /* bytes of a regular expression or a grammar */
};

struct response_format_req {
    struct field_enum type;
    struct field_object json_schema; /* struct json_schema_req */
};

struct structured_outputs_req {
    struct field_json json;
    struct field_string regex, grammar;
    struct field_strings choice;
    struct field_bool json_object;
};

extern const struct field response_format_fields[], structured_outputs_fields[];

/* Each fills ret->grammar...; NULL leaves it as it is. What they write lies in `arena`. */
int response_format_fill(struct msg_request *ret, const struct response_format_req *req,
                         struct arena *arena, struct err *err) MUST_USE;
int structured_outputs_fill(struct msg_request *ret, const struct structured_outputs_req *req,
                            struct arena *arena, struct err *err) MUST_USE;

/* A schema without a name of its own; `param` is its place in the request. */
int output_schema_fill(struct msg_request *ret, const json_t *schema, bool strict,
                       const char *param, struct arena *arena, struct err *err) MUST_USE;

#endif

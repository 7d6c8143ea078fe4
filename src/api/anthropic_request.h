/* anthropic_request - what POST /v1/messages takes, in Anthropic's shape, and its way into the
 * msg_request that a chat is.
 *
 * A user's message with results of tools becomes one message for each result, and one for what is
 * said beside them; what cannot be shown to the models here is refused by name, with its place.
 */
#ifndef TIRO_API_ANTHROPIC_REQUEST_H
#define TIRO_API_ANTHROPIC_REQUEST_H

#include "api/backend.h"
#include "api/field.h"

/* What counting the tokens takes, too. */
struct anthropic_prompt_req {
    struct field_string model;
    struct field_objects messages; /* of struct anthropic_message_req */
    struct field_content system;   /* of struct block_req */
    struct field_objects tools;    /* of struct anthropic_tool_req */
    struct field_object tool_choice, thinking, output_config;
    struct field_json cache_control;
};

struct anthropic_req {
    struct anthropic_prompt_req prompt;
    struct field_int max_tokens, top_k;
    struct field_number temperature, top_p;
    struct field_strings stop_sequences;
    struct field_bool stream;
    struct field_object metadata;
    struct field_enum service_tier, speed;
    struct field_json container, inference_geo;
};

extern const struct field anthropic_prompt_fields[], anthropic_fields[];

/* All lies in the call's scratch. */
int anthropic_prompt_fill(struct msg_request *ret, const struct anthropic_prompt_req *req,
                          const struct backend_model *model, struct call *call,
                          struct err *err) MUST_USE;
int anthropic_fill(struct msg_request *ret, const struct anthropic_req *req,
                   const struct backend_model *model, struct call *call, struct err *err) MUST_USE;

#endif

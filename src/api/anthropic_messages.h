/* anthropic_messages - the conversation of POST /v1/messages: its tables, and its way into
 * msg_request.messages. */
#ifndef TIRO_API_ANTHROPIC_MESSAGES_H
#define TIRO_API_ANTHROPIC_MESSAGES_H

#include "api/anthropic_request.h"

struct anthropic_block_req {
    struct field_enum type;
    struct field_string text, id, name, tool_use_id, thinking, signature, data;
    struct field_json input, source, cache_control, citations, caller, toolset_name;
    struct field_content content; /* of struct anthropic_result_req */
    struct field_bool is_error;
};

struct anthropic_message_req {
    struct field_enum role;
    struct field_content content; /* of struct anthropic_block_req */
};

extern const struct field anthropic_message_fields[], anthropic_block_fields[];

/* Structs lie in `arena`, strings there or in the request's document. */
int anthropic_messages_fill(struct msg_request *ret, const struct anthropic_prompt_req *req,
                            const struct backend_model *model, struct arena *arena,
                            struct err *err) MUST_USE;

#endif

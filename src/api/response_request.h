/* response_request - what POST /v1/responses takes: its table, its way into a msg_request.
 *
 * Of the answer's options here; the tools are api/response_tools.h, the conversation is
 * api/response_input.h.
 */
#ifndef TIRO_API_RESPONSE_REQUEST_H
#define TIRO_API_RESPONSE_REQUEST_H

#include "api/generation.h"

/* What makes the prompt: also of POST /v1/responses/input_tokens. */
struct response_prompt_req {
    struct field_json input; /* a string, or items */
    struct field_string instructions, previous_response_id;
    struct field_json conversation; /* an id, or {"id"} */
    struct field_json tools, tool_choice;
    struct field_bool parallel_tool_calls;
    struct field_object text;      /* struct response_text_req */
    struct field_object reasoning; /* struct response_reasoning_req */
    struct field_enum truncation;  /* enum response_truncation */
    struct field_json chat_template_kwargs;
};

struct response_req {
    struct generation_req generation; /* without n */
    struct response_prompt_req prompt;
    struct field_bool store, background;
    struct field_int max_output_tokens, max_tool_calls, top_logprobs;
    struct field_strings include;
    struct field_json metadata, prompt_template, moderation, context_management;
    struct field_json prompt_cache_options, personality;
    struct field_string safety_identifier, prompt_cache_key;
    struct field_enum service_tier, prompt_cache_retention;
};

struct response_text_req {
    struct field_object format; /* struct response_format_flat_req */
    struct field_json verbosity;
};

struct response_format_flat_req {
    struct field_enum type;
    struct field_string name, description;
    struct field_json schema;
    struct field_bool strict;
};

struct response_reasoning_req {
    struct field_enum effort, summary, generate_summary, context, mode;
};

enum response_truncation { TRUNCATION_AUTO, TRUNCATION_DISABLED };

/* Of POST /v1/responses, and of .../input_tokens, which fills less of the struct. */
extern const struct field response_request_fields[], response_count_request_fields[];
extern const char *const response_efforts[]; /* by response_reasoning_req.effort */

/* The options in *ret; what they point to lies in the call's scratch or the request's document.
 * What they ask for is checked against `model`; the conversation and the tools are not theirs. */
int response_request_fill(struct msg_request *ret, const struct response_req *req,
                          const struct backend_model *model, struct call *call,
                          struct err *err) MUST_USE;
/* The part of it that changes the prompt. */
int response_prompt_fill(struct msg_request *ret, const struct response_prompt_req *req,
                         const struct backend_model *model, struct arena *arena,
                         struct err *err) MUST_USE;
/* What it goes on from: one of these, or none (ptr NULL). */
int response_before(struct slice *ret_previous_id, struct slice *ret_conversation_id,
                    const struct response_prompt_req *req, struct err *err) MUST_USE;
bool response_request_includes(const struct response_req *req, const char *what);

#endif

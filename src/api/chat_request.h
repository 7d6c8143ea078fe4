/* chat_request - what POST /v1/chat/completions takes: its table, its way into a msg_request. */
#ifndef TIRO_API_CHAT_REQUEST_H
#define TIRO_API_CHAT_REQUEST_H

#include "api/generation.h"
#include "api/tools.h"

struct chat_req {
    struct generation_req generation;
    struct tools_req tools;
    struct field_objects messages;
    struct field_int max_completion_tokens, max_tokens, top_logprobs;
    struct field_bool logprobs, store;
    struct field_object response_format, prediction;
    struct field_enum reasoning_effort;
    struct field_json chat_template_kwargs;
    struct field_json metadata, modalities, audio, web_search_options, moderation;
    struct field_json prompt_cache_options, verbosity;
    struct field_string safety_identifier, prompt_cache_key;
    struct field_enum service_tier, prompt_cache_retention;
};

extern const struct field chat_request_fields[];

enum { CHAT_FLEX_PRIORITY = -1 };
/* Whether it may wait for all others: service_tier flex. */
bool chat_request_is_flex(const struct chat_req *req);

/* The message lies in the call's scratch, but for the names of *ret_tools. */
int chat_request_fill(struct msg_request *ret, struct tools *ret_tools, const struct chat_req *req,
                      const struct backend_model *model, struct call *call,
                      struct err *err) MUST_USE;

/* What a template is told of thinking: enable_thinking, and reasoning_effort when there is one;
 * what `kwargs` (NULL: none) says of them already, stands. */
int chat_template_args(struct slice *ret, const json_t *kwargs, bool think, const char *effort,
                       struct arena *arena, struct err *err) MUST_USE;

#endif

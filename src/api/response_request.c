#include "api/response_request.h"

#include "api/chat_request.h"
#include "api/metadata.h"
#include "api/output_format.h"
#include "api/response_input.h"
#include "api/response_tools.h"
#include "api/server_tool.h"

#include <stdio.h>

enum { OUTPUT_TOKENS_MIN = 16, INCLUDES_MAX = 32 }; /* as published */

static const char *const format_types[] = { "text", "json_object", "json_schema", NULL };
enum format_type { FORMAT_TEXT, FORMAT_JSON_OBJECT, FORMAT_JSON_SCHEMA };
const char *const response_efforts[] = { "none", "minimal", "low", "medium",
                                         "high", "xhigh",   "max", NULL };
enum { EFFORT_NONE = 0 };
static const char *const summaries[] = { "auto", "concise", "detailed", NULL };
static const char *const contexts[] = { "auto", "current_turn", "all_turns", NULL };
static const char *const modes[] = { "standard", "pro", NULL };
static const char *const truncations[] = { "auto", "disabled", NULL };
static const char *const service_tiers[] = { "auto", "default", NULL };
static const char *const cache_retentions[] = { "in_memory", "24h", NULL };
enum { CACHE_RETENTION_DAY = 1 };

static const char logprobs_include[] = "message.output_text.logprobs";
/* Those of tools that are not here are harmless: there is nothing to include. */
static const char *const includes[] = { logprobs_include,
                                        "reasoning.encrypted_content",
                                        "file_search_call.results",
                                        "web_search_call.results",
                                        "web_search_call.action.sources",
                                        "message.input_image.image_url",
                                        "computer_call_output.output.image_url",
                                        "code_interpreter_call.outputs",
                                        NULL };

static const struct field format_fields[] = {
    FIELD_ENUM(struct response_format_flat_req, type, .required = true, .names = format_types,
               .help = "text: anything; json_object: any JSON object; json_schema: what schema "
                       "says."),
    FIELD_STRING(struct response_format_flat_req, name, .len_min = 1, .len_max = FORMAT_NAME_MAX,
                 .help = "With type json_schema: what it is called, in errors."),
    FIELD_STRING(struct response_format_flat_req, description, .ignored = true,
                 .help = "What it is for. Accepted; the model is not shown it."),
    FIELD_JSON(struct response_format_flat_req, schema, .types = FIELD_TYPE_OBJECT,
               .schema = "{\"type\":\"object\"}",
               .help = "With type json_schema. The answer is valid under it; keywords that cannot "
                       "be held are refused by name."),
    FIELD_BOOL(struct response_format_flat_req, strict, .def = "false",
               .help = "Also refuse schemas outside of OpenAI's strict subset. The answer is held "
                       "to the schema either way."),
    FIELDS_END,
};

static const struct field text_fields[] = {
    FIELD_OBJECT(struct response_text_req, format, .fields = format_fields,
                 .size = sizeof(struct response_format_flat_req),
                 .help = "What the text of the answer is held to."),
    FIELD_JSON(struct response_text_req, verbosity, .types = FIELD_TYPE_STRING,
               .only = "[\"medium\"]", .instead = "Ask for it in the instructions.",
               .help = "Length of the answer."),
    FIELDS_END,
};

static const struct field reasoning_fields[] = {
    FIELD_ENUM(struct response_reasoning_req, effort, .names = response_efforts,
               .help = "How much to think before answering, for models that think; none: not at "
                       "all, which is all that others take."),
    FIELD_ENUM(struct response_reasoning_req, summary, .names = summaries, .ignored = true,
               .help = "Accepted: thoughts are returned as they are, as content of the reasoning "
                       "item, and not summarised."),
    FIELD_ENUM(struct response_reasoning_req, generate_summary, .names = summaries, .ignored = true,
               .deprecated = true, .help = "The older name of summary."),
    FIELD_ENUM(struct response_reasoning_req, context, .names = contexts, .ignored = true,
               .help = "Accepted: models are not shown earlier thoughts again."),
    FIELD_ENUM(struct response_reasoning_req, mode, .names = modes, .ignored = true,
               .help = "Accepted; there is one mode."),
    FIELDS_END,
};

static const struct field stream_options_fields[] = {
    FIELD_BOOL(struct stream_options_req, include_obfuscation, .ignored = true,
               .help = "Padding against guessing text from packet sizes. Accepted; events carry no "
                       "padding yet."),
    FIELDS_END,
};

/* clang-format off */
/* Of struct generation_req what this request has of it, under its own rules. */
static const struct field sampling_fields[] = {
    FIELD_NUMBER(struct generation_req, temperature, .range = { 0, 2 }, .def = "1",
                 .help = "Randomness: 0 always takes the likeliest token."),
    FIELD_NUMBER(struct generation_req, top_p, .range = { 0, 1 }, .def = "1",
                 .help = "Take only from the likeliest tokens with this share of probability."),
    FIELD_BOOL(struct generation_req, stream, .def = "false",
               .help = "Answer with server-sent events as the answer appears."),
    FIELD_OBJECT(struct generation_req, stream_options, .fields = stream_options_fields,
                 .size = sizeof(struct stream_options_req),
                 .help = "Options of streaming; only with stream: true."),
    FIELD_STRING(struct generation_req, user, .len_max = 512, .deprecated = true,
                 .help = "Your name for the end user. Nothing is done with it but to return it."),
    FIELD_STRINGS(struct generation_req, stop, .len_max = MSG_STOP_MAX,
                  .item_len_max = MSG_STOP_BYTES_MAX, .extension = true,
                  .help = "Up to 16 texts of up to 256 bytes where the answer ends; the text "
                          "itself is not returned."),
    FIELD_NUMBER(struct generation_req, frequency_penalty, .range = { -2, 2 }, .def = "0",
                 .extension = true,
                 .help = "Lowers the chance of a token with each time it occurred."),
    FIELD_NUMBER(struct generation_req, presence_penalty, .range = { -2, 2 }, .def = "0",
                 .extension = true, .help = "Lowers the chance of a token that occurred."),
    FIELD_JSON(struct generation_req, logit_bias, .types = FIELD_TYPE_OBJECT,
               .len_max = MSG_LOGIT_BIAS_MAX, .extension = true,
               .schema = "{\"type\":\"object\",\"maxProperties\":1024,\"additionalProperties\":"
                         "{\"type\":\"number\",\"minimum\":-100,\"maximum\":100}}",
               .help = "Token ids and what to add to their logits, -100 to 100; at most 1024."),
    FIELD_INT(struct generation_req, seed, .extension = true,
              .help = "The same request and seed give the same answer, whatever else runs."),
    FIELD_INT(struct generation_req, top_k, .range = { 0, 1000000 }, .def = "0", .extension = true,
              .help = "Take only from this many of the likeliest tokens; 0: all."),
    FIELD_NUMBER(struct generation_req, min_p, .range = { 0, 1 }, .def = "0", .extension = true,
                 .help = "Drop tokens less likely than this share of the likeliest."),
    FIELD_NUMBER(struct generation_req, typical_p, .range = { 0, 1 }, .def = "1", .extension = true,
                 .help = "Locally typical sampling: the share of probability to keep; 1: off."),
    FIELD_NUMBER(struct generation_req, repetition_penalty, .range = { 0.01, 10 }, .def = "1",
                 .extension = true,
                 .help = "Divides the logits of tokens that occurred; 1: off."),
    FIELD_OBJECT(struct generation_req, structured_outputs, .extension = true,
                 .fields = structured_outputs_fields,
                 .size = sizeof(struct structured_outputs_req),
                 .help = "What the answer is held to, as vLLM has it; exactly one of its fields, "
                         "and no text.format beside it but text."),
    FIELDS_END,
};

static const struct field model_fields[] = {
    FIELD_STRING(struct generation_req, model, .required = true, .len_min = 1,
                 .len_max = MSG_NAME_MAX, .help = "Id of the model to use; see GET /v1/models."),
    FIELDS_END,
};

static const struct field prompt_fields[] = {
    FIELD_JSON(struct response_prompt_req, input, .types = FIELD_TYPE_STRING | FIELD_TYPE_ARRAY,
               .schema = response_input_schema,
               .help = "A text, or a list of items: messages, calls, their results, references."),
    FIELD_STRING(struct response_prompt_req, instructions,
                 .help = "What the model is told first, as a system message. Not carried over from "
                         "an earlier response."),
    FIELD_STRING(struct response_prompt_req, previous_response_id, .len_max = MSG_NAME_MAX,
                 .help = "The stored response that this one goes on from."),
    FIELD_JSON(struct response_prompt_req, conversation,
               .types = FIELD_TYPE_STRING | FIELD_TYPE_OBJECT,
               .schema = "{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"object\",\"required\":"
                         "[\"id\"],\"additionalProperties\":false,\"properties\":{\"id\":{\"type\":"
                         "\"string\"}}}]}",
               .help = "The conversation that it belongs to: its id, or {\"id\": ..}."),
    FIELD_JSON(struct response_prompt_req, tools, .types = FIELD_TYPE_ARRAY,
               .len_max = MSG_TOOLS_MAX, .schema = response_tools_schema,
               .help = "What the model may call: functions and custom tools of yours, and what "
                       "this server runs itself."),
    FIELD_JSON(struct response_prompt_req, tool_choice,
               .types = FIELD_TYPE_STRING | FIELD_TYPE_OBJECT,
               .schema = response_tool_choice_schema,
               .help = "none: call nothing; auto: the model decides; required: call at least one; "
                       "the one to call, {\"type\": \"function\", \"name\": ..}; or those that may "
                       "be called, {\"type\": \"allowed_tools\", ..}."),
    FIELD_BOOL(struct response_prompt_req, parallel_tool_calls, .def = "true",
               .help = "False: at most one call at a time."),
    FIELD_OBJECT(struct response_prompt_req, text, .fields = text_fields,
                 .size = sizeof(struct response_text_req), .help = "Form of the text."),
    FIELD_OBJECT(struct response_prompt_req, reasoning, .fields = reasoning_fields,
                 .size = sizeof(struct response_reasoning_req),
                 .help = "Thinking, for models that think."),
    FIELD_ENUM(struct response_prompt_req, truncation, .names = truncations,
               .def = "\"disabled\"",
               .help = "auto: what is too long for the context loses its oldest items, also "
                       "when results of the server's tools make it so; disabled: it is refused."),
    FIELD_JSON(struct response_prompt_req, chat_template_kwargs, .types = FIELD_TYPE_OBJECT,
               .extension = true, .schema = "{\"type\":\"object\"}",
               .help = "Further variables for the model's chat template, as vLLM has it."),
    FIELDS_END,
};

const struct field response_count_request_fields[] = {
    FIELD_INCLUDE(struct response_req, generation, model_fields),
    FIELD_INCLUDE(struct response_req, prompt, prompt_fields),
    FIELD_JSON(struct response_req, personality, .types = FIELD_TYPE_STRING, .only = "[]",
               .instead = "Models here have one: say it in the instructions.",
               .help = "How the model behaves."),
    FIELDS_END,
};

/* `prompt` is the name of two things here. */
#define PROMPT_TEMPLATE                                                                        \
    { .name = "prompt", .kind = FIELD_KIND_JSON,                                               \
      .offset = offsetof(struct response_req, prompt_template), .types = FIELD_TYPE_OBJECT,    \
      .only = "[]", .instead = "Prompts are not stored here: send the text.",                  \
      .help = "A stored prompt." }

const struct field response_request_fields[] = {
    FIELD_INCLUDE(struct response_req, generation, model_fields),
    FIELD_INCLUDE(struct response_req, prompt, prompt_fields),
    FIELD_INCLUDE(struct response_req, generation, sampling_fields),
    FIELD_INT(struct response_req, max_output_tokens, .range = { OUTPUT_TOKENS_MIN, INT32_MAX },
              .help = "The most tokens to make, thoughts included; without it, as many as the "
                      "context holds."),
    FIELD_INT(struct response_req, max_tool_calls, .range = { 1, INT32_MAX },
              .help = "The most calls of tools that this server runs; further ones are ignored."),
    FIELD_INT(struct response_req, top_logprobs, .range = { 0, MSG_TOP_LOGPROBS_MAX }, .def = "0",
              .help = "How many of the likeliest tokens to return at each place; above 0 it also "
                      "asks for log probabilities, as include does."),
    FIELD_STRINGS(struct response_req, include, .len_max = INCLUDES_MAX,
                  .help = "What else to return: message.output_text.logprobs, "
                          "file_search_call.results. reasoning.encrypted_content is accepted: "
                          "thoughts are returned in the open."),
    FIELD_BOOL(struct response_req, store, .def = "true",
               .help = "Keep the response, so that it can be read again and gone on from."),
    FIELD_BOOL(struct response_req, background, .def = "false",
               .help = "Make it whether or not you wait for it."),
    FIELD_JSON(struct response_req, metadata, .types = FIELD_TYPE_OBJECT,
               .schema = metadata_schema,
               .help = "Your labels: up to 16 pairs, of up to 64 and 512 characters."),
    FIELD_ENUM(struct response_req, service_tier, .names = service_tiers, .def = "\"auto\"",
               .help = "This server has one tier; the answer says default."),
    FIELD_STRING(struct response_req, safety_identifier, .len_max = 64,
                 .help = "Your hashed name for the end user. Nothing is done with it but to return "
                         "it."),
    FIELD_STRING(struct response_req, prompt_cache_key, .len_max = 256,
                 .help = "Prefixes are cached by their content anyway; it is only returned."),
    FIELD_ENUM(struct response_req, prompt_cache_retention, .names = cache_retentions,
               .deprecated = true,
               .help = "24h: keep this prompt in the cache until it was not used for a day, as far "
                       "as pinned_percent has room. Otherwise the cache keeps what fits."),
    FIELD_JSON(struct response_req, prompt_cache_options, .types = FIELD_TYPE_OBJECT,
               .ignored = true, .help = "Accepted: the cache keeps what fits."),
    FIELD_JSON(struct response_req, context_management, .types = FIELD_TYPE_ARRAY,
               .only = "[[]]", .instead = "Use truncation, or POST /v1/responses/compact.",
               .help = "Compaction on the way."),
    FIELD_JSON(struct response_req, moderation, .types = FIELD_TYPE_OBJECT, .only = "[]",
               .instead = "This server does not moderate.", .help = "Moderate prompt and answer."),
    PROMPT_TEMPLATE,
    FIELDS_END,
};
/* clang-format on */

/* The conversation's id: the value itself, or its "id". */
static int conversation_of(struct slice *ret, const json_t *value, struct err *err)
{
    const json_t *id = json_is_object(value) ? json_object_get(value, "id") : value;
    if (!value) return 0;
    if (!json_is_string(id))
        return err_param(err, ERR_INVALID_TYPE, "conversation",
                         "Invalid type for 'conversation': expected the id of a conversation, or "
                         "an object with its 'id'.");
    *ret = (struct slice){ json_string_value(id), json_string_length(id) };
    return 0;
}

int response_before(struct slice *ret_previous_id, struct slice *ret_conversation_id,
                    const struct response_prompt_req *req, struct err *err)
{
    const struct field_string *previous = &req->previous_response_id;
    TRY(conversation_of(ret_conversation_id, req->conversation.value, err));
    if (previous->given) *ret_previous_id = previous->value;
    if (!ret_previous_id->ptr || !ret_conversation_id->ptr) return 0;
    return err_param(err, ERR_INVALID_VALUE, "previous_response_id",
                     "Mutually exclusive parameters: 'previous_response_id' and 'conversation'. "
                     "Ensure you are only providing one of them.");
}

bool response_request_includes(const struct response_req *req, const char *what)
{
    for (size_t i = 0; i < req->include.n; i++)
        if (slice_is(req->include.items[i], what)) return true;
    return false;
}

static bool wants_logprobs(const struct response_req *req)
{
    return req->top_logprobs.value > 0 || response_request_includes(req, logprobs_include);
}

static bool is_include(struct slice name)
{
    for (size_t i = 0; includes[i]; i++)
        if (slice_is(name, includes[i])) return true;
    for (size_t i = 0; i < server_tool_registry_len; i++)
        if (server_tool_registry[i]->include && slice_is(name, server_tool_registry[i]->include))
            return true;
    return false;
}

static int check_includes(const struct response_req *req, struct err *err)
{
    for (size_t i = 0; i < req->include.n; i++) {
        struct slice name = req->include.items[i];
        if (is_include(name)) continue;
        char param[ERR_PARAM_MAX];
        (void)snprintf(param, sizeof param, "include[%zu]", i);
        return err_param(err, ERR_INVALID_VALUE, param,
                         "Invalid value: '%.*s'. Supported values are: '%s', "
                         "'file_search_call.results', and 'reasoning.encrypted_content'.",
                         (int)(name.len < 64 ? name.len : 64), name.ptr, logprobs_include);
    }
    return 0;
}

static int fill_schema(struct msg_request *ret, const struct response_format_flat_req *format,
                       struct arena *arena, struct err *err)
{
    if (!format->name.given) return field_missing("text.format.name", err);
    if (!format->schema.given) return field_missing("text.format.schema", err);
    TRY(field_check_name(format->name.value, "text.format.name", err));
    char param[FORMAT_NAME_MAX + 32];
    (void)snprintf(param, sizeof param, "text.format.schema '%.*s'",
                   SLICE_FMT(format->name.value)); /* A name is short. */
    return output_schema_fill(ret, format->schema.value, format->strict.value, param, arena, err);
}

static int fill_format(struct msg_request *ret, const struct response_text_req *text,
                       struct arena *arena, struct err *err)
{
    const struct response_format_flat_req *format = text ? text->format.value : NULL;
    static const char schema[] = "json_schema";
    if (!format) return 0;
    bool is_schema = format->type.value == FORMAT_JSON_SCHEMA;
    if (!is_schema && format->schema.given)
        return field_misplaced("text.format.schema", schema, err);
    if (!is_schema && format->name.given) return field_misplaced("text.format.name", schema, err);
    if (format->type.value == FORMAT_TEXT) return 0;
    if (ret->grammar_kind != GRAMMAR_NONE)
        return err_param(err, ERR_INVALID_VALUE, "structured_outputs",
                         "Invalid 'structured_outputs': only one of 'text.format' and "
                         "'structured_outputs' can hold an answer.");
    if (is_schema) return fill_schema(ret, format, arena, err);
    ret->grammar_kind = GRAMMAR_JSON_OBJECT;
    ret->grammar_param = SLICE("text.format");
    return 0;
}

static int fill_thinking(struct msg_request *ret, const struct response_prompt_req *req,
                         const struct backend_model *model, struct arena *arena, struct err *err)
{
    const struct response_reasoning_req *reasoning = req->reasoning.value;
    const json_t *kwargs = req->chat_template_kwargs.value;
    bool thinks = !model->capabilities || model->capabilities & CAP_THINKING;
    bool given = reasoning && reasoning->effort.given;
    bool none = given && reasoning->effort.value == EFFORT_NONE;
    if (given && !none && !thinks)
        return err_param(err, ERR_UNSUPPORTED_VALUE, "reasoning.effort",
                         "Unsupported value: 'reasoning.effort' does not support '%s' with this "
                         "model. '%s' does not think before it answers: use 'none', or leave it "
                         "out.",
                         response_efforts[reasoning->effort.value], model->id);
    if (!given || !thinks)
        return kwargs ? field_json_text(&ret->template_args, kwargs, arena, err) : 0;
    return chat_template_args(&ret->template_args, kwargs, !none,
                              none ? NULL : response_efforts[reasoning->effort.value], arena, err);
}

int response_prompt_fill(struct msg_request *ret, const struct response_prompt_req *req,
                         const struct backend_model *model, struct arena *arena, struct err *err)
{
    TRY(fill_format(ret, req->text.value, arena, err));
    return fill_thinking(ret, req, model, arena, err);
}

int response_request_fill(struct msg_request *ret, const struct response_req *req,
                          const struct backend_model *model, struct call *call, struct err *err)
{
    TRY(metadata_check(req->metadata.value, "metadata", err));
    TRY(check_includes(req, err));
    TRY(generation_fill(ret, &req->generation, model, call, call->scratch, err));
    ret->n = 1;
    TRY(generation_check_max(&req->max_output_tokens, "max_output_tokens", model, err));
    ret->has_max_tokens = req->max_output_tokens.given;
    ret->max_tokens = (uint32_t)req->max_output_tokens.value;
    ret->logprobs = wants_logprobs(req);
    ret->top_logprobs = (uint32_t)req->top_logprobs.value;
    ret->pin = req->prompt_cache_retention.value == CACHE_RETENTION_DAY;
    return response_prompt_fill(ret, &req->prompt, model, call->scratch, err);
}

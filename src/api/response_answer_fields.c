/* How the documents describe the answers of POST /v1/responses. */
#include "api/response_answer.h"

static const char *const objects[] = { "response", NULL };
static const char *const statuses[] = { "completed", "failed",     "in_progress", "cancelled",
                                        "queued",    "incomplete", NULL };
static const char *const tiers[] = { "default", NULL };
static const char *const truncations[] = { "auto", "disabled", NULL };

static const char items_schema[] = "{\"type\":\"array\",\"items\":{\"type\":\"object\"}}";
static const char object_schema[] = "{\"type\":\"object\"}";
static const char maybe_object_schema[] = "{\"type\":[\"object\",\"null\"]}";

static const struct field cached_answer[] = {
    ANSWER("cached_tokens", INT, .help = "Found in the prefix cache."),
    ANSWER("cache_write_tokens", INT, .help = "Always 0: writing costs nothing here."),
    FIELDS_END,
};

static const struct field thought_answer[] = {
    ANSWER("reasoning_tokens", INT, .help = "Those that the model thought before it answered."),
    FIELDS_END,
};

static const struct field usage_fields[] = {
    ANSWER("input_tokens", INT, .help = "Tokens read, of all turns."),
    ANSWER("input_tokens_details", OBJECT, .fields = cached_answer, .help = "Shares."),
    ANSWER("output_tokens", INT, .help = "Tokens made, thoughts included."),
    ANSWER("output_tokens_details", OBJECT, .fields = thought_answer, .help = "Shares."),
    ANSWER("total_tokens", INT, .help = "The sum."),
    FIELDS_END,
};

static const struct field error_fields[] = {
    ANSWER("code", STRING, .help = "server_error, rate_limit_exceeded or invalid_prompt."),
    ANSWER("message", STRING, .help = "What was wrong."),
    FIELDS_END,
};

const struct field response_answer_fields[] = {
    ANSWER("id", STRING, .help = "resp_ and a word."),
    ANSWER("object", ENUM, .names = objects, .help = "response"),
    ANSWER("created_at", INT, .help = "Unix seconds."),
    ANSWER("status", ENUM, .names = statuses, .help = "How it stands."),
    ANSWER("completed_at", INT, .nullable = true, .help = "Unix seconds; of a completed one."),
    ANSWER("error", OBJECT, .nullable = true, .fields = error_fields, .help = "Of a failed one."),
    ANSWER("incomplete_details", JSON, .nullable = true, .schema = maybe_object_schema,
           .help = "Of an incomplete one: {\"reason\": \"max_output_tokens\"}."),
    ANSWER("output", JSON, .schema = items_schema,
           .help = "Items in order: reasoning, message, function_call, custom_tool_call, and those "
                   "of tools that the server runs."),
    ANSWER("background", BOOL, .help = "As asked."),
    ANSWER("conversation", JSON, .nullable = true, .schema = maybe_object_schema,
           .help = "{\"id\"}, or null."),
    ANSWER("instructions", STRING, .nullable = true, .help = "As asked."),
    ANSWER("max_output_tokens", INT, .nullable = true, .help = "As asked."),
    ANSWER("max_tool_calls", INT, .nullable = true, .help = "As asked."),
    ANSWER("model", STRING, .help = "The model's id."),
    ANSWER("previous_response_id", STRING, .nullable = true, .help = "As asked."),
    ANSWER("reasoning", JSON, .schema = object_schema, .help = "effort and summary."),
    ANSWER("store", BOOL, .help = "Whether it is kept."),
    ANSWER("temperature", NUMBER, .help = "As asked, or 1."),
    ANSWER("text", JSON, .schema = object_schema, .help = "format and verbosity."),
    ANSWER("tools", JSON, .schema = items_schema, .help = "As asked."),
    ANSWER("tool_choice", JSON, .schema = "{\"type\":[\"string\",\"object\"]}",
           .help = "As asked, or auto."),
    ANSWER("parallel_tool_calls", BOOL, .help = "As asked, or true."),
    ANSWER("top_logprobs", INT, .help = "As asked, or 0."),
    ANSWER("top_p", NUMBER, .help = "As asked, or 1."),
    ANSWER("truncation", ENUM, .names = truncations, .help = "As asked, or disabled."),
    ANSWER("metadata", JSON, .schema = object_schema, .help = "As asked, or {}."),
    ANSWER("safety_identifier", STRING, .nullable = true, .help = "As asked."),
    ANSWER("prompt_cache_key", STRING, .nullable = true, .help = "As asked."),
    ANSWER("prompt_cache_retention", STRING, .nullable = true, .help = "As asked."),
    ANSWER("service_tier", ENUM, .names = tiers, .help = "default"),
    ANSWER("user", STRING, .nullable = true, .help = "As asked."),
    ANSWER("usage", OBJECT, .nullable = true, .fields = usage_fields,
           .help = "Token counts; null until it has ended."),
    FIELDS_END,
};

const struct field response_event_fields[] = {
    ANSWER("type", STRING, .help = "Also in the event's `event:` line."),
    ANSWER("sequence_number", INT, .help = "0 and on, without gaps."),
    ANSWER_MAYBE("response", OBJECT, .fields = response_answer_fields,
                 .help = "Of response.created, .queued, .in_progress, .completed, .incomplete and "
                         ".failed."),
    ANSWER_MAYBE("output_index", INT, .help = "Of the item."),
    ANSWER_MAYBE("item", JSON, .schema = object_schema, .help = "Of response.output_item.*"),
    ANSWER_MAYBE("item_id", STRING, .help = "Of events about an item."),
    ANSWER_MAYBE("content_index", INT, .help = "Of the part: 0."),
    ANSWER_MAYBE("part", JSON, .schema = object_schema, .help = "Of response.content_part.*"),
    ANSWER_MAYBE("delta", STRING, .help = "The next token's text."),
    ANSWER_MAYBE("logprobs", JSON, .schema = items_schema, .help = "Of response.output_text.*"),
    ANSWER_MAYBE("text", STRING, .help = "Of response.output_text.done and its like."),
    ANSWER_MAYBE("name", STRING, .help = "Of response.function_call_arguments.done."),
    ANSWER_MAYBE("arguments", STRING, .help = "Of response.function_call_arguments.done."),
    ANSWER_MAYBE("input", STRING, .help = "Of response.custom_tool_call_input.done."),
    ANSWER_MAYBE("annotation_index", INT, .help = "Of response.output_text.annotation.added."),
    ANSWER_MAYBE("annotation", JSON, .schema = object_schema,
                 .help = "Of response.output_text.annotation.added."),
    ANSWER_MAYBE("code", STRING, .nullable = true, .help = "Of error."),
    ANSWER_MAYBE("message", STRING, .help = "Of error."),
    ANSWER_MAYBE("param", STRING, .nullable = true, .help = "Of error."),
    FIELDS_END,
};

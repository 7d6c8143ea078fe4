/* How the documents describe the answers of POST /v1/messages. */
#include "api/anthropic_answer.h"

static const char *const message_types[] = { "message", NULL };
static const char *const roles[] = { "assistant", NULL };
static const char *const types_answer[] = { "thinking", "text", "tool_use", NULL };
static const char *const stop_reasons[] = { "end_turn", "max_tokens", "stop_sequence",
                                            "tool_use", "refusal",    NULL };
static const char *const event_types[] = { "message_start",       "ping",
                                           "content_block_start", "content_block_delta",
                                           "content_block_stop",  "message_delta",
                                           "message_stop",        NULL };
static const char *const delta_types[] = { "thinking_delta", "text_delta", "input_json_delta",
                                           NULL };

static const struct field details_answer[] = {
    ANSWER("thinking_tokens", INT, .help = "Those that the model thought before it answered."),
    FIELDS_END,
};

static const struct field tokens_answer[] = {
    ANSWER("input_tokens", INT, .help = "Tokens read, without those of the cache."),
    ANSWER("cache_creation_input_tokens", INT, .help = "Always 0."),
    ANSWER("cache_read_input_tokens", INT, .help = "Found in the prefix cache."),
    ANSWER("output_tokens", INT, .help = "Tokens made."),
    ANSWER("output_tokens_details", OBJECT, .fields = details_answer, .help = "Shares."),
    FIELDS_END,
};

static const struct field block_answer[] = {
    ANSWER("type", ENUM, .names = types_answer, .help = "What this block is."),
    ANSWER_MAYBE("text", STRING, .help = "Of a text."),
    ANSWER_MAYBE("thinking", STRING, .help = "What the model thought."),
    ANSWER_MAYBE("signature", STRING, .help = "Of thinking; always empty."),
    ANSWER_MAYBE("id", STRING, .help = "Of a tool_use: toolu_ and a random word."),
    ANSWER_MAYBE("name", STRING, .help = "Of a tool_use: which tool."),
    ANSWER_MAYBE("input", JSON, .schema = "{\"type\":\"object\"}",
                 .help = "Of a tool_use: valid under the tool's input_schema. One that max_tokens "
                         "cut is left out."),
    FIELDS_END,
};

const struct field anthropic_answer_fields[] = {
    ANSWER("id", STRING, .help = "msg_ and a random word."),
    ANSWER("type", ENUM, .names = message_types, .help = "message"),
    ANSWER("role", ENUM, .names = roles, .help = "assistant"),
    ANSWER("model", STRING, .help = "The model's id."),
    ANSWER("content", OBJECTS, .fields = block_answer, .help = "The answer's blocks, in order."),
    ANSWER("stop_reason", ENUM, .nullable = true, .names = stop_reasons,
           .help = "Why it ended; null in message_start."),
    ANSWER("stop_sequence", STRING, .nullable = true, .help = "The one that ended it."),
    ANSWER("usage", OBJECT, .fields = tokens_answer, .help = "Token counts."),
    FIELDS_END,
};

static const struct field delta_answer[] = {
    ANSWER_MAYBE("type", ENUM, .names = delta_types, .help = "Of a content_block_delta."),
    ANSWER_MAYBE("text", STRING, .help = "The next piece of a text."),
    ANSWER_MAYBE("thinking", STRING, .help = "The next piece of thoughts."),
    ANSWER_MAYBE("partial_json", STRING, .help = "The next piece of an input, as JSON text."),
    ANSWER_MAYBE("stop_reason", ENUM, .names = stop_reasons, .help = "Of a message_delta."),
    ANSWER_MAYBE("stop_sequence", STRING, .nullable = true, .help = "Of a message_delta."),
    FIELDS_END,
};

const struct field anthropic_event_fields[] = {
    ANSWER("type", ENUM, .names = event_types, .help = "Also in the event's `event:` line."),
    ANSWER_MAYBE("message", OBJECT, .fields = anthropic_answer_fields,
                 .help = "Of message_start: the answer, still empty."),
    ANSWER_MAYBE("index", INT, .help = "Of the block."),
    ANSWER_MAYBE("content_block", OBJECT, .fields = block_answer,
                 .help = "Of content_block_start: the block, still empty."),
    ANSWER_MAYBE("delta", OBJECT, .fields = delta_answer, .help = "What is new."),
    ANSWER_MAYBE("usage", OBJECT, .fields = tokens_answer, .help = "Of message_delta."),
    FIELDS_END,
};

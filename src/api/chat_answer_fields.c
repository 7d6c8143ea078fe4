/* How the documents describe the answers of POST /v1/chat/completions. */
#include "api/chat_answer.h"
#include "api/metadata.h"

static const char *const roles[] = { "assistant", NULL };
static const char *const call_types[] = { "function", "custom", NULL };
static const char *const finish_reasons[] = { "stop",           "length",        "tool_calls",
                                              "content_filter", "function_call", NULL };

static const struct field function_answer[] = {
    ANSWER("name", STRING, .help = "Which function."),
    ANSWER("arguments", STRING,
           .help = "JSON text, valid under the function's parameters unless "
                   "max_tokens cut it."),
    FIELDS_END,
};

static const struct field custom_answer[] = {
    ANSWER("name", STRING, .help = "Which custom tool."),
    ANSWER("input", STRING, .help = "Its input."),
    FIELDS_END,
};

static const struct field call_answer[] = {
    ANSWER("id", STRING, .help = "What the tool's message names as tool_call_id."),
    ANSWER("type", ENUM, .names = call_types, .help = "Kind of tool."),
    ANSWER_MAYBE("function", OBJECT, .fields = function_answer, .help = "Of a function."),
    ANSWER_MAYBE("custom", OBJECT, .fields = custom_answer, .help = "Of a custom tool."),
    FIELDS_END,
};

static const struct field message_answer[] = {
    ANSWER("role", ENUM, .names = roles, .help = "Always assistant."),
    ANSWER("content", STRING, .nullable = true,
           .help = "The text; null when there are only calls."),
    ANSWER("refusal", STRING, .nullable = true, .help = "Always null."),
    ANSWER("annotations", JSON, .schema = "{\"type\":\"array\",\"items\":{}}",
           .help = "Always empty."),
    ANSWER_MAYBE("reasoning_content", STRING, .extension = true,
                 .help = "What the model thought before, of models that think."),
    ANSWER_MAYBE("tool_calls", OBJECTS, .fields = call_answer, .help = "What it calls."),
    ANSWER_MAYBE("function_call", OBJECT, .deprecated = true, .fields = function_answer,
                 .help = "What it calls, when the request had functions."),
    FIELDS_END,
};

static const struct field choice_answer[] = {
    ANSWER("index", INT, .help = "Of the choice, 0 to n - 1."),
    ANSWER("message", OBJECT, .fields = message_answer, .help = "The answer."),
    ANSWER("logprobs", OBJECT, .nullable = true, .fields = chat_logprobs_answer,
           .help = "When asked for."),
    ANSWER("finish_reason", ENUM, .names = finish_reasons,
           .help = "Why it ended; stop also when tool_choice named the tool that was called."),
    FIELDS_END,
};

const struct field chat_answer_fields[] = {
    ANSWER("id", STRING, .help = "chatcmpl- and a random word."),
    ANSWER("object", STRING, .help = "chat.completion"),
    ANSWER("created", INT, .help = "Unix seconds."),
    ANSWER("model", STRING, .help = "The model's id."),
    ANSWER_MAYBE("system_fingerprint", STRING,
                 .help = "Changes with the model file or the server."),
    ANSWER("service_tier", STRING, .help = "default or flex"),
    ANSWER("choices", OBJECTS, .fields = choice_answer, .help = "n of them."),
    ANSWER("usage", OBJECT, .fields = usage_answer, .help = "Token counts."),
    ANSWER_MAYBE("metadata", JSON, .schema = metadata_schema,
                 .help = "Your labels; of an answer that was kept, when it is read again."),
    FIELDS_END,
};

static const struct field function_delta[] = {
    ANSWER_MAYBE("name", STRING, .help = "In a call's first event."),
    ANSWER("arguments", STRING, .help = "The next piece; empty in a call's first event."),
    FIELDS_END,
};

static const struct field custom_delta[] = {
    ANSWER_MAYBE("name", STRING, .help = "In a call's first event."),
    ANSWER("input", STRING, .help = "The next piece; empty in a call's first event."),
    FIELDS_END,
};

static const struct field call_delta[] = {
    ANSWER("index", INT, .help = "Which call goes on."),
    ANSWER_MAYBE("id", STRING, .help = "In a call's first event."),
    ANSWER_MAYBE("type", ENUM, .names = call_types, .help = "In a call's first event."),
    ANSWER_MAYBE("function", OBJECT, .fields = function_delta, .help = "Of a function."),
    ANSWER_MAYBE("custom", OBJECT, .fields = custom_delta, .help = "Of a custom tool."),
    FIELDS_END,
};

static const struct field delta_answer[] = {
    ANSWER_MAYBE("role", ENUM, .names = roles, .help = "In a choice's first event."),
    ANSWER_MAYBE("content", STRING, .nullable = true,
                 .help = "The next piece of text; null in the first event when a call follows."),
    ANSWER_MAYBE("refusal", STRING, .nullable = true, .help = "Null, in the first event."),
    ANSWER_MAYBE("reasoning_content", STRING, .extension = true,
                 .help = "The next piece of what the model thinks."),
    ANSWER_MAYBE("tool_calls", OBJECTS, .fields = call_delta,
                 .help = "The next piece of a call, of one."),
    ANSWER_MAYBE("function_call", OBJECT, .deprecated = true, .fields = function_delta,
                 .help = "The next piece of a call, when the request had functions."),
    FIELDS_END,
};

static const struct field chunk_choice_answer[] = {
    ANSWER("index", INT, .help = "Which choice goes on; those of n come interleaved."),
    ANSWER("delta", OBJECT, .fields = delta_answer, .help = "What is new."),
    ANSWER("logprobs", OBJECT, .nullable = true, .fields = chat_logprobs_answer,
           .help = "Of the new tokens, when asked for."),
    ANSWER("finish_reason", ENUM, .nullable = true, .names = finish_reasons,
           .help = "In a choice's last event."),
    FIELDS_END,
};

const struct field chat_chunk_fields[] = {
    ANSWER("id", STRING, .help = "The same in every event."),
    ANSWER("object", STRING, .help = "chat.completion.chunk"),
    ANSWER("created", INT, .help = "Unix seconds; the same in every event."),
    ANSWER("model", STRING, .help = "The model's id."),
    ANSWER_MAYBE("system_fingerprint", STRING,
                 .help = "Changes with the model file or the server."),
    ANSWER("service_tier", STRING, .help = "default or flex"),
    ANSWER("choices", OBJECTS, .fields = chunk_choice_answer,
           .help = "One; none in the event with the usage."),
    ANSWER_MAYBE("usage", OBJECT, .nullable = true, .fields = usage_answer,
                 .help = "With include_usage: null until the last event."),
    FIELDS_END,
};

/* request - one prompt or chat with everything the worker needs to answer it. */
#include "proto/message.h"

static const struct message_field principal_fields[] = {
    MSG_FIELD(struct principal, 1, MT_STR, tenant, .max = MSG_NAME_MAX),
    MSG_FIELD(struct principal, 2, MT_STR, project, .max = MSG_NAME_MAX),
    MSG_FIELD(struct principal, 3, MT_STR, user, .max = MSG_NAME_MAX),
    MSG_FIELD(struct principal, 4, MT_STR, key, .max = MSG_NAME_MAX),
    MSG_FIELDS_END,
};

static const struct message_record principal_record = {
    .name = "principal",
    .size = sizeof(struct principal),
    .fields = principal_fields,
};

static const struct message_field part_fields[] = {
    MSG_FIELD(struct msg_part, 1, MT_U32, kind, .max = PART_KINDS - 1),
    MSG_FIELD(struct msg_part, 2, MT_STR, text, .max = MSG_TEXT_MAX),
    MSG_FIELDS_END,
};

static const struct message_record part_record = {
    .name = "part",
    .size = sizeof(struct msg_part),
    .fields = part_fields,
};

static const struct message_field tool_call_fields[] = {
    MSG_FIELD(struct msg_tool_call, 1, MT_STR, id, .max = MSG_NAME_MAX),
    MSG_FIELD(struct msg_tool_call, 2, MT_STR, name, .max = MSG_NAME_MAX),
    MSG_FIELD(struct msg_tool_call, 3, MT_STR, arguments, .max = MSG_TEXT_MAX),
    MSG_FIELDS_END,
};

static const struct message_record tool_call_record = {
    .name = "tool_call",
    .size = sizeof(struct msg_tool_call),
    .fields = tool_call_fields,
};

static const struct message_field chat_fields[] = {
    MSG_FIELD(struct msg_chat, 1, MT_STR, role, .max = MSG_NAME_MAX),
    MSG_FIELD(struct msg_chat, 2, MT_STR, name, .max = MSG_NAME_MAX),
    MSG_LIST(struct msg_chat, 3, MT_RECORDS, parts, .max = MSG_PARTS_MAX, .record = &part_record),
    MSG_LIST(struct msg_chat, 4, MT_RECORDS, tool_calls, .max = MSG_TOOL_CALLS_MAX,
             .record = &tool_call_record),
    MSG_FIELD(struct msg_chat, 5, MT_STR, tool_call_id, .max = MSG_NAME_MAX),
    MSG_FIELDS_END,
};

static const struct message_record chat_record = {
    .name = "messages",
    .size = sizeof(struct msg_chat),
    .fields = chat_fields,
};

static const struct message_field bias_fields[] = {
    MSG_FIELD(struct msg_logit_bias, 1, MT_U32, token),
    MSG_FIELD(struct msg_logit_bias, 2, MT_F32, bias),
    MSG_FIELDS_END,
};

static const struct message_record bias_record = {
    .name = "logit_bias",
    .size = sizeof(struct msg_logit_bias),
    .fields = bias_fields,
};

static const struct message_field sampling_fields[] = {
    MSG_FIELD(struct msg_sampling, 1, MT_F64, temperature),
    MSG_FIELD(struct msg_sampling, 2, MT_U32, top_k),
    MSG_FIELD(struct msg_sampling, 3, MT_F64, top_p),
    MSG_FIELD(struct msg_sampling, 4, MT_F64, min_p),
    MSG_FIELD(struct msg_sampling, 5, MT_F64, typical_p),
    MSG_FIELD(struct msg_sampling, 6, MT_F64, repetition_penalty),
    MSG_FIELD(struct msg_sampling, 7, MT_F64, frequency_penalty),
    MSG_FIELD(struct msg_sampling, 8, MT_F64, presence_penalty),
    MSG_FIELD(struct msg_sampling, 9, MT_U32, repeat_last_n),
    MSG_LIST(struct msg_sampling, 10, MT_RECORDS, logit_bias, .max = MSG_LOGIT_BIAS_MAX,
             .record = &bias_record),
    MSG_FIELD(struct msg_sampling, 11, MT_BOOL, has_seed),
    MSG_FIELD(struct msg_sampling, 12, MT_U64, seed),
    MSG_FIELDS_END,
};

static const struct message_record sampling_record = {
    .name = "sampling",
    .size = sizeof(struct msg_sampling),
    .fields = sampling_fields,
};

static const struct message_field fields[] = {
    MSG_FIELD(struct msg_request, 1, MT_U64, id),
    MSG_FIELD(struct msg_request, 2, MT_RECORD, principal, .record = &principal_record),
    MSG_FIELD(struct msg_request, 3, MT_U32, kind, .max = REQUEST_KINDS - 1),
    MSG_LIST(struct msg_request, 4, MT_RECORDS, messages, .max = MSG_MESSAGES_MAX,
             .record = &chat_record),
    MSG_FIELD(struct msg_request, 5, MT_STR, tools, .max = MSG_TEXT_MAX),
    MSG_FIELD(struct msg_request, 6, MT_U32, tool_choice, .max = TOOL_CHOICES - 1),
    MSG_FIELD(struct msg_request, 7, MT_STR, template_args, .max = MSG_TEXT_MAX),
    MSG_FIELD(struct msg_request, 8, MT_BOOL, no_generation_prompt),
    MSG_FIELD(struct msg_request, 9, MT_STR, prompt, .max = MSG_TEXT_MAX),
    MSG_LIST(struct msg_request, 10, MT_U32S, tokens, .max = MSG_TOKENS_MAX),
    MSG_FIELD(struct msg_request, 11, MT_STR, suffix, .max = MSG_TEXT_MAX),
    MSG_FIELD(struct msg_request, 12, MT_BOOL, has_suffix),
    MSG_FIELD(struct msg_request, 13, MT_BOOL, echo),
    MSG_FIELD(struct msg_request, 14, MT_U32, n, .max = MSG_CHOICES_MAX),
    MSG_FIELD(struct msg_request, 15, MT_U32, best_of, .max = MSG_CHOICES_MAX),
    MSG_FIELD(struct msg_request, 16, MT_RECORD, sampling, .record = &sampling_record),
    MSG_FIELD(struct msg_request, 17, MT_BOOL, has_max_tokens),
    MSG_FIELD(struct msg_request, 18, MT_U32, max_tokens),
    MSG_LIST(struct msg_request, 19, MT_STRS, stop, .max = MSG_STOP_MAX,
             .item_max = MSG_STOP_BYTES_MAX),
    MSG_FIELD(struct msg_request, 20, MT_BOOL, logprobs),
    MSG_FIELD(struct msg_request, 21, MT_U32, top_logprobs, .max = MSG_TOP_LOGPROBS_MAX),
    MSG_FIELD(struct msg_request, 22, MT_I32, priority),
    MSG_FIELD(struct msg_request, 23, MT_U64, deadline_ms),
    MSG_FIELD(struct msg_request, 24, MT_BOOL, prefill_only),
    MSG_FIELD(struct msg_request, 25, MT_BOOL, ignore_eos),
    MSG_FIELD(struct msg_request, 26, MT_U32, dimensions, .max = MSG_FLOATS_MAX),
    MSG_FIELD(struct msg_request, 27, MT_U32, index, .max = MSG_EMBED_INPUT_MAX),
    MSG_FIELD(struct msg_request, 28, MT_STR, grammar, .max = MSG_TEXT_MAX),
    MSG_FIELD(struct msg_request, 29, MT_STR, adapter, .max = MSG_NAME_MAX),
    MSG_FIELD(struct msg_request, 30, MT_BOOL, pin),
    MSG_LIST(struct msg_request, 31, MT_STRS, tool_names, .max = MSG_TOOLS_MAX,
             .item_max = MSG_NAME_MAX),
    MSG_FIELD(struct msg_request, 32, MT_BOOL, one_tool_call),
    MSG_FIELD(struct msg_request, 33, MT_U32, grammar_kind, .max = GRAMMAR_KINDS - 1),
    MSG_FIELD(struct msg_request, 34, MT_BOOL, grammar_strict),
    MSG_FIELD(struct msg_request, 35, MT_STR, grammar_param, .max = MSG_NAME_MAX),
    MSG_FIELD(struct msg_request, 36, MT_U32, echo_from),
    MSG_FIELDS_END,
};

const struct message message_request = {
    .kind = MSG_REQUEST,
    .version = 3,
    .record = { .name = "request", .size = sizeof(struct msg_request), .fields = fields },
};

/* tool_delta - a piece of a tool call. */
#include "proto/message.h"

static const struct message_field fields[] = {
    MSG_FIELD(struct msg_tool_delta, 1, MT_U64, id),
    MSG_FIELD(struct msg_tool_delta, 2, MT_U32, choice),
    MSG_FIELD(struct msg_tool_delta, 3, MT_U32, index, .max = MSG_TOOL_CALLS_MAX),
    MSG_FIELD(struct msg_tool_delta, 4, MT_STR, call_id, .max = MSG_NAME_MAX),
    MSG_FIELD(struct msg_tool_delta, 5, MT_STR, name, .max = MSG_NAME_MAX),
    MSG_FIELD(struct msg_tool_delta, 6, MT_STR, arguments, .max = MSG_TEXT_MAX),
    MSG_FIELD(struct msg_tool_delta, 7, MT_U32, n_tokens, .max = MSG_TOKENS_MAX),
    MSG_FIELD(struct msg_tool_delta, 8, MT_U64, core_us, .max = MSG_CORE_US_MAX),
    MSG_FIELDS_END,
};

const struct message message_tool_delta = {
    .kind = MSG_TOOL_DELTA,
    .version = 2,
    .record = { .name = "tool_delta", .size = sizeof(struct msg_tool_delta), .fields = fields },
};

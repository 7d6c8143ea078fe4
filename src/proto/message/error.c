/* error - a request, or with id 0 the worker itself, failed. */
#include "proto/message.h"

static const struct message_field fields[] = {
    MSG_FIELD(struct msg_error, 1, MT_U64, id),
    MSG_FIELD(struct msg_error, 2, MT_U32, code, .max = ERR_COUNT - 1),
    MSG_FIELD(struct msg_error, 3, MT_STR, param, .max = MSG_NAME_MAX),
    MSG_FIELD(struct msg_error, 4, MT_STR, text, .max = MSG_SHORT_TEXT_MAX),
    MSG_FIELD(struct msg_error, 5, MT_U32, retry_after_ms),
    MSG_FIELDS_END,
};

const struct message message_error = {
    .kind = MSG_ERROR,
    .version = 1,
    .record = { .name = "error", .size = sizeof(struct msg_error), .fields = fields },
};

/* progress - how far loading is. */
#include "proto/message.h"

static const struct message_field fields[] = {
    MSG_FIELD(struct msg_progress, 1, MT_STR, what, .max = MSG_NAME_MAX),
    MSG_FIELD(struct msg_progress, 2, MT_U64, done),
    MSG_FIELD(struct msg_progress, 3, MT_U64, total),
    MSG_FIELDS_END,
};

const struct message message_progress = {
    .kind = MSG_PROGRESS,
    .version = 1,
    .record = { .name = "progress", .size = sizeof(struct msg_progress), .fields = fields },
};

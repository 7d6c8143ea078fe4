/* cancel - the client went away. */
#include "proto/message.h"

static const struct message_field fields[] = {
    MSG_FIELD(struct msg_cancel, 1, MT_U64, id),
    MSG_FIELDS_END,
};

const struct message message_cancel = {
    .kind = MSG_CANCEL,
    .version = 1,
    .record = { .name = "cancel", .size = sizeof(struct msg_cancel), .fields = fields },
};

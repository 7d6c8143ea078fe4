/* indexed - the change has been made. */
#include "proto/message.h"

static const struct message_field fields[] = {
    MSG_FIELD(struct msg_indexed, 1, MT_U64, id),
    MSG_FIELD(struct msg_indexed, 2, MT_U64, bytes),
    MSG_FIELDS_END,
};

const struct message message_indexed = {
    .kind = MSG_INDEXED,
    .version = 1,
    .record = { .name = "indexed", .size = sizeof(struct msg_indexed), .fields = fields },
};

/* poll - asks for stats. */
#include "proto/message.h"

static const struct message_field fields[] = {
    MSG_FIELD(struct msg_poll, 1, MT_U64, nonce),
    MSG_FIELDS_END,
};

const struct message message_poll = {
    .kind = MSG_POLL,
    .version = 1,
    .record = { .name = "poll", .size = sizeof(struct msg_poll), .fields = fields },
};

/* quit - finish what runs, then end. */
#include "proto/message.h"

static const struct message_field fields[] = {
    MSG_FIELD(struct msg_quit, 1, MT_U32, grace_ms),
    MSG_FIELDS_END,
};

const struct message message_quit = {
    .kind = MSG_QUIT,
    .version = 1,
    .record = { .name = "quit", .size = sizeof(struct msg_quit), .fields = fields },
};

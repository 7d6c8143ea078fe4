/* hello - a worker says what it is; the first message of a connection. */
#include "proto/message.h"

static const struct message_field fields[] = {
    MSG_FIELD(struct msg_hello, 1, MT_U32, protocol),
    MSG_FIELD(struct msg_hello, 2, MT_U32, kind, .max = WORKER_KINDS - 1),
    MSG_FIELD(struct msg_hello, 3, MT_U32, pid),
    MSG_FIELD(struct msg_hello, 4, MT_STR, program, .max = MSG_NAME_MAX),
    MSG_FIELD(struct msg_hello, 5, MT_STR, walls, .max = MSG_SHORT_TEXT_MAX),
    MSG_FIELDS_END,
};

const struct message message_hello = {
    .kind = MSG_HELLO,
    .version = 1,
    .record = { .name = "hello", .size = sizeof(struct msg_hello), .fields = fields },
};

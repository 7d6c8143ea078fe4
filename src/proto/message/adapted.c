/* adapted - what became of an adapter that was announced. */
#include "proto/message.h"

static const struct message_field fields[] = {
    MSG_FIELD(struct msg_adapted, 1, MT_STR, name, .max = MSG_NAME_MAX),
    MSG_FIELD(struct msg_adapted, 2, MT_U32, code, .max = ERR_COUNT - 1),
    MSG_FIELD(struct msg_adapted, 3, MT_STR, text, .max = MSG_SHORT_TEXT_MAX),
    MSG_FIELDS_END,
};

const struct message message_adapted = {
    .kind = MSG_ADAPTED,
    .version = 1,
    .record = { .name = "adapted", .size = sizeof(struct msg_adapted), .fields = fields },
};

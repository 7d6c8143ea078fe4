#include "proto/value.h"

static const struct message_field fields[] = {
    MSG_FIELD(struct msg_value, 1, MT_U32, kind, .max = MSG_VALUE_KINDS - 1),
    MSG_FIELD(struct msg_value, 2, MT_STR, text, .max = MSG_SHORT_TEXT_MAX),
    MSG_FIELD(struct msg_value, 3, MT_F64, number),
    MSG_FIELDS_END,
};

const struct message_record msg_value_record = {
    .name = "value",
    .size = sizeof(struct msg_value),
    .fields = fields,
};

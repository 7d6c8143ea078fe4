/* counted - a request was admitted; how long its prompt is. */
#include "proto/message.h"

static const struct message_field fields[] = {
    MSG_FIELD(struct msg_counted, 1, MT_U64, id),
    MSG_FIELD(struct msg_counted, 2, MT_U32, prompt_tokens),
    MSG_FIELD(struct msg_counted, 3, MT_U32, cached_tokens),
    MSG_FIELDS_END,
};

const struct message message_counted = {
    .kind = MSG_COUNTED,
    .version = 1,
    .record = { .name = "counted", .size = sizeof(struct msg_counted), .fields = fields },
};

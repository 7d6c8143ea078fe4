/* adapter - an adapter of the worker's model is there, has changed or is gone; the descriptor of
 * its adapter_model.safetensors comes along unless it is gone. */
#include "proto/message.h"

static const struct message_field fields[] = {
    MSG_FIELD(struct msg_adapter, 1, MT_STR, name, .max = MSG_NAME_MAX),
    MSG_FIELD(struct msg_adapter, 2, MT_STR, config, .max = MSG_ADAPTER_CONFIG_MAX),
    MSG_FIELD(struct msg_adapter, 3, MT_BOOL, gone),
    MSG_FIELDS_END,
};

const struct message message_adapter = {
    .kind = MSG_ADAPTER,
    .version = 1,
    .record = { .name = "adapter", .size = sizeof(struct msg_adapter), .fields = fields },
};

/* artefact - a file that a job made; its descriptor comes along. */
#include "proto/message.h"

static const struct message_field fields[] = {
    MSG_FIELD(struct msg_artefact, 1, MT_U64, id),
    MSG_FIELD(struct msg_artefact, 2, MT_STR, name, .max = MSG_NAME_MAX),
    MSG_FIELD(struct msg_artefact, 3, MT_STR, media_type, .max = MSG_NAME_MAX),
    MSG_FIELD(struct msg_artefact, 4, MT_U64, bytes),
    MSG_FIELDS_END,
};

const struct message message_artefact = {
    .kind = MSG_ARTEFACT,
    .version = 1,
    .record = { .name = "artefact", .size = sizeof(struct msg_artefact), .fields = fields },
};

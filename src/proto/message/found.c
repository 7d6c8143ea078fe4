/* found - the answer to a search. */
#include "proto/message.h"

static const struct message_field hit_fields[] = {
    MSG_FIELD(struct msg_hit, 1, MT_U64, file),
    MSG_FIELD(struct msg_hit, 2, MT_U32, number),
    MSG_FIELD(struct msg_hit, 3, MT_F32, score),
    MSG_FIELDS_END,
};

static const struct message_record hit_record = {
    .name = "hit",
    .size = sizeof(struct msg_hit),
    .fields = hit_fields,
};

static const struct message_field fields[] = {
    MSG_FIELD(struct msg_found, 1, MT_U64, id),
    MSG_LIST(struct msg_found, 2, MT_RECORDS, hits, .max = MSG_HITS_MAX, .record = &hit_record),
    MSG_FIELDS_END,
};

const struct message message_found = {
    .kind = MSG_FOUND,
    .version = 1,
    .record = { .name = "found", .size = sizeof(struct msg_found), .fields = fields },
};

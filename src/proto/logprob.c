#include "proto/logprob.h"

static const struct message_field top_fields[] = {
    MSG_FIELD(struct msg_top_logprob, 1, MT_U32, token),
    MSG_FIELD(struct msg_top_logprob, 2, MT_STR, bytes, .max = MSG_PIECE_MAX),
    MSG_FIELD(struct msg_top_logprob, 3, MT_F32, logprob),
    MSG_FIELDS_END,
};

static const struct message_record top_record = {
    .name = "top_logprob",
    .size = sizeof(struct msg_top_logprob),
    .fields = top_fields,
};

static const struct message_field fields[] = {
    MSG_FIELD(struct msg_logprob, 1, MT_U32, token),
    MSG_FIELD(struct msg_logprob, 2, MT_STR, bytes, .max = MSG_PIECE_MAX),
    MSG_FIELD(struct msg_logprob, 3, MT_F32, logprob),
    MSG_FIELD(struct msg_logprob, 4, MT_BOOL, none),
    MSG_LIST(struct msg_logprob, 5, MT_RECORDS, top, .max = MSG_TOP_LOGPROBS_MAX,
             .record = &top_record),
    MSG_FIELDS_END,
};

const struct message_record msg_logprob_record = {
    .name = "logprob",
    .size = sizeof(struct msg_logprob),
    .fields = fields,
};

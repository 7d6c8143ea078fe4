/* token - text of a choice that became certain. */
#include "proto/logprob.h"

static const struct message_field fields[] = {
    MSG_FIELD(struct msg_token, 1, MT_U64, id),
    MSG_FIELD(struct msg_token, 2, MT_U32, choice),
    MSG_FIELD(struct msg_token, 3, MT_STR, text, .max = MSG_TEXT_MAX),
    MSG_LIST(struct msg_token, 4, MT_RECORDS, logprobs, .max = MSG_TOKENS_MAX,
             .record = &msg_logprob_record),
    MSG_FIELD(struct msg_token, 5, MT_U32, n_tokens),
    MSG_FIELD(struct msg_token, 6, MT_BOOL, reasoning),
    MSG_FIELD(struct msg_token, 7, MT_U64, core_us, .max = MSG_CORE_US_MAX),
    MSG_FIELDS_END,
};

const struct message message_token = {
    .kind = MSG_TOKEN,
    .version = 3,
    .record = { .name = "token", .size = sizeof(struct msg_token), .fields = fields },
};

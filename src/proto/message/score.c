/* score - the prompt again, with logprobs. */
#include "proto/logprob.h"

static const struct message_field fields[] = {
    MSG_FIELD(struct msg_score, 1, MT_U64, id),
    MSG_FIELD(struct msg_score, 2, MT_STR, text, .max = MSG_TEXT_MAX),
    MSG_LIST(struct msg_score, 3, MT_RECORDS, logprobs, .max = MSG_TOKENS_MAX,
             .record = &msg_logprob_record),
    MSG_FIELDS_END,
};

const struct message message_score = {
    .kind = MSG_SCORE,
    .version = 1,
    .record = { .name = "score", .size = sizeof(struct msg_score), .fields = fields },
};

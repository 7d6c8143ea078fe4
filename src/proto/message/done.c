/* done - a choice ended. */
#include "proto/message.h"

static const struct message_field fields[] = {
    MSG_FIELD(struct msg_done, 1, MT_U64, id),
    MSG_FIELD(struct msg_done, 2, MT_U32, choice),
    MSG_FIELD(struct msg_done, 3, MT_U32, finish_reason, .max = FINISH_REASONS - 1),
    MSG_FIELD(struct msg_done, 4, MT_STR, stop, .max = MSG_STOP_BYTES_MAX),
    MSG_FIELD(struct msg_done, 5, MT_U32, prompt_tokens),
    MSG_FIELD(struct msg_done, 6, MT_U32, cached_tokens),
    MSG_FIELD(struct msg_done, 7, MT_U32, completion_tokens),
    MSG_FIELD(struct msg_done, 8, MT_F64, logprob),
    MSG_FIELD(struct msg_done, 9, MT_U64, queue_us),
    MSG_FIELD(struct msg_done, 10, MT_U64, prefill_us),
    MSG_FIELD(struct msg_done, 11, MT_U64, decode_us),
    MSG_FIELD(struct msg_done, 12, MT_BOOL, final),
    MSG_FIELD(struct msg_done, 13, MT_U64, core_us, .max = MSG_CORE_US_MAX),
    MSG_FIELDS_END,
};

const struct message message_done = {
    .kind = MSG_DONE,
    .version = 2,
    .record = { .name = "done", .size = sizeof(struct msg_done), .fields = fields },
};

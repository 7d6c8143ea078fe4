/* embedding - the vector of one text. */
#include "proto/message.h"

static const struct message_field fields[] = {
    MSG_FIELD(struct msg_embedding, 1, MT_U64, id),
    MSG_FIELD(struct msg_embedding, 2, MT_U32, index, .max = MSG_EMBED_INPUT_MAX),
    MSG_FIELD(struct msg_embedding, 3, MT_U32, prompt_tokens),
    MSG_LIST(struct msg_embedding, 4, MT_F32S, floats, .max = MSG_FLOATS_INLINE_MAX),
    MSG_FIELD(struct msg_embedding, 5, MT_U32, n_shared, .max = MSG_FLOATS_MAX),
    MSG_FIELD(struct msg_embedding, 6, MT_U64, core_us, .max = MSG_CORE_US_MAX),
    MSG_FIELDS_END,
};

const struct message message_embedding = {
    .kind = MSG_EMBEDDING,
    .version = 2,
    .record = { .name = "embedding", .size = sizeof(struct msg_embedding), .fields = fields },
};

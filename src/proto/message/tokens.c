/* tokens - the answer to a request to tokenise or to decode. */
#include "proto/message.h"

static const struct message_field fields[] = {
    MSG_FIELD(struct msg_tokens, 1, MT_U64, id),
    MSG_LIST(struct msg_tokens, 2, MT_U32S, tokens, .max = MSG_TOKENS_MAX),
    MSG_LIST(struct msg_tokens, 3, MT_STRS, pieces, .max = MSG_TOKENS_MAX,
             .item_max = MSG_PIECE_MAX),
    MSG_FIELD(struct msg_tokens, 4, MT_STR, text, .max = MSG_TEXT_MAX),
    MSG_FIELDS_END,
};

const struct message message_tokens = {
    .kind = MSG_TOKENS,
    .version = 1,
    .record = { .name = "tokens", .size = sizeof(struct msg_tokens), .fields = fields },
};

/* ready - what was loaded and what it can do. */
#include "proto/message.h"

static const struct message_field fields[] = {
    MSG_FIELD(struct msg_ready, 1, MT_STR, arch, .max = MSG_NAME_MAX),
    MSG_FIELD(struct msg_ready, 2, MT_STR, name, .max = MSG_SHORT_TEXT_MAX),
    MSG_FIELD(struct msg_ready, 3, MT_STR, quantisation, .max = MSG_NAME_MAX),
    MSG_FIELD(struct msg_ready, 4, MT_STR, licence, .max = MSG_SHORT_TEXT_MAX),
    MSG_FIELD(struct msg_ready, 5, MT_U32, n_vocab),
    MSG_FIELD(struct msg_ready, 6, MT_U32, n_ctx),
    MSG_FIELD(struct msg_ready, 7, MT_U32, n_ctx_train),
    MSG_FIELD(struct msg_ready, 8, MT_U32, n_embd),
    MSG_FIELD(struct msg_ready, 9, MT_U32, n_layers),
    MSG_FIELD(struct msg_ready, 10, MT_U32, capabilities),
    MSG_FIELD(struct msg_ready, 11, MT_U64, n_parameters),
    MSG_FIELD(struct msg_ready, 12, MT_U64, weight_bytes),
    MSG_FIELD(struct msg_ready, 13, MT_U64, kv_bytes),
    MSG_FIELD(struct msg_ready, 14, MT_U32, kv_blocks),
    MSG_FIELD(struct msg_ready, 15, MT_U32, kv_block_len),
    MSG_FIELD(struct msg_ready, 16, MT_U32, n_threads),
    MSG_FIELD(struct msg_ready, 17, MT_U32, load_ms),
    MSG_FIELD(struct msg_ready, 18, MT_STR, walls, .max = MSG_SHORT_TEXT_MAX),
    MSG_FIELD(struct msg_ready, 19, MT_STR, walls_missing, .max = MSG_SHORT_TEXT_MAX),
    MSG_FIELD(struct msg_ready, 20, MT_STR, fim_tokens, .max = MSG_SHORT_TEXT_MAX),
    MSG_FIELD(struct msg_ready, 21, MT_BOOL, weights_mapped),
    MSG_FIELDS_END,
};

const struct message message_ready = {
    .kind = MSG_READY,
    .version = 2,
    .record = { .name = "ready", .size = sizeof(struct msg_ready), .fields = fields },
};

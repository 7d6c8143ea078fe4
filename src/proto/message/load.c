/* load - which model to open and how. */
#include "proto/message.h"

static const struct message_field fields[] = {
    MSG_FIELD(struct msg_load, 1, MT_STR, path, .max = MSG_PATH_MAX),
    MSG_FIELD(struct msg_load, 2, MT_STR, name, .max = MSG_NAME_MAX),
    MSG_FIELD(struct msg_load, 3, MT_U32, n_ctx),
    MSG_FIELD(struct msg_load, 4, MT_U32, n_threads, .max = MSG_THREADS_MAX),
    MSG_FIELD(struct msg_load, 5, MT_U64, kv_bytes),
    MSG_FIELD(struct msg_load, 6, MT_STR, compute, .max = MSG_NAME_MAX),
    MSG_FIELD(struct msg_load, 7, MT_STR, kv_type, .max = MSG_NAME_MAX),
    MSG_FIELD(struct msg_load, 8, MT_U32, prefill_chunk),
    MSG_FIELD(struct msg_load, 9, MT_U32, n_sequences_max),
    MSG_FIELD(struct msg_load, 10, MT_U32, queue_max),
    MSG_FIELD(struct msg_load, 11, MT_STR, log_level, .max = MSG_NAME_MAX),
    MSG_FIELD(struct msg_load, 12, MT_BOOL, log_json),
    MSG_FIELD(struct msg_load, 13, MT_STR, speculation, .max = MSG_NAME_MAX),
    MSG_FIELD(struct msg_load, 14, MT_U32, latency_ms),
    MSG_FIELD(struct msg_load, 15, MT_STR, draft, .max = MSG_PATH_MAX),
    MSG_FIELD(struct msg_load, 16, MT_U32, pinned_percent, .max = MSG_PINNED_PERCENT_MAX),
    MSG_FIELD(struct msg_load, 17, MT_STR, packed, .max = MSG_PATH_MAX),
    MSG_FIELD(struct msg_load, 18, MT_U64, packed_bytes_max),
    MSG_FIELD(struct msg_load, 19, MT_STR, tool_format, .max = MSG_NAME_MAX),
    MSG_FIELD(struct msg_load, 20, MT_U64, index_bytes_max),
    MSG_FIELDS_END,
};

const struct message message_load = {
    .kind = MSG_LOAD,
    .version = 6,
    .record = { .name = "load", .size = sizeof(struct msg_load), .fields = fields },
};

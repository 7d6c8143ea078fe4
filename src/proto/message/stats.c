/* stats - counters of a worker. */
#include "proto/message.h"

static const struct message_field fields[] = {
    MSG_FIELD(struct msg_stats, 1, MT_U64, nonce),
    MSG_FIELD(struct msg_stats, 2, MT_U32, n_waiting),
    MSG_FIELD(struct msg_stats, 3, MT_U32, n_running),
    MSG_FIELD(struct msg_stats, 4, MT_U32, kv_blocks_used),
    MSG_FIELD(struct msg_stats, 5, MT_U32, kv_blocks_cached),
    MSG_FIELD(struct msg_stats, 6, MT_U32, kv_blocks_free),
    MSG_FIELD(struct msg_stats, 7, MT_U64, n_requests),
    MSG_FIELD(struct msg_stats, 8, MT_U64, n_done),
    MSG_FIELD(struct msg_stats, 9, MT_U64, n_failed),
    MSG_FIELD(struct msg_stats, 10, MT_U64, n_cancelled),
    MSG_FIELD(struct msg_stats, 11, MT_U64, n_preempted),
    MSG_FIELD(struct msg_stats, 12, MT_U64, n_prompt_tokens),
    MSG_FIELD(struct msg_stats, 13, MT_U64, n_cached_tokens),
    MSG_FIELD(struct msg_stats, 14, MT_U64, n_completion_tokens),
    MSG_FIELD(struct msg_stats, 15, MT_U64, n_steps),
    MSG_FIELD(struct msg_stats, 16, MT_U64, step_ns),
    MSG_FIELD(struct msg_stats, 17, MT_F64, prefill_tokens_per_s),
    MSG_FIELD(struct msg_stats, 18, MT_F64, decode_tokens_per_s),
    MSG_FIELD(struct msg_stats, 19, MT_U64, rss_bytes),
    MSG_FIELD(struct msg_stats, 20, MT_U64, n_drafted_tokens),
    MSG_FIELD(struct msg_stats, 21, MT_U64, n_accepted_tokens),
    MSG_FIELD(struct msg_stats, 22, MT_U64, n_model_drafted_tokens),
    MSG_FIELD(struct msg_stats, 23, MT_U64, n_model_accepted_tokens),
    MSG_FIELD(struct msg_stats, 24, MT_U32, kv_blocks_pinned),
    MSG_FIELDS_END,
};

const struct message message_stats = {
    .kind = MSG_STATS,
    .version = 3,
    .record = { .name = "stats", .size = sizeof(struct msg_stats), .fields = fields },
};

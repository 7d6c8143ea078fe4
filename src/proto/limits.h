/* limits - what a message may hold at most; both sides check. */
#ifndef TIRO_PROTO_LIMITS_H
#define TIRO_PROTO_LIMITS_H

#include <stdint.h>

/* Of the cores' time of one request: 285 years, and exact in JSON. */
#define MSG_CORE_US_MAX (UINT64_C(1) << 53)

enum {
    MSG_PROTOCOL_VERSION = 1,
    MSG_FRAME_BYTES_MAX = 64 << 20,
    MSG_HEADER_BYTES = 8,
    MSG_DEPTH_MAX = 6,
    MSG_NAME_MAX = 256, /* Identifiers: tenant, role, model name. */
    MSG_SHORT_TEXT_MAX = 4096,
    MSG_PATH_MAX = 4096,
    MSG_PIECE_MAX = 65536, /* Bytes of one token. */
    MSG_THREADS_MAX = 256,
    MSG_PINNED_PERCENT_MAX = 90,      /* Something must be left to work in. */
    MSG_TEXT_MAX = 8 << 20,           /* One text. */
    MSG_ADAPTER_CONFIG_MAX = 1 << 20, /* adapter_config.json */
    MSG_TOKENS_MAX = 4 << 20,         /* Token ids of one prompt. */
    MSG_MESSAGES_MAX = 4096,
    MSG_PARTS_MAX = 4096,
    MSG_TOOLS_MAX = 128,
    MSG_TOOL_CALLS_MAX = 128,
    MSG_STOP_MAX = 16,
    MSG_STOP_BYTES_MAX = 256,
    MSG_LOGIT_BIAS_MAX = 1024,
    MSG_TOP_LOGPROBS_MAX = 20,
    MSG_CHOICES_MAX = 128, /* Of the protocol; the gateway's own limit is lower. */
    MSG_FLOATS_MAX = 1 << 20,
    MSG_FLOATS_INLINE_MAX = 16384, /* Longer vectors travel by memfd. */
    MSG_EMBED_INPUT_MAX = 2048,
    MSG_DIMENSIONS_MAX = 8192,  /* Of a vector that is indexed. */
    MSG_INDEX_CHUNKS_MAX = 256, /* Of one change of an index. */
    MSG_INDEX_FILES_MAX = 1024,
    MSG_ATTRIBUTES_MAX = 16, /* Of one file. */
    MSG_FILTER_STEPS_MAX = 256,
    MSG_FILTER_VALUES_MAX = 256,
    MSG_SEARCH_QUERIES_MAX = 32,
    MSG_HITS_MAX = 50,
};

#endif

/* bodies_worker - messages about a worker itself: coming up, its adapters, its state. */
#ifndef TIRO_PROTO_BODIES_WORKER_H
#define TIRO_PROTO_BODIES_WORKER_H

#include "base/slice.h"
#include "proto/limits.h"

#include <stdbool.h>
#include <stdint.h>

/* WORKER_PACK is a job: it writes one file of packed weights, says MSG_ARTEFACT and ends.
 * WORKER_INDEX has no model: it keeps the index of vector stores (proto/bodies_index.h). */
enum worker_kind { WORKER_TEXT, WORKER_EMBED, WORKER_PACK, WORKER_INDEX, WORKER_KINDS };

struct msg_hello {
    uint32_t protocol; /* MSG_PROTOCOL_VERSION */
    uint32_t kind;     /* enum worker_kind */
    uint32_t pid;
    struct slice program; /* Version of the program. */
    struct slice walls;   /* What the kernel offers: "landlock 4, seccomp, no_new_privs". */
};

struct msg_load {
    struct slice path; /* A GGUF file or a folder. */
    struct slice name;
    uint32_t n_ctx;           /* 0: what the model was trained for, as far as the memory allows. */
    uint32_t n_threads;       /* 0: one per core. */
    uint64_t kv_bytes;        /* 0: chosen by the worker. */
    struct slice compute;     /* "" or "auto", "f32" */
    struct slice kv_type;     /* "" or "auto", "f16", "f32", "q8_0" */
    uint32_t prefill_chunk;   /* Most rows of prefill per step; 0: 256. */
    uint32_t n_sequences_max; /* Run at once; 0: 64. */
    uint32_t queue_max;       /* Waiting requests; 0: 512. Beyond: ERR_OVERLOADED. */
    struct slice log_level;   /* "" is "info" */
    bool log_json;
    struct slice speculation; /* "" or "auto", "lookup", "off" */
    uint32_t pinned_percent;  /* Of the memory for keys and values: for pinned prefixes. */
    struct slice draft;       /* Path of a second model that drafts for this one; "": none. */
    uint32_t latency_ms;      /* What a prompt may keep running answers waiting; 0: 100. */
    /* The file of packed weights: to be mapped if it is there and good; WORKER_PACK: to be made.
     * "": none. */
    struct slice packed;
    uint64_t packed_bytes_max; /* WORKER_PACK: the file may have no more; 0: any number. */
    struct slice tool_format;  /* How it calls tools; "" or "auto": as its template says. */
    uint64_t index_bytes_max;  /* WORKER_INDEX: what it may take. */
};

struct msg_progress {
    struct slice what; /* "reading", "packing weights" */
    uint64_t done, total;
};

enum capability {
    CAP_CHAT = 1 << 0,
    CAP_COMPLETION = 1 << 1,
    CAP_EMBEDDINGS = 1 << 2,
    CAP_FIM = 1 << 3, /* `suffix` */
    CAP_VISION = 1 << 4,
    CAP_TOOLS = 1 << 5,
    CAP_THINKING = 1 << 6,
    CAP_ADAPTERS = 1 << 7,
    CAP_LOGPROBS = 1 << 8,
};

struct msg_ready {
    struct slice arch; /* "llama", "qwen2", "bert" */
    struct slice name; /* As the file says, for people. */
    struct slice quantisation;
    struct slice licence;
    uint32_t n_vocab, n_ctx, n_ctx_train, n_embd, n_layers;
    uint32_t capabilities; /* enum capability, or-ed */
    uint64_t n_parameters, weight_bytes, kv_bytes;
    uint32_t kv_blocks, kv_block_len;
    uint32_t n_threads;
    uint32_t load_ms;
    struct slice walls; /* Walls that stand: "landlock, seccomp, no_new_privs, no core dumps". */
    struct slice walls_missing; /* What the kernel could not do, and why; "" when all stand. */
    struct slice fim_tokens;    /* "" when the model has none */
    bool weights_mapped;        /* Packed weights came from the file, not from packing. */
};

struct msg_adapter { /* PEFT's files, opened by the gateway: walls have no gap for them. */
    struct slice name, config; /* What requests call it; the text of adapter_config.json. */
    bool gone;                 /* Forget it; requests that have begun keep it to their end. */
};

struct msg_adapted {
    struct slice name, text;
    uint32_t code; /* enum err_code; ERR_NONE: requests may have it */
};

struct msg_poll {
    uint64_t nonce; /* Comes back in the stats. */
};

struct msg_stats {
    uint64_t nonce;
    uint32_t n_waiting, n_running;
    uint32_t kv_blocks_used, kv_blocks_cached, kv_blocks_free, kv_blocks_pinned;
    /* Since the start: */
    uint64_t n_requests, n_done, n_failed, n_cancelled, n_preempted, n_steps, step_ns;
    uint64_t n_prompt_tokens, n_cached_tokens, n_completion_tokens;
    double prefill_tokens_per_s, decode_tokens_per_s; /* over the last ten seconds */
    uint64_t rss_bytes;
    uint64_t n_drafted_tokens, n_accepted_tokens;             /* Since the start; */
    uint64_t n_model_drafted_tokens, n_model_accepted_tokens; /* of those, by the draft model. */
};

#endif

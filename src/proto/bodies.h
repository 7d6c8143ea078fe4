/* bodies - the struct of each message kind. See proto/message.h. */
#ifndef TIRO_PROTO_BODIES_H
#define TIRO_PROTO_BODIES_H

#include "base/slice.h"
#include "proto/limits.h"

#include <stdbool.h>
#include <stdint.h>

/* ---- Whose request it is ---- */

struct principal {
    struct slice tenant, project, user, key; /* Ids, never secrets. */
};

/* ---- Coming up ---- */

/* WORKER_PACK is a job: it writes one file of packed weights, says MSG_ARTEFACT and ends. */
enum worker_kind { WORKER_TEXT, WORKER_EMBED, WORKER_PACK, WORKER_KINDS };

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
    struct slice kv_type;     /* "" or "f16", "f32" */
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

/* ---- Requests ---- */

enum request_kind {
    REQUEST_CHAT,     /* messages */
    REQUEST_PROMPT,   /* prompt or tokens, suffix, echo */
    REQUEST_EMBED,    /* prompt or tokens */
    REQUEST_TOKENIZE, /* prompt -> ids; or tokens -> text */
    REQUEST_SCORE,    /* as PROMPT with echo, logprobs and nothing generated */
    REQUEST_KINDS
};

enum part_kind { PART_TEXT, PART_IMAGE, PART_AUDIO, PART_FILE, PART_REFUSAL, PART_KINDS };

struct msg_part {
    uint32_t kind; /* enum part_kind; all but text and refusal are refused by capability */
    struct slice text;
};

struct msg_tool_call {
    struct slice id, name, arguments; /* arguments: JSON text */
};

struct msg_chat {
    struct slice role, name;
    struct msg_part *parts;
    uint32_t n_parts;
    struct msg_tool_call *tool_calls;
    uint32_t n_tool_calls;
    struct slice tool_call_id;
};

struct msg_logit_bias {
    uint32_t token;
    float bias; /* -100..100 */
};

/* Start from MSG_SAMPLING_DEFAULT: all zeros means something else (greedy). */
struct msg_sampling {
    double temperature; /* 0: greedy */
    uint32_t top_k;     /* 0: all */
    double top_p, min_p, typical_p;
    double repetition_penalty, frequency_penalty, presence_penalty;
    uint32_t repeat_last_n; /* Window of the repetition penalty; 0: the whole context. */
    struct msg_logit_bias *logit_bias;
    uint32_t n_logit_bias;
    bool has_seed;
    uint64_t seed; /* Any 64 bits: a client's negative seed is cast. */
};

#define MSG_SAMPLING_DEFAULT                                                  \
    {                                                                         \
        .temperature = 1, .top_p = 1, .typical_p = 1, .repetition_penalty = 1 \
    }

struct msg_request {
    uint64_t id; /* Not 0; unique on this connection. */
    struct principal principal;
    uint32_t kind; /* enum request_kind */
    struct msg_chat *messages;
    uint32_t n_messages;
    struct slice tools;         /* JSON array of tools, or "" */
    struct slice tool_choice;   /* "", "none", "auto", "required" or a JSON object */
    struct slice template_args; /* JSON object of extra template variables, or "" */
    bool no_generation_prompt;  /* chat: do not add the assistant's header (tokenize, continue) */
    struct slice prompt;        /* Raw: control tokens are recognised in it. */
    uint32_t *tokens, n_tokens; /* Or ids; then prompt is empty. */
    struct slice suffix;        /* Fill in the middle, when has_suffix. */
    bool has_suffix;
    bool echo;
    uint32_t n;       /* 1.. choices returned */
    uint32_t best_of; /* choices run; 0: n. All are reported; the gateway picks by logprob. */
    struct msg_sampling sampling;
    bool has_max_tokens; /* Without: as many as the context holds. */
    uint32_t max_tokens; /* 0 is allowed (echo, score). */
    struct slice *stop;
    uint32_t n_stop, top_logprobs;
    bool logprobs;
    int32_t priority;     /* Higher first; 0 is usual. */
    uint64_t deadline_ms; /* From receipt: must have begun by then; 0: none. */
    bool prefill_only;    /* Fill the prefix cache, answer counted and done. */
    bool ignore_eos;      /* Benchmarks. */
    bool pin;             /* Keep the prompt in the prefix cache against eviction. */
    uint32_t dimensions;  /* embed: 0 is all; else cut and normalised again */
    uint32_t index;       /* embed: comes back in the answer */
    struct slice grammar; /* reserved; "" */
    struct slice adapter; /* reserved; "" */
};

struct msg_cancel {
    uint64_t id;
};

/* ---- Answers ---- */

struct msg_counted {
    uint64_t id;
    uint32_t prompt_tokens, cached_tokens;
};

struct msg_top_logprob {
    uint32_t token;
    struct slice bytes; /* May be half a character. */
    float logprob;
};

struct msg_logprob {
    uint32_t token;
    struct slice bytes;
    float logprob;
    bool none; /* The first token of a prompt has no logprob. */
    struct msg_top_logprob *top;
    uint32_t n_top;
};

/* Text of one choice that became certain. May be "" when only logprobs are new. Logprob entries
 * come with the text their tokens ended in, so a held-back stop string holds its entries too. */
struct msg_token {
    uint64_t id;
    uint32_t choice;
    struct slice text; /* Valid UTF-8, whole characters. */
    struct msg_logprob *logprobs;
    uint32_t n_logprobs;
    uint32_t n_tokens; /* completion tokens of this choice so far */
};

struct msg_tool_delta {
    uint64_t id;
    uint32_t choice, index;
    struct slice call_id, name, arguments; /* call_id and name only in the first of an index */
};

enum finish_reason {
    FINISH_STOP,
    FINISH_LENGTH,
    FINISH_TOOL_CALLS,
    FINISH_CONTENT_FILTER,
    FINISH_REASONS
};

struct msg_done {
    uint64_t id;
    uint32_t choice;
    uint32_t finish_reason;                /* enum finish_reason */
    struct slice stop;                     /* The stop string that ended it, or "". */
    uint32_t prompt_tokens, cached_tokens; /* of the request */
    uint32_t completion_tokens;            /* of this choice */
    double logprob;                        /* cumulative; filled when best_of or logprobs asked */
    uint64_t queue_us, prefill_us, decode_us;
    bool final; /* Nothing more comes for this id. */
};

struct msg_error {
    uint64_t id;   /* 0: the worker itself, which then ends. */
    uint32_t code; /* enum err_code */
    struct slice param, text;
    uint32_t retry_after_ms; /* 0: unknown */
};

struct msg_score {
    uint64_t id;
    struct slice text;            /* The prompt's text that these tokens cover; valid UTF-8. */
    struct msg_logprob *logprobs; /* Empty when only echo was asked. */
    uint32_t n_logprobs;
};

struct msg_embedding {
    uint64_t id;
    uint32_t index;
    uint32_t prompt_tokens;
    float *floats; /* Empty when n_shared is not 0. */
    uint32_t n_floats;
    uint32_t n_shared; /* Floats in the memfd that came along (conn_next's ret_fd). */
};

struct msg_tokens {
    uint64_t id;
    uint32_t *tokens, n_tokens;
    struct slice *pieces; /* Bytes of each token. */
    uint32_t n_pieces;
    struct slice text; /* Decoded, when ids were asked for text. */
};

struct msg_artefact {
    uint64_t id;
    struct slice name, media_type;
    uint64_t bytes;
};

struct msg_quit {
    uint32_t grace_ms;
};

#endif

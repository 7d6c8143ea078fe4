/* bodies - the struct of each message kind. See proto/message.h. */
#ifndef TIRO_PROTO_BODIES_H
#define TIRO_PROTO_BODIES_H

#include "base/slice.h"
#include "proto/bodies_index.h"
#include "proto/bodies_worker.h"
#include "proto/limits.h"

#include <stdbool.h>
#include <stdint.h>

/* ---- Whose request it is ---- */

struct principal {
    struct slice tenant, project, user, key; /* Ids, never secrets. */
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

/* What the answer is held to. */
enum grammar_kind {
    GRAMMAR_NONE,
    GRAMMAR_JSON_OBJECT, /* no text */
    GRAMMAR_JSON_SCHEMA, /* the schema */
    GRAMMAR_REGEX,
    GRAMMAR_EBNF,   /* the grammar language, or GBNF */
    GRAMMAR_CHOICE, /* a JSON array of strings */
    GRAMMAR_KINDS
};

enum tool_choice { TOOL_CHOICE_AUTO, TOOL_CHOICE_NONE, TOOL_CHOICE_REQUIRED, TOOL_CHOICES };

struct msg_request {
    uint64_t id; /* Not 0; unique on this connection. */
    struct principal principal;
    uint32_t kind; /* enum request_kind */
    struct msg_chat *messages;
    uint32_t n_messages;
    struct slice tools;       /* JSON array of tools, or "" */
    uint32_t tool_choice;     /* enum tool_choice; means nothing without tools */
    struct slice *tool_names; /* The only ones that may be called; none: all of them. */
    uint32_t n_tool_names;
    bool one_tool_call;         /* At most one call. */
    struct slice template_args; /* JSON object of extra template variables, or "" */
    bool no_generation_prompt;  /* chat: do not add the assistant's header (tokenize, continue) */
    struct slice prompt;        /* Raw: control tokens are recognised in it. */
    uint32_t *tokens, n_tokens; /* Or ids; then prompt is empty. */
    struct slice suffix;        /* Fill in the middle, when has_suffix. */
    bool has_suffix;
    bool echo;
    uint32_t echo_from; /* echo begins at this byte of prompt, or at this one of tokens */
    uint32_t n;         /* 1.. choices returned */
    uint32_t best_of;   /* choices run; 0: n. All are reported; the gateway picks by logprob. */
    struct msg_sampling sampling;
    bool has_max_tokens; /* Without: as many as the context holds. */
    uint32_t max_tokens; /* 0 is allowed (echo, score). */
    struct slice *stop;
    uint32_t n_stop, top_logprobs;
    bool logprobs;
    int32_t priority;      /* Higher first; 0 is usual. */
    uint64_t deadline_ms;  /* From receipt: must have begun by then; 0: none. */
    bool prefill_only;     /* Fill the prefix cache, answer counted and done. */
    bool ignore_eos;       /* Benchmarks. */
    bool pin;              /* Keep the prompt in the prefix cache against eviction. */
    uint32_t dimensions;   /* embed: 0 is all; else cut and normalised again */
    uint32_t index;        /* embed: comes back in the answer */
    uint32_t grammar_kind; /* enum grammar_kind */
    struct slice grammar;
    bool grammar_strict; /* JSON_SCHEMA: OpenAI's strict subset is required. */
    /* Where it came from, for errors: "response_format", also with a name behind it:
     * "response_format 'x'". */
    struct slice grammar_param;
    struct slice adapter; /* Name of one of the model's adapters, or "". */
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
    bool reasoning;    /* What the model thinks before it answers. */
    struct slice text; /* Valid UTF-8, whole characters. */
    struct msg_logprob *logprobs;
    uint32_t n_logprobs;
    uint32_t n_tokens; /* completion tokens of this choice so far */
    uint64_t core_us;  /* the worker's cores' time for the request so far */
};

struct msg_tool_delta {
    uint64_t id;
    uint32_t choice, index;
    struct slice call_id, name, arguments; /* call_id and name only in the first of an index */
    uint32_t n_tokens;                     /* as of msg_token, as the next */
    uint64_t core_us;
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
    uint64_t core_us; /* as of msg_token */
    bool final;       /* Nothing more comes for this id. */
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
    uint64_t core_us; /* as of msg_token */
    float *floats;    /* Empty when n_shared is not 0. */
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

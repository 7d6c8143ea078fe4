/* request - one prompt and what is wanted of it, as the scheduler takes it.
 *
 *     struct engine_request *r;
 *     TRY(engine_request_open(&r, err));
 *     r->tokens = ... from r->arena ...
 *     if (scheduler_submit(s, r, err) < 0) engine_request_close(r);     else it is the scheduler's
 */
#ifndef TIRO_ENGINE_REQUEST_H
#define TIRO_ENGINE_REQUEST_H

#include "base/arena.h"
#include "engine/sampler.h"

enum {
    ENGINE_REQUEST_BYTES_MAX = 64 << 20,
    ENGINE_CHOICES_MAX = 128,
    ENGINE_TENANT_MAX = 256,
};

struct engine_request {
    struct arena arena;   /* Everything below lies here. */
    uint64_t id;          /* Not 0 */
    struct slice tenant;  /* Prefixes are shared within it, */
    uint64_t adapter_key; /* and within one adapter: its own number, never used again; 0: none. */
    int32_t adapter;      /* Its slot in the model; -1: none. */
    int32_t *tokens;      /* (n_tokens), at least one */
    int32_t n_tokens;
    const char *what;   /* "messages", "prompt", "input": for errors */
    int32_t n_choices;  /* 1 .. ENGINE_CHOICES_MAX */
    int32_t max_tokens; /* -1: what the context holds; 0: nothing is generated */
    struct sampling sampling;
    const struct slice *stops;
    int32_t n_stops;
    bool logprobs, echo;
    int32_t echo_from; /* Prompt tokens that echo leaves out; those may come from the cache. */
    bool rank;         /* Sum up logprobs although none are given: best_of. */
    int32_t n_top;     /* 0 .. LOGPROBS_TOP_MAX */
    bool prefill_only, ignore_eos;
    bool pin; /* Keep the prompt in the prefix cache against eviction (kvcache_pin). */
    int32_t priority;
    uint64_t arrived_ns;           /* now_ns() when it came; 0: at submit */
    uint64_t deadline_ns;          /* now_ns() by which it must have begun; 0: none */
    struct constraint *constraint; /* Owned; NULL: none. Each choice gets a copy. */
    uint32_t index, dimensions;    /* embedder */
    bool marks;       /* Control tokens show in the text of the answer: engine/answer.h. */
    uint64_t core_ns; /* The cores' time for it so far; kept by the scheduler, the embedder. */
    /* Whatever its maker keeps for it, to be closed with it; both NULL: nothing. */
    void *own;
    void (*close_own)(void *own);
};

int engine_request_open(struct engine_request **ret, struct err *err) MUST_USE;
void engine_request_close(struct engine_request *r); /* NULL is fine. */
/* Prompt and completion against the context: -ERR_CONTEXT_LENGTH in OpenAI's words. */
int engine_request_check_length(const struct engine_request *r, int32_t n_ctx,
                                struct err *err) MUST_USE;

#endif

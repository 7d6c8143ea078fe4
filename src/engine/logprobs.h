/* logprobs - log probabilities of the model's own distribution: log softmax of the raw logits,
 * before bias, penalties, mask, temperature and truncation, as OpenAI and vLLM report them. */
#ifndef TIRO_ENGINE_LOGPROBS_H
#define TIRO_ENGINE_LOGPROBS_H

#include "engine/logits.h"

enum { LOGPROBS_TOP_MAX = 20 };

struct top_logprob {
    int32_t token;
    float logprob;
};

/* Returns the logprob of `token`, and the n_top most likely, best first (ties: lowest id). `l` is
 * scratch; the head's sums spare a pass over the row where their scale is 1. */
float logprobs_of(struct logits *l, const struct logits_row *row, int32_t token,
                  struct top_logprob *ret_top, int32_t n_top);

#endif

#include "engine/logprobs.h"

#include <assert.h>
#include <math.h>

/* Insertion into a short list that is sorted best first. */
static void offer(struct top_logprob *top, int32_t *n, int32_t n_top, int32_t token, float logit)
{
    if (*n == n_top && !(logit > top[*n - 1].logprob)) return;
    int32_t at = *n < n_top ? (*n)++ : *n - 1;
    for (; at > 0 && top[at - 1].logprob < logit; at--) top[at] = top[at - 1];
    top[at] = (struct top_logprob){ .token = token, .logprob = logit };
}

float logprobs_of(const float *logits, int32_t n_vocab, int32_t token, struct top_logprob *ret_top,
                  int32_t n_top)
{
    assert(token >= 0 && token < n_vocab && n_top <= n_vocab);
    float highest = logits[0];
    for (int32_t i = 1; i < n_vocab; i++)
        if (logits[i] > highest) highest = logits[i];
    double sum = 0;
    for (int32_t i = 0; i < n_vocab; i++) sum += (double)expf(logits[i] - highest);
    double lse = (double)highest + log(sum);
    int32_t n = 0;
    if (n_top > 0)
        for (int32_t i = 0; i < n_vocab; i++) offer(ret_top, &n, n_top, i, logits[i]);
    for (int32_t i = 0; i < n; i++) ret_top[i].logprob = (float)((double)ret_top[i].logprob - lse);
    return (float)((double)logits[token] - lse);
}

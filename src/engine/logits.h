/* logits - one row of logits as sampling sees it: in chunks whose maxima the head has gathered
 * (graph/head.h), so that what is unlikely need not be looked at.
 *
 *     logits_set(&l, &row);                      the model's row, never written to
 *     *logits_change(&l, token) += bias;         stages change single ones: their chunk is copied
 *     logits_mask(&l, bits);                     a constraint changes many
 *     logits_settle(&l);                         the changed chunks' maxima again
 *     logits_best(&l) | logits_draw(&l, ..) | logits_gather(&l, items, least)
 *
 * The weight of a token is e^(scale * (logit - highest)), scale being 1 / temperature. All sums run
 * in a fixed order (docs/decisions/0013): what is drawn does not depend on threads, batch or
 * instruction set, nor on whether the head has gathered anything.
 *
 * Owner: one thread. The row must outlive what is asked of it.
 */
#ifndef TIRO_ENGINE_LOGITS_H
#define TIRO_ENGINE_LOGITS_H

#include "base/err.h"
#include "graph/head.h"

#include <stdint.h>

struct candidate {
    int32_t id;
    float logit;
    double weight; /* Valid after candidates_weigh. */
};

/* What the model gave. */
struct logits_row {
    const float *logits;    /* (n_vocab) */
    const float *max, *sum; /* (n_chunks) by the head; max NULL: nothing was gathered */
    float scale;            /* Of sum; 0: there is none */
};

struct logits {
    const struct kernels *kernels;
    int32_t n_vocab, n_chunks;
    const float *row; /* (n_vocab) */
    float *own;       /* (n_vocab) the chunks that were changed */
    bool *changed;    /* (n_chunks) */
    float *max, *sum; /* (n_chunks) */
    float *weights;   /* (n_chunks) of the maxima; set by logits_sum */
    float scale;      /* Of sum; 0: not known. */
};

/* -ERR_NO_MEMORY; kernels must outlive it. */
int logits_init(struct logits *l, int32_t n_vocab, const struct kernels *kernels) MUST_USE;
void logits_release(struct logits *l);

void logits_set(struct logits *l, const struct logits_row *row);
float *logits_change(struct logits *l, int32_t token);
/* What has no bit becomes -inf. */
void logits_mask(struct logits *l, const uint32_t *bits);
void logits_settle(struct logits *l);

/* The highest logit; -inf when no token is possible. */
float logits_highest(const struct logits *l);
/* Its token: of equals the lowest. */
int32_t logits_best(const struct logits *l);
/* The weights of all tokens together; 0 or NaN when nothing can be drawn. */
double logits_sum(struct logits *l, float scale);
/* The token in which the running sum passes unit * sum; -ERR_INTERNAL when there is none. */
int logits_draw(struct logits *l, int32_t *ret, float scale, double unit) MUST_USE;
/* All tokens from `least` on, by id; -inf and NaN never. items has room for n_vocab. */
int32_t logits_gather(const struct logits *l, struct candidate *items, float least);
/* The chunks' maxima as candidates whose ids are chunks. */
int32_t logits_maxima(const struct logits *l, struct candidate *items);

#endif

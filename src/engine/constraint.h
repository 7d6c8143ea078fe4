/* constraint - what may come next, decided by something else than the model.
 *
 * Grammars, JSON Schemas and speculation's drafts meet sampling here and nowhere else:
 *
 *     each position:   t = constraint_forced(c)         one token only: sampling is skipped
 *                      constraint_mask(c, bits, n)      else: clears the bits of what cannot come
 *                      constraint_accept(c, t)          the token that came, forced or sampled
 *     speculation:     constraint_rollback(c, k)        the last k accepted never happened
 *
 * mask and forced must agree with accept: what they allow, accept takes. Ending is a token like any
 * other: where the output may end, the end tokens' bits stay.
 *
 * Owner: one sequence. To write one, embed `struct constraint` first in your own struct and fill
 * .ops; engine/constraint_allow.c is the smallest example.
 */
#ifndef TIRO_ENGINE_CONSTRAINT_H
#define TIRO_ENGINE_CONSTRAINT_H

#include "base/err.h"

#include <assert.h>
#include <stdint.h>

enum { CONSTRAINT_FREE = -1 };

struct constraint;

struct constraint_ops {
    const char *name;
    void (*mask)(struct constraint *c, uint32_t *bits, int32_t n_vocab);
    int32_t (*forced)(struct constraint *c); /* NULL: never */
    int (*accept)(struct constraint *c, int32_t token);
    void (*rollback)(struct constraint *c, int32_t n_tokens);
    /* A copy in the same state, for another choice. NULL: no memory. */
    struct constraint *(*copy)(const struct constraint *c);
    void (*close)(struct constraint *c);
};

struct constraint {
    const struct constraint_ops *ops;
};

static inline void constraint_mask(struct constraint *c, uint32_t *bits, int32_t n_vocab)
{
    c->ops->mask(c, bits, n_vocab);
}

/* The only token that may come, or CONSTRAINT_FREE. */
static inline int32_t constraint_forced(struct constraint *c)
{
    return c->ops->forced ? c->ops->forced(c) : CONSTRAINT_FREE;
}

/* -ERR_INVALID_VALUE for a token that mask would have cleared; nothing changed then. */
MUST_USE static inline int constraint_accept(struct constraint *c, int32_t token)
{
    return c->ops->accept(c, token);
}

static inline void constraint_rollback(struct constraint *c, int32_t n_tokens)
{
    assert(n_tokens >= 0);
    c->ops->rollback(c, n_tokens);
}

static inline struct constraint *constraint_copy(const struct constraint *c)
{
    return c->ops->copy(c);
}

static inline void constraint_close(struct constraint *c)
{
    if (c) c->ops->close(c);
}

static inline bool constraint_bit(const uint32_t *bits, int32_t token)
{
    return bits[token / 32] >> (token % 32) & 1;
}

/* Only the given tokens, except that the first `n_prefix` tokens of the output must be `prefix`.
 * Copies its arguments; NULL: no memory. */
struct constraint *constraint_allow_open(const int32_t *tokens, int32_t n_tokens,
                                         const int32_t *prefix, int32_t n_prefix);

#endif

/* The smallest constraint: a given beginning, then any of a given set. */
#include "base/seam.h"
#include "engine/constraint.h"

#include <string.h>

struct allow {
    struct constraint base;
    int32_t n_tokens, n_prefix, at;
    int32_t ids[]; /* the set, then the prefix */
};

static struct allow *allow_of(struct constraint *c)
{
    return (struct allow *)c;
}

static int32_t forced(struct constraint *c)
{
    const struct allow *a = allow_of(c);
    if (a->at < a->n_prefix) return a->ids[a->n_tokens + a->at];
    return a->n_tokens == 1 ? a->ids[0] : CONSTRAINT_FREE;
}

static bool allowed(const struct allow *a, int32_t token)
{
    if (a->at < a->n_prefix) return a->ids[a->n_tokens + a->at] == token;
    for (int32_t i = 0; i < a->n_tokens; i++)
        if (a->ids[i] == token) return true;
    return false;
}

static void mask(struct constraint *c, uint32_t *bits, int32_t n_vocab)
{
    const struct allow *a = allow_of(c);
    for (int32_t token = 0; token < n_vocab; token++)
        if (!allowed(a, token)) bits[token / 32] &= ~(UINT32_C(1) << (token % 32));
}

static int accept(struct constraint *c, int32_t token)
{
    struct allow *a = allow_of(c);
    if (!allowed(a, token)) return -ERR_INVALID_VALUE;
    a->at++;
    return 0;
}

static void rollback(struct constraint *c, int32_t n_tokens)
{
    struct allow *a = allow_of(c);
    assert(n_tokens <= a->at);
    a->at -= n_tokens;
}

static void close_allow(struct constraint *c)
{
    mem_free(c);
}

static struct constraint *copy(const struct constraint *c)
{
    const struct allow *a = (const struct allow *)c;
    size_t size = sizeof *a + (size_t)(a->n_tokens + a->n_prefix) * sizeof a->ids[0];
    struct allow *twin = mem_alloc(size);
    if (!twin) return NULL;
    memcpy(twin, a, size);
    return &twin->base;
}

static const struct constraint_ops ops = {
    .name = "allow",
    .mask = mask,
    .forced = forced,
    .accept = accept,
    .rollback = rollback,
    .copy = copy,
    .close = close_allow,
};

struct constraint *constraint_allow_open(const int32_t *tokens, int32_t n_tokens,
                                         const int32_t *prefix, int32_t n_prefix)
{
    assert(n_tokens > 0 && n_prefix >= 0);
    struct allow *a = mem_alloc(sizeof *a + (size_t)(n_tokens + n_prefix) * sizeof a->ids[0]);
    if (!a) return NULL;
    a->base.ops = &ops;
    a->n_tokens = n_tokens;
    a->n_prefix = n_prefix;
    a->at = 0;
    memcpy(a->ids, tokens, (size_t)n_tokens * sizeof *tokens);
    if (n_prefix) memcpy(a->ids + n_tokens, prefix, (size_t)n_prefix * sizeof *prefix);
    return &a->base;
}

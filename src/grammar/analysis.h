/* analysis - what has to be known of expressions before they become automata. */
#ifndef TIRO_GRAMMAR_ANALYSIS_H
#define TIRO_GRAMMAR_ANALYSIS_H

#include "grammar/expr.h"

enum {
    EXPR_REACHED = 1,   /* From the root; the others say nothing. */
    EXPR_NULLABLE = 2,  /* The empty text is among its texts. */
    EXPR_RECURSIVE = 4, /* Contains itself. */
    EXPR_REGULAR = 8,   /* Neither a recursive rule nor a token is in it. */
};

enum {
    INLINE_STATES_MAX = 64, /* A rule that needs no more is written out where it is used. */
    UNROLL_STATES_MAX = 16, /* Likewise a counted repetition; larger ones count on the stack. */
    ANALYSIS_WORK_MAX = 1 << 26,
};

struct analysis {
    uint8_t *flags; /* [expressions] */
    int32_t *size;  /* [expressions] about how many states it needs where it stands */
};

/* -ERR_INVALID_VALUE: a rule that is not set, an operand that is not regular; -ERR_LIMIT;
 * -ERR_NO_MEMORY. */
int analyse(struct analysis *ret, const struct grammar_builder *b, int32_t root,
            struct err *err) MUST_USE;
void analysis_release(struct analysis *a);

static inline bool expr_is(const struct analysis *a, int32_t expr, int flag)
{
    return a->flags[expr] & flag;
}

/* How often a repetition's states are written if it does not count: its own copies. */
static inline int64_t repeat_copies(const struct expr *e)
{
    int32_t copies = e->c == GRAMMAR_UNBOUNDED ? e->b : e->c;
    return copies ? copies : 1;
}

static inline bool repeat_unrolls(const struct analysis *a, const struct expr *e)
{
    int64_t copies = repeat_copies(e);
    return copies == 1 || copies * a->size[e->a] <= UNROLL_STATES_MAX;
}

static inline bool rule_inlines(const struct analysis *a, int32_t expr)
{
    return !expr_is(a, expr, EXPR_RECURSIVE) && a->size[expr] <= INLINE_STATES_MAX;
}

#endif

#include "grammar/nfa.h"

#include <assert.h>

void nfa_init(struct nfa *n, int64_t *work)
{
    *n = (struct nfa){ .work = work };
    nfa_reset(n);
}

void nfa_reset(struct nfa *n)
{
    n->states.n = n->moves.n = n->skips.n = 0;
    n->rc = 0;
    (void)nfa_state(n); /* NFA_START; a failure is remembered. */
    (void)nfa_state(n); /* NFA_END */
}

void nfa_release(struct nfa *n)
{
    mem_free(n->states.at);
    mem_free(n->moves.at);
    mem_free(n->skips.at);
}

void nfa_spend(struct nfa *n, int64_t work)
{
    if ((*n->work -= work) < 0 && !n->rc) n->rc = -ERR_LIMIT;
}

int32_t nfa_state(struct nfa *n)
{
    nfa_spend(n, 1);
    if (!n->rc && n->states.n >= NFA_STATES_MAX) n->rc = -ERR_LIMIT;
    if (!n->rc && !ARRAY_ADD(n->states, (struct nfa_state){ -1, -1 })) n->rc = -ERR_NO_MEMORY;
    return n->rc ? NFA_START : (int32_t)n->states.n - 1;
}

static void add_move(struct nfa *n, int32_t from, struct nfa_move move)
{
    nfa_spend(n, 1);
    if (!n->rc && n->moves.n >= NFA_MOVES_MAX) n->rc = -ERR_LIMIT;
    if (n->rc) return;
    move.next = n->states.at[from].move;
    if (ARRAY_ADD(n->moves, move))
        n->states.at[from].move = (int32_t)n->moves.n - 1;
    else
        n->rc = -ERR_NO_MEMORY;
}

void nfa_bytes(struct nfa *n, int32_t from, uint8_t lo, uint8_t hi, int32_t to)
{
    add_move(n, from, (struct nfa_move){ .to = to, .callee = NFA_BYTES, .lo = lo, .hi = hi });
}

void nfa_call(struct nfa *n, int32_t from, int32_t callee, int32_t to)
{
    assert(callee >= 0);
    add_move(n, from, (struct nfa_move){ .to = to, .callee = callee });
}

void nfa_skip(struct nfa *n, int32_t from, int32_t to)
{
    nfa_spend(n, 1);
    if (from == to) return;
    if (!n->rc && n->skips.n >= NFA_MOVES_MAX) n->rc = -ERR_LIMIT;
    if (n->rc) return;
    if (ARRAY_ADD(n->skips, (struct nfa_skip){ to, n->states.at[from].skip }))
        n->states.at[from].skip = (int32_t)n->skips.n - 1;
    else
        n->rc = -ERR_NO_MEMORY;
}

void nfa_text(struct nfa *n, struct slice text, int32_t from, int32_t to)
{
    for (size_t i = 0; i < text.len && !n->rc; i++) {
        int32_t next = i + 1 < text.len ? nfa_state(n) : to;
        nfa_bytes(n, from, (uint8_t)text.ptr[i], (uint8_t)text.ptr[i], next);
        from = next;
    }
}

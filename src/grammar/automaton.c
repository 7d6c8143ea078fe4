#include "grammar/automaton.h"

#include <assert.h>
#include <stdlib.h>

void automaton_release(struct automaton *a)
{
    mem_free(a->states.at);
    mem_free(a->edges.at);
    mem_free(a->jumps.at);
    mem_free(a->parts.at);
    *a = (struct automaton){ 0 };
}

int32_t automaton_state(struct automaton *a, uint8_t flags)
{
    struct auto_state state = { .edges = (uint32_t)a->edges.n,
                                .jumps = (uint32_t)a->jumps.n,
                                .flags = flags };
    return ARRAY_ADD(a->states, state) ? (int32_t)a->states.n - 1 : -1;
}

static int by_lo(const void *a, const void *b)
{
    const struct auto_edge *x = a, *y = b;
    if (x->lo != y->lo) return (x->lo > y->lo) - (x->lo < y->lo);
    return x->hi != y->hi ? (x->hi > y->hi) - (x->hi < y->hi) : (x->to > y->to) - (x->to < y->to);
}

static int by_part(const void *a, const void *b)
{
    const struct auto_jump *x = a, *y = b;
    if (x->part != y->part) return (x->part > y->part) - (x->part < y->part);
    return (x->to > y->to) - (x->to < y->to);
}

/* The moves of state `from` are given to the newest state; `base` is where state 0 went. */
static int append_moves(struct automaton *a, const struct nfa *n, int32_t from, int32_t base)
{
    for (int32_t k = n->states.at[from].move; k >= 0; k = n->moves.at[k].next) {
        const struct nfa_move *m = &n->moves.at[k];
        bool added = m->callee == NFA_BYTES
                         ? ARRAY_ADD(a->edges, (struct auto_edge){ base + m->to, m->lo, m->hi })
                         : ARRAY_ADD(a->jumps, (struct auto_jump){ m->callee, base + m->to });
        if (!added) return -ERR_NO_MEMORY;
    }
    return 0;
}

static int append_skips(struct automaton *a, const struct nfa *n, int32_t from, int32_t base)
{
    for (int32_t k = n->states.at[from].skip; k >= 0; k = n->skips.at[k].next) {
        if (!ARRAY_ADD(a->jumps, (struct auto_jump){ JUMP_ONLY, base + n->skips.at[k].to }))
            return -ERR_NO_MEMORY;
    }
    return 0;
}

static void finish_edges(struct automaton *a, struct auto_state *s)
{
    struct auto_edge *edges = &a->edges.at[s->edges];
    size_t n = a->edges.n - s->edges;
    s->n_edges = 1;
    qsort(edges, n, sizeof *edges, by_lo);
    for (size_t i = 1; i < n; i++)
        if (by_lo(&edges[i], &edges[s->n_edges - 1]) != 0) edges[s->n_edges++] = edges[i];
    a->edges.n = s->edges + s->n_edges;
}

static void finish_jumps(struct automaton *a, struct auto_state *s)
{
    struct auto_jump *jumps = &a->jumps.at[s->jumps];
    size_t n = a->jumps.n - s->jumps;
    s->n_jumps = 1;
    qsort(jumps, n, sizeof *jumps, by_part);
    for (size_t i = 1; i < n; i++)
        if (by_part(&jumps[i], &jumps[s->n_jumps - 1]) != 0) jumps[s->n_jumps++] = jumps[i];
    a->jumps.n = s->jumps + s->n_jumps;
}

/* What the newest state has been given: in order, and each once. */
static void finish_state(struct automaton *a)
{
    struct auto_state *s = &a->states.at[a->states.n - 1];
    if (a->edges.n > s->edges) finish_edges(a, s);
    if (a->jumps.n > s->jumps) finish_jumps(a, s);
}

/* All states that the start reaches without reading give it their moves. */
static int append_start(struct automaton *a, const struct nfa *n, int32_t base, bool *seen)
{
    ARRAY(int32_t) todo = { 0 };
    int rc = automaton_state(a, 0) < 0 || !ARRAY_ADD(todo, NFA_START) ? -ERR_NO_MEMORY : 0;
    seen[NFA_START] = true;
    while (rc == 0 && todo.n) {
        int32_t from = todo.at[--todo.n];
        rc = append_moves(a, n, from, base);
        for (int32_t k = n->states.at[from].skip; k >= 0 && rc == 0; k = n->skips.at[k].next) {
            int32_t to = n->skips.at[k].to;
            if (!seen[to] && !ARRAY_ADD(todo, to)) rc = -ERR_NO_MEMORY;
            seen[to] = true;
        }
    }
    mem_free(todo.at);
    if (rc == 0) finish_state(a);
    return rc;
}

static int append_all(struct automaton *a, const struct nfa *n, bool *seen)
{
    int32_t base = (int32_t)a->states.n + 1;
    TRY(append_start(a, n, base, seen));
    for (int32_t i = 0; i < (int32_t)n->states.n; i++) {
        if (automaton_state(a, i == NFA_END ? STATE_ACCEPTS : 0) < 0) return -ERR_NO_MEMORY;
        TRY(append_moves(a, n, i, base));
        TRY(append_skips(a, n, i, base));
        finish_state(a);
    }
    return 0;
}

int automaton_append(struct automaton *a, int32_t *ret_start, const struct nfa *n)
{
    assert(n->rc == 0);
    size_t n_states = a->states.n, n_edges = a->edges.n, n_jumps = a->jumps.n;
    bool *seen = mem_calloc(n->states.n, sizeof *seen);
    int rc = seen ? append_all(a, n, seen) : -ERR_NO_MEMORY;
    mem_free(seen);
    if (rc == 0) {
        *ret_start = (int32_t)n_states;
        return 0;
    }
    a->states.n = n_states;
    a->edges.n = n_edges;
    a->jumps.n = n_jumps;
    return rc;
}

int automaton_classes(const struct automaton *a, uint8_t class_of[256])
{
    uint32_t ranges[256][8] = { 0 }; /* The [lo, hi] that have been looked at. */
    int class[256] = { 0 }, n = 1;
    for (size_t i = 0; i < a->edges.n && n < 256; i++) {
        uint8_t lo = a->edges.at[i].lo, hi = a->edges.at[i].hi;
        int inside[256], renamed[512]; /* Up to 256 old and as many new numbers. */
        if (ranges[lo][hi / 32] >> hi % 32 & 1) continue;
        ranges[lo][hi / 32] |= 1u << hi % 32;
        for (int k = 0; k < n; k++) inside[k] = -1;
        for (int byte = lo; byte <= hi; byte++) {
            int *split = &inside[class[byte]];
            if (*split < 0) *split = n++;
            class[byte] = *split;
        }
        /* Classes that lay inside as a whole have left their old number: close the gaps. */
        for (int k = 0; k < n; k++) renamed[k] = -1;
        n = 0;
        for (int byte = 0; byte < 256; byte++) {
            if (renamed[class[byte]] < 0) renamed[class[byte]] = n++;
            class[byte] = renamed[class[byte]];
        }
    }
    for (int byte = 0; byte < 256; byte++) class_of[byte] = (uint8_t) class[byte];
    return n;
}

/* nfa - a nondeterministic automaton of one rule, while a grammar is compiled.
 *
 * Written in fragments between two states, which add edges out of `from` and into `to` only: so
 * fragments may share both. What fails is remembered in `rc`, and nothing is added then.
 */
#ifndef TIRO_GRAMMAR_NFA_H
#define TIRO_GRAMMAR_NFA_H

#include "grammar/array.h"
#include "grammar/build.h"

enum {
    NFA_STATES_MAX = 4 * GRAMMAR_STATES_MAX, /* Before they are merged. */
    NFA_MOVES_MAX = 2 * NFA_STATES_MAX,
    NFA_BYTES = -1,
};

struct nfa_move {
    int32_t to, next; /* next: of the same state, or -1 */
    int32_t callee;   /* The automaton that is called, or NFA_BYTES. */
    uint8_t lo, hi;
};

struct nfa_skip { /* Without reading anything. */
    int32_t to, next;
};

struct nfa_state {
    int32_t move, skip; /* The first one, or -1. */
};

struct nfa {
    ARRAY(struct nfa_state) states; /* 0 begins, 1 accepts; both always there. */
    ARRAY(struct nfa_move) moves;
    ARRAY(struct nfa_skip) skips;
    int64_t *work; /* Not owned. Counts down with all that is added; none left: -ERR_LIMIT. */
    int rc;        /* 0, -ERR_NO_MEMORY or -ERR_LIMIT */
};

enum { NFA_START, NFA_END };

void nfa_init(struct nfa *n, int64_t *work);
void nfa_reset(struct nfa *n); /* Keeps the memory. */
void nfa_release(struct nfa *n);
void nfa_spend(struct nfa *n, int64_t work);
int32_t nfa_state(struct nfa *n);
void nfa_bytes(struct nfa *n, int32_t from, uint8_t lo, uint8_t hi, int32_t to);
void nfa_call(struct nfa *n, int32_t from, int32_t callee, int32_t to);
void nfa_skip(struct nfa *n, int32_t from, int32_t to);

/* Fragments that need no other expressions. */
void nfa_text(struct nfa *n, struct slice text, int32_t from, int32_t to);
/* UTF-8 in which `marker` does not occur; up to GRAMMAR_MARKER_MAX bytes. */
void nfa_until(struct nfa *n, struct slice marker, int32_t from, int32_t to);

#endif

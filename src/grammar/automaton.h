/* automaton - what a grammar is compiled to: states with edges over bytes and jumps into parts.
 *
 * A part is the automaton of one rule, or of the body of one counted loop. To jump is to push the
 * state to come back to (and the loop's count) and go on at the part's start; where a part accepts,
 * the stack is popped. No part accepts the empty text: where a rule may be empty, the caller has a
 * jump past it. So nothing turns round without reading a byte.
 *
 * States are deterministic in bytes and in callees, except in parts for which that would have taken
 * too many: those kept their nondeterminism, and jumps that call nothing.
 */
#ifndef TIRO_GRAMMAR_AUTOMATON_H
#define TIRO_GRAMMAR_AUTOMATON_H

#include "grammar/array.h"
#include "grammar/expr.h"
#include "grammar/nfa.h"

enum {
    STATE_ACCEPTS = 1,
    STATE_LAST = 2,      /* Accepts and has no edges or jumps: not worth coming back to. */
    STATE_ANY_PLAIN = 4, /* Any plain characters (grammar.h) may follow, for ever. */
    STATE_NO_PLAIN = 8,  /* No edge begins a plain character. */
    STATE_LIVE = 16,     /* Acceptance can be reached. */
};

enum { JUMP_ONLY = -1 };

struct auto_state {
    uint32_t edges, jumps; /* The first of each. */
    uint32_t n_edges, n_jumps;
    uint8_t flags;
};

struct auto_edge { /* By lo within a state. */
    int32_t to;
    uint8_t lo, hi;
};

struct auto_jump {
    int32_t part; /* Or JUMP_ONLY. */
    int32_t to;   /* Where to go on after it. */
};

struct auto_part {
    int32_t start;
    int32_t min, max; /* Times, at least 1, of a counted loop; max 0: a rule. */
    int32_t rule;     /* For errors: the rule it is or belongs to; -1: the root expression */
    bool any_plain;   /* Every plain character is a whole text of it ... */
    bool one_plain;   /* ... and a text that begins with one is over after it. */
};

struct automaton {
    ARRAY(struct auto_state) states;
    ARRAY(struct auto_edge) edges;
    ARRAY(struct auto_jump) jumps;
    ARRAY(struct auto_part) parts; /* The root is 0. */
};

void automaton_release(struct automaton *a);
/* A state whose edges and jumps are those that will be added next. -1: no memory. */
int32_t automaton_state(struct automaton *a, uint8_t flags);

struct determinise_limits {
    size_t states_max;
    int64_t *work; /* Counts down; at most work_max of it. */
    int64_t work_max;
};

/* Appends the states of `n` by the subset construction; *ret_start has no edges into it. -ERR_LIMIT
 * and -ERR_NO_MEMORY leave *a as it was. */
int determinise(struct automaton *a, int32_t *ret_start, const struct nfa *n,
                const struct determinise_limits *limits) MUST_USE;
/* Appends `n` as it is, with a start that has no edges into it and no jumps that call nothing. */
int automaton_append(struct automaton *a, int32_t *ret_start, const struct nfa *n) MUST_USE;

/* Of the whole, in this order. */
int automaton_refuse_left_recursion(const struct automaton *a, const struct grammar_builder *b,
                                    struct err *err) MUST_USE;
/* Removes what leads nowhere, and sets STATE_LIVE and STATE_LAST. */
int automaton_prune(struct automaton *a, struct err *err) MUST_USE;
/* Sets what is said above about plain characters. */
void automaton_find_plain(struct automaton *a);
/* Bytes that no edge tells apart are one class; returns how many there are. */
int automaton_classes(const struct automaton *a, uint8_t class_of[256]);

#endif

/* walk - struct grammar: the automaton, and the states that walking it has met so far. */
#ifndef TIRO_GRAMMAR_WALK_H
#define TIRO_GRAMMAR_WALK_H

#include "base/arena.h"
#include "grammar/automaton.h"
#include "grammar/grammar.h"
#include "grammar/stacks.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
    CLOSURE_MAX = 4 * GRAMMAR_STACKS_MAX, /* Frames that one step looks at ... */
    CLOSURE_WORK_MAX = 1 << 20,           /* ... and edges and jumps out of them. */
    CLOSURE_SHAPES = 1 << 10,
    ROWS_BYTES_MAX = 256 << 20, /* Steps over it are made anew each time. */
    FRAMES_PER_STATE = 8,       /* Of FRAMES_MAX, when grammar_trim is due. */
    STATES_MAX = 2 * GRAMMAR_LIVE_MAX,
};

/* A set of frames that have edges over bytes. */
struct walk_state {
    size_t at; /* Where in members, ascending. */
    uint32_t n, hash;
    bool accepts, plain_known;
    struct grammar_plain plain;
};

/* Places that a step reaches, before they are a state. */
struct closure {
    ARRAY(int32_t) todo;              /* All frames reached. */
    ARRAY(int32_t) members;           /* Those with edges. */
    ARRAY(uint64_t) shapes;           /* Of members, while some are dropped. */
    int32_t of_shape[CLOSURE_SHAPES]; /* A frame of this shape, modulo; stale ones are not seen. */
    uint32_t generation;
    size_t frames_max; /* CLOSURE_MAX; tests set these. */
    int64_t work_max, work;
    bool accepts, full, failed; /* full: over a limit, for good; failed: no memory, or till trim. */
};

struct grammar {
    struct grammar_table table; /* First: grammar_step. Its rows are those of `rows`. */
    atomic_int n_refs;
    atomic_int n_live; /* What the counts say, readable at any time. */
    atomic_size_t n_bytes;
    pthread_mutex_t lock; /* Protects all below; `automaton` and `nullable` never change. */
    struct automaton automaton;
    bool nullable;
    bool counts; /* It has loops with rounds to be left: some readings may cover others. */
    int n_classes;
    struct stacks stacks;
    ARRAY(int32_t) members;
    ARRAY(struct walk_state) states; /* 0 is the start. */
    ARRAY(int32_t *) rows;           /* [state]: in rows_arena, or `blank` */
    int32_t *table_of_states;        /* Hash table: number or -1; n_table of them */
    size_t n_table;
    struct arena rows_arena;
    int32_t blank[256]; /* A row of GRAMMAR_UNKNOWN. */
    struct closure closure;
    struct grammar_extra *extra; /* NULL: none */
};

/* Takes over the automaton. `nullable`: the empty text is one of the grammar's. */
int walk_open(struct grammar **ret, struct automaton *a, bool nullable, struct err *err) MUST_USE;

/* A closure: begin, add places, finish. Frames in todo and members are valid until the next. Places
 * that others cover (covers.c) are left out. */
void closure_begin(struct grammar *g);
/* Over the limit it is full, and false. */
bool closure_spend(struct grammar *g, int64_t work);
void closure_add(struct grammar *g, int32_t frame);
void closure_finish(struct grammar *g);

/* Whether the text may go on from frame `a` in every way that it may from `c`, as far as that is
 * seen from their counts: false is always right. */
bool frame_covers(const struct grammar *g, int32_t a, int32_t c);
/* Drops members of the closure that others cover; as many as that can be found out of soon. */
void closure_drop_covered(struct grammar *g);

/* Tells the counts. */
void walk_publish(struct grammar *g);
/* Fills the hash table of states anew. */
void walk_fill_table(struct grammar *g);

static inline const struct auto_state *frame_state(const struct grammar *g, const struct frame *f)
{
    return &g->automaton.states.at[f->state];
}

#endif

/* grammar - a compiled grammar, walked byte by byte.
 *
 *     grammar_lock(g);
 *     int32_t state = grammar_start(g);
 *     for (...) state = grammar_step(g, state, byte);           GRAMMAR_DEAD: no text begins so
 *     if (grammar_accepts(g, state)) ...                        the text may end here
 *     grammar_unlock(g);
 *
 * A rule is a finite automaton over bytes whose edges may call other rules. A state is a set of
 * stacks (where each possible reading stands), interned: equal sets have equal numbers, and a step
 * once made is a look-up from then on, shared by all that use the grammar. A control token is the
 * byte GRAMMAR_TOKEN_BYTE, which no UTF-8 contains, and its text.
 *
 * Threads: any, under the lock; open and the counts need none.
 */
#ifndef TIRO_GRAMMAR_GRAMMAR_H
#define TIRO_GRAMMAR_GRAMMAR_H

#include "base/err.h"

#include <stdint.h>

struct grammar;

enum {
    GRAMMAR_TOKEN_BYTE = 0xff,
    GRAMMAR_DEAD = -1,
    GRAMMAR_FULL = -2,    /* Of grammar_step: more states or stacks than the limit, or no memory. */
    GRAMMAR_UNKNOWN = -3, /* Only inside grammar_step. */
    GRAMMAR_ANY = INT32_MAX,
    GRAMMAR_STACKS_MAX = 4096,  /* Readings of one text at once. */
    GRAMMAR_LIVE_MAX = 1 << 18, /* Interned states before grammar_trim is due. */
};

/* The characters that a string of JSON holds as they are: all but " \ and U+0000 .. U+001F. If they
 * come next, up to `n` of them (whole ones) may, in any combination; `exact`: and after more than n
 * of nothing but them the grammar is dead. {0, false}: nothing is known. */
struct grammar_plain {
    int32_t n; /* GRAMMAR_ANY: without end */
    bool exact;
};

struct grammar *grammar_ref(struct grammar *g);
void grammar_unref(struct grammar *g); /* NULL is fine. */
void grammar_lock(struct grammar *g);
void grammar_unlock(struct grammar *g);

int32_t grammar_start(struct grammar *g);
/* Dead and full states stay so. */
static inline int32_t grammar_step(struct grammar *g, int32_t state, uint8_t byte);
bool grammar_accepts(struct grammar *g, int32_t state);
/* The only byte that may come (0 .. 255), or -1: several, or the text may end here. */
int32_t grammar_forced_byte(struct grammar *g, int32_t state);
struct grammar_plain grammar_plain(struct grammar *g, int32_t state);
/* Edges out of a state as classes: bytes of one class lead to the same state from everywhere. */
uint8_t grammar_class_of(const struct grammar *g, uint8_t byte);

/* The number of interned states, or what their stacks need where that is more; above
 * GRAMMAR_LIVE_MAX, grammar_trim is due (at twice that, new states are GRAMMAR_FULL): it forgets
 * all but the start and those in the lists (each of `n[i]` numbers, negative ones left alone) and
 * renumbers these in place. -ERR_NO_MEMORY: nothing changed. */
int32_t grammar_n_states(const struct grammar *g);
int grammar_trim(struct grammar *g, int32_t *const *lists, const size_t *n,
                 size_t n_lists) MUST_USE;
/* Bytes that the grammar holds now. */
size_t grammar_bytes(const struct grammar *g);
/* States of its automata, for `tiro grammar` and tests. */
int32_t grammar_size(const struct grammar *g);

/* What someone keeps with a grammar (its masks), embedded first; closed with the grammar. Under the
 * lock. */
struct grammar_extra {
    void (*close)(struct grammar_extra *extra);
};
struct grammar_extra *grammar_extra(const struct grammar *g); /* NULL: none was set. */
void grammar_set_extra(struct grammar *g, struct grammar_extra *extra);

/* The beginning of struct grammar, laid open so that a step made before is one look-up. */
struct grammar_table {
    int32_t **rows; /* [state][class of the byte]: the next state, or GRAMMAR_UNKNOWN */
    uint8_t class_of[256];
};

int32_t grammar_step_first(struct grammar *g, int32_t state, uint8_t byte);

static inline int32_t grammar_step(struct grammar *g, int32_t state, uint8_t byte)
{
    const struct grammar_table *table = (const struct grammar_table *)(const void *)g;
    if (state < 0) return state;
    int32_t next = table->rows[state][table->class_of[byte]];
    return next == GRAMMAR_UNKNOWN ? grammar_step_first(g, state, byte) : next;
}

#endif

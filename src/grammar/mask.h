/* mask - which tokens may come in a state of a grammar: kept with it, shared by all who use it.
 *
 *     struct masks *m;
 *     struct masks_user user = { .states = mine, .n_states = n };
 *     TRY(masks_join(&m, grammar, vocabulary, &user, err));
 *     masks_apply(m, vocabulary, &mine[i], bits, n_vocab);     clears what may not come
 *     masks_facts(m, vocabulary, &mine[i])                     how many may
 *     masks_step(m, &mine[i], bytes)                           under grammar_lock
 *     masks_leave(m, &user);
 *
 * A mask is a bitmap, one of the vocabulary's of plain tokens where the grammar says how many
 * characters may be plain, and a list of tokens beside it; the end tokens are in none. It is found
 * by walking the vocabulary's trie with the grammar, once for each state.
 *
 * A grammar that has interned too many states forgets all but those of its users, whose numbers
 * change then: so states are given by where they are kept, and read under grammar_lock.
 *
 * Threads: any. Memory: GRAMMAR_MASKS_BYTES_MAX for one grammar; then all are forgotten.
 */
#ifndef TIRO_GRAMMAR_MASK_H
#define TIRO_GRAMMAR_MASK_H

#include "grammar/grammar.h"
#include "grammar/vocabulary.h"

enum { GRAMMAR_MASKS_BYTES_MAX = 32 << 20 };

struct masks;

/* Whoever holds states; not moved while it has joined. */
struct masks_user {
    struct masks_user *next, *prev;
    int32_t *states; /* (n_states), each a state or GRAMMAR_DEAD */
    size_t n_states;
};

struct mask_facts {
    int32_t n;    /* Tokens that may come, without ends. */
    int32_t only; /* If there is one: which. */
    bool accepts;
};

/* -ERR_NO_MEMORY. The user keeps a reference to the grammar until it leaves. */
int masks_join(struct masks **ret, struct grammar *g, const struct vocabulary *v,
               struct masks_user *user, struct err *err) MUST_USE;
void masks_leave(struct masks *m, struct masks_user *user);

/* *state must lie in a user's states. These two take the grammar's lock. */
struct mask_facts masks_apply(struct masks *m, const struct vocabulary *v, int32_t *state,
                              uint32_t *bits, int32_t n_vocab);
struct mask_facts masks_facts(struct masks *m, const struct vocabulary *v, int32_t *state);
/* Where these bytes lead from *state: GRAMMAR_DEAD, too, where there is no room to know it. Under
 * the lock. `control`: behind GRAMMAR_TOKEN_BYTE. */
int32_t masks_step(struct masks *m, int32_t *state, struct slice bytes, bool control);
/* Bytes of all masks that are kept with the grammar. Under the lock. */
size_t masks_bytes(struct grammar *g);

#endif

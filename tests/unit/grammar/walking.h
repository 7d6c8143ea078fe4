/* walking - what tests ask of a compiled grammar: where a text leads, whether one can end there,
 * and whether what it says of plain characters is so. */
#ifndef TIRO_TESTS_WALKING_H
#define TIRO_TESTS_WALKING_H

#include "base/slice.h"
#include "grammar/grammar.h"

#include <assert.h>

/* The state behind `text`, from `state`. */
static inline int32_t grammar_walk(struct grammar *g, int32_t state, struct slice text)
{
    for (size_t i = 0; i < text.len; i++) state = grammar_step(g, state, (uint8_t)text.ptr[i]);
    return state;
}

/* Whether a text can end from `state` on. True, too, if none was found in `n_max` states. */
static inline bool grammar_can_end(struct grammar *g, int32_t state, int n_max)
{
    enum { SEEN_MAX = 512 };
    int32_t seen[SEEN_MAX];
    int n = 0;
    assert(n_max <= SEEN_MAX);
    seen[n++] = state;
    for (int i = 0; i < n; i++) {
        if (grammar_accepts(g, seen[i])) return true;
        bool done[256] = { false };
        for (int byte = 0; byte < 256; byte++) {
            int32_t next = grammar_step(g, seen[i], (uint8_t)byte);
            bool known = next == GRAMMAR_DEAD || done[grammar_class_of(g, (uint8_t)byte)];
            done[grammar_class_of(g, (uint8_t)byte)] = true;
            if (next == GRAMMAR_FULL) return true;
            for (int k = 0; k < n && !known; k++) known = seen[k] == next;
            if (!known && n == n_max) return true;
            if (!known) seen[n++] = next;
        }
    }
    return false;
}

/* Whether grammar_plain is right for all texts of up to `len_max` of a few plain characters. */
static inline bool grammar_plain_holds(struct grammar *g, int32_t state, struct grammar_plain plain,
                                       int len, int len_max)
{
    static const char *const chars[] = {
        "a", "b", "z", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80"
    };
    for (size_t i = 0; i < sizeof chars / sizeof chars[0] && len < len_max; i++) {
        int32_t next = grammar_walk(g, state, slice_of(chars[i]));
        if (next == GRAMMAR_FULL) continue;
        if (next == GRAMMAR_DEAD && len < plain.n) return false;
        if (next != GRAMMAR_DEAD && plain.exact && len >= plain.n) return false;
        if (next != GRAMMAR_DEAD && !grammar_plain_holds(g, next, plain, len + 1, len_max))
            return false;
    }
    return true;
}

#endif

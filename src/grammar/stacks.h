/* stacks - where a reading stands, and what it will come back to: linked frames, equal ones once.
 *
 * A frame is a state of the automaton, to go on at when what lies above it is done, or ~part of a
 * counted loop, with the number of the round that lies above it. Frames are older than what lies on
 * them, so a parent's number is smaller.
 */
#ifndef TIRO_GRAMMAR_STACKS_H
#define TIRO_GRAMMAR_STACKS_H

#include "grammar/array.h"

enum {
    FRAME_NONE = -1,   /* Below the lowest: the text is over. */
    FRAME_FAILED = -2, /* No memory, or too many frames. */
    FRAMES_MAX = 1 << 22,
};

struct frame {
    int32_t state, count, parent;
    uint32_t seen;  /* The closure in which it was reached; grammar_trim's mark. */
    uint32_t shape; /* Hash of the states from here down: stacks alike but for counts share it. */
};

struct stacks {
    ARRAY(struct frame) frames;
    int32_t *table; /* Hash table: number or -1; n_table of them */
    size_t n_table;
    size_t frames_max; /* FRAMES_MAX; tests set it. */
};

void stacks_release(struct stacks *s);
/* The frame's number; FRAME_FAILED also if the parent is. */
int32_t stacks_frame(struct stacks *s, int32_t state, int32_t count, int32_t parent);
/* Keeps the frames whose `seen` is `mark` (parents of those kept have it, too), and writes their
 * new numbers to `renamed`, -1 for the others. */
void stacks_keep(struct stacks *s, uint32_t mark, int32_t *renamed);

#endif

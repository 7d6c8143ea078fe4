/* Readings that add nothing. Two stacks that differ only in the rounds of counted loops: where the
 * first is in an earlier round, or the same, and may leave the loop after it (it is not below the
 * loop's minimum), every text that goes on from the second goes on from the first. For what follows
 * a round is the rest of the stack, or another round of which the first has no fewer left; and that
 * holds of the rest for the same reason. Without these, loops within loops (as in (.{0,9}|a){1,9})
 * have as many stacks as there are ways to share out the text among their rounds. */
#include "grammar/walk.h"

#include <stdlib.h>

enum {
    COVER_DEPTH_MAX = 256,     /* Frames of two stacks compared. */
    COVER_PAIRS_MAX = 1 << 14, /* Of one closure. */
};

bool frame_covers(const struct grammar *g, int32_t a, int32_t c)
{
    const struct frame *frames = g->stacks.frames.at;
    for (int i = 0; a != c; i++) {
        if (a < 0 || c < 0 || i == COVER_DEPTH_MAX) return false;
        const struct frame *x = &frames[a], *y = &frames[c];
        if (x->shape != y->shape || x->state != y->state || x->count > y->count) return false;
        if (x->count < y->count && x->count < g->automaton.parts.at[~x->state].min) return false;
        a = x->parent;
        c = y->parent;
    }
    return true;
}

/* Members of one shape: those kept come first, and each is looked at beside these. */
static size_t keep(const struct grammar *g, int32_t *at, size_t n, int *pairs_left)
{
    size_t n_kept = 0;
    for (size_t i = 0; i < n; i++) {
        int32_t frame = at[i];
        size_t still = 0;
        bool covered = false;
        for (size_t k = 0; k < n_kept; k++) {
            if (!covered && *pairs_left > 0) {
                (*pairs_left)--;
                covered = frame_covers(g, at[k], frame);
                if (!covered && frame_covers(g, frame, at[k])) continue;
            }
            at[still++] = at[k];
        }
        n_kept = still;
        if (!covered) at[n_kept++] = frame;
    }
    return n_kept;
}

static int ascending(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

void closure_drop_covered(struct grammar *g)
{
    struct closure *c = &g->closure;
    size_t n = c->members.n, n_kept = 0;
    int pairs_left = COVER_PAIRS_MAX;
    if (!ARRAY_ROOM(c->shapes, n)) {
        c->failed = true;
        return;
    }
    for (size_t i = 0; i < n; i++) {
        int32_t frame = c->members.at[i];
        c->shapes.at[i] = (uint64_t)g->stacks.frames.at[frame].shape << 32 | (uint32_t)frame;
    }
    qsort(c->shapes.at, n, sizeof *c->shapes.at, ascending);
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i; end < n && c->shapes.at[end] >> 32 == c->shapes.at[i] >> 32; end++)
            c->members.at[n_kept + end - i] = (int32_t)(uint32_t)c->shapes.at[end];
        n_kept += keep(g, c->members.at + n_kept, end - i, &pairs_left);
    }
    c->members.n = n_kept;
}

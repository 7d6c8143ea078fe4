/* grammar_plain: from what the automaton's states and loops say of plain characters
 * (plain_states.c) to what a set of stacks does. n is what the most generous of them lets through;
 * it is exact if none of them lets more through. */
#include "grammar/walk.h"

/* The loop at whose start `f` stands, or NULL. */
static const struct frame *loop_below(const struct grammar *g, const struct frame *f)
{
    const struct frame *loop = f->parent >= 0 ? &g->stacks.frames.at[f->parent] : NULL;
    if (!loop || loop->state >= 0 || g->automaton.parts.at[~loop->state].start != f->state)
        return NULL;
    return loop;
}

/* Plain characters that surely may come: each is a round of the loop. */
static int32_t at_least(const struct grammar *g, const struct frame *f)
{
    const struct frame *loop = loop_below(g, f);
    if (frame_state(g, f)->flags & STATE_ANY_PLAIN) return GRAMMAR_ANY;
    if (!loop) return 0;
    const struct auto_part *part = &g->automaton.parts.at[~loop->state];
    if (!part->any_plain) return 0;
    return part->max == GRAMMAR_UNBOUNDED ? GRAMMAR_ANY : part->max - loop->count + 1;
}

/* Whether nothing that begins at `frame` begins with a plain character. Uses the closure. */
static bool refuses_plain(struct grammar *g, int32_t frame)
{
    closure_begin(g);
    closure_add(g, frame);
    closure_finish(g);
    const struct closure *c = &g->closure;
    if (c->full || c->failed) return false;
    for (size_t i = 0; i < c->members.n; i++) {
        const struct frame *f = &g->stacks.frames.at[c->members.at[i]];
        if (!(frame_state(g, f)->flags & STATE_NO_PLAIN)) return false;
    }
    return true;
}

/* Whether more than at_least surely may not come. */
static bool at_most(struct grammar *g, const struct frame *f)
{
    if (frame_state(g, f)->flags & STATE_NO_PLAIN) return true;
    const struct frame *loop = loop_below(g, f);
    if (!loop) return false;
    return g->automaton.parts.at[~loop->state].one_plain && refuses_plain(g, loop->parent);
}

struct grammar_plain grammar_plain(struct grammar *g, int32_t state)
{
    struct grammar_plain plain = { 0, true };
    if (state < 0) return (struct grammar_plain){ 0, state == GRAMMAR_DEAD };
    if (g->states.at[state].plain_known) return g->states.at[state].plain;
    const struct walk_state w = g->states.at[state];
    for (uint32_t i = 0; i < w.n; i++) {
        int32_t n = at_least(g, &g->stacks.frames.at[g->members.at[w.at + i]]);
        if (n > plain.n) plain.n = n;
    }
    for (uint32_t i = 0; i < w.n && plain.n < GRAMMAR_ANY && plain.exact; i++) {
        struct frame f = g->stacks.frames.at[g->members.at[w.at + i]]; /* Frames move. */
        plain.exact = at_most(g, &f);
    }
    g->states.at[state].plain_known = true;
    g->states.at[state].plain = plain;
    walk_publish(g);
    return plain;
}

/* From the places right behind a byte to all places where the next one may be read: calls are
 * pushed, what is over is popped. Each frame is looked at once; nothing here reads, and no part
 * accepts the empty text, so it ends. */
#include "grammar/walk.h"

void closure_begin(struct grammar *g)
{
    struct closure *c = &g->closure;
    c->todo.n = c->members.n = 0;
    c->work = 0;
    c->accepts = c->full = c->failed = false;
    if (++c->generation) return;
    for (size_t i = 0; i < g->stacks.frames.n; i++) g->stacks.frames.at[i].seen = 0;
    c->generation = 1;
}

bool closure_spend(struct grammar *g, int64_t work)
{
    struct closure *c = &g->closure;
    if ((c->work += work) > c->work_max) c->full = true;
    return !c->full;
}

/* Whether a frame of this shape that covers it has been reached before; it has not been seen. */
static bool is_covered(struct grammar *g, int32_t frame)
{
    struct closure *c = &g->closure;
    const struct frame *frames = g->stacks.frames.at;
    int32_t *slot = &c->of_shape[frames[frame].shape % CLOSURE_SHAPES];
    bool current = (size_t)*slot < g->stacks.frames.n && frames[*slot].seen == c->generation;
    if (current && frame_covers(g, *slot, frame)) return true;
    if (!current || frame_covers(g, frame, *slot)) *slot = frame;
    return false;
}

void closure_add(struct grammar *g, int32_t frame)
{
    struct closure *c = &g->closure;
    if (frame == FRAME_NONE) {
        c->accepts = true;
    } else if (frame == FRAME_FAILED) {
        c->failed = true;
    } else if (g->stacks.frames.at[frame].seen != c->generation) {
        bool covered = g->counts && is_covered(g, frame);
        g->stacks.frames.at[frame].seen = c->generation;
        if (covered) return;
        if (c->todo.n >= c->frames_max)
            c->full = true;
        else if (!ARRAY_ADD(c->todo, frame))
            c->failed = true;
    }
}

/* A round of a counted loop is over: the next one, or what follows. Without an upper bound, rounds
 * above the lower one are alike. */
static void next_round(struct grammar *g, struct frame loop)
{
    const struct auto_part *part = &g->automaton.parts.at[~loop.state];
    if (loop.count < part->max) {
        int32_t count = loop.count + 1;
        if (part->max == GRAMMAR_UNBOUNDED && count > part->min) count = part->min;
        int32_t round = stacks_frame(&g->stacks, loop.state, count, loop.parent);
        closure_add(g, stacks_frame(&g->stacks, part->start, 0, round));
    }
    if (loop.count >= part->min) closure_add(g, loop.parent);
}

static void jump(struct grammar *g, struct auto_jump j, int32_t parent)
{
    struct stacks *s = &g->stacks;
    if (j.part == JUMP_ONLY) {
        closure_add(g, stacks_frame(s, j.to, 0, parent));
        return;
    }
    const struct auto_part *part = &g->automaton.parts.at[j.part];
    /* To come back to a state that only accepts is to come back to its parent. */
    bool last = g->automaton.states.at[j.to].flags & STATE_LAST;
    int32_t below = last ? parent : stacks_frame(s, j.to, 0, parent);
    if (part->max) below = stacks_frame(s, ~j.part, 1, below);
    closure_add(g, stacks_frame(s, part->start, 0, below));
}

static void look_at(struct grammar *g, int32_t frame)
{
    struct closure *c = &g->closure;
    struct frame f = g->stacks.frames.at[frame]; /* Copied: frames move as they grow. */
    if (f.state < 0) {
        next_round(g, f);
        return;
    }
    const struct auto_state *s = frame_state(g, &f);
    if (s->flags & STATE_ACCEPTS) closure_add(g, f.parent);
    if (!closure_spend(g, s->n_jumps)) return;
    for (uint32_t i = 0; i < s->n_jumps && !c->full; i++)
        jump(g, g->automaton.jumps.at[s->jumps + i], f.parent);
    if (s->n_edges == 0) return;
    if (c->members.n >= GRAMMAR_STACKS_MAX)
        c->full = true;
    else if (!ARRAY_ADD(c->members, frame))
        c->failed = true;
}

void closure_finish(struct grammar *g)
{
    struct closure *c = &g->closure;
    for (size_t i = 0; i < c->todo.n && !c->full && !c->failed; i++) look_at(g, c->todo.at[i]);
    if (!c->full && !c->failed && c->members.n > 1 && g->counts) closure_drop_covered(g);
}

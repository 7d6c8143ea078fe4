/* Removes what leads nowhere, so that every state a walk can reach can reach acceptance. Backwards
 * from the states that accept: an edge makes its state live if its target is, a jump if the part's
 * start and the place to come back to are. Each is looked at once for each of these. */
#include "grammar/automaton.h"

enum { EDGE = -1 };

struct incoming {
    int32_t from, jump; /* jump: its number, or EDGE */
    int32_t next;       /* Into the same state, or -1. */
};

struct prune {
    struct automaton *a;
    ARRAY(struct incoming) incoming;
    ARRAY(int32_t) first; /* [state]: of its incoming, or -1 */
    ARRAY(int32_t) todo;  /* Live, and what leads there not yet looked at. */
};

static bool live(const struct automaton *a, int32_t state)
{
    return a->states.at[state].flags & STATE_LIVE;
}

static bool jump_is_live(const struct automaton *a, const struct auto_jump *j)
{
    return live(a, j->to) && (j->part == JUMP_ONLY || live(a, a->parts.at[j->part].start));
}

/* There is room. */
static void add_incoming(struct prune *p, int32_t to, int32_t from, int32_t jump)
{
    p->incoming.at[p->incoming.n] = (struct incoming){ from, jump, p->first.at[to] };
    p->first.at[to] = (int32_t)p->incoming.n++;
}

static void turn_round(struct prune *p)
{
    const struct automaton *a = p->a;
    for (int32_t i = 0; i < (int32_t)a->states.n; i++) {
        const struct auto_state *s = &a->states.at[i];
        for (uint32_t k = s->edges; k < s->edges + s->n_edges; k++)
            add_incoming(p, a->edges.at[k].to, i, EDGE);
        for (uint32_t k = s->jumps; k < s->jumps + s->n_jumps; k++) {
            const struct auto_jump *j = &a->jumps.at[k];
            add_incoming(p, j->to, i, (int32_t)k);
            if (j->part != JUMP_ONLY) add_incoming(p, a->parts.at[j->part].start, i, (int32_t)k);
        }
    }
}

static void make_live(struct prune *p, int32_t state)
{
    if (live(p->a, state)) return;
    p->a->states.at[state].flags |= STATE_LIVE;
    p->todo.at[p->todo.n++] = state;
}

static void spread(struct prune *p)
{
    for (int32_t i = 0; i < (int32_t)p->a->states.n; i++)
        if (p->a->states.at[i].flags & STATE_ACCEPTS) make_live(p, i);
    while (p->todo.n) {
        int32_t state = p->todo.at[--p->todo.n];
        for (int32_t k = p->first.at[state]; k >= 0; k = p->incoming.at[k].next) {
            const struct incoming *in = &p->incoming.at[k];
            if (in->jump == EDGE || jump_is_live(p->a, &p->a->jumps.at[in->jump]))
                make_live(p, in->from);
        }
    }
}

static void keep_live(struct automaton *a, struct auto_state *s)
{
    uint32_t n_edges = 0, n_jumps = 0;
    for (uint32_t i = 0; i < s->n_edges; i++) {
        struct auto_edge edge = a->edges.at[s->edges + i];
        if (live(a, edge.to)) a->edges.at[s->edges + n_edges++] = edge;
    }
    for (uint32_t i = 0; i < s->n_jumps; i++) {
        struct auto_jump jump = a->jumps.at[s->jumps + i];
        if (jump_is_live(a, &jump)) a->jumps.at[s->jumps + n_jumps++] = jump;
    }
    s->n_edges = n_edges;
    s->n_jumps = n_jumps;
    if ((s->flags & STATE_ACCEPTS) && !n_edges && !n_jumps) s->flags |= STATE_LAST;
}

int automaton_prune(struct automaton *a, struct err *err)
{
    struct prune p = { .a = a };
    size_t n = a->states.n;
    bool room = ARRAY_ROOM(p.incoming, a->edges.n + 2 * a->jumps.n + 1) && ARRAY_ROOM(p.first, n) &&
                ARRAY_ROOM(p.todo, n);
    if (room) {
        memset(p.first.at, 0xff, n * sizeof *p.first.at);
        turn_round(&p);
        spread(&p);
        for (size_t i = 0; i < n; i++) keep_live(a, &a->states.at[i]);
    }
    mem_free(p.incoming.at);
    mem_free(p.first.at);
    mem_free(p.todo.at);
    return room ? 0 : err_set(err, ERR_NO_MEMORY, "out of memory for the automaton of a grammar");
}

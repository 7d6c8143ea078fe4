/* What a compiled grammar must be like before it is walked: no part begins with itself, and every
 * state can reach acceptance. */
#include "grammar/automaton.h"

#include <assert.h>

enum { UNSEEN, OPEN, DONE, PRUNE_WORK_MAX = 1 << 26 };

struct visit {
    int32_t part;
    uint32_t jump; /* The next one to look at. */
};

/* The rule that the path from its n-th visit on turns round through. */
static int refuse(const struct automaton *a, const struct grammar_builder *b,
                  const struct visit *path, size_t n, int32_t part, struct err *err)
{
    int32_t rule = a->parts.at[part].rule;
    while (n && rule < 0) rule = a->parts.at[path[--n].part].rule;
    assert(rule >= 0); /* The root is called by nobody. */
    return err_set(err, ERR_INVALID_VALUE,
                   "the rule '%.*s' can begin with itself (left recursion); a repetition says the "
                   "same",
                   SLICE_FMT(rule_name(b, rule)));
}

/* Depth first over "part begins with part". */
int automaton_refuse_left_recursion(const struct automaton *a, const struct grammar_builder *b,
                                    struct err *err)
{
    int rc = 0;
    uint8_t *colour = mem_calloc(a->parts.n, 1);
    struct visit *path = mem_calloc(a->parts.n, sizeof *path);
    if (!colour || !path) rc = err_set(err, ERR_NO_MEMORY, "out of memory for a grammar");
    for (size_t root = 0; root < a->parts.n && rc == 0; root++) {
        size_t n = 0;
        if (colour[root] != UNSEEN) continue;
        colour[root] = OPEN;
        path[n++] = (struct visit){ (int32_t)root, 0 };
        while (n && rc == 0) {
            struct visit *v = &path[n - 1];
            const struct auto_state *s = &a->states.at[a->parts.at[v->part].start];
            if (v->jump == s->n_jumps) {
                colour[v->part] = DONE;
                n--;
                continue;
            }
            int32_t part = a->jumps.at[s->jumps + v->jump++].part;
            if (colour[part] == OPEN) {
                rc = refuse(a, b, path, n, part, err);
            } else if (colour[part] == UNSEEN) {
                colour[part] = OPEN;
                path[n++] = (struct visit){ part, 0 };
            }
        }
    }
    mem_free(colour);
    mem_free(path);
    return rc;
}

static bool live(const struct automaton *a, int32_t state)
{
    return a->states.at[state].flags & STATE_LIVE;
}

static bool jump_is_live(const struct automaton *a, const struct auto_jump *j)
{
    return live(a, j->to) && (j->part == JUMP_ONLY || live(a, a->parts.at[j->part].start));
}

static bool becomes_live(const struct automaton *a, const struct auto_state *s)
{
    if (s->flags & STATE_ACCEPTS) return true;
    for (uint32_t i = 0; i < s->n_edges; i++)
        if (live(a, a->edges.at[s->edges + i].to)) return true;
    for (uint32_t i = 0; i < s->n_jumps; i++)
        if (jump_is_live(a, &a->jumps.at[s->jumps + i])) return true;
    return false;
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

/* Backwards, since most edges lead to later states: one or two passes do. */
int automaton_prune(struct automaton *a, struct err *err)
{
    bool changed = true;
    for (size_t work = 0; changed; work += a->states.n) {
        if (work > PRUNE_WORK_MAX)
            return err_set(err, ERR_LIMIT,
                           "the rules of the grammar use each other too deeply: more than %d steps "
                           "to find those that have a text",
                           PRUNE_WORK_MAX);
        changed = false;
        for (size_t i = a->states.n; i-- > 0;) {
            struct auto_state *s = &a->states.at[i];
            if ((s->flags & STATE_LIVE) || !becomes_live(a, s)) continue;
            s->flags |= STATE_LIVE;
            changed = true;
        }
    }
    for (size_t i = 0; i < a->states.n; i++) keep_live(a, &a->states.at[i]);
    return 0;
}

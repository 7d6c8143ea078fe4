/* Left recursion: no part may begin with itself, or a walk would push for ever. */
#include "grammar/automaton.h"

#include <assert.h>

enum { UNSEEN, OPEN, DONE };

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

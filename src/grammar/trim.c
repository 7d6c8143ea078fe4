/* Forgets the states of a grammar that nobody is in, and the frames that only they stood on. */
#include "grammar/walk.h"

#include <assert.h>

/* Marks the states to keep (renamed 0), and the frames of their stacks. */
static void mark(struct grammar *g, int32_t *renamed, int32_t *const *lists, const size_t *n,
                 size_t n_lists)
{
    struct frame *frames = g->stacks.frames.at;
    memset(renamed, 0xff, g->states.n * sizeof *renamed);
    renamed[0] = 0;
    for (size_t i = 0; i < n_lists; i++)
        for (size_t k = 0; k < n[i]; k++) {
            assert(lists[i][k] < (int32_t)g->states.n);
            if (lists[i][k] >= 0) renamed[lists[i][k]] = 0;
        }
    closure_begin(g);
    uint32_t kept = g->closure.generation;
    for (size_t i = 0; i < g->states.n; i++)
        for (uint32_t k = 0; renamed[i] == 0 && k < g->states.at[i].n; k++)
            frames[g->members.at[g->states.at[i].at + k]].seen = kept;
    for (size_t i = g->stacks.frames.n; i-- > 0;)
        if (frames[i].seen == kept && frames[i].parent >= 0) frames[frames[i].parent].seen = kept;
}

/* States keep their order, frames theirs: what was ascending stays so. */
static void keep(struct grammar *g, int32_t *renamed, const int32_t *frame_renamed)
{
    size_t n_states = 0, n_members = 0;
    for (size_t i = 0; i < g->states.n; i++) {
        if (renamed[i] < 0) continue;
        struct walk_state s = g->states.at[i];
        for (uint32_t k = 0; k < s.n; k++)
            g->members.at[n_members + k] = frame_renamed[g->members.at[s.at + k]];
        s.at = n_members;
        n_members += s.n;
        g->states.at[n_states] = s;
        g->rows.at[n_states] = g->blank;
        renamed[i] = (int32_t)n_states++;
    }
    g->states.n = g->rows.n = n_states;
    g->members.n = n_members;
    ARRAY_SHRINK(g->states);
    ARRAY_SHRINK(g->rows);
    ARRAY_SHRINK(g->members);
    g->table.rows = g->rows.at;
    arena_reset(&g->rows_arena);
    walk_fill_table(g);
}

int grammar_trim(struct grammar *g, int32_t *const *lists, const size_t *n, size_t n_lists)
{
    int32_t *renamed = mem_alloc(g->states.n * sizeof *renamed);
    int32_t *frame_renamed = mem_alloc(g->stacks.frames.n * sizeof *frame_renamed);
    int rc = renamed && frame_renamed ? 0 : -ERR_NO_MEMORY;
    if (rc == 0) {
        mark(g, renamed, lists, n, n_lists);
        stacks_keep(&g->stacks, g->closure.generation, frame_renamed);
        keep(g, renamed, frame_renamed);
        for (size_t i = 0; i < n_lists; i++)
            for (size_t k = 0; k < n[i]; k++)
                if (lists[i][k] >= 0) lists[i][k] = renamed[lists[i][k]];
        walk_publish(g);
    }
    mem_free(renamed);
    mem_free(frame_renamed);
    return rc;
}

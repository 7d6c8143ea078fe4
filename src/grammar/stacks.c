#include "grammar/stacks.h"

#include <assert.h>

void stacks_release(struct stacks *s)
{
    mem_free(s->frames.at);
    mem_free(s->table);
}

static size_t slot_of(const struct stacks *s, int32_t state, int32_t count, int32_t parent)
{
    uint64_t key = ((uint64_t)(uint32_t)state << 32 | (uint32_t)parent) * 0x9E3779B97F4A7C15u;
    key = (key ^ (key >> 29) ^ (uint32_t)count) * 0xBF58476D1CE4E5B9u;
    size_t slot = (size_t)(key >> 32) & (s->n_table - 1);
    while (s->table[slot] >= 0) {
        const struct frame *f = &s->frames.at[s->table[slot]];
        if (f->state == state && f->count == count && f->parent == parent) break;
        slot = (slot + 1) & (s->n_table - 1);
    }
    return slot;
}

static void fill_table(struct stacks *s)
{
    memset(s->table, 0xff, s->n_table * sizeof *s->table);
    for (size_t i = 0; i < s->frames.n; i++) {
        const struct frame *f = &s->frames.at[i];
        s->table[slot_of(s, f->state, f->count, f->parent)] = (int32_t)i;
    }
}

static bool grow(struct stacks *s)
{
    size_t n = s->n_table ? 2 * s->n_table : 64;
    int32_t *table = mem_alloc(n * sizeof *table);
    if (!table) return false;
    mem_free(s->table);
    s->table = table;
    s->n_table = n;
    fill_table(s);
    return true;
}

int32_t stacks_frame(struct stacks *s, int32_t state, int32_t count, int32_t parent)
{
    if (parent == FRAME_FAILED) return FRAME_FAILED;
    if (2 * s->frames.n >= s->n_table && !grow(s)) return FRAME_FAILED;
    size_t slot = slot_of(s, state, count, parent);
    if (s->table[slot] >= 0) return s->table[slot];
    uint32_t below = parent >= 0 ? s->frames.at[parent].shape : 0;
    uint32_t shape = ((uint32_t)state ^ (below >> 15 ^ below)) * 0x9E3779B1u + 1;
    if (s->frames.n >= s->frames_max ||
        !ARRAY_ADD(s->frames, (struct frame){ state, count, parent, 0, shape }))
        return FRAME_FAILED;
    return s->table[slot] = (int32_t)s->frames.n - 1;
}

void stacks_keep(struct stacks *s, uint32_t mark, int32_t *renamed)
{
    size_t n = 0;
    for (size_t i = 0; i < s->frames.n; i++) {
        struct frame f = s->frames.at[i];
        renamed[i] = f.seen == mark ? (int32_t)n : -1;
        if (f.seen != mark) continue;
        if (f.parent >= 0) f.parent = renamed[f.parent];
        assert(f.parent >= FRAME_NONE);
        s->frames.at[n++] = f;
    }
    s->frames.n = n;
    ARRAY_SHRINK(s->frames);
    if (s->n_table) fill_table(s);
}

#include "grammar/grammar.h"

#include "grammar/walk.h"

#include <assert.h>
#include <stdlib.h>

void walk_publish(struct grammar *g)
{
    size_t n_live = g->stacks.frames.n / FRAMES_PER_STATE;
    size_t bytes = sizeof *g + g->automaton.states.cap * sizeof *g->automaton.states.at +
                   g->automaton.edges.cap * sizeof *g->automaton.edges.at +
                   g->automaton.jumps.cap * sizeof *g->automaton.jumps.at +
                   g->automaton.parts.cap * sizeof *g->automaton.parts.at +
                   g->stacks.frames.cap * sizeof *g->stacks.frames.at +
                   g->stacks.n_table * sizeof *g->stacks.table +
                   g->members.cap * sizeof *g->members.at + g->states.cap * sizeof *g->states.at +
                   g->rows.cap * sizeof *g->rows.at + g->n_table * sizeof *g->table_of_states +
                   g->rows_arena.used +
                   (g->closure.todo.cap + g->closure.members.cap) * sizeof(int32_t) +
                   g->closure.shapes.cap * sizeof *g->closure.shapes.at;
    if (n_live < g->states.n) n_live = g->states.n;
    atomic_store_explicit(&g->n_live, (int)n_live, memory_order_relaxed);
    atomic_store_explicit(&g->n_bytes, bytes, memory_order_relaxed);
}

static size_t slot_of(const struct grammar *g, const int32_t *members, size_t n, bool accepts,
                      uint32_t hash)
{
    size_t slot = hash & (g->n_table - 1);
    for (; g->table_of_states[slot] >= 0; slot = (slot + 1) & (g->n_table - 1)) {
        const struct walk_state *s = &g->states.at[g->table_of_states[slot]];
        if (s->hash == hash && s->n == n && s->accepts == accepts &&
            (n == 0 || memcmp(g->members.at + s->at, members, n * sizeof *members) == 0))
            break;
    }
    return slot;
}

static uint32_t hash_of(const int32_t *members, size_t n, bool accepts)
{
    struct slice bytes = { (const char *)members, n * sizeof *members };
    return (uint32_t)slice_hash(n ? bytes : SLICE("")) + accepts;
}

void walk_fill_table(struct grammar *g)
{
    memset(g->table_of_states, 0xff, g->n_table * sizeof *g->table_of_states);
    for (size_t i = 0; i < g->states.n; i++) {
        struct walk_state *s = &g->states.at[i];
        const int32_t *members = s->n ? g->members.at + s->at : NULL;
        s->hash = hash_of(members, s->n, s->accepts);
        g->table_of_states[slot_of(g, members, s->n, s->accepts, s->hash)] = (int32_t)i;
    }
}

static bool grow_table(struct grammar *g)
{
    size_t n = g->n_table ? 2 * g->n_table : 64;
    int32_t *table = mem_alloc(n * sizeof *table);
    if (!table) return false;
    mem_free(g->table_of_states);
    g->table_of_states = table;
    g->n_table = n;
    walk_fill_table(g);
    return true;
}

static int32_t add_state(struct grammar *g, uint32_t hash, size_t slot)
{
    const struct closure *c = &g->closure;
    size_t n = c->members.n;
    struct walk_state state = { g->members.n, (uint32_t)n, hash, c->accepts, false, { 0, false } };
    if (g->states.n >= STATES_MAX) return GRAMMAR_UNKNOWN;
    bool room = ARRAY_ROOM(g->members, g->members.n + n) && ARRAY_ROOM(g->rows, g->states.n + 1);
    g->table.rows = g->rows.at; /* Also if there is no room for the rest. */
    if (!room || !ARRAY_ADD(g->states, state)) return GRAMMAR_UNKNOWN;
    if (n) memcpy(g->members.at + state.at, c->members.at, n * sizeof *c->members.at);
    g->members.n += n;
    g->rows.at[g->rows.n++] = g->blank;
    g->table_of_states[slot] = (int32_t)g->states.n - 1;
    return (int32_t)g->states.n - 1;
}

static int ascending(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

/* The state of the closure; GRAMMAR_UNKNOWN: there is no room for it now. */
static int32_t state_of_closure(struct grammar *g)
{
    struct closure *c = &g->closure;
    closure_finish(g);
    if (c->failed) return GRAMMAR_UNKNOWN;
    if (c->full) return GRAMMAR_FULL;
    if (c->members.n == 0 && !c->accepts) return GRAMMAR_DEAD;
    if (c->members.n > 1) qsort(c->members.at, c->members.n, sizeof *c->members.at, ascending);
    if (2 * g->states.n >= g->n_table && !grow_table(g)) return GRAMMAR_UNKNOWN;
    uint32_t hash = hash_of(c->members.at, c->members.n, c->accepts);
    size_t slot = slot_of(g, c->members.at, c->members.n, c->accepts, hash);
    return g->table_of_states[slot] >= 0 ? g->table_of_states[slot] : add_state(g, hash, slot);
}

static void add_targets(struct grammar *g, int32_t frame, uint8_t byte)
{
    struct frame f = g->stacks.frames.at[frame];
    const struct auto_state *s = frame_state(g, &f);
    if (!closure_spend(g, s->n_edges)) return;
    for (uint32_t i = 0; i < s->n_edges && !g->closure.full; i++) {
        const struct auto_edge *edge = &g->automaton.edges.at[s->edges + i];
        if (edge->lo > byte) break;
        if (edge->hi < byte) continue;
        bool last = g->automaton.states.at[edge->to].flags & STATE_LAST;
        closure_add(g, last ? f.parent : stacks_frame(&g->stacks, edge->to, 0, f.parent));
    }
}

/* Where to remember the step; NULL: nowhere. */
static int32_t *own_row(struct grammar *g, int32_t state)
{
    if (g->rows.at[state] == g->blank) {
        size_t bytes = (size_t)g->n_classes * sizeof g->blank[0];
        int32_t *row = arena_alloc(&g->rows_arena, bytes);
        if (!row) return NULL;
        memcpy(row, g->blank, bytes);
        g->rows.at[state] = row;
    }
    return g->rows.at[state];
}

int32_t grammar_step_first(struct grammar *g, int32_t state, uint8_t byte)
{
    assert(state >= 0 && (size_t)state < g->states.n);
    struct walk_state from = g->states.at[state];
    closure_begin(g);
    for (uint32_t i = 0; i < from.n; i++) add_targets(g, g->members.at[from.at + i], byte);
    int32_t next = state_of_closure(g);
    int32_t *row = own_row(g, state);
    if (row) row[g->table.class_of[byte]] = next; /* Unknown stays unknown. */
    walk_publish(g);
    return next == GRAMMAR_UNKNOWN ? GRAMMAR_FULL : next;
}

static int find_start(struct grammar *g, struct err *err)
{
    closure_begin(g);
    int32_t start = g->automaton.parts.at[0].start;
    if (g->automaton.states.at[start].flags & STATE_LIVE)
        closure_add(g, stacks_frame(&g->stacks, start, 0, FRAME_NONE));
    if (g->nullable) closure_add(g, FRAME_NONE);
    int32_t state = state_of_closure(g);
    if (state == GRAMMAR_FULL)
        return err_set(err, ERR_LIMIT, "the grammar can begin in more than %d ways",
                       GRAMMAR_STACKS_MAX);
    if (state < 0) return err_set(err, ERR_NO_MEMORY, "out of memory for a grammar");
    walk_publish(g);
    return 0;
}

int walk_open(struct grammar **ret, struct automaton *a, bool nullable, struct err *err)
{
    struct grammar *g = mem_calloc(1, sizeof *g);
    if (!g) return err_set(err, ERR_NO_MEMORY, "out of memory for a grammar");
    (void)pthread_mutex_init(&g->lock, NULL); /* Cannot fail on Linux. */
    atomic_init(&g->n_refs, 1);
    arena_init(&g->rows_arena, ROWS_BYTES_MAX);
    g->stacks.frames_max = FRAMES_MAX;
    g->closure.frames_max = CLOSURE_MAX;
    g->closure.work_max = CLOSURE_WORK_MAX;
    for (int i = 0; i < 256; i++) g->blank[i] = GRAMMAR_UNKNOWN;
    g->automaton = *a;
    *a = (struct automaton){ 0 };
    g->nullable = nullable;
    for (size_t i = 0; i < g->automaton.parts.n && !g->counts; i++) {
        const struct auto_part *part = &g->automaton.parts.at[i];
        g->counts = part->max > part->min && part->max < GRAMMAR_UNBOUNDED;
    }
    g->n_classes = automaton_classes(&g->automaton, g->table.class_of);
    int rc = find_start(g, err);
    if (rc < 0)
        grammar_unref(g);
    else
        *ret = g;
    return rc;
}

struct grammar *grammar_ref(struct grammar *g)
{
    (void)atomic_fetch_add_explicit(&g->n_refs, 1, memory_order_relaxed); /* The old count. */
    return g;
}

void grammar_unref(struct grammar *g)
{
    if (!g || atomic_fetch_sub_explicit(&g->n_refs, 1, memory_order_acq_rel) > 1) return;
    if (g->extra) g->extra->close(g->extra);
    (void)pthread_mutex_destroy(&g->lock); /* Nobody holds it. */
    automaton_release(&g->automaton);
    stacks_release(&g->stacks);
    arena_release(&g->rows_arena);
    mem_free(g->members.at);
    mem_free(g->states.at);
    mem_free(g->rows.at);
    mem_free(g->table_of_states);
    mem_free(g->closure.todo.at);
    mem_free(g->closure.members.at);
    mem_free(g->closure.shapes.at);
    mem_free(g);
}

void grammar_lock(struct grammar *g)
{
    (void)pthread_mutex_lock(&g->lock); /* Fails only on misuse. */
}

void grammar_unlock(struct grammar *g)
{
    (void)pthread_mutex_unlock(&g->lock); /* Fails only on misuse. */
}

struct grammar_extra *grammar_extra(const struct grammar *g)
{
    return g->extra;
}

void grammar_set_extra(struct grammar *g, struct grammar_extra *extra)
{
    assert(!g->extra);
    g->extra = extra;
}

int32_t grammar_start(struct grammar *g)
{
    (void)g;
    return 0;
}

bool grammar_accepts(struct grammar *g, int32_t state)
{
    return state >= 0 && g->states.at[state].accepts;
}

int32_t grammar_forced_byte(struct grammar *g, int32_t state)
{
    if (state < 0 || g->states.at[state].accepts) return -1;
    const struct walk_state *w = &g->states.at[state];
    int32_t byte = -1;
    for (uint32_t i = 0; i < w->n; i++) {
        const struct frame *f = &g->stacks.frames.at[g->members.at[w->at + i]];
        const struct auto_state *s = frame_state(g, f);
        for (uint32_t k = 0; k < s->n_edges; k++) {
            const struct auto_edge *edge = &g->automaton.edges.at[s->edges + k];
            if (edge->lo != edge->hi || (byte >= 0 && byte != edge->lo)) return -1;
            byte = edge->lo;
        }
    }
    return byte;
}

uint8_t grammar_class_of(const struct grammar *g, uint8_t byte)
{
    return g->table.class_of[byte];
}

int32_t grammar_n_states(const struct grammar *g)
{
    return atomic_load_explicit(&g->n_live, memory_order_relaxed);
}

size_t grammar_bytes(const struct grammar *g)
{
    return atomic_load_explicit(&g->n_bytes, memory_order_relaxed);
}

int32_t grammar_size(const struct grammar *g)
{
    return (int32_t)g->automaton.states.n;
}

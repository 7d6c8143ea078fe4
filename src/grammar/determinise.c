/* The subset construction (Rabin and Scott 1959): a state of the result is the set of states in
 * which the nondeterministic automaton may be. Sets hold only states that read, call or accept. */
#include "grammar/automaton.h"

#include <assert.h>
#include <stdlib.h>

/* Of the budget, for a state with several moves: to find its intervals. */
enum { WORK_PER_STATE = 32 };

struct set {
    size_t at; /* Where in pool. */
    uint32_t n;
    uint32_t hash;
};

struct subset {
    struct automaton *a;
    const struct nfa *nfa;
    const struct determinise_limits *limits;
    int64_t work;
    int32_t base;              /* The first state of the result. */
    ARRAY(int32_t) pool;       /* The sets, one behind the other; ascending each. */
    ARRAY(struct set) sets;    /* [state - base] */
    ARRAY(int32_t) unexpanded; /* States without edges yet; the newest first: texts lie along. */
    int32_t *table;            /* Hash table of sets: index or -1; n_table of them */
    size_t n_table, n_in_table;
    int32_t *alone;             /* [nfa state]: the index of the set of it alone, or -1 */
    uint32_t *seen, generation; /* [nfa state]: the closure that has it */
    ARRAY(int32_t) closure, sorting;
    ARRAY(struct nfa_move) moves;  /* Of the set at hand: over bytes ... */
    ARRAY(struct auto_jump) calls; /* ... and calls. */
    ARRAY(int32_t) targets;        /* of `moves`, by interval of bytes */
};

static int spend(struct subset *s, int64_t work)
{
    s->work += work;
    return s->work > s->limits->work_max || s->work > *s->limits->work ? -ERR_LIMIT : 0;
}

static int ascending(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

/* By the lower, then the higher half of the bits. */
static int sort_many(struct subset *s, int32_t *at, size_t n)
{
    enum { BITS = 11, N = 1 << BITS };
    _Static_assert(NFA_STATES_MAX <= 1 << 2 * BITS, "two rounds sort all states");
    if (!ARRAY_ROOM(s->sorting, n)) return -ERR_NO_MEMORY;
    for (int shift = 0; shift <= BITS; shift += BITS) {
        const int32_t *from = shift ? s->sorting.at : at;
        int32_t *to = shift ? at : s->sorting.at;
        size_t place[N + 1] = { 0 };
        for (size_t i = 0; i < n; i++) place[(from[i] >> shift & (N - 1)) + 1]++;
        for (int i = 0; i < N; i++) place[i + 1] += place[i];
        for (size_t i = 0; i < n; i++) to[place[from[i] >> shift & (N - 1)]++] = from[i];
    }
    return 0;
}

static int sort(struct subset *s, int32_t *at, size_t n)
{
    if (n > 256) return sort_many(s, at, n);
    if (n > 24) {
        qsort(at, n, sizeof *at, ascending);
        return 0;
    }
    for (size_t i = 1; i < n; i++) {
        int32_t value = at[i];
        size_t j = i;
        for (; j > 0 && at[j - 1] > value; j--) at[j] = at[j - 1];
        at[j] = value;
    }
    return 0;
}

static int visit(struct subset *s, int32_t state)
{
    if (s->seen[state] == s->generation) return 0;
    s->seen[state] = s->generation;
    return ARRAY_ADD(s->closure, state) ? 0 : -ERR_NO_MEMORY;
}

/* Puts the set that `targets` reach without reading behind the pool. */
static int close_over(struct subset *s, const int32_t *targets, size_t n)
{
    size_t from = s->pool.n;
    s->closure.n = 0;
    s->generation++;
    for (size_t i = 0; i < n; i++) TRY(visit(s, targets[i]));
    for (size_t i = 0; i < s->closure.n; i++) {
        int32_t state = s->closure.at[i];
        const struct nfa_state *from_state = &s->nfa->states.at[state];
        for (int32_t k = from_state->skip; k >= 0; k = s->nfa->skips.at[k].next) {
            TRY(visit(s, s->nfa->skips.at[k].to));
            TRY(spend(s, 1));
        }
        if (from_state->move < 0 && state != NFA_END) continue;
        if (!ARRAY_ADD(s->pool, state)) return -ERR_NO_MEMORY;
    }
    TRY(sort(s, s->pool.at + from, s->pool.n - from));
    return spend(s, 1 + (int64_t)(n + s->closure.n));
}

static int add_state(struct subset *s, struct set set)
{
    if (s->a->states.n - (size_t)s->base >= s->limits->states_max) return -ERR_LIMIT;
    if (!ARRAY_ADD(s->sets, set) || !ARRAY_ADD(s->unexpanded, (int32_t)s->sets.n - 1))
        return -ERR_NO_MEMORY;
    bool accepts = false;
    for (uint32_t i = 0; i < set.n && !accepts; i++) accepts = s->pool.at[set.at + i] == NFA_END;
    return automaton_state(s->a, accepts ? STATE_ACCEPTS : 0) < 0 ? -ERR_NO_MEMORY : 0;
}

static bool same_set(const struct subset *s, struct set x, struct set y)
{
    return x.hash == y.hash && x.n == y.n &&
           memcmp(s->pool.at + x.at, s->pool.at + y.at, x.n * sizeof *s->pool.at) == 0;
}

static int grow_table(struct subset *s)
{
    size_t n = s->n_table ? 2 * s->n_table : 64;
    int32_t *table = mem_alloc(n * sizeof *table);
    if (!table) return -ERR_NO_MEMORY;
    memset(table, 0xff, n * sizeof *table);
    for (size_t i = 0; i < s->n_table; i++) {
        if (s->table[i] < 0) continue;
        size_t slot = s->sets.at[s->table[i]].hash & (n - 1);
        while (table[slot] >= 0) slot = (slot + 1) & (n - 1);
        table[slot] = s->table[i];
    }
    mem_free(s->table);
    s->table = table;
    s->n_table = n;
    return 0;
}

/* The state of one nondeterministic one: most are. */
static int state_of_one(struct subset *s, int32_t *ret, int32_t state)
{
    if (s->alone[state] < 0) {
        if (!ARRAY_ADD(s->pool, state)) return -ERR_NO_MEMORY;
        TRY(add_state(s, (struct set){ s->pool.n - 1, 1, 0 }));
        s->alone[state] = (int32_t)s->sets.n - 1;
    }
    *ret = s->base + s->alone[state];
    return spend(s, 1);
}

/* The state of what `targets` reach; made if there is none. */
static int state_of(struct subset *s, int32_t *ret, const int32_t *targets, size_t n)
{
    struct set set = { .at = s->pool.n };
    if (n == 1 && s->nfa->states.at[targets[0]].skip < 0) return state_of_one(s, ret, targets[0]);
    TRY(close_over(s, targets, n));
    set.n = (uint32_t)(s->pool.n - set.at);
    if (set.n == 1) return state_of_one(s, ret, s->pool.at[--s->pool.n]);
    set.hash = (uint32_t)slice_hash(
        (struct slice){ (const char *)(s->pool.at + set.at), set.n * sizeof *s->pool.at });
    if (2 * s->n_in_table >= s->n_table) TRY(grow_table(s));
    size_t slot = set.hash & (s->n_table - 1);
    while (s->table[slot] >= 0 && !same_set(s, s->sets.at[s->table[slot]], set))
        slot = (slot + 1) & (s->n_table - 1);
    if (s->table[slot] >= 0) {
        s->pool.n = set.at;
    } else {
        TRY(add_state(s, set));
        s->table[slot] = (int32_t)s->sets.n - 1;
        s->n_in_table++;
    }
    *ret = s->base + s->table[slot];
    return 0;
}

static int gather(struct subset *s, struct set set)
{
    s->moves.n = s->calls.n = 0;
    for (uint32_t i = 0; i < set.n; i++) {
        int32_t state = s->pool.at[set.at + i];
        for (int32_t k = s->nfa->states.at[state].move; k >= 0; k = s->nfa->moves.at[k].next) {
            const struct nfa_move *m = &s->nfa->moves.at[k];
            bool added = m->callee == NFA_BYTES
                             ? ARRAY_ADD(s->moves, *m)
                             : ARRAY_ADD(s->calls, (struct auto_jump){ m->callee, m->to });
            if (!added) return -ERR_NO_MEMORY;
            TRY(spend(s, 1));
        }
    }
    return 0;
}

static int add_edge(struct subset *s, uint32_t first, struct auto_edge edge)
{
    if (s->a->edges.n > first) {
        struct auto_edge *last = &s->a->edges.at[s->a->edges.n - 1];
        if (last->to == edge.to && last->hi + 1 == edge.lo) {
            last->hi = edge.hi;
            return 0;
        }
    }
    return ARRAY_ADD(s->a->edges, edge) ? 0 : -ERR_NO_MEMORY;
}

/* Within a text. */
static int expand_one(struct subset *s, struct nfa_move move)
{
    struct auto_edge edge = { .lo = move.lo, .hi = move.hi };
    TRY(state_of(s, &edge.to, &move.to, 1));
    return ARRAY_ADD(s->a->edges, edge) ? 0 : -ERR_NO_MEMORY;
}

/* The bytes fall into intervals in which all moves are the same; each gets its targets. */
static int expand_bytes(struct subset *s)
{
    bool cut[257] = { true };
    int interval[256], n = 0;
    uint32_t first = (uint32_t)s->a->edges.n;
    size_t from[258] = { 0 }, fill[257], starts[258] = { 0 };
    uint8_t lo[257];
    for (size_t i = 0; i < s->moves.n; i++)
        cut[s->moves.at[i].lo] = cut[s->moves.at[i].hi + 1] = true;
    for (int byte = 0; byte < 256; byte++) {
        if (cut[byte]) lo[n++] = (uint8_t)byte;
        interval[byte] = n - 1;
    }
    for (size_t i = 0; i < s->moves.n; i++) {
        starts[interval[s->moves.at[i].lo]]++;
        starts[interval[s->moves.at[i].hi] + 1]--;
    }
    for (int k = 0; k < n; k++) {
        from[k + 1] = from[k] + starts[k]; /* So many moves are in this interval. */
        starts[k + 1] += starts[k];
    }
    TRY(spend(s, WORK_PER_STATE + (int64_t)from[n]));
    if (!ARRAY_ROOM(s->targets, from[n])) return -ERR_NO_MEMORY;
    memcpy(fill, from, sizeof fill);
    for (size_t i = 0; i < s->moves.n; i++)
        for (int k = interval[s->moves.at[i].lo]; k <= interval[s->moves.at[i].hi]; k++)
            s->targets.at[fill[k]++] = s->moves.at[i].to;
    for (int k = 0; k < n; k++) {
        if (from[k] == from[k + 1]) continue;
        uint8_t hi = k + 1 < n ? (uint8_t)(lo[k + 1] - 1) : 0xff;
        int32_t to;
        TRY(state_of(s, &to, s->targets.at + from[k], from[k + 1] - from[k]));
        TRY(add_edge(s, first, (struct auto_edge){ to, lo[k], hi }));
    }
    return 0;
}

static int by_part(const void *a, const void *b)
{
    const struct auto_jump *x = a, *y = b;
    return (x->part > y->part) - (x->part < y->part);
}

static int expand_calls(struct subset *s)
{
    size_t n = s->calls.n;
    if (n) qsort(s->calls.at, n, sizeof *s->calls.at, by_part);
    for (size_t i = 0, end; i < n; i = end) {
        struct auto_jump jump = { .part = s->calls.at[i].part };
        s->targets.n = 0;
        for (end = i; end < n && s->calls.at[end].part == jump.part; end++)
            if (!ARRAY_ADD(s->targets, s->calls.at[end].to)) return -ERR_NO_MEMORY;
        TRY(state_of(s, &jump.to, s->targets.at, s->targets.n));
        if (!ARRAY_ADD(s->a->jumps, jump)) return -ERR_NO_MEMORY;
    }
    return 0;
}

static int expand(struct subset *s, size_t i)
{
    uint32_t edges = (uint32_t)s->a->edges.n, jumps = (uint32_t)s->a->jumps.n;
    TRY(gather(s, s->sets.at[i]));
    if (s->moves.n == 1)
        TRY(expand_one(s, s->moves.at[0]));
    else if (s->moves.n)
        TRY(expand_bytes(s));
    TRY(expand_calls(s));
    struct auto_state *state = &s->a->states.at[(size_t)s->base + i];
    state->edges = edges;
    state->jumps = jumps;
    state->n_edges = (uint32_t)s->a->edges.n - edges;
    state->n_jumps = (uint32_t)s->a->jumps.n - jumps;
    return 0;
}

/* The start is a set that is not looked up: so no edge leads to it. */
static int construct(struct subset *s)
{
    int32_t start = NFA_START;
    struct set set = { 0 };
    if (!ARRAY_ROOM(s->pool, 1)) return -ERR_NO_MEMORY;
    TRY(close_over(s, &start, 1));
    set.n = (uint32_t)s->pool.n;
    TRY(add_state(s, set));
    while (s->unexpanded.n) TRY(expand(s, (size_t)s->unexpanded.at[--s->unexpanded.n]));
    return 0;
}

int determinise(struct automaton *a, int32_t *ret_start, const struct nfa *n,
                const struct determinise_limits *limits)
{
    assert(n->rc == 0);
    struct subset s = { .a = a, .nfa = n, .limits = limits, .base = (int32_t)a->states.n };
    size_t n_edges = a->edges.n, n_jumps = a->jumps.n;
    s.seen = mem_calloc(n->states.n, sizeof *s.seen);
    s.alone = mem_alloc(n->states.n * sizeof *s.alone);
    if (s.alone) memset(s.alone, 0xff, n->states.n * sizeof *s.alone);
    int rc = s.seen && s.alone ? construct(&s) : -ERR_NO_MEMORY;
    *limits->work -= s.work < *limits->work ? s.work : *limits->work;
    if (rc < 0) {
        a->states.n = (size_t)s.base;
        a->edges.n = n_edges;
        a->jumps.n = n_jumps;
    } else {
        *ret_start = s.base;
    }
    mem_free(s.seen);
    mem_free(s.alone);
    mem_free(s.unexpanded.at);
    mem_free(s.pool.at);
    mem_free(s.sets.at);
    mem_free(s.table);
    mem_free(s.closure.at);
    mem_free(s.sorting.at);
    mem_free(s.moves.at);
    mem_free(s.calls.at);
    mem_free(s.targets.at);
    return rc;
}

/* `and` and `except`: both operands become deterministic, and pairs of their states, reached
 * together from the two starts, are the states of the result. */
#include "grammar/compile.h"

enum { GONE = -1 }; /* The second operand has no text that goes on so. */

struct pair {
    int32_t a, c; /* c may be GONE: of except. */
};

struct product {
    struct nfa *n;
    struct automaton a, c;
    bool except;
    ARRAY(struct pair) pairs; /* Those whose moves are written come first. */
    ARRAY(int32_t) states;    /* [pair]: its state in n */
    int32_t *table;           /* Hash table of pairs: index or -1; n_table of them */
    size_t n_table;
};

static size_t slot_of(const struct product *p, struct pair pair)
{
    uint64_t key = (uint64_t)(uint32_t)pair.a << 32 | (uint32_t)pair.c;
    size_t slot = (size_t)(key * 0x9E3779B97F4A7C15u >> 32) & (p->n_table - 1);
    while (p->table[slot] >= 0) {
        const struct pair *there = &p->pairs.at[p->table[slot]];
        if (there->a == pair.a && there->c == pair.c) break;
        slot = (slot + 1) & (p->n_table - 1);
    }
    return slot;
}

static int grow(struct product *p)
{
    size_t n = p->n_table ? 2 * p->n_table : 64;
    int32_t *table = mem_alloc(n * sizeof *table);
    if (!table) return -ERR_NO_MEMORY;
    memset(table, 0xff, n * sizeof *table);
    mem_free(p->table);
    p->table = table;
    p->n_table = n;
    for (size_t i = 0; i < p->pairs.n; i++) table[slot_of(p, p->pairs.at[i])] = (int32_t)i;
    return 0;
}

static int state_of(struct product *p, int32_t *ret, struct pair pair)
{
    if (2 * p->pairs.n >= p->n_table) TRY(grow(p));
    size_t slot = slot_of(p, pair);
    if (p->table[slot] < 0) {
        if (p->pairs.n >= OPERAND_STATES_MAX) return -ERR_LIMIT;
        if (!ARRAY_ADD(p->pairs, pair) || !ARRAY_ADD(p->states, nfa_state(p->n)))
            return -ERR_NO_MEMORY;
        p->table[slot] = (int32_t)p->pairs.n - 1;
    }
    *ret = p->states.at[p->table[slot]];
    return p->n->rc;
}

static int write_move(struct product *p, int32_t from, uint8_t lo, uint8_t hi, struct pair pair)
{
    int32_t to;
    if (pair.c == GONE && !p->except) return 0;
    TRY(state_of(p, &to, pair));
    nfa_bytes(p->n, from, lo, hi, to);
    return p->n->rc;
}

/* The edges of the first, cut where those of the second begin and end. */
static int write_moves(struct product *p, struct pair pair, int32_t from)
{
    const struct auto_state *a = &p->a.states.at[pair.a];
    const struct auto_state none = { 0 }, *c = pair.c == GONE ? &none : &p->c.states.at[pair.c];
    uint32_t k = 0;
    nfa_spend(p->n, 1 + (int64_t)a->n_edges + c->n_edges);
    if (p->n->rc) return p->n->rc;
    for (uint32_t i = 0; i < a->n_edges; i++) {
        const struct auto_edge *edge = &p->a.edges.at[a->edges + i];
        for (int lo = edge->lo, hi; lo <= edge->hi; lo = hi + 1) {
            struct pair to = { edge->to, GONE };
            while (k < c->n_edges && p->c.edges.at[c->edges + k].hi < lo) k++;
            hi = edge->hi;
            if (k < c->n_edges) {
                const struct auto_edge *other = &p->c.edges.at[c->edges + k];
                if (other->lo <= lo) to.c = other->to;
                int end = other->lo <= lo ? other->hi : other->lo - 1;
                if (end < hi) hi = end;
            }
            TRY(write_move(p, from, (uint8_t)lo, (uint8_t)hi, to));
        }
    }
    return 0;
}

static bool accepts(const struct product *p, struct pair pair)
{
    bool a = p->a.states.at[pair.a].flags & STATE_ACCEPTS;
    bool c = pair.c != GONE && (p->c.states.at[pair.c].flags & STATE_ACCEPTS);
    return a && c != p->except;
}

static int multiply(struct product *p, struct pair start, const struct fragment *f)
{
    int32_t first;
    TRY(state_of(p, &first, start));
    nfa_skip(p->n, f->from, first);
    for (size_t i = 0; i < p->pairs.n; i++) {
        struct pair pair = p->pairs.at[i];
        int32_t from = p->states.at[i];
        if (accepts(p, pair)) nfa_skip(p->n, from, f->to);
        TRY(write_moves(p, pair, from));
    }
    return p->n->rc;
}

/* An operand alone, deterministic. */
static int operand(struct compiler *c, struct automaton *ret, int32_t *ret_start, int32_t expr,
                   int depth)
{
    struct nfa n;
    nfa_init(&n, &c->work_left);
    struct fragment f = { &n, NFA_START, NFA_END, depth + 1, .operand = true };
    const struct determinise_limits limits = { OPERAND_STATES_MAX, &c->work_left,
                                               OPERAND_WORK_MAX };
    int rc = n.rc;
    if (rc == 0) rc = write_fragment(c, expr, &f);
    if (rc == 0) rc = determinise(ret, ret_start, &n, &limits);
    nfa_release(&n);
    return rc;
}

int write_product(struct compiler *c, int32_t expr, const struct fragment *f)
{
    const struct expr *e = &c->b->exprs.at[expr];
    struct product p = { .n = f->n, .except = e->kind == EXPR_EXCEPT };
    struct pair start;
    int rc = operand(c, &p.a, &start.a, e->a, f->depth);
    if (rc == 0) rc = operand(c, &p.c, &start.c, e->b, f->depth);
    if (rc == 0) rc = multiply(&p, start, f);
    automaton_release(&p.a);
    automaton_release(&p.c);
    mem_free(p.pairs.at);
    mem_free(p.states.at);
    mem_free(p.table);
    if (rc == -ERR_LIMIT && !f->n->rc) f->n->rc = rc;
    return rc;
}

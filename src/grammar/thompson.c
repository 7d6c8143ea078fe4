/* From expressions to a nondeterministic automaton (Thompson 1968), in which the use of a rule and
 * a large counted repetition are calls. */
#include "grammar/compile.h"

#include "grammar/grammar.h"

#include <assert.h>

static int write_chars(struct compiler *c, const struct expr *e, const struct fragment *f)
{
    const struct char_node *nodes = c->b->char_nodes.at + e->a;
    int32_t inner = (int32_t)f->n->states.n; /* The state of node 0; the entry has none. */
    for (int32_t i = 0; i + 1 < e->b; i++) (void)nfa_state(f->n); /* n->rc remembers. */
    for (int32_t i = 0; i < e->b && !f->n->rc; i++) {
        int32_t from = i + 1 < e->b ? inner + i : f->from;
        for (int32_t k = 0; k < nodes[i].n_edges; k++) {
            char_edge edge = c->b->char_edges.at[nodes[i].edges + k];
            int32_t to = (int32_t)(edge >> 16);
            nfa_bytes(f->n, from, (uint8_t)(edge >> 8), (uint8_t)edge,
                      to == CHAR_END ? f->to : inner + to);
        }
    }
    return f->n->rc;
}

static struct fragment within(const struct fragment *f, int32_t from, int32_t to)
{
    return (struct fragment){ f->n, from, to, f->depth + 1, f->operand };
}

static int write_seq(struct compiler *c, const struct expr *e, const struct fragment *f)
{
    int32_t from = f->from;
    for (int32_t i = 0; i < e->b; i++) {
        int32_t to = i + 1 < e->b ? nfa_state(f->n) : f->to;
        struct fragment part = within(f, from, to);
        TRY(write_fragment(c, c->b->children.at[e->a + i], &part));
        from = to;
    }
    return 0;
}

static int write_alt(struct compiler *c, const struct expr *e, const struct fragment *f)
{
    struct fragment part = within(f, f->from, f->to);
    TRY(write_texts(c, e, f));
    for (int32_t i = 0; i < e->b; i++) {
        int32_t child = c->b->children.at[e->a + i];
        if (c->b->exprs.at[child].kind != EXPR_TEXT) TRY(write_fragment(c, child, &part));
    }
    return 0;
}

/* Round and round, at least once if `once`. */
static int write_loop(struct compiler *c, int32_t body, const struct fragment *f, bool once)
{
    int32_t begin = nfa_state(f->n), end = once ? nfa_state(f->n) : begin;
    struct fragment part = within(f, begin, end);
    nfa_skip(f->n, f->from, begin);
    TRY(write_fragment(c, body, &part));
    nfa_skip(f->n, end, begin);
    nfa_skip(f->n, end, f->to);
    return f->n->rc;
}

/* As many copies as it takes. */
static int write_copies(struct compiler *c, const struct expr *e, const struct fragment *f)
{
    bool endless = e->c == GRAMMAR_UNBOUNDED;
    int64_t n = repeat_copies(e);
    int32_t from = f->from;
    if (n > NFA_STATES_MAX) f->n->rc = -ERR_LIMIT;
    for (int32_t i = 0; i < n && !f->n->rc; i++) {
        bool last = i + 1 == n;
        int32_t to = last ? f->to : nfa_state(f->n);
        struct fragment part = within(f, from, to);
        if (i >= e->b) nfa_skip(f->n, from, f->to);
        if (last && endless)
            TRY(write_loop(c, e->a, &part, e->b > 0));
        else
            TRY(write_fragment(c, e->a, &part));
        from = to;
    }
    return f->n->rc;
}

/* The part that `*known` remembers, or a new one. */
static int part_of(struct compiler *c, int32_t *known, int32_t body, struct auto_part part)
{
    if (*known >= 0) return 0;
    *known = (int32_t)c->out->parts.n;
    if (!ARRAY_ADD(c->out->parts, part) || !ARRAY_ADD(c->bodies, body)) return -ERR_NO_MEMORY;
    return 0;
}

static int write_call(int32_t part, bool nullable, const struct fragment *f)
{
    nfa_call(f->n, f->from, part, f->to);
    if (nullable) nfa_skip(f->n, f->from, f->to);
    return f->n->rc;
}

/* Parts have no empty text: what may be empty is counted from 1, with a way past it. */
static int write_repeat(struct compiler *c, int32_t expr, const struct fragment *f)
{
    const struct expr *e = &c->b->exprs.at[expr];
    if (f->operand || repeat_unrolls(&c->analysis, e)) return write_copies(c, e, f);
    bool body_nullable = expr_is(&c->analysis, e->a, EXPR_NULLABLE);
    struct auto_part loop = { .min = body_nullable || e->b == 0 ? 1 : e->b,
                              .max = e->c,
                              .rule = -1 };
    TRY(part_of(c, &c->of_repeat[expr], e->a, loop));
    return write_call(c->of_repeat[expr], body_nullable || e->b == 0, f);
}

static int write_use(struct compiler *c, const struct expr *e, const struct fragment *f)
{
    int32_t body = c->b->rules.at[e->a].expr;
    bool fits = f->depth + c->b->exprs.at[body].depth <= GRAMMAR_DEPTH_MAX;
    struct fragment part = within(f, f->from, f->to);
    if (f->operand && !fits)
        return err_set(c->err, ERR_LIMIT,
                       "the rules in an operand of `and` or `except` lie more than %d expressions "
                       "within one another",
                       GRAMMAR_DEPTH_MAX);
    if (f->operand || (fits && rule_inlines(&c->analysis, body)))
        return write_fragment(c, body, &part);
    TRY(part_of(c, &c->of_rule[e->a], body, (struct auto_part){ .rule = e->a }));
    return write_call(c->of_rule[e->a], expr_is(&c->analysis, body, EXPR_NULLABLE), f);
}

int write_fragment(struct compiler *c, int32_t expr, const struct fragment *f)
{
    const struct expr *e = &c->b->exprs.at[expr];
    struct nfa *n = f->n;
    nfa_spend(n, 1);
    if (n->rc) return n->rc;
    switch (e->kind) {
    case EXPR_EMPTY: nfa_skip(n, f->from, f->to); break;
    case EXPR_NEVER: break;
    case EXPR_TEXT: nfa_text(n, expr_text(c->b, e), f->from, f->to); break;
    case EXPR_TOKEN: {
        int32_t inside = nfa_state(n);
        nfa_bytes(n, f->from, GRAMMAR_TOKEN_BYTE, GRAMMAR_TOKEN_BYTE, inside);
        nfa_text(n, expr_text(c->b, e), inside, f->to);
        break;
    }
    case EXPR_UNTIL: nfa_until(n, expr_text(c->b, e), f->from, f->to); break;
    case EXPR_CHARS: return write_chars(c, e, f);
    case EXPR_SEQ: return write_seq(c, e, f);
    case EXPR_ALT: return write_alt(c, e, f);
    case EXPR_REPEAT: return write_repeat(c, expr, f);
    case EXPR_AND:
    case EXPR_EXCEPT: return write_product(c, expr, f);
    case EXPR_USE: return write_use(c, e, f);
    default: assert(!"an expression has a kind");
    }
    return n->rc;
}

#include "grammar/compile.h"

#include "grammar/grammar.h"
#include "grammar/walk.h"

#include <assert.h>

enum {
    /* A part becomes deterministic if that takes at most so many states and so much work, and so
     * much for each state that it has: the worst case is exponential. */
    PART_STATES_BASE = 4096,
    PART_STATES_EACH = 16,
    PART_WORK_BASE = 1 << 18,
    PART_WORK_EACH = 256,
    APPEND_WORK_EACH = 4, /* To take it over as it is, sorted. */
};

/* Deterministic if that costs little enough, and leaves most of the budget; as it is if not. */
static int append_part(struct compiler *c, int32_t *ret_start, const struct nfa *n)
{
    size_t left = GRAMMAR_STATES_MAX - c->out->states.n;
    size_t enough = PART_STATES_BASE + PART_STATES_EACH * n->states.n;
    int64_t size = (int64_t)(n->states.n + n->moves.n + n->skips.n);
    int64_t work = PART_WORK_BASE + PART_WORK_EACH * size, quarter = c->work_left / 4;
    const struct determinise_limits limits = { enough < left ? enough : left, &c->work_left,
                                               work < quarter ? work : quarter };
    int rc = determinise(c->out, ret_start, n, &limits);
    if (rc != -ERR_LIMIT) return rc;
    if ((c->work_left -= APPEND_WORK_EACH * size) < 0) return -ERR_LIMIT;
    return n->states.n < left ? automaton_append(c->out, ret_start, n) : -ERR_LIMIT;
}

/* Bodies of loops inherit the rule in which they were found. */
static int compile_part(struct compiler *c, struct nfa *n, size_t part)
{
    struct fragment f = { n, NFA_START, NFA_END, 0, false };
    size_t n_parts = c->out->parts.n;
    int32_t start = 0;
    nfa_reset(n);
    TRY(n->rc);
    TRY(write_fragment(c, c->bodies.at[part], &f));
    TRY(append_part(c, &start, n));
    c->out->states.at[start].flags &= (uint8_t)~STATE_ACCEPTS;
    c->out->parts.at[part].start = start;
    for (size_t i = n_parts; i < c->out->parts.n; i++)
        if (c->out->parts.at[i].rule < 0) c->out->parts.at[i].rule = c->out->parts.at[part].rule;
    return 0;
}

static int compile_parts(struct compiler *c, int32_t root)
{
    struct nfa n;
    int rc = 0;
    if (!ARRAY_ADD(c->out->parts, (struct auto_part){ .rule = -1 }) || !ARRAY_ADD(c->bodies, root))
        return -ERR_NO_MEMORY;
    nfa_init(&n, &c->work_left);
    for (size_t i = 0; i < c->out->parts.n && rc == 0; i++) rc = compile_part(c, &n, i);
    nfa_release(&n);
    return rc;
}

static int compile_all(struct compiler *c, int32_t root)
{
    size_t n_rules = c->b->rules.n, n_exprs = c->b->exprs.n;
    c->of_rule = mem_alloc(n_rules * sizeof *c->of_rule);
    c->of_repeat = mem_alloc(n_exprs * sizeof *c->of_repeat);
    if (!c->of_rule || !c->of_repeat) return -ERR_NO_MEMORY;
    memset(c->of_rule, 0xff, n_rules * sizeof *c->of_rule);
    memset(c->of_repeat, 0xff, n_exprs * sizeof *c->of_repeat);
    return compile_parts(c, root);
}

/* What has failed without saying so. */
static int explain(const struct compiler *c, int rc)
{
    if (rc == -ERR_NO_MEMORY)
        return err_set(c->err, ERR_NO_MEMORY, "out of memory for the automaton of a grammar");
    if (rc != -ERR_LIMIT || c->err->code == ERR_LIMIT) return rc;
    if (c->work_left <= 0)
        return err_set(c->err, ERR_LIMIT,
                       "the grammar is too large or too ambiguous: it takes more than %lld steps "
                       "to compile; use fewer optional parts and alternatives that begin alike, "
                       "smaller counts (an operand of `and` or `except` writes them out), or rules "
                       "in place of what is written again and again",
                       (long long)c->b->work_max);
    return err_set(c->err, ERR_LIMIT,
                   "the grammar is too large: its automaton would have more than %d states, or an "
                   "operand of `and` or `except` more than %d (or take more than %d steps); use "
                   "smaller counts or fewer alternatives",
                   GRAMMAR_STATES_MAX, OPERAND_STATES_MAX, OPERAND_WORK_MAX);
}

static int check(struct automaton *a, const struct grammar_builder *b, bool nullable,
                 struct err *err)
{
    TRY(automaton_refuse_left_recursion(a, b, err));
    TRY(automaton_prune(a, err));
    if (!nullable && !(a->states.at[a->parts.at[0].start].flags & STATE_LIVE))
        return err_set(err, ERR_INVALID_VALUE, "the grammar has no text: nothing can match it");
    automaton_find_plain(a);
    ARRAY_SHRINK(a->states);
    ARRAY_SHRINK(a->edges);
    ARRAY_SHRINK(a->jumps);
    ARRAY_SHRINK(a->parts);
    return 0;
}

int grammar_compile(struct grammar **ret, struct grammar_builder *b, int32_t root, struct err *err)
{
    struct automaton a = { 0 };
    struct err mine = { 0 }; /* `err` may be NULL; whether there is a text is asked of this one. */
    struct compiler c = { .b = b, .out = &a, .work_left = b->work_max, .err = &mine };
    TRY(grammar_builder_check(b, err));
    assert(root >= 0 && (size_t)root < b->exprs.n);
    int rc = analyse(&c.analysis, b, root, &mine);
    if (rc == 0) {
        bool nullable = expr_is(&c.analysis, root, EXPR_NULLABLE);
        rc = explain(&c, compile_all(&c, root));
        if (rc == 0) rc = check(&a, b, nullable, &mine);
        if (rc == 0) rc = walk_open(ret, &a, nullable, &mine);
    }
    b->work = b->work_max - c.work_left;
    analysis_release(&c.analysis);
    automaton_release(&a);
    mem_free(c.bodies.at);
    mem_free(c.of_rule);
    mem_free(c.of_repeat);
    if (rc < 0 && err) *err = mine;
    return rc;
}

/* Tarjan's strongly connected components over expressions, without recursion: a component is
 * finished after all that it contains, so what is asked of it can be answered then. Inside a
 * component of several expressions (recursive rules) the answer is the least fixed point. */
#include "grammar/analysis.h"

#include <assert.h>
#include <stdlib.h>

struct call {
    int32_t expr, child; /* The child to look at next. */
};

struct search {
    const struct grammar_builder *b;
    struct analysis *a;
    struct err *err;
    int32_t *index, *low; /* [expressions] order of discovery; low 0: component finished */
    int32_t n_found;
    ARRAY(int32_t) open;     /* Found, component not finished. */
    ARRAY(struct call) path; /* From the root to where the search is. */
    int64_t work;
};

static int32_t saturated(int64_t size)
{
    return size < 1 ? 1 : size > 1 << 30 ? 1 << 30 : (int32_t)size;
}

static int64_t sum_of(const struct search *s, const struct expr *e)
{
    int64_t sum = 0;
    for (int32_t i = 0; i < e->b; i++) sum += s->a->size[s->b->children.at[e->a + i]];
    return sum;
}

static int32_t size_of(const struct search *s, int32_t expr)
{
    const struct expr *e = &s->b->exprs.at[expr];
    const int32_t *size = s->a->size;
    switch (e->kind) {
    case EXPR_TEXT:
    case EXPR_CHARS: return saturated(e->b);
    case EXPR_TOKEN: return saturated((int64_t)e->b + 1);
    case EXPR_UNTIL: return saturated(2 * (int64_t)e->b + 8);
    case EXPR_SEQ:
    case EXPR_ALT: return saturated(sum_of(s, e));
    case EXPR_REPEAT:
        return repeat_unrolls(s->a, e) ? saturated(repeat_copies(e) * size[e->a] + 1) : 2;
    case EXPR_AND:
    case EXPR_EXCEPT: return saturated((int64_t)size[e->a] + size[e->b]);
    case EXPR_USE: {
        int32_t rule = s->b->rules.at[e->a].expr;
        return rule_inlines(s->a, rule) ? size[rule] : 1;
    }
    default: return 1;
    }
}

/* From what is known of the children now. */
static bool nullable(struct search *s, int32_t expr)
{
    const struct expr *e = &s->b->exprs.at[expr];
    const struct analysis *a = s->a;
    s->work++;
    switch (e->kind) {
    case EXPR_EMPTY:
    case EXPR_UNTIL: return true;
    case EXPR_SEQ:
    case EXPR_ALT:
        /* One child that is not decides a sequence, one that is an alternative. */
        for (int32_t i = 0; i < e->b; i++) {
            bool child = expr_is(a, s->b->children.at[e->a + i], EXPR_NULLABLE);
            s->work++;
            if (child == (e->kind == EXPR_ALT)) return child;
        }
        return e->kind == EXPR_SEQ;
    case EXPR_REPEAT: return e->b == 0 || expr_is(a, e->a, EXPR_NULLABLE);
    case EXPR_AND: return expr_is(a, e->a, EXPR_NULLABLE) && expr_is(a, e->b, EXPR_NULLABLE);
    case EXPR_EXCEPT: return expr_is(a, e->a, EXPR_NULLABLE) && !expr_is(a, e->b, EXPR_NULLABLE);
    case EXPR_USE: return expr_is(a, s->b->rules.at[e->a].expr, EXPR_NULLABLE);
    default: return false;
    }
}

static bool regular(const struct search *s, int32_t expr)
{
    if (s->b->exprs.at[expr].kind == EXPR_TOKEN || expr_is(s->a, expr, EXPR_RECURSIVE))
        return false;
    for (int32_t i = 0, child; (child = expr_child(s->b, expr, i)) >= 0; i++)
        if (!expr_is(s->a, child, EXPR_REGULAR)) return false;
    return true;
}

/* Follows what is not regular in `expr` down to a token or to the use of a recursive rule. */
static int refuse_operand(const struct search *s, int32_t expr)
{
    const struct grammar_builder *b = s->b;
    for (;;) {
        const struct expr *e = &b->exprs.at[expr];
        if (e->kind == EXPR_TOKEN)
            return err_set(s->err, ERR_INVALID_VALUE,
                           "an operand of `and` or `except` contains the token '%.*s'; only text "
                           "can be compared so",
                           SLICE_FMT(expr_text(b, e)));
        bool recursive = expr_is(s->a, expr, EXPR_RECURSIVE);
        if (recursive && e->kind == EXPR_USE)
            return err_set(s->err, ERR_INVALID_VALUE,
                           "an operand of `and` or `except` uses the rule '%.*s', which contains "
                           "itself; only regular operands can be compared so",
                           SLICE_FMT(rule_name(b, e->a)));
        int32_t child, next = -1;
        for (int32_t i = 0; next < 0 && (child = expr_child(b, expr, i)) >= 0; i++)
            if (recursive ? expr_is(s->a, child, EXPR_RECURSIVE) && child < expr
                          : !expr_is(s->a, child, EXPR_REGULAR))
                next = child;
        assert(next >= 0);
        expr = next;
    }
}

static int check_operands(const struct search *s, int32_t expr)
{
    const struct expr *e = &s->b->exprs.at[expr];
    if (e->kind != EXPR_AND && e->kind != EXPR_EXCEPT) return 0;
    if (!expr_is(s->a, e->a, EXPR_REGULAR)) return refuse_operand(s, e->a);
    return expr_is(s->a, e->b, EXPR_REGULAR) ? 0 : refuse_operand(s, e->b);
}

static int ascending(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

/* `of` are the expressions of one component; children have smaller numbers, so ascending order
 * knows them first. */
static int finish(struct search *s, int32_t *of, size_t n)
{
    uint8_t *flags = s->a->flags;
    bool recursive = n > 1 || expr_child(s->b, of[0], 0) == of[0], changed = true;
    qsort(of, n, sizeof *of, ascending);
    for (size_t i = 0; i < n; i++)
        flags[of[i]] |= recursive ? EXPR_REACHED | EXPR_RECURSIVE : EXPR_REACHED;
    while (changed) {
        changed = false;
        for (size_t i = 0; i < n; i++) {
            if (expr_is(s->a, of[i], EXPR_NULLABLE) || !nullable(s, of[i])) continue;
            flags[of[i]] |= EXPR_NULLABLE;
            changed = recursive;
        }
        if (s->work > ANALYSIS_WORK_MAX)
            return err_set(s->err, ERR_LIMIT,
                           "the rules of the grammar use each other too often: more than %d steps "
                           "to find those that may be empty",
                           ANALYSIS_WORK_MAX);
    }
    for (size_t i = 0; i < n; i++) {
        if (regular(s, of[i])) flags[of[i]] |= EXPR_REGULAR;
        s->a->size[of[i]] = size_of(s, of[i]);
    }
    for (size_t i = 0; i < n; i++) TRY(check_operands(s, of[i]));
    return 0;
}

static bool enter(struct search *s, int32_t expr)
{
    s->index[expr] = s->low[expr] = ++s->n_found;
    return ARRAY_ADD(s->open, expr) && ARRAY_ADD(s->path, (struct call){ expr, 0 });
}

/* All children of the path's last expression are done. */
static int leave(struct search *s)
{
    int32_t expr = s->path.at[--s->path.n].expr;
    int32_t low = s->low[expr];
    if (low == s->index[expr]) {
        size_t from = s->open.n;
        while (s->open.at[--from] != expr) {
        }
        for (size_t i = from; i < s->open.n; i++) s->low[s->open.at[i]] = 0;
        TRY(finish(s, s->open.at + from, s->open.n - from));
        s->open.n = from;
    } else {
        int32_t above = s->path.at[s->path.n - 1].expr; /* The root is a component's first. */
        if (low < s->low[above]) s->low[above] = low;
    }
    return 0;
}

static int walk(struct search *s, int32_t root)
{
    if (!enter(s, root)) return -ERR_NO_MEMORY;
    while (s->path.n) {
        struct call *at = &s->path.at[s->path.n - 1];
        const struct expr *e = &s->b->exprs.at[at->expr];
        int32_t expr = at->expr, child = expr_child(s->b, expr, at->child++);
        if (child < 0 && e->kind == EXPR_USE && at->child == 1)
            return err_set(s->err, ERR_INVALID_VALUE, "the rule '%.*s' is used but not defined",
                           SLICE_FMT(rule_name(s->b, e->a)));
        if (child < 0) {
            TRY(leave(s));
        } else if (!s->index[child]) {
            if (!enter(s, child)) return -ERR_NO_MEMORY;
        } else if (s->low[child] && s->index[child] < s->low[expr]) {
            s->low[expr] = s->index[child];
        }
    }
    return 0;
}

int analyse(struct analysis *ret, const struct grammar_builder *b, int32_t root, struct err *err)
{
    size_t n = b->exprs.n;
    struct search s = { .b = b, .a = ret, .err = err };
    *ret = (struct analysis){ mem_calloc(n, sizeof *ret->flags), mem_calloc(n, sizeof *ret->size) };
    s.index = mem_calloc(n, sizeof *s.index);
    s.low = mem_calloc(n, sizeof *s.low);
    int rc = ret->flags && ret->size && s.index && s.low ? walk(&s, root) : -ERR_NO_MEMORY;
    if (rc == -ERR_NO_MEMORY)
        rc = err_set(err, ERR_NO_MEMORY, "out of memory for the rules of a grammar");
    mem_free(s.index);
    mem_free(s.low);
    mem_free(s.open.at);
    mem_free(s.path.at);
    if (rc < 0) analysis_release(ret);
    return rc;
}

void analysis_release(struct analysis *a)
{
    mem_free(a->flags);
    mem_free(a->size);
    *a = (struct analysis){ 0 };
}

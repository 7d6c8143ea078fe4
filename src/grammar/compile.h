/* compile - from expressions to the automaton: thompson.c writes a part's nondeterministic
 * automaton, texts.c its lists of texts, product.c its regular operands, compile.c makes all parts
 * and puts them together. */
#ifndef TIRO_GRAMMAR_COMPILE_H
#define TIRO_GRAMMAR_COMPILE_H

#include "grammar/analysis.h"
#include "grammar/automaton.h"

enum {
    /* Steps of all loops that a grammar's size does not bound well enough: expressions written out
     * each as often as it is used, subset construction, products. Some 10 ns each. */
    COMPILE_WORK_MAX = 1 << 24,
    OPERAND_STATES_MAX = 1 << 18, /* Of an operand of `and` or `except`, and of a product. */
    OPERAND_WORK_MAX = COMPILE_WORK_MAX / 4,
};

struct compiler {
    const struct grammar_builder *b;
    struct analysis analysis;
    struct automaton *out;
    ARRAY(int32_t) bodies;        /* [part]: the expression it is made from */
    int32_t *of_rule, *of_repeat; /* [rule], [expression]: its part, or -1 */
    int64_t work_left;            /* Of the builder's work_max. */
    struct err *err;
};

/* Where and as what an expression is written. */
struct fragment {
    struct nfa *n;
    int32_t from, to;
    int depth;    /* Of expressions around it. */
    bool operand; /* Of `and` or `except`: without calls. */
};

/* -ERR_NO_MEMORY, and -ERR_LIMIT because of the states, have no text in c->err yet. */
int write_fragment(struct compiler *c, int32_t expr, const struct fragment *f) MUST_USE;
/* Those alternatives of `alt` (EXPR_ALT) that are texts. */
int write_texts(struct compiler *c, const struct expr *alt, const struct fragment *f) MUST_USE;
/* `expr` is EXPR_AND or EXPR_EXCEPT. */
int write_product(struct compiler *c, int32_t expr, const struct fragment *f) MUST_USE;

#endif

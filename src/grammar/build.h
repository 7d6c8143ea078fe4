/* build - rules from which a grammar is made: what the front ends (JSON Schema, regular
 * expressions, the grammar language, tool-call formats) write.
 *
 *     struct grammar_builder *b;
 *     TRY(grammar_builder_open(&b, err));
 *     int32_t digit = grammar_chars(b, &(struct grammar_range){ '0', '9' }, 1, false);
 *     int32_t list = grammar_rule(b, SLICE("list"));
 *     grammar_rule_set(b, list, grammar_seq(b, 2, (int32_t[]){
 *         grammar_repeat(b, digit, 1, GRAMMAR_UNBOUNDED),
 *         grammar_optional(b, grammar_seq(b, 2, (int32_t[]){
 *             grammar_text(b, SLICE(",")), grammar_use(b, list) })) }));
 *     struct grammar *g;
 *     int rc = grammar_compile(&g, b, grammar_use(b, list), err);
 *     grammar_builder_close(b);
 *
 * An expression is a number. A writer need not check it: what failed (no memory, a limit) is
 * remembered, GRAMMAR_FAILED goes through every function, and grammar_compile reports the first
 * failure. Expressions may be used in several places. Text is UTF-8; a language is over bytes.
 *
 * Owner: one thread. Nothing here recurses deeper than GRAMMAR_DEPTH_MAX.
 */
#ifndef TIRO_GRAMMAR_BUILD_H
#define TIRO_GRAMMAR_BUILD_H

#include "base/err.h"
#include "base/slice.h"

#include <stdint.h>

struct grammar;
struct grammar_builder;

enum {
    GRAMMAR_FAILED = -1,
    GRAMMAR_UNBOUNDED = INT32_MAX,
    GRAMMAR_NODES_MAX = 2 << 20, /* Expressions of one grammar. */
    GRAMMAR_RULES_MAX = 1 << 16,
    GRAMMAR_TEXT_MAX = 4 << 20,   /* Bytes of all literal texts. */
    GRAMMAR_MARKER_MAX = 4096,    /* Bytes of grammar_until's marker. */
    GRAMMAR_DEPTH_MAX = 512,      /* Expressions within expressions. */
    GRAMMAR_STATES_MAX = 1 << 20, /* Of the automata of all rules. */
};

/* Characters from first to last, both included: U+0000 .. U+10FFFF. Surrogates never match. */
struct grammar_range {
    uint32_t first, last;
};

int grammar_builder_open(struct grammar_builder **ret, struct err *err) MUST_USE;
void grammar_builder_close(struct grammar_builder *b); /* NULL is fine. */
/* True once something failed: a long loop of a front end may stop then. */
bool grammar_builder_failed(const struct grammar_builder *b);
/* The first failure, as grammar_compile would report it; 0: nothing has failed. */
int grammar_builder_check(const struct grammar_builder *b, struct err *err) MUST_USE;

int32_t grammar_empty(struct grammar_builder *b); /* The empty text. */
int32_t grammar_never(struct grammar_builder *b); /* No text at all. */
int32_t grammar_text(struct grammar_builder *b, struct slice bytes);
/* One control token, known by its text (<|python_tag|>). Ordinary text never matches it. */
int32_t grammar_token(struct grammar_builder *b, struct slice text);
/* One character in one of the ranges (any order, may overlap); `negated`: in none of them. */
int32_t grammar_chars(struct grammar_builder *b, const struct grammar_range *ranges, size_t n,
                      bool negated);
int32_t grammar_seq(struct grammar_builder *b, size_t n, const int32_t *nodes);
int32_t grammar_alt(struct grammar_builder *b, size_t n, const int32_t *nodes); /* n 0: never */
/* min .. max times; max may be GRAMMAR_UNBOUNDED. Large counts cost no states. */
int32_t grammar_repeat(struct grammar_builder *b, int32_t node, int32_t min, int32_t max);
int32_t grammar_optional(struct grammar_builder *b, int32_t node);
/* Any characters in which `marker` does not occur. What follows is usually the marker. */
int32_t grammar_until(struct grammar_builder *b, struct slice marker);
/* Texts of both, and texts of `a` that are not in `c`. Both sides must be regular: no rule that
 * contains itself, no token. */
int32_t grammar_and(struct grammar_builder *b, int32_t a, int32_t c);
int32_t grammar_except(struct grammar_builder *b, int32_t a, int32_t c);

/* A rule may be used before it is set; its name is for errors. */
int32_t grammar_rule(struct grammar_builder *b, struct slice name);
void grammar_rule_set(struct grammar_builder *b, int32_t rule, int32_t node);
int32_t grammar_use(struct grammar_builder *b, int32_t rule);

/* The automaton of `root`. -ERR_INVALID_VALUE: a rule that was not set, begins with itself (left
 * recursion), or an operand that is not regular, each by name; -ERR_LIMIT: which one and how much;
 * -ERR_NO_MEMORY. A grammar that matches nothing is -ERR_INVALID_VALUE, too. The builder is spent
 * but still to be closed. */
int grammar_compile(struct grammar **ret, struct grammar_builder *b, int32_t root,
                    struct err *err) MUST_USE;

#endif

/* expr - the expressions behind build.h: what the front ends wrote, before it is an automaton.
 *
 * An expression's children have smaller numbers than itself; only through the use of a rule can it
 * contain itself.
 */
#ifndef TIRO_GRAMMAR_EXPR_H
#define TIRO_GRAMMAR_EXPR_H

#include "base/buf.h"
#include "grammar/array.h"
#include "grammar/build.h"

enum expr_kind {
    EXPR_EMPTY,
    EXPR_NEVER,
    EXPR_TEXT,   /* a: where in texts, b: bytes */
    EXPR_TOKEN,  /* likewise */
    EXPR_UNTIL,  /* likewise: the marker */
    EXPR_CHARS,  /* a: its first node in char_nodes, b: how many; the last one is the entry */
    EXPR_SEQ,    /* a: where in children, b: how many */
    EXPR_ALT,    /* likewise */
    EXPR_REPEAT, /* a: what, b: min, c: max */
    EXPR_AND,    /* a and b */
    EXPR_EXCEPT, /* a without b */
    EXPR_USE,    /* a: the rule */
};

struct expr {
    uint8_t kind;
    uint16_t depth; /* 1 for one without children; the use of a rule has none. */
    int32_t a, b, c;
};

/* One byte of a character set: to << 16 | lo << 8 | hi. `to` is a node of the same set, counted
 * from its first, or CHAR_END. */
typedef uint64_t char_edge;
enum { CHAR_END = 0xffffff };

struct char_node {
    int32_t edges, n_edges; /* Where in char_edges. Ascending, disjoint. */
    int32_t next;           /* While the set is made: the next with this hash, or -1. */
};

struct grammar_rule {
    uint32_t name, name_len; /* Where in names. */
    int32_t expr;            /* -1: not set */
};

enum {
    EXPR_CHILDREN_MAX = 2 * GRAMMAR_NODES_MAX,
    EXPR_CHAR_EDGES_MAX = 1 << 21,
    EXPR_NAME_MAX = 100, /* Bytes of a rule's name that errors show. */
};

struct grammar_builder {
    ARRAY(struct expr) exprs;
    ARRAY(int32_t) children;
    ARRAY(char_edge) char_edges;
    ARRAY(struct char_node) char_nodes;
    ARRAY(struct grammar_rule) rules;
    struct buf texts, names;
    int64_t work_max, work; /* Of grammar_compile: may take, has taken; tests set and read them. */
    bool failed;
    struct err failure; /* The first one. */
};

/* These remember the first failure; all return GRAMMAR_FAILED. */
int32_t builder_no_memory(struct grammar_builder *b);
int32_t builder_over(struct grammar_builder *b, const char *what, long max);
int32_t builder_add(struct grammar_builder *b, struct expr e);

static inline struct slice expr_text(const struct grammar_builder *b, const struct expr *e)
{
    return (struct slice){ b->texts.ptr ? b->texts.ptr + e->a : NULL, (size_t)e->b };
}

static inline struct slice rule_name(const struct grammar_builder *b, int32_t rule)
{
    const struct grammar_rule *r = &b->rules.at[rule];
    return (struct slice){ b->names.ptr ? b->names.ptr + r->name : NULL, r->name_len };
}

/* The i-th child, or -1 behind the last; -1 also for a rule that is not set. */
static inline int32_t expr_child(const struct grammar_builder *b, int32_t expr, int32_t i)
{
    const struct expr *e = &b->exprs.at[expr];
    switch (e->kind) {
    case EXPR_SEQ:
    case EXPR_ALT: return i < e->b ? b->children.at[e->a + i] : -1;
    case EXPR_REPEAT: return i == 0 ? e->a : -1;
    case EXPR_AND:
    case EXPR_EXCEPT: return i == 0 ? e->a : i == 1 ? e->b : -1;
    case EXPR_USE: return i == 0 ? b->rules.at[e->a].expr : -1;
    default: return -1;
    }
}

#endif

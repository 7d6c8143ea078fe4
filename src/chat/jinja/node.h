/* node - the syntax tree of a template, made once by the parser and then only read. */
#ifndef TIRO_CHAT_JINJA_NODE_H
#define TIRO_CHAT_JINJA_NODE_H

#include "base/arena.h"
#include "chat/jinja/value.h"

struct builtin;

enum node_kind {
    /* Expressions. */
    NODE_CONST,
    NODE_NAME,
    NODE_LIST,
    NODE_TUPLE,
    NODE_DICT, /* items: key, value, key, value ... */
    NODE_ATTR,
    NODE_ITEM,
    NODE_SLICE, /* items: from, to, step; NULL where not given */
    NODE_CALL,
    NODE_FILTER,
    NODE_TEST,
    NODE_NOT,
    NODE_NEGATE,
    NODE_PLUS,
    NODE_ARITH,
    NODE_CONCAT,
    NODE_AND,
    NODE_OR,
    NODE_COMPARE,
    NODE_COND, /* items: condition, then, else or NULL */
    NODE_NAMESPACE_REF,
    /* Statements. */
    NODE_TEXT,
    NODE_OUTPUT,
    NODE_IF,
    NODE_FOR,
    NODE_SET,
    NODE_SET_BLOCK,
    NODE_MACRO,
    NODE_CALL_BLOCK,
    NODE_FILTER_BLOCK,
    NODE_WITH,
    NODE_SCOPE, /* {% generation %}: a body with a scope of its own */
    NODE_BREAK,
    NODE_CONTINUE,
};

enum compare_op {
    COMPARE_EQ,
    COMPARE_NE,
    COMPARE_LT,
    COMPARE_LE,
    COMPARE_GT,
    COMPARE_GE,
    COMPARE_IN,
    COMPARE_NOT_IN
};

struct nodes {
    struct node **items;
    size_t n;
};

struct node_keyword {
    struct value name;
    struct node *value;
};

/* f(a, b=c, *d, **e) */
struct node_args {
    struct nodes pos;
    struct node_keyword *kw;
    size_t n_kw;
    struct node *star, *star_star;
};

struct compare {
    enum compare_op op;
    struct node *right;
};

struct branch {
    struct node *condition; /* NULL: else */
    struct nodes body;
};

struct param {
    uint32_t symbol;
    struct value name;
    struct node *otherwise; /* Its default, or NULL. */
};

struct node_macro {
    struct value name; /* KIND_NONE for a call block */
    uint32_t symbol;
    struct param *params;
    size_t n_params;
    struct nodes body;
    bool uses_caller, uses_kwargs, uses_varargs; /* Beyond the parameters. */
    struct node *call;                           /* Of a call block. */
};

struct node_for {
    struct node *target, *iter, *test;
    bool recursive;
    struct nodes body, otherwise;
};

struct node {
    enum node_kind kind;
    uint32_t line;
    union {
        struct value constant; /* CONST, TEXT */
        uint32_t symbol;       /* NAME */
        struct nodes list;     /* LIST TUPLE DICT CONCAT SLICE COND */
        struct node *operand;  /* NOT NEGATE PLUS OUTPUT */
        struct {
            struct node *left, *right;
            char op;
        } binary; /* ARITH AND OR */
        struct {
            struct node *object, *index;
        } item; /* ITEM */
        struct {
            struct node *object;
            struct value name;
            uint32_t symbol;
        } attr; /* ATTR; NAMESPACE_REF */
        struct {
            struct node *callee;
            struct node_args args;
        } call;
        struct {
            struct node *subject;
            const struct builtin *builtin;
            struct node_args args;
        } apply; /* FILTER TEST */
        struct {
            struct node *left;
            struct compare *rest;
            size_t n;
        } compare;
        struct {
            struct branch *branches;
            size_t n;
        } branches; /* IF */
        struct node_for loop;
        struct {
            struct node *target, *value;
            struct nodes body;
        } set;                   /* SET; SET_BLOCK: value is a filter or NULL; FILTER_BLOCK too */
        struct node_macro macro; /* MACRO CALL_BLOCK */
        struct {
            struct nodes targets, values, body;
        } with; /* WITH; SCOPE: body */
    };
};

/* A compiled template. */
struct template
{
    struct arena arena;
    char *name;
    struct nodes body;
    struct slice *symbols;
    size_t n_symbols;
};

/* Symbols that the parser always adds, in this order. */
enum { SYMBOL_LOOP, SYMBOL_CALLER, SYMBOL_KWARGS, SYMBOL_VARARGS, SYMBOL_RESERVED };

#endif

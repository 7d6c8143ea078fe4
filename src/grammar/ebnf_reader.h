/* ebnf_reader - the state of one grammar being read: ebnf.c has rules, groups and counts,
 * ebnf_atom.c literals, classes, tokens and regular expressions, ebnf_lark.c directives. */
#ifndef TIRO_GRAMMAR_EBNF_READER_H
#define TIRO_GRAMMAR_EBNF_READER_H

#include "base/buf.h"
#include "base/map.h"
#include "grammar/array.h"
#include "grammar/char_set.h"
#include "grammar/ebnf.h"

enum { EBNF_FOUND_MAX = 40, EBNF_NO_RULE = -1 };

struct ebnf_rule {
    struct slice name; /* In the text. */
    int32_t rule;      /* The builder's number. */
    size_t used_at, defined_at;
    bool used, defined;
};

/* An expression of a sequence; `rule`: which one (in ebnf.rules) if it is nothing but its use. */
struct ebnf_item {
    int32_t node, rule;
};

/* A finished alternative. `recursive`: it began with the rule itself, which is left out. */
struct ebnf_alt {
    int32_t node;
    bool recursive;
};

/* A group that is open: what was read of it lies at the end of both lists. */
struct ebnf_group {
    size_t items_from, alts_from; /* In ebnf.items, ebnf.alts. */
    size_t at;                    /* Of its bracket. */
    char bracket;                 /* '(', or '[' for an optional part. */
};

struct ebnf {
    struct grammar_builder *b;
    struct slice text;
    size_t at; /* <= text.len */
    ARRAY(struct ebnf_rule) rules;
    struct map rules_by_name;
    ARRAY(struct ebnf_item) items; /* Of sequences. */
    ARRAY(struct ebnf_alt) alts;
    struct ebnf_group groups[EBNF_DEPTH_MAX + 1]; /* groups[0] is the rule's own. */
    size_t depth;
    int32_t first;        /* In rules: the first that was defined here. */
    int32_t current;      /* The one being defined. */
    bool lark;            /* It was defined by ':'. */
    bool json;            /* Characters are written as in a JSON string. */
    bool open_line;       /* The line may end here and the rule go on. */
    size_t token_call_at; /* Of the first token("..."), or SIZE_MAX. */
    struct buf scratch;   /* A literal being read. */
    struct char_set set;  /* A class being read. */
    struct err *err;
};

/* -ERR_INVALID_VALUE: "grammar, line L, column C: ..." */
#define ebnf_bad(e, at, ...) err_negative(ebnf_bad_(e, at, __VA_ARGS__))
int ebnf_bad_(struct ebnf *e, size_t at, const char *fmt, ...) PRINTF_LIKE(3, 4);
int ebnf_no_memory(struct ebnf *e);
/* What stands at e->at, for an error: "'x'", "the end of the line". Returns `out`. */
const char *ebnf_found(const struct ebnf *e, char out[EBNF_FOUND_MAX]);
/* "line L, column C" of a place. */
void ebnf_place(const struct ebnf *e, size_t at, unsigned *ret_line, unsigned *ret_column);

bool ebnf_starts(const struct ebnf *e, const char *text);
char ebnf_char_at(const struct ebnf *e, size_t at); /* 0 behind the end */
void ebnf_skip_blanks(struct ebnf *e);              /* And comments; not the end of the line. */
struct slice ebnf_name(struct ebnf *e);             /* "" if none stands here */
int ebnf_find_rule(struct ebnf *e, int32_t *ret, struct slice name) MUST_USE;
int ebnf_define(struct ebnf *e, int32_t rule, size_t at) MUST_USE;

/* What stands at e->at becomes one expression. */
int ebnf_literal(struct ebnf *e, int32_t *ret) MUST_USE;
int ebnf_class(struct ebnf *e, int32_t *ret) MUST_USE;
int ebnf_regex(struct ebnf *e, int32_t *ret) MUST_USE;
int ebnf_token(struct ebnf *e, int32_t *ret) MUST_USE;      /* <|name|> */
int ebnf_token_call(struct ebnf *e, int32_t *ret) MUST_USE; /* token("name") */
int ebnf_any(struct ebnf *e, int32_t *ret) MUST_USE;        /* . */

/* A line that begins with '%'. */
int ebnf_directive(struct ebnf *e) MUST_USE;

#endif

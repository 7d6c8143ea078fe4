/* ebnf - the grammar language; docs/grammar-language.md is its reference.
 *
 *     root  ::= "yes" | "no" ws answer        GBNF as llama.cpp reads it is accepted
 *     ws    ::= [ \t]*
 *     answer: /[a-z]{1,20}/ | <|tool|>        `:` and `=` define, too; a pattern; a control token
 *
 * A rule that is defined by `:` is read as Lark reads it: "a".."z" is a range, "a"i ignores case
 * and brackets are an optional part, not a class.
 */
#ifndef TIRO_GRAMMAR_EBNF_H
#define TIRO_GRAMMAR_EBNF_H

#include "grammar/build.h"

enum {
    EBNF_BYTES_MAX = 1 << 20,
    EBNF_DEPTH_MAX = 200,       /* Groups within groups. */
    EBNF_COUNT_MAX = 1 << 30,   /* In {m,n}. */
    EBNF_TOKEN_BYTES_MAX = 128, /* Of a control token's text. */
};

/* The expression of the rule `root`, else `start`, else the first one, or -ERR_INVALID_VALUE with
 * line, column and reason, -ERR_LIMIT. */
int32_t ebnf_write(struct grammar_builder *b, struct slice text, struct err *err) MUST_USE;
/* The same texts written as the inside of a JSON string (json_schema.h's shortest escapes); control
 * tokens are refused. */
int32_t ebnf_write_json(struct grammar_builder *b, struct slice text, struct err *err) MUST_USE;

#endif

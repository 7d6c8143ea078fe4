/* ebnf - the grammar language; docs/grammar-language.md is its reference.
 *
 *     root  ::= "yes" | "no" ws answer        GBNF as llama.cpp reads it is accepted
 *     ws    ::= [ \t]*
 *     answer: /[a-z]{1,20}/ | <|tool|>        `:` and `=` define, too; a regular expression; a token
 */
#ifndef TIRO_GRAMMAR_EBNF_H
#define TIRO_GRAMMAR_EBNF_H

#include "grammar/build.h"

enum { EBNF_BYTES_MAX = 1 << 20 };

/* The expression of the rule `root` (or the first rule, if none has that name), or
 * -ERR_INVALID_VALUE with line, column and reason, -ERR_LIMIT. */
int32_t ebnf_write(struct grammar_builder *b, struct slice text, struct err *err) MUST_USE;

#endif

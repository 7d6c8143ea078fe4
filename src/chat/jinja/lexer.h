/* lexer - from template text to tokens, with jinja2's rules for white space around tags. */
#ifndef TIRO_CHAT_JINJA_LEXER_H
#define TIRO_CHAT_JINJA_LEXER_H

#include "base/arena.h"
#include "base/err.h"

#include <stdint.h>

/* Operators are their own character; the others: */
enum token_type {
    LEX_END = 0,
    LEX_DATA = 256,
    LEX_VARIABLE_BEGIN,
    LEX_VARIABLE_END,
    LEX_BLOCK_BEGIN,
    LEX_BLOCK_END,
    LEX_NAME,
    LEX_STRING,
    LEX_INTEGER,
    LEX_FLOAT,
    LEX_FLOORDIV,
    LEX_POW,
    LEX_EQ,
    LEX_NE,
    LEX_GE,
    LEX_LE,
};

struct lex_token {
    enum token_type type;
    uint32_t line;
    struct slice text; /* Data, names, strings (unescaped). */
    union {
        int64_t integer;
        double real;
    };
};

struct lex_tokens {
    struct lex_token *items; /* Ends in LEX_END. */
    size_t n, cap;
};

/* `source` must be valid UTF-8. Tokens point into the arena. */
int lex_template(struct lex_tokens *ret, struct arena *arena, struct slice source, const char *name,
                 struct err *err) MUST_USE;

#endif

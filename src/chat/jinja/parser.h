/* parser - from tokens to the syntax tree; what the language has and Tiro has not is refused here
 * by name and line. */
#ifndef TIRO_CHAT_JINJA_PARSER_H
#define TIRO_CHAT_JINJA_PARSER_H

#include "base/map.h"
#include "chat/jinja/lexer.h"
#include "chat/jinja/node.h"

enum { PARSE_TAGS_MAX = 3 };

/* What is known where the parser stands: changes at the border of a macro. */
struct parse_place {
    struct parse_place *outer;
    struct node_macro *macro; /* Whose body this is, or NULL. */
    unsigned n_loops;         /* Around this place, in the same macro. */
};

struct parser {
    struct template *t;
    const struct lex_token *token; /* The current one. */
    struct parse_place *place;
    unsigned depth;
    unsigned n_loops; /* Around this place, across macros. */
    struct map symbols;
    struct err *err;
};

int parse_template(struct template *t, const struct lex_tokens *tokens, struct err *err) MUST_USE;

/* The parts below are shared by parser.c (statements) and parser_expr.c. */
int parse_fail(struct parser *p, const char *fmt, ...) PRINTF_LIKE(2, 3);
int parse_node(struct parser *p, struct node **ret, enum node_kind kind, uint32_t line) MUST_USE;
int parse_push(struct parser *p, struct nodes *list, size_t *cap, struct node *node) MUST_USE;
int parse_const_str(struct parser *p, struct value *ret, struct slice s) MUST_USE;
int parse_symbol(struct parser *p, uint32_t *ret, struct slice name) MUST_USE;
int parse_enter(struct parser *p) MUST_USE;
void parse_leave(struct parser *p);
bool parse_is_name(const struct parser *p, const char *name);
bool parse_skip(struct parser *p, int type);
bool parse_skip_name(struct parser *p, const char *name);
int parse_expect(struct parser *p, int type, const char *what) MUST_USE;
/* A name that is no keyword for a value. */
int parse_expect_name(struct parser *p, struct slice *ret, const char *what) MUST_USE;

int parse_expression(struct parser *p, struct node **ret, bool with_condition) MUST_USE;
/* a, b, c: a tuple only if there is a comma. `end` is a name that ends it, or NULL. */
int parse_tuple(struct parser *p, struct node **ret, bool with_condition, const char *end) MUST_USE;
/* What may stand left of = or between for and in. */
int parse_target(struct parser *p, struct node **ret, bool with_namespace,
                 const char *end) MUST_USE;
/* |a|b(c): applied to `subject`, which is NULL for set and filter blocks. */
int parse_filters(struct parser *p, struct node **ret, struct node *subject, bool inline_) MUST_USE;

#endif

/* eval - walking the syntax tree: expressions give values, statements add to a text. */
#ifndef TIRO_CHAT_JINJA_EVAL_H
#define TIRO_CHAT_JINJA_EVAL_H

#include "chat/jinja/builtin.h"
#include "chat/jinja/node.h"

struct binding {
    uint32_t symbol;
    struct value value;
};

/* Names set in one body. A loop empties its scope before each round, as jinja2 does. */
struct scope {
    struct scope *outer;
    struct binding *vars; /* n of cap */
    size_t n, cap;
    struct value block; /* What a set or filter block made, for its filters. */
};

int scope_new(struct render *r, struct scope **ret, struct scope *outer) MUST_USE;
int scope_set(struct render *r, struct scope *s, uint32_t symbol, struct value value) MUST_USE;

int eval(struct render *r, struct scope *s, struct value *ret, const struct node *node) MUST_USE;
int eval_args(struct render *r, struct scope *s, struct args *ret,
              const struct node_args *args) MUST_USE;

enum flow { FLOW_NEXT = 0, FLOW_BREAK, FLOW_CONTINUE }; /* Or a negative error. */

int exec_body(struct render *r, struct scope *s, struct text *out,
              const struct nodes *body) MUST_USE;
int exec_assign(struct render *r, struct scope *s, const struct node *target,
                struct value value) MUST_USE;
int macro_call(struct render *r, struct value *ret, const struct macro *macro,
               const struct args *args) MUST_USE;

#endif

/* loop - the state of a for, which templates see as `loop`. */
#ifndef TIRO_CHAT_JINJA_LOOP_H
#define TIRO_CHAT_JINJA_LOOP_H

#include "chat/jinja/render.h"

struct node_for;

/* Items are pulled one by one, as in Python: the test of `for x in y if test` runs when its item is
 * wanted, so it sees what the body did before. */
struct loop {
    const struct list *items;
    size_t next;
    const struct node_for *node;
    struct scope *outer; /* Of the for statement. */
    int64_t index0, depth0;
    struct value before, current, after; /* after: peeked at, else KIND_MISSING. */
    struct list changed;
    bool was_asked; /* changed() was called before. */
    bool tested;    /* Asked for its length, all items were tested at once: `length` is right. */
    int64_t length;
};

/* The next item, or KIND_MISSING at the end. */
int loop_next(struct render *r, struct loop *loop, struct value *ret) MUST_USE;
int loop_peek(struct render *r, struct loop *loop, struct value *ret) MUST_USE;
int loop_length(struct render *r, struct loop *loop, int64_t *ret) MUST_USE;
int loop_attr(struct render *r, struct value *ret, struct value self, struct slice name) MUST_USE;
/* loop(items) in a recursive loop. */
int loop_recurse(struct render *r, struct value *ret, const struct loop *loop,
                 struct value items) MUST_USE;

#endif

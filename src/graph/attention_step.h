/* attention_step - what the three attention ops share: units are (tile of query rows, KV head), so
 * that the query heads of a group read their keys and values once. */
#ifndef TIRO_GRAPH_ATTENTION_STEP_H
#define TIRO_GRAPH_ATTENTION_STEP_H

#include "graph/planner.h"

enum attention_keys {
    ATTENTION_PAGED,   /* In the KV store: the sequence up to the row itself. */
    ATTENTION_SEQ,     /* In the batch: all rows of the sequence. */
    ATTENTION_CONTEXT, /* In the batch: all C rows of k and v. */
};

/* For op.shape. */
bool attention_shape(struct graph *g, struct node *n);
/* For op.ref of each kind of keys. */
void attention_ref(const struct op_ref *r, enum attention_keys keys);
void attention_cost(const struct node *n, const struct dim_sizes *sizes, struct cost *ret);
int attention_plan(struct planner *p, struct node *n, enum attention_keys keys);

#endif

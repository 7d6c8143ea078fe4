/* rowwise - the plainest steps: a kernel over all rows of one or two values of the same shape. */
#ifndef TIRO_GRAPH_ROWWISE_H
#define TIRO_GRAPH_ROWWISE_H

#include "graph/planner.h"

/* y = fn(x), in the place of x where that dies. */
int rowwise_plan_unary(struct planner *p, struct node *n, kernel_unary_fn *fn);
/* y = fn(a, b), in the place of a where that dies. */
int rowwise_plan_binary(struct planner *p, struct node *n, kernel_binary_fn *fn);

#endif

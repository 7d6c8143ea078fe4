/* rowwise - the plainest steps: a kernel over all values, or all rows, of one or two inputs. */
#ifndef TIRO_GRAPH_ROWWISE_H
#define TIRO_GRAPH_ROWWISE_H

#include "graph/planner.h"

/* y = fn(x), in the place of x where that dies. */
int rowwise_plan_unary(struct planner *p, struct node *n, kernel_unary_fn *fn);
/* y = fn(a, b), in the place of a where that dies. */
int rowwise_plan_binary(struct planner *p, struct node *n, kernel_binary_fn *fn);

/* What an op does with n rows of `width` values, each row by itself. */
typedef void rowwise_fn(const struct node *node, const struct kernels *k, float *y, const float *x,
                        int n, size_t width);
/* y = fn of each row of x, in the place of x where that dies. */
int rowwise_plan_rows(struct planner *p, struct node *n, rowwise_fn *fn);
/* The same for an op's reference. */
void rowwise_ref_rows(const struct op_ref *r, rowwise_fn *fn);

#endif

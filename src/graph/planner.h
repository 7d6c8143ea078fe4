/* planner - what the ops' plan hooks use to turn nodes into steps. For src/graph only.
 *
 * A step is a loop over independent units that the threads of the pool share; all threads meet in a
 * barrier behind it. A hook declares which values its step reads and writes; from that the plan
 * knows every value's lifetime and lays all of them out in one block.
 *
 *     struct my_step *a = planner_step(p, "softmax", sizeof *a, units, run);
 *     if (!a) return -ERR_NO_MEMORY;
 *     a->x = planner_read(p, n->in[0]);
 *     a->y = planner_write(p, n);
 */
#ifndef TIRO_GRAPH_PLANNER_H
#define TIRO_GRAPH_PLANNER_H

#include "graph/build.h"
#include "graph/op.h"
#include "graph/plan.h"
#include "graph/run.h"

enum { VALUE_NONE = -1 };

struct node_state {
    int32_t n_users, first_user; /* In planner.users. */
    int32_t value;               /* Its f32 contents; VALUE_NONE until some step writes them. */
    int32_t act;                 /* Its quantised contents (ACT_Q8), likewise. */
    int32_t rest;                /* What `act` lost, quantised (ACT_Q8), likewise. */
    bool done;                   /* Planned, or taken into another node's step. */
    bool deferred;               /* A norm that the linear behind it will compute. */
    bool stored;                 /* Keys or values that are in the KV store already. */
};

struct planner {
    struct plan *plan;
    const struct graph *g;
    const struct plan_options *options;
    struct node_state *nodes; /* (g->n_nodes) */
    struct node **users;
    struct arena arena; /* Scratch of planning. */
};

struct node_state *planner_state(struct planner *p, const struct node *n);
/* The i-th user of n; NULL past the last. The output of the graph counts as no user. */
struct node *planner_user(struct planner *p, const struct node *n, int i);
/* The only reader of n, or NULL when there are others or n is the graph's output. */
struct node *planner_only_user(struct planner *p, const struct node *n);

/* Begins a step with zeroed arguments of `size` bytes; NULL when out of memory. */
void *planner_step(struct planner *p, const char *name, size_t size, step_units_fn *units,
                   step_run_fn *run);
/* The step begun last. */
struct step *planner_current(struct planner *p);
/* The f32 value of a planned node, read (or written) by the current step. */
int32_t planner_read(struct planner *p, const struct node *n);
int32_t planner_write(struct planner *p, struct node *n);
/* planner_write that may share storage with `over`, if that dies in this step. */
int32_t planner_write_over(struct planner *p, struct node *n, const struct node *over);
/* A value that is no node: `bytes`, written by the current step; then read by later ones. */
int32_t planner_temp(struct planner *p, size_t bytes);
void planner_touch(struct planner *p, int32_t value);
/* Scratch that each thread needs in the current step. */
void planner_scratch(struct planner *p, size_t bytes);
/* Rows that shape has under the plan's largest sizes. */
int64_t planner_rows(const struct planner *p, const struct shape *s);

#endif

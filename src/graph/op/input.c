/* input: a tensor that the caller hands over at run. */
#include "graph/planner.h"

#include <assert.h>
#include <string.h>

extern const struct op op_input;

struct node *graph_input(struct graph *g, int32_t index, struct shape shape)
{
    struct input_attr attr = { .index = index, .shape = shape };
    assert(index >= 0 && index < RUN_INPUTS_MAX);
    return graph_record(g, &op_input, &attr, sizeof attr, 0, NULL, NULL, NULL);
}

static bool shape(struct graph *g, struct node *n)
{
    const struct input_attr *attr = n->attr;
    (void)g;
    n->shape = attr->shape;
    return true;
}

static void ref(const struct op_ref *r)
{
    const struct input_attr *attr = r->node->attr;
    memcpy(r->out, r->inputs[attr->index],
           (size_t)shape_elements(&r->node->shape, r->sizes) * sizeof(float));
}

struct input_step {
    const struct node *node;
    int32_t y;
};

static int64_t units(const struct step *s, const struct run *r)
{
    (void)s;
    (void)r;
    return 1;
}

static void run(const struct step *s, struct run *r, int thread, int64_t from, int64_t to)
{
    const struct input_step *a = s->args;
    const struct input_attr *attr = a->node->attr;
    (void)thread;
    (void)from;
    (void)to;
    memcpy(run_value(r, a->y), r->inputs[attr->index],
           (size_t)shape_elements(&a->node->shape, &r->sizes) * sizeof(float));
}

static int plan(struct planner *p, struct node *n)
{
    struct input_step *a = planner_step(p, "input", sizeof *a, units, run);
    if (!a) return -ERR_NO_MEMORY;
    a->node = n;
    a->y = planner_write(p, n);
    return 0;
}

const struct op op_input = {
    .name = "input",
    .shape = shape,
    .ref = ref,
    .cost = op_cost_elementwise,
    .plan = plan,
};

/* group_norm: layer norm over groups of a picture's channels (Wu and He 2018, arXiv 1803.08494). */
#include "graph/planner.h"

extern const struct op op_group_norm;

struct node *graph_group_norm(struct graph *g, struct weight *gain, struct weight *bias,
                              struct node *x, const struct group_norm_attr *attr)
{
    return graph_record(g, &op_group_norm, attr, sizeof *attr, 1, &x, gain, bias);
}

static bool shape(struct graph *g, struct node *n)
{
    const struct group_norm_attr *attr = n->attr;
    const struct shape *x = &n->in[0]->shape;
    if (x->n_dims != 3 || x->dims[0].symbol != DIM_CONST || attr->groups < 1 ||
        x->dims[0].mul % attr->groups != 0)
        return false;
    for (int i = 0; i < NODE_WEIGHTS_MAX; i++)
        if (n->w[i] && (n->w[i]->n_dims != 1 || n->w[i]->dims[0] != x->dims[0].mul)) return false;
    return op_shape_same(g, n);
}

/* Groups [from, to). */
static void normalize(const struct node *n, const struct dim_sizes *sizes, const struct kernels *k,
                      float *y, const float *x, const float *gain, const float *bias, int64_t from,
                      int64_t to)
{
    const struct group_norm_attr *attr = n->attr;
    const struct shape *s = &n->shape;
    int hw = (int)(dim_value(s->dims[1], sizes) * dim_value(s->dims[2], sizes));
    int per_group = s->dims[0].mul / attr->groups, channel = (int)from * per_group;
    size_t at = (size_t)channel * (size_t)hw;
    k->group_norm(&(struct kernel_group_norm){ .y = y + at,
                                               .x = x + at,
                                               .weight = gain ? gain + channel : NULL,
                                               .bias = bias ? bias + channel : NULL,
                                               .c = (int)(to - from) * per_group,
                                               .hw = hw,
                                               .groups = (int)(to - from),
                                               .eps = attr->eps });
}

static void ref(const struct op_ref *r)
{
    const struct group_norm_attr *attr = r->node->attr;
    normalize(r->node, r->sizes, r->k, r->out, r->in[0], r->w[0], r->w[1], 0, attr->groups);
}

struct group_norm_step {
    const struct node *node;
    int32_t y, x;
};

static int64_t units(const struct step *s, const struct run *r)
{
    const struct group_norm_step *a = s->args;
    const struct group_norm_attr *attr = a->node->attr;
    (void)r;
    return attr->groups;
}

static void run(const struct step *s, struct run *r, int thread, int64_t from, int64_t to)
{
    const struct group_norm_step *a = s->args;
    const struct node *n = a->node;
    (void)thread;
    normalize(n, &r->sizes, r->kernels, run_value(r, a->y), run_value(r, a->x),
              n->w[0] ? n->w[0]->f32 : NULL, n->w[1] ? n->w[1]->f32 : NULL, from, to);
}

static int plan(struct planner *p, struct node *n)
{
    struct group_norm_step *a = planner_step(p, "group_norm", sizeof *a, units, run);
    if (!a) return -ERR_NO_MEMORY;
    a->node = n;
    a->x = planner_read(p, n->in[0]);
    a->y = planner_write_over(p, n, n->in[0]);
    return 0;
}

const struct op op_group_norm = {
    .name = "group_norm",
    .weight_use = { WEIGHT_VECTOR, WEIGHT_VECTOR },
    .shape = shape,
    .ref = ref,
    .cost = op_cost_elementwise,
    .plan = plan,
};

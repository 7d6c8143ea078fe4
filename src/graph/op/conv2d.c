/* conv2d: convolution of a picture (channels, height, width); units are output channels. */
#include "graph/planner.h"

extern const struct op op_conv2d;

struct node *graph_conv2d(struct graph *g, struct weight *w, struct weight *bias, struct node *x,
                          const struct conv2d_attr *attr)
{
    return graph_record(g, &op_conv2d, attr, sizeof *attr, 1, &x, w, bias);
}

static struct dim out_dim(struct dim in, int32_t kernel, const struct conv2d_attr *attr)
{
    int32_t reach = attr->dilation * (kernel - 1) + 1;
    return dim_shift_div(in, 2 * attr->pad - reach + attr->stride, attr->stride);
}

static bool shape(struct graph *g, struct node *n)
{
    const struct conv2d_attr *attr = n->attr;
    const struct weight *w = n->w[0], *b = n->w[1];
    const struct shape *x = &n->in[0]->shape;
    if (attr->stride < 1 || attr->dilation < 1 || attr->groups < 1 || attr->pad < 0 ||
        w->n_dims != 4 || x->n_dims != 3 || x->dims[0].symbol != DIM_CONST ||
        w->dims[0] % attr->groups != 0 || w->dims[1] * attr->groups != x->dims[0].mul ||
        (b && (b->n_dims != 1 || b->dims[0] != w->dims[0]))) {
        graph_fail(g, "%s does not fit its picture", w->name);
        return false;
    }
    n->shape = (struct shape){ 3,
                               { dim_const(w->dims[0]), out_dim(x->dims[1], w->dims[2], attr),
                                 out_dim(x->dims[2], w->dims[3], attr) } };
    return true;
}

static void convolve(const struct node *n, const struct dim_sizes *sizes, const struct kernels *k,
                     float *y, const float *x, const float *weight, const float *bias, int from,
                     int to)
{
    const struct conv2d_attr *attr = n->attr;
    const struct shape *in = &n->in[0]->shape;
    k->conv2d(&(struct kernel_conv2d){
        .y = y,
        .x = x,
        .weight = weight,
        .bias = bias,
        .c_in = (int)dim_value(in->dims[0], sizes),
        .h = (int)dim_value(in->dims[1], sizes),
        .w = (int)dim_value(in->dims[2], sizes),
        .c_out = n->w[0]->dims[0],
        .h_out = (int)dim_value(n->shape.dims[1], sizes),
        .w_out = (int)dim_value(n->shape.dims[2], sizes),
        .kh = n->w[0]->dims[2],
        .kw = n->w[0]->dims[3],
        .stride_h = attr->stride,
        .stride_w = attr->stride,
        .pad_h = attr->pad,
        .pad_w = attr->pad,
        .dilation_h = attr->dilation,
        .dilation_w = attr->dilation,
        .groups = attr->groups,
        .c_from = from,
        .c_to = to,
    });
}

static void ref(const struct op_ref *r)
{
    convolve(r->node, r->sizes, r->k, r->out, r->in[0], r->w[0], r->w[1], 0,
             r->node->w[0]->dims[0]);
}

static void cost(const struct node *n, const struct dim_sizes *sizes, struct cost *ret)
{
    const struct weight *w = n->w[0];
    op_cost_elementwise(n, sizes, ret);
    ret->macs *= (double)w->dims[1] * w->dims[2] * w->dims[3];
    ret->bytes += (double)w->size;
}

struct conv2d_step {
    const struct node *node;
    int32_t y, x;
};

static int64_t units(const struct step *s, const struct run *r)
{
    const struct conv2d_step *a = s->args;
    (void)r;
    return a->node->w[0]->dims[0];
}

static void run(const struct step *s, struct run *r, int thread, int64_t from, int64_t to)
{
    const struct conv2d_step *a = s->args;
    const struct node *n = a->node;
    (void)thread;
    convolve(n, &r->sizes, r->kernels, run_value(r, a->y), run_value(r, a->x), n->w[0]->f32,
             n->w[1] ? n->w[1]->f32 : NULL, (int)from, (int)to);
}

static int plan(struct planner *p, struct node *n)
{
    struct conv2d_step *a = planner_step(p, "conv2d", sizeof *a, units, run);
    if (!a) return -ERR_NO_MEMORY;
    a->node = n;
    a->x = planner_read(p, n->in[0]);
    a->y = planner_write(p, n);
    return 0;
}

const struct op op_conv2d = {
    .name = "conv2d",
    .weight_use = { WEIGHT_VECTOR, WEIGHT_VECTOR },
    .shape = shape,
    .ref = ref,
    .cost = cost,
    .plan = plan,
};

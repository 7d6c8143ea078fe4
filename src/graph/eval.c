#include "graph/eval.h"

#include "base/seam.h"

#include <string.h>

static int weight_values(float **ret, const struct weight *w, const struct kernels *k,
                         struct err *err)
{
    struct weight copy = *w;
    copy.uses = WEIGHT_VECTOR;
    copy.packed = NULL;
    copy.f32 = NULL;
    TRY(weight_prepare(&copy, &(struct weight_options){ .kernels = k }, err));
    *ret = copy.f32;
    return 0;
}

static int eval_node(const struct graph *g, const struct node *n, struct op_ref *r, float **values,
                     const struct eval_options *o, struct err *err)
{
    size_t size = (size_t)shape_elements(&n->shape, r->sizes) * sizeof(float);
    (void)g;
    r->node = n;
    r->out = values[n->id] = mem_alloc(size);
    if (!r->out) return err_set(err, ERR_NO_MEMORY, "no memory for node %d", n->id);
    for (int i = 0; i < n->n_in; i++) r->in[i] = values[n->in[i]->id];
    float *w[NODE_WEIGHTS_MAX] = { NULL, NULL };
    int result = 0;
    for (int i = 0; i < NODE_WEIGHTS_MAX && result == 0; i++) {
        bool needed = n->w[i] && !(n->op->weight_use[i] & WEIGHT_TABLE);
        if (needed) result = weight_values(&w[i], n->w[i], r->k, err);
        r->w[i] = w[i];
    }
    if (result == 0) {
        n->op->ref(r);
        if (o->look) o->look(o->look_ctx, n, r->out);
    }
    for (int i = 0; i < NODE_WEIGHTS_MAX; i++) mem_free(w[i]);
    return result;
}

int eval_graph(const struct graph *g, const struct eval_options *o, float *out, struct err *err)
{
    struct kernels k;
    kernels_select(&k, 0);
    struct dim_sizes sizes = o->sizes;
    sizes.of[DIM_CONST] = 1;
    if (o->batch) {
        sizes.of[DIM_TOKENS] = o->batch->n_rows;
        sizes.of[DIM_SEQS] = o->batch->n_seqs;
        sizes.of[DIM_OUTS] = o->batch->n_out;
    }
    float **values = mem_calloc((size_t)g->n_nodes, sizeof *values);
    if (!values) return err_set(err, ERR_NO_MEMORY, "no memory for %d nodes", g->n_nodes);
    struct op_ref r = {
        .sizes = &sizes, .k = &k, .batch = o->batch, .kv = o->kv, .inputs = o->inputs
    };
    int result = 0;
    for (int32_t i = 0; result == 0 && i < g->n_nodes; i++)
        result = eval_node(g, g->nodes[i], &r, values, o, err);
    if (result == 0)
        memcpy(out, values[g->output->id],
               (size_t)shape_elements(&g->output->shape, &sizes) * sizeof *out);
    for (int32_t i = 0; i < g->n_nodes; i++) mem_free(values[i]);
    mem_free(values);
    return result;
}

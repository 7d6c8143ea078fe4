/* attention: causal, over the KV store. Keys and values are stored first: by the linears they come
 * from where possible, else by a step of their own. */
#include "graph/attention_step.h"

#include <assert.h>

extern const struct op op_attention;

struct node *graph_attention(struct graph *g, struct node *q, struct node *k, struct node *v,
                             const struct attention_attr *attr)
{
    struct node *in[] = { q, k, v };
    return graph_record(g, &op_attention, attr, sizeof *attr, 3, in, NULL, NULL);
}

static void store(const struct attention_attr *attr, const struct batch *b, struct kv_store *kv,
                  const struct kernels *k, int32_t t, int32_t s, const float *keys,
                  const float *values)
{
    const struct batch_seq *seq = &b->seqs[s];
    size_t width = (size_t)attr->n_kv_heads * (size_t)attr->head_len, at = (size_t)t * width;
    int32_t slot = seq->kv_len + t - seq->row;
    if (keys) kv_write(kv, k, seq, slot, attr->layer, false, 0, attr->n_kv_heads, keys + at);
    if (values) kv_write(kv, k, seq, slot, attr->layer, true, 0, attr->n_kv_heads, values + at);
}

static void ref(const struct op_ref *r)
{
    for (int32_t s = 0; s < r->batch->n_seqs; s++) {
        const struct batch_seq *seq = &r->batch->seqs[s];
        for (int32_t i = 0; i < seq->n_rows; i++)
            store(r->node->attr, r->batch, r->kv, r->k, seq->row + i, s, r->in[1], r->in[2]);
    }
    attention_ref(r, ATTENTION_PAGED);
}

struct store_step {
    struct rows_step rows;
    const struct attention_attr *attr;
    int32_t k, v; /* VALUE_NONE: stored already. */
};

static void run_store(const struct step *s, struct run *r, int thread, int64_t from, int64_t to)
{
    const struct store_step *a = s->args;
    const float *k = a->k == VALUE_NONE ? NULL : run_value(r, a->k);
    const float *v = a->v == VALUE_NONE ? NULL : run_value(r, a->v);
    (void)thread;
    for (int32_t t = (int32_t)from; t < to; t++)
        store(a->attr, r->batch, r->kv, r->kernels, t, r->row_seq[t], k, v);
}

static int plan(struct planner *p, struct node *n)
{
    bool k_stored = planner_state(p, n->in[1])->stored,
         v_stored = planner_state(p, n->in[2])->stored;
    if (!k_stored || !v_stored) {
        struct store_step *a = planner_step(p, "store", sizeof *a, run_units_rows, run_store);
        if (!a) return -ERR_NO_MEMORY;
        a->rows.shape = &n->in[1]->shape;
        a->attr = n->attr;
        a->k = k_stored ? VALUE_NONE : planner_read(p, n->in[1]);
        a->v = v_stored ? VALUE_NONE : planner_read(p, n->in[2]);
    }
    return attention_plan(p, n, ATTENTION_PAGED);
}

const struct op op_attention = {
    .name = "attention",
    .shape = attention_shape,
    .ref = ref,
    .cost = attention_cost,
    .plan = plan,
};

/* cross_attention: rows look at another sequence: speech's decoder at its encoder, a picture at its
 * prompt. */
#include "graph/attention_step.h"

extern const struct op op_cross_attention;

struct node *graph_cross_attention(struct graph *g, struct node *q, struct node *k, struct node *v,
                                   const struct attention_attr *attr)
{
    struct node *in[] = { q, k, v };
    return graph_record(g, &op_cross_attention, attr, sizeof *attr, 3, in, NULL, NULL);
}

static void ref(const struct op_ref *r)
{
    attention_ref(r, ATTENTION_CONTEXT);
}

static int plan(struct planner *p, struct node *n)
{
    return attention_plan(p, n, ATTENTION_CONTEXT);
}

const struct op op_cross_attention = {
    .name = "cross_attention",
    .shape = attention_shape,
    .ref = ref,
    .cost = attention_cost,
    .plan = plan,
};

/* encoder_attention: each row looks at all rows of its own text. */
#include "graph/attention_step.h"

extern const struct op op_encoder_attention;

struct node *graph_encoder_attention(struct graph *g, struct node *q, struct node *k,
                                     struct node *v, const struct attention_attr *attr)
{
    struct node *in[] = { q, k, v };
    return graph_record(g, &op_encoder_attention, attr, sizeof *attr, 3, in, NULL, NULL);
}

static void ref(const struct op_ref *r)
{
    attention_ref(r, ATTENTION_SEQ);
}

static int plan(struct planner *p, struct node *n)
{
    return attention_plan(p, n, ATTENTION_SEQ);
}

const struct op op_encoder_attention = {
    .name = "encoder_attention",
    .shape = attention_shape,
    .ref = ref,
    .cost = attention_cost,
    .plan = plan,
};

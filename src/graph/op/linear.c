/* linear: y = x W^T + b. The step takes in what surrounds it: the norm and quantisation of its
 * input (prepare.h), all other linears of the same input, and what follows each of them. */
#include "graph/linear_step.h"

#include <assert.h>

extern const struct op op_linear, op_add, op_unary, op_head_norm, op_rope, op_silu_mul,
    op_attention;

struct node *graph_linear(struct graph *g, struct weight *w, struct weight *bias, struct node *x)
{
    return graph_record(g, &op_linear, NULL, 0, 1, &x, w, bias);
}

static bool shape(struct graph *g, struct node *n)
{
    const struct weight *w = n->w[0], *b = n->w[1];
    n->shape = n->in[0]->shape;
    if (w->n_dims != 2 || w->dims[1] != shape_width(&n->shape)) {
        graph_fail(g, "%s takes rows of %d values, not of %d", w->name, w->dims[w->n_dims - 1],
                   shape_width(&n->shape));
        return false;
    }
    if (b && (b->n_dims != 1 || b->dims[0] != w->dims[0])) {
        graph_fail(g, "%s has %d values, not %d", b->name, b->dims[0], w->dims[0]);
        return false;
    }
    n->shape.dims[n->shape.n_dims - 1] = dim_const(w->dims[0]);
    return true;
}

static void ref(const struct op_ref *r)
{
    size_t m = (size_t)r->node->w[0]->dims[0], k = (size_t)r->node->w[0]->dims[1];
    size_t rows = (size_t)shape_rows(&r->node->shape, r->sizes);
    for (size_t t = 0; t < rows; t++) {
        for (size_t i = 0; i < m; i++) {
            double sum = r->w[1] ? (double)r->w[1][i] : 0;
            for (size_t j = 0; j < k; j++) sum += (double)r->in[0][t * k + j] * r->w[0][i * k + j];
            r->out[t * m + i] = (float)sum;
        }
    }
}

static void cost(const struct node *n, const struct dim_sizes *sizes, struct cost *ret)
{
    const struct weight *w = n->w[0];
    double rows = (double)shape_rows(&n->shape, sizes);
    ret->macs = rows * w->dims[0] * w->dims[1];
    ret->bytes = (double)w->size + rows * 4.0 * (w->dims[0] + w->dims[1]);
}

/* --- planning --- */

static bool is_ready(struct planner *p, const struct node *n)
{
    return planner_state(p, n)->value != VALUE_NONE;
}

static void take_kv(struct planner *p, struct linear_part *part, struct node *n, struct node *user)
{
    if (!user || user->op != &op_attention || (user->in[1] != n && user->in[2] != n)) return;
    const struct attention_attr *attr = user->attr;
    if (attr->head_len % PANEL_ROWS != 0 || user->in[1] == user->in[2]) return;
    part->store = user->in[1] == n ? LINEAR_STORE_KEYS : LINEAR_STORE_VALUES;
    part->layer = attr->layer;
    part->head_len = attr->head_len;
    planner_state(p, n)->stored = true;
}

/* Takes the nodes behind n that can be computed on a slice of its columns into the part; returns
 * the last of them, whose value the part writes, and in *ret_over the one whose place that may
 * take. */
static struct node *take_followers(struct planner *p, struct linear_part *part, struct node *n,
                                   const struct node **ret_over)
{
    struct node *u = planner_only_user(p, n);
    if (!u) return n;
    if (u->op == &op_add && u->in[0] != u->in[1]) {
        struct node *other = u->in[0] == n ? u->in[1] : u->in[0];
        if (!is_ready(p, other)) return n;
        part->add = planner_read(p, other);
        *ret_over = other;
        planner_state(p, n)->done = true;
        return u;
    }
    if (u->op == &op_unary) {
        part->unary = unary_kernel(p->options->kernels, u);
        planner_state(p, n)->done = true;
        return u;
    }
    if (u->op == &op_head_norm) {
        const struct head_norm_attr *attr = u->attr;
        if (attr->head_len % PANEL_ROWS != 0) return n;
        part->norm = p->options->kernels->rms_norm;
        part->norm_gain = u->w[0]->f32;
        part->norm_eps = attr->eps;
        part->head_len = attr->head_len;
        planner_state(p, n)->done = true;
        n = u;
        u = planner_only_user(p, n);
        if (!u) return n;
    }
    if (u->op == &op_rope && u->in[0] == n && is_ready(p, u->in[1])) {
        const struct rope_attr *attr = u->attr;
        if (attr->head_len % PANEL_ROWS != 0) return n;
        if (part->norm && attr->head_len != part->head_len) return n;
        const struct kernels *k = p->options->kernels;
        part->rope = attr->style == ROPE_NEOX ? k->rope_neox : k->rope_norm;
        part->rope_table = planner_read(p, u->in[1]);
        part->head_len = attr->head_len;
        part->n_rot = attr->n_rot;
        planner_state(p, n)->done = true;
        n = u;
        u = planner_only_user(p, n);
    }
    take_kv(p, part, n, u);
    return n;
}

static void set_matrix(struct linear_matrix *m, const struct planner *p, const struct node *n)
{
    const struct weight *w = n->w[0];
    assert(w->packed);
    m->fn = p->options->kernels->linear[w->packed_dtype];
    m->packed = w->packed;
    m->panel_bytes = kernel_panel_bytes(w->packed_dtype, w->dims[1]);
    m->ws_bytes = kernel_linear_ws_bytes(w->packed_dtype, w->dims[1]);
    m->bias = n->w[1] ? n->w[1]->f32 : NULL;
    m->quantised = prepare_forms(w) & PREPARE_ACT;
    m->wide = prepare_forms(w) & PREPARE_REST;
}

/* Whether every reader of n is a linear that wants it as plain ACT_Q8. */
static bool wanted_as_act(struct planner *p, const struct node *n)
{
    struct node *u;
    for (int i = 0; (u = planner_user(p, n, i)); i++)
        if (u->op != &op_linear || prepare_forms(u->w[0]) != PREPARE_ACT) return false;
    return planner_state(p, n)->n_users > 0 && p->g->output != n;
}

static void plan_part(struct planner *p, struct linear_step *a, struct node *n, struct node *up)
{
    struct linear_part *part = &a->parts[a->n_parts++];
    const struct node *over = NULL;
    *part = (struct linear_part){ .m = n->w[0]->dims[0],
                                  .k = n->w[0]->dims[1],
                                  .grain = 1,
                                  .add = VALUE_NONE,
                                  .act = VALUE_NONE };
    set_matrix(&part->w, p, n);
    struct node *last;
    if (up) {
        set_matrix(&part->up, p, up);
        part->is_glu = true;
        part->grain = LINEAR_GLU_PANELS;
        last = planner_only_user(p, n);
        planner_state(p, n)->done = planner_state(p, up)->done = true;
    } else {
        last = take_followers(p, part, n, &over);
    }
    if (part->head_len) part->grain = part->head_len / PANEL_ROWS;
    part->is_head = last == p->g->output && !up && !part->head_len;
    if (part->is_head) part->grain = LINEAR_HEAD_PANELS;
    part->y = over ? planner_write_over(p, last, over) : planner_write(p, last);
    int64_t rows = planner_rows(p, &last->shape);
    if ((part->is_glu || part->unary) && part->m % ACT_BLOCK == 0 && rows > PLAN_PRIVATE_ROWS &&
        wanted_as_act(p, last)) {
        part->grain = LINEAR_GLU_PANELS;
        part->act = planner_temp(p, kernel_act_bytes((int)rows, part->m));
        planner_state(p, last)->act = part->act;
    }
    part->n_units = (kernel_panels(part->m) + part->grain - 1) / part->grain;
    a->n_units += part->n_units;
}

/* The partner of gate n in silu_mul(n, up), if both have no other reader. */
static struct node *glu_up(struct planner *p, const struct node *n)
{
    struct node *u = planner_only_user(p, n);
    if (!u || u->op != &op_silu_mul || u->in[0] != n || u->in[1] == n) return NULL;
    struct node *up = u->in[1];
    bool fits = up->op == &op_linear && up->in[0] == n->in[0] && !planner_state(p, up)->done &&
                planner_only_user(p, up) == u;
    return fits ? up : NULL;
}

static bool is_glu_up(struct planner *p, const struct node *n)
{
    struct node *u = planner_only_user(p, n);
    return u && u->op == &op_silu_mul && u->in[1] == n && u->in[0]->op == &op_linear &&
           glu_up(p, u->in[0]) == n;
}

/* What a profile says of the step. */
static void set_costs(struct step *s, const struct node *n, const struct linear_step *a)
{
    s->detail = n->w[0]->name;
    for (int i = 0; i < a->n_parts; i++) {
        const struct linear_part *part = &a->parts[i];
        const struct linear_matrix *of[] = { &part->w, &part->up };
        for (int k = 0; k < 1 + part->is_glu; k++) {
            s->weight_bytes += (double)kernel_panels(part->m) * (double)of[k]->panel_bytes;
            s->row_macs += (double)part->m * part->k * (1 + of[k]->wide);
        }
    }
}

static int plan(struct planner *p, struct node *n)
{
    struct node *group[LINEAR_PARTS_MAX], *x = n->in[0], *u;
    int n_group = 0;
    unsigned forms = 0;
    for (int i = 0; (u = planner_user(p, x, i)) && n_group < LINEAR_PARTS_MAX; i++) {
        if (u->op != &op_linear || planner_state(p, u)->done) continue;
        group[n_group++] = u;
        forms |= prepare_forms(u->w[0]);
    }
    struct prepare input;
    TRY(prepare_plan(p, x, forms, &input));
    struct linear_step *a = planner_step(p, "linear", sizeof *a, linear_step_units,
                                         linear_step_run);
    if (!a) return -ERR_NO_MEMORY;
    a->input = input;
    if (input.is_private) planner_current(p)->prologue = linear_step_prologue;
    planner_current(p)->ahead = linear_step_ahead;
    prepare_read(p, x, &a->input);
    for (int i = 0; i < n_group; i++) {
        if (planner_state(p, group[i])->done || is_glu_up(p, group[i])) continue;
        plan_part(p, a, group[i], glu_up(p, group[i]));
    }
    linear_step_scratch(p, a);
    set_costs(planner_current(p), n, a);
    return 0;
}

const struct op op_linear = {
    .name = "linear",
    .weight_use = { WEIGHT_MATRIX, WEIGHT_VECTOR },
    .shape = shape,
    .ref = ref,
    .cost = cost,
    .plan = plan,
};

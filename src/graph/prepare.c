#include "graph/prepare.h"

#include <assert.h>
#include <string.h>

extern const struct op op_rms_norm, op_layer_norm, op_linear;

bool prepare_quantised(const struct weight *w)
{
    assert(w->uses & WEIGHT_MATRIX);
    return dtype_info(w->packed_dtype)->quantised;
}

static size_t align_up(size_t n)
{
    return (n + PLAN_ALIGN - 1) & ~(size_t)(PLAN_ALIGN - 1);
}

size_t prepare_scratch(const struct prepare *a, int64_t rows)
{
    size_t row_bytes = (size_t)a->k * sizeof(float);
    if (!a->is_private) return align_up(ACT_GROUP * row_bytes);
    size_t bytes = a->norm || a->want_f32 ? align_up((size_t)rows * row_bytes) : 0;
    if (a->want_act) bytes += align_up(kernel_act_bytes((int)rows, a->k));
    return bytes;
}

static void set_norm(struct planner *p, struct prepare *a, const struct node *n)
{
    const struct norm_attr *attr = n->attr;
    const struct kernels *k = p->options->kernels;
    a->norm = n->op == &op_rms_norm ? k->rms_norm : k->layer_norm;
    a->gain = n->w[0] ? n->w[0]->f32 : NULL;
    a->bias = n->w[1] ? n->w[1]->f32 : NULL;
    a->eps = attr->eps;
}

/* Rows [from, to): from is a multiple of ACT_GROUP. `f32` is where row `from` goes, if anywhere. */
static void prepare_rows(const struct prepare *a, struct run *r, float *f32, void *act, int from,
                         int to)
{
    size_t k = (size_t)a->k;
    const float *x = (const float *)run_value(r, a->x) + (size_t)from * k;
    if (a->norm) {
        a->norm(&(struct kernel_norm){ .y = f32,
                                       .x = x,
                                       .y_stride = k,
                                       .x_stride = k,
                                       .n = to - from,
                                       .d = a->k,
                                       .weight = a->gain,
                                       .bias = a->bias,
                                       .eps = a->eps });
        x = f32;
    }
    if (act)
        r->kernels->quantise(&(struct kernel_quantise){ .act = kernel_act_at(act, a->k, from),
                                                        .x = x,
                                                        .x_stride = k,
                                                        .n = to - from,
                                                        .k = a->k });
}

static int64_t units(const struct step *s, const struct run *r)
{
    const struct prepare *a = s->args;
    return (shape_rows(a->shape, &r->sizes) + ACT_GROUP - 1) / ACT_GROUP;
}

static void run(const struct step *s, struct run *r, int thread, int64_t from, int64_t to)
{
    const struct prepare *a = s->args;
    int n = (int)shape_rows(a->shape, &r->sizes);
    void *act = a->act == VALUE_NONE ? NULL : run_value(r, a->act);
    for (int64_t u = from; u < to; u++) {
        int first = (int)u * ACT_GROUP, last = first + ACT_GROUP < n ? first + ACT_GROUP : n;
        float *f32 = (float *)(void *)run_scratch(r, thread);
        if (a->f32 != VALUE_NONE)
            f32 = (float *)run_value(r, a->f32) + (size_t)first * (size_t)a->k;
        prepare_rows(a, r, f32, act, first, last);
    }
}

void prepare_run(const struct prepare *a, struct run *r, int thread)
{
    if (!a->is_private) return;
    unsigned char *scratch = run_scratch(r, thread);
    int n = (int)shape_rows(a->shape, &r->sizes);
    prepare_rows(a, r, (float *)(void *)(scratch + a->f32_at),
                 a->want_act ? scratch + a->act_at : NULL, 0, n);
}

const void *prepare_input(const struct prepare *a, const struct run *r, int thread, bool quantised)
{
    if (a->is_private && quantised) return run_scratch(r, thread) + a->act_at;
    if (a->is_private && a->norm) return run_scratch(r, thread) + a->f32_at;
    if (quantised) return run_value(r, a->act);
    return run_value(r, a->f32);
}

void prepare_read(struct planner *p, const struct node *n, struct prepare *a)
{
    struct node_state *s = planner_state(p, n);
    if (a->is_private) {
        planner_touch(p, a->x);
        return;
    }
    if (a->want_act) planner_touch(p, a->act = s->act);
    if (a->want_f32) planner_touch(p, a->f32 = s->value);
}

/* Emits the step that writes the values marked in `a`. */
static int emit(struct planner *p, struct node *n, const struct prepare *a, bool f32, bool act)
{
    struct node_state *s = planner_state(p, n);
    struct prepare *args = planner_step(p, a->norm ? "norm" : "quantise", sizeof *args, units, run);
    if (!args) return -ERR_NO_MEMORY;
    *args = *a;
    args->f32 = args->act = VALUE_NONE;
    planner_touch(p, a->x);
    if (act) {
        int64_t rows = planner_rows(p, &n->shape);
        args->act = s->act = planner_temp(p, kernel_act_bytes((int)rows, a->k));
    }
    if (f32) args->f32 = planner_write(p, n);
    planner_scratch(p, prepare_scratch(args, 0));
    return 0;
}

int prepare_plan(struct planner *p, struct node *n, bool want_f32, bool want_act,
                 struct prepare *ret)
{
    struct node_state *s = planner_state(p, n);
    struct prepare a = { .shape = &n->shape,
                         .k = shape_width(&n->shape),
                         .want_f32 = want_f32,
                         .want_act = want_act,
                         .f32 = VALUE_NONE,
                         .act = VALUE_NONE };
    if (s->deferred) set_norm(p, &a, n);
    a.x = planner_state(p, s->deferred ? n->in[0] : n)->value;
    bool need_f32 = want_f32 && s->value == VALUE_NONE;
    bool need_act = want_act && s->act == VALUE_NONE;
    int64_t rows = planner_rows(p, &n->shape);
    if ((need_f32 || need_act) && rows <= PLAN_PRIVATE_ROWS) {
        a.is_private = true;
        a.act_at = a.norm || want_f32 ? align_up((size_t)rows * (size_t)a.k * sizeof(float)) : 0;
    } else if (need_f32 || need_act) {
        TRY(emit(p, n, &a, need_f32, need_act));
    }
    *ret = a;
    return 0;
}

int prepare_plan_norm(struct planner *p, struct node *n)
{
    struct node_state *s = planner_state(p, n);
    struct prepare a = { .shape = &n->shape, .k = shape_width(&n->shape) };
    bool linears_only = s->n_users > 0 && p->g->output != n, any_quantised = false;
    for (int i = 0; i < s->n_users; i++) {
        struct node *u = planner_user(p, n, i);
        if (u->op != &op_linear)
            linears_only = false;
        else if (prepare_quantised(u->w[0]))
            any_quantised = true;
    }
    if (linears_only) {
        s->deferred = s->done = true;
        return 0;
    }
    set_norm(p, &a, n);
    a.x = planner_state(p, n->in[0])->value;
    return emit(p, n, &a, true, any_quantised);
}

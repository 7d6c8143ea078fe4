#include "graph/prepare.h"

#include <assert.h>
#include <string.h>

extern const struct op op_rms_norm, op_layer_norm, op_linear;

unsigned prepare_forms(const struct weight *w)
{
    assert(w->uses & WEIGHT_MATRIX);
    if (!dtype_info(w->packed_dtype)->quantised) return PREPARE_F32;
    return w->wide ? PREPARE_ACT | PREPARE_REST : PREPARE_ACT;
}

static size_t align_up(size_t n)
{
    return (n + PLAN_ALIGN - 1) & ~(size_t)(PLAN_ALIGN - 1);
}

/* Places the private forms, and the f32 rows that they pass through, one behind another. */
static size_t place(struct prepare *a, int64_t rows)
{
    size_t row_bytes = (size_t)a->k * sizeof(float), at = 0;
    int64_t pairs = rows < PREPARE_PAIR_ROWS ? rows : PREPARE_PAIR_ROWS;
    int64_t f32_rows = rows > 2 * pairs ? rows : 2 * pairs;
    bool through_f32 = a->norm || a->forms & (PREPARE_F32 | PREPARE_REST);
    if (through_f32) at += align_up((size_t)f32_rows * row_bytes);
    a->act_at = at;
    if (a->forms & PREPARE_ACT) at += align_up(kernel_act_bytes((int)rows, a->k));
    a->rest_at = at;
    if (a->forms & PREPARE_REST) at += align_up(kernel_act_bytes((int)rows, a->k));
    a->pair_at = at;
    if (a->forms & PREPARE_REST) at += align_up(kernel_act_bytes(2 * (int)pairs, a->k));
    return at;
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

static void quantise(const struct prepare *a, struct run *r, void *act, const float *x, int n)
{
    r->kernels->quantise(&(struct kernel_quantise){
        .act = act, .x = x, .x_stride = (size_t)a->k, .n = n, .k = a->k });
}

/* y = x - what the codes of `act` stand for; n <= ACT_GROUP rows that are one group of ACT_Q8 (the
 * layout is in kernel.h). y may be x. */
static void subtract_act(float *y, const float *x, const unsigned char *act, size_t n, size_t k)
{
    for (size_t b = 0; b < k / ACT_BLOCK; b++, act += n * ACT_TOKEN) {
        const int8_t *codes = (const int8_t *)act;
        for (size_t t = 0; t < n; t++) {
            float d;
            memcpy(&d, act + n * ACT_BLOCK + t * sizeof d, sizeof d);
            size_t at = t * k + b * ACT_BLOCK;
            for (size_t i = 0; i < ACT_BLOCK; i++)
                y[at + i] = x[at + i] - d * (float)codes[(i / 4 * n + t) * 4 + i % 4];
        }
    }
}

/* Where the rows of one group go; NULL for forms that are not wanted. f32 is also the way there. */
struct group_out {
    float *f32;
    void *act, *rest;
    bool keep_f32; /* f32 is a result: the rest must not be computed in its place. */
    float *work;   /* (ACT_GROUP, k), for the rest where f32 is kept */
    void *pair;    /* Rows and rests in one; f32 has room for both. */
};

/* Rows [from, from + n): one group. */
static void prepare_group(const struct prepare *a, struct run *r, const struct group_out *o,
                          int from, int n)
{
    size_t k = (size_t)a->k;
    const float *x = (const float *)run_value(r, a->x) + (size_t)from * k;
    if (a->norm) {
        a->norm(&(struct kernel_norm){ .y = o->f32,
                                       .x = x,
                                       .y_stride = k,
                                       .x_stride = k,
                                       .n = n,
                                       .d = a->k,
                                       .weight = a->gain,
                                       .bias = a->bias,
                                       .eps = a->eps });
        x = o->f32;
    } else if (o->keep_f32) {
        memcpy(o->f32, x, (size_t)n * k * sizeof *x);
    }
    if (o->act) quantise(a, r, o->act, x, n);
    if (o->pair) {
        if (x != o->f32) memcpy(o->f32, x, (size_t)n * k * sizeof *x);
        subtract_act(o->f32 + (size_t)n * k, x, o->act, (size_t)n, k);
        quantise(a, r, o->pair, o->f32, 2 * n);
        return;
    }
    if (!o->rest) return;
    float *lost = o->keep_f32 ? o->work : o->f32;
    subtract_act(lost, x, o->act, (size_t)n, k);
    quantise(a, r, o->rest, lost, n);
}

static int64_t units(const struct step *s, const struct run *r)
{
    const struct prepare *a = s->args;
    return (shape_rows(a->shape, &r->sizes) + ACT_GROUP - 1) / ACT_GROUP;
}

static int group_len(int n, int first)
{
    return n - first < ACT_GROUP ? n - first : ACT_GROUP;
}

static void run(const struct step *s, struct run *r, int thread, int64_t from, int64_t to)
{
    const struct prepare *a = s->args;
    int n = (int)shape_rows(a->shape, &r->sizes);
    float *work = (float *)(void *)run_scratch(r, thread);
    for (int64_t u = from; u < to; u++) {
        int first = (int)u * ACT_GROUP;
        struct group_out o = { .f32 = work, .work = work, .keep_f32 = a->f32 != VALUE_NONE };
        if (o.keep_f32) o.f32 = (float *)run_value(r, a->f32) + (size_t)first * (size_t)a->k;
        if (a->act != VALUE_NONE) o.act = kernel_act_at(run_value(r, a->act), a->k, first);
        if (a->rest != VALUE_NONE) o.rest = kernel_act_at(run_value(r, a->rest), a->k, first);
        prepare_group(a, r, &o, first, group_len(n, first));
    }
}

static void *pair_of(const struct prepare *a, const struct run *r, int thread, int n)
{
    bool pairs = a->is_private && a->forms & PREPARE_REST && n <= PREPARE_PAIR_ROWS;
    return pairs ? run_scratch(r, thread) + a->pair_at : NULL;
}

const void *prepare_pair(const struct prepare *a, const struct run *r, int thread, int n)
{
    return pair_of(a, r, thread, n);
}

void prepare_run(const struct prepare *a, struct run *r, int thread)
{
    if (!a->is_private) return;
    unsigned char *scratch = run_scratch(r, thread);
    int n = (int)shape_rows(a->shape, &r->sizes);
    _Static_assert((int)PLAN_PRIVATE_ROWS <= (int)ACT_GROUP, "private rows are one group");
    assert(n <= PLAN_PRIVATE_ROWS);
    prepare_group(a, r,
                  &(struct group_out){
                      .f32 = (float *)(void *)(scratch + a->f32_at),
                      .act = a->forms & PREPARE_ACT ? scratch + a->act_at : NULL,
                      .rest = a->forms & PREPARE_REST ? scratch + a->rest_at : NULL,
                      .pair = pair_of(a, r, thread, n),
                      .keep_f32 = a->forms & PREPARE_F32,
                  },
                  0, n);
}

const void *prepare_input(const struct prepare *a, const struct run *r, int thread,
                          enum prepare_form form)
{
    if (a->is_private) {
        size_t at = form == PREPARE_F32 ? a->f32_at
                                        : (form == PREPARE_ACT ? a->act_at : a->rest_at);
        return run_scratch(r, thread) + at;
    }
    return run_value(r, form == PREPARE_F32 ? a->f32 : (form == PREPARE_ACT ? a->act : a->rest));
}

void prepare_read(struct planner *p, const struct node *n, struct prepare *a)
{
    struct node_state *s = planner_state(p, n);
    if (a->is_private) {
        planner_touch(p, a->x);
        return;
    }
    if (a->forms & PREPARE_F32) planner_touch(p, a->f32 = s->value);
    if (a->forms & PREPARE_ACT) planner_touch(p, a->act = s->act);
    if (a->forms & PREPARE_REST) planner_touch(p, a->rest = s->rest);
}

/* Emits the step that writes these forms. */
static int emit(struct planner *p, struct node *n, const struct prepare *a, unsigned forms)
{
    struct node_state *s = planner_state(p, n);
    struct prepare *args = planner_step(p, a->norm ? "norm" : "quantise", sizeof *args, units, run);
    if (!args) return -ERR_NO_MEMORY;
    *args = *a;
    args->f32 = args->act = args->rest = VALUE_NONE;
    planner_touch(p, a->x);
    int rows = (int)planner_rows(p, &n->shape);
    /* The rest is made from the codes: both are written together. */
    if (forms & (PREPARE_ACT | PREPARE_REST))
        args->act = s->act = planner_temp(p, kernel_act_bytes(rows, a->k));
    if (forms & PREPARE_REST) args->rest = s->rest = planner_temp(p, kernel_act_bytes(rows, a->k));
    if (forms & PREPARE_F32) args->f32 = planner_write(p, n);
    planner_scratch(p, ACT_GROUP * (size_t)a->k * sizeof(float));
    return 0;
}

int prepare_plan(struct planner *p, struct node *n, unsigned forms, struct prepare *ret)
{
    struct node_state *s = planner_state(p, n);
    struct prepare a = { .shape = &n->shape,
                         .k = shape_width(&n->shape),
                         .forms = forms,
                         .f32 = VALUE_NONE,
                         .act = VALUE_NONE,
                         .rest = VALUE_NONE };
    if (s->deferred) set_norm(p, &a, n);
    a.x = planner_state(p, s->deferred ? n->in[0] : n)->value;
    unsigned need = forms;
    if (s->value != VALUE_NONE) need &= ~(unsigned)PREPARE_F32;
    if (s->act != VALUE_NONE) need &= ~(unsigned)PREPARE_ACT;
    if (s->rest != VALUE_NONE) need &= ~(unsigned)PREPARE_REST;
    int64_t rows = planner_rows(p, &n->shape);
    bool both = forms & PREPARE_F32 && forms & PREPARE_REST;
    /* The lora step comes before the linear's own prologue. */
    if (need && rows <= PLAN_PRIVATE_ROWS && !both && !p->options->adapters)
        a.is_private = true;
    else if (need)
        TRY(emit(p, n, &a, need));
    if (a.is_private) (void)place(&a, rows);
    *ret = a;
    return 0;
}

size_t prepare_scratch(const struct prepare *a)
{
    struct prepare copy = *a;
    return a->is_private ? place(&copy, PLAN_PRIVATE_ROWS) : 0;
}

int prepare_plan_norm(struct planner *p, struct node *n)
{
    struct node_state *s = planner_state(p, n);
    struct prepare a = { .shape = &n->shape, .k = shape_width(&n->shape) };
    bool linears_only = s->n_users > 0 && p->g->output != n;
    unsigned forms = PREPARE_F32;
    for (int i = 0; i < s->n_users; i++) {
        struct node *u = planner_user(p, n, i);
        if (u->op == &op_linear)
            forms |= prepare_forms(u->w[0]);
        else
            linears_only = false;
    }
    if (linears_only) {
        s->deferred = s->done = true;
        return 0;
    }
    set_norm(p, &a, n);
    a.x = planner_state(p, n->in[0])->value;
    return emit(p, n, &a, forms);
}

#include "graph/plan.h"

#include "base/seam.h"
#include "graph/planner.h"

#include <assert.h>
#include <string.h>

static size_t align_up(size_t n)
{
    return (n + PLAN_ALIGN - 1) & ~(size_t)(PLAN_ALIGN - 1);
}

/* --- what hooks use --- */

struct node_state *planner_state(struct planner *p, const struct node *n)
{
    return &p->nodes[n->id];
}

struct node *planner_user(struct planner *p, const struct node *n, int i)
{
    const struct node_state *s = planner_state(p, n);
    return i < s->n_users ? p->users[s->first_user + i] : NULL;
}

struct node *planner_only_user(struct planner *p, const struct node *n)
{
    if (planner_state(p, n)->n_users != 1 || p->g->output == n) return NULL;
    return planner_user(p, n, 0);
}

int64_t planner_rows(const struct planner *p, const struct shape *s)
{
    return shape_rows(s, &p->options->sizes);
}

struct step *planner_current(struct planner *p)
{
    assert(p->plan->n_steps > 0);
    return &p->plan->steps[p->plan->n_steps - 1];
}

void *planner_step(struct planner *p, const char *name, size_t size, step_units_fn *units,
                   step_run_fn *run)
{
    struct plan *plan = p->plan;
    void *args = arena_alloc(&plan->arena, size);
    if (!args) return NULL;
    if (plan->n_steps == plan->steps_cap) {
        int32_t cap = plan->steps_cap ? plan->steps_cap * 2 : 128;
        if (cap > PLAN_STEPS_MAX) return NULL;
        struct step *steps = mem_realloc(plan->steps, (size_t)cap * sizeof *steps);
        if (!steps) return NULL;
        plan->steps = steps;
        plan->steps_cap = cap;
    }
    plan->steps[plan->n_steps++] = (struct step){
        .name = name, .units = units, .run = run, .args = args
    };
    return args;
}

int32_t planner_temp(struct planner *p, size_t bytes)
{
    struct plan *plan = p->plan;
    if (plan->n_values == plan->values_cap) {
        int32_t cap = plan->values_cap ? plan->values_cap * 2 : 128;
        struct value *values = mem_realloc(plan->values, (size_t)cap * sizeof *values);
        if (!values) {
            plan->arena.failed = true; /* plan_make looks there once. */
            return 0;
        }
        plan->values = values;
        plan->values_cap = cap;
    }
    int32_t now = plan->n_steps - 1;
    plan->values[plan->n_values] = (struct value){
        .bytes = bytes,
        .first = now,
        .last = now,
        .over = VALUE_NONE,
    };
    return plan->n_values++;
}

void planner_touch(struct planner *p, int32_t value)
{
    if (p->plan->arena.failed) return;
    assert(value >= 0 && value < p->plan->n_values);
    p->plan->values[value].last = p->plan->n_steps - 1;
}

int32_t planner_read(struct planner *p, const struct node *n)
{
    int32_t value = planner_state(p, n)->value;
    assert(value != VALUE_NONE);
    planner_touch(p, value);
    return value;
}

int32_t planner_write(struct planner *p, struct node *n)
{
    struct node_state *s = planner_state(p, n);
    assert(s->value == VALUE_NONE);
    size_t bytes = (size_t)shape_elements(&n->shape, &p->options->sizes) * sizeof(float);
    s->value = planner_temp(p, bytes);
    s->done = true;
    if (n == p->g->output && !p->plan->arena.failed) p->plan->values[s->value].external = true;
    return s->value;
}

int32_t planner_write_over(struct planner *p, struct node *n, const struct node *over)
{
    int32_t value = planner_write(p, n);
    if (!p->plan->arena.failed && !p->plan->values[value].external)
        p->plan->values[value].over = planner_state(p, over)->value;
    return value;
}

void planner_scratch(struct planner *p, size_t bytes)
{
    bytes = align_up(bytes);
    if (bytes > p->plan->scratch_bytes) p->plan->scratch_bytes = bytes;
}

/* --- the plan --- */

static int count_users(struct planner *p)
{
    int32_t n_edges = 0;
    for (int32_t i = 0; i < p->g->n_nodes; i++) n_edges += p->g->nodes[i]->n_in;
    p->nodes = ARENA_NEWS(&p->arena, (size_t)p->g->n_nodes, struct node_state);
    p->users = ARENA_NEWS(&p->arena, (size_t)n_edges + 1, struct node *);
    if (!p->nodes || !p->users) return -ERR_NO_MEMORY;
    for (int32_t i = 0; i < p->g->n_nodes; i++) {
        const struct node *n = p->g->nodes[i];
        for (int j = 0; j < n->n_in; j++) planner_state(p, n->in[j])->n_users++;
        p->nodes[i].value = p->nodes[i].act = p->nodes[i].rest = VALUE_NONE;
    }
    int32_t at = 0;
    for (int32_t i = 0; i < p->g->n_nodes; i++) {
        p->nodes[i].first_user = at;
        at += p->nodes[i].n_users;
        p->nodes[i].n_users = 0;
    }
    for (int32_t i = 0; i < p->g->n_nodes; i++) {
        struct node *n = p->g->nodes[i];
        for (int j = 0; j < n->n_in; j++) {
            struct node_state *s = planner_state(p, n->in[j]);
            p->users[s->first_user + s->n_users++] = n;
        }
    }
    return 0;
}

/* A value that takes the place of another must not be written before that one's last reader: both
 * must meet in the very step. */
static bool takes_over(const struct plan *p, const struct value *v)
{
    if (v->over == VALUE_NONE) return false;
    const struct value *old = &p->values[v->over];
    return !old->external && old->last == v->first && old->bytes >= v->bytes;
}

/* First fit in order of first step: each value goes to the lowest place where nothing lies that is
 * alive with it. Quadratic in the number of values, which is some thousand at most. */
void plan_layout(struct plan *p)
{
    p->block_bytes = p->values_bytes = 0;
    for (int32_t i = 0; i < p->n_values; i++) {
        struct value *v = &p->values[i];
        if (v->external) continue;
        p->values_bytes += align_up(v->bytes);
        if (takes_over(p, v)) {
            v->offset = p->values[v->over].offset;
            continue;
        }
        v->over = VALUE_NONE;
        bool moved = true;
        for (v->offset = 0; moved;) {
            moved = false;
            for (int32_t j = 0; j < i; j++) {
                const struct value *o = &p->values[j];
                if (o->external || o->last < v->first || v->last < o->first) continue;
                if (v->offset < o->offset + align_up(o->bytes) &&
                    o->offset < v->offset + align_up(v->bytes)) {
                    v->offset = o->offset + align_up(o->bytes);
                    moved = true;
                }
            }
        }
        if (v->offset + align_up(v->bytes) > p->block_bytes)
            p->block_bytes = v->offset + align_up(v->bytes);
    }
}

int plan_make(struct plan **ret, const struct graph *g, const struct plan_options *options,
              struct err *err)
{
    assert(options->kernels && options->n_threads > 0 && g->output);
    struct plan *plan = mem_calloc(1, sizeof *plan);
    if (!plan) return err_set(err, ERR_NO_MEMORY, "no memory for a plan");
    plan->options = *options;
    plan->options.sizes.of[DIM_CONST] = 1;
    plan->graph = g;
    arena_init(&plan->arena, GRAPH_BYTES_MAX);
    struct planner p = { .plan = plan, .g = g, .options = &plan->options };
    arena_init(&p.arena, GRAPH_BYTES_MAX);
    int result = count_users(&p);
    for (int32_t i = 0; result == 0 && i < g->n_nodes; i++)
        if (!p.nodes[i].done) result = g->nodes[i]->op->plan(&p, g->nodes[i]);
    if (result == 0 && plan->arena.failed) result = -ERR_NO_MEMORY;
    arena_release(&p.arena);
    if (result < 0) {
        plan_close(plan);
        return err_set(err, ERR_NO_MEMORY, "no memory to plan a graph of %d nodes", g->n_nodes);
    }
    plan_layout(plan);
    *ret = plan;
    return 0;
}

void plan_close(struct plan *p)
{
    if (!p) return;
    mem_free(p->steps);
    mem_free(p->values);
    arena_release(&p->arena);
    mem_free(p);
}

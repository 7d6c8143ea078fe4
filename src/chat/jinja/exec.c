#include "chat/jinja/eval.h"
#include "chat/jinja/loop.h"

#include <assert.h>

static int assign_attr(struct render *r, struct scope *s, const struct node *target,
                       struct value value)
{
    struct node name = { .kind = NODE_NAME, .line = target->line, .symbol = target->attr.symbol };
    struct value object;
    TRY(eval(r, s, &object, &name));
    if (object.kind != KIND_NAMESPACE)
        return render_fail(r, "cannot assign attribute on non-namespace object");
    if (slice_starts(str_slice(target->attr.name.str), SLICE("_")))
        return render_fail(r, "a namespace cannot have attributes that start with an underscore");
    return dict_put(r, object.dict, target->attr.name, value);
}

int exec_assign(struct render *r, struct scope *s, const struct node *target, struct value value)
{
    const struct list *items;
    if (target->kind == NODE_NAME) return scope_set(r, s, target->symbol, value);
    if (target->kind == NODE_NAMESPACE_REF) return assign_attr(r, s, target, value);
    assert(target->kind == NODE_TUPLE); /* The parser lets nothing else through. */
    TRY(value_items(r, &items, value));
    if (items->n != target->list.n)
        return render_fail(r, "%s values to unpack (expected %zu)",
                           items->n < target->list.n ? "not enough" : "too many", target->list.n);
    for (size_t i = 0; i < items->n; i++)
        TRY(exec_assign(r, s, target->list.items[i], items->items[i]));
    return 0;
}

/* A body into a string of its own; *ret_flow is what it ended with. */
static int capture(struct render *r, struct scope *s, struct value *ret, const struct nodes *body,
                   int *ret_flow)
{
    struct scope *inner;
    struct text t;
    TRY(scope_new(r, &inner, s));
    text_init(&t, r);
    *ret_flow = exec_body(r, inner, &t, body);
    if (*ret_flow != FLOW_NEXT) return *ret_flow < 0 ? *ret_flow : 0;
    return text_value(&t, ret);
}

/* {% set x %}, {% filter f %}: body, then filters if there are any. */
static int exec_block(struct render *r, struct scope *s, struct text *out, const struct node *node)
{
    struct value v;
    int flow;
    TRY(capture(r, s, &v, &node->set.body, &flow));
    if (flow != FLOW_NEXT) return flow;
    if (node->set.value) {
        struct scope *inner;
        TRY(scope_new(r, &inner, s));
        inner->block = v;
        TRY(eval(r, inner, &v, node->set.value));
    }
    if (node->kind == NODE_SET_BLOCK) return exec_assign(r, s, node->set.target, v);
    text_add_value(out, v);
    return out->rc;
}

static int exec_if(struct render *r, struct scope *s, struct text *out, const struct node *node)
{
    for (size_t i = 0; i < node->branches.n; i++) {
        const struct branch *branch = &node->branches.branches[i];
        struct value condition = value_bool(true);
        if (branch->condition) TRY(eval(r, s, &condition, branch->condition));
        if (value_truth(condition)) return exec_body(r, s, out, &branch->body);
    }
    return FLOW_NEXT;
}

static int run_loop(struct render *r, struct loop *loop, struct text *out)
{
    const struct node_for *node = loop->node;
    struct value self = { .kind = KIND_LOOP, .loop = loop }, item;
    struct scope *s;
    /* As in jinja2, a round that ends by break or continue does not count for `else`. */
    bool completed = false;
    TRY(scope_new(r, &s, loop->outer));
    for (;;) {
        TRY(loop_next(r, loop, &item));
        if (item.kind == KIND_MISSING) break;
        s->n = 0;
        TRY(scope_set(r, s, SYMBOL_LOOP, self));
        TRY(exec_assign(r, s, node->target, item));
        int flow = exec_body(r, s, out, &node->body);
        if (flow < 0) return flow;
        if (flow == FLOW_BREAK) break;
        if (flow == FLOW_NEXT) completed = true;
    }
    if (completed || node->otherwise.n == 0) return FLOW_NEXT;
    TRY(scope_new(r, &s, loop->outer));
    return exec_body(r, s, out, &node->otherwise);
}

static int start_loop(struct render *r, struct scope *s, struct text *out,
                      const struct node_for *node, struct value items, int64_t depth0)
{
    struct loop *loop = render_alloc(r, 1, sizeof *loop);
    if (!loop) return render_memory(r);
    loop->node = node;
    loop->outer = s;
    loop->index0 = -1;
    loop->depth0 = depth0;
    TRY(value_items(r, &loop->items, items));
    return run_loop(r, loop, out);
}

int loop_recurse(struct render *r, struct value *ret, const struct loop *loop, struct value items)
{
    struct text t;
    if (!loop->node->recursive)
        return render_fail(r, "a loop that is called must have the 'recursive' marker");
    text_init(&t, r);
    TRY(start_loop(r, loop->outer, &t, loop->node, items, loop->depth0 + 1));
    return text_value(&t, ret);
}

static int exec_for(struct render *r, struct scope *s, struct text *out, const struct node *node)
{
    struct value items;
    TRY(eval(r, s, &items, node->loop.iter));
    return start_loop(r, s, out, &node->loop, items, 0);
}

static int make_macro(struct render *r, struct value *ret, struct scope *s, const struct node *node)
{
    struct macro *macro = render_alloc(r, 1, sizeof *macro);
    if (!macro) return render_memory(r);
    *macro = (struct macro){ node, s };
    *ret = (struct value){ .kind = KIND_MACRO, .macro = macro };
    return 0;
}

static int exec_call_block(struct render *r, struct scope *s, struct text *out,
                           const struct node *node)
{
    const struct node *call = node->macro.call;
    struct value callee, caller, name, result;
    struct args args;
    TRY(make_macro(r, &caller, s, node));
    TRY(eval(r, s, &callee, call->call.callee));
    TRY(eval_args(r, s, &args, &call->call.args));
    TRY(value_string(r, &name, SLICE("caller"), true));
    struct keyword *kw = (struct keyword *)(uintptr_t)args.kw; /* eval_args left room for it. */
    kw[args.n_kw++] = (struct keyword){ name, caller };
    r->line = node->line;
    TRY(value_call(r, &result, callee, &args));
    text_add_value(out, result);
    return out->rc;
}

static int exec_with(struct render *r, struct scope *s, struct text *out, const struct node *node)
{
    struct scope *inner;
    struct value v;
    TRY(scope_new(r, &inner, s));
    for (size_t i = 0; i < node->with.targets.n; i++) {
        TRY(eval(r, s, &v, node->with.values.items[i])); /* In the outer scope, all of them. */
        TRY(exec_assign(r, inner, node->with.targets.items[i], v));
    }
    return exec_body(r, inner, out, &node->with.body);
}

static int exec_statement(struct render *r, struct scope *s, struct text *out,
                          const struct node *node)
{
    struct value v;
    switch (node->kind) {
    case NODE_TEXT: text_add_str(out, node->constant.str); return out->rc;
    case NODE_OUTPUT:
        TRY(eval(r, s, &v, node->operand));
        text_add_value(out, v);
        return out->rc;
    case NODE_IF: return exec_if(r, s, out, node);
    case NODE_FOR: return exec_for(r, s, out, node);
    case NODE_SET:
        TRY(eval(r, s, &v, node->set.value));
        return exec_assign(r, s, node->set.target, v);
    case NODE_SET_BLOCK:
    case NODE_FILTER_BLOCK: return exec_block(r, s, out, node);
    case NODE_MACRO: TRY(make_macro(r, &v, s, node)); return scope_set(r, s, node->macro.symbol, v);
    case NODE_CALL_BLOCK: return exec_call_block(r, s, out, node);
    case NODE_WITH:
    case NODE_SCOPE: return exec_with(r, s, out, node);
    case NODE_BREAK: return FLOW_BREAK;
    case NODE_CONTINUE: return FLOW_CONTINUE;
    default: return render_fail(r, "this is no statement");
    }
}

int exec_body(struct render *r, struct scope *s, struct text *out, const struct nodes *body)
{
    TRY(render_enter(r));
    int flow = FLOW_NEXT;
    for (size_t i = 0; flow == FLOW_NEXT && i < body->n; i++) {
        TRY(render_step(r, 1));
        r->line = body->items[i]->line;
        flow = exec_statement(r, s, out, body->items[i]);
    }
    if (flow >= 0) render_leave(r);
    return flow;
}

/* The argument for a parameter, by position or by name; *used counts keywords taken. */
static struct value argument(const struct args *args, size_t i, const struct str *name,
                             size_t *used)
{
    if (i < args->n_pos) return args->pos[i];
    for (size_t k = 0; k < args->n_kw; k++)
        if (slice_eq(str_slice(args->kw[k].name.str), str_slice(name))) {
            ++*used;
            return args->kw[k].value;
        }
    return (struct value){ 0 };
}

static bool is_param(const struct node_macro *m, size_t from, const struct str *name)
{
    for (size_t i = from; i < m->n_params; i++)
        if (slice_eq(str_slice(m->params[i].name.str), str_slice(name))) return true;
    return false;
}

/* caller, kwargs and varargs, if the body mentions them. */
static int bind_rest(struct render *r, struct scope *s, const struct node_macro *m,
                     const struct args *args, size_t used)
{
    size_t from = args->n_pos < m->n_params ? args->n_pos : m->n_params;
    struct value caller, kwargs, varargs;
    TRY(value_undefined_hint(r, &caller, "No caller defined"));
    TRY(value_dict(r, &kwargs, 0));
    for (size_t k = 0; k < args->n_kw; k++) {
        const struct keyword *kw = &args->kw[k];
        if (is_param(m, from, kw->name.str)) continue;
        if (m->uses_caller && slice_is(str_slice(kw->name.str), "caller")) {
            caller = kw->value;
            used++;
        } else if (m->uses_kwargs) {
            TRY(dict_put(r, kwargs.dict, kw->name, kw->value));
            used++;
        }
    }
    if (used < args->n_kw) return render_fail(r, "a macro is given a keyword argument it lacks");
    if (m->uses_caller) TRY(scope_set(r, s, SYMBOL_CALLER, caller));
    if (m->uses_kwargs) TRY(scope_set(r, s, SYMBOL_KWARGS, kwargs));
    if (!m->uses_varargs) {
        if (args->n_pos > m->n_params)
            return render_fail(r, "a macro takes not more than %zu arguments", m->n_params);
        return 0;
    }
    size_t n = args->n_pos > m->n_params ? args->n_pos - m->n_params : 0;
    TRY(value_list(r, &varargs, KIND_TUPLE, n));
    for (size_t i = 0; i < n; i++) varargs.list->items[i] = args->pos[m->n_params + i];
    return scope_set(r, s, SYMBOL_VARARGS, varargs);
}

int macro_call(struct render *r, struct value *ret, const struct macro *macro,
               const struct args *args)
{
    const struct node_macro *m = &macro->node->macro;
    struct scope *s;
    struct text t;
    size_t used = 0;
    struct value v;
    TRY(scope_new(r, &s, macro->scope));
    for (size_t i = 0; i < m->n_params; i++) {
        v = argument(args, i, m->params[i].name.str, &used);
        if (v.kind != KIND_MISSING) TRY(scope_set(r, s, m->params[i].symbol, v));
    }
    TRY(bind_rest(r, s, m, args, used));
    used = 0;
    for (size_t i = 0; i < m->n_params; i++) {
        const struct param *param = &m->params[i];
        if (argument(args, i, param->name.str, &used).kind != KIND_MISSING) continue;
        if (param->otherwise)
            TRY(eval(r, s, &v, param->otherwise));
        else
            TRY(value_undefined_hint(r, &v, "a parameter of a macro was not provided"));
        TRY(scope_set(r, s, param->symbol, v));
    }
    text_init(&t, r);
    TRY(exec_body(r, s, &t, &m->body));
    return text_value(&t, ret);
}

#include "chat/jinja/eval.h"

int scope_new(struct render *r, struct scope **ret, struct scope *outer)
{
    struct scope *s = render_alloc(r, 1, sizeof *s);
    if (!s) return render_memory(r);
    s->outer = outer;
    *ret = s;
    return 0;
}

int scope_set(struct render *r, struct scope *s, uint32_t symbol, struct value value)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->vars[i].symbol == symbol) {
            s->vars[i].value = value;
            return 0;
        }
    if (s->n == s->cap) {
        size_t cap = s->cap ? 2 * s->cap : 4;
        struct binding *vars = render_alloc(r, cap, sizeof *vars);
        if (!vars) return render_memory(r);
        if (s->n) memcpy(vars, s->vars, s->n * sizeof *vars);
        s->vars = vars;
        s->cap = cap;
    }
    s->vars[s->n++] = (struct binding){ symbol, value };
    return 0;
}

static int eval_name(struct render *r, struct scope *s, struct value *ret, uint32_t symbol)
{
    for (; s; s = s->outer)
        for (size_t i = 0; i < s->n; i++)
            if (s->vars[i].symbol == symbol) {
                *ret = s->vars[i].value;
                return 0;
            }
    *ret = r->globals[symbol];
    if (ret->kind != KIND_MISSING) return 0;
    if (slice_is(r->names[symbol], "self"))
        return render_fail(r, "'self' (blocks) is not supported");
    return value_undefined_attr(r, ret, (struct value){ 0 }, r->names[symbol]);
}

static int eval_items(struct render *r, struct scope *s, struct value *ret, const struct node *node)
{
    enum value_kind kind = node->kind == NODE_LIST ? KIND_LIST : KIND_TUPLE;
    TRY(value_list(r, ret, kind, node->list.n));
    for (size_t i = 0; i < node->list.n; i++)
        TRY(eval(r, s, &ret->list->items[i], node->list.items[i]));
    return 0;
}

static int eval_dict(struct render *r, struct scope *s, struct value *ret, const struct nodes *list)
{
    struct value key, value;
    TRY(value_dict(r, ret, list->n / 2));
    for (size_t i = 0; i < list->n; i += 2) {
        TRY(eval(r, s, &key, list->items[i]));
        TRY(eval(r, s, &value, list->items[i + 1]));
        TRY(dict_put(r, ret->dict, key, value));
    }
    return 0;
}

static int eval_slice(struct render *r, struct scope *s, struct value *ret,
                      const struct nodes *parts)
{
    struct bounds *b = render_alloc(r, 1, sizeof *b);
    if (!b) return render_memory(r);
    struct value *into[] = { &b->from, &b->to, &b->step };
    for (size_t i = 0; i < 3; i++) {
        *into[i] = value_none();
        if (parts->items[i]) TRY(eval(r, s, into[i], parts->items[i]));
    }
    *ret = (struct value){ .kind = KIND_SLICE, .bounds = b };
    return 0;
}

static int eval_concat(struct render *r, struct scope *s, struct value *ret,
                       const struct nodes *parts)
{
    struct text t;
    struct value v;
    text_init(&t, r);
    for (size_t i = 0; i < parts->n; i++) {
        TRY(eval(r, s, &v, parts->items[i]));
        text_add_value(&t, v);
    }
    return text_value(&t, ret);
}

static int compare(struct render *r, bool *ret, enum compare_op op, struct value a, struct value b)
{
    static const char *const shown[] = { "==", "!=", "<", "<=", ">", ">=", "in", "not in" };
    int order;
    if (op == COMPARE_EQ || op == COMPARE_NE) {
        TRY(value_eq(r, ret, a, b));
        if (op == COMPARE_NE) *ret = !*ret;
        return 0;
    }
    if (op == COMPARE_IN || op == COMPARE_NOT_IN) {
        TRY(value_contains(r, ret, b, a));
        if (op == COMPARE_NOT_IN) *ret = !*ret;
        return 0;
    }
    TRY(value_compare(r, &order, a, b, shown[op]));
    *ret = op == COMPARE_LT   ? order < 0
           : op == COMPARE_LE ? order <= 0
           : op == COMPARE_GT ? order > 0
                              : order >= 0;
    return 0;
}

static int eval_compare(struct render *r, struct scope *s, struct value *ret,
                        const struct node *node)
{
    struct value left, right;
    bool holds = true;
    TRY(eval(r, s, &left, node->compare.left));
    for (size_t i = 0; holds && i < node->compare.n; i++) {
        TRY(eval(r, s, &right, node->compare.rest[i].right));
        TRY(compare(r, &holds, node->compare.rest[i].op, left, right));
        left = right;
    }
    *ret = value_bool(holds);
    return 0;
}

static int eval_condition(struct render *r, struct scope *s, struct value *ret,
                          struct node *const *parts)
{
    struct value condition;
    TRY(eval(r, s, &condition, parts[0]));
    const struct node *chosen = value_truth(condition) ? parts[1] : parts[2];
    if (chosen) return eval(r, s, ret, chosen);
    return value_undefined_hint(r, ret, "the inline if has no else and its condition is false");
}

static int eval_arith(struct render *r, struct scope *s, struct value *ret, const struct node *node)
{
    struct value left, right;
    TRY(eval(r, s, &left, node->binary.left));
    if (node->kind != NODE_ARITH && value_truth(left) == (node->kind == NODE_OR)) {
        *ret = left;
        return 0;
    }
    if (node->kind != NODE_ARITH) return eval(r, s, ret, node->binary.right);
    TRY(eval(r, s, &right, node->binary.right));
    r->line = node->line;
    return value_arith(r, ret, node->binary.op, left, right);
}

/* **kwargs: the entries of a dict as keyword arguments. */
static int eval_star_star(struct render *r, struct args *ret, struct keyword *kw, struct value v)
{
    if (v.kind != KIND_DICT) return render_fail(r, "argument after ** must be a mapping");
    for (size_t i = 0; i < v.dict->n; i++) {
        if (v.dict->pairs[i].key.kind != KIND_STRING)
            return render_fail(r, "keywords must be strings");
        for (size_t k = 0; k < ret->n_kw; k++)
            if (slice_eq(str_slice(kw[k].name.str), str_slice(v.dict->pairs[i].key.str)))
                return render_fail(r, "got multiple values for a keyword argument");
        kw[ret->n_kw++] = (struct keyword){ v.dict->pairs[i].key, v.dict->pairs[i].value };
    }
    return 0;
}

int eval_args(struct render *r, struct scope *s, struct args *ret, const struct node_args *args)
{
    const struct list *star = NULL;
    struct value extra = { 0 }, star_value;
    *ret = (struct args){ 0 };
    if (args->star) {
        TRY(eval(r, s, &star_value, args->star));
        TRY(value_items(r, &star, star_value));
    }
    if (args->star_star) TRY(eval(r, s, &extra, args->star_star));
    size_t n_pos = args->pos.n + (star ? star->n : 0);
    size_t n_kw = args->n_kw + (extra.kind == KIND_DICT ? extra.dict->n : 0) + 1; /* caller */
    struct value *pos = render_alloc(r, n_pos, sizeof *pos);
    struct keyword *kw = render_alloc(r, n_kw, sizeof *kw);
    if (!pos || !kw) return render_memory(r);
    ret->pos = pos;
    ret->kw = kw;
    for (size_t i = 0; i < args->pos.n; i++)
        TRY(eval(r, s, &pos[ret->n_pos++], args->pos.items[i]));
    for (size_t i = 0; star && i < star->n; i++) pos[ret->n_pos++] = star->items[i];
    for (size_t i = 0; i < args->n_kw; i++) {
        kw[i].name = args->kw[i].name;
        TRY(eval(r, s, &kw[i].value, args->kw[i].value));
        ret->n_kw++;
    }
    if (args->star_star) TRY(eval_star_star(r, ret, kw, extra));
    return 0;
}

static int eval_call(struct render *r, struct scope *s, struct value *ret, const struct node *node)
{
    struct value callee;
    struct args args;
    TRY(eval(r, s, &callee, node->call.callee));
    TRY(eval_args(r, s, &args, &node->call.args));
    r->line = node->line;
    return value_call(r, ret, callee, &args);
}

static int eval_apply(struct render *r, struct scope *s, struct value *ret, const struct node *node)
{
    struct value subject = s->block;
    struct args args;
    if (node->apply.subject) TRY(eval(r, s, &subject, node->apply.subject));
    TRY(eval_args(r, s, &args, &node->apply.args));
    r->line = node->line;
    return builtin_call(r, ret, node->apply.builtin, subject, &args);
}

static int eval_unary(struct render *r, struct scope *s, struct value *ret, const struct node *node)
{
    struct value v;
    TRY(eval(r, s, &v, node->operand));
    if (node->kind == NODE_NOT) {
        *ret = value_bool(!value_truth(v));
        return 0;
    }
    if (node->kind == NODE_NEGATE) return value_negate(r, ret, v);
    TRY(value_negate(r, ret, v)); /* Refuses what is no number. */
    *ret = v;
    if (v.kind == KIND_BOOL) *ret = value_int(v.boolean);
    return 0;
}

static int eval_member(struct render *r, struct scope *s, struct value *ret,
                       const struct node *node)
{
    struct value object, index;
    if (node->kind == NODE_ATTR) {
        TRY(eval(r, s, &object, node->attr.object));
        r->line = node->line;
        return value_attr(r, ret, object, str_slice(node->attr.name.str));
    }
    TRY(eval(r, s, &object, node->item.object));
    TRY(eval(r, s, &index, node->item.index));
    r->line = node->line;
    return value_item(r, ret, object, index);
}

static int eval_deep(struct render *r, struct scope *s, struct value *ret, const struct node *node)
{
    switch (node->kind) {
    case NODE_LIST:
    case NODE_TUPLE: return eval_items(r, s, ret, node);
    case NODE_DICT: return eval_dict(r, s, ret, &node->list);
    case NODE_ATTR:
    case NODE_ITEM: return eval_member(r, s, ret, node);
    case NODE_SLICE: return eval_slice(r, s, ret, &node->list);
    case NODE_CALL: return eval_call(r, s, ret, node);
    case NODE_FILTER:
    case NODE_TEST: return eval_apply(r, s, ret, node);
    case NODE_NOT:
    case NODE_NEGATE:
    case NODE_PLUS: return eval_unary(r, s, ret, node);
    case NODE_ARITH:
    case NODE_AND:
    case NODE_OR: return eval_arith(r, s, ret, node);
    case NODE_CONCAT: return eval_concat(r, s, ret, &node->list);
    case NODE_COMPARE: return eval_compare(r, s, ret, node);
    case NODE_COND: return eval_condition(r, s, ret, node->list.items);
    default: return render_fail(r, "this cannot be evaluated");
    }
}

int eval(struct render *r, struct scope *s, struct value *ret, const struct node *node)
{
    struct value v = { 0 };
    TRY(render_step(r, 1));
    r->line = node->line;
    if (node->kind == NODE_CONST) {
        *ret = node->constant;
        return 0;
    }
    if (node->kind == NODE_NAME) return eval_name(r, s, ret, node->symbol);
    TRY(render_enter(r));
    TRY(eval_deep(r, s, &v, node));
    render_leave(r);
    *ret = v;
    return 0;
}

/* Expressions, loosest binding first: if-else, or, and, not, comparisons and in, + -, ~, * / // %,
 * **, signs, then postfixes (. [ ] calls) and filters and tests. As in jinja2, ** binds to the
 * left, and a sign binds tighter than **. */
#include "chat/jinja/builtin.h"
#include "chat/jinja/parser.h"

static int parse_or(struct parser *p, struct node **ret);
static int parse_unary(struct parser *p, struct node **ret, bool with_filters);

static int binary(struct parser *p, struct node **left, enum node_kind kind, char op,
                  struct node *right, uint32_t line)
{
    struct node *node;
    TRY(parse_node(p, &node, kind, line));
    node->binary.left = *left;
    node->binary.right = right;
    node->binary.op = op;
    *left = node;
    return 0;
}

static int parse_pow(struct parser *p, struct node **ret)
{
    struct node *right;
    uint32_t line = p->token->line;
    TRY(parse_unary(p, ret, true));
    while (parse_skip(p, LEX_POW)) {
        TRY(parse_unary(p, &right, true));
        TRY(binary(p, ret, NODE_ARITH, 'p', right, line));
    }
    return 0;
}

static int parse_product(struct parser *p, struct node **ret)
{
    struct node *right;
    uint32_t line = p->token->line;
    TRY(parse_pow(p, ret));
    for (;;) {
        int type = (int)p->token->type;
        if (type != '*' && type != '/' && type != LEX_FLOORDIV && type != '%') return 0;
        p->token++;
        TRY(parse_pow(p, &right));
        TRY(binary(p, ret, NODE_ARITH, type == LEX_FLOORDIV ? 'i' : (char)type, right, line));
    }
}

static int parse_concat(struct parser *p, struct node **ret)
{
    struct node *node;
    TRY(parse_product(p, ret));
    if (p->token->type != (enum token_type)'~') return 0;
    size_t cap = 0;
    TRY(parse_node(p, &node, NODE_CONCAT, p->token->line));
    TRY(parse_push(p, &node->list, &cap, *ret));
    while (parse_skip(p, '~')) {
        TRY(parse_product(p, ret));
        TRY(parse_push(p, &node->list, &cap, *ret));
    }
    *ret = node;
    return 0;
}

static int parse_sum(struct parser *p, struct node **ret)
{
    struct node *right;
    uint32_t line = p->token->line;
    TRY(parse_concat(p, ret));
    for (;;) {
        int type = (int)p->token->type;
        if (type != '+' && type != '-') return 0;
        p->token++;
        TRY(parse_concat(p, &right));
        TRY(binary(p, ret, NODE_ARITH, (char)type, right, line));
    }
}

/* Whether a comparison follows; skips it. */
static bool skip_compare(struct parser *p, enum compare_op *ret)
{
    static const struct {
        int type;
        enum compare_op op;
    } ops[] = { { LEX_EQ, COMPARE_EQ }, { LEX_NE, COMPARE_NE }, { '<', COMPARE_LT },
                { LEX_LE, COMPARE_LE }, { '>', COMPARE_GT },    { LEX_GE, COMPARE_GE } };
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
        if (parse_skip(p, ops[i].type)) {
            *ret = ops[i].op;
            return true;
        }
    if (parse_skip_name(p, "in")) {
        *ret = COMPARE_IN;
        return true;
    }
    if (parse_is_name(p, "not") && p->token[1].type == LEX_NAME &&
        slice_is(p->token[1].text, "in")) {
        p->token += 2;
        *ret = COMPARE_NOT_IN;
        return true;
    }
    return false;
}

static int parse_compare(struct parser *p, struct node **ret)
{
    struct node *node = NULL;
    size_t cap = 0;
    struct compare next;
    uint32_t line = p->token->line;
    TRY(parse_sum(p, ret));
    while (skip_compare(p, &next.op)) {
        TRY(parse_sum(p, &next.right));
        if (!node) {
            TRY(parse_node(p, &node, NODE_COMPARE, line));
            node->compare.left = *ret;
            *ret = node;
        }
        if (node->compare.n == cap) {
            cap = cap ? 2 * cap : 1;
            struct compare *rest = ARENA_NEWS(&p->t->arena, cap, struct compare);
            if (!rest) return arena_check(&p->t->arena, "a compiled chat template", p->err);
            if (node->compare.n) memcpy(rest, node->compare.rest, node->compare.n * sizeof *rest);
            node->compare.rest = rest;
        }
        node->compare.rest[node->compare.n++] = next;
    }
    return 0;
}

static int parse_not(struct parser *p, struct node **ret)
{
    if (!parse_is_name(p, "not")) return parse_compare(p, ret);
    TRY(parse_enter(p));
    TRY(parse_node(p, ret, NODE_NOT, p->token->line));
    p->token++;
    TRY(parse_not(p, &(*ret)->operand));
    parse_leave(p);
    return 0;
}

static int parse_and(struct parser *p, struct node **ret)
{
    struct node *right;
    uint32_t line = p->token->line;
    TRY(parse_not(p, ret));
    while (parse_skip_name(p, "and")) {
        TRY(parse_not(p, &right));
        TRY(binary(p, ret, NODE_AND, '&', right, line));
    }
    return 0;
}

static int parse_or(struct parser *p, struct node **ret)
{
    struct node *right;
    uint32_t line = p->token->line;
    TRY(parse_and(p, ret));
    while (parse_skip_name(p, "or")) {
        TRY(parse_and(p, &right));
        TRY(binary(p, ret, NODE_OR, '|', right, line));
    }
    return 0;
}

int parse_expression(struct parser *p, struct node **ret, bool with_condition)
{
    TRY(parse_enter(p));
    TRY(parse_or(p, ret));
    while (with_condition && parse_is_name(p, "if")) {
        struct node *node, *condition, *otherwise = NULL;
        size_t cap = 0;
        TRY(parse_node(p, &node, NODE_COND, p->token->line));
        p->token++;
        TRY(parse_or(p, &condition));
        if (parse_skip_name(p, "else")) TRY(parse_expression(p, &otherwise, true));
        TRY(parse_push(p, &node->list, &cap, condition));
        TRY(parse_push(p, &node->list, &cap, *ret));
        TRY(parse_push(p, &node->list, &cap, otherwise));
        *ret = node;
    }
    parse_leave(p);
    return 0;
}

static bool tuple_ends(const struct parser *p, const char *end)
{
    int type = (int)p->token->type;
    return type == LEX_VARIABLE_END || type == LEX_BLOCK_END || type == ')' ||
           (end && parse_is_name(p, end));
}

static int parse_primary(struct parser *p, struct node **ret, bool with_namespace);

/* `simple`: only names and literals, as in assignments. `empty`: () is allowed. */
static int tuple(struct parser *p, struct node **ret, bool with_condition, const char *end,
                 bool simple, bool with_namespace, bool empty)
{
    struct node *node, *item;
    size_t cap = 0;
    bool is_tuple = false;
    TRY(parse_node(p, &node, NODE_TUPLE, p->token->line));
    for (;;) {
        if (node->list.n) TRY(parse_expect(p, ',', "a comma"));
        if (tuple_ends(p, end)) break;
        TRY(simple ? parse_primary(p, &item, with_namespace)
                   : parse_expression(p, &item, with_condition));
        TRY(parse_push(p, &node->list, &cap, item));
        if (p->token->type != (enum token_type)',') break;
        is_tuple = true;
    }
    if (!is_tuple && node->list.n == 0 && !empty) return parse_fail(p, "an expression is missing");
    *ret = !is_tuple && node->list.n ? node->list.items[0] : node;
    return 0;
}

int parse_tuple(struct parser *p, struct node **ret, bool with_condition, const char *end)
{
    return tuple(p, ret, with_condition, end, false, false, false);
}

static int check_target(struct parser *p, const struct node *node)
{
    if (node->kind == NODE_NAMESPACE_REF) return 0;
    if (node->kind == NODE_TUPLE) {
        for (size_t i = 0; i < node->list.n; i++) TRY(check_target(p, node->list.items[i]));
        return 0;
    }
    if (node->kind != NODE_NAME) return parse_fail(p, "cannot assign to this expression");
    if (node->symbol == SYMBOL_LOOP && p->n_loops)
        return parse_fail(p, "cannot assign to the special variable loop inside a for");
    return 0;
}

int parse_target(struct parser *p, struct node **ret, bool with_namespace, const char *end)
{
    TRY(tuple(p, ret, true, end, true, with_namespace, false));
    return check_target(p, *ret);
}

/* [a, b] or {a: b, c: d}; the opening bracket is the current token. */
static int parse_display(struct parser *p, struct node **ret, int close)
{
    struct node *item;
    size_t cap = 0;
    TRY(parse_node(p, ret, close == ']' ? NODE_LIST : NODE_DICT, p->token->line));
    p->token++;
    while (p->token->type != (enum token_type)close) {
        if ((*ret)->list.n) TRY(parse_expect(p, ',', "a comma"));
        if (p->token->type == (enum token_type)close) break;
        TRY(parse_expression(p, &item, true));
        TRY(parse_push(p, &(*ret)->list, &cap, item));
        if (close == ']') continue;
        TRY(parse_expect(p, ':', "a colon"));
        TRY(parse_expression(p, &item, true));
        TRY(parse_push(p, &(*ret)->list, &cap, item));
    }
    p->token++;
    return 0;
}

static int parse_string(struct parser *p, struct node **ret)
{
    const struct lex_token *first = p->token;
    size_t len = 0;
    TRY(parse_node(p, ret, NODE_CONST, first->line));
    while (p->token->type == LEX_STRING) len += (p->token++)->text.len;
    if (p->token == first + 1) return parse_const_str(p, &(*ret)->constant, first->text);
    char *joined = arena_alloc(&p->t->arena, len + 1);
    if (!joined) return arena_check(&p->t->arena, "a compiled chat template", p->err);
    len = 0;
    for (const struct lex_token *t = first; t != p->token; t++) {
        if (t->text.len) memcpy(joined + len, t->text.ptr, t->text.len);
        len += t->text.len;
    }
    return parse_const_str(p, &(*ret)->constant, (struct slice){ joined, len });
}

/* true, True, false, False, none, None */
static bool is_constant(struct slice name, struct value *ret)
{
    if (slice_is(name, "true") || slice_is(name, "True"))
        *ret = value_bool(true);
    else if (slice_is(name, "false") || slice_is(name, "False"))
        *ret = value_bool(false);
    else if (slice_is(name, "none") || slice_is(name, "None"))
        *ret = value_none();
    else
        return false;
    ret->trusted = true;
    return true;
}

/* A macro that mentions caller, kwargs or varargs gets them. */
static void note_use(struct parser *p, uint32_t symbol)
{
    for (struct parse_place *place = p->place; place; place = place->outer) {
        if (!place->macro) continue;
        if (symbol == SYMBOL_CALLER) place->macro->uses_caller = true;
        if (symbol == SYMBOL_KWARGS) place->macro->uses_kwargs = true;
        if (symbol == SYMBOL_VARARGS) place->macro->uses_varargs = true;
    }
}

static int parse_name(struct parser *p, struct node **ret, bool with_namespace)
{
    struct slice name = p->token->text;
    struct value constant;
    uint32_t symbol, line = p->token->line;
    p->token++;
    if (is_constant(name, &constant)) {
        TRY(parse_node(p, ret, NODE_CONST, line));
        (*ret)->constant = constant;
        return 0;
    }
    TRY(parse_symbol(p, &symbol, name));
    if (with_namespace && parse_skip(p, '.')) {
        TRY(parse_node(p, ret, NODE_NAMESPACE_REF, line));
        (*ret)->attr.symbol = symbol;
        TRY(parse_expect_name(p, &name, "an attribute of a namespace"));
        return parse_const_str(p, &(*ret)->attr.name, name);
    }
    note_use(p, symbol);
    TRY(parse_node(p, ret, NODE_NAME, line));
    (*ret)->symbol = symbol;
    return 0;
}

static int parse_primary(struct parser *p, struct node **ret, bool with_namespace)
{
    const struct lex_token *token = p->token;
    switch ((int)token->type) {
    case LEX_NAME: return parse_name(p, ret, with_namespace);
    case LEX_STRING: return parse_string(p, ret);
    case LEX_INTEGER:
    case LEX_FLOAT:
        TRY(parse_node(p, ret, NODE_CONST, token->line));
        (*ret)->constant = token->type == LEX_INTEGER ? value_int(token->integer)
                                                      : value_float(token->real);
        (*ret)->constant.trusted = true;
        p->token++;
        return 0;
    case '(':
        TRY(parse_enter(p));
        p->token++;
        TRY(tuple(p, ret, true, NULL, false, false, true));
        parse_leave(p);
        return parse_expect(p, ')', "a closing parenthesis");
    case '[':
    case '{': return parse_display(p, ret, token->type == (enum token_type)'[' ? ']' : '}');
    case LEX_END: return parse_fail(p, "the template ends too early");
    default: return parse_fail(p, "an expression is missing");
    }
}

/* One index or slice between [ and ]. */
static int parse_subscribed(struct parser *p, struct node **ret)
{
    struct node *parts[3] = { NULL, NULL, NULL };
    uint32_t line = p->token->line;
    if (p->token->type != (enum token_type)':') {
        TRY(parse_expression(p, &parts[0], true));
        if (p->token->type != (enum token_type)':') {
            *ret = parts[0];
            return 0;
        }
    }
    for (int i = 1; i < 3 && parse_skip(p, ':'); i++) {
        int type = (int)p->token->type;
        if (type != ':' && type != ']' && type != ',') TRY(parse_expression(p, &parts[i], true));
    }
    size_t cap = 0;
    TRY(parse_node(p, ret, NODE_SLICE, line));
    for (int i = 0; i < 3; i++) TRY(parse_push(p, &(*ret)->list, &cap, parts[i]));
    return 0;
}

static int parse_subscript(struct parser *p, struct node **ret)
{
    struct node *node, *index, *tuple_node;
    uint32_t line = p->token->line;
    size_t cap = 0;
    if (parse_skip(p, '.')) {
        const struct lex_token *token = p->token++;
        if (token->type == LEX_NAME) {
            TRY(parse_node(p, &node, NODE_ATTR, line));
            node->attr.object = *ret;
            *ret = node;
            return parse_const_str(p, &node->attr.name, token->text);
        }
        if (token->type != LEX_INTEGER)
            return parse_fail(p, "a name or number must follow the dot");
        TRY(parse_node(p, &index, NODE_CONST, line));
        index->constant = value_int(token->integer);
    } else {
        p->token++;
        if (parse_skip(p, ']')) return parse_fail(p, "an index is missing");
        TRY(parse_subscribed(p, &index));
        if (p->token->type == (enum token_type)',') {
            TRY(parse_node(p, &tuple_node, NODE_TUPLE, line));
            TRY(parse_push(p, &tuple_node->list, &cap, index));
            while (parse_skip(p, ',')) {
                TRY(parse_subscribed(p, &index));
                TRY(parse_push(p, &tuple_node->list, &cap, index));
            }
            index = tuple_node;
        }
        TRY(parse_expect(p, ']', "a closing bracket"));
    }
    TRY(parse_node(p, &node, NODE_ITEM, line));
    node->item.object = *ret;
    node->item.index = index;
    *ret = node;
    return 0;
}

static int parse_keyword(struct parser *p, struct node_args *args, size_t *cap)
{
    if (args->n_kw == *cap) {
        size_t more = *cap ? 2 * *cap : 2;
        struct node_keyword *kw = ARENA_NEWS(&p->t->arena, more, struct node_keyword);
        if (!kw) return arena_check(&p->t->arena, "a compiled chat template", p->err);
        if (args->n_kw) memcpy(kw, args->kw, args->n_kw * sizeof *kw);
        args->kw = kw;
        *cap = more;
    }
    struct node_keyword *kw = &args->kw[args->n_kw];
    TRY(parse_const_str(p, &kw->name, p->token->text));
    p->token += 2;
    TRY(parse_expression(p, &kw->value, true));
    for (size_t i = 0; i < args->n_kw; i++)
        if (slice_eq(str_slice(args->kw[i].name.str), str_slice(kw->name.str)))
            return parse_fail(p, "a keyword argument is given twice");
    args->n_kw++;
    return 0;
}

/* (a, b=c, *d, **e) with the opening parenthesis as the current token. */
static int parse_args(struct parser *p, struct node_args *args)
{
    size_t cap = 0, cap_kw = 0;
    struct node *node;
    *args = (struct node_args){ 0 };
    TRY(parse_expect(p, '(', "an opening parenthesis"));
    for (bool first = true; p->token->type != (enum token_type)')'; first = false) {
        if (!first) TRY(parse_expect(p, ',', "a comma"));
        if (p->token->type == (enum token_type)')') break;
        if (args->star_star) return parse_fail(p, "nothing may follow ** in a call");
        if (parse_skip(p, '*')) {
            if (args->star) return parse_fail(p, "two * in a call");
            TRY(parse_expression(p, &args->star, true));
        } else if (parse_skip(p, LEX_POW)) {
            TRY(parse_expression(p, &args->star_star, true));
        } else if (p->token->type == LEX_NAME && p->token[1].type == (enum token_type)'=') {
            TRY(parse_keyword(p, args, &cap_kw));
        } else {
            if (args->star || args->n_kw)
                return parse_fail(p, "a positional argument behind a keyword argument");
            TRY(parse_expression(p, &node, true));
            TRY(parse_push(p, &args->pos, &cap, node));
        }
    }
    p->token++;
    return 0;
}

static int parse_call(struct parser *p, struct node **ret)
{
    struct node *node;
    TRY(parse_node(p, &node, NODE_CALL, p->token->line));
    node->call.callee = *ret;
    *ret = node;
    return parse_args(p, &node->call.args);
}

static int parse_postfix(struct parser *p, struct node **ret)
{
    for (;;) {
        int type = (int)p->token->type;
        if (type == '.' || type == '[')
            TRY(parse_subscript(p, ret));
        else if (type == '(')
            TRY(parse_call(p, ret));
        else
            return 0;
    }
}

int parse_filters(struct parser *p, struct node **ret, struct node *subject, bool inline_)
{
    *ret = subject;
    while (inline_ || parse_skip(p, '|')) {
        struct node *node;
        struct slice name;
        inline_ = false;
        TRY(parse_node(p, &node, NODE_FILTER, p->token->line));
        TRY(parse_expect_name(p, &name, "a filter's name"));
        node->apply.subject = *ret;
        node->apply.builtin = builtin_filter(name);
        if (!node->apply.builtin)
            return parse_fail(p, "the filter '%.*s' %s", SLICE_FMT(name),
                              builtin_filter_is_refused(name) ? "is not supported"
                                                              : "does not exist");
        if (p->token->type == (enum token_type)'(') TRY(parse_args(p, &node->apply.args));
        *ret = node;
    }
    return 0;
}

/* Whether a test takes what follows as its argument, without parentheses: "divisibleby 3". */
static bool starts_argument(const struct parser *p)
{
    int type = (int)p->token->type;
    if (type == LEX_NAME)
        return !parse_is_name(p, "else") && !parse_is_name(p, "or") && !parse_is_name(p, "and");
    return type == LEX_STRING || type == LEX_INTEGER || type == LEX_FLOAT || type == '[' ||
           type == '{';
}

static int parse_test(struct parser *p, struct node **ret)
{
    struct node *node, *not = NULL, *arg;
    struct slice name;
    size_t cap = 0;
    TRY(parse_node(p, &node, NODE_TEST, p->token->line));
    p->token++;
    if (parse_skip_name(p, "not")) TRY(parse_node(p, &not, NODE_NOT, node->line));
    TRY(parse_expect_name(p, &name, "a test's name"));
    node->apply.subject = *ret;
    node->apply.builtin = builtin_test(name);
    if (!node->apply.builtin)
        return parse_fail(p, "the test '%.*s' does not exist", SLICE_FMT(name));
    if (p->token->type == (enum token_type)'(') {
        TRY(parse_args(p, &node->apply.args));
    } else if (starts_argument(p)) {
        if (parse_is_name(p, "is")) return parse_fail(p, "tests with 'is' cannot be chained");
        TRY(parse_primary(p, &arg, false));
        TRY(parse_postfix(p, &arg));
        TRY(parse_push(p, &node->apply.args.pos, &cap, arg));
    }
    *ret = node;
    if (not ) {
        not ->operand = node;
        *ret = not ;
    }
    return 0;
}

static int parse_unary(struct parser *p, struct node **ret, bool with_filters)
{
    int type = (int)p->token->type;
    TRY(parse_enter(p));
    if (type == '-' || type == '+') {
        struct node *node;
        TRY(parse_node(p, &node, type == '-' ? NODE_NEGATE : NODE_PLUS, p->token->line));
        p->token++;
        TRY(parse_unary(p, &node->operand, false));
        *ret = node;
    } else {
        TRY(parse_primary(p, ret, false));
    }
    TRY(parse_postfix(p, ret));
    while (with_filters) {
        if (p->token->type == (enum token_type)'|')
            TRY(parse_filters(p, ret, *ret, false));
        else if (parse_is_name(p, "is"))
            TRY(parse_test(p, ret));
        else if (p->token->type == (enum token_type)'(')
            TRY(parse_call(p, ret));
        else
            break;
    }
    parse_leave(p);
    return 0;
}

#include "chat/jinja/parser.h"

#include "chat/jinja/builtin.h"

#include <assert.h>
#include <stdio.h>

int parse_fail(struct parser *p, const char *fmt, ...)
{
    char text[ERR_TEXT_MAX];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args); /* Cut at the size of an error's text. */
    va_end(args);
    return err_set(p->err, ERR_TEMPLATE, "chat template of %s, line %u: %s", p->t->name,
                   (unsigned)p->token->line, text);
}

static int no_memory(struct parser *p)
{
    return arena_check(&p->t->arena, "a compiled chat template", p->err);
}

int parse_node(struct parser *p, struct node **ret, enum node_kind kind, uint32_t line)
{
    struct node *node = ARENA_NEW(&p->t->arena, struct node);
    if (!node) return no_memory(p);
    node->kind = kind;
    node->line = line;
    *ret = node;
    return 0;
}

int parse_push(struct parser *p, struct nodes *list, size_t *cap, struct node *node)
{
    if (list->n == *cap) {
        size_t more = *cap ? 2 * *cap : 4;
        struct node **items = ARENA_NEWS(&p->t->arena, more, struct node *);
        if (!items) return no_memory(p);
        if (list->n) memcpy(items, list->items, list->n * sizeof *items);
        list->items = items;
        *cap = more;
    }
    list->items[list->n++] = node;
    return 0;
}

int parse_const_str(struct parser *p, struct value *ret, struct slice s)
{
    struct str *str = ARENA_NEW(&p->t->arena, struct str);
    if (!str) return no_memory(p);
    *str = (struct str){ .ptr = s.ptr ? s.ptr : "", .len = s.len, .trusted = true };
    *ret = (struct value){ .kind = KIND_STRING, .trusted = true, .str = str };
    return 0;
}

int parse_symbol(struct parser *p, uint32_t *ret, struct slice name)
{
    struct template *t = p->t;
    if (map_get(&p->symbols, name, ret)) return 0;
    if (map_put(&p->symbols, name, (uint32_t)t->n_symbols) < 0)
        return err_set(p->err, ERR_NO_MEMORY, "no memory to compile a chat template");
    if (t->n_symbols % 64 == 0) {
        struct slice *symbols = ARENA_NEWS(&t->arena, t->n_symbols + 64, struct slice);
        if (!symbols) return no_memory(p);
        if (t->n_symbols) memcpy(symbols, t->symbols, t->n_symbols * sizeof *symbols);
        t->symbols = symbols;
    }
    *ret = (uint32_t)t->n_symbols;
    t->symbols[t->n_symbols++] = name;
    return 0;
}

int parse_enter(struct parser *p)
{
    if (p->depth < TEMPLATE_NESTING_MAX) {
        p->depth++;
        return 0;
    }
    return err_set(p->err, ERR_LIMIT,
                   "chat template of %s, line %u: over the limit of %d levels of nesting",
                   p->t->name, (unsigned)p->token->line, TEMPLATE_NESTING_MAX);
}

void parse_leave(struct parser *p)
{
    assert(p->depth > 0);
    p->depth--;
}

bool parse_is_name(const struct parser *p, const char *name)
{
    return p->token->type == LEX_NAME && slice_is(p->token->text, name);
}

bool parse_skip(struct parser *p, int type)
{
    if ((int)p->token->type != type) return false;
    p->token++;
    return true;
}

bool parse_skip_name(struct parser *p, const char *name)
{
    if (!parse_is_name(p, name)) return false;
    p->token++;
    return true;
}

int parse_expect(struct parser *p, int type, const char *what)
{
    if (parse_skip(p, type)) return 0;
    return parse_fail(p, "%s is missing", what);
}

int parse_expect_name(struct parser *p, struct slice *ret, const char *what)
{
    if (p->token->type != LEX_NAME) return parse_fail(p, "%s is missing", what);
    *ret = (p->token++)->text;
    return 0;
}

/* Statements up to one of the `ends` behind {%, which stays the current token; all of the template
 * when there are none. */
static int parse_body(struct parser *p, struct nodes *ret, const char *const ends[PARSE_TAGS_MAX]);

/* The rest of a tag, its body, and the end tag's name, which is skipped; *ret_end says which. */
static int parse_block(struct parser *p, struct nodes *ret, const char *const ends[PARSE_TAGS_MAX],
                       size_t *ret_end)
{
    (void)parse_skip(p, ':'); /* Allowed as in Python. */
    TRY(parse_expect(p, LEX_BLOCK_END, "the end of the tag, %}"));
    TRY(parse_body(p, ret, ends));
    size_t i = 0;
    while (!parse_skip_name(p, ends[i])) i++; /* parse_body stopped at one of them. */
    if (ret_end) *ret_end = i;
    return 0;
}

static int parse_until(struct parser *p, struct nodes *ret, const char *end)
{
    const char *const ends[PARSE_TAGS_MAX] = { end };
    return parse_block(p, ret, ends, NULL);
}

static int parse_if(struct parser *p, struct node *node)
{
    static const char *const ends[PARSE_TAGS_MAX] = { "elif", "else", "endif" };
    size_t end = 0, cap = 0;
    while (end == 0) {
        if (node->branches.n + 1 >= cap) {
            cap = cap ? 2 * cap : 4;
            struct branch *branches = ARENA_NEWS(&p->t->arena, cap, struct branch);
            if (!branches) return no_memory(p);
            if (node->branches.n)
                memcpy(branches, node->branches.branches, node->branches.n * sizeof *branches);
            node->branches.branches = branches;
        }
        struct branch *branch = &node->branches.branches[node->branches.n++];
        TRY(parse_tuple(p, &branch->condition, false, NULL));
        TRY(parse_block(p, &branch->body, ends, &end));
    }
    if (end == 1) {
        struct branch *branch = &node->branches.branches[node->branches.n++];
        TRY(parse_until(p, &branch->body, "endif"));
    }
    return 0;
}

static int parse_for(struct parser *p, struct node *node)
{
    static const char *const ends[PARSE_TAGS_MAX] = { "endfor", "else" };
    struct node_for *loop = &node->loop;
    size_t end;
    p->n_loops++; /* The special variable is no target either. */
    TRY(parse_target(p, &loop->target, false, "in"));
    if (!parse_skip_name(p, "in")) return parse_fail(p, "'in' is missing");
    TRY(parse_tuple(p, &loop->iter, false, "recursive"));
    if (parse_skip_name(p, "if")) TRY(parse_expression(p, &loop->test, true));
    loop->recursive = parse_skip_name(p, "recursive");
    p->place->n_loops++;
    TRY(parse_block(p, &loop->body, ends, &end));
    p->place->n_loops--;
    p->n_loops--;
    if (end == 1) TRY(parse_until(p, &loop->otherwise, "endfor"));
    return 0;
}

static int parse_set(struct parser *p, struct node *node)
{
    TRY(parse_target(p, &node->set.target, true, NULL));
    if (parse_skip(p, '=')) return parse_tuple(p, &node->set.value, true, NULL);
    node->kind = NODE_SET_BLOCK;
    TRY(parse_filters(p, &node->set.value, NULL, false));
    return parse_until(p, &node->set.body, "endset");
}

static int parse_filter_block(struct parser *p, struct node *node)
{
    TRY(parse_filters(p, &node->set.value, NULL, true));
    return parse_until(p, &node->set.body, "endfilter");
}

/* (a, b=1) */
static int parse_signature(struct parser *p, struct node_macro *macro)
{
    size_t cap = 0;
    TRY(parse_expect(p, '(', "an opening parenthesis"));
    while (p->token->type != (enum token_type)')') {
        if (macro->n_params) TRY(parse_expect(p, ',', "a comma"));
        if (macro->n_params == cap) {
            cap = cap ? 2 * cap : 4;
            struct param *params = ARENA_NEWS(&p->t->arena, cap, struct param);
            if (!params) return no_memory(p);
            if (macro->n_params) memcpy(params, macro->params, macro->n_params * sizeof *params);
            macro->params = params;
        }
        struct param *param = &macro->params[macro->n_params++];
        struct slice name;
        TRY(parse_expect_name(p, &name, "a parameter's name"));
        TRY(parse_symbol(p, &param->symbol, name));
        TRY(parse_const_str(p, &param->name, name));
        if (parse_skip(p, '='))
            TRY(parse_expression(p, &param->otherwise, true));
        else if (macro->n_params > 1 && param[-1].otherwise)
            return parse_fail(p, "a parameter without default behind one with default");
    }
    p->token++;
    return 0;
}

/* The body of a macro or call block: loops outside do not reach in, and uses of caller, kwargs and
 * varargs are noted. */
static int parse_macro_body(struct parser *p, struct node_macro *macro, const char *end)
{
    struct parse_place place = { .outer = p->place, .macro = macro };
    p->place = &place;
    TRY(parse_until(p, &macro->body, end));
    p->place = place.outer;
    for (size_t i = 0; i < macro->n_params; i++) {
        if (macro->params[i].symbol == SYMBOL_CALLER) {
            if (macro->uses_caller && !macro->params[i].otherwise)
                return parse_fail(p, "the parameter caller of a macro needs a default");
            macro->uses_caller = false;
        }
        if (macro->params[i].symbol == SYMBOL_KWARGS) macro->uses_kwargs = false;
        if (macro->params[i].symbol == SYMBOL_VARARGS) macro->uses_varargs = false;
    }
    return 0;
}

static int parse_macro(struct parser *p, struct node *node)
{
    struct slice name = { 0 };
    TRY(parse_expect_name(p, &name, "the macro's name"));
    TRY(parse_symbol(p, &node->macro.symbol, name));
    TRY(parse_const_str(p, &node->macro.name, name));
    TRY(parse_signature(p, &node->macro));
    return parse_macro_body(p, &node->macro, "endmacro");
}

static int parse_call_block(struct parser *p, struct node *node)
{
    node->macro.name = value_none();
    if (p->token->type == (enum token_type)'(') TRY(parse_signature(p, &node->macro));
    TRY(parse_expression(p, &node->macro.call, true));
    if (node->macro.call->kind != NODE_CALL)
        return parse_fail(p, "a call block must call something");
    return parse_macro_body(p, &node->macro, "endcall");
}

static int parse_with(struct parser *p, struct node *node)
{
    size_t cap_targets = 0, cap_values = 0;
    struct node *target, *value;
    while (p->token->type != LEX_BLOCK_END) {
        if (node->with.targets.n) TRY(parse_expect(p, ',', "a comma"));
        TRY(parse_target(p, &target, false, NULL));
        TRY(parse_expect(p, '=', "an equals sign"));
        TRY(parse_expression(p, &value, true));
        TRY(parse_push(p, &node->with.targets, &cap_targets, target));
        TRY(parse_push(p, &node->with.values, &cap_values, value));
    }
    return parse_until(p, &node->with.body, "endwith");
}

static int parse_generation(struct parser *p, struct node *node)
{
    struct parse_place place = { .outer = p->place };
    p->place = &place;
    TRY(parse_until(p, &node->with.body, "endgeneration"));
    p->place = place.outer;
    return 0;
}

static int parse_print(struct parser *p, struct node *node)
{
    size_t cap = 0;
    struct node *item = NULL, *output = NULL;
    while (p->token->type != LEX_BLOCK_END) {
        if (node->with.body.n) TRY(parse_expect(p, ',', "a comma"));
        TRY(parse_expression(p, &item, true));
        TRY(parse_node(p, &output, NODE_OUTPUT, node->line));
        output->operand = item;
        TRY(parse_push(p, &node->with.body, &cap, output));
    }
    return 0;
}

static int parse_jump(struct parser *p, struct node *node)
{
    if (p->place->n_loops) return 0;
    return parse_fail(p, "%s outside of a loop", node->kind == NODE_BREAK ? "break" : "continue");
}

static const struct statement {
    const char *name;
    enum node_kind kind;
    int (*parse)(struct parser *p, struct node *node);
} statements[] = {
    { "if", NODE_IF, parse_if },
    { "for", NODE_FOR, parse_for },
    { "set", NODE_SET, parse_set },
    { "macro", NODE_MACRO, parse_macro },
    { "call", NODE_CALL_BLOCK, parse_call_block },
    { "filter", NODE_FILTER_BLOCK, parse_filter_block },
    { "with", NODE_WITH, parse_with },
    { "generation", NODE_SCOPE, parse_generation },
    { "print", NODE_SCOPE, parse_print },
    { "break", NODE_BREAK, parse_jump },
    { "continue", NODE_CONTINUE, parse_jump },
};

/* What Jinja has besides: whole files of templates, and escaping for HTML. */
static const char *const refused[] = {
    "include", "import", "from", "extends", "block", "autoescape"
};

static int parse_statement(struct parser *p, struct node **ret)
{
    struct slice name = { 0 };
    uint32_t line = p->token->line;
    TRY(parse_expect_name(p, &name, "a tag's name"));
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (slice_is(name, refused[i]))
            return parse_fail(p, "the tag '%s' is not supported", refused[i]);
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
        if (!slice_is(name, statements[i].name)) continue;
        TRY(parse_enter(p));
        TRY(parse_node(p, ret, statements[i].kind, line));
        TRY(statements[i].parse(p, *ret));
        parse_leave(p);
        return 0;
    }
    return parse_fail(p, "the tag '%.*s' does not belong here", SLICE_FMT(name));
}

static int parse_body(struct parser *p, struct nodes *ret, const char *const ends[PARSE_TAGS_MAX])
{
    size_t cap = 0;
    struct node *node = NULL;
    for (;; p->token++) {
        switch ((int)p->token->type) {
        case LEX_DATA:
            TRY(parse_node(p, &node, NODE_TEXT, p->token->line));
            TRY(parse_const_str(p, &node->constant, p->token->text));
            break;
        case LEX_VARIABLE_BEGIN:
            TRY(parse_node(p, &node, NODE_OUTPUT, p->token->line));
            p->token++;
            TRY(parse_tuple(p, &node->operand, true, NULL));
            if (p->token->type != LEX_VARIABLE_END) return parse_fail(p, "}} is missing");
            break;
        case LEX_BLOCK_BEGIN:
            p->token++;
            for (int i = 0; ends && i < PARSE_TAGS_MAX && ends[i]; i++)
                if (parse_is_name(p, ends[i])) return 0;
            TRY(parse_statement(p, &node));
            if (p->token->type != LEX_BLOCK_END)
                return parse_fail(p, "the end of the tag, %%}, is missing");
            break;
        default:
            assert(p->token->type == LEX_END); /* Tags and their insides are read above. */
            if (ends) return parse_fail(p, "the template ends before {%% %s %%}", ends[0]);
            return 0;
        }
        TRY(parse_push(p, ret, &cap, node));
    }
}

int parse_template(struct template *t, const struct lex_tokens *tokens, struct err *err)
{
    static const char *const reserved[SYMBOL_RESERVED] = { "loop", "caller", "kwargs", "varargs" };
    struct parse_place place = { 0 };
    struct parser p = { .t = t, .token = tokens->items, .place = &place, .err = err };
    map_init(&p.symbols);
    int rc = 0;
    for (uint32_t i = 0, symbol; i < SYMBOL_RESERVED && rc == 0; i++)
        rc = parse_symbol(&p, &symbol, slice_of(reserved[i]));
    if (rc == 0) rc = parse_body(&p, &t->body, NULL);
    map_release(&p.symbols);
    return rc;
}

#include "grammar/build.h"

#include "base/utf8.h"
#include "grammar/compile.h"

#include <assert.h>

int grammar_builder_open(struct grammar_builder **ret, struct err *err)
{
    struct grammar_builder *b = mem_calloc(1, sizeof *b);
    if (!b) return err_set(err, ERR_NO_MEMORY, "out of memory for a grammar");
    b->work_max = COMPILE_WORK_MAX;
    buf_init(&b->texts, GRAMMAR_TEXT_MAX);
    buf_init(&b->names, (size_t)GRAMMAR_RULES_MAX * EXPR_NAME_MAX);
    *ret = b;
    return 0;
}

void grammar_builder_close(struct grammar_builder *b)
{
    if (!b) return;
    mem_free(b->exprs.at);
    mem_free(b->children.at);
    mem_free(b->char_edges.at);
    mem_free(b->char_nodes.at);
    mem_free(b->rules.at);
    buf_release(&b->texts);
    buf_release(&b->names);
    mem_free(b);
}

bool grammar_builder_failed(const struct grammar_builder *b)
{
    return b->failed;
}

int grammar_builder_check(const struct grammar_builder *b, struct err *err)
{
    if (!b->failed) return 0;
    if (err) *err = b->failure;
    return err_negative(-(int)b->failure.code);
}

int32_t builder_no_memory(struct grammar_builder *b)
{
    if (!b->failed) (void)err_set(&b->failure, ERR_NO_MEMORY, "out of memory for a grammar");
    b->failed = true;
    return GRAMMAR_FAILED;
}

int32_t builder_over(struct grammar_builder *b, const char *what, long max)
{
    if (!b->failed)
        (void)err_set(&b->failure, ERR_LIMIT, "the grammar has more than %ld %s", max, what);
    b->failed = true;
    return GRAMMAR_FAILED;
}

int32_t builder_add(struct grammar_builder *b, struct expr e)
{
    if (b->failed) return GRAMMAR_FAILED;
    if (b->exprs.n >= GRAMMAR_NODES_MAX) return builder_over(b, "expressions", GRAMMAR_NODES_MAX);
    if (e.depth > GRAMMAR_DEPTH_MAX)
        return builder_over(b, "expressions within one another", GRAMMAR_DEPTH_MAX);
    if (!ARRAY_ADD(b->exprs, e)) return builder_no_memory(b);
    return (int32_t)b->exprs.n - 1;
}

static void check_expr(const struct grammar_builder *b, int32_t node)
{
    assert(node >= 0 && (size_t)node < b->exprs.n);
}

static uint16_t depth_over(const struct grammar_builder *b, int32_t node)
{
    return (uint16_t)(b->exprs.at[node].depth + 1);
}

int32_t grammar_empty(struct grammar_builder *b)
{
    return builder_add(b, (struct expr){ .kind = EXPR_EMPTY, .depth = 1 });
}

int32_t grammar_never(struct grammar_builder *b)
{
    return builder_add(b, (struct expr){ .kind = EXPR_NEVER, .depth = 1 });
}

static int32_t add_text(struct grammar_builder *b, enum expr_kind kind, struct slice bytes)
{
    if (b->failed) return GRAMMAR_FAILED;
    if (bytes.len > GRAMMAR_TEXT_MAX - b->texts.len)
        return builder_over(b, "bytes of text", GRAMMAR_TEXT_MAX);
    if (!utf8_valid(bytes.ptr, bytes.len)) {
        (void)err_set(&b->failure, ERR_INVALID_VALUE, "a text of the grammar is not UTF-8");
        b->failed = true;
        return GRAMMAR_FAILED;
    }
    struct expr e = {
        .kind = (uint8_t)kind, .depth = 1, .a = (int32_t)b->texts.len, .b = (int32_t)bytes.len
    };
    buf_add_slice(&b->texts, bytes);
    return b->texts.failed ? builder_no_memory(b) : builder_add(b, e);
}

int32_t grammar_text(struct grammar_builder *b, struct slice bytes)
{
    return bytes.len ? add_text(b, EXPR_TEXT, bytes) : grammar_empty(b);
}

int32_t grammar_token(struct grammar_builder *b, struct slice text)
{
    assert(text.len);
    return add_text(b, EXPR_TOKEN, text);
}

int32_t grammar_until(struct grammar_builder *b, struct slice marker)
{
    if (b->failed) return GRAMMAR_FAILED;
    if (marker.len > GRAMMAR_MARKER_MAX)
        return builder_over(b, "bytes in a marker", GRAMMAR_MARKER_MAX);
    return marker.len ? add_text(b, EXPR_UNTIL, marker) : grammar_never(b);
}

static int32_t add_list(struct grammar_builder *b, enum expr_kind kind, size_t n,
                        const int32_t *nodes)
{
    if (b->failed) return GRAMMAR_FAILED;
    if (n > EXPR_CHILDREN_MAX - b->children.n)
        return builder_over(b, "parts of sequences and alternatives", EXPR_CHILDREN_MAX);
    struct expr e = { .kind = (uint8_t)kind, .a = (int32_t)b->children.n, .b = (int32_t)n };
    if (!ARRAY_ROOM(b->children, b->children.n + n)) return builder_no_memory(b);
    for (size_t i = 0; i < n; i++) {
        check_expr(b, nodes[i]);
        if (e.depth < depth_over(b, nodes[i])) e.depth = depth_over(b, nodes[i]);
        b->children.at[b->children.n++] = nodes[i];
    }
    return builder_add(b, e);
}

int32_t grammar_seq(struct grammar_builder *b, size_t n, const int32_t *nodes)
{
    if (n == 0) return grammar_empty(b);
    return n == 1 ? nodes[0] : add_list(b, EXPR_SEQ, n, nodes);
}

int32_t grammar_alt(struct grammar_builder *b, size_t n, const int32_t *nodes)
{
    if (n == 0) return grammar_never(b);
    return n == 1 ? nodes[0] : add_list(b, EXPR_ALT, n, nodes);
}

int32_t grammar_repeat(struct grammar_builder *b, int32_t node, int32_t min, int32_t max)
{
    assert(min >= 0 && min < GRAMMAR_UNBOUNDED && max >= min);
    if (b->failed) return GRAMMAR_FAILED;
    check_expr(b, node);
    if ((min == 1 && max == 1) || b->exprs.at[node].kind == EXPR_EMPTY) return node;
    if (max == 0) return grammar_empty(b);
    return builder_add(
        b, (struct expr){
               .kind = EXPR_REPEAT, .depth = depth_over(b, node), .a = node, .b = min, .c = max });
}

int32_t grammar_optional(struct grammar_builder *b, int32_t node)
{
    return grammar_repeat(b, node, 0, 1);
}

static int32_t add_pair(struct grammar_builder *b, enum expr_kind kind, int32_t a, int32_t c)
{
    if (b->failed) return GRAMMAR_FAILED;
    check_expr(b, a);
    check_expr(b, c);
    uint16_t over_a = depth_over(b, a), over_c = depth_over(b, c);
    return builder_add(
        b, (struct expr){
               .kind = (uint8_t)kind, .depth = over_a > over_c ? over_a : over_c, .a = a, .b = c });
}

int32_t grammar_and(struct grammar_builder *b, int32_t a, int32_t c)
{
    return add_pair(b, EXPR_AND, a, c);
}

int32_t grammar_except(struct grammar_builder *b, int32_t a, int32_t c)
{
    return add_pair(b, EXPR_EXCEPT, a, c);
}

int32_t grammar_rule(struct grammar_builder *b, struct slice name)
{
    if (b->failed) return GRAMMAR_FAILED;
    if (b->rules.n >= GRAMMAR_RULES_MAX) return builder_over(b, "rules", GRAMMAR_RULES_MAX);
    if (name.len > EXPR_NAME_MAX)
        name.len = name.ptr ? utf8_complete_len(name.ptr, EXPR_NAME_MAX) : 0;
    struct grammar_rule rule = { (uint32_t)b->names.len, (uint32_t)name.len, -1 };
    buf_add_slice(&b->names, name);
    if (b->names.failed || !ARRAY_ADD(b->rules, rule)) return builder_no_memory(b);
    return (int32_t)b->rules.n - 1;
}

void grammar_rule_set(struct grammar_builder *b, int32_t rule, int32_t node)
{
    if (b->failed) return;
    check_expr(b, node);
    assert(rule >= 0 && (size_t)rule < b->rules.n && b->rules.at[rule].expr < 0);
    b->rules.at[rule].expr = node;
}

int32_t grammar_use(struct grammar_builder *b, int32_t rule)
{
    if (b->failed) return GRAMMAR_FAILED;
    assert(rule >= 0 && (size_t)rule < b->rules.n);
    return builder_add(b, (struct expr){ .kind = EXPR_USE, .depth = 1, .a = rule });
}

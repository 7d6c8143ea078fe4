/* What a grammar may be: every limit of build.h on both sides, what is refused by name, hostile
 * shapes, and every failed allocation. */
#include "unit/test.h"

#include "fault/fault.h"
#include "grammar/build.h"
#include "grammar/compile.h"
#include "grammar/grammar.h"

#include <stdio.h>
#include <string.h>

static struct err err;

static struct grammar_builder *open_builder(void)
{
    struct grammar_builder *b;
    assert_ok(grammar_builder_open(&b, &err), &err);
    return b;
}

/* Compiles, closes the builder and gives the code. */
static int compiles(struct grammar_builder *b, int32_t root)
{
    struct grammar *g = NULL;
    int rc = grammar_compile(&g, b, root, &err);
    grammar_builder_close(b);
    grammar_unref(g);
    return rc;
}

static int32_t pair(struct grammar_builder *b, int32_t x, int32_t y)
{
    return grammar_seq(b, 2, (int32_t[]){ x, y });
}

static int32_t either(struct grammar_builder *b, int32_t x, int32_t y)
{
    return grammar_alt(b, 2, (int32_t[]){ x, y });
}

static void test_depth(void **state)
{
    (void)state;
    for (int depth = GRAMMAR_DEPTH_MAX; depth <= GRAMMAR_DEPTH_MAX + 1; depth++) {
        struct grammar_builder *b = open_builder();
        int32_t node = grammar_text(b, SLICE("x"));
        for (int i = 1; i < depth; i++) node = grammar_optional(b, node);
        if (depth <= GRAMMAR_DEPTH_MAX)
            assert_ok(compiles(b, node), &err);
        else
            assert_fails(compiles(b, node), ERR_LIMIT, &err, "512 expressions within one another");
    }
}

static void test_expressions(void **state)
{
    (void)state;
    struct grammar_builder *b = open_builder();
    for (int32_t i = 0; i < GRAMMAR_NODES_MAX; i++) assert_int_equal(grammar_empty(b), i);
    assert_false(grammar_builder_failed(b));
    assert_int_equal(grammar_empty(b), GRAMMAR_FAILED);
    assert_true(grammar_builder_failed(b));
    /* The first failure is the one that is told. */
    assert_int_equal(grammar_text(b, SLICE("\xff")), GRAMMAR_FAILED);
    assert_fails(compiles(b, 0), ERR_LIMIT, &err, "2097152 expressions");
}

static void test_rules(void **state)
{
    (void)state;
    struct grammar_builder *b = open_builder();
    for (int32_t i = 0; i < GRAMMAR_RULES_MAX; i++)
        assert_int_equal(grammar_rule(b, SLICE("r")), i);
    assert_int_equal(grammar_rule(b, SLICE("r")), GRAMMAR_FAILED);
    assert_fails(compiles(b, 0), ERR_LIMIT, &err, "65536 rules");
}

static void test_text(void **state)
{
    (void)state;
    char *text = mem_calloc(1, GRAMMAR_TEXT_MAX);
    struct grammar_builder *b = open_builder();
    assert_int_equal(grammar_text(b, (struct slice){ text, GRAMMAR_TEXT_MAX }), 0);
    assert_int_equal(grammar_text(b, SLICE("x")), GRAMMAR_FAILED);
    assert_fails(compiles(b, 0), ERR_LIMIT, &err, "4194304 bytes of text");
    b = open_builder();
    assert_fails(compiles(b, grammar_text(b, SLICE("\xed\xa0\x80"))), ERR_INVALID_VALUE, &err,
                 "not UTF-8");
    mem_free(text);
}

static void test_states(void **state)
{
    (void)state;
    char *text = mem_calloc(1, GRAMMAR_STATES_MAX);
    struct grammar *g;
    struct grammar_builder *b = open_builder();
    int32_t node = grammar_text(b, (struct slice){ text, GRAMMAR_STATES_MAX - 1 });
    assert_ok(grammar_compile(&g, b, node, &err), &err);
    assert_int_equal(grammar_size(g), GRAMMAR_STATES_MAX);
    grammar_unref(g);
    grammar_builder_close(b);
    b = open_builder();
    assert_fails(compiles(b, grammar_text(b, (struct slice){ text, GRAMMAR_STATES_MAX })),
                 ERR_LIMIT, &err, "1048576 states");
    mem_free(text);
}

static void test_marker(void **state)
{
    (void)state;
    char marker[GRAMMAR_MARKER_MAX + 1];
    memset(marker, 'm', sizeof marker);
    struct grammar_builder *b = open_builder();
    assert_ok(compiles(b, grammar_until(b, (struct slice){ marker, GRAMMAR_MARKER_MAX })), &err);
    b = open_builder();
    assert_fails(compiles(b, grammar_until(b, (struct slice){ marker, sizeof marker })), ERR_LIMIT,
                 &err, "4096 bytes in a marker");
}

static void test_the_first_failure(void **state)
{
    (void)state;
    struct grammar_builder *b = open_builder();
    assert_int_equal(grammar_builder_check(b, &err), 0);
    assert_int_equal(grammar_text(b, SLICE("\xff")), GRAMMAR_FAILED);
    for (int i = 0; i < 2; i++) { /* Asking does not spend it, nor does what comes after. */
        assert_fails(grammar_builder_check(b, &err), ERR_INVALID_VALUE, &err, "not UTF-8");
        assert_int_equal(grammar_builder_check(b, NULL), -ERR_INVALID_VALUE);
        (void)builder_no_memory(b); /* Not the first. */
    }
    assert_fails(compiles(b, GRAMMAR_FAILED), ERR_INVALID_VALUE, &err, "not UTF-8");
}

static void test_undefined_rule(void **state)
{
    (void)state;
    struct grammar_builder *b = open_builder();
    int32_t rule = grammar_rule(b, SLICE("missing"));
    assert_fails(compiles(b, grammar_use(b, rule)), ERR_INVALID_VALUE, &err,
                 "'missing' is used but not defined");
    /* One that is not used does not matter. */
    b = open_builder();
    (void)grammar_rule(b, SLICE("missing")); /* Not used. */
    assert_ok(compiles(b, grammar_text(b, SLICE("x"))), &err);
}

static void test_left_recursion(void **state)
{
    (void)state;
    enum { DIRECT, INDIRECT, BEHIND_NULLABLE, IN_A_LOOP, NOT_AT_ALL, N_SHAPES };
    for (int shape = 0; shape < N_SHAPES; shape++) {
        struct grammar_builder *b = open_builder();
        int32_t r = grammar_rule(b, SLICE("left")), other = grammar_rule(b, SLICE("other"));
        int32_t x = grammar_text(b, SLICE("x")), use = grammar_use(b, r), head = use;
        int32_t maybe = grammar_optional(b, grammar_text(b, SLICE("y")));
        grammar_rule_set(b, other, shape == INDIRECT ? pair(b, use, x) : maybe);
        if (shape == INDIRECT) head = grammar_use(b, other);
        if (shape == BEHIND_NULLABLE) head = pair(b, grammar_use(b, other), use);
        if (shape == IN_A_LOOP) head = grammar_repeat(b, use, 20, 30);
        if (shape == NOT_AT_ALL) head = pair(b, x, use);
        grammar_rule_set(b, r, either(b, pair(b, head, x), x));
        if (shape == NOT_AT_ALL)
            assert_ok(compiles(b, use), &err);
        else
            assert_fails(compiles(b, use), ERR_INVALID_VALUE, &err, "begin with itself");
    }
}

static void test_operands_must_be_regular(void **state)
{
    (void)state;
    struct grammar_builder *b = open_builder();
    int32_t r = grammar_rule(b, SLICE("nest")), x = grammar_text(b, SLICE("x"));
    grammar_rule_set(b, r, either(b, x, pair(b, x, grammar_use(b, r))));
    assert_fails(compiles(b, grammar_and(b, x, pair(b, x, grammar_use(b, r)))), ERR_INVALID_VALUE,
                 &err, "'nest', which contains itself");
    b = open_builder();
    x = grammar_text(b, SLICE("x"));
    assert_fails(compiles(b, grammar_except(b, either(b, x, grammar_token(b, SLICE("<t>"))), x)),
                 ERR_INVALID_VALUE, &err, "token '<t>'");
    /* A rule that does not contain itself is as good as its text. */
    b = open_builder();
    x = grammar_text(b, SLICE("x"));
    r = grammar_rule(b, SLICE("plain"));
    grammar_rule_set(b, r, grammar_repeat(b, x, 0, GRAMMAR_UNBOUNDED));
    assert_ok(compiles(b, grammar_and(b, grammar_use(b, r), x)), &err);
}

static void test_operands_that_are_too_large(void **state)
{
    (void)state;
    struct grammar_builder *b = open_builder();
    int32_t x = grammar_text(b, SLICE("x"));
    int32_t many = grammar_repeat(b, grammar_repeat(b, x, 0, 100000), 0, 100000);
    assert_fails(compiles(b, grammar_and(b, many, x)), ERR_LIMIT, &err, "operand");
    b = open_builder();
    x = grammar_text(b, SLICE("x"));
    many = grammar_repeat(b, x, 1000000000, 1000000000);
    assert_fails(compiles(b, grammar_and(b, many, x)), ERR_LIMIT, &err, "operand");
    b = open_builder();
    x = grammar_text(b, SLICE("x"));
    assert_ok(compiles(b, grammar_and(b, grammar_repeat(b, x, 0, 10000), x)), &err);
}

static void test_operand_states(void **state)
{
    (void)state;
    for (int32_t over = 0; over < 2; over++) {
        struct grammar_builder *b = open_builder();
        int32_t x = grammar_text(b, SLICE("x"));
        int32_t some = grammar_repeat(b, x, 0, OPERAND_STATES_MAX - 1 + over);
        int32_t all = grammar_and(b, some, grammar_repeat(b, x, 0, GRAMMAR_UNBOUNDED));
        if (over)
            assert_fails(compiles(b, all), ERR_LIMIT, &err, "more than 262144");
        else
            assert_ok(compiles(b, all), &err);
    }
}

static void test_children(void **state)
{
    (void)state;
    int32_t *nodes = mem_calloc(EXPR_CHILDREN_MAX, sizeof *nodes);
    struct grammar_builder *b = open_builder();
    assert_int_equal(grammar_empty(b), 0);
    assert_int_equal(grammar_alt(b, EXPR_CHILDREN_MAX - 2, nodes), 1);
    assert_int_equal(grammar_alt(b, 2, nodes), 2);
    assert_int_equal(grammar_alt(b, 2, nodes), GRAMMAR_FAILED);
    assert_fails(compiles(b, 0), ERR_LIMIT, &err, "4194304 parts");
    mem_free(nodes);
}

static void test_character_sets(void **state)
{
    (void)state;
    struct grammar_builder *b = open_builder();
    struct grammar_range ranges[60];
    for (uint32_t i = 0; i < 60; i++) ranges[i] = (struct grammar_range){ 2 * i, 2 * i };
    for (int i = 0; i < EXPR_CHAR_EDGES_MAX / 60; i++)
        assert_int_equal(grammar_chars(b, ranges, 60, false), i);
    assert_int_equal(grammar_chars(b, ranges, 60, false), GRAMMAR_FAILED);
    assert_fails(compiles(b, 0), ERR_LIMIT, &err, "2097152 byte ranges");
}

/* Rules that all begin with the next: as many readings at the start as there are rules. */
static void test_readings_at_the_start(void **state)
{
    (void)state;
    for (int32_t n = GRAMMAR_STACKS_MAX; n <= GRAMMAR_STACKS_MAX + 1; n++) {
        struct grammar_builder *b = open_builder();
        int32_t x = grammar_text(b, SLICE("x")), y = grammar_text(b, SLICE("y"));
        for (int32_t i = 0; i < n; i++) (void)grammar_rule(b, SLICE("r")); /* i */
        for (int32_t i = 0; i < n; i++) {
            int32_t self = pair(b, y, grammar_use(b, i)); /* Keeps it from being written out. */
            int32_t next = i + 1 < n ? pair(b, grammar_use(b, i + 1), y) : x;
            grammar_rule_set(b, i, grammar_alt(b, 3, (int32_t[]){ next, self, x }));
        }
        if (n == GRAMMAR_STACKS_MAX)
            assert_ok(compiles(b, grammar_use(b, 0)), &err);
        else
            assert_fails(compiles(b, grammar_use(b, 0)), ERR_LIMIT, &err, "4096 ways");
    }
}

/* Rules that use each other in the least telling order: a pass finds one that may be empty. */
static void test_rules_that_may_be_empty(void **state)
{
    (void)state;
    static const int32_t sizes[] = { 1000, 60000 };
    for (int k = 0; k < 2; k++) {
        int32_t n = sizes[k];
        struct grammar_builder *b = open_builder();
        int32_t x = grammar_text(b, SLICE("x"));
        for (int32_t i = 0; i < n; i++) (void)grammar_rule(b, SLICE("r")); /* i */
        for (int32_t i = 0; i < n; i++) {
            int32_t use = grammar_use(b, (i + 1) % n);
            bool last = i + 1 == n;
            grammar_rule_set(b, i, last ? grammar_optional(b, pair(b, x, use)) : pair(b, use, use));
        }
        if (k == 0)
            assert_ok(compiles(b, grammar_use(b, 0)), &err);
        else
            assert_fails(compiles(b, grammar_use(b, 0)), ERR_LIMIT, &err, "may be empty");
    }
}

static void test_no_text(void **state)
{
    (void)state;
    struct grammar_builder *b = open_builder();
    assert_fails(compiles(b, grammar_never(b)), ERR_INVALID_VALUE, &err, "no text");
    b = open_builder(); /* Without an end. */
    int32_t r = grammar_rule(b, SLICE("r")), x = grammar_text(b, SLICE("x"));
    grammar_rule_set(b, r, pair(b, x, grammar_use(b, r)));
    assert_fails(compiles(b, grammar_use(b, r)), ERR_INVALID_VALUE, &err, "no text");
    b = open_builder();
    x = grammar_text(b, SLICE("x"));
    assert_fails(compiles(b, grammar_except(b, x, x)), ERR_INVALID_VALUE, &err, "no text");
    b = open_builder(); /* The empty text is one. */
    assert_ok(compiles(b, grammar_empty(b)), &err);
}

/* An expression that doubles each time it is written out. */
static void test_doubling(void **state)
{
    (void)state;
    for (int levels = 18; levels <= 24; levels += 6) {
        struct grammar_builder *b = open_builder();
        int32_t node = grammar_empty(b);
        for (int i = 0; i < levels; i++) node = either(b, node, node);
        if (levels == 18)
            assert_ok(compiles(b, node), &err);
        else
            assert_fails(compiles(b, node), ERR_LIMIT, &err, "16777216 steps");
    }
    for (int kind = 0; kind < 2; kind++) {
        struct grammar_builder *b = open_builder();
        int32_t node = kind ? grammar_never(b) : grammar_text(b, SLICE("x"));
        for (int i = 0; i < 100; i++) node = kind ? either(b, node, node) : pair(b, node, node);
        int rc = compiles(b, node);
        assert_int_equal(rc, -ERR_LIMIT);
    }
}

static void test_nested_plus_and_exponential_automata(void **state)
{
    (void)state;
    struct grammar_builder *b = open_builder();
    int32_t node = grammar_text(b, SLICE("a"));
    for (int i = 0; i < 100; i++) node = grammar_repeat(b, node, 1, GRAMMAR_UNBOUNDED);
    assert_ok(compiles(b, node), &err);
    /* (a|b)* a (a|b) ... (a|b): 2^30 deterministic states. */
    b = open_builder();
    int32_t a = grammar_text(b, SLICE("a")), any = either(b, a, grammar_text(b, SLICE("b")));
    int32_t parts[32] = { grammar_repeat(b, any, 0, GRAMMAR_UNBOUNDED), a };
    for (int i = 2; i < 32; i++) parts[i] = any;
    struct grammar *g;
    assert_ok(grammar_compile(&g, b, grammar_seq(b, 32, parts), &err), &err);
    grammar_builder_close(b);
    assert_in_range(grammar_size(g), 32, 5000);
    int32_t at = grammar_start(g);
    for (int i = 0; i < 1000; i++) {
        at = grammar_step(g, at, i == 969 ? 'a' : "abb"[i % 3]);
        assert_true(at >= 0);
    }
    assert_true(grammar_accepts(g, at));
    assert_false(grammar_accepts(g, grammar_step(g, at, 'a'))); /* "abb"[970 % 3] */
    grammar_unref(g);
}

static void test_60000_nested_groups(void **state)
{
    (void)state;
    enum { DEPTH = 60000 };
    struct grammar *g;
    struct grammar_builder *b = open_builder();
    int32_t next = grammar_text(b, SLICE("x")), open = grammar_text(b, SLICE("(")),
            close = grammar_text(b, SLICE(")"));
    for (int i = 0; i < DEPTH; i++) {
        int32_t rule = grammar_rule(b, SLICE("group"));
        grammar_rule_set(b, rule, grammar_seq(b, 3, (int32_t[]){ open, next, close }));
        next = grammar_use(b, rule);
    }
    assert_ok(grammar_compile(&g, b, next, &err), &err);
    grammar_builder_close(b);
    int32_t at = grammar_start(g);
    for (int i = 0; i < 2 * DEPTH + 1; i++) {
        int32_t byte = i < DEPTH ? '(' : i == DEPTH ? 'x' : ')';
        assert_int_equal(grammar_forced_byte(g, at), byte);
        at = grammar_step(g, at, (uint8_t)byte);
    }
    assert_true(grammar_accepts(g, at));
    grammar_unref(g);
}

static void test_100000_alternatives(void **state)
{
    (void)state;
    enum { N = 100000 };
    static int32_t nodes[N];
    struct grammar *g;
    struct grammar_builder *b = open_builder();
    for (int i = 0; i < N; i++) {
        char text[16];
        int len = snprintf(text, sizeof text, "item%d", i);
        nodes[i] = grammar_text(b, (struct slice){ text, (size_t)len });
    }
    assert_ok(grammar_compile(&g, b, grammar_alt(b, N, nodes), &err), &err);
    grammar_builder_close(b);
    int32_t at = grammar_start(g);
    for (const char *p = "item99999"; *p; p++) at = grammar_step(g, at, (uint8_t)*p);
    assert_true(grammar_accepts(g, at));
    assert_int_equal(grammar_step(g, at, '0'), GRAMMAR_DEAD);
    grammar_unref(g);
}

static void test_large_counts_cost_no_states(void **state)
{
    (void)state;
    struct grammar *g;
    struct grammar_builder *b = open_builder();
    int32_t body = grammar_text(b, SLICE("ab"));
    assert_ok(grammar_compile(&g, b, grammar_repeat(b, body, 1, 1000000000), &err), &err);
    grammar_builder_close(b);
    assert_in_range(grammar_size(g), 3, 10);
    grammar_unref(g);
}

/* A bit of everything that allocates. */
static int build_all(struct grammar **ret, struct err *e)
{
    struct grammar_builder *b;
    const struct grammar_range letters[] = { { 'a', 'z' }, { 0xe0, 0x1ff } };
    TRY(grammar_builder_open(&b, e));
    int32_t r = grammar_rule(b, SLICE("r"));
    int32_t chars = grammar_chars(b, letters, 2, false);
    int32_t some = grammar_repeat(b, chars, 0, 100);
    int32_t word = grammar_except(b, grammar_repeat(b, chars, 1, 5), grammar_text(b, SLICE("no")));
    int32_t list = grammar_seq(
        b, 3,
        (int32_t[]){ grammar_text(b, SLICE("[")), grammar_use(b, r), grammar_text(b, SLICE("]")) });
    grammar_rule_set(b, r,
                     grammar_alt(b, 4,
                                 (int32_t[]){ word, list, grammar_token(b, SLICE("<t>")),
                                              pair(b, grammar_text(b, SLICE("0")), some) }));
    int32_t root = pair(b, grammar_until(b, SLICE("--")),
                        pair(b, grammar_text(b, SLICE("--")), grammar_use(b, r)));
    int rc = grammar_compile(ret, b, root, e);
    grammar_builder_close(b);
    return rc;
}

static void test_failed_allocations(void **state)
{
    (void)state;
    for (int n = 1;; n++) {
        struct grammar *g = NULL;
        fault_start(FAULT_ALLOC, n, ENOMEM);
        int rc = build_all(&g, &err);
        if (!fault_stop()) {
            assert_int_equal(rc, 0);
            assert_true(n > 50);
            grammar_unref(g);
            break;
        }
        /* Giving memory back may fail unnoticed. */
        if (rc < 0) assert_fails(rc, ERR_NO_MEMORY, &err, "out of memory");
        grammar_unref(g);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_expressions),
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_states),
        cmocka_unit_test(test_marker),
        cmocka_unit_test(test_the_first_failure),
        cmocka_unit_test(test_undefined_rule),
        cmocka_unit_test(test_left_recursion),
        cmocka_unit_test(test_operands_must_be_regular),
        cmocka_unit_test(test_operands_that_are_too_large),
        cmocka_unit_test(test_operand_states),
        cmocka_unit_test(test_children),
        cmocka_unit_test(test_character_sets),
        cmocka_unit_test(test_readings_at_the_start),
        cmocka_unit_test(test_rules_that_may_be_empty),
        cmocka_unit_test(test_no_text),
        cmocka_unit_test(test_doubling),
        cmocka_unit_test(test_nested_plus_and_exponential_automata),
        cmocka_unit_test(test_60000_nested_groups),
        cmocka_unit_test(test_100000_alternatives),
        cmocka_unit_test(test_large_counts_cost_no_states),
        cmocka_unit_test(test_failed_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

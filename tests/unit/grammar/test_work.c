/* What compiling may take, in counted steps: families of grammars with quadratic or exponential
 * automata compile within the budget or are refused for it, and a small budget refuses each. */
#include "unit/test.h"

#include "grammar/compile.h"
#include "grammar/grammar.h"

#include <stdio.h>

static struct err err;

enum { N = 32000, SMALL = 1000 };

static int32_t text(struct grammar_builder *b, const char *s)
{
    return grammar_text(b, slice_of(s));
}

/* `node` n times over, written out. */
static int32_t times(struct grammar_builder *b, int32_t node, size_t n)
{
    int32_t *nodes = mem_alloc(n * sizeof *nodes);
    assert_non_null(nodes);
    for (size_t i = 0; i < n; i++) nodes[i] = node;
    int32_t all = grammar_seq(b, n, nodes);
    mem_free(nodes);
    return all;
}

static int32_t any_char(struct grammar_builder *b)
{
    return grammar_chars(b, NULL, 0, true);
}

static int32_t optional_letters(struct grammar_builder *b)
{
    return times(b, grammar_optional(b, text(b, "a")), N);
}

static int32_t optional_classes(struct grammar_builder *b)
{
    static const struct grammar_range letters = { 'a', 'b' };
    return times(b, grammar_optional(b, grammar_chars(b, &letters, 1, false)), N);
}

static int32_t optional_characters(struct grammar_builder *b)
{
    return times(b, grammar_optional(b, any_char(b)), N);
}

static int32_t empty_or_letter(struct grammar_builder *b)
{
    return times(b, grammar_alt(b, 2, (int32_t[]){ grammar_empty(b), text(b, "a") }), N);
}

static int32_t optional_pairs(struct grammar_builder *b)
{
    int32_t x = grammar_optional(b, text(b, "a")), y = grammar_optional(b, text(b, "b"));
    return times(b, grammar_seq(b, 2, (int32_t[]){ x, y }), N / 2);
}

/* (.*a.*|.*b.*|...): sets of all of them. */
static int32_t alternatives(struct grammar_builder *b)
{
    int32_t nodes[1000], any = grammar_repeat(b, any_char(b), 0, GRAMMAR_UNBOUNDED);
    for (int i = 0; i < 1000; i++) {
        char word[16];
        (void)snprintf(word, sizeof word, "%d", i); /* Fits. */
        nodes[i] = grammar_seq(b, 3, (int32_t[]){ any, text(b, word), any });
    }
    return grammar_alt(b, 1000, nodes);
}

static int32_t nested_counts(struct grammar_builder *b)
{
    int32_t node = text(b, "a");
    for (int i = 0; i < 4; i++) node = grammar_repeat(b, node, 0, 2);
    return times(b, node, N / 16);
}

static int32_t product(struct grammar_builder *b, bool except)
{
    int32_t a = text(b, "a"), c = text(b, "b"), any = grammar_alt(b, 2, (int32_t[]){ a, c });
    int32_t all = grammar_repeat(b, any, 0, GRAMMAR_UNBOUNDED);
    int32_t some = grammar_seq(b, 3, (int32_t[]){ all, a, grammar_repeat(b, any, 12, 12) });
    return except ? grammar_except(b, all, some) : grammar_and(b, all, some);
}

static int32_t both(struct grammar_builder *b)
{
    return product(b, false);
}

static int32_t without(struct grammar_builder *b)
{
    return product(b, true);
}

/* Rules of a long text that nothing leads to: it is written all the same. */
static int32_t unreachable(struct grammar_builder *b)
{
    int32_t rules[100], never = grammar_never(b), x = text(b, "x");
    char *bytes = mem_calloc(1, 1 << 20);
    assert_non_null(bytes);
    int32_t much = grammar_text(b, (struct slice){ bytes, 1 << 20 });
    mem_free(bytes);
    for (int i = 0; i < 100; i++) {
        int32_t rule = grammar_rule(b, SLICE("r")), use = grammar_use(b, rule);
        int32_t none = grammar_seq(b, 2, (int32_t[]){ never, much });
        int32_t self = grammar_seq(b, 2, (int32_t[]){ x, use });
        grammar_rule_set(b, rule, grammar_alt(b, 3, (int32_t[]){ none, self, x }));
        rules[i] = use;
    }
    return grammar_seq(b, 100, rules);
}

/* 200,000 texts that hardly share anything. */
static int32_t scattered_texts(struct grammar_builder *b)
{
    enum { TEXTS = 200000 };
    int32_t *nodes = mem_alloc(TEXTS * sizeof *nodes);
    uint64_t random = 1;
    assert_non_null(nodes);
    for (int i = 0; i < TEXTS; i++) {
        char word[20];
        random = random * 6364136223846793005u + 1442695040888963407u;
        int len = snprintf(word, sizeof word, "%016llx", (unsigned long long)random);
        nodes[i] = grammar_text(b, (struct slice){ word, (size_t)len });
    }
    int32_t all = grammar_alt(b, TEXTS, nodes);
    mem_free(nodes);
    return all;
}

static int32_t many_markers(struct grammar_builder *b)
{
    char marker[GRAMMAR_MARKER_MAX];
    memset(marker, 'm', sizeof marker);
    int32_t until = grammar_until(b, (struct slice){ marker, sizeof marker });
    return times(b, grammar_seq(b, 2, (int32_t[]){ text(b, "a"), until }), 1000);
}

static int32_t doubling(struct grammar_builder *b)
{
    int32_t node = grammar_empty(b);
    for (int i = 0; i < 100; i++) node = grammar_seq(b, 2, (int32_t[]){ node, node });
    return node;
}

static const struct family {
    const char *name;
    int32_t (*write)(struct grammar_builder *b);
    bool refused;
} families[] = {
    { "a? a? a? ...", optional_letters, false },
    { "[ab]? [ab]? ...", optional_classes, false },
    { ".? .? ...", optional_characters, false },
    { "(|a) (|a) ...", empty_or_letter, false },
    { "(a?b?) (a?b?) ...", optional_pairs, false },
    { ".*0.* | .*1.* | ...", alternatives, false },
    { "nested counts", nested_counts, false },
    { "and", both, false },
    { "except", without, false },
    { "unreachable texts", unreachable, true },
    { "scattered texts", scattered_texts, true },
    { "markers", many_markers, true },
    { "doubling", doubling, true },
};
enum { N_FAMILIES = sizeof families / sizeof families[0] };

static int compile(const struct family *f, int64_t work_max, int64_t *ret_work)
{
    struct grammar *g = NULL;
    struct grammar_builder *b;
    assert_ok(grammar_builder_open(&b, &err), &err);
    if (work_max) b->work_max = work_max;
    int32_t root = f->write(b);
    int rc = grammar_compile(&g, b, root, &err);
    *ret_work = b->work;
    grammar_builder_close(b);
    grammar_unref(g);
    return rc;
}

static void test_within_the_budget_or_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_FAMILIES; i++) {
        int64_t work;
        int rc = compile(&families[i], 0, &work);
        if (families[i].refused)
            assert_fails(rc, ERR_LIMIT, &err, "the grammar is too large");
        else if (rc < 0 || work > COMPILE_WORK_MAX)
            fail_msg("%s: %d, %lld steps, %s", families[i].name, rc, (long long)work, err.text);
    }
}

static void test_a_small_budget_refuses_each(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_FAMILIES; i++) {
        int64_t work;
        assert_fails(compile(&families[i], SMALL, &work), ERR_LIMIT, &err, "more than 1000 steps");
    }
}

/* A budget is met when all of it is taken: one more step and it would have been refused. */
static void test_both_sides_of_the_budget(void **state)
{
    (void)state;
    const struct family f = { "texts", optional_pairs, false };
    int64_t work, low = SMALL, high = COMPILE_WORK_MAX;
    while (low + 1 < high) {
        int64_t middle = (low + high) / 2;
        if (compile(&f, middle, &work) == 0)
            high = middle;
        else
            low = middle;
    }
    assert_ok(compile(&f, high, &work), &err);
    assert_in_range(work, high / 4, high);
    assert_fails(compile(&f, low, &work), ERR_LIMIT, &err, "steps");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_within_the_budget_or_refused),
        cmocka_unit_test(test_a_small_budget_refuses_each),
        cmocka_unit_test(test_both_sides_of_the_budget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

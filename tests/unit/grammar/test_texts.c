/* Alternatives that are texts: exactly those are read, as the smallest automaton. */
#include "unit/test.h"

#include "fault/fault.h"
#include "grammar/compile.h"
#include "grammar/grammar.h"
#include "unit/grammar/walking.h"

#include <stdio.h>

static struct err err;

/* Of these texts, and of [0-9]+ if `other`. */
static int compile(struct grammar **ret, const char *const *texts, size_t n, bool other)
{
    static const struct grammar_range digits = { '0', '9' };
    struct grammar_builder *b;
    TRY(grammar_builder_open(&b, &err));
    int32_t *nodes = mem_alloc((n + 1) * sizeof *nodes);
    for (size_t i = 0; nodes && i < n; i++) nodes[i] = grammar_text(b, slice_of(texts[i]));
    if (nodes && other)
        nodes[n++] = grammar_repeat(b, grammar_chars(b, &digits, 1, false), 1, GRAMMAR_UNBOUNDED);
    int rc = nodes ? grammar_compile(ret, b, grammar_alt(b, n, nodes), &err) : -ERR_NO_MEMORY;
    mem_free(nodes);
    grammar_builder_close(b);
    return rc;
}

static bool matches(struct grammar *g, const char *text)
{
    return grammar_accepts(g, grammar_walk(g, grammar_start(g), slice_of(text)));
}

static void test_exactly_these(void **state)
{
    (void)state;
    static const char *const in[] = { "yes", "no",   "",   "none", "nonesuch", "\xc3\xa9t\xc3\xa9",
                                      "no",  "such", "an", "a",    "\xc3\xa8", "yesterday" };
    static const char *const out[] = { "ye", "non", "nones", "\xc3", "\xc3\xa9", "b", "suc", "0" };
    struct grammar *g;
    assert_ok(compile(&g, in, sizeof in / sizeof *in, false), &err);
    for (size_t i = 0; i < sizeof in / sizeof *in; i++)
        if (!matches(g, in[i])) fail_msg("'%s' should match", in[i]);
    for (size_t i = 0; i < sizeof out / sizeof *out; i++)
        if (matches(g, out[i])) fail_msg("'%s' should not match", out[i]);
    grammar_unref(g);
}

/* Every text of up to 5 letters of a and b, against the list that was drawn. */
static void test_random_lists(void **state)
{
    (void)state;
    uint64_t random = 5;
    for (int round = 0; round < 200; round++) {
        char words[62][8];
        const char *texts[62];
        bool in[62];
        size_t n = 0;
        struct grammar *g;
        for (int i = 0; i < 62; i++) { /* i + 2 in binary, without its first digit */
            int len = 0;
            for (int bits = i + 2; bits > 1; bits /= 2) words[i][len++] = bits % 2 ? 'b' : 'a';
            words[i][len] = '\0';
            random = random * 6364136223846793005u + 1442695040888963407u;
            in[i] = (int)((random >> 33) % 62) < round / 3;
            if (in[i]) texts[n++] = words[i];
        }
        if (n == 0) continue;
        assert_ok(compile(&g, texts, n, round & 1), &err);
        for (int i = 0; i < 62; i++)
            if (matches(g, words[i]) != in[i]) fail_msg("round %d: '%s'", round, words[i]);
        assert_int_equal(matches(g, "07"), round & 1);
        grammar_unref(g);
    }
}

/* What begins or ends alike is there once: 100,000 numbers are a dozen states. */
static void test_equal_states_once(void **state)
{
    (void)state;
    enum { N = 100000 };
    static char words[N][24];
    static const char *texts[N];
    struct grammar *g;
    for (int i = 0; i < N; i++) {
        (void)snprintf(words[i], sizeof words[i], "\"item%d\"", i); /* Fits. */
        texts[i] = words[i];
    }
    assert_ok(compile(&g, texts, N, false), &err);
    assert_in_range(grammar_size(g), 10, 20);
    assert_true(matches(g, "\"item0\"") && matches(g, "\"item99999\""));
    assert_false(matches(g, "\"item01\"") || matches(g, "\"item100000\""));
    grammar_unref(g);
}

static void test_failed_allocations(void **state)
{
    (void)state;
    static const char *const texts[] = { "alpha", "beta", "gamma", "delta", "alphabet", "bet" };
    for (int n = 1;; n++) {
        struct grammar *g = NULL;
        fault_start(FAULT_ALLOC, n, ENOMEM);
        int rc = compile(&g, texts, sizeof texts / sizeof *texts, true);
        bool hit = fault_stop();
        assert_true(rc == 0 || (hit && rc == -ERR_NO_MEMORY));
        if (rc == 0) assert_true(matches(g, "alphabet") && !matches(g, "alphab"));
        grammar_unref(g);
        if (!hit) break;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exactly_these),
        cmocka_unit_test(test_random_lists),
        cmocka_unit_test(test_equal_states_once),
        cmocka_unit_test(test_failed_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

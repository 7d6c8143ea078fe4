/* What comes next, in words. */
#include "unit/test.h"

#include "fault/fault.h"
#include "grammar/ebnf.h"
#include "grammar/expect.h"
#include "unit/grammar/matching.h"

#include <string.h>

static void expect(const char *grammar, const char *text, const char *words)
{
    struct grammar_builder *b;
    struct grammar *g;
    struct err err;
    struct buf out;
    buf_init(&out, 4096);
    assert_ok(grammar_builder_open(&b, &err), &err);
    assert_ok(grammar_finish(&g, b, ebnf_write(b, slice_of(grammar), &err), &err), &err);
    grammar_lock(g);
    int32_t state = grammar_start(g);
    for (; *text; text++) state = grammar_step(g, state, (uint8_t)*text);
    assert_true(state >= 0);
    grammar_expected(&out, g, state);
    grammar_unlock(g);
    assert_string_equal(buf_str(&out), words);
    grammar_unref(g);
    buf_release(&out);
}

static void test_words(void **state)
{
    (void)state;
    expect("root ::= \"true\" | \"false\"", "", "\"false\" or \"true\"");
    expect("root ::= \"true\" | \"false\"", "tr", "\"ue\"");
    expect("root ::= \"true\" | \"false\"", "true", "the end of the text");
    expect("root ::= [0-9]+ \"\\n\"?", "1", "\"\\n\", '0' to '9' or the end of the text");
    expect("root ::= [a-c\\\\\"] \"x\"", "", "\"\\\"x\", \"\\\\x\" or 'a' to 'c'");
    expect("root ::= [ab]", "", "\"a\" or \"b\"");
    expect("root ::= \"\\u00e9\" \"!\"", "", "a character beyond ASCII");
    expect("root ::= \"\\u00e9\" \"!\"", "\xC3", "the rest of a character");
    expect("root ::= <|x|> | \"y\"", "", "\"y\" or a control token");
    expect("root ::= \"a\" .", "a", "'\\x00' to '\\x7f' or a character beyond ASCII");
    expect("root ::= [acegikmoqsuwy] \"-\"", "",
           "\"a-\", \"c-\", \"e-\", \"g-\", \"i-\", \"k-\", \"m-\", \"o-\" or others");
    expect("root ::= \"0123456789012345678901234567890123456789!\"", "",
           "\"0123456789012345678901234567890123456789...\"");
}

static void test_no_memory_is_remembered(void **state)
{
    (void)state;
    struct grammar_builder *b;
    struct grammar *g;
    struct err err;
    assert_ok(grammar_builder_open(&b, &err), &err);
    assert_ok(grammar_finish(&g, b, ebnf_write(b, SLICE("root ::= \"a\" | \"b\""), &err), &err),
              &err);
    grammar_lock(g);
    for (int n = 1;; n++) {
        struct buf out;
        buf_init(&out, 4096);
        int32_t start = grammar_start(g);
        fault_start(FAULT_ALLOC, n, ENOMEM);
        grammar_expected(&out, g, start);
        bool hit = fault_stop();
        if (!hit) assert_string_equal(buf_str(&out), "\"a\" or \"b\"");
        buf_release(&out);
        if (!hit) break;
    }
    grammar_unlock(g);
    grammar_unref(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_no_memory_is_remembered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

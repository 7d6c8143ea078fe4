/* Measures and cuts of prose. */
#include "unit/test.h"

#include "api/book_text.h"
#include "base/seam.h"

static struct err err;

#define ONE "the cat sat on the mat by the door. "

static void test_words(void **state)
{
    (void)state;
    assert_int_equal(book_words(SLICE("")), 0);
    assert_int_equal(book_words(SLICE("It's 9 o'clock \xe2\x80\x94 d\xc3\xa9j\xc3\xa0 vu!")), 5);
    assert_int_equal(book_words(SLICE("\xe4\xbd\xa0\xe5\xa5\xbd\xe3\x80\x82")), 2);
    assert_int_equal(book_words(SLICE("\xff\xfe")), 0);
    assert_true(slice_is(book_tail(SLICE("one two three"), 2), "two three"));
    assert_true(slice_is(book_tail(SLICE("one"), 2), "one"));
    assert_true(slice_is(book_clip(SLICE("a\xc3\xa9"), 2), "a"));
}

static void test_cut(void **state)
{
    (void)state;
    struct slice text = SLICE("One two. \"Three four!\" Five 3.5 six. Seven");
    assert_true(slice_is(book_cut(text, 8), "One two. \"Three four!\" Five 3.5 six."));
    assert_true(slice_is(book_cut(text, 7), "One two. \"Three four!\""));
    assert_true(slice_is(book_cut(text, 3), "One two."));
    assert_true(slice_is(book_cut(text, 1), "One"));
    assert_true(slice_eq(book_cut(text, 9), text));
    assert_true(slice_is(book_whole_sentences(text), "One two. \"Three four!\" Five 3.5 six."));
    assert_true(slice_is(book_whole_sentences(SLICE("no end")), "no end"));
}

static void test_prose(void **state)
{
    (void)state;
    assert_true(slice_is(
        book_prose(SLICE("### Scene 1\n\n**Scene 1: Night**\nIt rained.\n\n---\n")), "It rained."));
    assert_true(slice_is(book_prose(SLICE("It rained.\n\nThe end.")), "It rained."));
    assert_int_equal(book_prose(SLICE("# only")).len, 0);
}

static void test_repeated(void **state)
{
    (void)state;
    double share;
    struct book_grams g = { 0 };
    assert_ok(book_repeated(&share, NULL, SLICE("seven words are too few to count"), &err), &err);
    assert_true(share == 0);
    assert_ok(book_repeated(&share, NULL, SLICE(ONE), &err), &err);
    assert_true(share == 0); /* Nine words, two 8-grams, both new. */
    assert_ok(book_repeated(&share, NULL, SLICE(ONE ONE), &err), &err);
    assert_true(share > 0.18 && share < 0.19); /* 2 of 11 */
    assert_ok(book_grams_add(&g, SLICE("The cat SAT on the mat, by the door"), &err), &err);
    assert_ok(book_repeated(&share, &g, SLICE(ONE), &err), &err);
    assert_true(share == 1);
    book_grams_release(&g);
}

static void test_unrepeat(void **state)
{
    (void)state;
    struct book_grams g = { 0 };
    struct buf out;
    assert_ok(book_grams_add(&g, SLICE(ONE), &err), &err);
    buf_init(&out, 1024);
    assert_ok(book_unrepeat(&out, &g, SLICE("a b c d e f g h i."),
                            SLICE("New words stand here.\n\nThe cat sat on the mat by the door. "
                                  "A b c d e f g h i. And more."),
                            &err),
              &err);
    assert_true(slice_is(buf_slice(&out), "New words stand here. And more."));
    buf_release(&out);
    book_grams_release(&g);
}

static void test_no_memory(void **state)
{
    (void)state;
    struct book_grams g = { 0 };
    char text[40000];
    for (size_t i = 0; i + 4 <= sizeof text; i += 4) memcpy(text + i, "aa1 ", 4);
    for (size_t i = 0; i + 4 <= sizeof text; i += 4) {
        text[i] = (char)('a' + i / 4 % 26);
        text[i + 1] = (char)('a' + i / 104 % 26);
        text[i + 2] = (char)('a' + i / 2704 % 26);
    }
    assert_ok(book_grams_add(&g, (struct slice){ text, sizeof text }, &err), &err);
    assert_true(g.n > 9000 && g.cap >= 2 * g.n); /* It grew. */
    book_grams_release(&g);
    assert_null(g.slots);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),    cmocka_unit_test(test_cut),
        cmocka_unit_test(test_prose),    cmocka_unit_test(test_repeated),
        cmocka_unit_test(test_unrepeat), cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

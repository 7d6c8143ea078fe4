/* Measures and cuts of prose. */
#include "unit/test.h"

#include "api/book_people.h"
#include "api/book_sift.h"
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

static void test_sift(void **state)
{
    (void)state;
    const struct book_row book = { .people = SLICE("- Emily Ives: a keeper"),
                                   .idea = SLICE("A light."),
                                   .premise = SLICE("") };
    struct book_grams g = { 0 };
    struct buf out;
    assert_ok(book_grams_add(&g, SLICE(ONE), &err), &err);
    buf_init(&out, 1024);
    assert_ok(
        book_sift(
            &out, &g, &book, SLICE("a b c d e f g h i. She began to walk."),
            SLICE("New words stand here.\n\nThe cat sat on the mat by the door. "
                  "A b c d e f g h i. Emma Ives came in. In this scene all is well. "
                  "She BEGAN to walk. Go on. Go on. In her\xe7\x9a\x84 room.\n- A list.\n"
                  "Emily (low): \"Go.\"\nTom:\nYou go. And I.\n\nEmily Ives came in. And more. "
                  "Lena Brandt came in. \"Now they talk to each other.\" Scene 4, at night. Scenes "
                  "end. Then he whistled. He wiped the knife on his hat. He wiped the knife and "
                  "went."),
            &err),
        &err);
    assert_string_equal(buf_str(&out),
                        "New words stand here. Go on. Go on.\n\nEmily Ives came in. And more. "
                        "Scenes end. He wiped the knife and went.");
    buf_release(&out);
    book_grams_release(&g);
}

static void test_runs(void **state)
{
    (void)state;
    struct slice other = SLICE("The dog ate the bread, from his fingers.");
    assert_true(book_shares_run(SLICE("Then the DOG ate the bread."), other, 5));
    assert_false(book_shares_run(SLICE("Then the dog ate bread."), other, 5));
    assert_true(book_shares_run(SLICE("His fingers."), SLICE("It was his fingers."), 5));
    assert_false(book_shares_run(SLICE("..."), other, 5));
    assert_true(book_shares_run(SLICE("bread"), other, 1));
}

static void test_names(void **state)
{
    (void)state;
    struct book_names names;
    book_names(&names, SLICE("People of the book\n- Emily Ives: a keeper\n* Old Tom, who fishes\n"
                             "3. Zo\xc3\xab \xe2\x80\x94 her sister\n"
                             "- One two three four five: no name\n\nIda (late) and more\n"));
    assert_int_equal(names.n, 4);
    assert_true(slice_is(names.at[0], "Emily Ives"));
    assert_true(slice_is(names.lines[0], "Emily Ives: a keeper"));
    assert_true(slice_is(names.at[1], "Old Tom"));
    assert_true(slice_is(names.at[2], "Zo\xc3\xab"));
    assert_true(slice_is(names.at[3], "Ida"));
    book_names(&names, SLICE(""));
    assert_int_equal(names.n, 0);
}

static void test_drift(void **state)
{
    (void)state;
    struct book_names names;
    book_names(&names, SLICE("- Emily Ives: a keeper\n- Victor Grube: her friend\n- Ida: a child"));
    static const char *const kept[] = { "Emily Ives spoke.",
                                        "Emily spoke to Mr Grube.",
                                        "Then Emily saw it.",
                                        "His wife, Anna Grube, came.",
                                        "Ida Ives.",
                                        "Emily",
                                        "" };
    static const char *const drifted[] = { "Emma Ives spoke.", "It was Emily Grube.",
                                           "\"Victoria Grube!\"" };
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        assert_false(book_names_drift(&names, slice_of(kept[i])));
    for (size_t i = 0; i < sizeof drifted / sizeof *drifted; i++)
        assert_true(book_names_drift(&names, slice_of(drifted[i])));
}

static void test_titles(void **state)
{
    (void)state;
    assert_true(book_titles_alike(SLICE("The Fire in the Harbour"), SLICE("A fire")));
    assert_true(book_titles_alike(SLICE("Small Lies"), SLICE("More lies")));
    assert_false(book_titles_alike(SLICE("The Cold Oven"), SLICE("The Long Night")));
    assert_false(book_titles_alike(SLICE("The"), SLICE("The")));
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
        cmocka_unit_test(test_words),  cmocka_unit_test(test_cut),
        cmocka_unit_test(test_prose),  cmocka_unit_test(test_repeated),
        cmocka_unit_test(test_sift),   cmocka_unit_test(test_runs),
        cmocka_unit_test(test_names),  cmocka_unit_test(test_drift),
        cmocka_unit_test(test_titles), cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

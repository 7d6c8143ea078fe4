/* Tunes that add up have no issue; each mistake is found where it is, once. */
#include "unit/test.h"

#include "base/buf.h"
#include "music/abc_check.h"

#include <stdio.h>

static struct abc_report report; /* Large. */

static void check(const char *text)
{
    struct err err = { 0 };
    int rc = abc_check(&report, slice_of(text), &err);
    assert_int_equal(rc, 0);
}

static void print_issues(void)
{
    for (uint32_t i = 0; i < report.n_issues; i++)
        print_message("line %u column %u bar %u: %s\n", report.issues[i].line,
                      report.issues[i].column, report.issues[i].bar, report.issues[i].text);
}

#define HEAD "X:1\nT:A tune\nM:4/4\nL:1/8\nK:G\n"

static void expect_none(const char *text)
{
    check(text);
    if (report.n_issues) print_issues();
    assert_int_equal(report.n_issues, 0);
}

static void expect_one(const char *text, enum abc_issue_kind kind, uint32_t line, uint32_t bar,
                       const char *words)
{
    check(text);
    if (report.n_issues != 1) print_issues();
    assert_int_equal(report.n_issues, 1);
    const struct abc_issue *issue = &report.issues[0];
    if (issue->line != line || issue->bar != bar || !strstr(issue->text, words)) print_issues();
    assert_int_equal(issue->kind, kind);
    assert_int_equal(issue->line, line);
    assert_int_equal(issue->bar, bar);
    assert_non_null(strstr(issue->text, words));
}

static void test_what_adds_up(void **state)
{
    (void)state;
    expect_none(HEAD "GABc d2e2|fgfe d4|]\n");
    assert_int_equal(report.n_bars, 2);
    assert_int_equal(report.n_notes, 11);
    expect_none(HEAD "d2|G2GA B2Bc|dBAB G2:|\n"); /* An anacrusis and its other half. */
    expect_none(HEAD "|:G4 A4|1 B8:|2 c8||\n");   /* Endings. */
    expect_none(HEAD "(3GAB c2 (3def g2|[GBd]4 z4|Z2|G8|]\n"); /* Tuplets, chords, rests. */
    expect_none(HEAD "G>A B<c d2>e2|G3/2A/ {ga}B2 \"Am\"c2 !trill!d2|]\n");
    expect_none(HEAD "G8|[M:3/4] c2 d2 e2|]\n");
}

static void test_metres(void **state)
{
    (void)state;
    expect_none("X:1\nT:Jig\nM:6/8\nK:D\nDFA dfa|(2DE FGA|d3 D3|]\n");
    expect_none("X:1\nT:Waltz\nM:3/4\nL:1/4\nK:C\nC E G|c3|\n");
    expect_none("X:1\nT:Small\nM:2/4\nK:C\nCDEF GABc|c8|\n"); /* Below 3/4 the unit is 1/16. */
    expect_none("X:1\nT:Odd\nM:(3+2+2)/8\nL:1/8\nK:Am\nABc de fg|a7|\n");
    expect_none("X:1\nT:Free\nM:none\nK:C\nCDEFGAB|c|cdefg|\n");
    expect_none("X:1\nT:Cut\nM:C|\nL:1/4\nK:Bb\nB c d e|f4|\n");
}

static void test_voices_and_tunes(void **state)
{
    (void)state;
    expect_none("X:1\nT:Two\nM:4/4\nL:1/4\nV:1 clef=treble\nV:2 clef=bass\nK:C\n"
                "V:1\nC D E F|G4|]\nV:2\nC,4|C,2 G,2|]\n");
    assert_int_equal(report.n_voices, 2);
    expect_none("X:1\nT:Inline\nM:4/4\nL:1/4\nK:C\n[V:1] C D E F|G4|]\n[V:2] C4|C4|]\n");
    expect_none(HEAD "G8|]\n\nX:2\nT:Next\nM:3/4\nL:1/4\nK:C\nC D E|]\n");
    assert_int_equal(report.n_tunes, 2);
    expect_none(HEAD "% a comment\n%%directive\nG8|% another\nw: la la\nA8|]\n");
}

static void test_bars_that_do_not(void **state)
{
    (void)state;
    expect_one(HEAD "G8|A8|B9|c8|]\n", ABC_BAR, 6, 3,
               "Bar 3 holds 9/8 where the metre wants 4/4: 1/8 too much.");
    expect_one(HEAD "G8|A8|B6|c8|]\n", ABC_BAR, 6, 3,
               "holds 3/4 where the metre wants 4/4: 1/4 too little");
    expect_one(HEAD "G8|A8|\nB4 c2|d8|]\n", ABC_BAR, 7, 3, "holds 3/4");
    expect_one(HEAD "G9|A8|]\n", ABC_BAR, 6, 1, "holds 9/8"); /* Too long is no anacrusis. */
    expect_none(HEAD "d2|G8|A8|]\n"); /* Not strict about the anacrusis' other half ... */
    expect_one(HEAD "d2|G8|A4|]\n", ABC_BAR, 6, 3, "holds 2/4"); /* ... but about a third length. */
}

static void test_what_is_no_music(void **state)
{
    (void)state;
    expect_one("hello\n", ABC_HEADER, 1, 0, "There is no tune");
    expect_one("X:1\nT:No key\nM:4/4\nL:1/8\n", ABC_HEADER, 4, 0, "no K: field");
    expect_one("X:1\nT:t\nM:4/0\nK:C\nC8|\n", ABC_HEADER, 3, 0, "no metre");
    expect_one("X:1\nT:t\nM:4/4\nL:2/x\nK:C\nC8|\n", ABC_HEADER, 4, 0, "no note length");
    expect_one("X:1\nT:t\nM:4/4\nL:1/8\nK:H\nC8|\n", ABC_HEADER, 5, 0, "no key");
    expect_one("X:1\nM:4/4\nL:1/8\nK:C\nC8|\n", ABC_HEADER, 4, 0, "no title");
    expect_one("T:t\nM:4/4\nL:1/8\nK:C\nC8|\n", ABC_HEADER, 1, 0, "must begin with an X: field");
    expect_one(HEAD "\"Am G8|\n", ABC_SYNTAX, 6, 1, "does not end");
    expect_one(HEAD "[GB G4 z4|G8|\n", ABC_SYNTAX, 6, 1, "no ']'");
    expect_one(HEAD "G0 G7|\n", ABC_LENGTH, 6, 1, "no length");
}

static void test_sections(void **state)
{
    (void)state;
    expect_none(HEAD "G8|A8||d2|e8|f6|]\n"); /* A section's own anacrusis. */
    expect_none(HEAD "d2|G8|A6||d2|e8|f6|]\n");
    expect_none(HEAD "|:d2|G8|1 A6:|2 A6||\n|:d2|e8|1 f6:|2 f6|]\n");
    assert_int_equal(report.tunes[0].sections, 2);
    assert_int_equal(report.tunes[0].bars, 8);
    expect_one(HEAD "G8|A8||d2|e8|f4|]\n", ABC_BAR, 6, 5, "holds 2/4");
    expect_one(HEAD "G8|A6|]\n", ABC_BAR, 6, 2, "holds 3/4"); /* Nothing completes it. */
    expect_one(HEAD "G6|]\n", ABC_BAR, 6, 1, "holds 3/4");
    expect_none(HEAD "G8|A6||d2|e8|f8|]\n");
    expect_one(HEAD "G8|A6||d3|e8|f4z|]\n", ABC_BAR, 6, 2, "holds 3/4");
    expect_one(HEAD "|:G8|A6:|B8|]\n", ABC_BAR, 6, 2, "holds 3/4");
}

static void test_repeats(void **state)
{
    (void)state;
    expect_none(HEAD "G8:|\n|:A8:|\n");
    expect_none(HEAD "|:G8::A8:|B8|]\n");
    expect_none(HEAD "|:G8|1,3 A8:|2 B8|]\n");
    expect_none(HEAD "|:G8|[1 A8:|[2 B8|]\n");
    expect_none(HEAD "|:G8|1 A8:|\n[2 B8||\nc8|]\n");
    expect_one(HEAD "|:G8|A8|\n", ABC_SYNTAX, 6, 1, "has no end");
    expect_one(HEAD "|:G8|A8|:B8:|\n", ABC_SYNTAX, 6, 1, "not closed");
    expect_one(HEAD "G8|2 A8|]\n", ABC_SYNTAX, 6, 2, "no ending 1");
    expect_one(HEAD "|:G8|1 A8|2 B8:|\n", ABC_SYNTAX, 6, 3, "must close with :|");
    expect_one(HEAD "G4 : A4|]\n", ABC_SYNTAX, 6, 1, "alone means nothing");
}

static void test_brackets(void **state)
{
    (void)state;
    expect_none(HEAD "(G4 A4|B8)|((c2 d2) e4)|]\n");
    expect_one(HEAD "(G4 A4|B8|]\n", ABC_SYNTAX, 6, 1, "no ')'");
    expect_one(HEAD "G4 A4)|B8|]\n", ABC_SYNTAX, 6, 1, "closes no slur");
    expect_one(HEAD "{ga G8|]\n", ABC_SYNTAX, 6, 1, "does not end on this line: '}' is missing");
    expect_one(HEAD "c4 (3G2A2|B8|]\n", ABC_SYNTAX, 6, 2, "1 more notes");
    expect_one(HEAD "(3G2(3A2B2c2 (3:2:2c2c2|]\n", ABC_SYNTAX, 6, 1, "begins in another");
    /* As many open slurs as are kept, and more. */
    struct buf text;
    buf_init(&text, ABC_TEXT_MAX);
    buf_add_str(&text, HEAD);
    for (int i = 0; i <= ABC_SLURS_MAX; i++) buf_add_char(&text, '(');
    buf_add_str(&text, "G8|]\n");
    check(buf_str(&text));
    assert_int_equal(report.n_issues, ABC_SLURS_MAX);
    buf_release(&text);
}

static void test_lengths(void **state)
{
    (void)state;
    expect_none(HEAD "G7 A|G3 A3 B2|G15/2A/|y3 G4 y A4|]\n");
    expect_one(HEAD "G5 A3|B8|]\n", ABC_LENGTH, 6, 1, "One note cannot last 5/8: write two");
    expect_one(HEAD "G/3 G6 A/ A/|B8|]\n", ABC_LENGTH, 6, 1, "1/24");
}

static void test_headers(void **state)
{
    (void)state;
    expect_one("T:t\nX:1\nM:4/4\nL:1/8\nK:C\nC8|\n", ABC_HEADER, 1, 0, "must begin with an X:");
    assert_int_equal(report.n_tunes, 1);
    expect_one("X:1\nT:t\nL:1/8\nK:C\nM:6/8\nCDE FGA|\n", ABC_HEADER, 5, 0, "M: stands behind K:");
    expect_one(HEAD "C:Me\nG8|\n", ABC_HEADER, 6, 0, "C: stands behind K:");
    expect_none(HEAD "M:3/4\nGABcde|\n"); /* Another metre than the header's: a change. */
    expect_one("X:1\nT:t\nM:4/5\nL:1/8\nK:C\nC8|\n", ABC_HEADER, 3, 0, "with 1, 2, 4, 8 or 16");
    expect_one("X:1\nT:t\nM:4/4\nL:1/3\nK:C\nC8|\n", ABC_HEADER, 4, 0, "no note length");
    expect_one("X:1\nT:t\nM:4/4\nK:G#\nC8|\n", ABC_HEADER, 4, 0, "no key"); /* Eight sharps. */
    static const char *const keys[] = { "G",           "Bb",       "F#m",    "D dorian",
                                        "A Mix",       "none",     "",       "HP",
                                        "C clef=bass", "Amin",     "Eminor", "G major",
                                        "clef=alto",   "D exp _b", "D ^f",   "Ador bass" };
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        char text[80];
        (void)snprintf(text, sizeof text, "X:1\nT:t\nM:4/4\nL:1/8\nK:%s\nC8|\n", keys[i]);
        expect_none(text);
    }
}

static void test_what_a_tune_says(void **state)
{
    (void)state;
    expect_none("X:7\nT:The \"Kesh\"\nT:Another name\nR:jig\nM:6/8\nL:1/8\nK:A dorian\n"
                "|:GAB|c3 d3:|\n\nX:2\nT:Two\nM:none\nK:C\nCDE|\n");
    const struct abc_tune *t = report.tunes;
    assert_int_equal(report.n_tunes, 2);
    assert_string_equal(t[0].title, "The \"Kesh\"");
    assert_string_equal(t[0].rhythm, "jig");
    assert_string_equal(t[0].key, "Ador");
    assert_int_equal(t[0].beats, 6);
    assert_int_equal(t[0].beat, 8);
    assert_int_equal(t[0].unit, 8);
    assert_int_equal(t[0].bars, 2);
    assert_int_equal(t[0].voices, 1);
    assert_int_equal(t[1].line, 10);
    assert_int_equal(t[1].beats, 0);
    struct buf text;
    buf_init(&text, ABC_TEXT_MAX);
    for (int i = 0; i <= ABC_TUNES_MAX; i++) buf_add_str(&text, HEAD "G8|\n\n");
    expect_none(buf_str(&text));
    assert_int_equal(report.n_tunes, ABC_TUNES_MAX + 1);
    assert_int_equal(t[ABC_TUNES_MAX - 1].bars, 1);
    buf_release(&text);
    /* A title that is cut is cut between characters. */
    char long_title[400] = "X:1\nT:x";
    for (int i = 0; i < 80; i++) memcpy(long_title + strlen(long_title), "\xc3\xa9", 3);
    memcpy(long_title + strlen(long_title), "\nK:C\n", 6);
    expect_none(long_title);
    assert_int_equal(strlen(t[0].title), ABC_TUNE_TEXT_MAX - 1);
}

static void test_layers_and_order(void **state)
{
    (void)state;
    expect_none(HEAD "G8&B4 d4|]\n");
    expect_one(HEAD "G8|G6&B4 d4|c8|]\n", ABC_BAR, 6, 2, "not of one length");
    check(HEAD "|:(G8|A9|\nB8|]\n");
    assert_int_equal(report.n_issues, 3);
    for (uint32_t i = 1; i < report.n_issues; i++)
        assert_true(report.issues[i].line > report.issues[i - 1].line ||
                    report.issues[i].column > report.issues[i - 1].column);
}

static void test_limits(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct buf text;
    buf_init(&text, ABC_TEXT_MAX + 2);
    buf_add_str(&text, HEAD);
    for (int i = 0; i <= ABC_ISSUES_MAX; i++) buf_add_str(&text, "G8A|");
    int rc = abc_check(&report, buf_slice(&text), &err);
    assert_int_equal(rc, 0);
    assert_int_equal(report.n_issues, ABC_ISSUES_MAX);
    assert_int_equal(report.n_left_out, 1);
    while (text.len < ABC_TEXT_MAX) buf_add_char(&text, '\n');
    rc = abc_check(&report, buf_slice(&text), &err);
    assert_int_equal(rc, 0);
    buf_add_char(&text, '\n');
    rc = abc_check(&report, buf_slice(&text), &err);
    assert_int_equal(rc, -ERR_LIMIT);
    buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_adds_up),     cmocka_unit_test(test_metres),
        cmocka_unit_test(test_voices_and_tunes), cmocka_unit_test(test_bars_that_do_not),
        cmocka_unit_test(test_what_is_no_music), cmocka_unit_test(test_sections),
        cmocka_unit_test(test_repeats),          cmocka_unit_test(test_brackets),
        cmocka_unit_test(test_lengths),          cmocka_unit_test(test_headers),
        cmocka_unit_test(test_what_a_tune_says), cmocka_unit_test(test_layers_and_order),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Tunes that add up have no issue; each mistake is found where it is, once. */
#include "unit/test.h"

#include "api/abc_check.h"
#include "base/buf.h"

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
               "holds 9/8 of a whole note; the metre wants 1/1");
    expect_one(HEAD "G8|A8|B6|c8|]\n", ABC_BAR, 6, 3, "holds 3/4");
    expect_one(HEAD "G8|A8|\nB4 c2|d8|]\n", ABC_BAR, 7, 3, "holds 3/4");
    expect_one(HEAD "G9|A8|]\n", ABC_BAR, 6, 1, "holds 9/8"); /* Too long is no anacrusis. */
    expect_none(HEAD "d2|G8|A8|]\n"); /* Not strict about the anacrusis' other half ... */
    expect_one(HEAD "d2|G8|A4|]\n", ABC_BAR, 6, 3, "holds 1/2"); /* ... but about a third length. */
}

static void test_what_is_no_music(void **state)
{
    (void)state;
    expect_one("hello\n", ABC_HEADER, 1, 0, "There is no tune");
    expect_one("X:1\nT:No key\nM:4/4\nL:1/8\n", ABC_HEADER, 4, 0, "no K: field");
    expect_one("X:1\nT:t\nM:4/0\nK:C\nC8|\n", ABC_HEADER, 3, 0, "no metre");
    expect_one("X:1\nT:t\nM:4/4\nL:2/x\nK:C\nC8|\n", ABC_HEADER, 4, 0, "no note length");
    expect_one("X:1\nT:t\nM:4/4\nL:1/8\nK:H\nC8|\n", ABC_HEADER, 5, 0, "no key");
    expect_one("X:1\nM:4/4\nL:1/8\nK:C\nC8|\n", ABC_HEADER, 4, 0, "no T: field");
    expect_one("T:t\nM:4/4\nL:1/8\nK:C\nC8|\n", ABC_HEADER, 1, 0, "must begin with an X: field");
    expect_one(HEAD "\"Am G8|\n", ABC_SYNTAX, 6, 1, "does not end");
    expect_one(HEAD "[GB G4 z4|G8|\n", ABC_SYNTAX, 6, 1, "no ']'");
    expect_one(HEAD "G0 G7|\n", ABC_LENGTH, 6, 1, "no length");
}

static void test_limits(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct buf text;
    buf_init(&text, ABC_TEXT_MAX + 2);
    buf_add_str(&text, HEAD);
    for (int i = 0; i <= ABC_ISSUES_MAX; i++) buf_add_str(&text, "G9|");
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
        cmocka_unit_test(test_what_is_no_music), cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

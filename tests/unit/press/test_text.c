/* text: cleaning, paragraphs and emphasis, each as a row. */
#include "unit/test.h"

#include "base/buf.h"
#include "base/seam.h"
#include "press/text.h"

#include <stdio.h>

static struct err err;
static struct arena arena;

/* Paragraphs between | |, breaks as ---, emphasis as <e> <s> <b>, line ends as /, < for what runs
 * from the right. */
static void show(struct buf *out, struct slice text)
{
    static const char *const begin[] = { "", "<e>", "<s>", "<b>" };
    static const char *const end[] = { "", "</e>", "</s>", "</b>" };
    struct press_text t;
    struct press_paragraph p;
    press_text_begin(&t, text, &arena);
    while (press_text_next(&t, &p)) {
        buf_add_str(out, p.is_break ? "---" : p.right_to_left ? "|<" : "|");
        for (size_t i = 0; i < p.n_runs; i++) {
            const struct press_run *r = &p.runs[i];
            if (r->kind == PRESS_LINE_END) buf_add_char(out, '/');
            if (r->kind != PRESS_TEXT) continue;
            buf_add_str(out, begin[r->style]);
            buf_add_slice(out, r->text);
            buf_add_str(out, end[r->style]);
        }
    }
    assert_ok(press_text_check(&t, &err), &err);
}

static void expect(const char *text, const char *shown)
{
    struct buf out;
    buf_init(&out, 1 << 20);
    arena_init(&arena, 1 << 20);
    show(&out, press_text_clean(slice_of(text), true, &arena));
    if (strcmp(buf_str(&out), shown) != 0)
        fail_msg("'%s' is '%s', not '%s'", text, buf_str(&out), shown);
    arena_release(&arena);
    buf_release(&out);
}

static void paragraphs(void **state)
{
    (void)state;
    expect("", "");
    expect(" \n\n \n", "");
    expect("one", "|one");
    expect("\n\none\n\n\n\ntwo\r\n\r\nthree\n", "|one|two|three");
    expect("one\ntwo\rthree", "|one/two/three");
    expect("  a   b\t c  \n  d", "|a b c/d");
    expect("a\xC2\x85"
           "b\xE2\x80\xA8"
           "c\xE2\x80\xA9"
           "d",
           "|a/b/c/d");
    expect("a\x01\x1F\x7F\xC2\x80\xEF\xBB\xBF\xEF\xBF\xBE\xEF\xB7\x90"
           "b",
           "|ab");
    expect("a\xFFz", "|az");
}

static void breaks(void **state)
{
    (void)state;
    expect("a\n\n***\n\nb", "|a---|b");
    expect("* * *", "---");
    expect("-----", "---");
    expect("_ _ _", "---");
    expect("**", "|**");
    expect("*-*", "|<e>-</e>");
    expect("***\na", "|***/a");
}

static void emphasis(void **state)
{
    (void)state;
    expect("*a* _b_ **c** __d__ ***e*** ___f___",
           "|<e>a</e> <e>b</e> <s>c</s> <s>d</s> <b>e</b> <b>f</b>");
    expect("**a _b_ c**", "|<s>a </s><b>b</b><s> c</s>");
    expect("*a\nb*", "|<e>a</e>/<e>b</e>");
    expect("(*a*), \"*b*\"", "|(<e>a</e>), \"<e>b</e>\"");
    expect("\xE4\xBB\x96*\xE8\xAF\xB4*\xE4\xBA\x86",
           "|\xE4\xBB\x96<e>\xE8\xAF\xB4</e>\xE4\xBA\x86");
}

static void no_emphasis(void **state)
{
    (void)state;
    static const char *const same[] = {
        "*a",
        "a*",
        "* a *",
        "a * b * c",
        "f*ck*ng",
        "2*3*4",
        "snake_case_name",
        "**a*",
        "*a**",
        "****a****",
        "*",
        "**",
        "_",
        "a_ _b",
        "*a\xC3\xA9*b c*d",
        "\\",
        "\\a",
        "5* and 4*",
        "\xE4\xBB\x96_\xE8\xAF\xB4_\xE4\xBA\x86",
    };
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        char shown[100];
        (void)snprintf(shown, sizeof shown, "|%s", same[i]);
        expect(same[i], shown);
    }
    expect("\\*a\\* \\_b\\_", "|*a* _b_");
    expect("*a \\* b*", "|<e>a </e><e>* b</e>");
    expect("*a **b* c**", "|<e>a **b</e> c**");
    expect("a*\n\n*b", "|a*|*b");
}

static void directions(void **state)
{
    (void)state;
    expect("\xD7\xA9 a", "|<\xD7\xA9 a");
    expect("a \xD7\xA9", "|a \xD7\xA9");
    expect("1 *\xD8\xA7*", "|<1 <e>\xD8\xA7</e>");
    expect("123", "|123");
}

/* What would take minutes if each opening mark looked for its end in all that follows. */
static void hostile_text_takes_no_time(void **state)
{
    (void)state;
    static const char *const pieces[] = { "*a ", "**a *b ", "*a _b **c __d ***e ", "*a*", "\\*" };
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        struct buf text, out;
        buf_init(&text, 4 << 20);
        buf_init(&out, 64 << 20);
        arena_init(&arena, 256 << 20);
        while (text.len < 1 << 20) buf_add_str(&text, pieces[i]);
        show(&out, press_text_clean(buf_slice(&text), true, &arena));
        assert_true(out.len > 1000);
        arena_release(&arena);
        buf_release(&out);
        buf_release(&text);
    }
}

static void too_much_is_a_failure(void **state)
{
    (void)state;
    struct press_text t;
    struct press_paragraph p;
    arena_init(&arena, 500);
    press_text_begin(&t, SLICE("****** ****** ****** a"), &arena);
    assert_false(press_text_next(&t, &p));
    assert_fails(press_text_check(&t, &err), ERR_LIMIT, &err, "text");
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paragraphs),
        cmocka_unit_test(breaks),
        cmocka_unit_test(emphasis),
        cmocka_unit_test(no_emphasis),
        cmocka_unit_test(directions),
        cmocka_unit_test(hostile_text_takes_no_time),
        cmocka_unit_test(too_much_is_a_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

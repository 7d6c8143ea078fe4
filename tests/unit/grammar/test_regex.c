/* Regular expressions: a table, every text of up to six letters against POSIX's matcher, classes
 * against their definition, what is refused, and both sides of every limit. */
#include "unit/test.h"

#include "base/json.h"
#include "base/utf8.h"
#include "fault/fault.h"
#include "grammar/regex.h"
#include "unit/grammar/matching.h"

#include <regex.h>
#include <stdio.h>
#include <string.h>
#include <utf8proc.h>

static int compile(struct grammar **ret, struct slice pattern, const struct regex_options *o,
                   struct err *err)
{
    struct grammar_builder *b;
    TRY(grammar_builder_open(&b, err));
    return grammar_finish(ret, b, regex_write(b, pattern, o, err), err);
}

/* --- a table ---------------------------------------------------------------------------------- */

struct row {
    const char *pattern;
    bool search;
    const char *yes[6], *no[6];
};

static const struct row rows[] = {
    { "abc", false, { "abc" }, { "", "ab", "abcd", "xabc" } },
    { "abc", true, { "abc", "xabcx", "ababc" }, { "", "ab", "acb" } },
    { "", false, { "" }, { "a" } },
    { "", true, { "", "a", "\n" }, { NULL } },
    { "a|bc|", false, { "a", "bc", "" }, { "b", "abc" } },
    { "(a|b)*c", false, { "c", "abbac" }, { "ab", "cc" } },
    { "(?:ab){2,3}", false, { "abab", "ababab" }, { "ab", "abababab", "aba" } },
    { "a{3}b{2,}c{0,1}", false, { "aaabb", "aaabbbc" }, { "aabb", "aaab", "aaabbcc" } },
    { "a*?b+?c??d{1,2}?", false, { "bd", "aabbcdd" }, { "d", "bddd" } },
    { "(?<year>[0-9]{4})-(?P<month>[0-9]{2})", false, { "2024-05" }, { "24-05", "2024-5" } },
    { "a.c",
      false,
      { "abc", "a\xC3\xA9"
               "c" },
      { "a\nc", "a\rc",
        "a\xE2\x80\xA8"
        "c",
        "ac" } },
    { "(?s)a.c", false, { "abc", "a\nc" }, { "ac" } },
    { "(?s:.)b.", false, { "\nbx" }, { "xb\n" } },
    { "a.c", true, { "\nabc\n" }, { "a\nc" } },
    { "[a-c\\-x\\]]+", false, { "abc-x]" }, { "d", "" } },
    { "[^a-c]", false, { "d", "\n", "\xF0\x9F\x98\x80" }, { "a", "", "dd" } },
    { "[-a][a-]", false, { "--", "a-" }, { "b-" } },
    { "[[a]", false, { "[", "a" }, { "]" } },
    { "\\d\\D\\w\\W\\s\\S", false, { "1ab. x", "9-_- -" }, { "aaa. x", "1a\xC3\xA9. x" } },
    { "[\\d_]+", false, { "1_2" }, { "a" } },
    { "[^\\d\\s]", false, { "a" }, { "1", " ", "\xC2\xA0" } },
    { "\\s+", false, { "\xEF\xBB\xBF\xC2\xA0\xE2\x80\xA8\t\v" }, { "\xC2\x85" } },
    { "\\x41\\u0042\\u{1F600}\\ud83d\\ude00",
      false,
      { "AB\xF0\x9F\x98\x80\xF0\x9F\x98\x80" },
      { "AB" } },
    { "\\n\\r\\t\\f\\v\\cJ", false, { "\n\r\t\f\v\n" }, { "nrtfv" } },
    { "\\^\\$\\.\\*\\+\\?\\(\\)\\[\\]\\{\\}\\|\\/\\-", false, { "^$.*+?()[]{}|/-" }, { "" } },
    { "a{b}{,c}{", false, { "a{b}{,c}{" }, { "ab" } },
    { "a]b}", false, { "a]b}" }, { "ab" } },
    { "[\\b]", false, { "\b" }, { "b" } },
    { "\\p{Lu}\\p{L}*\\P{L}", false, { "\xC3\x89t\xC3\xA9!", "A1" }, { "a1", "Ab" } },
    { "\\pN\\p{gc=Nd}\\p{Decimal_Number}",
      false,
      { "\xC2\xBD"
        "12" },
      { "1\xC2\xBD"
        "2" } },
    { "[\\p{Ll}\\p{Nd}]+", false, { "a1" }, { "A" } },
    { "(?i)stra\xC3\x9F"
      "e",
      false,
      { "STRA\xE1\xBA\x9E"
        "E",
        "\xC5\xBFtra\xC3\x9F"
        "e" },
      { "strasse" } },
    { "(?i:a)b(?-i:c)", false, { "Abc", "abc" }, { "ABc" } },
    { "a(?i)b|c", false, { "aB", "C" }, { "Ab" } },
    { "(a(?i)b)c", false, { "aBc" }, { "aBC" } },
    { "(?i)[^k]", false, { "x" }, { "k", "K", "\xE2\x84\xAA" } },
    { "(?i)\\W", false, { "-" }, { "k", "s", "\xE2\x84\xAA" } },
    { "(?i)\\u03c3", false, { "\xCF\x83", "\xCE\xA3", "\xCF\x82" }, { "s" } },
    { "(?i)i", false, { "i", "I" }, { "\xC4\xB0", "\xC4\xB1" } },
    { "(?i)[i\xC3\xA9]", false, { "I", "\xC3\x89" }, { "\xC4\xB0", "\xC4\xB1" } },
    /* Anchors. */
    { "^a|b$", true, { "a", "ax", "b", "xb" }, { "xa", "bx" } },
    { "^(?:a|b)$", true, { "a", "b" }, { "ab", "" } },
    { "^ab", true, { "ab", "abc" }, { "cab" } },
    { "ab$", true, { "ab", "cab" }, { "abc", "ab\n" } },
    { "(^|,)x(,|$)", true, { "x", "a,x", "x,a", "a,x,b" }, { "ax", "xa", "a,xb" } },
    { "a*^b", true, { "b", "bx" }, { "ab" } },
    { "^^a$$", true, { "a" }, { "aa" } },
    { "^(a$|b)", true, { "a", "b", "bx" }, { "ax" } },
    { "^$", true, { "" }, { "a" } },
    { "$^", true, { "" }, { "a" } },
    { "(?:^a)?b", true, { "ab", "b", "xb", "xab" }, { "a" } },
    { "^a$|^b$", false, { "a", "b" }, { "ab" } },
    { "\\Aab\\z", true, { "ab" }, { "ab\n", "xab" } },
    { "a{0}b", false, { "b" }, { "ab" } },
    { "(^a){0}b", true, { "b", "xb" }, { "a" } },
    /* What has hung others. */
    { "(a+)+", false, { "a", "aaaaaaaaaaaaaaaaaaaaaaaa" }, { "", "aaaaaaaaaaaaaaaaaaaaaaaab" } },
    { "(a|aa)*b", false, { "aaaaaaaaaaaaaaaaaaaaab" }, { "aaaaaaaaaaaaaaaaaaaaaa" } },
    { "(x*)*(x*)*y", false, { "y", "xxxy" }, { "xxx" } },
};

static void test_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *row = &rows[i];
        struct grammar *g;
        struct err err;
        const struct regex_options o = { .whole = !row->search };
        assert_ok(compile(&g, slice_of(row->pattern), &o, &err), &err);
        for (size_t k = 0; k < 6 && row->yes[k]; k++)
            if (!grammar_matches(g, slice_of(row->yes[k])))
                fail_msg("/%s/ does not match '%s'", row->pattern, row->yes[k]);
        for (size_t k = 0; k < 6 && row->no[k]; k++)
            if (grammar_matches(g, slice_of(row->no[k])))
                fail_msg("/%s/ matches '%s'", row->pattern, row->no[k]);
        grammar_unref(g);
    }
}

/* --- against POSIX ---------------------------------------------------------------------------- */

static uint64_t dice = 1;

static unsigned roll(unsigned sides)
{
    dice = dice * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(dice >> 33) % sides;
}

/* A pattern that both dialects read alike: letters a b, groups, alternatives, counts, anchors. */
static void write_pattern(char *out, size_t *n, size_t max, int depth)
{
    static const char *const atoms[] = { "a", "b", "[ab]", "[^a]", ".", "ab" };
    static const char *const counts[] = { "*", "+", "?", "{2}", "{1,2}", "{0,1}" };
    unsigned pieces = 1 + roll(3);
    for (unsigned i = 0; i < pieces && *n + 16 < max; i++) {
        const char *text = atoms[roll(6)];
        unsigned kind = roll(10);
        if (kind == 0 || kind == 1) { /* Uncounted, as the dialects differ on counted anchors. */
            out[(*n)++] = kind ? '$' : '^';
            continue;
        }
        if (kind < 5 && depth > 0) {
            out[(*n)++] = '(';
            write_pattern(out, n, max - 1, depth - 1);
            out[(*n)++] = ')';
        } else {
            memcpy(out + *n, text, strlen(text));
            *n += strlen(text);
        }
        if (roll(3) == 0) {
            text = counts[roll(6)];
            memcpy(out + *n, text, strlen(text));
            *n += strlen(text);
        }
    }
    if (roll(3) == 0 && *n + 16 < max) {
        out[(*n)++] = '|';
        write_pattern(out, n, max - 1, depth);
    }
}

/* Every text of up to `len_max` letters. */
static void compare_all(struct grammar *g, const regex_t *re, const char *pattern)
{
    enum { LEN_MAX = 6 };
    for (int len = 0; len <= LEN_MAX; len++) {
        for (unsigned bits = 0; bits < 1u << len; bits++) {
            char text[LEN_MAX + 1] = { 0 };
            for (int i = 0; i < len; i++) text[i] = bits >> i & 1 ? 'b' : 'a';
            bool theirs = regexec(re, text, 0, NULL, 0) == 0;
            if (grammar_matches(g, slice_of(text)) != theirs)
                fail_msg("/%s/ on '%s': POSIX says %s", pattern, text, theirs ? "yes" : "no");
        }
    }
}

/* What was refused, and what matches nothing at all, is no grammar. */
static void test_agrees_with_posix(void **state)
{
    (void)state;
    enum { PATTERNS = 3000, PATTERN_LEN = 80 };
    int compared = 0;
    for (int i = 0; i < PATTERNS; i++) {
        char pattern[PATTERN_LEN] = { 0 };
        size_t n = 0;
        struct grammar *g;
        struct err err;
        regex_t re;
        write_pattern(pattern, &n, PATTERN_LEN - 8, 2);
        if (regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB) != 0) continue;
        if (compile(&g, slice_of(pattern), &(struct regex_options){ 0 }, &err) == 0) {
            compare_all(g, &re, pattern);
            grammar_unref(g);
            compared++;
        }
        regfree(&re);
    }
    assert_true(compared > PATTERNS / 2);
}

/* --- characters ------------------------------------------------------------------------------- */

static bool matches_point(struct grammar *g, uint32_t c)
{
    char text[UTF8_BYTES_MAX];
    return grammar_matches(g, (struct slice){ text, utf8_encode(text, c) });
}

static void test_categories_are_unicodes(void **state)
{
    (void)state;
    enum { STEP = 3 }; /* Not all: the test also runs under sanitizers. */
    struct grammar *letters, *others;
    struct err err;
    const struct regex_options o = { .whole = true };
    assert_ok(compile(&letters, SLICE("\\p{L}"), &o, &err), &err);
    assert_ok(compile(&others, SLICE("[^\\p{Letter}]"), &o, &err), &err);
    for (uint32_t c = 0; c <= 0x10FFFF; c += STEP) {
        if (c >= 0xD800 && c <= 0xDFFF) continue;
        utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)c);
        bool letter = category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO;
        if (matches_point(letters, c) != letter || matches_point(others, c) == letter)
            fail_msg("U+%04X is %sa letter", (unsigned)c, letter ? "" : "not ");
    }
    grammar_unref(letters);
    grammar_unref(others);
}

/* A character as the JSON writer writes it, without the quotes. */
static struct slice in_json(struct buf *out, uint32_t c)
{
    struct json_writer w;
    char text[UTF8_BYTES_MAX];
    buf_reset(out);
    json_writer_init(&w, out);
    json_slice(&w, (struct slice){ text, utf8_encode(text, c) });
    return (struct slice){ out->ptr + 1, out->len - 2 };
}

static void test_json_has_the_shortest_escapes(void **state)
{
    (void)state;
    static const char *const patterns[] = { "[^a]", "\\s", "[\\x00-\\x7f]", "[\"\\\\]", "." };
    struct buf text;
    buf_init(&text, 64);
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
        struct grammar *plain, *json;
        struct err err;
        struct slice pattern = slice_of(patterns[i]);
        assert_ok(compile(&plain, pattern, &(struct regex_options){ .whole = true }, &err), &err);
        assert_ok(
            compile(&json, pattern, &(struct regex_options){ .whole = true, .json = true }, &err),
            &err);
        for (uint32_t c = 0; c < 0x3000; c++) {
            if (c == 0x7F) continue; /* Our own writer escapes it, json.dumps does not. */
            bool is = c && matches_point(plain, c); /* U+0000 is never written. */
            if (grammar_matches(json, in_json(&text, c)) != is)
                fail_msg("/%s/ on U+%04X as %s", patterns[i], (unsigned)c, buf_str(&text));
            if (c < 0x20 || c == '"' || c == '\\') assert_false(matches_point(json, c));
        }
        grammar_unref(plain);
        grammar_unref(json);
    }
    buf_release(&text);
}

static void test_json_texts(void **state)
{
    (void)state;
    struct grammar *g;
    struct err err;
    const struct regex_options o = { .json = true };
    assert_ok(compile(&g, SLICE("a\\n\"\\x01\\\\"), &o, &err), &err);
    assert_true(grammar_matches(g, SLICE("a\\n\\\"\\u0001\\\\")));
    assert_true(grammar_matches(g, SLICE("\\t\\u001fa\\n\\\"\\u0001\\\\\xC3\xA9")));
    assert_false(grammar_matches(g, SLICE("a\\u000a\\\"\\u0001\\\\")));
    assert_false(grammar_matches(g, SLICE("\na\\n\\\"\\u0001\\\\")));
    grammar_unref(g);
}

/* --- refusals --------------------------------------------------------------------------------- */

static const struct {
    const char *pattern, *says;
} refusals[] = {
    { "(?=a)", "offset 0: look-ahead" },
    { "a(?!a)", "offset 1: negative look-ahead" },
    { "(?<=a)", "look-behind" },
    { "(?<!a)", "negative look-behind" },
    { "(?>a)", "atomic" },
    { "(?(1)a)", "conditional" },
    { "(a)(?P=x)", "back-reference" },
    { "(?R)", "recursion" },
    { "(*UTF)a", "verbs" },
    { "(?m)^a", "flag m" },
    { "(?x) a", "flag x" },
    { "(?q:a)", "groups are" },
    { "(?<1>a)", "name" },
    { "(?<n", "name" },
    { "(a)\\1", "offset 3: back-references" },
    { "\\k<n>", "back-references" },
    { "\\012", "octal" },
    { "a\\b", "offset 1: word boundaries" },
    { "\\Bx", "word boundaries" },
    { "a\\Z", "dialects" },
    { "\\q", "no escape" },
    { "a\\", "backslash at the end" },
    { "\\xg1", "\\x wants" },
    { "\\u12", "\\u wants" },
    { "\\u{110000}", "10ffff" },
    { "\\u{}", "\\u{" },
    { "\\ud800", "surrogates" },
    { "\\udc00\\ud800", "surrogates" },
    { "\\p{Greek}", "\\p{Greek}" },
    { "\\p{Script=Greek}", "scripts" },
    { "\\p{L", "not closed" },
    { "\\p", "\\p{}" },
    { "*a", "nothing to repeat" },
    { "a|+", "nothing to repeat" },
    { "({2})", "nothing to repeat" },
    { "a**", "offset 2: a count behind a count" },
    { "a{2}{3}", "a count behind a count" },
    { "a*+", "possessive" },
    { "a{,5}", "{0,n}" },
    { "a{5,2}", "below its minimum" },
    { "^*", "anchor cannot be repeated" },
    { "(^a)*", "anchor in a group that is repeated" },
    { "(a$){2,3}", "offset 2: an anchor in a group" },
    { "a^b", "offset 1: this anchor can never hold" },
    { "a$b", "offset 1: this anchor can never hold" },
    { "(x|y)(^z)", "never hold" },
    { "[a", "offset 0: [ is not closed" },
    { "[]a]", "empty class" },
    { "[^]", "empty class" },
    { "[z-a]", "comes before" },
    { "[\\d-z]", "a set of characters" },
    { "[a-\\w]", "a set of characters" },
    { "[[:alpha:]]", "POSIX" },
    { "(a", "offset 0: '(' is not closed" },
    { "a)", "offset 1: ')' without" },
    { "a\xFF", "UTF-8" },
    { "[\xC3", "UTF-8" },
};

static void test_refusals_say_what_and_where(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        struct grammar *g;
        struct err err = { 0 };
        int rc = compile(&g, slice_of(refusals[i].pattern), &(struct regex_options){ 0 }, &err);
        if (rc != -ERR_INVALID_VALUE) fail_msg("/%s/ gave %d", refusals[i].pattern, rc);
        if (!strstr(err.text, refusals[i].says))
            fail_msg("/%s/: '%s' does not say '%s'", refusals[i].pattern, err.text,
                     refusals[i].says);
    }
}

/* --- limits ----------------------------------------------------------------------------------- */

static int try_repeated(const char *before, const char *unit, size_t n, const char *middle,
                        const char *after_unit, struct err *err)
{
    struct buf text = repeated_text(before, unit, n, middle, after_unit);
    struct grammar *g = NULL;
    int rc = compile(&g, buf_slice(&text), &(struct regex_options){ .whole = true }, err);
    grammar_unref(g);
    buf_release(&text);
    return rc;
}

static void test_limits(void **state)
{
    (void)state;
    struct err err;
    assert_ok(try_repeated("", "(", REGEX_DEPTH_MAX, "a", ")", &err), &err);
    assert_fails(try_repeated("", "(", REGEX_DEPTH_MAX + 1, "a", ")", &err), ERR_LIMIT, &err,
                 "nested deeper");
    assert_fails(try_repeated("", "(", 60000, "a", "", &err), ERR_LIMIT, &err, "nested deeper");
    assert_ok(try_repeated("", "a", REGEX_BYTES_MAX, "", "", &err), &err);
    assert_fails(try_repeated("", "a", REGEX_BYTES_MAX + 1, "", "", &err), ERR_LIMIT, &err,
                 "at most");
    assert_ok(try_repeated("", "^", REGEX_ANCHORS_MAX, "a", "", &err), &err);
    assert_fails(try_repeated("", "^", REGEX_ANCHORS_MAX + 1, "a", "", &err), ERR_LIMIT, &err,
                 "anchors");
    assert_ok(try_repeated("a{1,1000000000}", "", 0, "b{1073741824}", "", &err), &err);
    assert_fails(try_repeated("a{1073741825}", "", 0, "", "", &err), ERR_LIMIT, &err,
                 "larger than");
    assert_fails(try_repeated("a{1,99999999999999999999}", "", 0, "", "", &err), ERR_LIMIT, &err,
                 "larger than");
    assert_ok(try_repeated("", "[a\\p{Lu}]", 100, "", "", &err), &err);
    assert_fails(try_repeated("", "[a\\p{Lu}]", 6000, "", "", &err), ERR_LIMIT, &err, "classes");
    assert_fails(try_repeated("(?i)", "\xC3\xA9", 20000, "", "", &err), ERR_LIMIT, &err,
                 "case-insensitive");
    assert_ok(try_repeated("(?i)", "k", 2000, "", "", &err), &err);
    assert_ok(try_repeated("", "a|", 30000, "b", "", &err), &err);
}

static void test_no_memory_is_told(void **state)
{
    (void)state;
    static const char pattern[] = "(?i)^(k\xC3\xA9[^x]|\\p{Lu}{2,3})+?\"(b|c$)?|\\d";
    for (int n = 1;; n++) {
        struct grammar *g = NULL;
        struct err err = { 0 };
        fault_start(FAULT_ALLOC, n, ENOMEM);
        int rc = compile(&g, SLICE(pattern), &(struct regex_options){ .json = true }, &err);
        bool hit = fault_stop();
        if (hit && rc != 0) assert_int_equal(rc, -ERR_NO_MEMORY);
        if (rc == 0) grammar_unref(g);
        if (!hit) {
            assert_int_equal(rc, 0);
            break;
        }
        if (rc < 0) assert_true(strlen(err.text) > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_agrees_with_posix),
        cmocka_unit_test(test_categories_are_unicodes),
        cmocka_unit_test(test_json_has_the_shortest_escapes),
        cmocka_unit_test(test_json_texts),
        cmocka_unit_test(test_refusals_say_what_and_where),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_no_memory_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

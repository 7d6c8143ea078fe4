/* The grammar of tunes: traditional ones belong to it, broken ones do not, and whatever a walk
 * through it writes adds up, as a counter of its own finds. */
#include "unit/test.h"

#include "fault/fault.h"
#include "grammar/ebnf.h"
#include "music/abc_check.h"
#include "music/abc_grammar.h"
#include "unit/grammar/matching.h"

#include <stdlib.h>
#include <string.h>

static int compile(struct grammar **ret, const struct abc_options *options, struct err *err)
{
    struct grammar_builder *b = NULL;
    struct buf text;
    buf_init(&text, ABC_GRAMMAR_MAX);
    int rc = abc_grammar(&text, options, err);
    if (rc == 0) rc = grammar_builder_open(&b, err);
    if (rc == 0) rc = grammar_finish(ret, b, ebnf_write(b, buf_slice(&text), err), err);
    buf_release(&text);
    return rc;
}

/* --- a counter of bars ------------------------------------------------------------------------ */

enum { WHOLE = 7680, BARS_MAX = 512 }; /* Ticks of a whole note: thirds of 1/256 are whole. */

struct bar {
    int ticks;
    bool first, last; /* Of its part; both endings of a repeat are last. */
};

struct count {
    struct bar bars[BARS_MAX];
    int n_bars, n_parts;
};

struct reader {
    const char *p;
    int unit;         /* Ticks. */
    int ticks;        /* In this bar. */
    int tuplet, left; /* Notes still in a tuplet of so many. */
    int broken;       /* 3: the last note was made longer (>), 1: shorter (<), 0: neither. */
    bool first, last; /* What the bar being read is. */
    struct count *count;
};

static int number(struct reader *r, int absent)
{
    return *r->p >= '0' && *r->p <= '9' ? (int)strtol(r->p, (char **)&r->p, 10) : absent;
}

/* What stands behind a note's name: 3, /2, //, 3/2. */
static void length(struct reader *r)
{
    int ticks = r->unit * number(r, 1);
    while (*r->p == '/') {
        r->p++;
        ticks /= number(r, 2);
    }
    if (r->left > 0) {
        ticks = r->tuplet == 3 ? ticks * 2 / 3 : ticks * 3 / 2;
        r->left--;
    }
    if (r->broken == 3) ticks = ticks / 2;
    if (r->broken == 1) ticks = ticks * 3 / 2;
    r->broken = 0;
    r->ticks += ticks;
    if (*r->p != '>' && *r->p != '<') return;
    r->broken = *r->p++ == '>' ? 3 : 1;
    r->ticks += ticks * r->broken / 2 - ticks;
}

static void end_bar(struct reader *r, bool last)
{
    assert_true(r->count->n_bars < BARS_MAX);
    assert_true(r->left == 0 && !r->broken);
    r->count->bars[r->count->n_bars++] = (struct bar){ r->ticks, r->first, last || r->last };
    r->ticks = 0;
    r->first = r->last = false;
}

static bool take(struct reader *r, const char *sign)
{
    size_t len = strlen(sign);
    if (strncmp(r->p, sign, len) != 0) return false;
    r->p += len;
    return true;
}

/* Whether a bar line stood here. */
static bool bar_line(struct reader *r)
{
    if (take(r, ":|2") || take(r, ":|[2") || take(r, ":| [2")) {
        end_bar(r, true);
        r->last = true;
    } else if (take(r, "|1") || take(r, "|[1") || take(r, "| [1")) {
        end_bar(r, false);
    } else if (take(r, ":|") || take(r, "||") || take(r, "|]")) {
        end_bar(r, true);
        r->first = true;
        r->count->n_parts++;
    } else if (take(r, "|:")) {
        assert_int_equal(r->ticks, 0);
    } else if (take(r, "|")) {
        end_bar(r, false);
    } else {
        return false;
    }
    return true;
}

static void element(struct reader *r)
{
    char c = *r->p++;
    if (c == '(' && *r->p >= '2' && *r->p <= '9') {
        r->tuplet = r->left = number(r, 0);
    } else if (c == '"' || c == '{') {
        r->p = strchr(r->p, c == '"' ? '"' : '}') + 1;
    } else if (c == '[') {
        r->p = strchr(r->p, ']') + 1;
        length(r);
    } else if (strchr("ABCDEFGabcdefgz", c)) {
        r->p += strspn(r->p, ",'");
        length(r);
    } else if (!strchr(" \n()-~.^_=", c)) {
        fail_msg("'%c' in '%.40s'", c, r->p - 1);
    }
}

static void count_bars(struct count *count, const char *tune, int unit)
{
    const char *body = strstr(tune, "\nK:");
    assert_non_null(body);
    *count = (struct count){ 0 };
    struct reader r = {
        .p = strchr(body + 1, '\n') + 1, .unit = WHOLE / unit, .first = true, .count = count
    };
    while (*r.p)
        if (!bar_line(&r)) element(&r);
    assert_int_equal(r.ticks, 0); /* The tune ends with a bar line. */
}

/* Each bar is full, but for a pickup and what it takes from the last bar of its part. */
static void check_bars(const struct count *count, const char *tune, int full)
{
    int pickup = 0;
    for (int i = 0; i < count->n_bars; i++) {
        const struct bar *bar = &count->bars[i];
        int expected = bar->last ? full - pickup : full;
        if (bar->first) pickup = bar->ticks < full && !bar->last ? bar->ticks : 0;
        if (bar->first && pickup > 0) continue;
        if (bar->first) expected = full;
        if (bar->ticks != expected)
            fail_msg("bar %d has %d ticks, not %d:\n%s", i + 1, bar->ticks, expected, tune);
    }
}

/* --- walks ------------------------------------------------------------------------------------ */

static uint64_t dice = 7;

static unsigned roll(unsigned sides)
{
    dice = dice * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(dice >> 33) % sides;
}

/* A text of the grammar, of ASCII. */
static void walk(struct buf *out, struct grammar *g)
{
    buf_reset(out);
    grammar_lock(g);
    int32_t state = grammar_start(g);
    for (;;) {
        int32_t next[128];
        char bytes[128];
        unsigned n = 0;
        for (int c = 0; c < 128; c++) {
            int32_t to = grammar_step(g, state, (uint8_t)c);
            if (to < 0) continue;
            next[n] = to;
            bytes[n++] = (char)c;
        }
        if (grammar_accepts(g, state) && (n == 0 || roll(2))) break;
        assert_true(n > 0);
        unsigned pick = roll(n);
        buf_add_char(out, bytes[pick]);
        state = next[pick];
    }
    grammar_unlock(g);
    assert_false(out->failed);
}

static void check_order(const char *tune)
{
    static const char order[] = "XTCRMLQK";
    const char *at = order;
    for (const char *line = tune; *line;) {
        const char *found = strchr(at, line[0]);
        assert_true(found && line[1] == ':');
        at = found + 1;
        line = strchr(line, '\n') + 1;
        if (*found == 'K') return;
    }
    fail_msg("no K: in %s", tune);
}

/* What the check of music (music/abc_check) says: nothing. */
static void check_checks(const char *tune)
{
    static struct abc_report report; /* Large. */
    struct err err = { 0 };
    assert_ok(abc_check(&report, slice_of(tune), &err), &err);
    if (report.n_issues)
        fail_msg("line %u, column %u: %s\n%s", report.issues[0].line, report.issues[0].column,
                 report.issues[0].text, tune);
    assert_int_equal(report.n_tunes, 1);
}

static void test_walks_add_up(void **state)
{
    (void)state;
    static const struct {
        struct abc_options options;
        int full, unit; /* Ticks; the unit's number. */
    } rows[] = {
        { { .metre = "4/4" }, WHOLE, 8 },
        { { .metre = "C|", .unit = 4 }, WHOLE, 4 },
        { { .metre = "3/4", .unit = 4, .shortest = 16 }, WHOLE * 3 / 4, 4 },
        { { .metre = "6/8", .symbols = true, .keys = "G, Ador" }, WHOLE * 6 / 8, 8 },
        { { .metre = "9/8", .bars_min = 4, .bars_max = 4, .parts_min = 2 }, WHOLE * 9 / 8, 8 },
        { { .metre = "12/8" }, WHOLE * 12 / 8, 8 },
        { { .metre = "2/4" }, WHOLE / 2, 16 },
        { { .metre = "7/8", .plain = true }, WHOLE * 7 / 8, 8 },
        { { .metre = "2/4", .unit = 4, .bars_min = 1, .bars_max = 2 }, WHOLE / 2, 4 },
        { { .metre = "1/4", .unit = 4, .bars_min = 1, .bars_max = 1 }, WHOLE / 4, 4 },
    };
    enum { WALKS = 30 };
    struct buf tune;
    struct count *count = malloc(sizeof *count);
    buf_init(&tune, 1 << 20);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct abc_options *o = &rows[i].options;
        struct grammar *g;
        struct err err;
        assert_ok(compile(&g, o, &err), &err);
        for (int k = 0; k < WALKS; k++) {
            walk(&tune, g);
            assert_true(grammar_matches(g, buf_slice(&tune)));
            check_order(buf_str(&tune));
            check_checks(buf_str(&tune));
            count_bars(count, buf_str(&tune), rows[i].unit);
            check_bars(count, buf_str(&tune), rows[i].full);
            assert_in_range(count->n_parts, o->parts_min ? o->parts_min : 1, 4);
            assert_null(strstr(buf_str(&tune), "\n\n")); /* Which would end the tune. */
        }
        grammar_unref(g);
    }
    buf_release(&tune);
    free(count);
}

/* --- tunes ------------------------------------------------------------------------------------ */

static const struct {
    struct abc_options options;
    const char *tune;
} tunes[] = {
    { { .metre = "6/8" },
      "X:1\nT:The Kesh\nC:trad.\nR:jig\nM:6/8\nL:1/8\nQ:3/8=107\nK:G\n"
      "|:G3 GAB|A3 ABd|edd gdd|edB dBA|\nG3 GAB|A3 ABd|edd gdB|AGF G3:|\n"
      "|:B2B d2d|ege dBA|B2B dBG|ABA AGA|\nB2B d2d|ege dBd|gfg aga|bgg g3:|\n" },
    { { .metre = "9/8", .keys = "Em,Edor" },
      "X:2\nT:The Butterfly\nM:9/8\nL:1/8\nK:Em\n"
      "|:B2E G2E F3|B2E G2E FED|B2E G2E F3|B2d d2B AFD:|\n"
      "|:B2c e2f g3|B2d g2e dBA|B2c e2f g2a|b2a g2e dBA:|" },
    { { .metre = "4/4", .unit = 4 },
      "X:3\nT:Ah! vous dirai-je, Maman\nM:4/4\nL:1/4\nK:C\n"
      "C C G G|A A G2|F F E E|D D C2||\nG G F F|E E D2|G G F F|E E D2||\n"
      "C C G G|A A G2|F F E E|D D C2|]" },
    { { .metre = "4/4", .unit = 4 },
      "X:4\nT:Auld Lang Syne\nM:4/4\nL:1/4\nK:F\n"
      "C|F>FFA|G>FGA|F>FAc|d3d|c>AAF|G>FGA|F>DDC|F3||\n"
      "d|c>AAF|G>FGd|c>AAc|d3d|c>AAF|G>FGA|F>DDC|F3|]\n" },
    { { .metre = "3/4", .symbols = true },
      "X:5\nT:Clementine\nM:3/4\nL:1/8\nK:F\n"
      "F>F|\"F\"F2 C2 A>A|A2 F2 F>A|c2 c2 B>A|\"C7\"G4 G>A|\n"
      "B2 B2 A>G|\"F\"A2 F2 F>A|\"C7\"G2 C2 E>G|\"F\"F4||" },
    { { .metre = "2/4" },
      "X:6\nT:Study\nM:2/4\nL:1/16\nK:Bbmix\n"
      "|:[Bd]2(fd) {c}~B2 z2|(3B2c2d2 f2-f2|^e=e_e/e/ B,/c'/ d3/2c/2 B2|1 B4 f4:|2 B8|]" },
    { { .metre = "6/8", .bars_min = 3 },
      "X:7\nT:Endings\nM:6/8\nL:1/8\nK:D\n"
      "A|d2f (2ec|d3 A2G|1 F3 G2:|2 d3 d2||\n|:A|d6|d6|[1 d3 d2:|[2 d3 d2|]" },
};

static void test_tunes_belong_to_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof tunes / sizeof *tunes; i++) {
        struct grammar *g;
        struct err err;
        assert_ok(compile(&g, &tunes[i].options, &err), &err);
        if (!grammar_matches(g, slice_of(tunes[i].tune))) fail_msg("%s", tunes[i].tune);
        grammar_unref(g);
    }
}

/* One thing wrong with each. */
static void test_broken_tunes_do_not(void **state)
{
    (void)state;
#define HEAD "X:1\nT:t\nM:6/8\nL:1/8\nK:G\n"
    static const char *const good = HEAD "|:G3 GAB|A3 ABd|edd gdd|edB dBA:|";
    static const char *const broken[] = {
        HEAD "|:G3 GAB|A3 ABd|edd gd|edB dBA:|",   /* a bar too short */
        HEAD "|:G3 GAB|A3 ABd|edd gdde|edB dBA:|", /* too long */
        HEAD "|:G3 GAB|A3 ABd|edd gdd|edB dBA|",   /* no end */
        HEAD "|:G3 GAB|A3 ABd|edd gdd|edB dBA||",  /* a repeat that is not closed */
        HEAD "|:G3 GAB|A3 ABd|edB dBA:|",          /* three bars of at least four */
        HEAD "G|G3 GAB|A3 ABd|edd gdd|edB dBA||",  /* a pickup that nothing makes up for */
        HEAD "G3 GAB|A3 ABd|edd gdd|(edB dBA||",   /* a slur that is open */
        HEAD "G3 GAB|A3 ABd|edd gdd|(3edB dBA||",  /* a triplet too short */
        HEAD "G3 GAB|A3 ABd|edd gdd|ed-B dBA||",   /* a tie to another note */
        HEAD "G3 GAB|A3 ABd|edd gdd|e5 d||",       /* no note is so long */
        HEAD "\nG3 GAB|A3 ABd|edd gdd|edB dBA||",  /* an empty line ends the tune */
        "X:1\nT:t\nL:1/8\nM:6/8\nK:G\nG3 GAB|A3 ABd|edd gdd|edB dBA||",
        "T:t\nX:1\nM:6/8\nL:1/8\nK:G\nG3 GAB|A3 ABd|edd gdd|edB dBA||",
        "X:1\nT:t\nM:6/8\nL:1/8\nK:G#\nG3 GAB|A3 ABd|edd gdd|edB dBA||", /* eight sharps */
        "X:1\nT:t\nM:4/4\nL:1/8\nK:G\nG3 GAB|A3 ABd|edd gdd|edB dBA||",
    };
    struct grammar *g;
    struct err err;
    assert_ok(compile(&g, &(struct abc_options){ .metre = "6/8" }, &err), &err);
    assert_true(grammar_matches(g, slice_of(good)));
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
        if (grammar_matches(g, slice_of(broken[i]))) fail_msg("%s", broken[i]);
    grammar_unref(g);
}

/* At the beginning of a line a letter and a colon are a field: "A:|" needs a space. */
static void test_a_note_is_no_field(void **state)
{
    (void)state;
    struct grammar *g;
    struct err err;
    const struct abc_options o = { .metre = "2/4", .unit = 2 };
    assert_ok(compile(&g, &o, &err), &err);
    assert_true(grammar_matches(g, SLICE("X:1\nT:t\nM:2/4\nL:1/2\nK:C\n|:A|B|\nA|A :|")));
    assert_false(grammar_matches(g, SLICE("X:1\nT:t\nM:2/4\nL:1/2\nK:C\n|:A|B|A|\nA:|")));
    grammar_unref(g);
}

static void test_what_a_tune_is_called(void **state)
{
    (void)state;
    struct grammar *g;
    struct err err;
    const struct abc_options o = { .metre = "2/4",
                                   .unit = 4,
                                   .bars_min = 1,
                                   .bars_max = 1,
                                   .title = " My \"jig\" \xc3\xa9 ",
                                   .rhythm = "jig",
                                   .keys = "A dorian",
                                   .fence = true };
    assert_ok(compile(&g, &o, &err), &err);
    assert_true(grammar_matches(g, SLICE("```abc\nX:1\nT:My \"jig\" \xc3\xa9\nR:jig\nM:2/4\nL:1/4\n"
                                         "K:Ador\nA B|]\n```")));
    assert_false(grammar_matches(g, SLICE("```abc\nX:1\nT:My jig\nR:jig\nM:2/4\nL:1/4\n"
                                          "K:Ador\nA B|]\n```")));
    assert_false(grammar_matches(g, SLICE("```abc\nX:1\nT:My \"jig\" \xc3\xa9\nM:2/4\nL:1/4\n"
                                          "K:Ador\nA B|]\n```")));
    grammar_unref(g);
}

/* --- options ---------------------------------------------------------------------------------- */

static int try_options(struct abc_options options, struct err *err)
{
    struct buf out;
    buf_init(&out, ABC_GRAMMAR_MAX);
    int rc = abc_grammar(&out, &options, err);
    buf_release(&out);
    return rc;
}

static void test_options(void **state)
{
    (void)state;
    static const char *const metres[] = { "4/3", "0/4", "4", "x/4", "4/128", "65/64", "", "4/4/4" };
    static const char *const keys[] = { "H", "G#", "Fbm", "Gxyz", "", "G,,D", "g" };
    struct err err;
    for (size_t i = 0; i < sizeof metres / sizeof *metres; i++)
        assert_fails(try_options((struct abc_options){ .metre = metres[i] }, &err),
                     ERR_INVALID_VALUE, &err, "metre");
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        assert_fails(try_options((struct abc_options){ .keys = keys[i] }, &err), ERR_INVALID_VALUE,
                     &err, "the key");
    assert_ok(try_options((struct abc_options){ .keys = "C#,Cb, G#m ,Flyd,Bloc" }, &err), &err);
    assert_fails(try_options((struct abc_options){ .unit = 3 }, &err), ERR_INVALID_VALUE, &err,
                 "unit 1/3");
    assert_fails(try_options((struct abc_options){ .unit = 128 }, &err), ERR_INVALID_VALUE, &err,
                 "unit 1/128");
    assert_fails(try_options((struct abc_options){ .shortest = 64 }, &err), ERR_INVALID_VALUE, &err,
                 "shortest");
    assert_fails(
        try_options((struct abc_options){ .metre = "5/16", .unit = 8, .shortest = 8 }, &err),
        ERR_INVALID_VALUE, &err, "do not fill");
    assert_ok(
        try_options((struct abc_options){ .metre = "12/8", .unit = 16, .shortest = 64 }, &err),
        &err);
    assert_fails(
        try_options((struct abc_options){ .metre = "13/8", .unit = 16, .shortest = 64 }, &err),
        ERR_LIMIT, &err, "at most 96");
    assert_ok(try_options((struct abc_options){ .bars_max = ABC_BARS_MAX }, &err), &err);
    assert_fails(try_options((struct abc_options){ .bars_max = ABC_BARS_MAX + 1 }, &err),
                 ERR_INVALID_VALUE, &err, "bars");
    assert_fails(try_options((struct abc_options){ .bars_min = 5, .bars_max = 4 }, &err),
                 ERR_INVALID_VALUE, &err, "bars");
    static const char *const titles[] = { "", "  ", "100%", "a\\b", "a\nb", "\x7f" };
    for (size_t i = 0; i < sizeof titles / sizeof *titles; i++)
        assert_fails(try_options((struct abc_options){ .title = titles[i] }, &err),
                     ERR_INVALID_VALUE, &err, "title");
    char title[ABC_LINE_MAX + 2] = "";
    memset(title, 't', ABC_LINE_MAX);
    assert_ok(try_options((struct abc_options){ .rhythm = title }, &err), &err);
    title[ABC_LINE_MAX] = 't';
    assert_fails(try_options((struct abc_options){ .rhythm = title }, &err), ERR_INVALID_VALUE,
                 &err, "rhythm");
    assert_ok(try_options((struct abc_options){ .parts_min = ABC_PARTS_MAX }, &err), &err);
    assert_fails(try_options((struct abc_options){ .parts_min = ABC_PARTS_MAX + 1 }, &err),
                 ERR_INVALID_VALUE, &err, "parts");
}

static void test_no_memory_is_told(void **state)
{
    (void)state;
    for (int n = 1;; n++) {
        struct err err = { 0 };
        fault_start(FAULT_ALLOC, n, ENOMEM);
        int rc = try_options((struct abc_options){ .plain = true }, &err);
        bool hit = fault_stop();
        assert_true(hit ? rc < 0 : rc == 0);
        if (!hit) break;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_walks_add_up),          cmocka_unit_test(test_tunes_belong_to_it),
        cmocka_unit_test(test_broken_tunes_do_not),   cmocka_unit_test(test_a_note_is_no_field),
        cmocka_unit_test(test_what_a_tune_is_called), cmocka_unit_test(test_options),
        cmocka_unit_test(test_no_memory_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

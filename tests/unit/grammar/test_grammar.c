/* Compiled grammars walked byte by byte: against a naive matcher on random grammars, and by hand
 * where stacks, counts, plain characters and limits have their edges. */
#include "unit/test.h"

#include "fault/fault.h"
#include "grammar/walk.h"
#include "unit/grammar/naive.h"
#include "unit/grammar/walking.h"

#include <pthread.h>

static struct err err;

static struct grammar_builder *open_builder(void)
{
    struct grammar_builder *b;
    assert_ok(grammar_builder_open(&b, &err), &err);
    return b;
}

static struct grammar *compile(struct grammar_builder *b, int32_t root)
{
    struct grammar *g;
    assert_ok(grammar_compile(&g, b, root, &err), &err);
    grammar_builder_close(b);
    return g;
}

static bool matches(struct grammar *g, struct slice text)
{
    return grammar_accepts(g, grammar_walk(g, grammar_start(g), text));
}

static int32_t text(struct grammar_builder *b, const char *s)
{
    return grammar_text(b, slice_of(s));
}

#define SEQ(b, ...)                                                        \
    grammar_seq((b), sizeof((int32_t[]){ __VA_ARGS__ }) / sizeof(int32_t), \
                (int32_t[]){ __VA_ARGS__ })
#define ALT(b, ...)                                                        \
    grammar_alt((b), sizeof((int32_t[]){ __VA_ARGS__ }) / sizeof(int32_t), \
                (int32_t[]){ __VA_ARGS__ })

static int32_t plain_char(struct grammar_builder *b)
{
    const struct naive_set *plain = &naive_sets[2];
    return grammar_chars(b, plain->ranges, plain->n, plain->negated);
}

/* One character of a JSON string. */
static int32_t json_char(struct grammar_builder *b)
{
    const struct grammar_range hex[] = { { '0', '9' }, { 'a', 'f' }, { 'A', 'F' } };
    const struct grammar_range single[] = { { '"', '"' }, { '\\', '\\' }, { '/', '/' },
                                            { 'b', 'b' }, { 'f', 'f' },   { 'n', 'n' },
                                            { 'r', 'r' }, { 't', 't' } };
    int32_t digit = grammar_chars(b, hex, 3, false);
    int32_t code = SEQ(b, text(b, "u"), grammar_repeat(b, digit, 4, 4));
    int32_t escape = SEQ(b, text(b, "\\"), ALT(b, grammar_chars(b, single, 8, false), code));
    return ALT(b, plain_char(b), escape);
}

static int32_t json_string(struct grammar_builder *b, int32_t min, int32_t max)
{
    return SEQ(b, text(b, "\""), grammar_repeat(b, json_char(b), min, max), text(b, "\""));
}

/* All texts of up to `len_max` of these parts, in *n's grammar and in `g`. */
static void compare(struct naive *n, struct grammar *g, char *bytes, size_t len, int parts_left)
{
    static const char *const parts[] = { "a", "b", "\"", "\xc3\xa9" };
    struct slice slice = { bytes, len };
    int32_t state = grammar_walk(g, grammar_start(g), slice);
    if (state == GRAMMAR_FULL) return;
    bool expected = naive_matches(n, slice);
    if (grammar_accepts(g, state) != expected)
        fail_msg("'%.*s' %s match", SLICE_FMT(slice), expected ? "should" : "should not");
    if (state != GRAMMAR_DEAD && parts_left == 2) {
        assert_true(grammar_can_end(g, state, 60));
        assert_true(grammar_plain_holds(g, state, grammar_plain(g, state), 0, 3));
    }
    for (size_t i = 0; i < sizeof parts / sizeof parts[0] && parts_left > 0; i++) {
        memcpy(bytes + len, parts[i], strlen(parts[i]));
        compare(n, g, bytes, len + strlen(parts[i]), parts_left - 1);
    }
}

static void check_random(bool recursive, int n_grammars)
{
    int n_compiled = 0;
    for (int i = 0; i < n_grammars; i++) {
        char bytes[NAIVE_TEXT_MAX];
        struct grammar *g = NULL;
        struct naive n = { .random = (uint64_t)i * 2 + recursive };
        naive_open(&n, recursive);
        int rc = naive_compile(&g, &n, &err);
        if (rc == 0) {
            compare(&n, g, bytes, 0, 5);
            n_compiled++;
        } else {
            /* Left recursion, no text, or an operand that has to be written out too often. */
            assert_true(rc == -ERR_LIMIT || rc == -ERR_INVALID_VALUE);
            assert_true(strstr(err.text, "begin with itself") || strstr(err.text, "no text") ||
                        strstr(err.text, "operand"));
        }
        grammar_unref(g);
    }
    assert_true(n_compiled > n_grammars / 3);
}

static void test_random_regular_expressions(void **state)
{
    (void)state;
    check_random(false, 200);
}

static void test_random_recursive_grammars(void **state)
{
    (void)state;
    check_random(true, 200);
}

/* Every character of the sets, and the ones beside them. */
static void test_characters(void **state)
{
    (void)state;
    for (int i = 0; i < NAIVE_SETS; i++) {
        const struct naive_set *set = &naive_sets[i];
        struct grammar_builder *b = open_builder();
        struct grammar *g = compile(b, grammar_chars(b, set->ranges, set->n, set->negated));
        for (uint32_t c = 0; c <= 0x10ffff; c++) {
            char bytes[UTF8_BYTES_MAX];
            bool in = false;
            if (c >= 0xd800 && c <= 0xdfff) continue;
            for (size_t k = 0; k < set->n; k++)
                in = in || (c >= set->ranges[k].first && c <= set->ranges[k].last);
            struct slice slice = { bytes, utf8_encode(bytes, c) };
            if (matches(g, slice) != (in != set->negated)) fail_msg("set %d, U+%04X", i, c);
        }
        assert_false(matches(g, SLICE("\xed\xa0\x80"))); /* A surrogate. */
        assert_false(matches(g, SLICE("\xc0\x80")));     /* Too long. */
        assert_false(matches(g, SLICE("\xf4\x90\x80\x80")));
        grammar_unref(g);
    }
}

static void test_until(void **state)
{
    (void)state;
    struct grammar_builder *b = open_builder();
    struct grammar *g = compile(b, SEQ(b, grammar_until(b, SLICE("aab")), text(b, "aab")));
    assert_true(matches(g, SLICE("aab")));
    assert_true(matches(g, SLICE("aaaab")));
    assert_true(matches(g, SLICE("abaab")));
    assert_true(matches(g, SLICE("\xe2\x82\xac"
                                 "aab")));
    assert_false(matches(g, SLICE("aabaab")));
    assert_false(matches(g, SLICE("aaabaab")));
    assert_false(matches(g, SLICE("\xe2\x82"
                                  "aab")));
    assert_int_equal(grammar_walk(g, grammar_start(g), SLICE("aabx")), GRAMMAR_DEAD);
    grammar_unref(g);
}

static void test_tokens(void **state)
{
    (void)state;
    struct grammar_builder *b = open_builder();
    int32_t any = grammar_chars(b, NULL, 0, true);
    struct grammar *g = compile(
        b, SEQ(b, grammar_repeat(b, any, 0, GRAMMAR_UNBOUNDED), grammar_token(b, SLICE("<t>"))));
    assert_true(matches(g, SLICE("so <t>\xff<t>")));
    assert_false(matches(g, SLICE("so <t>")));
    int32_t at = grammar_walk(g, grammar_start(g), SLICE("x\xff"));
    assert_int_equal(grammar_forced_byte(g, at), '<');
    assert_int_equal(grammar_step(g, at, 'x'), GRAMMAR_DEAD);
    grammar_unref(g);
}

static void test_counts_at_their_edges(void **state)
{
    (void)state;
    static const struct {
        int32_t min, max;
    } counts[] = {
        { 10, 20 }, { 0, 17 }, { 17, 17 }, { 19, GRAMMAR_UNBOUNDED }, { 1, 1000000000 },
    };
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        struct grammar_builder *b = open_builder();
        int32_t body = ALT(b, text(b, "ab"), grammar_optional(b, text(b, "cd")));
        if (counts[i].min % 2 == 0) body = text(b, "ab");
        struct grammar *g = compile(b, grammar_repeat(b, body, counts[i].min, counts[i].max));
        int32_t at = grammar_start(g);
        for (int32_t n = 0; n < 100; n++) {
            bool enough = counts[i].min % 2 || n >= counts[i].min; /* An empty body counts, too. */
            assert_int_equal(grammar_accepts(g, at), enough && n <= counts[i].max);
            assert_int_equal(at == GRAMMAR_DEAD, n > counts[i].max);
            at = grammar_walk(g, at, SLICE("ab"));
        }
        grammar_unref(g);
    }
}

static void test_nothing_piles_up_where_it_need_not(void **state)
{
    (void)state;
    /* Right recursion, and a count that has reached its minimum. */
    struct grammar_builder *b = open_builder();
    int32_t list = grammar_rule(b, SLICE("list"));
    grammar_rule_set(
        b, list,
        SEQ(b, text(b, "x"), grammar_optional(b, SEQ(b, text(b, ","), grammar_use(b, list)))));
    int32_t many = grammar_repeat(b, text(b, "yz"), 50, GRAMMAR_UNBOUNDED);
    struct grammar *g = compile(b, ALT(b, grammar_use(b, list), many));
    int32_t x = grammar_start(g), y = x, n_states = 0;
    for (int i = 0; i < 1000; i++) {
        if (i == 60) n_states = grammar_n_states(g);
        x = grammar_walk(g, x, SLICE("x,"));
        y = grammar_walk(g, y, SLICE("yz"));
    }
    assert_int_equal(grammar_n_states(g), n_states);
    assert_true(grammar_accepts(g, grammar_step(g, x, 'x')) && grammar_accepts(g, y));
    grammar_unref(g);
}

static void test_dead_and_forced(void **state)
{
    (void)state;
    struct grammar_builder *b = open_builder();
    struct grammar *g = compile(b, SEQ(b, text(b, "ab"), grammar_optional(b, text(b, "c"))));
    int32_t at = grammar_start(g);
    assert_int_equal(grammar_forced_byte(g, at), 'a');
    assert_int_equal(grammar_step(g, at, 'b'), GRAMMAR_DEAD);
    assert_int_equal(grammar_step(g, GRAMMAR_DEAD, 'a'), GRAMMAR_DEAD);
    assert_int_equal(grammar_step(g, GRAMMAR_FULL, 'a'), GRAMMAR_FULL);
    assert_false(grammar_accepts(g, GRAMMAR_DEAD));
    assert_int_equal(grammar_forced_byte(g, GRAMMAR_DEAD), -1);
    at = grammar_walk(g, at, SLICE("ab"));
    assert_int_equal(grammar_forced_byte(g, at), -1); /* The text may end. */
    at = grammar_step(g, at, 'c');
    assert_true(grammar_accepts(g, at));
    assert_int_equal(grammar_forced_byte(g, at), -1);
    assert_int_equal(grammar_class_of(g, 'x'), grammar_class_of(g, 0xe0));
    assert_int_not_equal(grammar_class_of(g, 'a'), grammar_class_of(g, 'b'));
    grammar_unref(g);
}

/* What grammar_plain says behind `prefix`. */
static void expect_plain(struct grammar *g, const char *prefix, int32_t n, bool exact)
{
    int32_t at = grammar_walk(g, grammar_start(g), slice_of(prefix));
    assert_true(at >= 0);
    for (int twice = 0; twice < 2; twice++) {
        struct grammar_plain plain = grammar_plain(g, at);
        assert_int_equal(plain.n, n);
        if (n < GRAMMAR_ANY) assert_int_equal(plain.exact, exact);
    }
}

static void test_plain(void **state)
{
    (void)state;
    struct grammar_builder *b = open_builder();
    struct grammar *g = compile(b, json_string(b, 0, GRAMMAR_UNBOUNDED));
    expect_plain(g, "", 0, true);
    expect_plain(g, "\"", GRAMMAR_ANY, true);
    expect_plain(g, "\"a\xe2\x82\xac", GRAMMAR_ANY, true);
    expect_plain(g, "\"a\\", 0, false);
    expect_plain(g, "\"a\\u", 0, false);
    expect_plain(g, "\"\xe2\x82", 0, true); /* No character begins here. */
    expect_plain(g, "\"x\"", 0, true);
    grammar_unref(g);

    b = open_builder();
    g = compile(b, json_string(b, 2, 200));
    expect_plain(g, "\"", 200, true);
    expect_plain(g, "\"a\\n\\u00e9", 197, true);
    expect_plain(g, "\"ab\"", 0, true);
    grammar_unref(g);

    b = open_builder(); /* At least 100, without end. */
    g = compile(b, json_string(b, 100, GRAMMAR_UNBOUNDED));
    expect_plain(g, "\"abc", GRAMMAR_ANY, true);
    grammar_unref(g);

    b = open_builder(); /* What follows takes plain characters, too. */
    g = compile(b, SEQ(b, grammar_repeat(b, plain_char(b), 0, 50), text(b, "x\"")));
    expect_plain(g, "", 50, false);
    grammar_unref(g);

    b = open_builder(); /* Likewise, but not before the 20th. */
    g = compile(b, SEQ(b, grammar_repeat(b, plain_char(b), 20, 50), text(b, "x\"")));
    expect_plain(g, "", 50, false);
    grammar_unref(g);

    b = open_builder(); /* Not all plain characters. */
    int32_t letter = grammar_chars(b, naive_sets[0].ranges, 1, false);
    g = compile(b, SEQ(b, grammar_repeat(b, letter, 0, 50), text(b, "\"")));
    expect_plain(g, "", 0, false);
    grammar_unref(g);
}

static int32_t nested(struct grammar_builder *b)
{
    int32_t r = grammar_rule(b, SLICE("r"));
    grammar_rule_set(b, r,
                     ALT(b,
                         SEQ(b, text(b, "a"), grammar_use(b, r), grammar_optional(b, text(b, "b"))),
                         text(b, "c")));
    return grammar_use(b, r);
}

static void test_stacks_on_both_sides_of_the_limit(void **state)
{
    (void)state;
    struct grammar_builder *b = open_builder();
    struct grammar *g = compile(b, nested(b));
    int32_t at = grammar_start(g);
    for (int i = 0; i < GRAMMAR_STACKS_MAX; i++) at = grammar_step(g, at, 'a');
    int32_t most = grammar_step(g, at, 'c'); /* Each `a` may be the one that a `b` belongs to. */
    assert_true(grammar_accepts(g, most));
    for (int i = 0; i < 100; i++) most = grammar_step(g, most, 'b');
    assert_true(grammar_accepts(g, most));
    at = grammar_step(g, at, 'a');
    assert_int_equal(grammar_step(g, at, 'c'), GRAMMAR_FULL);
    assert_int_equal(grammar_step(g, at, 'c'), GRAMMAR_FULL);
    assert_true(grammar_step(g, at, 'a') >= 0);
    grammar_unref(g);
}

/* (.{0,n}|a){1,n}, nested. */
static struct grammar *nested_counts(int levels, int32_t n)
{
    struct grammar_builder *b = open_builder();
    int32_t node = grammar_chars(b, NULL, 0, true);
    for (int i = 0; i < levels; i++)
        node = grammar_repeat(b, ALT(b, grammar_repeat(b, node, 0, n), text(b, "a")), 1, n);
    return compile(b, node);
}

static void test_nested_counts_do_not_multiply(void **state)
{
    (void)state;
    static const struct {
        int levels, steps;
    } shapes[] = { { 20, 10 }, { 5, 400 } };
    for (size_t k = 0; k < 2; k++) {
        struct grammar *g = nested_counts(shapes[k].levels, 1000000000);
        int32_t at = grammar_start(g);
        uint32_t n_members = 0;
        for (int i = 0; i < shapes[k].steps; i++) {
            at = grammar_step(g, at, "ab"[i % 2]);
            if (at < 0) fail_msg("%d levels, step %d: %d", shapes[k].levels, i, at);
            assert_true(grammar_accepts(g, at));
            if (i == 4) n_members = g->states.at[at].n;
            if (i > 4 && i % 2 == 0) assert_int_equal(g->states.at[at].n, n_members);
        }
        grammar_unref(g);
    }
}

/* What is left out is covered: the lengths that nested counts let through, one by one. */
static void test_nested_counts_are_exact(void **state)
{
    (void)state;
    static const struct {
        int32_t inner_min, inner_max, min, max;
    } counts[] = { { 0, 17, 1, 17 }, { 2, 20, 3, 18 }, { 17, 18, 3, 19 }, { 1, 1, 5, 40 } };
    for (size_t k = 0; k < sizeof counts / sizeof counts[0]; k++) {
        struct grammar_builder *b = open_builder();
        int32_t any = grammar_chars(b, NULL, 0, true);
        int32_t inner = grammar_repeat(b, any, counts[k].inner_min, counts[k].inner_max);
        struct grammar *g = compile(b, grammar_repeat(b, ALT(b, inner, SEQ(b, inner, inner)),
                                                      counts[k].min, counts[k].max));
        int32_t at = grammar_start(g), most = 2 * counts[k].inner_max * counts[k].max;
        for (int32_t len = 0; len <= most; len++) {
            bool fits = false; /* n inner texts, of which up to two are one round. */
            for (int32_t n = counts[k].min; n <= 2 * counts[k].max && !fits; n++)
                fits = n * counts[k].inner_min <= len && len <= n * counts[k].inner_max;
            if (grammar_accepts(g, at) != fits) fail_msg("counts %zu, length %d", k, len);
            at = grammar_step(g, at, 'b');
        }
        assert_int_equal(at, GRAMMAR_DEAD);
        grammar_unref(g);
    }
}

static void test_trim(void **state)
{
    (void)state;
    enum { N = 3000 };
    struct grammar_builder *b = open_builder();
    struct grammar *g = compile(b, nested(b));
    int32_t at = grammar_start(g), other = grammar_walk(g, at, SLICE("aac"));
    for (int i = 0; i < N; i++) {
        at = grammar_step(g, at, 'a');
        if (i % 100 != 99) continue;
        int32_t first[] = { at, GRAMMAR_DEAD }, second[] = { other, at, other };
        int32_t *lists[] = { first, second };
        size_t n[] = { 2, 3 };
        size_t bytes = grammar_bytes(g);
        assert_int_equal(grammar_trim(g, lists, n, 2), 0);
        assert_true(grammar_n_states(g) <= i / 8 + 3);
        assert_true(grammar_bytes(g) <= bytes);
        assert_int_equal(first[0], second[1]);
        assert_int_equal(first[1], GRAMMAR_DEAD);
        assert_int_equal(second[0], second[2]);
        at = first[0];
        other = second[0];
    }
    assert_true(grammar_accepts(g, grammar_walk(g, other, SLICE("bb"))));
    assert_int_equal(grammar_walk(g, other, SLICE("bbb")), GRAMMAR_DEAD);
    assert_int_equal(grammar_walk(g, grammar_start(g), SLICE("b")), GRAMMAR_DEAD);
    at = grammar_step(g, at, 'c');
    for (int i = 0; i < N; i++) at = grammar_step(g, at, 'b');
    assert_true(grammar_accepts(g, at));
    assert_int_equal(grammar_step(g, at, 'b'), GRAMMAR_DEAD);
    grammar_unref(g);
}

static void test_live_states_on_both_sides_of_the_limit(void **state)
{
    (void)state;
    struct grammar_builder *b = open_builder();
    struct grammar *g = compile(b, grammar_repeat(b, text(b, "a"), 0, 1000000000));
    int32_t at = grammar_start(g);
    while (grammar_n_states(g) < GRAMMAR_LIVE_MAX) at = grammar_step(g, at, 'a');
    while (grammar_n_states(g) < 2 * GRAMMAR_LIVE_MAX) {
        at = grammar_step(g, at, 'a');
        assert_true(at >= 0);
    }
    assert_int_equal(grammar_step(g, at, 'a'), GRAMMAR_FULL);
    int32_t *list = &at;
    assert_int_equal(grammar_trim(g, &list, &(size_t){ 1 }, 1), 0);
    assert_int_equal(grammar_n_states(g), 2); /* And the start. */
    assert_true(grammar_step(g, at, 'a') >= 0);
    grammar_unref(g);
}

/* What the walk may look at in one step, keep of frames, and remember of steps. */
static void test_frames_of_a_step_on_both_sides_of_the_limit(void **state)
{
    (void)state;
    enum { N = 20 };
    for (int over = 0; over < 2; over++) {
        struct grammar_builder *b = open_builder();
        struct grammar *g = compile(b, nested(b));
        assert_int_equal(g->closure.frames_max, CLOSURE_MAX);
        int32_t at = grammar_start(g);
        for (int i = 0; i < N; i++) at = grammar_step(g, at, 'a');
        int32_t end = grammar_step(g, at, 'c');
        size_t looked_at = g->closure.todo.n;
        assert_true(end >= 0 && looked_at > N / 2);
        assert_int_equal(grammar_trim(g, &(int32_t *){ &at }, &(size_t){ 1 }, 1), 0);
        g->closure.frames_max = looked_at - (size_t)over;
        end = grammar_step(g, at, 'c');
        assert_int_equal(end == GRAMMAR_FULL, over);
        assert_int_equal(grammar_step(g, at, 'x'), GRAMMAR_DEAD);
        grammar_unref(g);
    }
}

static void test_work_of_a_step_on_both_sides_of_the_limit(void **state)
{
    (void)state;
    for (int over = 0; over < 2; over++) {
        struct grammar_builder *b = open_builder();
        struct grammar *g = compile(b, nested(b));
        assert_int_equal(g->closure.work_max, CLOSURE_WORK_MAX);
        int32_t at = grammar_walk(g, grammar_start(g), SLICE("aaaa"));
        assert_true(grammar_step(g, at, 'c') >= 0);
        int64_t work = g->closure.work;
        assert_int_equal(grammar_trim(g, &(int32_t *){ &at }, &(size_t){ 1 }, 1), 0);
        g->closure.work_max = work - over;
        assert_int_equal(grammar_step(g, at, 'c') == GRAMMAR_FULL, over);
        grammar_unref(g);
    }
}

static void test_frames_on_both_sides_of_the_limit(void **state)
{
    (void)state;
    struct grammar_builder *b = open_builder();
    struct grammar *g = compile(b, nested(b));
    assert_int_equal(g->stacks.frames_max, FRAMES_MAX);
    g->stacks.frames_max = 100;
    int32_t at = grammar_start(g), next = at;
    for (int i = 0; i < 200 && next >= 0; i++) {
        at = next;
        next = grammar_step(g, at, 'a');
    }
    assert_int_equal(next, GRAMMAR_FULL);
    assert_int_equal(g->stacks.frames.n, 100);
    assert_int_equal(grammar_step(g, at, 'a'), GRAMMAR_FULL);
    g->stacks.frames_max = FRAMES_MAX; /* Not for good, as with no memory. */
    assert_true(grammar_step(g, at, 'a') >= 0);
    grammar_unref(g);
}

/* Without room for rows, steps are made anew each time and are the same. */
static void test_rows_on_both_sides_of_the_limit(void **state)
{
    (void)state;
    struct grammar_builder *b = open_builder();
    struct grammar *g = compile(b, nested(b));
    assert_int_equal(g->rows_arena.cap, ROWS_BYTES_MAX);
    arena_release(&g->rows_arena);
    arena_init(&g->rows_arena, 4096);
    int32_t states[1000], n_remembered = 0;
    states[0] = grammar_start(g);
    for (int i = 1; i < 1000; i++) states[i] = grammar_step(g, states[i - 1], 'a');
    for (int i = 1; i < 1000; i++) {
        assert_int_equal(grammar_step(g, states[i - 1], 'a'), states[i]);
        n_remembered += g->rows.at[states[i - 1]] != g->blank;
    }
    assert_in_range(n_remembered, 10, 900);
    assert_true(g->rows_arena.used <= 4096);
    grammar_unref(g);
}

static void test_failed_allocations(void **state)
{
    (void)state;
    const struct slice word = SLICE("aaaacbb");
    for (int n = 1;; n++) {
        struct grammar_builder *b = open_builder();
        struct grammar *g = compile(b, nested(b));
        fault_start(FAULT_ALLOC, n, ENOMEM);
        int32_t at = grammar_walk(g, grammar_start(g), word);
        bool hit = fault_stop();
        if (at == GRAMMAR_FULL) at = grammar_walk(g, grammar_start(g), word); /* Not remembered. */
        assert_true(grammar_accepts(g, at));
        fault_start(FAULT_ALLOC, n, ENOMEM);
        int32_t *list = &at;
        int rc = grammar_trim(g, &list, &(size_t){ 1 }, 1);
        bool hit_trim = fault_stop();
        assert_true(rc == 0 || (hit_trim && rc == -ERR_NO_MEMORY));
        assert_true(grammar_accepts(g, at) && grammar_accepts(g, grammar_step(g, at, 'b')));
        grammar_unref(g);
        if (!hit && !hit_trim) break;
    }
}

static void *walk_nested(void *grammar)
{
    struct grammar *g = grammar_ref(grammar);
    intptr_t n_accepted = 0;
    for (int i = 0; i < 200; i++) {
        grammar_lock(g);
        int32_t at = grammar_start(g);
        for (int k = 0; k < i; k++) at = grammar_step(g, at, 'a');
        n_accepted += grammar_accepts(g, grammar_step(g, at, 'c'));
        grammar_unlock(g);
        n_accepted += grammar_n_states(g) > 0 && grammar_bytes(g) > 0;
    }
    grammar_unref(g);
    return (void *)n_accepted;
}

static void test_threads(void **state)
{
    (void)state;
    pthread_t threads[3];
    struct grammar_builder *b = open_builder();
    struct grammar *g = compile(b, nested(b));
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, walk_nested, g), 0);
    for (int i = 0; i < 3; i++) {
        void *n_accepted;
        assert_int_equal(pthread_join(threads[i], &n_accepted), 0);
        assert_int_equal((intptr_t)n_accepted, 400);
    }
    grammar_unref(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_regular_expressions),
        cmocka_unit_test(test_random_recursive_grammars),
        cmocka_unit_test(test_characters),
        cmocka_unit_test(test_until),
        cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_counts_at_their_edges),
        cmocka_unit_test(test_nothing_piles_up_where_it_need_not),
        cmocka_unit_test(test_dead_and_forced),
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_stacks_on_both_sides_of_the_limit),
        cmocka_unit_test(test_nested_counts_do_not_multiply),
        cmocka_unit_test(test_nested_counts_are_exact),
        cmocka_unit_test(test_trim),
        cmocka_unit_test(test_live_states_on_both_sides_of_the_limit),
        cmocka_unit_test(test_frames_of_a_step_on_both_sides_of_the_limit),
        cmocka_unit_test(test_work_of_a_step_on_both_sides_of_the_limit),
        cmocka_unit_test(test_frames_on_both_sides_of_the_limit),
        cmocka_unit_test(test_rows_on_both_sides_of_the_limit),
        cmocka_unit_test(test_failed_allocations),
        cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

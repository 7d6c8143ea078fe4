/* Streams of tokens against the whole text: no part of a stop string leaks, nothing is lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/seam.h"
#include "engine/answer.h"
#include "unit/engine/tiny_tokenizer.h"

static struct tokenizer *tokenizer;

static int setup(void **state)
{
    (void)state;
    tokenizer = tiny_tokenizer_open();
    return tokenizer ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    tokenizer_close(tokenizer);
    return 0;
}

static void take(struct answer *a, struct buf *out)
{
    buf_add_slice(out, answer_text(a));
    assert_true(utf8_valid(buf_str(out), out->len));
    answer_sent(a);
}

static void expect(const char *tokens, const char *const *stop_texts, const char *text, int stop)
{
    struct slice stops[4];
    int n = 0;
    for (; stop_texts[n]; n++) stops[n] = slice_of(stop_texts[n]);
    struct answer a;
    struct buf out;
    buf_init(&out, 1 << 16);
    answer_init(&a, tokenizer, stops, n);
    for (const char *c = tokens; *c && !a.stopped; c++) {
        assert_int_equal(answer_add(&a, (unsigned char)*c, NULL), 0);
        take(&a, &out);
        assert_true(slice_starts(slice_of(text), buf_slice(&out)));
    }
    assert_int_equal(answer_finish(&a), 0);
    take(&a, &out);
    assert_string_equal(buf_str(&out), text);
    assert_int_equal(a.stopped ? a.stop : -1, stop);
    answer_release(&a);
    buf_release(&out);
}

#define STOPS(...) ((const char *const[]){ __VA_ARGS__ __VA_OPT__(, ) NULL })

static void test_examples(void **state)
{
    (void)state;
    expect("hello", STOPS(), "hello", -1);
    expect("hello STOP more", STOPS("STOP"), "hello ", 0);
    expect("hello STO", STOPS("STOP"), "hello STO", -1);
    expect("STSTOP", STOPS("STOP"), "ST", 0);
    expect("aaab", STOPS("aab"), "a", 0);
    expect("xyz", STOPS("q", "yz", "y"), "x", 2);
    expect("na\xc3\xafve", STOPS("\xc3\xaf"), "na", 0);
    expect("na\xc3\xa8ve", STOPS("\xc3\xaf"), "na\xc3\xa8ve", -1);
    expect("half \xf0\x9f\x98", STOPS(), "half \xef\xbf\xbd", -1);
    expect("half \xf0\x9f\x98", STOPS("z"), "half \xef\xbf\xbd", -1);
    expect("\xf0\x9f\x98\x80!", STOPS("!"), "\xf0\x9f\x98\x80", 0);
    expect("x", STOPS("x"), "", 0);
}

static uint32_t seed;

static uint32_t dice(uint32_t n)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % n;
}

/* Tokens over a small alphabet so that stop strings nearly match all the time. */
static int32_t random_token(void)
{
    static const int32_t tokens[] = { 'h', 'e', 'l', TINY_HE, TINY_LL, TINY_HELL, 0xc3, 0xa9, ' ' };
    return tokens[dice(sizeof tokens / sizeof tokens[0])];
}

/* What the stream must have come to: cut at the first stop string of the text so far. */
static size_t cut_at(struct slice text, const struct slice *stops, int n)
{
    size_t first = text.len;
    for (int i = 0; i < n; i++) {
        size_t at = slice_find(text, stops[i]);
        if (at < first) first = at;
    }
    return first;
}

static void random_run(void)
{
    char stop_bytes[3][4];
    struct slice stops[3];
    int n = (int)dice(4);
    for (int i = 0; i < n; i++) {
        size_t len = 1 + dice(4);
        for (size_t k = 0; k < len; k++) stop_bytes[i][k] = "hel "[dice(4)];
        stops[i] = (struct slice){ stop_bytes[i], len };
    }
    struct answer a;
    struct buf out, whole;
    int32_t tokens[40];
    size_t n_tokens = 0;
    buf_init(&out, 1 << 16);
    buf_init(&whole, 1 << 16);
    answer_init(&a, tokenizer, stops, n);
    while (n_tokens < 40 && !a.stopped) {
        tokens[n_tokens] = random_token();
        assert_int_equal(answer_add(&a, tokens[n_tokens++], NULL), 0);
        take(&a, &out);
        buf_reset(&whole);
        struct detokenizer d;
        detokenizer_init(&d, tokenizer, false);
        for (size_t i = 0; i < n_tokens; i++) detokenizer_add(&d, &whole, tokens[i]);
        size_t cut = cut_at(buf_slice(&whole), stops, n);
        assert_int_equal(a.stopped, cut < whole.len);
        assert_true(out.len <= cut);
        assert_memory_equal(buf_str(&out), buf_str(&whole), out.len);
        if (a.stopped) assert_int_equal(out.len, cut);
    }
    bool stopped = a.stopped;
    assert_int_equal(answer_finish(&a), 0);
    take(&a, &out);
    if (!stopped && !a.stopped) {
        buf_reset(&whole);
        tokenizer_decode(tokenizer, &whole, tokens, n_tokens, false);
        assert_string_equal(buf_str(&out), buf_str(&whole));
    }
    answer_release(&a);
    buf_release(&out);
    buf_release(&whole);
}

static void test_random(void **state)
{
    (void)state;
    for (uint32_t i = 1; i < 3000; i++) {
        seed = i * 7919;
        random_run();
    }
}

/* Entries come with their text, and none from inside the stop string. */
static void test_entries(void **state)
{
    (void)state;
    struct slice stop = SLICE("lo w");
    struct answer a;
    size_t n, all = 0, with_text;
    answer_init(&a, tokenizer, &stop, 1);
    static const char text[] = "hello world";
    for (const char *c = text; *c && !a.stopped; c++) {
        struct answer_entry e = { .token = *c, .logprob = -1 };
        assert_int_equal(answer_add(&a, *c, &e), 0);
        with_text = answer_text(&a).len;
        const struct answer_entry *entries = answer_entries(&a, &n);
        assert_int_equal(n, with_text); /* One byte each. */
        for (size_t i = 0; i < n; i++) assert_int_equal(entries[i].token, text[all + i]);
        all += n;
        answer_sent(&a);
    }
    assert_true(a.stopped);
    assert_int_equal(all, 3);
    answer_release(&a);
    /* A token that reaches into the stop string still shows. */
    stop = SLICE("ll");
    answer_init(&a, tokenizer, &stop, 1);
    struct answer_entry e = { .token = TINY_HELL };
    assert_int_equal(answer_add(&a, TINY_HELL, &e), 0);
    assert_true(a.stopped);
    (void)answer_entries(&a, &n);
    assert_int_equal(n, 1);
    assert_int_equal(answer_text(&a).len, 2);
    answer_release(&a);
}

static void *no_realloc(void *p, size_t size)
{
    (void)p, (void)size;
    return NULL;
}

static void test_no_memory(void **state)
{
    (void)state;
    struct answer a;
    answer_init(&a, tokenizer, NULL, 0);
    seams.realloc = no_realloc;
    int r = answer_add(&a, 'x', &(struct answer_entry){ 0 });
    seams.realloc = seams_real.realloc;
    assert_int_equal(r, -ERR_NO_MEMORY);
    answer_release(&a);
}

/* Control tokens leave no text, or are marked; half a character before one ends there. */
static void test_marks(void **state)
{
    (void)state;
    static const char end[] = "<|endoftext|>";
    for (int marks = 0; marks < 2; marks++) {
        struct answer a;
        struct buf out;
        struct answer_entry entry = { .token = TINY_END };
        size_t n;
        buf_init(&out, 1 << 16);
        answer_init(&a, tokenizer, NULL, 0);
        a.marks = marks;
        assert_int_equal(answer_add(&a, 'a', NULL), 0);
        assert_int_equal(answer_add(&a, 0xc3, NULL), 0);
        assert_int_equal(answer_add(&a, TINY_END, &entry), 0);
        const struct answer_entry *e = answer_entries(&a, &n);
        assert_int_equal(n, 1);
        assert_int_equal(e->to, marks ? 1 + 3 + 2 + sizeof end - 1 : 1);
        for (const char *c = end; *c; c++)
            assert_int_equal(answer_add(&a, (unsigned char)*c, NULL), 0);
        assert_int_equal(answer_finish(&a), 0);
        buf_add_slice(&out, answer_text(&a));
        assert_string_equal(buf_str(&out), marks ? "a\uFFFD\xff<|endoftext|>\xff<|endoftext|>"
                                                 : "a\uFFFD<|endoftext|>");
        answer_release(&a);
        buf_release(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_marks),     cmocka_unit_test(test_examples),
        cmocka_unit_test(test_random),    cmocka_unit_test(test_entries),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}

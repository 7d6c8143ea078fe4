/* Drafts by lookup: what they copy, and when there are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "engine/lookup.h"

enum { MOST = 64 };

static int32_t tokens[512], n_tokens;

static void say(const char *text)
{
    for (n_tokens = 0; text[n_tokens]; n_tokens++) tokens[n_tokens] = text[n_tokens];
}

static void expect(const char *text, int32_t most, const char *draft)
{
    int32_t n = 0;
    say(text);
    int32_t got = lookup_draft(tokens, n_tokens, tokens + n_tokens, most);
    while (draft[n]) n++;
    assert_int_equal(got, n);
    for (int32_t i = 0; i < n; i++) assert_int_equal(tokens[n_tokens + i], draft[i]);
}

static void test_copies_what_followed(void **state)
{
    (void)state;
    expect("", 8, "");
    expect("abc", 8, "");
    expect("abcdefab", 8, "");                /* Two tokens are not enough, */
    expect("abcdefabc", 4, "defa");           /* three are; */
    expect("abcdefabc", 8, "defa");           /* but not for a long draft. */
    expect("123abc--456abc++56abc", 2, "++"); /* The longest agreement, */
    expect("123abc--123abc++9abc", 2, "++");  /* of equals the last. */
    expect("hello world! hello world", 9, "! hello w");
    expect("xxxxxxx", 8, "xxxxxxxx"); /* Past the end it goes on with itself. */
    expect("abababab", 8, "abababab");
    expect("abcdefabc", 0, "");
    expect("abcdefabc", -1, "");
}

static void test_length_follows_success(void **state)
{
    (void)state;
    struct lookup l;
    lookup_init(&l);
    int32_t first = lookup_length(&l, MOST), last = first;
    assert_true(first > 0);
    assert_int_equal(lookup_length(&l, 1), 1);
    assert_int_equal(lookup_length(&l, 0), 0);
    assert_int_equal(lookup_length(&l, -3), 0);
    for (int i = 0; i < 8; i++) {
        lookup_judge(&l, last, last);
        assert_true(lookup_length(&l, MOST) >= last);
        last = lookup_length(&l, MOST);
    }
    assert_int_equal(last, LOOKUP_DRAFT_MAX);
    lookup_judge(&l, last, 5);
    assert_int_equal(lookup_length(&l, MOST), 5);
    lookup_judge(&l, 0, 0); /* No draft, no lesson. */
    assert_int_equal(lookup_length(&l, MOST), 5);
}

/* Text that never repeats costs a handful of drafts in a thousand tokens. */
static void test_failures_pause(void **state)
{
    (void)state;
    struct lookup l;
    int drafts = 0;
    lookup_init(&l);
    for (int i = 0; i < 1000; i++) {
        int32_t n = lookup_length(&l, MOST);
        drafts += n > 0;
        lookup_judge(&l, n, 0);
    }
    assert_true(drafts > 5 && drafts < 20);
    while (lookup_length(&l, MOST) == 0) continue;
    lookup_judge(&l, 2, 2); /* It repeats after all. */
    lookup_judge(&l, 4, 0);
    int waits = 0;
    while (lookup_length(&l, MOST) == 0) waits++;
    assert_true(waits < 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_copies_what_followed),
        cmocka_unit_test(test_length_follows_success),
        cmocka_unit_test(test_failures_pause),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "unit/test.h"

#include "base/utf8.h"

#include <string.h>

static void test_every_scalar_round_trips(void **state)
{
    (void)state;
    for (uint32_t c = 0; c <= 0x10FFFF; c++) {
        if (c >= 0xD800 && c <= 0xDFFF) continue;
        char s[UTF8_BYTES_MAX];
        uint32_t back = 0;
        size_t n = utf8_encode(s, c);
        assert_int_equal(utf8_decode(&back, s, n), n);
        assert_int_equal(back, c);
        if (n > 1) assert_int_equal(utf8_decode(&back, s, n - 1), 0);
    }
}

static void test_ill_formed_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "\xC0\x80",
        "\xC1\xBF",
        "\xE0\x80\x80",
        "\xE0\x9F\xBF",
        "\xED\xA0\x80",
        "\xED\xBF\xBF",
        "\xF0\x80\x80\x80",
        "\xF0\x8F\xBF\xBF",
        "\xF4\x90\x80\x80",
        "\xF5\x80\x80\x80",
        "\xFF",
        "\x80",
        "\xC3",
        "\xC3(",
        "\xE2\x82",
        "\xE2(\xA1",
        "\xF0\x9F\x98",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        uint32_t c;
        assert_int_equal(utf8_decode(&c, bad[i], strlen(bad[i])), 0);
        assert_false(utf8_valid(bad[i], strlen(bad[i])));
    }
    assert_true(utf8_valid("", 0));
    assert_true(utf8_valid("a\0b", 3));
}

static void test_half_characters_are_held_back(void **state)
{
    (void)state;
    static const char text[] = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80";
    /* How many bytes of each prefix are whole characters. */
    static const size_t whole[] = { 0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10 };
    for (size_t len = 0; len < sizeof text; len++)
        assert_int_equal(utf8_complete_len(text, len), whole[len]);
    assert_int_equal(utf8_complete_len("\xC3(", 2), 2);        /* can never become a character */
    assert_int_equal(utf8_complete_len("\xE0\x80", 2), 2);     /* an overlong beginning */
    assert_int_equal(utf8_complete_len("\x80\x80\x80", 3), 3); /* no lead byte at all */
}

/* The example of Unicode 15, table 3-11: maximal subparts. */
static void test_sanitize_replaces_maximal_subparts(void **state)
{
    (void)state;
    char out[64];
    static const char in[] = "\x61\xF1\x80\x80\xE1\x80\xC2\x62\x80\x63\x80\xBF\x64";
    size_t n = utf8_sanitize(out, sizeof out, in, sizeof in - 1);
    assert_string_equal(out, "a\uFFFD\uFFFD\uFFFDb\uFFFDc\uFFFD\uFFFDd");
    assert_int_equal(n, strlen(out));
}

static void test_sanitize_cuts_at_a_character(void **state)
{
    (void)state;
    char out[4];
    assert_int_equal(utf8_sanitize(out, sizeof out, "ab\xC3\xA9", 4), 2);
    assert_string_equal(out, "ab");
    assert_int_equal(utf8_sanitize(out, sizeof out, "a\xC3\xA9z", 4), 3);
    assert_string_equal(out, "a\xC3\xA9");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_scalar_round_trips),
        cmocka_unit_test(test_ill_formed_is_refused),
        cmocka_unit_test(test_half_characters_are_held_back),
        cmocka_unit_test(test_sanitize_replaces_maximal_subparts),
        cmocka_unit_test(test_sanitize_cuts_at_a_character),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

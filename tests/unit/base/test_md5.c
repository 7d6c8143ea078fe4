/* md5: RFC 1321's own examples, and lengths around a block in every cut. */
#include "unit/test.h"

#include "base/md5.h"

#include <string.h>

static void expect(const char *text, size_t step, const char *expected)
{
    struct md5 m;
    char hex[MD5_HEX_SIZE];
    size_t len = strlen(text);
    md5_init(&m);
    for (size_t at = 0; at < len; at += step)
        md5_add(&m, text + at, len - at < step ? len - at : step);
    md5_finish(hex, &m);
    assert_string_equal(hex, expected);
}

static void test_the_examples_of_rfc_1321(void **state)
{
    (void)state;
    static const struct {
        const char *text, *hex;
    } rows[] = {
        { "", "d41d8cd98f00b204e9800998ecf8427e" },
        { "a", "0cc175b9c0f1b6a831c399e269772661" },
        { "abc", "900150983cd24fb0d6963f7d28e17f72" },
        { "message digest", "f96b697d7cb7938d525a2f31aaf161d0" },
        { "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
          "d174ab98d277d9f5a5611c2c9f419d9f" },
        { "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
          "57edf4a22be3c955ac49da2e2107b67a" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t step = 1; step < 90; step++) expect(rows[i].text, step, rows[i].hex);
}

/* python3 -c "import hashlib; print(hashlib.md5(b'x' * n).hexdigest())" */
static void test_lengths_around_a_block(void **state)
{
    (void)state;
    static const struct {
        size_t n;
        const char *hex;
    } rows[] = {
        { 55, "04364420e25c512fd958a70738aa8f72" },  { 56, "668a72d5ba17f08e62dabcafad6db14b" },
        { 57, "693037871c4a9d3d8685018905cb530a" },  { 63, "7dc2ca208106a2f703567bdff99d8981" },
        { 64, "c1bb4f81d892b2d57947682aeb252456" },  { 65, "1bc932052302d074bdec39795fe00cf6" },
        { 119, "ab347a5f68c8a443cfcddc633f12c24f" }, { 120, "fb98667f98096de92620b64f46e1c5b5" },
        { 128, "d69cb61a6ee87200676eb0d4b90edbcb" },
    };
    char text[130];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        memset(text, 'x', rows[i].n);
        text[rows[i].n] = '\0';
        for (size_t step = 1; step <= rows[i].n; step++) expect(text, step, rows[i].hex);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_examples_of_rfc_1321),
        cmocka_unit_test(test_lengths_around_a_block),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

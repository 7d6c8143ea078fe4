/* Checksums: values that files depend on, and every change of one bit. */
#include "unit/test.h"

#include "base/checksum.h"

#include <string.h>

enum { LEN = 300 };

static void fill(unsigned char *p)
{
    for (size_t i = 0; i < LEN; i++) p[i] = (unsigned char)(i * 37 + 11);
}

/* They lie in files: a change of the function would have all of them made anew. */
static void test_values_stay(void **state)
{
    (void)state;
    unsigned char p[LEN];
    fill(p);
    assert_int_equal(checksum64(0, p, 0), UINT64_C(0x0672c82e43b618fe));
    assert_int_equal(checksum64(0, p, 5), UINT64_C(0x05dfba6f1d372b68));
    assert_int_equal(checksum64(7, p, 64), UINT64_C(0x46560f8a827d956f));
    assert_int_equal(checksum64(0, p, LEN), UINT64_C(0x75a2fba21966d998));
}

static void test_every_bit_counts(void **state)
{
    (void)state;
    unsigned char p[LEN];
    fill(p);
    uint64_t sum = checksum64(0, p, LEN);
    for (size_t bit = 0; bit < LEN * 8; bit++) {
        p[bit / 8] ^= (unsigned char)(1 << bit % 8);
        assert_int_not_equal(checksum64(0, p, LEN), sum);
        p[bit / 8] ^= (unsigned char)(1 << bit % 8);
    }
    assert_int_not_equal(checksum64(1, p, LEN), sum);
}

/* Zeros at the end, and the order of equal words, are part of it. */
static void test_length_and_order_count(void **state)
{
    (void)state;
    unsigned char zeros[LEN] = { 0 }, p[LEN], q[LEN];
    for (size_t len = 0; len < LEN; len++)
        assert_int_not_equal(checksum64(0, zeros, len), checksum64(0, zeros, len + 1));
    fill(p);
    memcpy(q, p, LEN);
    memcpy(q, p + 64, 64);
    memcpy(q + 64, p, 64);
    assert_int_not_equal(checksum64(0, p, LEN), checksum64(0, q, LEN));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_stay),
        cmocka_unit_test(test_every_bit_counts),
        cmocka_unit_test(test_length_and_order_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

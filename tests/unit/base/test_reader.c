#include "unit/test.h"

#include "base/reader.h"

#include <stdlib.h>
#include <string.h>

static void test_reads_little_endian(void **state)
{
    (void)state;
    static const unsigned char bytes[] = { 1,  2,  3,  4,  5,  6, 7, 8,    9,   10,
                                           11, 12, 13, 14, 15, 0, 0, 0x80, 0x3F };
    struct reader r;
    struct err err;
    uint8_t u8;
    uint16_t u16;
    uint32_t u32;
    uint64_t u64;
    float f;
    reader_init(&r, bytes, sizeof bytes, "x");
    assert_ok(reader_u8(&r, &u8, "a", &err), &err);
    assert_ok(reader_u16(&r, &u16, "b", &err), &err);
    assert_ok(reader_u32(&r, &u32, "c", &err), &err);
    assert_ok(reader_u64(&r, &u64, "d", &err), &err);
    assert_ok(reader_f32(&r, &f, "e", &err), &err);
    assert_int_equal(u8, 0x01);
    assert_int_equal(u16, 0x0302);
    assert_int_equal(u32, 0x07060504);
    assert_true(u64 == 0x0F0E0D0C0B0A0908u);
    assert_true(f == 1.0f);
    assert_int_equal(reader_left(&r), 0);
}

/* On an exact heap block, so that AddressSanitizer sees a read past the end. */
static void test_nothing_is_read_past_the_end(void **state)
{
    (void)state;
    for (size_t size = 0; size < 9; size++) {
        unsigned char *bytes = malloc(size ? size : 1);
        assert_non_null(bytes);
        memset(bytes, 0xFF, size ? size : 1);
        struct reader r;
        struct err err;
        uint8_t u8;
        uint16_t u16;
        uint32_t u32;
        uint64_t u64;
        struct slice s;
        reader_init(&r, bytes, size, "file");
        if (size < 1) assert_fails(reader_u8(&r, &u8, "f", &err), ERR_FORMAT, &err, "f at byte 0");
        if (size < 2) assert_fails(reader_u16(&r, &u16, "f", &err), ERR_FORMAT, &err, "2 bytes");
        if (size < 4) assert_fails(reader_u32(&r, &u32, "f", &err), ERR_FORMAT, &err, "4 bytes");
        if (size < 8) assert_fails(reader_u64(&r, &u64, "f", &err), ERR_FORMAT, &err, "8 bytes");
        assert_fails(reader_bytes(&r, &s, size + 1, "f", &err), ERR_FORMAT, &err, "are left");
        assert_fails(reader_bytes(&r, &s, UINT64_MAX, "f", &err), ERR_FORMAT, &err, "are left");
        assert_int_equal(r.at, 0);
        assert_ok(reader_bytes(&r, &s, size, "f", &err), &err);
        assert_int_equal(s.len, size);
        free(bytes);
    }
}

static void test_counts_must_fit(void **state)
{
    (void)state;
    unsigned char bytes[8 + 24] = { 3 };
    struct reader r;
    struct err err;
    uint64_t n;
    reader_init(&r, bytes, sizeof bytes, "x");
    assert_ok(reader_count(&r, &n, 8, "n", &err), &err);
    assert_int_equal(n, 3);
    reader_init(&r, bytes, sizeof bytes, "x");
    assert_fails(reader_count(&r, &n, 9, "n", &err), ERR_FORMAT, &err, "do not fit");
    assert_int_equal(r.at, 0);
    memset(bytes, 0xFF, 8); /* n * 8 would wrap to something small */
    assert_fails(reader_count(&r, &n, 8, "n", &err), ERR_FORMAT, &err, "do not fit");
}

static void test_alignment(void **state)
{
    (void)state;
    unsigned char bytes[40] = { 0 };
    struct reader r;
    struct err err;
    uint8_t u8;
    reader_init(&r, bytes, sizeof bytes, "x");
    assert_ok(reader_align(&r, 32, "pad", &err), &err);
    assert_int_equal(r.at, 0);
    assert_ok(reader_u8(&r, &u8, "x", &err), &err);
    assert_ok(reader_align(&r, 32, "pad", &err), &err);
    assert_int_equal(r.at, 32);
    assert_ok(reader_u8(&r, &u8, "x", &err), &err);
    assert_fails(reader_align(&r, 32, "pad", &err), ERR_FORMAT, &err, "31 bytes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_little_endian),
        cmocka_unit_test(test_nothing_is_read_past_the_end),
        cmocka_unit_test(test_counts_must_fit),
        cmocka_unit_test(test_alignment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

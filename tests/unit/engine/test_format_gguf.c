/* GGUF: what a right file gives, each limit on both sides, and the holes that other loaders had. */
#include "unit/test.h"

#include "base/seam.h"
#include "engine/format.h"
#include "support/checkpoint_walk.h"
#include "support/model_writer.h"

#include <stdlib.h>

enum { FILE_MAX = 200 << 20 };

static struct err err;

static void begin(struct buf *b)
{
    buf_init(b, FILE_MAX);
}

static int open_buf(struct checkpoint **ret, const struct buf *b)
{
    assert_false(b->failed);
    return checkpoint_open_memory(ret, buf_slice(b), "x.gguf", &err);
}

/* Opens, touches everything, closes: for files that must be accepted. */
static void expect_good(struct buf *b)
{
    struct checkpoint *c;
    assert_ok(open_buf(&c, b), &err);
    (void)walk_checkpoint(c);
    checkpoint_close(c);
    buf_release(b);
}

static void expect_bad(struct buf *b, enum err_code code, const char *part)
{
    struct checkpoint *c = NULL;
    assert_fails(open_buf(&c, b), (int)code, &err, part);
    assert_null(c);
    buf_release(b);
}

/* A file with one F32 tensor of these dims (innermost first) and data of `data_len` bytes. */
static void one_tensor(struct buf *b, uint32_t n_dims, const uint64_t *dims, uint32_t type,
                       uint64_t offset, size_t data_len)
{
    begin(b);
    gguf_header(b, 3, 1, 0);
    gguf_tensor(b, "w", n_dims, dims, type, offset);
    gguf_pad(b, 32);
    gguf_fill(b, data_len);
}

/* --- a right file ----------------------------------------------------------------------------- */

static void values_read_back(void **state)
{
    struct buf b;
    struct checkpoint *c;
    uint64_t u;
    int64_t i;
    double f;
    bool yes;
    struct slice s;
    (void)state;
    begin(&b);
    gguf_small(&b);
    assert_ok(open_buf(&c, &b), &err);
    assert_int_equal(c->kind, CHECKPOINT_GGUF);
    assert_string_equal(c->format, "gguf");
    assert_int_equal(c->version, 3);
    assert_ok(checkpoint_architecture(c, &s, &err), &err);
    assert_true(slice_is(s, "llama"));
    static const struct {
        const char *key;
        int64_t value;
    } integers[] = { { "t.u8", 200 },         { "t.i8", -1 },  { "t.u16", 60000 }, { "t.i16", -2 },
                     { "t.u32", 4000000000 }, { "t.i32", -3 }, { "t.i64", -4 } };
    for (size_t k = 0; k < sizeof integers / sizeof *integers; k++) {
        assert_ok(checkpoint_get_i64(c, &i, integers[k].key, &err), &err);
        assert_int_equal(i, integers[k].value);
    }
    assert_ok(checkpoint_get_u64(c, &u, "t.u64", &err), &err);
    assert_true(u == UINT64_MAX);
    assert_fails(checkpoint_get_i64(c, &i, "t.u64", &err), ERR_FORMAT, &err, "t.u64");
    assert_fails(checkpoint_get_u64(c, &u, "t.i32", &err), ERR_FORMAT, &err, "negative");
    assert_ok(checkpoint_get_f64(c, &f, "t.f32", &err), &err);
    assert_true(f == 0.5);
    assert_ok(checkpoint_get_f64(c, &f, "t.f64", &err), &err);
    assert_true(f == 2.5);
    assert_ok(checkpoint_get_bool(c, &yes, "t.bool", &err), &err);
    assert_true(yes);
    checkpoint_close(c);
    buf_release(&b);
}

static void arrays_read_back(void **state)
{
    struct buf b;
    struct checkpoint *c;
    const struct slice *strings;
    struct checkpoint_numbers numbers;
    size_t n;
    (void)state;
    begin(&b);
    gguf_small(&b);
    assert_ok(open_buf(&c, &b), &err);
    assert_ok(checkpoint_get_strings(c, &strings, &n, "t.strings", &err), &err);
    assert_int_equal(n, 3);
    assert_true(slice_is(strings[0], "a") && strings[1].len == 0 && slice_is(strings[2], "ccc"));
    assert_ok(checkpoint_get_ints(c, &numbers, "t.ints", &err), &err);
    assert_int_equal(numbers.n, 2);
    assert_int_equal(checkpoint_number_i64(&numbers, 0), 7);
    assert_int_equal(checkpoint_number_i64(&numbers, 1), -1);
    assert_ok(checkpoint_get_floats(c, &numbers, "t.floats", &err), &err);
    assert_true(checkpoint_number_f64(&numbers, 0) == 1 &&
                checkpoint_number_f64(&numbers, 1) == -2);
    checkpoint_close(c);
    buf_release(&b);
}

static void tensors_read_back(void **state)
{
    struct buf b;
    struct checkpoint *c;
    const struct checkpoint_tensor *t;
    (void)state;
    begin(&b);
    gguf_small(&b);
    assert_ok(open_buf(&c, &b), &err);
    assert_int_equal(c->n_tensors, 3);
    assert_ok(checkpoint_get_tensor(c, &t, "blk.0.w", &err), &err);
    assert_int_equal(t->dtype, DTYPE_Q4_0);
    assert_int_equal(t->n_dims, 2);
    assert_int_equal(t->dims[0], 2); /* Outermost first. */
    assert_int_equal(t->dims[1], 32);
    assert_int_equal(t->size, 2 * 18);
    assert_int_equal(t->n_elements, 64);
    assert_int_equal(*(const unsigned char *)t->data, (unsigned char)(32 * 7 + 1));
    assert_null(checkpoint_tensor(c, "ids")); /* Integers are listed and not usable. */
    assert_false(c->tensors[2].usable);
    assert_string_equal(c->tensors[2].type_name, "I32");
    assert_fails(checkpoint_get_tensor(c, &t, "absent.weight", &err), ERR_FORMAT, &err,
                 "absent.weight");
    (void)walk_checkpoint(c);
    checkpoint_close(c);
    buf_release(&b);
}

static void wrong_types_are_named(void **state)
{
    struct buf b;
    struct checkpoint *c;
    uint64_t u;
    double f;
    bool yes;
    struct slice s;
    const struct slice *strings;
    struct checkpoint_numbers numbers;
    size_t n;
    (void)state;
    begin(&b);
    gguf_small(&b);
    assert_ok(open_buf(&c, &b), &err);
    assert_fails(checkpoint_get_u64(c, &u, "t.f32", &err), ERR_FORMAT, &err,
                 "t.f32 must be an unsigned integer and is of type f32");
    assert_fails(checkpoint_get_u64(c, &u, "t.ints", &err), ERR_FORMAT, &err, "an array of i32");
    assert_fails(checkpoint_get_u64(c, &u, "no.such", &err), ERR_FORMAT, &err, "no.such");
    assert_fails(checkpoint_get_f64(c, &f, "t.u8", &err), ERR_FORMAT, &err, "of type u8");
    assert_fails(checkpoint_get_bool(c, &yes, "t.u8", &err), ERR_FORMAT, &err, "a boolean");
    assert_fails(checkpoint_get_string(c, &s, "t.bool", &err), ERR_FORMAT, &err, "a string");
    assert_fails(checkpoint_get_strings(c, &strings, &n, "t.ints", &err), ERR_FORMAT, &err,
                 "an array of strings");
    assert_fails(checkpoint_get_ints(c, &numbers, "t.strings", &err), ERR_FORMAT, &err,
                 "an array of string");
    assert_fails(checkpoint_get_floats(c, &numbers, "t.ints", &err), ERR_FORMAT, &err, "t.ints");
    assert_fails(checkpoint_get_floats(c, &numbers, "t.f32", &err), ERR_FORMAT, &err, "t.f32");
    assert_ok(checkpoint_opt_u64(c, &u, "no.such", 42, &err), &err);
    assert_int_equal(u, 42);
    assert_fails(checkpoint_opt_u64(c, &u, "t.f32", 42, &err), ERR_FORMAT, &err, "t.f32");
    assert_ok(checkpoint_opt_string(c, &s, "no.such", NULL, &err), &err);
    assert_null(s.ptr);
    checkpoint_close(c);
    buf_release(&b);
}

static void versions(void **state)
{
    struct buf b;
    (void)state;
    for (uint32_t v = 2; v <= 3; v++) {
        begin(&b);
        gguf_header(&b, v, 0, 0);
        expect_good(&b);
    }
    static const struct {
        uint32_t version;
        const char *says;
    } bad[] = { { 0, "version 0" },
                { 1, "version 1" },
                { 4, "version 4" },
                { 0x03000000, "big-endian" },
                { 0x02000000, "big-endian" } };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        begin(&b);
        gguf_header(&b, bad[i].version, 0, 0);
        expect_bad(&b, ERR_UNSUPPORTED_FORMAT, bad[i].says);
    }
}

static void types_are_read_or_refused_by_name(void **state)
{
    static const struct {
        uint32_t id, block_len, block_bytes;
    } good[] = { { 0, 1, 4 },      { 1, 1, 2 },      { 30, 1, 2 },    { 2, 32, 18 },
                 { 3, 32, 20 },    { 6, 32, 22 },    { 7, 32, 24 },   { 8, 32, 34 },
                 { 12, 256, 144 }, { 13, 256, 176 }, { 14, 256, 210 } };
    static const struct {
        uint32_t id;
        const char *says;
    } bad[] = { { 9, "Q8_1" },
                { 10, "Q2_K" },
                { 11, "Q3_K" },
                { 15, "Q8_K" },
                { 16, "IQ2_XXS" },
                { 20, "IQ4_NL" },
                { 23, "IQ4_XS" },
                { 28, "F64" },
                { 34, "TQ1_0" },
                { 39, "MXFP4" },
                { 4, "Q4_2" },
                { 99, "99" },
                { UINT32_MAX, "4294967295" } };
    struct buf b;
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        one_tensor(&b, 1, (uint64_t[]){ good[i].block_len }, good[i].id, 0, good[i].block_bytes);
        expect_good(&b);
        one_tensor(&b, 1, (uint64_t[]){ good[i].block_len }, good[i].id, 0,
                   good[i].block_bytes - 1);
        expect_bad(&b, ERR_FORMAT, "past the end");
        if (good[i].block_len == 1) continue;
        one_tensor(&b, 1, (uint64_t[]){ good[i].block_len + 1 }, good[i].id, 0,
                   2 * good[i].block_bytes);
        expect_bad(&b, ERR_FORMAT, "no whole number");
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        one_tensor(&b, 1, (uint64_t[]){ 256 }, bad[i].id, 0, 4096);
        expect_bad(&b, ERR_UNSUPPORTED_FORMAT, bad[i].says);
    }
}

/* --- limits, both sides ----------------------------------------------------------------------- */

static void many_values(struct buf *b, uint64_t n)
{
    char key[32];
    begin(b);
    gguf_header(b, 3, 0, n);
    for (uint64_t i = 0; i < n; i++) {
        (void)snprintf(key, sizeof key, "k%llu", (unsigned long long)i);
        gguf_number(b, key, VALUE_U8, 1);
    }
}

static void many_tensors(struct buf *b, uint64_t n)
{
    char name[32];
    begin(b);
    gguf_header(b, 3, n, 1);
    gguf_number(b, "general.alignment", VALUE_U32, 4);
    for (uint64_t i = 0; i < n; i++) {
        (void)snprintf(name, sizeof name, "t%llu", (unsigned long long)i);
        gguf_tensor(b, name, 1, (uint64_t[]){ 1 }, 0, 4 * i);
    }
    gguf_pad(b, 4);
    gguf_fill(b, 4 * n);
}

static void limit_of_values_and_tensors(void **state)
{
    struct buf b;
    (void)state;
    many_values(&b, CHECKPOINT_VALUES_MAX);
    expect_good(&b);
    many_values(&b, CHECKPOINT_VALUES_MAX + 1);
    expect_bad(&b, ERR_FORMAT, "number of metadata values");
    many_tensors(&b, CHECKPOINT_TENSORS_MAX);
    expect_good(&b);
    many_tensors(&b, CHECKPOINT_TENSORS_MAX + 1);
    expect_bad(&b, ERR_FORMAT, "number of tensors");
}

static void limit_of_dimensions(void **state)
{
    struct buf b;
    (void)state;
    one_tensor(&b, 4, (uint64_t[]){ 1, 2, 1, 2 }, 0, 0, 16);
    expect_good(&b);
    one_tensor(&b, 5, (uint64_t[]){ 1, 2, 1, 2, 1 }, 0, 0, 16);
    expect_bad(&b, ERR_FORMAT, "at most 4");
    one_tensor(&b, 0, NULL, 0, 0, 4);
    expect_good(&b);
    one_tensor(&b, 2, (uint64_t[]){ 4, 0 }, 0, 0, 4);
    expect_bad(&b, ERR_FORMAT, "is 0");
}

static void repeat(struct buf *b, char c, size_t n)
{
    for (size_t i = 0; i < n; i++) buf_add_char(b, c);
}

static void limit_of_keys_and_names(void **state)
{
    struct buf b;
    (void)state;
    for (size_t over = 0; over <= 1; over++) {
        begin(&b);
        gguf_header(&b, 3, 0, 1);
        put_le(&b, FORMAT_KEY_LEN_MAX + over, 8);
        repeat(&b, 'k', FORMAT_KEY_LEN_MAX + over);
        put_le(&b, VALUE_U8, 4);
        put_le(&b, 1, 1);
        if (over)
            expect_bad(&b, ERR_FORMAT, "a metadata key");
        else
            expect_good(&b);
        begin(&b);
        gguf_header(&b, 3, 1, 0);
        put_le(&b, FORMAT_TENSOR_NAME_LEN_MAX + over, 8);
        repeat(&b, 'n', FORMAT_TENSOR_NAME_LEN_MAX + over);
        repeat(&b, 0, 4 + 4 + 8); /* A scalar F32 at 0. */
        gguf_pad(&b, 32);
        gguf_fill(&b, 4);
        if (over)
            expect_bad(&b, ERR_FORMAT, "a tensor's name");
        else
            expect_good(&b);
    }
}

static void limit_of_strings(void **state)
{
    (void)state;
    for (size_t over = 0; over <= 1; over++) {
        struct buf b;
        begin(&b);
        gguf_header(&b, 3, 0, 1);
        gguf_key(&b, "s", VALUE_STRING);
        put_le(&b, FORMAT_STRING_LEN_MAX + over, 8);
        char *room = buf_reserve(&b, FORMAT_STRING_LEN_MAX + over);
        assert_non_null(room);
        memset(room, 'x', FORMAT_STRING_LEN_MAX + over);
        buf_commit(&b, FORMAT_STRING_LEN_MAX + over);
        struct checkpoint *c;
        if (over) {
            expect_bad(&b, ERR_FORMAT, "s at byte");
            continue;
        }
        assert_ok(open_buf(&c, &b), &err);
        assert_int_equal(c->values[0].string.len, FORMAT_STRING_LEN_MAX);
        checkpoint_close(c);
        buf_release(&b);
    }
}

/* One F32 tensor behind `alignment`, whose value is of type `type`. */
static void aligned(struct buf *b, enum value_type type, uint64_t alignment)
{
    begin(b);
    gguf_header(b, 3, 1, 1);
    gguf_number(b, "general.alignment", type, alignment);
    gguf_tensor(b, "w", 1, (uint64_t[]){ 1 }, 0, 0);
    gguf_pad(b, alignment && alignment <= 1 << 20 ? alignment : 32);
    gguf_fill(b, 4);
}

static void limit_of_alignment(void **state)
{
    static const uint64_t bad[] = { 0, 3, 24, 65535, 131072, 0x80000000u, 0xFFFFFFFFu };
    struct buf b;
    (void)state;
    for (uint64_t a = 1; a <= FORMAT_ALIGNMENT_MAX; a *= 2) {
        aligned(&b, VALUE_U32, a);
        expect_good(&b);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        aligned(&b, VALUE_U32, bad[i]);
        expect_bad(&b, ERR_FORMAT, "general.alignment");
    }
}

static void misaligned_data_are_copied(void **state)
{
    struct buf b;
    struct checkpoint *c;
    (void)state;
    begin(&b);
    gguf_header(&b, 3, 2, 1);
    gguf_number(&b, "general.alignment", VALUE_U32, 1);
    gguf_tensor(&b, "a", 1, (uint64_t[]){ 1 }, 1, 0);
    gguf_tensor(&b, "b", 1, (uint64_t[]){ 1 }, 0, 3); /* Never at a multiple of 4 with "a". */
    uint64_t data = b.len;
    gguf_fill(&b, 7);
    assert_ok(open_buf(&c, &b), &err);
    const struct checkpoint_tensor *t = checkpoint_tensor(c, "b");
    assert_int_equal((uintptr_t)t->data % 4, 0);
    assert_memory_equal(t->data, b.ptr + data + 3, 4);
    checkpoint_close(c);
    buf_release(&b);
}

static void offsets_must_be_inside_aligned_and_apart(void **state)
{
    struct buf b;
    (void)state;
    one_tensor(&b, 1, (uint64_t[]){ 8 }, 0, 32, 64);
    expect_good(&b);
    one_tensor(&b, 1, (uint64_t[]){ 8 }, 0, 16, 64);
    expect_bad(&b, ERR_FORMAT, "no multiple");
    one_tensor(&b, 1, (uint64_t[]){ 8 }, 0, 32, 63);
    expect_bad(&b, ERR_FORMAT, "past the end");
    one_tensor(&b, 1, (uint64_t[]){ 8 }, 0, 96, 64);
    expect_bad(&b, ERR_FORMAT, "past the end");
    for (uint64_t second = 0; second <= 64; second += 32) {
        begin(&b);
        gguf_header(&b, 3, 2, 0);
        gguf_tensor(&b, "a", 1, (uint64_t[]){ 16 }, 0, 0);
        gguf_tensor(&b, "b", 1, (uint64_t[]){ 8 }, 0, second);
        gguf_pad(&b, 32);
        gguf_fill(&b, 96);
        if (second < 64)
            expect_bad(&b, ERR_FORMAT, "overlaps");
        else
            expect_good(&b);
    }
}

static void names_must_be_text_and_unique(void **state)
{
    static const char *const bad[] = { "", "a\x01z", "caf\xE9", "\xC0\x80" };
    struct buf b;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        begin(&b);
        gguf_header(&b, 3, 0, 1);
        gguf_number(&b, bad[i], VALUE_U8, 1);
        expect_bad(&b, ERR_FORMAT, "a metadata key");
        begin(&b);
        gguf_header(&b, 3, 1, 0);
        gguf_tensor(&b, bad[i], 1, (uint64_t[]){ 1 }, 0, 0);
        gguf_pad(&b, 32);
        gguf_fill(&b, 4);
        expect_bad(&b, ERR_FORMAT, "a tensor's name");
    }
    begin(&b);
    gguf_header(&b, 3, 0, 2);
    gguf_number(&b, "twin", VALUE_U8, 1);
    gguf_number(&b, "twin", VALUE_U8, 2);
    expect_bad(&b, ERR_FORMAT, "twin appears twice");
    begin(&b);
    gguf_header(&b, 3, 2, 0);
    gguf_tensor(&b, "twin", 1, (uint64_t[]){ 8 }, 0, 0);
    gguf_tensor(&b, "twin", 1, (uint64_t[]){ 8 }, 0, 32);
    gguf_pad(&b, 32);
    gguf_fill(&b, 64);
    expect_bad(&b, ERR_FORMAT, "twin appears twice");
}

static void odd_values_are_refused(void **state)
{
    struct buf b;
    (void)state;
    begin(&b);
    gguf_header(&b, 3, 0, 1);
    gguf_number(&b, "b", VALUE_BOOL, 2);
    expect_bad(&b, ERR_FORMAT, "0 or 1");
    begin(&b);
    gguf_header(&b, 3, 0, 1);
    gguf_array(&b, "b", VALUE_BOOL, 2);
    put_le(&b, 0x0201, 2);
    expect_bad(&b, ERR_FORMAT, "0 or 1");
    begin(&b);
    gguf_header(&b, 3, 0, 1);
    gguf_array(&b, "nested", VALUE_ARRAY, 1);
    repeat(&b, 0, 32);
    expect_bad(&b, ERR_FORMAT, "arrays of arrays");
    begin(&b);
    gguf_header(&b, 3, 0, 1);
    gguf_key(&b, "k", (enum value_type)13);
    repeat(&b, 0, 32);
    expect_bad(&b, ERR_FORMAT, "type 13 is unknown");
}

static void split_files_are_named(void **state)
{
    struct buf b;
    (void)state;
    begin(&b);
    gguf_header(&b, 3, 0, 2);
    gguf_number(&b, "split.count", VALUE_U16, 3);
    gguf_number(&b, "split.no", VALUE_U16, 1);
    expect_bad(&b, ERR_UNSUPPORTED_FORMAT, "part 2 of a model split into 3");
}

/* --- what broke elsewhere --------------------------------------------------------------------- */

/* llama.cpp #15711: n_tensors times the table's overhead wraps. Ollama CVE-2025-0315: a count makes
 * the loader allocate without bound. Both are compared with the bytes that are there. */
static void regression_counts_beyond_the_file(void **state)
{
    static const uint64_t counts[] = { 1, 1000, 65536, 1u << 31, 0x0AAAAAAAAAAAAAAB, UINT64_MAX };
    struct buf b;
    (void)state;
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        begin(&b);
        gguf_header(&b, 3, counts[i], 0);
        expect_bad(&b, ERR_FORMAT, "the number of tensors");
        begin(&b);
        gguf_header(&b, 3, 0, counts[i]);
        expect_bad(&b, ERR_FORMAT, "the number of metadata values");
        for (int item = 0; item < VALUE_TYPES; item++) {
            if (item == VALUE_ARRAY) continue;
            begin(&b);
            gguf_header(&b, 3, 0, 1);
            gguf_array(&b, "list", (enum value_type)item, counts[i]);
            expect_bad(&b, ERR_FORMAT, "list at byte");
        }
    }
}

/* llama.cpp PR #18674: the product of dims wraps to 0 at 2^42+1 and passes every later check. */
static void regression_dims_product_wraps(void **state)
{
    static const uint64_t dims[][4] = {
        { ((uint64_t)1 << 42) + 1, (uint64_t)1 << 22, 1, 1 },
        { (uint64_t)1 << 32, (uint64_t)1 << 32, 1, 1 },
        { (uint64_t)1 << 16, (uint64_t)1 << 16, (uint64_t)1 << 16, (uint64_t)1 << 16 },
        { UINT64_MAX, 1, 1, 1 },
        { 1, UINT64_MAX, UINT64_MAX, 1 },
        { (uint64_t)1 << 62, 1, 1, 1 },
        { (uint64_t)1 << 63, 2, 1, 1 },
    };
    struct buf b;
    (void)state;
    for (size_t i = 0; i < sizeof dims / sizeof *dims; i++) {
        one_tensor(&b, 4, dims[i], 0, 0, 64);
        expect_bad(&b, ERR_FORMAT, "multiply to more");
    }
    one_tensor(&b, 2, (uint64_t[]){ (uint64_t)1 << 50, 32 }, 2, 0, 64);
    expect_bad(&b, ERR_FORMAT, "past the end");
}

/* CVE-2025-53630 and its bypass CVE-2026-27940: offset plus size wraps past the check. */
static void regression_offset_plus_size_wraps(void **state)
{
    static const uint64_t offsets[] = { UINT64_MAX - 31, UINT64_MAX - 63, (uint64_t)1 << 63,
                                        UINT64_MAX & ~(uint64_t)4095 };
    struct buf b;
    (void)state;
    for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++) {
        one_tensor(&b, 1, (uint64_t[]){ 8 }, 0, offsets[i], 64);
        expect_bad(&b, ERR_FORMAT, "past the end");
    }
}

/* CVE-2026-7482 ("Bleeding Llama"): a tensor larger than the file makes the loader read what lies
 * behind it in memory. */
static void regression_size_beyond_the_file(void **state)
{
    struct buf b;
    (void)state;
    one_tensor(&b, 2, (uint64_t[]){ 1024, 1024 }, 0, 0, 64);
    expect_bad(&b, ERR_FORMAT, "past the end");
    one_tensor(&b, 1, (uint64_t[]){ 17 }, 0, 0, 64);
    expect_bad(&b, ERR_FORMAT, "past the end");
}

/* llama.cpp #26318: padding wraps; #24997: alignment 0x80000000; CVE-2024-8063: division by 0. */
static void regression_alignment(void **state)
{
    struct buf b;
    (void)state;
    aligned(&b, VALUE_U32, 0x80000000u);
    expect_bad(&b, ERR_FORMAT, "power of two");
    aligned(&b, VALUE_U64, UINT64_MAX);
    expect_bad(&b, ERR_FORMAT, "power of two");
    aligned(&b, VALUE_U32, 0);
    expect_bad(&b, ERR_FORMAT, "power of two");
    begin(&b); /* The padding itself must be in the file. */
    gguf_header(&b, 3, 1, 0);
    gguf_tensor(&b, "w", 1, (uint64_t[]){ 1 }, 0, 0);
    assert_true(b.len % 32 != 0);
    expect_bad(&b, ERR_FORMAT, "padding");
}

/* llama.cpp #26318: general.alignment of another type hit an assertion. */
static void regression_alignment_of_wrong_type(void **state)
{
    struct buf b;
    (void)state;
    begin(&b);
    gguf_header(&b, 3, 1, 1);
    gguf_string(&b, "general.alignment", "32");
    gguf_tensor(&b, "w", 1, (uint64_t[]){ 1 }, 0, 0);
    gguf_pad(&b, 32);
    gguf_fill(&b, 4);
    expect_bad(&b, ERR_FORMAT, "general.alignment must be an unsigned integer");
}

/* llama.cpp #26690: arrays of metadata were cast without asking for their elements' type. */
static void regression_array_type_confusion(void **state)
{
    struct buf b;
    struct checkpoint *c;
    const struct slice *strings;
    struct checkpoint_numbers numbers;
    size_t n;
    (void)state;
    begin(&b);
    gguf_header(&b, 3, 0, 3);
    gguf_array(&b, "tokenizer.ggml.tokens", VALUE_U8, 4);
    put_le(&b, 0x41414141, 4);
    gguf_array(&b, "tokenizer.ggml.scores", VALUE_I8, 4);
    put_le(&b, 0, 4);
    gguf_array(&b, "tokenizer.ggml.token_type", VALUE_BOOL, 4);
    put_le(&b, 0, 4);
    assert_ok(open_buf(&c, &b), &err);
    assert_fails(checkpoint_get_strings(c, &strings, &n, "tokenizer.ggml.tokens", &err), ERR_FORMAT,
                 &err, "tokenizer.ggml.tokens");
    assert_fails(checkpoint_get_floats(c, &numbers, "tokenizer.ggml.scores", &err), ERR_FORMAT,
                 &err, "tokenizer.ggml.scores");
    assert_fails(checkpoint_get_ints(c, &numbers, "tokenizer.ggml.token_type", &err), ERR_FORMAT,
                 &err, "tokenizer.ggml.token_type");
    checkpoint_close(c);
    buf_release(&b);
}

/* Ollama CVE-2024-39720: four bytes crash it; CVE-2025-0312 and CVE-2024-12055: cut files. */
static void regression_tiny_files(void **state)
{
    struct buf b;
    (void)state;
    for (size_t len = 4; len < 24; len++) {
        begin(&b);
        gguf_header(&b, 3, 0, 0);
        b.len = len;
        expect_bad(&b, ERR_FORMAT, "are left");
    }
    begin(&b);
    struct checkpoint *c = NULL;
    assert_fails(open_buf(&c, &b), ERR_FORMAT, &err, "is empty");
}

/* GGML's legacy loaders (#3787, #3944): n_dims indexes ne[4] on the stack. */
static void regression_many_dims(void **state)
{
    static const uint32_t n_dims[] = { 5, 255, 0x7FFFFFFF, UINT32_MAX };
    struct buf b;
    (void)state;
    for (size_t i = 0; i < sizeof n_dims / sizeof *n_dims; i++) {
        begin(&b);
        gguf_header(&b, 3, 1, 0);
        gguf_text(&b, "w");
        put_le(&b, n_dims[i], 4);
        repeat(&b, 1, 4096);
        expect_bad(&b, ERR_FORMAT, "at most 4");
    }
}

/* CVE-2025-49847 and CVE-2025-52566: a text's size_t length became an int32. */
static void regression_string_lengths(void **state)
{
    static const uint64_t lengths[] = { 0x7FFFFFFF,  0x80000000u,       0xFFFFFFFFu,
                                        0x100000001, (uint64_t)1 << 63, UINT64_MAX };
    struct buf b;
    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        begin(&b);
        gguf_header(&b, 3, 0, 1);
        gguf_key(&b, "s", VALUE_STRING);
        put_le(&b, lengths[i], 8);
        repeat(&b, 'x', 100);
        expect_bad(&b, ERR_FORMAT, "s at byte");
        begin(&b);
        gguf_header(&b, 3, 0, 1);
        put_le(&b, lengths[i], 8);
        repeat(&b, 'x', 100);
        expect_bad(&b, ERR_FORMAT, "a metadata key");
    }
}

/* llama.cpp #19919: hardening made loading slow. A million-token vocabulary opens in linear time;
 * not timed here, but a quadratic reader would hang the test. */
static void regression_large_vocabulary(void **state)
{
    enum { N = 1000000 };
    struct buf b;
    (void)state;
    begin(&b);
    gguf_header(&b, 3, 0, 1);
    gguf_array(&b, "tokenizer.ggml.tokens", VALUE_STRING, N);
    for (int i = 0; i < N; i++) gguf_text(&b, "tok");
    expect_good(&b);
}

/* Other formats, named. */
static void foreign_files_are_named(void **state)
{
    static const struct {
        struct slice bytes;
        const char *says;
    } rows[] = {
        { { "\x80\x02}q\x00", 5 }, "pickle" },
        { { "PK\3\4aaaaaaaaaaaaaaaa", 20 }, "zip" },
        { { "MZqFpD='\n", 9 }, "llamafile" },
        { { "\x7F"
            "ELF\2\1\1",
            7 },
          "llamafile" },
        { { "lmgg\0\0\0\0", 8 }, "before GGUF" },
        { { "tjgg\3\0\0\0", 8 }, "GGJT" },
        { { "FUGG\0\0\0\3", 8 }, "big-endian" },
        { { "version https://git-lfs", 23 }, "Git LFS" },
        { { "<!DOCTYPE html>", 15 }, "web page" },
        { { "GGU", 3 }, "no model file" },
        { { "hello", 5 }, "no model file" },
    };
    struct checkpoint *c = NULL;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_fails(checkpoint_open_memory(&c, rows[i].bytes, "x", &err), ERR_UNSUPPORTED_FORMAT,
                     &err, rows[i].says);
    assert_fails(checkpoint_open(&c, "/nonexistent/x.gguf", &err), ERR_NOT_FOUND, &err, "x.gguf");
    assert_fails(checkpoint_open(&c, "/dev/null", &err), ERR_UNSUPPORTED_FORMAT, &err,
                 "not a regular file");
    assert_null(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_read_back),
        cmocka_unit_test(arrays_read_back),
        cmocka_unit_test(tensors_read_back),
        cmocka_unit_test(wrong_types_are_named),
        cmocka_unit_test(versions),
        cmocka_unit_test(types_are_read_or_refused_by_name),
        cmocka_unit_test(limit_of_values_and_tensors),
        cmocka_unit_test(limit_of_dimensions),
        cmocka_unit_test(limit_of_keys_and_names),
        cmocka_unit_test(limit_of_strings),
        cmocka_unit_test(limit_of_alignment),
        cmocka_unit_test(misaligned_data_are_copied),
        cmocka_unit_test(offsets_must_be_inside_aligned_and_apart),
        cmocka_unit_test(names_must_be_text_and_unique),
        cmocka_unit_test(odd_values_are_refused),
        cmocka_unit_test(split_files_are_named),
        cmocka_unit_test(regression_counts_beyond_the_file),
        cmocka_unit_test(regression_dims_product_wraps),
        cmocka_unit_test(regression_offset_plus_size_wraps),
        cmocka_unit_test(regression_size_beyond_the_file),
        cmocka_unit_test(regression_alignment),
        cmocka_unit_test(regression_alignment_of_wrong_type),
        cmocka_unit_test(regression_array_type_confusion),
        cmocka_unit_test(regression_tiny_files),
        cmocka_unit_test(regression_many_dims),
        cmocka_unit_test(regression_string_lengths),
        cmocka_unit_test(regression_large_vocabulary),
        cmocka_unit_test(foreign_files_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

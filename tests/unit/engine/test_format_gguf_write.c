/* A written GGUF file reads back as what was to be written; a failure leaves nothing behind. */
#include "unit/test.h"

#include "base/buf.h"
#include "base/seam.h"
#include "engine/format.h"
#include "engine/format_gguf_write.h"
#include "fault/fault.h"
#include "support/model_writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/tiro-gguf-XXXXXX", path[64], part[64];

static int setup(void **state)
{
    (void)state;
    if (!mkdtemp(folder)) return -1;
    (void)snprintf(path, sizeof path, "%s/out.gguf", folder);
    (void)snprintf(part, sizeof part, "%s/out.gguf.part", folder);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(folder); /* Fails when anything else is left. */
}

static bool there(const char *name)
{
    struct stat st;
    return stat(name, &st) == 0;
}

/* Every metadata type, an F32 and a Q4_0 tensor; the integer one is left out. */
static struct checkpoint *small(struct buf *b)
{
    struct checkpoint *c;
    struct err err;
    buf_init(b, 1 << 20);
    gguf_small(b);
    assert_ok(checkpoint_open_memory(&c, buf_slice(b), "small", &err), &err);
    assert_int_equal(c->n_tensors, 3);
    return c;
}

static struct gguf_contents contents_of(const struct checkpoint *c)
{
    return (struct gguf_contents){
        .values = c->values, .n_values = c->n_values, .tensors = c->tensors, .n_tensors = 2
    };
}

/* In portions of at most `portion` bytes. */
static int write_all(const struct checkpoint *c, size_t portion, struct err *err)
{
    struct gguf_writer *w;
    struct gguf_contents contents = contents_of(c);
    TRY(gguf_writer_open(&w, path, &contents, err));
    int rc = 0;
    for (size_t i = 0; i < contents.n_tensors && rc == 0; i++)
        for (size_t at = 0; at < c->tensors[i].size && rc == 0; at += portion) {
            size_t left = (size_t)c->tensors[i].size - at;
            rc = gguf_writer_add(w, (const char *)c->tensors[i].data + at,
                                 left < portion ? left : portion, err);
        }
    if (rc == 0) rc = gguf_writer_commit(w, err);
    gguf_writer_close(w);
    return rc;
}

static void same_value(const struct checkpoint_value *a, const struct checkpoint_value *b)
{
    assert_true(slice_eq(a->key, b->key));
    assert_int_equal(a->type, b->type);
    assert_true(slice_eq(a->string, b->string));
    assert_int_equal(a->n, b->n);
    if (a->type != VALUE_ARRAY) {
        assert_int_equal(a->u, b->u); /* Or the bits of i, f or b. */
        return;
    }
    assert_int_equal(a->item, b->item);
    for (uint64_t i = 0; i < a->n && a->item == VALUE_STRING; i++)
        assert_true(slice_eq(a->strings[i], b->strings[i]));
    if (a->item != VALUE_STRING)
        assert_memory_equal(a->items, b->items, a->n * value_type_size(a->item));
}

static void same_checkpoint(const struct checkpoint *a, const struct checkpoint *b)
{
    assert_int_equal(b->version, 3);
    assert_int_equal(a->n_values, b->n_values);
    for (size_t i = 0; i < a->n_values; i++) same_value(&a->values[i], &b->values[i]);
    assert_int_equal(b->n_tensors, 2);
    for (size_t i = 0; i < b->n_tensors; i++) {
        const struct checkpoint_tensor *x = &a->tensors[i], *y = &b->tensors[i];
        assert_true(slice_eq(x->name, y->name));
        assert_int_equal(x->dtype, y->dtype);
        assert_int_equal(x->n_dims, y->n_dims);
        assert_memory_equal(x->dims, y->dims, sizeof x->dims);
        assert_int_equal(x->size, y->size);
        assert_memory_equal(x->data, y->data, x->size);
    }
}

static void test_round_trip(void **state)
{
    (void)state;
    static const size_t portions[] = { 1, 7, 1 << 20 };
    struct buf b;
    struct err err;
    struct checkpoint *from = small(&b), *to;
    for (size_t i = 0; i < sizeof portions / sizeof *portions; i++) {
        struct stat st;
        assert_ok(write_all(from, portions[i], &err), &err);
        assert_false(there(part));
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_size % 32, 0);
        assert_ok(checkpoint_open(&to, path, &err), &err);
        same_checkpoint(from, to);
        checkpoint_close(to);
    }
    checkpoint_close(from);
    buf_release(&b);
}

static void test_alignment(void **state)
{
    (void)state;
    struct err err;
    struct gguf_writer *w;
    struct checkpoint *c;
    static const float ones[3] = { 1, 1, 1 };
    const struct checkpoint_tensor tensors[] = {
        { .name = SLICE("a"), .dtype = DTYPE_F32, .usable = true, .n_dims = 1, .dims = { 3 } },
        { .name = SLICE("b"), .dtype = DTYPE_F32, .usable = true, .n_dims = 0 },
    };
    static const struct {
        uint64_t alignment;
        bool ok;
    } rows[] = { { 1, true },  { 4, true },  { 64, true },         { FORMAT_ALIGNMENT_MAX, true },
                 { 0, false }, { 3, false }, { 1ull << 17, false } };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct checkpoint_value alignment = { .key = SLICE("general.alignment"),
                                              .type = VALUE_U32,
                                              .u = rows[i].alignment };
        struct gguf_contents contents = { &alignment, 1, tensors, 2 };
        if (!rows[i].ok) {
            assert_fails(gguf_writer_open(&w, path, &contents, &err), ERR_INVALID_VALUE, &err,
                         "general.alignment");
            continue;
        }
        assert_ok(gguf_writer_open(&w, path, &contents, &err), &err);
        uint64_t size = gguf_writer_file_size(w);
        assert_ok(gguf_writer_add(w, ones, 12, &err), &err);
        assert_ok(gguf_writer_add(w, ones, 4, &err), &err);
        assert_ok(gguf_writer_commit(w, &err), &err);
        gguf_writer_close(w);
        struct stat st;
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_size, size);
        assert_ok(checkpoint_open(&c, path, &err), &err);
        assert_memory_equal(c->tensors[0].data, ones, 12);
        assert_memory_equal(c->tensors[1].data, ones, 4);
        checkpoint_close(c);
    }
}

static void refused(struct gguf_contents contents, int code, const char *why)
{
    struct err err;
    struct gguf_writer *w;
    (void)unlink(path);
    assert_fails(gguf_writer_open(&w, path, &contents, &err), code, &err, why);
    assert_false(there(path) || there(part));
}

static void test_refusals(void **state)
{
    (void)state;
    struct buf b;
    struct checkpoint *c = small(&b);
    struct gguf_contents all = contents_of(c);
    all.n_tensors = 3;
    refused(all, ERR_UNSUPPORTED_FORMAT, "I32");
    struct checkpoint_tensor two[2] = { c->tensors[0], c->tensors[0] };
    refused((struct gguf_contents){ .tensors = two, .n_tensors = 2 }, ERR_INVALID_VALUE, "twice");
    struct checkpoint_value same[2] = { c->values[0], c->values[0] };
    refused((struct gguf_contents){ .values = same, .n_values = 2 }, ERR_INVALID_VALUE, "twice");
    struct checkpoint_tensor odd = c->tensors[1];
    odd.dims[1] = 33;
    refused((struct gguf_contents){ .tensors = &odd, .n_tensors = 1 }, ERR_FORMAT, "33");
    odd.dims[0] = odd.dims[1] = 1ull << 33;
    refused((struct gguf_contents){ .tensors = &odd, .n_tensors = 1 }, ERR_FORMAT, "2^63");
    odd.dims[0] = 0;
    refused((struct gguf_contents){ .tensors = &odd, .n_tensors = 1 }, ERR_FORMAT, "is 0");
    two[1].name = SLICE("b");
    two[0].dims[0] = two[1].dims[0] = 1ull << 60; /* Each fits, both together do not. */
    refused((struct gguf_contents){ .tensors = two, .n_tensors = 2 }, ERR_LIMIT, "2^62");
    checkpoint_close(c);
    buf_release(&b);
}

static void test_one_writer_at_a_time(void **state)
{
    (void)state;
    struct buf b;
    struct err err;
    struct gguf_writer *first, *second;
    struct checkpoint *c = small(&b);
    struct gguf_contents contents = contents_of(c);
    (void)unlink(path);
    assert_ok(gguf_writer_open(&first, path, &contents, &err), &err);
    assert_fails(gguf_writer_open(&second, path, &contents, &err), ERR_BUSY, &err, "another");
    assert_true(there(part)); /* The first one's. */
    gguf_writer_close(first); /* Without commit. */
    assert_false(there(path) || there(part));
    checkpoint_close(c);
    buf_release(&b);
}

/* Whatever fails, there is no file, and no part of one. */
static void fail_each(const struct checkpoint *c, enum fault_kind kind, int error)
{
    struct err err;
    for (int n = 1;; n++) {
        (void)unlink(path);
        fault_start(kind, n, error);
        int rc = write_all(c, 16, &err);
        if (!fault_stop()) {
            assert_ok(rc, &err);
            assert_true(n > 1);
            return;
        }
        assert_false(there(part));
        if (rc == 0) /* Only the folder's sync after the rename may fail unseen. */
            assert_true(there(path) && (kind == FAULT_OPEN || kind == FAULT_FSYNC) && n == 2);
        else
            assert_false(there(path));
    }
}

static void test_every_failure_leaves_nothing(void **state)
{
    (void)state;
    struct buf b;
    struct checkpoint *c = small(&b);
    fail_each(c, FAULT_ALLOC, ENOMEM);
    fail_each(c, FAULT_OPEN, EACCES);
    fail_each(c, FAULT_WRITE, ENOSPC);
    fail_each(c, FAULT_FSYNC, EIO);
    fail_each(c, FAULT_RENAME, EACCES);
    checkpoint_close(c);
    buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_alignment),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_one_writer_at_a_time),
        cmocka_unit_test(test_every_failure_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}

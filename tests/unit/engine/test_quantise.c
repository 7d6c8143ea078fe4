/* A model quantised: which tensors change, that they change as encode says, what failures leave. */
#include "unit/test.h"

#include "base/buf.h"
#include "base/pool.h"
#include "base/seam.h"
#include "engine/format.h"
#include "engine/quantise.h"
#include "fault/fault.h"
#include "kernels/encode.h"
#include "kernels/kernel.h"
#include "support/model_writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define MODEL TIRO_SOURCE_DIR "/tests/golden/llama/gqa.gguf"

static char folder[] = "/tmp/tiro-quantise-XXXXXX", path[64], part[64];

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
    return rmdir(folder);
}

static bool there(const char *name)
{
    struct stat st;
    return stat(name, &st) == 0;
}

static int quantise(struct quantise_result *r, const struct checkpoint *c,
                    struct quantise_options o, int threads, struct err *err)
{
    TRY(pool_open(&o.pool, threads, err));
    int rc = quantise_model(r, c, path, &o, err);
    pool_close(o.pool);
    return rc;
}

/* What the tensor must hold: rows decoded, then encoded. */
static void is_encoded(const struct checkpoint_tensor *from, const struct checkpoint_tensor *to)
{
    struct kernels k;
    kernels_select(&k, 0);
    float *x = malloc(from->n_elements * sizeof *x);
    void *want = malloc(to->size);
    k.dequant[from->dtype](x, from->data, from->n_elements);
    assert_true(encode_of(to->dtype)(want, x, from->n_elements));
    assert_memory_equal(to->data, want, to->size);
    free(x);
    free(want);
}

static void check_result(const struct checkpoint *from, enum dtype type, enum dtype head)
{
    struct err err;
    struct checkpoint *to;
    uint64_t file_type, version;
    assert_ok(checkpoint_open(&to, path, &err), &err);
    assert_ok(checkpoint_get_u64(to, &file_type, "general.file_type", &err), &err);
    assert_ok(checkpoint_get_u64(to, &version, "general.quantization_version", &err), &err);
    assert_int_equal(file_type, type == DTYPE_Q8_0 ? 7 : 2);
    assert_int_equal(version, 2);
    for (size_t i = 0; i < from->n_values; i++)
        assert_true(slice_eq(from->values[i].key, to->values[i].key));
    assert_int_equal(to->n_values, from->n_values + 2);
    assert_int_equal(to->n_tensors, from->n_tensors);
    for (size_t i = 0; i < from->n_tensors; i++) {
        const struct checkpoint_tensor *x = &from->tensors[i], *y = &to->tensors[i];
        assert_true(slice_eq(x->name, y->name));
        enum dtype want = x->n_dims < 2                        ? x->dtype
                          : slice_is(x->name, "output.weight") ? head
                                                               : type;
        assert_int_equal(y->dtype, want);
        if (x->dtype == y->dtype)
            assert_memory_equal(x->data, y->data, x->size);
        else
            is_encoded(x, y);
    }
    checkpoint_close(to);
}

static void test_types(void **state)
{
    (void)state;
    static const struct {
        struct quantise_options o;
        enum dtype head;
    } rows[] = {
        { { .type = DTYPE_Q8_0 }, DTYPE_Q8_0 },
        { { .type = DTYPE_Q4_0 }, DTYPE_Q8_0 },
        { { .type = DTYPE_Q4_0, .head = QUANTISE_HEAD_KEEP }, DTYPE_BF16 },
        { { .type = DTYPE_Q4_0, .head = QUANTISE_HEAD_TYPE, .head_type = DTYPE_Q4_0 }, DTYPE_Q4_0 },
        { { .type = DTYPE_Q8_0, .head = QUANTISE_HEAD_TYPE, .head_type = DTYPE_F16 }, DTYPE_F16 },
    };
    struct err err;
    struct checkpoint *c;
    struct quantise_result r;
    assert_ok(checkpoint_open(&c, MODEL, &err), &err);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_ok(quantise(&r, c, rows[i].o, 1 + (int)i % 3, &err), &err);
        check_result(c, rows[i].o.type, rows[i].head);
        assert_int_equal(r.head_type, rows[i].head);
        assert_int_equal(r.n_converted + r.n_copied, 23);
        assert_int_equal(r.n_kept, 7);
        assert_false(r.was_quantised);
        /* A uniform quantiser of b bits loses about range / 2^b / sqrt(12) of it. */
        assert_true(r.error > 0.001 && r.error < (rows[i].o.type == DTYPE_Q8_0 ? 0.01 : 0.15));
    }
    checkpoint_close(c);
}

static void test_threads_do_not_matter(void **state)
{
    (void)state;
    struct err err;
    struct checkpoint *c;
    struct quantise_result r;
    char *one = NULL, *three = NULL;
    size_t one_len = 0, three_len = 0;
    assert_ok(checkpoint_open(&c, MODEL, &err), &err);
    assert_ok(quantise(&r, c, (struct quantise_options){ .type = DTYPE_Q4_0 }, 1, &err), &err);
    assert_ok(file_read_all(&one, &one_len, path, 1 << 20, &err), &err);
    assert_ok(quantise(&r, c, (struct quantise_options){ .type = DTYPE_Q4_0 }, 3, &err), &err);
    assert_ok(file_read_all(&three, &three_len, path, 1 << 20, &err), &err);
    assert_int_equal(one_len, three_len);
    assert_int_equal(one_len, r.bytes_out);
    assert_memory_equal(one, three, one_len);
    mem_free(one);
    mem_free(three);
    checkpoint_close(c);
}

/* Names and shapes that stay, and a quantised file quantised again. */
static void test_what_stays(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint64_t row;
        enum dtype want;
    } rows[] = {
        { "token_embd.weight", 64, DTYPE_Q8_0 }, /* Tied: the head. */
        { "blk.0.attn_q.weight", 64, DTYPE_Q4_0 },
        { "blk.0.odd.weight", 48, DTYPE_F32 },
        { "position_embd.weight", 64, DTYPE_F32 },
        { "blk.0.ffn_gate_inp.weight", 64, DTYPE_F32 },
        { "blk.0.attn_q_norm.weight", 64, DTYPE_F32 },
        { "blk.0.attn_q.bias", 64, DTYPE_F32 },
    };
    enum { N = sizeof rows / sizeof *rows };
    struct buf b;
    struct err err;
    struct checkpoint *c, *to;
    struct quantise_result r;
    uint64_t offset = 0;
    buf_init(&b, 1 << 20);
    gguf_header(&b, 2, N, 1);
    gguf_number(&b, "general.file_type", VALUE_U32, 0);
    for (size_t i = 0; i < N; i++) {
        gguf_tensor(&b, rows[i].name, 2, (uint64_t[]){ rows[i].row, 2 }, 0, offset);
        offset += rows[i].row * 8;
    }
    gguf_pad(&b, 32);
    for (uint64_t i = 0; i < offset / 4; i++) put_le(&b, 0x3F800000u + i * 4096, 4);
    assert_ok(checkpoint_open_memory(&c, buf_slice(&b), "names", &err), &err);
    assert_ok(quantise(&r, c, (struct quantise_options){ .type = DTYPE_Q4_0 }, 2, &err), &err);
    checkpoint_close(c);
    assert_ok(checkpoint_open(&to, path, &err), &err);
    assert_int_equal(to->n_values, 2); /* The file's type was replaced, the version added. */
    for (size_t i = 0; i < N; i++) assert_int_equal(to->tensors[i].dtype, rows[i].want);
    char again[80];
    (void)snprintf(again, sizeof again, "%s/from.gguf", folder);
    assert_int_equal(rename(path, again), 0);
    assert_ok(quantise(&r, to, (struct quantise_options){ .type = DTYPE_Q8_0 }, 2, &err), &err);
    assert_true(r.was_quantised && r.was_type == DTYPE_Q4_0);
    assert_int_equal(r.n_copied, 1);
    assert_int_equal(r.n_converted, 1);
    checkpoint_close(to);
    (void)unlink(again);
    buf_release(&b);
}

static void test_refusals(void **state)
{
    (void)state;
    struct buf b;
    struct err err;
    struct checkpoint *c;
    struct quantise_result r;
    struct quantise_options o = { .type = DTYPE_Q8_0 };
    (void)unlink(path);
    assert_ok(checkpoint_open(&c, TIRO_SOURCE_DIR "/tests/golden/llama/gqa", &err), &err);
    assert_fails(quantise(&r, c, o, 1, &err), ERR_UNSUPPORTED_FORMAT, &err, "safetensors");
    checkpoint_close(c);
    buf_init(&b, 1 << 20);
    gguf_header(&b, 3, 1, 0);
    gguf_tensor(&b, "a.weight", 2, (uint64_t[]){ 32, 1 }, 0, 0);
    gguf_pad(&b, 32);
    for (int i = 0; i < 32; i++) put_le(&b, i == 9 ? 0x7F800000u : 0, 4); /* infinity */
    assert_ok(checkpoint_open_memory(&c, buf_slice(&b), "infinite", &err), &err);
    assert_fails(quantise(&r, c, o, 1, &err), ERR_FORMAT, &err, "a.weight holds a value");
    checkpoint_close(c);
    buf_reset(&b);
    gguf_small(&b);
    assert_ok(checkpoint_open_memory(&c, buf_slice(&b), "small", &err), &err);
    assert_fails(quantise(&r, c, o, 1, &err), ERR_UNSUPPORTED_FORMAT, &err, "ids");
    checkpoint_close(c);
    buf_reset(&b);
    gguf_header(&b, 3, 0, 0);
    assert_ok(checkpoint_open_memory(&c, buf_slice(&b), "empty", &err), &err);
    assert_fails(quantise(&r, c, o, 1, &err), ERR_UNSUPPORTED_FORMAT, &err, "nothing");
    checkpoint_close(c);
    assert_false(there(path) || there(part));
    buf_release(&b);
}

static bool stop_late(void *ctx, uint64_t done, uint64_t total)
{
    assert_true(done <= total);
    return ++*(int *)ctx < 20;
}

static void test_stopping(void **state)
{
    (void)state;
    struct err err;
    struct checkpoint *c;
    struct quantise_result r;
    int calls = 0;
    struct quantise_options o = { .type = DTYPE_Q8_0, .progress = stop_late, .ctx = &calls };
    assert_ok(checkpoint_open(&c, MODEL, &err), &err);
    assert_fails(quantise(&r, c, o, 2, &err), ERR_CANCELLED, &err, "nothing was written");
    assert_int_equal(calls, 20);
    assert_false(there(path) || there(part));
    checkpoint_close(c);
}

static void test_every_failure_leaves_nothing(void **state)
{
    (void)state;
    static const struct {
        enum fault_kind kind;
        int error, code;
    } rows[] = { { FAULT_ALLOC, ENOMEM, 0 /* any */ },
                 { FAULT_WRITE, ENOSPC, ERR_NO_SPACE },
                 { FAULT_FSYNC, EIO, ERR_IO } };
    struct err err;
    struct checkpoint *c;
    struct quantise_result r;
    struct quantise_options o = { .type = DTYPE_Q4_0 };
    assert_ok(checkpoint_open(&c, MODEL, &err), &err);
    assert_ok(pool_open(&o.pool, 2, &err), &err);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int n = 1;
        for (;; n++) {
            (void)unlink(path);
            fault_start(rows[i].kind, n, rows[i].error);
            int rc = quantise_model(&r, c, path, &o, &err);
            if (!fault_stop() || rc == 0) break; /* The folder's sync fails unseen. */
            assert_true(rows[i].code ? rc == -rows[i].code : rc < 0);
            assert_false(there(path) || there(part));
        }
        assert_true(n > 1 && there(path));
    }
    pool_close(o.pool);
    checkpoint_close(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),      cmocka_unit_test(test_threads_do_not_matter),
        cmocka_unit_test(test_what_stays), cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_stopping),   cmocka_unit_test(test_every_failure_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}

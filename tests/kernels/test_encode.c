/* Encoding against blocks made by another implementation: tools/golden_quantise.py. */
#include "truth.h"

#include "base/seam.h"
#include "check.h"
#include "kernels/encode.h"

#include <math.h>
#include <stdio.h>

static void one_type(enum dtype dtype)
{
    char path[512], *file;
    size_t len;
    struct err err;
    const char *name = dtype_info(dtype)->name;
    (void)snprintf(path, sizeof path, TIRO_SOURCE_DIR "/tests/golden/quantise/%s.bin", name);
    if (file_read_all(&file, &len, path, 1 << 20, &err) < 0) fail_msg("%s", err.text);
    uint32_t head[2];
    memcpy(head, file, sizeof head);
    assert_int_equal(len, 8 + head[0] * 4 + head[1]);
    assert_true(head[0] > 4000);
    float *x = malloc(head[0] * sizeof *x);
    uint8_t *got = malloc(head[1]);
    memcpy(x, file + 8, head[0] * sizeof *x);
    const uint8_t *want = (const uint8_t *)file + 8 + head[0] * 4;
    assert_true(encode_of(dtype)(got, x, head[0]));
    for (uint32_t i = 0; i < head[1]; i++)
        if (got[i] != want[i])
            fail_msg("%s byte %u (block %u) is %u, not %u", name, (unsigned)i,
                     (unsigned)(i / (uint32_t)dtype_info(dtype)->block_bytes), got[i], want[i]);
    free(x);
    free(got);
    mem_free(file);
}

void test_encode_golden(void **state)
{
    (void)state;
    one_type(DTYPE_Q8_0);
    one_type(DTYPE_Q4_0);
}

void test_encode_edges(void **state)
{
    (void)state;
    static const enum dtype types[] = { DTYPE_Q8_0, DTYPE_Q4_0, DTYPE_F16 };
    /* The largest value that each type's f16 still holds as finite, and one that it does not. */
    static const float fits[] = { 65504.0f * 127, 65504.0f * 8, 65504.0f };
    uint8_t y[64];
    for (size_t t = 0; t < 3; t++) {
        encode_fn *encode = encode_of(types[t]);
        const float bad[] = { INFINITY, -INFINITY, NAN, fits[t] * 1.01f };
        for (size_t i = 0; i < 4; i++)
            for (size_t at = 0; at < 32; at += 31) {
                float x[32] = { 0 };
                x[at] = bad[i];
                assert_false(encode(y, x, 32));
            }
        float x[32] = { 0, fits[t] };
        assert_true(encode(y, x, 32));
    }
    float tiny[32] = { 1e-40f, -1e-41f, 0.0f }; /* 1 / d would be infinite. */
    assert_true(encode_of(DTYPE_Q8_0)(y, tiny, 32));
    for (int i = 0; i < 34; i++) assert_int_equal(y[i], 0);
    assert_null(encode_of(DTYPE_Q4_K));
    assert_null(encode_of(DTYPE_F32));
}

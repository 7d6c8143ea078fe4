/* Dequantisation against values made by another implementation: tools/golden_dequant.py. */
#include "truth.h"

#include "base/seam.h"
#include "check.h"

#include <stdio.h>

static void one_type(const struct kernels *k, enum dtype dtype)
{
    char path[512], *file;
    size_t len;
    struct err err;
    const char *name = dtype_info(dtype)->name;
    (void)snprintf(path, sizeof path, TIRO_SOURCE_DIR "/tests/golden/dequant/%s.bin", name);
    if (file_read_all(&file, &len, path, 1 << 20, &err) < 0) fail_msg("%s", err.text);
    uint32_t head[2];
    memcpy(head, file, sizeof head);
    assert_int_equal(len, 8 + head[0] + head[1] * 4);
    size_t bytes;
    assert_true(dtype_row_bytes(&bytes, dtype, head[1]) && bytes == head[0]);
    float *got = malloc(head[1] * sizeof *got), *want = malloc(head[1] * sizeof *want);
    memcpy(want, file + 8 + head[0], head[1] * sizeof *want);
    k->dequant[dtype](got, file + 8, head[1]);
    for (uint32_t i = 0; i < head[1]; i++)
        if (memcmp(&got[i], &want[i], 4) != 0)
            fail_msg("%s value %u is %.9g, not %.9g", name, (unsigned)i, (double)got[i],
                     (double)want[i]);
    free(got);
    free(want);
    mem_free(file);
}

void test_dequant_golden(void **state)
{
    (void)state;
    struct kernels k;
    kernels_select(&k, ~0u & kernel_isa_detect());
    for (int dtype = DTYPE_F16; dtype < DTYPE_I32; dtype++) one_type(&k, (enum dtype)dtype);
}

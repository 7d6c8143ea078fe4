#include "kernels/dtype.h"

#include <assert.h>
#include <strings.h>

static const struct dtype_info table[DTYPE_COUNT] = {
    [DTYPE_F32] = { "F32", 0, 1, 4, false },       [DTYPE_F16] = { "F16", 1, 1, 2, false },
    [DTYPE_BF16] = { "BF16", 30, 1, 2, false },    [DTYPE_Q4_0] = { "Q4_0", 2, 32, 18, true },
    [DTYPE_Q4_1] = { "Q4_1", 3, 32, 20, true },    [DTYPE_Q5_0] = { "Q5_0", 6, 32, 22, true },
    [DTYPE_Q5_1] = { "Q5_1", 7, 32, 24, true },    [DTYPE_Q8_0] = { "Q8_0", 8, 32, 34, true },
    [DTYPE_Q4_K] = { "Q4_K", 12, 256, 144, true }, [DTYPE_Q5_K] = { "Q5_K", 13, 256, 176, true },
    [DTYPE_Q6_K] = { "Q6_K", 14, 256, 210, true }, [DTYPE_I32] = { "I32", 26, 1, 4, false },
};

const struct dtype_info *dtype_info(enum dtype dtype)
{
    assert((unsigned)dtype < DTYPE_COUNT);
    return &table[dtype];
}

bool dtype_from_ggml(enum dtype *ret, uint32_t ggml_id)
{
    for (int i = 0; i < DTYPE_COUNT; i++) {
        if ((uint32_t)table[i].ggml_id != ggml_id) continue;
        *ret = (enum dtype)i;
        return true;
    }
    return false;
}

bool dtype_from_name(enum dtype *ret, const char *name)
{
    for (int i = 0; i < DTYPE_COUNT; i++) {
        if (strcasecmp(table[i].name, name) != 0) continue;
        *ret = (enum dtype)i;
        return true;
    }
    return false;
}

bool dtype_row_bytes(size_t *ret, enum dtype dtype, uint64_t n)
{
    const struct dtype_info *info = dtype_info(dtype);
    size_t bytes;
    if (n % (uint64_t)info->block_len != 0) return false;
    if (__builtin_mul_overflow(n / (uint64_t)info->block_len, (uint64_t)info->block_bytes, &bytes))
        return false;
    *ret = bytes;
    return true;
}

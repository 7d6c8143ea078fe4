#include "kernels/kernel.h"

#include <assert.h>
#include <string.h>
#if defined(__x86_64__)
#    include <cpuid.h>
#endif

enum { LINEAR_WS_BLOCK = 704, LINEAR_WS_SLACK = 4096 };

int kernel_panels(int m)
{
    assert(m > 0);
    return (m + PANEL_ROWS - 1) / PANEL_ROWS;
}

size_t kernel_panel_bytes(enum dtype dtype, int k)
{
    /* Panels keep each type's own width, so 16 packed rows take what 16 stored rows take. */
    size_t row;
    bool ok = k > 0 && dtype_row_bytes(&row, dtype, (uint64_t)k);
    assert(ok);
    return PANEL_ROWS * row;
}

size_t kernel_packed_bytes(enum dtype dtype, int m, int k)
{
    return (size_t)kernel_panels(m) * kernel_panel_bytes(dtype, k);
}

size_t kernel_linear_ws_bytes(enum dtype dtype, int k)
{
    /* One panel unpacked: 32 codes of 16 rows, a scale and an offset for each, by block
     * (x86/linear_avx2.c has the largest). */
    size_t blocks = ((size_t)k + ACT_BLOCK - 1) / ACT_BLOCK;
    return dtype_info(dtype)->quantised ? blocks * LINEAR_WS_BLOCK + LINEAR_WS_SLACK
                                        : LINEAR_WS_SLACK;
}

size_t kernel_act_bytes(int n, int k)
{
    assert(n >= 0 && k > 0 && k % ACT_BLOCK == 0);
    return (size_t)n * ((size_t)k / ACT_BLOCK) * ACT_TOKEN;
}

void *kernel_act_at(void *act, int k, int token)
{
    assert(token % ACT_GROUP == 0);
    return (char *)act + kernel_act_bytes(token, k);
}

bool kernel_kv_fits(enum dtype dtype, int head_dim)
{
    if (head_dim <= 0 || head_dim > ATTENTION_DIM_MAX) return false;
    return dtype == DTYPE_F16 || dtype == DTYPE_F32 ||
           (dtype == DTYPE_Q8_0 && head_dim % ATTENTION_SCALE == 0);
}

size_t kernel_kv_piece_bytes(enum dtype dtype, int head_dim)
{
    size_t row;
    bool ok = dtype_row_bytes(&row, dtype, (uint64_t)head_dim);
    assert(ok && kernel_kv_fits(dtype, head_dim));
    return ATTENTION_BLOCK * row;
}

size_t kernel_attention_ws_bytes(int head_dim)
{
    assert(head_dim > 0 && head_dim <= ATTENTION_DIM_MAX);
    /* A chunk of keys and of values, and for a tile of rows queries, a span's and all spans'
     * states (x86/attention_tile.h), f32 in rows of whole registers. */
    size_t dim = ((size_t)head_dim + 15) / 16 * 16;
    size_t floats = 2 * ATTENTION_CHUNK * dim + ATTENTION_TILE_ROWS * (3 * dim + 32);
    size_t bytes = floats * sizeof(float) + KERNEL_ALIGN;
    assert(bytes <= ATTENTION_WS_MAX);
    return bytes;
}

static const size_t slot_offset[KERNEL_SLOT_COUNT] = {
#define X(name, member, type) [KERNEL_##name] = offsetof(struct kernels, member),
    KERNEL_SLOTS(X)
#undef X
};

const char *kernel_slot_name(enum kernel_slot slot)
{
    static const char *const names[KERNEL_SLOT_COUNT] = {
#define X(name, member, type) [KERNEL_##name] = #name,
        KERNEL_SLOTS(X)
#undef X
    };
    assert((unsigned)slot < KERNEL_SLOT_COUNT);
    return names[slot];
}

#if defined(__x86_64__)
static uint64_t enabled_state(void)
{
    uint32_t low, high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

static bool has(uint32_t bits, uint32_t wanted)
{
    return (bits & wanted) == wanted;
}

uint32_t kernel_isa_detect(void)
{
    uint32_t a, b, c, d, leaf7_a, leaf7_b, leaf7_c, isa = 0;
    if (!__get_cpuid(1, &a, &b, &c, &d)) return 0;
    if (!has(c, bit_OSXSAVE | bit_AVX | bit_FMA | bit_F16C)) return 0;
    uint64_t state = enabled_state();
    if ((state & 0x6) != 0x6) return 0; /* XMM and YMM registers are saved. */
    if (!__get_cpuid_count(7, 0, &leaf7_a, &leaf7_b, &leaf7_c, &d)) return 0;
    if (!has(leaf7_b, bit_AVX2 | bit_BMI2)) return 0;
    isa |= ISA_AVX2;
    uint32_t leaf7_1 = 0;
    if (leaf7_a >= 1 && __get_cpuid_count(7, 1, &a, &b, &c, &d)) leaf7_1 = a;
    if (leaf7_1 & 1u << 4) isa |= ISA_AVXVNNI;
    if ((state & 0xe6) != 0xe6) return isa; /* Mask and ZMM registers too. */
    if (!has(leaf7_b, bit_AVX512F | bit_AVX512BW | bit_AVX512VL | bit_AVX512DQ)) return isa;
    isa |= ISA_AVX512;
    if (has(leaf7_c, bit_AVX512VNNI | bit_AVX512VBMI)) isa |= ISA_VNNI512;
    if (leaf7_1 & 1u << 5) isa |= ISA_BF16512;
    return isa;
}
#else
uint32_t kernel_isa_detect(void)
{
    return 0;
}
#endif

void kernels_select(struct kernels *ret, uint32_t isa_mask)
{
    int best[KERNEL_SLOT_COUNT];
    memset(best, -1, sizeof best);
    memset(ret, 0, sizeof *ret);
    ret->isa = isa_mask;
    for (size_t i = 0; i < kernel_registry_len; i++) {
        const struct kernel *k = kernel_registry[i];
        if ((k->isa & isa_mask) != k->isa || k->rank <= best[k->slot]) continue;
        best[k->slot] = k->rank;
        memcpy((char *)ret + slot_offset[k->slot], &k->fn.any, sizeof k->fn.any);
    }
    /* ref/ has every slot; a hole is a build that lost a file. */
    for (int i = 0; i < KERNEL_SLOT_COUNT; i++) assert(best[i] >= 0);
}

/* Linear layers with quantised weights and ACT_Q8 activations: the specification.
 *
 * Each output is one chain over the blocks of 32 in order, starting at 0:
 *
 *     dot = sum of (code - centre) * activation code           exact, int32
 *     y = fmaf((float)dot * d_act, scale, y)
 *     y = fmaf(s_act, offset, y)                               types with an offset
 *
 *            centre  scale       offset                   s_act = d_act * sum of activation codes
 *     Q4_0     8     d           -
 *     Q4_1     0     d           m
 *     Q5_0    16     d           -
 *     Q5_1    16     d           fmaf(16, d, m)
 *     Q8_0     -     d           -
 *     Q4_K     0     d * sc      -(dmin * min)
 *     Q5_K    16     d * sc      fmaf(16, d * sc, -(dmin * min))
 *     Q6_K    32     d           -     dot = sc0 * dot of k 0-15 + sc1 * dot of k 16-31
 *
 * Centres are such that sums of products stay within int16 as far as AVX2 needs them to.
 * At the end y = y + bias, then y = y + add. */
#include "kernels/kernel.h"
#include "kernels/ref/blocks.h"

struct block {
    int code[PANEL_ROWS][BLOCK]; /* Centred. */
    int sub_scale[2][PANEL_ROWS];
    float scale[PANEL_ROWS], offset[PANEL_ROWS];
    bool has_offset;
};

static void load_codes(struct block *ret, const uint8_t *low, const uint8_t *bit,
                       const uint8_t *two, int centre)
{
    for (int r = 0; r < PANEL_ROWS; r++)
        for (int k = 0; k < BLOCK; k++) {
            int q = k / 4, i = k % 4;
            int code = low[32 * q + 4 * (r % 8) + i] >> (r / 8 * 4) & 15;
            if (bit) code |= (bit[4 * r + i] >> q & 1) << 4;
            if (two) code |= (two[64 * (q / 4) + 4 * r + i] >> (2 * (q % 4)) & 3) << 4;
            ret->code[r][k] = code - centre;
        }
}

static void load_block32(struct block *ret, enum dtype dtype, const uint8_t *panel, size_t b)
{
    bool five = dtype == DTYPE_Q5_0 || dtype == DTYPE_Q5_1;
    const uint8_t *p = panel + b * PANEL_ROWS * (size_t)dtype_info(dtype)->block_bytes;
    const uint8_t *halves = p + (five ? 320 : 256);
    int centre = dtype == DTYPE_Q4_0 ? 8 : five ? 16 : 0;
    load_codes(ret, p, five ? p + 256 : NULL, NULL, centre);
    ret->has_offset = dtype == DTYPE_Q4_1 || dtype == DTYPE_Q5_1;
    for (int r = 0; r < PANEL_ROWS; r++) {
        ret->scale[r] = load_f16(halves + 2 * r);
        if (!ret->has_offset) continue;
        float m = load_f16(halves + 32 + 2 * r);
        ret->offset[r] = five ? fmaf(16.0f, ret->scale[r], m) : m;
    }
}

static void load_bytes(struct block *ret, const uint8_t *panel, size_t b)
{
    const uint8_t *p = panel + b * 544;
    for (int r = 0; r < PANEL_ROWS; r++) {
        for (int k = 0; k < BLOCK; k++) ret->code[r][k] = (int8_t)p[64 * (k / 4) + 4 * r + k % 4];
        ret->scale[r] = load_f16(p + 512 + 2 * r);
    }
}

static void load_k(struct block *ret, enum dtype dtype, const uint8_t *panel, size_t b)
{
    bool five = dtype == DTYPE_Q5_K;
    const uint8_t *p = panel + b / 8 * PANEL_ROWS * (size_t)dtype_info(dtype)->block_bytes;
    const uint8_t *scales = p + 64 + b % 8 * 24, *low = p + 256 + b % 8 * (five ? 320 : 256);
    load_codes(ret, low, five ? low + 256 : NULL, NULL, five ? 16 : 0);
    ret->has_offset = true;
    for (int r = 0; r < PANEL_ROWS; r++) {
        int min = scales[r] >> 6 | (scales[16 + r % 8] >> (r / 8 * 4) & 15) << 2;
        ret->scale[r] = load_f16(p + 2 * r) * (float)(scales[r] & 63);
        float offset = -(load_f16(p + 32 + 2 * r) * (float)min);
        ret->offset[r] = five ? fmaf(16.0f, ret->scale[r], offset) : offset;
    }
}

static void load_six(struct block *ret, const uint8_t *panel, size_t b)
{
    const uint8_t *p = panel + b / 8 * 3360, *low = p + 288 + b % 8 * 384;
    load_codes(ret, low, NULL, low + 256, 32);
    for (int r = 0; r < PANEL_ROWS; r++) {
        ret->scale[r] = load_f16(p + 2 * r);
        for (int half = 0; half < 2; half++)
            ret->sub_scale[half][r] = (int8_t)p[32 + 16 * (b % 8 * 2 + (size_t)half) + (size_t)r];
    }
}

static void load_block(struct block *ret, enum dtype dtype, const uint8_t *panel, size_t b)
{
    ret->has_offset = false;
    for (int r = 0; r < PANEL_ROWS; r++) ret->sub_scale[0][r] = ret->sub_scale[1][r] = 1;
    switch (dtype) {
    case DTYPE_Q8_0: load_bytes(ret, panel, b); break;
    case DTYPE_Q4_K:
    case DTYPE_Q5_K: load_k(ret, dtype, panel, b); break;
    case DTYPE_Q6_K: load_six(ret, panel, b); break;
    default: load_block32(ret, dtype, panel, b); break;
    }
}

/* Token t of a group of g: its share of block `w`, whose activations begin at `record`. */
static void add_block(float y[PANEL_ROWS], const struct block *w, const char *record, int t, int g)
{
    float d, s;
    memcpy(&d, record + (size_t)g * BLOCK + (size_t)t * 4, 4);
    memcpy(&s, record + (size_t)g * BLOCK + (size_t)(g + t) * 4, 4);
    const int8_t *codes = (const int8_t *)record + t * 4;
    for (int r = 0; r < PANEL_ROWS; r++) {
        int dot[2] = { 0, 0 };
        for (int k = 0; k < BLOCK; k++) dot[k / 16] += w->code[r][k] * codes[k / 4 * g * 4 + k % 4];
        int total = w->sub_scale[0][r] * dot[0] + w->sub_scale[1][r] * dot[1];
        y[r] = fmaf((float)total * d, w->scale[r], y[r]);
        if (w->has_offset) y[r] = fmaf(s, w->offset[r], y[r]);
    }
}

static void store(const struct kernel_linear *a, int panel, int t, const float y[PANEL_ROWS])
{
    for (int i = 0; i < PANEL_ROWS; i++) {
        int r = panel * PANEL_ROWS + i;
        if (r >= a->m) return;
        size_t at = (size_t)t * a->y_stride + (size_t)r;
        float value = y[i];
        if (a->bias) value = value + a->bias[r];
        if (a->add) value = value + a->add[at];
        a->y[at] = value;
    }
}

static void linear(const struct kernel_linear *a, enum dtype dtype)
{
    size_t blocks = (size_t)a->k / BLOCK;
    for (int p = a->panel_from; p < a->panel_to; p++) {
        const uint8_t *panel = (const uint8_t *)a->w + (size_t)p * kernel_panel_bytes(dtype, a->k);
        for (int t0 = 0; t0 < a->n; t0 += ACT_GROUP) {
            int g = a->n - t0 < ACT_GROUP ? a->n - t0 : ACT_GROUP;
            const char *group = (const char *)a->act + kernel_act_bytes(t0, a->k);
            float y[ACT_GROUP][PANEL_ROWS] = { { 0 } };
            for (size_t b = 0; b < blocks; b++) {
                struct block w;
                load_block(&w, dtype, panel, b);
                for (int t = 0; t < g; t++)
                    add_block(y[t], &w, group + b * (size_t)g * ACT_TOKEN, t, g);
            }
            for (int t = 0; t < g; t++) store(a, p, t0 + t, y[t]);
        }
    }
}

static void linear_q4_0(const struct kernel_linear *a)
{
    linear(a, DTYPE_Q4_0);
}

static void linear_q4_1(const struct kernel_linear *a)
{
    linear(a, DTYPE_Q4_1);
}

static void linear_q5_0(const struct kernel_linear *a)
{
    linear(a, DTYPE_Q5_0);
}

static void linear_q5_1(const struct kernel_linear *a)
{
    linear(a, DTYPE_Q5_1);
}

static void linear_q8_0(const struct kernel_linear *a)
{
    linear(a, DTYPE_Q8_0);
}

static void linear_q4_k(const struct kernel_linear *a)
{
    linear(a, DTYPE_Q4_K);
}

static void linear_q5_k(const struct kernel_linear *a)
{
    linear(a, DTYPE_Q5_K);
}

static void linear_q6_k(const struct kernel_linear *a)
{
    linear(a, DTYPE_Q6_K);
}

const struct kernel kernel_linear_q4_0_ref = {
    .slot = KERNEL_LINEAR_Q4_0,
    .fn.linear = linear_q4_0,
};
const struct kernel kernel_linear_q4_1_ref = {
    .slot = KERNEL_LINEAR_Q4_1,
    .fn.linear = linear_q4_1,
};
const struct kernel kernel_linear_q5_0_ref = {
    .slot = KERNEL_LINEAR_Q5_0,
    .fn.linear = linear_q5_0,
};
const struct kernel kernel_linear_q5_1_ref = {
    .slot = KERNEL_LINEAR_Q5_1,
    .fn.linear = linear_q5_1,
};
const struct kernel kernel_linear_q8_0_ref = {
    .slot = KERNEL_LINEAR_Q8_0,
    .fn.linear = linear_q8_0,
};
const struct kernel kernel_linear_q4_k_ref = {
    .slot = KERNEL_LINEAR_Q4_K,
    .fn.linear = linear_q4_k,
};
const struct kernel kernel_linear_q5_k_ref = {
    .slot = KERNEL_LINEAR_Q5_K,
    .fn.linear = linear_q5_k,
};
const struct kernel kernel_linear_q6_k_ref = {
    .slot = KERNEL_LINEAR_Q6_K,
    .fn.linear = linear_q6_k,
};

/* Packing: rows as stored in a checkpoint to panels of 16 rows that hold all of K.
 *
 * A panel of a block type is a run of blocks of 32 k. Code (row r, k = 4q + i) of a block lies in
 *
 *     LOW(256 bytes):  byte 32q + 4(r % 8) + i, low nibble for r < 8, high nibble for r >= 8
 *     BIT(64):         byte 4r + i, bit q                                    the fifth bit
 *     TWO(128):        byte 64(q / 4) + 4r + i, bits 2(q % 4) and up         bits five and six
 *     BYTE(512):       byte 64q + 4r + i
 *
 * so that 32 bytes give two registers of 8 rows x 4 k. H = 16 f16, one for each row.
 *
 *     Q4_0  LOW d:H              Q4_1  LOW d:H m:H         by block of 32
 *     Q5_0  LOW BIT d:H          Q5_1  LOW BIT d:H m:H
 *     Q8_0  BYTE d:H
 *     Q4_K  d:H dmin:H SCALES(192) 8 x LOW                 by super-block of 256
 *     Q5_K  d:H dmin:H SCALES(192) 8 x (LOW BIT)
 *     Q6_K  d:H 16 x (16 int8: scales of the rows for 16 k) 8 x (LOW TWO)
 * SCALES is, for each of the 8 blocks, 16 bytes (6-bit scale | low 2 bits of the min << 6), and 8
 * bytes whose low nibble has the other 4 bits of the min of row r < 8, high nibble of row r + 8.
 *
 * F32, F16 and BF16 panels are [k][16 rows]. Whoever changes a layout raises KERNEL_LAYOUT
 * (kernels/layout.h). */
#include "kernels/kernel.h"
#include "kernels/ref/blocks.h"

struct rows {
    const uint8_t *row[PANEL_ROWS]; /* NULL past the end of the matrix. */
    int k;
};

static struct rows rows_of_panel(const struct kernel_pack *a, int panel)
{
    struct rows rows = { .k = a->k };
    for (int r = 0; r < PANEL_ROWS; r++) {
        int index = panel * PANEL_ROWS + r;
        if (index < a->m) rows.row[r] = (const uint8_t *)a->src + (size_t)index * a->src_stride;
    }
    return rows;
}

static void or_u32(uint8_t *p, uint32_t bits)
{
    uint32_t old = load_u32(p) | bits;
    memcpy(p, &old, sizeof old);
}

/* Block b of all rows: LOW at `low`, and what of `bit`, `two` is not NULL; all zeroed before. */
static void pack_codes(const struct rows *rows, enum dtype dtype, size_t b, uint8_t *low,
                       uint8_t *bit, uint8_t *two)
{
    for (int r = 0; r < PANEL_ROWS; r++) {
        if (!rows->row[r]) continue;
        uint8_t code[BLOCK];
        block_codes(code, dtype, rows->row[r], b);
        for (int q = 0; q < BLOCK / 4; q++) { /* Four codes at a time; a byte never carries. */
            uint32_t four = load_u32(code + 4 * q), high = four >> 4 & 0x0f0f0f0f;
            or_u32(low + 32 * q + 4 * (r % 8), (four & 0x0f0f0f0f) << (r / 8 * 4));
            if (bit) or_u32(bit + 4 * r, high << q);
            if (two) or_u32(two + 64 * (q / 4) + 4 * r, high << (2 * (q % 4)));
        }
    }
}

/* The f16 at byte `offset` of stored block b of each row. */
static void pack_halves(const struct rows *rows, enum dtype dtype, size_t b, size_t offset,
                        uint8_t *dst)
{
    for (int r = 0; r < PANEL_ROWS; r++)
        if (rows->row[r])
            memcpy(dst + 2 * r, rows->row[r] + b * (size_t)dtype_info(dtype)->block_bytes + offset,
                   2);
}

static void pack_block32(const struct rows *rows, enum dtype dtype, uint8_t *dst)
{
    bool five = dtype == DTYPE_Q5_0 || dtype == DTYPE_Q5_1;
    bool has_min = dtype == DTYPE_Q4_1 || dtype == DTYPE_Q5_1;
    for (size_t b = 0; b < (size_t)rows->k / BLOCK; b++) {
        pack_codes(rows, dtype, b, dst, five ? dst + 256 : NULL, NULL);
        dst += five ? 320 : 256;
        pack_halves(rows, dtype, b, 0, dst);
        dst += 32;
        if (!has_min) continue;
        pack_halves(rows, dtype, b, 2, dst);
        dst += 32;
    }
}

static void pack_k(const struct rows *rows, enum dtype dtype, uint8_t *dst)
{
    bool five = dtype == DTYPE_Q5_K;
    for (size_t s = 0; s < (size_t)rows->k / SUPER; s++) {
        pack_halves(rows, dtype, s, 0, dst);
        pack_halves(rows, dtype, s, 2, dst + 32);
        for (int b = 0; b < 8; b++) {
            uint8_t *scales = dst + 64 + 24 * b;
            for (int r = 0; r < PANEL_ROWS; r++) {
                if (!rows->row[r]) continue;
                int sc, min;
                scale_of_k(&sc, &min, rows->row[r] + s * (size_t)dtype_info(dtype)->block_bytes + 4,
                           b);
                scales[r] = (uint8_t)(sc | min << 6);
                scales[16 + r % 8] |= (uint8_t)(min >> 2 << (r / 8 * 4));
            }
        }
        dst += 256;
        for (size_t b = 0; b < 8; b++) {
            pack_codes(rows, dtype, s * 8 + b, dst, five ? dst + 256 : NULL, NULL);
            dst += five ? 320 : 256;
        }
    }
}

static void pack_six(const struct rows *rows, uint8_t *dst)
{
    for (size_t s = 0; s < (size_t)rows->k / SUPER; s++) {
        pack_halves(rows, DTYPE_Q6_K, s, 208, dst);
        for (int r = 0; r < PANEL_ROWS; r++)
            for (int b = 0; b < 16 && rows->row[r]; b++)
                dst[32 + 16 * b + r] = rows->row[r][s * 210 + 192 + (size_t)b];
        dst += 32 + 256;
        for (size_t b = 0; b < 8; b++, dst += 384)
            pack_codes(rows, DTYPE_Q6_K, s * 8 + b, dst, NULL, dst + 256);
    }
}

static void pack_bytes(const struct rows *rows, uint8_t *dst)
{
    for (size_t b = 0; b < (size_t)rows->k / BLOCK; b++, dst += 544) {
        for (int r = 0; r < PANEL_ROWS; r++)
            for (int q = 0; q < 8 && rows->row[r]; q++)
                memcpy(dst + 64 * q + 4 * r, rows->row[r] + b * 34 + 2 + 4 * q, 4);
        pack_halves(rows, DTYPE_Q8_0, b, 0, dst + 512);
    }
}

static void pack_halfs(const struct rows *rows, uint8_t *dst)
{
    for (int r = 0; r < PANEL_ROWS; r++)
        for (int k = 0; k < rows->k && rows->row[r]; k++)
            memcpy(dst + 2 * (PANEL_ROWS * (size_t)k + (size_t)r), rows->row[r] + 2 * (size_t)k, 2);
}

static void pack_float(const struct rows *rows, const struct kernel_pack *a, uint8_t *dst)
{
    const struct dtype_info *info = dtype_info(a->dequant ? a->src_dtype : DTYPE_F32);
    for (int r = 0; r < PANEL_ROWS; r++) {
        for (int from = 0; from < rows->k && rows->row[r]; from += SUPER) {
            float part[SUPER]; /* Every block_len divides 256. */
            int n = rows->k - from < SUPER ? rows->k - from : SUPER;
            const uint8_t *src = rows->row[r] + from / info->block_len * info->block_bytes;
            if (a->dequant)
                a->dequant(part, src, (size_t)n);
            else
                memcpy(part, src, (size_t)n * sizeof *part);
            for (int k = 0; k < n; k++)
                memcpy(dst + 4 * (PANEL_ROWS * (size_t)(from + k) + (size_t)r), &part[k], 4);
        }
    }
}

static void pack(const struct kernel_pack *a, enum dtype dtype)
{
    size_t bytes = kernel_panel_bytes(dtype, a->k);
    for (int p = a->panel_from; p < a->panel_to; p++) {
        uint8_t *dst = (uint8_t *)a->dst + (size_t)p * bytes;
        struct rows rows = rows_of_panel(a, p);
        memset(dst, 0, bytes);
        switch (dtype) {
        case DTYPE_F32: pack_float(&rows, a, dst); break;
        case DTYPE_F16:
        case DTYPE_BF16: pack_halfs(&rows, dst); break;
        case DTYPE_Q8_0: pack_bytes(&rows, dst); break;
        case DTYPE_Q4_K:
        case DTYPE_Q5_K: pack_k(&rows, dtype, dst); break;
        case DTYPE_Q6_K: pack_six(&rows, dst); break;
        default: pack_block32(&rows, dtype, dst); break;
        }
    }
}

static void pack_f32(const struct kernel_pack *a)
{
    pack(a, DTYPE_F32);
}

static void pack_f16(const struct kernel_pack *a)
{
    pack(a, DTYPE_F16);
}

static void pack_bf16(const struct kernel_pack *a)
{
    pack(a, DTYPE_BF16);
}

static void pack_q4_0(const struct kernel_pack *a)
{
    pack(a, DTYPE_Q4_0);
}

static void pack_q4_1(const struct kernel_pack *a)
{
    pack(a, DTYPE_Q4_1);
}

static void pack_q5_0(const struct kernel_pack *a)
{
    pack(a, DTYPE_Q5_0);
}

static void pack_q5_1(const struct kernel_pack *a)
{
    pack(a, DTYPE_Q5_1);
}

static void pack_q8_0(const struct kernel_pack *a)
{
    pack(a, DTYPE_Q8_0);
}

static void pack_q4_k(const struct kernel_pack *a)
{
    pack(a, DTYPE_Q4_K);
}

static void pack_q5_k(const struct kernel_pack *a)
{
    pack(a, DTYPE_Q5_K);
}

static void pack_q6_k(const struct kernel_pack *a)
{
    pack(a, DTYPE_Q6_K);
}

const struct kernel kernel_pack_f32_ref = {
    .slot = KERNEL_PACK_F32,
    .fn.pack = pack_f32,
};
const struct kernel kernel_pack_f16_ref = {
    .slot = KERNEL_PACK_F16,
    .fn.pack = pack_f16,
};
const struct kernel kernel_pack_bf16_ref = {
    .slot = KERNEL_PACK_BF16,
    .fn.pack = pack_bf16,
};
const struct kernel kernel_pack_q4_0_ref = {
    .slot = KERNEL_PACK_Q4_0,
    .fn.pack = pack_q4_0,
};
const struct kernel kernel_pack_q4_1_ref = {
    .slot = KERNEL_PACK_Q4_1,
    .fn.pack = pack_q4_1,
};
const struct kernel kernel_pack_q5_0_ref = {
    .slot = KERNEL_PACK_Q5_0,
    .fn.pack = pack_q5_0,
};
const struct kernel kernel_pack_q5_1_ref = {
    .slot = KERNEL_PACK_Q5_1,
    .fn.pack = pack_q5_1,
};
const struct kernel kernel_pack_q8_0_ref = {
    .slot = KERNEL_PACK_Q8_0,
    .fn.pack = pack_q8_0,
};
const struct kernel kernel_pack_q4_k_ref = {
    .slot = KERNEL_PACK_Q4_K,
    .fn.pack = pack_q4_k,
};
const struct kernel kernel_pack_q5_k_ref = {
    .slot = KERNEL_PACK_Q5_K,
    .fn.pack = pack_q5_k,
};
const struct kernel kernel_pack_q6_k_ref = {
    .slot = KERNEL_PACK_Q6_K,
    .fn.pack = pack_q6_k,
};

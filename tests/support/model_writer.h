/* model_writer - builds small GGUF and safetensors files in memory, right or wrong as asked.
 *
 *     struct buf b;
 *     buf_init(&b, 1 << 20);
 *     gguf_header(&b, 3, 1, 1);
 *     gguf_string(&b, "general.architecture", "llama");
 *     gguf_tensor(&b, "w", 2, (uint64_t[]){ 4, 2 }, 0, 0);     innermost dimension first
 *     gguf_pad(&b, 32);
 *     gguf_fill(&b, 32);
 */
#ifndef TIRO_TESTS_MODEL_WRITER_H
#define TIRO_TESTS_MODEL_WRITER_H

#include "base/buf.h"
#include "models/checkpoint.h"

#include <string.h>

static inline void put_le(struct buf *b, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++) buf_add_char(b, (char)(value >> (8 * i)));
}

static inline void gguf_header(struct buf *b, uint32_t version, uint64_t n_tensors,
                               uint64_t n_values)
{
    buf_add(b, "GGUF", 4);
    put_le(b, version, 4);
    put_le(b, n_tensors, 8);
    put_le(b, n_values, 8);
}

static inline void gguf_text(struct buf *b, const char *s)
{
    put_le(b, strlen(s), 8);
    buf_add_str(b, s);
}

static inline void gguf_key(struct buf *b, const char *key, enum value_type type)
{
    gguf_text(b, key);
    put_le(b, type, 4);
}

static inline void gguf_string(struct buf *b, const char *key, const char *value)
{
    gguf_key(b, key, VALUE_STRING);
    gguf_text(b, value);
}

static inline void gguf_number(struct buf *b, const char *key, enum value_type type, uint64_t bits)
{
    gguf_key(b, key, type);
    put_le(b, bits, (int)value_type_size(type));
}

static inline void gguf_f32(struct buf *b, const char *key, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    gguf_number(b, key, VALUE_F32, bits);
}

/* Items follow. */
static inline void gguf_array(struct buf *b, const char *key, enum value_type item, uint64_t n)
{
    gguf_key(b, key, VALUE_ARRAY);
    put_le(b, item, 4);
    put_le(b, n, 8);
}

static inline void gguf_tensor(struct buf *b, const char *name, uint32_t n_dims,
                               const uint64_t *dims, uint32_t type, uint64_t offset)
{
    gguf_text(b, name);
    put_le(b, n_dims, 4);
    for (uint32_t i = 0; i < n_dims; i++) put_le(b, dims[i], 8);
    put_le(b, type, 4);
    put_le(b, offset, 8);
}

static inline void gguf_pad(struct buf *b, size_t alignment)
{
    while (b->len % alignment) buf_add_char(b, '\0');
}

/* Tensor data that differ from byte to byte. */
static inline void gguf_fill(struct buf *b, size_t len)
{
    for (size_t i = 0; i < len; i++) buf_add_char(b, (char)(i * 7 + 1));
}

/* Every metadata type, an F32, a Q4_0 and an integer tensor: valid, about a kilobyte. */
static inline void gguf_small(struct buf *b)
{
    gguf_header(b, 3, 3, 15);
    gguf_string(b, "general.architecture", "llama");
    gguf_number(b, "t.u8", VALUE_U8, 200);
    gguf_number(b, "t.i8", VALUE_I8, 0xFF);
    gguf_number(b, "t.u16", VALUE_U16, 60000);
    gguf_number(b, "t.i16", VALUE_I16, 0xFFFE);
    gguf_number(b, "t.u32", VALUE_U32, 4000000000u);
    gguf_number(b, "t.i32", VALUE_I32, 0xFFFFFFFDu);
    gguf_f32(b, "t.f32", 0.5f);
    gguf_number(b, "t.bool", VALUE_BOOL, 1);
    gguf_number(b, "t.u64", VALUE_U64, UINT64_MAX);
    gguf_number(b, "t.i64", VALUE_I64, (uint64_t)-4);
    gguf_number(b, "t.f64", VALUE_F64, 0x4004000000000000u); /* 2.5 */
    gguf_array(b, "t.strings", VALUE_STRING, 3);
    gguf_text(b, "a");
    gguf_text(b, "");
    gguf_text(b, "ccc");
    gguf_array(b, "t.ints", VALUE_I32, 2);
    put_le(b, 7, 4);
    put_le(b, 0xFFFFFFFFu, 4);
    gguf_array(b, "t.floats", VALUE_F32, 2);
    put_le(b, 0x3F800000u, 4); /* 1 */
    put_le(b, 0xC0000000u, 4); /* -2 */
    gguf_tensor(b, "norm.weight", 1, (uint64_t[]){ 8 }, 0, 0);
    gguf_tensor(b, "blk.0.w", 2, (uint64_t[]){ 32, 2 }, 2, 32);
    gguf_tensor(b, "ids", 1, (uint64_t[]){ 4 }, 26, 96);
    gguf_pad(b, 32);
    gguf_fill(b, 96 + 16);
}

/* A safetensors file of this header and `data_len` bytes of data. */
static inline void safetensors_file(struct buf *b, const char *header, size_t data_len)
{
    put_le(b, strlen(header), 8);
    buf_add_str(b, header);
    gguf_fill(b, data_len);
}

#define SAFETENSORS_SMALL                                                       \
    "{\"__metadata__\":{\"format\":\"pt\"},"                                    \
    "\"a.weight\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]}," \
    "\"b\":{\"dtype\":\"F16\",\"shape\":[4],\"data_offsets\":[24,32]},"         \
    "\"ids\":{\"dtype\":\"I64\",\"shape\":[1,2],\"data_offsets\":[32,48]},"     \
    "\"s\":{\"dtype\":\"BF16\",\"shape\":[],\"data_offsets\":[48,50]}}"
enum { SAFETENSORS_SMALL_DATA = 50 };

#endif

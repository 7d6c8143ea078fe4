/* gguf - the single-file format of llama.cpp: header, metadata, tensor table, padding, data.
 *
 *     "GGUF" | version u32 | n_tensors u64 | n_values u64
 *     n_values  x { key string | type u32 | value }              string: length u64 | bytes
 *     n_tensors x { name string | n_dims u32 | dims u64 x n_dims, innermost first | type u32 |
 *                   offset u64 }
 *     padding to general.alignment (default 32) | data; offsets count from here
 *
 * Versions 2 and 3, little endian (version 1 had 32-bit lengths; version 3 may be big endian, which
 * shows in the version's own bytes and is refused). Specification: ggml/docs/gguf.md.
 */
#include "base/reader.h"
#include "base/utf8.h"
#include "engine/format.h"
#include "engine/format_place.h"

#include <assert.h>
#include <inttypes.h>

enum { VERSION_MIN = 2, VERSION_MAX = 3, ALIGNMENT_DEFAULT = 32 };
enum {
    VALUE_BYTES_MIN = 8 + 4 + 1,      /* An empty key, a type, one byte. */
    TENSOR_BYTES_MIN = 8 + 4 + 4 + 8, /* An empty name, no dims, a type, an offset. */
    STRING_BYTES_MIN = 8,
};

/* The types of GGML that are not in kernels/dtype.h: integers are listed, the rest is refused. */
static const struct {
    uint32_t id;
    const char *name;
    unsigned value_bytes; /* 0: refused. */
} other_types[] = {
    { 9, "Q8_1", 0 },      { 10, "Q2_K", 0 },     { 11, "Q3_K", 0 },     { 15, "Q8_K", 0 },
    { 16, "IQ2_XXS", 0 },  { 17, "IQ2_XS", 0 },   { 18, "IQ3_XXS", 0 },  { 19, "IQ1_S", 0 },
    { 20, "IQ4_NL", 0 },   { 21, "IQ3_S", 0 },    { 22, "IQ2_S", 0 },    { 23, "IQ4_XS", 0 },
    { 24, "I8", 1 },       { 25, "I16", 2 },      { 26, "I32", 4 },      { 27, "I64", 8 },
    { 28, "F64", 0 },      { 29, "IQ1_M", 0 },    { 34, "TQ1_0", 0 },    { 35, "TQ2_0", 0 },
    { 39, "MXFP4", 0 },    { 40, "NVFP4", 0 },    { 4, "Q4_2", 0 },      { 5, "Q4_3", 0 },
    { 31, "Q4_0_4_4", 0 }, { 32, "Q4_0_4_8", 0 }, { 33, "Q4_0_8_8", 0 },
};

static bool probe(struct slice head)
{
    return slice_starts(head, SLICE("GGUF"));
}

/* A string of at most `max` bytes; `name` strings must also be printable UTF-8. */
static int read_string(struct reader *r, struct slice *ret, uint64_t max, bool name,
                       const char *field, struct err *err)
{
    uint64_t len;
    struct slice s;
    TRY(reader_count(r, &len, 1, field, err));
    if (len > max)
        return reader_bad(r, field, err, "%" PRIu64 " bytes are more than the %" PRIu64 " allowed",
                          len, max);
    TRY(reader_bytes(r, &s, len, field, err));
    if (name && !format_name_ok(s))
        return reader_bad(r, field, err,
                          "a name must be non-empty UTF-8 without control "
                          "characters");
    *ret = s;
    return 0;
}

static int read_type(struct reader *r, enum value_type *ret, const char *field, struct err *err)
{
    uint32_t type;
    TRY(reader_u32(r, &type, field, err));
    if (type >= VALUE_TYPES)
        return reader_bad(r, field, err, "metadata type %" PRIu32 " is unknown (0 to %d are)", type,
                          VALUE_TYPES - 1);
    *ret = (enum value_type)type;
    return 0;
}

static int read_bool(struct reader *r, bool *ret, const char *field, struct err *err)
{
    uint8_t byte;
    TRY(reader_u8(r, &byte, field, err));
    if (byte > 1) return reader_bad(r, field, err, "a bool is 0 or 1, not %u", byte);
    *ret = byte;
    return 0;
}

/* Any unsigned or signed integer, extended to 64 bits. */
static int read_integer(struct reader *r, struct checkpoint_value *v, const char *field,
                        struct err *err)
{
    struct slice bytes;
    TRY(reader_bytes(r, &bytes, value_type_size(v->type), field, err));
    uint64_t bits = 0;
    for (size_t i = 0; i < bytes.len; i++) bits |= (uint64_t)(unsigned char)bytes.ptr[i] << (8 * i);
    switch (v->type) {
    case VALUE_I8: v->i = (int8_t)bits; break;
    case VALUE_I16: v->i = (int16_t)bits; break;
    case VALUE_I32: v->i = (int32_t)bits; break;
    case VALUE_I64: v->i = (int64_t)bits; break;
    default: v->u = bits;
    }
    return 0;
}

static int read_string_array(struct checkpoint *c, struct reader *r, struct checkpoint_value *v,
                             const char *field, struct err *err)
{
    TRY(reader_count(r, &v->n, STRING_BYTES_MIN, field, err));
    struct slice *strings = ARENA_NEWS(&c->arena, (size_t)v->n, struct slice);
    if (!strings) return arena_check(&c->arena, c->path, err);
    for (uint64_t i = 0; i < v->n; i++)
        TRY(read_string(r, &strings[i], FORMAT_STRING_LEN_MAX, false, field, err));
    v->strings = strings;
    return 0;
}

static int read_array(struct checkpoint *c, struct reader *r, struct checkpoint_value *v,
                      const char *field, struct err *err)
{
    struct slice items;
    TRY(read_type(r, &v->item, field, err));
    if (v->item == VALUE_ARRAY) return reader_bad(r, field, err, "arrays of arrays are not read");
    if (v->item == VALUE_STRING) return read_string_array(c, r, v, field, err);
    unsigned size = value_type_size(v->item);
    assert(size > 0);
    TRY(reader_count(r, &v->n, size, field, err));
    TRY(reader_bytes(r, &items, v->n * size, field, err));
    v->items = (const unsigned char *)items.ptr;
    for (uint64_t i = 0; v->item == VALUE_BOOL && i < v->n; i++)
        if (v->items[i] > 1)
            return reader_bad(r, field, err, "a bool is 0 or 1, not %u", v->items[i]);
    return 0;
}

static int read_value(struct checkpoint *c, struct reader *r, struct checkpoint_value *v,
                      struct err *err)
{
    char field[96]; /* Enough of the key to find it by. */
    TRY(read_string(r, &v->key, FORMAT_KEY_LEN_MAX, true, "a metadata key", err));
    (void)utf8_sanitize(field, sizeof field, v->key.ptr, v->key.len); /* Cut is fine. */
    TRY(read_type(r, &v->type, field, err));
    switch (v->type) {
    case VALUE_STRING: return read_string(r, &v->string, FORMAT_STRING_LEN_MAX, false, field, err);
    case VALUE_ARRAY: return read_array(c, r, v, field, err);
    case VALUE_BOOL: return read_bool(r, &v->b, field, err);
    case VALUE_F64: return reader_f64(r, &v->f, field, err);
    case VALUE_F32: {
        float f;
        TRY(reader_f32(r, &f, field, err));
        v->f = (double)f;
        return 0;
    }
    default: return read_integer(r, v, field, err);
    }
}

static int read_tensor_type(struct checkpoint *c, struct reader *r, struct checkpoint_tensor *t,
                            unsigned *ret_value_bytes, struct err *err)
{
    uint32_t id;
    TRY(reader_u32(r, &id, "a tensor's type", err));
    *ret_value_bytes = 0;
    for (size_t i = 0; i < sizeof other_types / sizeof *other_types; i++) {
        if (other_types[i].id != id) continue;
        if (other_types[i].value_bytes == 0)
            return err_set(err, ERR_UNSUPPORTED_FORMAT,
                           "%s: tensor %.*s is of type %s, which Tiro does not read", c->path,
                           SLICE_FMT(t->name), other_types[i].name);
        t->type_name = other_types[i].name;
        *ret_value_bytes = other_types[i].value_bytes;
        return 0;
    }
    if (!dtype_from_ggml(&t->dtype, id))
        return err_set(err, ERR_UNSUPPORTED_FORMAT,
                       "%s: tensor %.*s is of type number %" PRIu32 ", which Tiro does not know",
                       c->path, SLICE_FMT(t->name), id);
    t->usable = true;
    t->type_name = dtype_info(t->dtype)->name;
    return 0;
}

static int read_tensor(struct checkpoint *c, struct reader *r, struct checkpoint_tensor *t,
                       uint64_t *ret_offset, struct err *err)
{
    uint32_t n_dims;
    unsigned value_bytes;
    TRY(read_string(r, &t->name, FORMAT_TENSOR_NAME_LEN_MAX, true, "a tensor's name", err));
    TRY(reader_u32(r, &n_dims, "a tensor's number of dimensions", err));
    if (n_dims > CHECKPOINT_DIMS_MAX)
        return reader_bad(r, "a tensor's number of dimensions", err,
                          "tensor %.*s has %" PRIu32 "; at most %d are read", SLICE_FMT(t->name),
                          n_dims, CHECKPOINT_DIMS_MAX);
    t->n_dims = (int)n_dims;
    for (int i = t->n_dims - 1; i >= 0; i--) /* Innermost first in the file. */
        TRY(reader_u64(r, &t->dims[i], "a tensor's dimensions", err));
    TRY(read_tensor_type(c, r, t, &value_bytes, err));
    TRY(reader_u64(r, ret_offset, "a tensor's offset", err));
    return format_size(c, t, value_bytes, err);
}

static int read_header(struct checkpoint *c, struct reader *r, struct err *err)
{
    uint32_t magic, version;
    uint64_t n_tensors, n_values;
    TRY(reader_u32(r, &magic, "the magic", err));
    TRY(reader_u32(r, &version, "the version", err));
    if ((version & 0xFFFF) == 0 && version != 0)
        return err_set(err, ERR_UNSUPPORTED_FORMAT,
                       "%s is a big-endian GGUF file; only little-endian ones are read", c->path);
    if (version < VERSION_MIN || version > VERSION_MAX)
        return err_set(err, ERR_UNSUPPORTED_FORMAT,
                       "%s is GGUF version %" PRIu32 "; versions %d and %d are read", c->path,
                       version, VERSION_MIN, VERSION_MAX);
    TRY(reader_count(r, &n_tensors, TENSOR_BYTES_MIN, "the number of tensors", err));
    TRY(reader_count(r, &n_values, VALUE_BYTES_MIN, "the number of metadata values", err));
    if (n_tensors > CHECKPOINT_TENSORS_MAX)
        return reader_bad(r, "the number of tensors", err, "%" PRIu64 "; at most %d are read",
                          n_tensors, CHECKPOINT_TENSORS_MAX);
    if (n_values > CHECKPOINT_VALUES_MAX)
        return reader_bad(r, "the number of metadata values", err,
                          "%" PRIu64 "; at most %d are read", n_values, CHECKPOINT_VALUES_MAX);
    c->version = version;
    c->n_tensors = (size_t)n_tensors;
    c->n_values = (size_t)n_values;
    c->tensors = ARENA_NEWS(&c->arena, c->n_tensors, struct checkpoint_tensor);
    c->values = ARENA_NEWS(&c->arena, c->n_values, struct checkpoint_value);
    return arena_check(&c->arena, c->path, err);
}

static int check_alignment(const struct checkpoint *c, uint64_t *ret, struct err *err)
{
    uint64_t alignment;
    TRY(checkpoint_opt_u64(c, &alignment, "general.alignment", ALIGNMENT_DEFAULT, err));
    if (alignment == 0 || alignment > FORMAT_ALIGNMENT_MAX || (alignment & (alignment - 1)) != 0)
        return err_set(err, ERR_FORMAT,
                       "%s: general.alignment is %" PRIu64
                       "; it must be a power of two from 1 to %d",
                       c->path, alignment, FORMAT_ALIGNMENT_MAX);
    *ret = alignment;
    return 0;
}

static int check_split(const struct checkpoint *c, struct err *err)
{
    uint64_t count, number;
    TRY(checkpoint_opt_u64(c, &count, "split.count", 1, err));
    TRY(checkpoint_opt_u64(c, &number, "split.no", 0, err));
    if (count <= 1) return 0;
    return err_set(err, ERR_UNSUPPORTED_FORMAT,
                   "%s is part %" PRIu64 " of a model split into %" PRIu64
                   " files; join them first (llama-gguf-split --merge)",
                   c->path, number < count ? number + 1 : number, count);
}

static int open_bytes(struct checkpoint *c, struct slice bytes, struct err *err)
{
    struct reader r;
    uint64_t alignment;
    reader_init(&r, bytes.ptr, bytes.len, c->path);
    TRY(read_header(c, &r, err));
    for (size_t i = 0; i < c->n_values; i++) TRY(read_value(c, &r, &c->values[i], err));

    struct format_extent *extents = ARENA_NEWS(&c->arena, c->n_tensors, struct format_extent);
    if (!extents) return arena_check(&c->arena, c->path, err);
    for (size_t i = 0; i < c->n_tensors; i++) {
        extents[i].tensor = (uint32_t)i;
        TRY(read_tensor(c, &r, &c->tensors[i], &extents[i].offset, err));
    }
    TRY(checkpoint_index(c, err));
    TRY(check_split(c, err));
    TRY(check_alignment(c, &alignment, err));
    if (c->n_tensors == 0) return 0; /* A vocabulary alone: there may be no padding either. */

    TRY(reader_align(&r, alignment, "the padding before the data", err));
    for (size_t i = 0; i < c->n_tensors; i++)
        if (extents[i].offset % alignment != 0)
            return err_set(err, ERR_FORMAT,
                           "%s: tensor %.*s: offset %" PRIu64
                           " is no multiple of general.alignment (%" PRIu64 ")",
                           c->path, SLICE_FMT(c->tensors[i].name), extents[i].offset, alignment);
    struct slice data = { bytes.ptr + r.at, (size_t)reader_left(&r) };
    return format_place(c, data, extents, c->n_tensors, false, err);
}

const struct format format_gguf = {
    .name = "gguf",
    .kind = CHECKPOINT_GGUF,
    .probe = probe,
    .open = open_bytes,
};

#include "engine/format_place.h"

#include "base/utf8.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

enum { DATA_ALIGNMENT = 4 }; /* Promised in models/checkpoint.h. */

bool format_name_ok(struct slice name)
{
    if (name.len == 0 || !utf8_valid(name.ptr, name.len)) return false;
    for (size_t i = 0; i < name.len; i++)
        if ((unsigned char)name.ptr[i] < 0x20 || name.ptr[i] == 0x7F) return false;
    return true;
}

static int too_big(const struct checkpoint *c, const struct checkpoint_tensor *t, struct err *err)
{
    return err_set(err, ERR_FORMAT, "%s: tensor %.*s: its dimensions multiply to more than 2^63",
                   c->path, SLICE_FMT(t->name));
}

static int row_bytes(const struct checkpoint *c, const struct checkpoint_tensor *t, size_t *ret,
                     uint64_t n, unsigned value_bytes, struct err *err)
{
    if (!t->usable) return __builtin_mul_overflow(n, value_bytes, ret) ? too_big(c, t, err) : 0;
    const struct dtype_info *info = dtype_info(t->dtype);
    if (n % (unsigned)info->block_len != 0)
        return err_set(err, ERR_FORMAT,
                       "%s: tensor %.*s: rows of %" PRIu64 " values are no whole number of %s "
                       "blocks of %d",
                       c->path, SLICE_FMT(t->name), n, info->name, info->block_len);
    return dtype_row_bytes(ret, t->dtype, n) ? 0 : too_big(c, t, err);
}

int format_size(const struct checkpoint *c, struct checkpoint_tensor *t, unsigned value_bytes,
                struct err *err)
{
    assert(t->n_dims >= 0 && t->n_dims <= CHECKPOINT_DIMS_MAX);
    uint64_t rows = 1, inner = t->n_dims ? t->dims[t->n_dims - 1] : 1, elements, size;
    for (int i = 0; i < t->n_dims; i++) {
        if (t->dims[i] == 0)
            return err_set(err, ERR_FORMAT, "%s: tensor %.*s: dimension %d is 0", c->path,
                           SLICE_FMT(t->name), i);
        if (i < t->n_dims - 1 && __builtin_mul_overflow(rows, t->dims[i], &rows))
            return too_big(c, t, err);
    }
    size_t row;
    TRY(row_bytes(c, t, &row, inner, value_bytes, err));
    if (__builtin_mul_overflow(rows, inner, &elements) ||
        __builtin_mul_overflow(rows, (uint64_t)row, &size) || elements > INT64_MAX ||
        size > INT64_MAX)
        return too_big(c, t, err);
    t->n_elements = elements;
    t->size = size;
    return 0;
}

static int by_offset(const void *a, const void *b)
{
    const struct format_extent *x = a, *y = b;
    if (x->offset != y->offset) return x->offset < y->offset ? -1 : 1;
    return x->tensor < y->tensor ? -1 : x->tensor > y->tensor;
}

/* The kernels read 4-byte aligned data; the rare file that misaligns them costs a copy. */
static int point(struct checkpoint *c, struct checkpoint_tensor *t, const char *at, struct err *err)
{
    if (!t->usable) return 0;
    t->data = at;
    if ((uintptr_t)at % DATA_ALIGNMENT == 0) return 0;
    void *copy = arena_alloc(&c->arena, (size_t)t->size);
    if (!copy) return arena_check(&c->arena, c->path, err);
    memcpy(copy, at, (size_t)t->size);
    t->data = copy;
    return 0;
}

int format_place(struct checkpoint *c, struct slice data, struct format_extent *extents, size_t n,
                 bool dense, struct err *err)
{
    if (n > 0) qsort(extents, n, sizeof *extents, by_offset);
    uint64_t end = 0;
    for (size_t i = 0; i < n; i++) {
        struct checkpoint_tensor *t = &c->tensors[extents[i].tensor];
        uint64_t offset = extents[i].offset;
        if (offset > data.len || t->size > data.len - offset)
            return err_set(err, ERR_FORMAT,
                           "%s: tensor %.*s: its %" PRIu64 " bytes at offset %" PRIu64
                           " reach past the end of the file (it has %zu bytes of data)",
                           c->path, SLICE_FMT(t->name), t->size, offset, data.len);
        if (offset < end)
            return err_set(err, ERR_FORMAT,
                           "%s: tensor %.*s at offset %" PRIu64
                           " overlaps the tensor before it, which ends at %" PRIu64,
                           c->path, SLICE_FMT(t->name), offset, end);
        if (dense && offset != end)
            return err_set(err, ERR_FORMAT,
                           "%s: tensor %.*s at offset %" PRIu64 ": the bytes from %" PRIu64
                           " belong to no tensor",
                           c->path, SLICE_FMT(t->name), offset, end);
        end = offset + t->size;
        TRY(point(c, t, data.ptr + offset, err));
    }
    if (dense && end != data.len)
        return err_set(err, ERR_FORMAT,
                       "%s: the tensors end at byte %" PRIu64 " of %zu bytes of data", c->path, end,
                       data.len);
    return 0;
}

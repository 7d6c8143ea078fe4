#include "base/reader.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

void reader_init(struct reader *r, const void *base, uint64_t size, const char *name)
{
    assert(base || size == 0);
    *r = (struct reader){ .base = base, .size = size, .name = name };
}

uint64_t reader_left(const struct reader *r)
{
    assert(r->at <= r->size);
    return r->size - r->at;
}

int reader_bad_(const struct reader *r, const char *field, struct err *err, const char *fmt, ...)
{
    char why[ERR_TEXT_MAX];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(why, sizeof why, fmt, args); /* A cut text is still a text. */
    va_end(args);
    return err_set(err, ERR_FORMAT, "%s: %s at byte %" PRIu64 ": %s", r->name, field, r->at, why);
}

static int take(struct reader *r, const unsigned char **ret, uint64_t len, const char *field,
                struct err *err)
{
    if (len > reader_left(r))
        return reader_bad(r, field, err, "needs %" PRIu64 " bytes and %" PRIu64 " are left", len,
                          reader_left(r));
    *ret = r->base + r->at;
    r->at += len;
    return 0;
}

static int take_le(struct reader *r, uint64_t *ret, unsigned bytes, const char *field,
                   struct err *err)
{
    const unsigned char *p;
    TRY(take(r, &p, bytes, field, err));
    uint64_t v = 0;
    for (unsigned i = 0; i < bytes; i++) v |= (uint64_t)p[i] << (8 * i);
    *ret = v;
    return 0;
}

int reader_u8(struct reader *r, uint8_t *ret, const char *field, struct err *err)
{
    uint64_t v;
    TRY(take_le(r, &v, 1, field, err));
    *ret = (uint8_t)v;
    return 0;
}

int reader_u16(struct reader *r, uint16_t *ret, const char *field, struct err *err)
{
    uint64_t v;
    TRY(take_le(r, &v, 2, field, err));
    *ret = (uint16_t)v;
    return 0;
}

int reader_u32(struct reader *r, uint32_t *ret, const char *field, struct err *err)
{
    uint64_t v;
    TRY(take_le(r, &v, 4, field, err));
    *ret = (uint32_t)v;
    return 0;
}

int reader_u64(struct reader *r, uint64_t *ret, const char *field, struct err *err)
{
    return take_le(r, ret, 8, field, err);
}

int reader_f32(struct reader *r, float *ret, const char *field, struct err *err)
{
    uint32_t bits;
    TRY(reader_u32(r, &bits, field, err));
    memcpy(ret, &bits, sizeof *ret);
    return 0;
}

int reader_f64(struct reader *r, double *ret, const char *field, struct err *err)
{
    uint64_t bits;
    TRY(reader_u64(r, &bits, field, err));
    memcpy(ret, &bits, sizeof *ret);
    return 0;
}

int reader_bytes(struct reader *r, struct slice *ret, uint64_t len, const char *field,
                 struct err *err)
{
    const unsigned char *p;
    TRY(take(r, &p, len, field, err));
    *ret = (struct slice){ (const char *)p, (size_t)len };
    return 0;
}

int reader_count(struct reader *r, uint64_t *ret, uint64_t least, const char *field,
                 struct err *err)
{
    assert(least > 0);
    uint64_t start = r->at, n;
    TRY(reader_u64(r, &n, field, err));
    if (n > reader_left(r) / least) {
        r->at = start;
        return reader_bad(r, field, err,
                          "%" PRIu64 " of at least %" PRIu64 " bytes each do not fit in the file",
                          n, least);
    }
    *ret = n;
    return 0;
}

int reader_align(struct reader *r, uint64_t alignment, const char *field, struct err *err)
{
    assert(alignment > 0 && (alignment & (alignment - 1)) == 0);
    uint64_t pad = (alignment - (r->at & (alignment - 1))) & (alignment - 1);
    const unsigned char *p;
    return take(r, &p, pad, field, err);
}

/* Any bytes as a form, in two ways of cutting it: both say the same. */
#include "api/multipart.h"
#include "base/checksum.h"

#include <stdlib.h>

struct seen {
    uint64_t sum, bytes;
    unsigned parts;
};

static int on_begin(void *ctx, const struct multipart_part *part, struct err *err)
{
    struct seen *s = ctx;
    (void)err;
    for (size_t i = 0; i < part->filename.len; i++)
        if (part->filename.ptr[i] == '/' || (unsigned char)part->filename.ptr[i] < 0x20) abort();
    s->sum = checksum64(s->sum, part->name.ptr, part->name.len);
    s->sum = checksum64(s->sum, part->filename.ptr ? part->filename.ptr : "", part->filename.len);
    s->parts++;
    return 0;
}

/* Byte by byte: how they come does not count. */
static int on_data(void *ctx, struct slice bytes, struct err *err)
{
    struct seen *s = ctx;
    (void)err;
    for (size_t i = 0; i < bytes.len; i++) s->sum = s->sum * 31 + (unsigned char)bytes.ptr[i];
    s->bytes += bytes.len;
    return 0;
}

static int on_end(void *ctx, struct err *err)
{
    (void)err;
    ((struct seen *)ctx)->sum++;
    return 0;
}

static const struct multipart_ops ops = { on_begin, on_data, on_end };

static int parse(struct seen *ret, struct slice type, struct slice body, size_t step)
{
    static struct multipart m;
    struct err err = { 0 };
    *ret = (struct seen){ 0 };
    TRY(multipart_init(&m, type, &ops, ret, &err));
    for (size_t at = 0; at < body.len; at += step) {
        size_t n = body.len - at < step ? body.len - at : step;
        TRY(multipart_push(&m, (struct slice){ body.ptr + at, n }, &err));
    }
    return multipart_finish(&m, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The content type up to the first line's end, a byte that says how it is cut, the body. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice all = { (const char *)data, size };
    size_t end = slice_find(all, SLICE("\n"));
    if (end + 2 > size) return 0;
    struct slice type = { all.ptr, end }, body = { all.ptr + end + 2, size - end - 2 };
    struct seen one, two;
    int a = parse(&one, type, body, size), b = parse(&two, type, body, 1 + data[end + 1] % 16u);
    if (a != b) abort();
    if (a == 0 && (one.sum != two.sum || one.bytes != two.bytes || one.parts != two.parts)) abort();
    return 0;
}

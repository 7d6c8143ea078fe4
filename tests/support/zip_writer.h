/* zip_writer - small zip archives in memory, as wheels are. */
#ifndef TIRO_TESTS_ZIP_WRITER_H
#define TIRO_TESTS_ZIP_WRITER_H

#include "base/buf.h"
#include "support/model_writer.h"

#include <assert.h>
#include <stdlib.h>
#include <zlib.h>

struct zip_writer {
    struct buf *out, directory;
    unsigned n;
    uint64_t stated_size; /* Not 0: a lie for the next file. */
};

static inline void zip_begin(struct zip_writer *w, struct buf *out)
{
    *w = (struct zip_writer){ .out = out };
    buf_init(&w->directory, 1 << 20);
}

static inline void zip_deflate(struct buf *out, struct slice s)
{
    z_stream z = { 0 };
    int rc = deflateInit2(&z, 6, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
    assert(rc == Z_OK);
    size_t most = deflateBound(&z, s.len);
    char *room = buf_reserve(out, most);
    assert(room);
    z.next_in = (unsigned char *)(uintptr_t)s.ptr;
    z.avail_in = (uInt)s.len;
    z.next_out = (unsigned char *)room;
    z.avail_out = (uInt)most;
    rc = deflate(&z, Z_FINISH);
    assert(rc == Z_STREAM_END);
    buf_commit(out, most - z.avail_out);
    deflateEnd(&z);
}

/* What the local header and the directory both say, from flags to extra length. */
static inline void zip_common(struct buf *b, bool deflate, uint32_t crc, size_t packed, size_t size,
                              const char *name)
{
    put_le(b, 0, 2);
    put_le(b, deflate ? 8 : 0, 2);
    put_le(b, 0, 4);
    put_le(b, crc, 4);
    put_le(b, packed, 4);
    put_le(b, size, 4);
    put_le(b, strlen(name), 2);
    put_le(b, 0, 2);
}

static inline void zip_add(struct zip_writer *w, const char *name, struct slice s, bool deflate)
{
    struct buf packed;
    size_t at = w->out->len;
    buf_init(&packed, 16 << 20);
    if (deflate)
        zip_deflate(&packed, s);
    else
        buf_add_slice(&packed, s);
    uint32_t crc = (uint32_t)crc32_z(0, (const unsigned char *)s.ptr, s.len);
    size_t size = w->stated_size ? w->stated_size : s.len;
    put_le(w->out, 0x04034b50, 4);
    put_le(w->out, 20, 2);
    zip_common(w->out, deflate, crc, packed.len, size, name);
    buf_add_str(w->out, name);
    buf_add_slice(w->out, buf_slice(&packed));
    put_le(&w->directory, 0x02014b50, 4);
    put_le(&w->directory, 20 | 20 << 16, 4);
    zip_common(&w->directory, deflate, crc, packed.len, size, name);
    put_le(&w->directory, 0, 2 + 2);
    put_le(&w->directory, 0, 2 + 4);
    put_le(&w->directory, at, 4);
    buf_add_str(&w->directory, name);
    buf_release(&packed);
    w->stated_size = 0;
    w->n++;
}

static inline void zip_end(struct zip_writer *w)
{
    size_t at = w->out->len;
    buf_add_slice(w->out, buf_slice(&w->directory));
    put_le(w->out, 0x06054b50, 4);
    put_le(w->out, 0, 4);
    put_le(w->out, w->n | (uint64_t)w->n << 16, 4);
    put_le(w->out, w->directory.len, 4);
    put_le(w->out, at, 4);
    put_le(w->out, 0, 2);
    assert(!w->out->failed && !w->directory.failed);
    buf_release(&w->directory);
}

#endif

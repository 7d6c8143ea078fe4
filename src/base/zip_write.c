#include "base/zip_write.h"

#include "base/zip.h"

#include <assert.h>
#include <zlib.h>

enum {
    VERSION = 20, /* 2.0: deflate */
    LEVEL = 6,
    DAY_ONE = 1 << 5 | 1, /* 1980-01-01 */
    DIRECTORY_MAX = 16 << 20,
};

struct entry {
    enum zip_method method;
    uint32_t crc, packed, size, at;
};

static void u16(struct buf *b, uint32_t value)
{
    char bytes[2] = { (char)(value & 255), (char)(value >> 8 & 255) };
    buf_add(b, bytes, sizeof bytes);
}

static void u32(struct buf *b, uint32_t value)
{
    u16(b, value & 65535);
    u16(b, value >> 16);
}

/* What the local header and the directory both say. */
static void add_common(struct buf *b, const struct entry *e, const char *name)
{
    u16(b, VERSION);
    u16(b, 0); /* Flags. */
    u16(b, e->method);
    u16(b, 0); /* Midnight. */
    u16(b, DAY_ONE);
    u32(b, e->crc);
    u32(b, e->packed);
    u32(b, e->size);
    u16(b, (uint32_t)strlen(name));
    u16(b, 0); /* No extra field. */
}

static void add_local(struct buf *b, const struct entry *e, const char *name)
{
    u32(b, 0x04034b50);
    add_common(b, e, name);
    buf_add_str(b, name);
}

static void add_to_directory(struct buf *b, const struct entry *e, const char *name)
{
    u32(b, 0x02014b50);
    u16(b, VERSION);
    add_common(b, e, name);
    u16(b, 0); /* No comment, */
    u16(b, 0); /* one disk, */
    u16(b, 0); /* no attributes of either kind. */
    u32(b, 0);
    u32(b, e->at);
    buf_add_str(b, name);
}

static void deflate_into(struct buf *out, struct slice bytes)
{
    z_stream z = { 0 };
    if (deflateInit2(&z, LEVEL, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
        out->failed = true;
        return;
    }
    size_t most = deflateBound(&z, bytes.len);
    char *room = buf_reserve(out, most);
    if (room) {
        z.next_in = (unsigned char *)(uintptr_t)bytes.ptr;
        z.avail_in = (uInt)bytes.len;
        z.next_out = (unsigned char *)room;
        z.avail_out = (uInt)most;
        int rc = deflate(&z, Z_FINISH);
        assert(rc == Z_STREAM_END); /* The bound is enough. */
        buf_commit(out, most - z.avail_out);
    }
    (void)deflateEnd(&z); /* It has ended. */
}

void zip_begin(struct zip_archive *zip, struct buf *out)
{
    assert(out->len == 0 && out->max < UINT32_MAX);
    *zip = (struct zip_archive){ .out = out };
    buf_init(&zip->directory, DIRECTORY_MAX);
}

void zip_add(struct zip_archive *zip, const char *name, struct slice bytes, enum zip_method method)
{
    assert(strlen(name) <= ZIP_NAME_LEN_MAX && zip->n_entries < ZIP_ENTRIES_MAX - 1);
    assert(bytes.len < UINT32_MAX);
    struct buf packed;
    struct slice data = bytes;
    buf_init(&packed, UINT32_MAX);
    if (method == ZIP_DEFLATED) {
        deflate_into(&packed, bytes);
        data = buf_slice(&packed);
    }
    struct entry e = {
        .method = method,
        .crc = (uint32_t)crc32_z(0, (const unsigned char *)bytes.ptr, bytes.len),
        .packed = (uint32_t)data.len,
        .size = (uint32_t)bytes.len,
        .at = (uint32_t)zip->out->len,
    };
    if (packed.failed) zip->out->failed = true;
    add_local(zip->out, &e, name);
    buf_add_slice(zip->out, data);
    add_to_directory(&zip->directory, &e, name);
    zip->n_entries++;
    buf_release(&packed);
}

void zip_end(struct zip_archive *zip)
{
    struct buf *out = zip->out;
    uint32_t at = (uint32_t)out->len;
    if (zip->directory.failed) out->failed = true;
    buf_add_slice(out, buf_slice(&zip->directory));
    u32(out, 0x06054b50);
    u32(out, 0); /* One disk. */
    u16(out, zip->n_entries);
    u16(out, zip->n_entries);
    u32(out, (uint32_t)zip->directory.len);
    u32(out, at);
    u16(out, 0); /* No comment. */
    buf_release(&zip->directory);
}

#include "base/zip.h"

#include "base/reader.h"
#include "base/seam.h"

#include <inttypes.h>
#include <zlib.h>

enum {
    END_MAGIC = 0x06054b50,
    ENTRY_MAGIC = 0x02014b50,
    LOCAL_MAGIC = 0x04034b50,
    END_LEN = 22,
    ENTRY_LEN = 46,
    LOCAL_LEN = 30,
    COMMENT_LEN_MAX = 65535,
    FLAG_ENCRYPTED = 1,
    METHOD_STORED = 0,
    METHOD_DEFLATED = 8,
    CHUNK = 1 << 16,
};

/* The directory stands in front of this record, which ends the archive (but for a comment). */
struct end {
    uint16_t n_entries;
    uint32_t directory_len, directory_at;
};

static int read_end(struct reader *r, struct end *ret, struct err *err)
{
    uint32_t magic;
    uint16_t disk, directory_disk, here, all, comment_len;
    struct end end;
    TRY(reader_u32(r, &magic, "the end record", err));
    TRY(reader_u16(r, &disk, "the end record", err));
    TRY(reader_u16(r, &directory_disk, "the end record", err));
    TRY(reader_u16(r, &here, "the end record", err));
    TRY(reader_u16(r, &all, "the number of files", err));
    TRY(reader_u32(r, &end.directory_len, "the directory's length", err));
    TRY(reader_u32(r, &end.directory_at, "the directory's place", err));
    TRY(reader_u16(r, &comment_len, "the comment's length", err));
    if (magic != END_MAGIC || disk != 0 || directory_disk != 0 || here != all)
        return reader_bad(r, "the end record", err, "archives in several parts are not read");
    if (all == UINT16_MAX || end.directory_len == UINT32_MAX || end.directory_at == UINT32_MAX)
        return reader_bad(r, "the end record", err, "zip64 archives are not read");
    end.n_entries = all;
    *ret = end;
    return 0;
}

/* Searches backwards for the record whose comment reaches exactly to the archive's end. */
static int find_end(struct reader *r, struct end *ret, struct err *err)
{
    uint64_t last = r->size < END_LEN ? 0 : r->size - END_LEN;
    uint64_t first = last > COMMENT_LEN_MAX ? last - COMMENT_LEN_MAX : 0;
    for (uint64_t at = last + 1; r->size >= END_LEN && at-- > first;) {
        const unsigned char *p = r->base + at;
        if (p[0] != 'P' || p[1] != 'K' || p[2] != 5 || p[3] != 6) continue;
        if (at + END_LEN + (p[20] | (uint64_t)p[21] << 8) != r->size) continue;
        r->at = at;
        return read_end(r, ret, err);
    }
    r->at = 0;
    return reader_bad(r, "the end record", err, "not found: this is no whole zip archive");
}

static int read_entry(struct reader *r, struct zip_entry *ret, struct slice *ret_name,
                      uint16_t *ret_flags, struct err *err)
{
    struct zip_entry e = { 0 };
    struct slice skipped;
    uint32_t magic, packed, size, local_at;
    uint16_t name_len, extra_len, comment_len;
    TRY(reader_u32(r, &magic, "a directory entry", err));
    if (magic != ENTRY_MAGIC) return reader_bad(r, "a directory entry", err, "wrong magic");
    TRY(reader_bytes(r, &skipped, 4, "a directory entry", err)); /* Versions. */
    TRY(reader_u16(r, ret_flags, "an entry's flags", err));
    TRY(reader_u16(r, &e.method, "an entry's method", err));
    TRY(reader_bytes(r, &skipped, 4, "an entry's time", err));
    TRY(reader_u32(r, &e.crc, "an entry's CRC", err));
    TRY(reader_u32(r, &packed, "an entry's packed size", err));
    TRY(reader_u32(r, &size, "an entry's size", err));
    TRY(reader_u16(r, &name_len, "an entry's name", err));
    TRY(reader_u16(r, &extra_len, "an entry's extra field", err));
    TRY(reader_u16(r, &comment_len, "an entry's comment", err));
    TRY(reader_bytes(r, &skipped, 8, "an entry's attributes", err));
    TRY(reader_u32(r, &local_at, "an entry's place", err));
    TRY(reader_bytes(r, ret_name, name_len, "an entry's name", err));
    TRY(reader_bytes(r, &skipped, extra_len, "an entry's extra field", err));
    TRY(reader_bytes(r, &skipped, comment_len, "an entry's comment", err));
    if (packed == UINT32_MAX || size == UINT32_MAX || local_at == UINT32_MAX)
        return reader_bad(r, "an entry's size", err, "zip64 archives are not read");
    e.packed = packed;
    e.size = size;
    e.data_at = local_at; /* Until the local header is read. */
    *ret = e;
    return 0;
}

/* Behind the local header, which repeats the name and has an extra field of its own. */
static int find_data(struct reader *r, struct zip_entry *e, struct slice name, struct err *err)
{
    struct slice skipped, local_name;
    uint32_t magic;
    uint16_t name_len, extra_len;
    if (e->data_at > r->size)
        return reader_bad(r, "an entry's place", err, "%" PRIu64 " is past the end", e->data_at);
    r->at = e->data_at;
    TRY(reader_u32(r, &magic, "a local header", err));
    if (magic != LOCAL_MAGIC) return reader_bad(r, "a local header", err, "wrong magic");
    TRY(reader_bytes(r, &skipped, 22, "a local header", err));
    TRY(reader_u16(r, &name_len, "a local name", err));
    TRY(reader_u16(r, &extra_len, "a local extra field", err));
    TRY(reader_bytes(r, &local_name, name_len, "a local name", err));
    TRY(reader_bytes(r, &skipped, extra_len, "a local extra field", err));
    if (!slice_eq(local_name, name))
        return reader_bad(r, "a local name", err, "it differs from the directory's");
    if (e->packed > reader_left(r))
        return reader_bad(r, "an entry's packed size", err, "%" PRIu64 " bytes do not fit",
                          e->packed);
    if (e->method == METHOD_STORED && e->packed != e->size)
        return reader_bad(r, "an entry's size", err, "a stored file has two sizes");
    e->data_at = r->at;
    return 0;
}

int zip_find(struct zip_entry *ret, struct slice archive, const char *what, const char *name,
             struct err *err)
{
    struct reader r;
    struct end end;
    struct zip_entry found = { 0 };
    bool have = false;
    reader_init(&r, archive.ptr, archive.len, what);
    TRY(find_end(&r, &end, err));
    if (end.directory_at > r.size || end.directory_len > r.size - end.directory_at)
        return reader_bad(&r, "the directory's place", err, "it lies past the end");
    r.at = end.directory_at;
    for (unsigned i = 0; i < end.n_entries; i++) {
        struct zip_entry e;
        struct slice entry_name;
        uint16_t flags;
        TRY(read_entry(&r, &e, &entry_name, &flags, err));
        if (!slice_is(entry_name, name)) continue;
        if (have) return reader_bad(&r, "an entry's name", err, "%s is there twice", name);
        if (flags & FLAG_ENCRYPTED)
            return reader_bad(&r, "an entry's flags", err, "%s is encrypted", name);
        if (e.method != METHOD_STORED && e.method != METHOD_DEFLATED)
            return reader_bad(&r, "an entry's method", err, "%u is not read (stored, deflated)",
                              e.method);
        found = e;
        have = true;
    }
    if (!have) return err_set(err, ERR_FORMAT, "%s: there is no %s in it", what, name);
    TRY(find_data(&r, &found, slice_of(name), err));
    *ret = found;
    return 0;
}

/* What has come out so far. */
struct output {
    const struct zip_entry *entry;
    const char *what;
    int (*sink)(void *ctx, const void *bytes, size_t len, struct err *err);
    void *ctx;
    uint64_t size;
    uint32_t crc;
};

static int put(struct output *o, const unsigned char *bytes, size_t len, struct err *err)
{
    if (len > o->entry->size - o->size)
        return err_set(err, ERR_FORMAT, "%s: a file in it is larger than its directory says",
                       o->what);
    o->size += len;
    o->crc = (uint32_t)crc32_z(o->crc, bytes, len);
    return len ? o->sink(o->ctx, bytes, len, err) : 0;
}

static int put_stored(struct output *o, struct slice packed, struct err *err)
{
    while (packed.len > 0) {
        size_t n = packed.len < CHUNK ? packed.len : CHUNK;
        TRY(put(o, (const unsigned char *)packed.ptr, n, err));
        packed = (struct slice){ packed.ptr + n, packed.len - n };
    }
    return 0;
}

static voidpf zlib_alloc(voidpf ctx, uInt count, uInt size)
{
    (void)ctx;
    return mem_calloc(count, size);
}

static void zlib_free(voidpf ctx, voidpf ptr)
{
    (void)ctx;
    mem_free(ptr);
}

static int inflate_all(struct output *o, z_stream *z, struct slice packed, unsigned char *chunk,
                       struct err *err)
{
    int state = Z_OK;
    while (state != Z_STREAM_END) {
        if (z->avail_in == 0) { /* zlib counts in 32 bits. */
            size_t n = packed.len < CHUNK ? packed.len : CHUNK;
            z->next_in = (unsigned char *)(uintptr_t)packed.ptr; /* zlib only reads it. */
            z->avail_in = (uInt)n;
            packed = (struct slice){ packed.ptr + n, packed.len - n };
        }
        z->next_out = chunk;
        z->avail_out = CHUNK;
        bool last = z->avail_in == 0;
        state = inflate(z, Z_NO_FLUSH);
        if (state == Z_MEM_ERROR) return err_set(err, ERR_NO_MEMORY, "no memory to unpack");
        if ((state != Z_OK && state != Z_STREAM_END) || (last && z->avail_out == CHUNK))
            return err_set(err, ERR_FORMAT, "%s: its compressed data are damaged", o->what);
        TRY(put(o, chunk, CHUNK - z->avail_out, err));
    }
    if (z->avail_in > 0 || packed.len > 0)
        return err_set(err, ERR_FORMAT, "%s: bytes follow the compressed data of a file", o->what);
    return 0;
}

static int put_deflated(struct output *o, struct slice packed, struct err *err)
{
    z_stream z = { .zalloc = zlib_alloc, .zfree = zlib_free };
    unsigned char *chunk = mem_alloc(CHUNK);
    int rc;
    if (!chunk || inflateInit2(&z, -MAX_WBITS) != Z_OK) {
        mem_free(chunk);
        return err_set(err, ERR_NO_MEMORY, "no memory to unpack");
    }
    rc = inflate_all(o, &z, packed, chunk, err);
    (void)inflateEnd(&z); /* Only frees. */
    mem_free(chunk);
    return rc;
}

int zip_extract(const struct zip_entry *entry, struct slice archive, const char *what,
                int (*sink)(void *ctx, const void *bytes, size_t len, struct err *err), void *ctx,
                struct err *err)
{
    struct output o = { .entry = entry, .what = what, .sink = sink, .ctx = ctx };
    struct slice packed = { archive.ptr + entry->data_at, (size_t)entry->packed };
    if (entry->method == METHOD_STORED)
        TRY(put_stored(&o, packed, err));
    else
        TRY(put_deflated(&o, packed, err));
    if (o.size != entry->size || o.crc != entry->crc)
        return err_set(err, ERR_CHECKSUM, "%s: a file in it has not the size or CRC it should",
                       what);
    return 0;
}

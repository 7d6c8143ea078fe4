#include "models/packed_file.h"

#include "base/checksum.h"
#include "base/pool.h"
#include "base/reader.h"
#include "base/seam.h"
#include "kernels/layout.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>

enum { MAGIC_LEN = 8, TENSOR_BYTES_MIN = 8 + 1 + 4 + 4 * 8 };

static const char magic[MAGIC_LEN + 1] = "TIROPACK";

/* ---- reading ---- */

static int read_version(struct reader *r, const char *name, struct err *err)
{
    struct slice start;
    uint32_t version, layout;
    TRY(reader_bytes(r, &start, MAGIC_LEN, "the magic", err));
    if (!slice_is(start, magic)) return reader_bad(r, "the magic", err, "not packed weights");
    TRY(reader_u32(r, &version, "the version", err));
    TRY(reader_u32(r, &layout, "the layout", err));
    if (version == PACKED_VERSION && layout == KERNEL_LAYOUT) return 0;
    return err_set(err, ERR_UNSUPPORTED_FORMAT,
                   "%s was made by another version of Tiro (version %" PRIu32 ", layout %" PRIu32
                   "; here %d, %d)",
                   name, version, layout, PACKED_VERSION, KERNEL_LAYOUT);
}

static int read_tensor(struct reader *r, struct packed_tensor *t, uint64_t from, uint64_t data_size,
                       struct err *err)
{
    uint64_t len;
    uint32_t id;
    TRY(reader_count(r, &len, 1, "a matrix's name", err));
    if (len == 0 || len > PACKED_NAME_MAX)
        return reader_bad(r, "a matrix's name", err, "%" PRIu64 " bytes; 1 to %d are read", len,
                          PACKED_NAME_MAX);
    TRY(reader_bytes(r, &t->name, len, "a matrix's name", err));
    TRY(reader_u32(r, &id, "a matrix's type", err));
    if (!dtype_from_ggml(&t->dtype, id))
        return reader_bad(r, "a matrix's type", err, "number %" PRIu32 " is unknown", id);
    TRY(reader_u64(r, &t->m, "a matrix's rows", err));
    TRY(reader_u64(r, &t->k, "a matrix's columns", err));
    TRY(reader_u64(r, &t->offset, "a matrix's offset", err));
    TRY(reader_u64(r, &t->size, "a matrix's size", err));
    if (t->offset % PACKED_ALIGN != 0 || t->offset < from)
        return reader_bad(r, "a matrix's offset", err,
                          "%" PRIu64 " is unaligned or inside the matrix before", t->offset);
    if (t->offset > data_size || t->size > data_size - t->offset)
        return reader_bad(r, "a matrix's size", err, "it reaches past the data");
    return 0;
}

static int read_table(struct packed_file *f, struct reader *r, struct arena *a, uint64_t data_size,
                      struct err *err)
{
    uint64_t end = 0;
    f->tensors = ARENA_NEWS(a, f->n_tensors, struct packed_tensor);
    if (!f->tensors) return arena_check(a, r->name, err);
    for (size_t i = 0; i < f->n_tensors; i++) {
        TRY(read_tensor(r, &f->tensors[i], end, data_size, err));
        end = f->tensors[i].offset + f->tensors[i].size;
    }
    return 0;
}

/* The checksums stand behind the data: they are known last. */
static int read_data(struct packed_file *f, struct reader *r, uint64_t data_at, uint64_t data_size,
                     struct slice *ret_sums, struct err *err)
{
    if (data_at % PACKED_ALIGN != 0 || data_at < r->at || data_at > r->size)
        return reader_bad(r, "where the data is", err, "%" PRIu64, data_at);
    r->at = data_at;
    TRY(reader_bytes(r, &f->data, data_size, "the data", err));
    f->n_pieces = (size_t)(data_size / PACKED_PIECE + (data_size % PACKED_PIECE != 0));
    TRY(reader_bytes(r, ret_sums, f->n_pieces * sizeof(uint64_t), "the checksums", err));
    f->checksums = (const unsigned char *)ret_sums->ptr;
    return 0;
}

/* All is read before any checksum is compared, so that a fuzzer, which cannot make them, reads all
 * of it too. */
int packed_file_read(struct packed_file *ret, struct arena *a, struct slice bytes, const char *name,
                     struct err *err)
{
    struct packed_file f = { 0 };
    struct reader r;
    struct slice sums;
    uint64_t n, data_at, data_size, head_sum, sums_sum;
    reader_init(&r, bytes.ptr, bytes.len, name);
    TRY(read_version(&r, name, err));
    TRY(reader_u64(&r, &f.key.size, "the model's size", err));
    TRY(reader_u64(&r, &f.key.mtime_ns, "the model's time", err));
    TRY(reader_u64(&r, &f.key.header, "the model's header", err));
    TRY(reader_count(&r, &n, TENSOR_BYTES_MIN, "the number of matrices", err));
    if (n > PACKED_TENSORS_MAX)
        return reader_bad(&r, "the number of matrices", err, "%" PRIu64 "; at most %d are read", n,
                          PACKED_TENSORS_MAX);
    f.n_tensors = (size_t)n;
    TRY(reader_u64(&r, &data_at, "where the data is", err));
    TRY(reader_u64(&r, &data_size, "the size of the data", err));
    TRY(read_table(&f, &r, a, data_size, err));
    size_t head = (size_t)r.at;
    TRY(reader_u64(&r, &head_sum, "the table's checksum", err));
    TRY(read_data(&f, &r, data_at, data_size, &sums, err));
    TRY(reader_u64(&r, &sums_sum, "the checksums' checksum", err));
    if (reader_left(&r) > 0) return reader_bad(&r, "the end", err, "bytes are left over");
    if (head_sum != checksum64(0, bytes.ptr, head))
        return err_set(err, ERR_CHECKSUM, "%s: its table is damaged", name);
    if (sums_sum != checksum64(0, sums.ptr, sums.len))
        return err_set(err, ERR_CHECKSUM, "%s: its checksums are damaged", name);
    *ret = f;
    return 0;
}

struct verify_job {
    const struct packed_file *file;
    _Atomic size_t first_bad;
};

static void verify_share(void *ctx, int thread, int n_threads)
{
    struct verify_job *j = ctx;
    const struct packed_file *f = j->file;
    size_t from, to;
    pool_share(&from, &to, f->n_pieces, 1, thread, n_threads);
    for (size_t i = from; i < to; i++) {
        uint64_t sum;
        size_t at = i * PACKED_PIECE, len = f->data.len - at;
        if (len > PACKED_PIECE) len = PACKED_PIECE;
        memcpy(&sum, f->checksums + i * sizeof sum, sizeof sum);
        if (sum == checksum64(i, f->data.ptr + at, len)) continue;
        size_t first = atomic_load(&j->first_bad);
        while (i < first && !atomic_compare_exchange_weak(&j->first_bad, &first, i)) {
        }
        return;
    }
}

int packed_file_verify(const struct packed_file *f, struct pool *pool, const char *name,
                       struct err *err)
{
    struct verify_job job = { .file = f, .first_bad = SIZE_MAX };
    if (pool)
        pool_run(pool, verify_share, &job);
    else
        verify_share(&job, 0, 1);
    size_t bad = atomic_load(&job.first_bad);
    if (bad == SIZE_MAX) return 0;
    return err_set(err, ERR_CHECKSUM, "%s is damaged at byte %zu of its data or just behind", name,
                   bad * PACKED_PIECE);
}

/* ---- writing ---- */

static void add_u32(struct buf *b, uint32_t v)
{
    buf_add(b, &v, sizeof v); /* Little endian, as all machines that this is built for. */
}

static void add_u64(struct buf *b, uint64_t v)
{
    buf_add(b, &v, sizeof v);
}

static void add_head(struct buf *b, const struct packed_file *f, uint64_t data_at,
                     uint64_t data_size)
{
    buf_add(b, magic, MAGIC_LEN);
    add_u32(b, PACKED_VERSION);
    add_u32(b, KERNEL_LAYOUT);
    add_u64(b, f->key.size);
    add_u64(b, f->key.mtime_ns);
    add_u64(b, f->key.header);
    add_u64(b, f->n_tensors);
    add_u64(b, data_at);
    add_u64(b, data_size);
    for (size_t i = 0; i < f->n_tensors; i++) {
        const struct packed_tensor *t = &f->tensors[i];
        add_u64(b, t->name.len);
        buf_add_slice(b, t->name);
        add_u32(b, (uint32_t)dtype_info(t->dtype)->ggml_id);
        add_u64(b, t->m);
        add_u64(b, t->k);
        add_u64(b, t->offset);
        add_u64(b, t->size);
    }
    add_u64(b, b->ptr ? checksum64(0, b->ptr, b->len) : 0);
}

/* Its length is known before its contents are: data_at is a number of fixed width in it. */
static size_t head_len(const struct packed_file *f)
{
    size_t len = MAGIC_LEN + 2 * sizeof(uint32_t) + 7 * sizeof(uint64_t);
    for (size_t i = 0; i < f->n_tensors; i++)
        len += 5 * sizeof(uint64_t) + sizeof(uint32_t) + f->tensors[i].name.len;
    return len;
}

int packed_writer_begin(struct packed_writer *w, int fd, const char *name,
                        const struct packed_file *f, uint64_t data_size, struct err *err)
{
    struct buf head;
    *w = (struct packed_writer){ .fd = fd, .name = name };
    buf_init(&w->piece, PACKED_PIECE);
    buf_init(&w->checksums, (size_t)(data_size / PACKED_PIECE + 2) * sizeof(uint64_t));
    buf_init(&head, PACKED_HEAD_MAX);
    size_t align = data_size < PACKED_PIECE ? PACKED_ALIGN : PACKED_PIECE;
    size_t data_at = (head_len(f) + align - 1) / align * align;
    add_head(&head, f, data_at, data_size);
    assert(head.failed || head.len == head_len(f));
    char *zeros = head.failed ? NULL : buf_reserve(&head, data_at - head.len);
    if (zeros) {
        memset(zeros, 0, data_at - head.len);
        buf_commit(&head, data_at - head.len);
    }
    int rc = buf_check(&head, name, err);
    if (rc == 0) rc = file_write_all(fd, head.ptr, head.len, name, err);
    buf_release(&head);
    return rc;
}

static int flush_piece(struct packed_writer *w, struct err *err)
{
    uint64_t i = w->checksums.len / sizeof(uint64_t);
    add_u64(&w->checksums, checksum64(i, w->piece.ptr, w->piece.len));
    TRY(buf_check(&w->checksums, w->name, err));
    TRY(file_write_all(w->fd, w->piece.ptr, w->piece.len, w->name, err));
    buf_reset(&w->piece);
    return 0;
}

int packed_writer_add(struct packed_writer *w, const void *bytes, size_t len, struct err *err)
{
    const char *p = bytes;
    while (len > 0) {
        size_t part = PACKED_PIECE - w->piece.len;
        if (part > len) part = len;
        buf_add(&w->piece, p, part);
        TRY(buf_check(&w->piece, w->name, err));
        p += part;
        len -= part;
        if (w->piece.len == PACKED_PIECE) TRY(flush_piece(w, err));
    }
    return 0;
}

int packed_writer_finish(struct packed_writer *w, struct err *err)
{
    if (w->piece.len > 0) TRY(flush_piece(w, err));
    uint64_t sum = checksum64(0, w->checksums.ptr, w->checksums.len);
    add_u64(&w->checksums, sum);
    TRY(buf_check(&w->checksums, w->name, err));
    TRY(file_write_all(w->fd, w->checksums.ptr, w->checksums.len, w->name, err));
    if (seams.fsync(w->fd) < 0) return err_errno(err, errno, "writing %s to disk", w->name);
    return 0;
}

void packed_writer_release(struct packed_writer *w)
{
    buf_release(&w->piece);
    buf_release(&w->checksums);
}

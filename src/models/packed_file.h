/* packed_file - the file that keeps a model's packed matrices from one start to the next.
 *
 *     "TIROPACK" | version u32 | layout u32 | size u64 | mtime_ns u64 | header u64       the key
 *     n_tensors u64 | data_at u64 | data_size u64
 *     n_tensors x { name_len u64 | name | dtype u32 | m u64 | k u64 | offset u64 | size u64 }
 *     checksum u64 of all of the above
 *     zeros to data_at
 *     data_size bytes, by pieces of PACKED_PIECE bytes (the last may be shorter)
 *     checksum u64 of each piece | checksum u64 of those
 *
 * Little endian; dtype is the number that GGUF gives it. Offsets count from data_at, which is a
 * multiple of the huge page's size where there is enough to fill one, so that huge pages can be
 * mapped. `layout` is KERNEL_LAYOUT: what packing makes; the version is that of this page.
 *
 * The file is ours, but it lies on a disk and names a model from outside: packed_file_read believes
 * nothing (tests/fuzz/models/fuzz_packed_file.c). Whether the data is what was written is for
 * packed_file_verify, which reads all of it.
 */
#ifndef TIRO_MODELS_PACKED_FILE_H
#define TIRO_MODELS_PACKED_FILE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "kernels/dtype.h"
#include "models/checkpoint.h"

struct pool;

enum {
    PACKED_VERSION = 1,
    PACKED_ALIGN = 64,      /* Of each matrix. */
    PACKED_PIECE = 2 << 20, /* Bytes with a checksum of their own; a huge page. */
    PACKED_NAME_MAX = 1024,
    PACKED_TENSORS_MAX = CHECKPOINT_TENSORS_MAX,
    PACKED_HEAD_MAX = 128 << 20,
};

struct packed_tensor {
    struct slice name;
    enum dtype dtype; /* Of the packed form. */
    uint64_t m, k;
    uint64_t offset, size; /* In the data. */
};

struct packed_file {
    struct checkpoint_key key;
    struct packed_tensor *tensors; /* in the arena; offsets rise */
    size_t n_tensors;
    struct slice data;
    const unsigned char *checksums; /* n_pieces u64 */
    size_t n_pieces;
};

/* All but the data itself is checked. Everything points into `bytes` or the arena.
 * -ERR_UNSUPPORTED_FORMAT: of another version or layout; -ERR_FORMAT, -ERR_CHECKSUM: damaged. */
int packed_file_read(struct packed_file *ret, struct arena *a, struct slice bytes, const char *name,
                     struct err *err) MUST_USE;
/* Reads all of the data, by all threads; -ERR_CHECKSUM names the first bad piece. */
int packed_file_verify(const struct packed_file *f, struct pool *pool, const char *name,
                       struct err *err) MUST_USE;

/* --- writing: the head, then the data by packed_writer_add, then packed_writer_finish --- */

struct packed_writer {
    int fd;
    const char *name;     /* Of the file, for errors. */
    struct buf piece;     /* What is not written yet. */
    struct buf checksums; /* Of what is. */
};

/* Writes everything before the data. The writer is to be released, also on failure. */
int packed_writer_begin(struct packed_writer *w, int fd, const char *name,
                        const struct packed_file *f, uint64_t data_size, struct err *err) MUST_USE;
int packed_writer_add(struct packed_writer *w, const void *bytes, size_t len,
                      struct err *err) MUST_USE;
/* On disk when this returns 0. */
int packed_writer_finish(struct packed_writer *w, struct err *err) MUST_USE;
void packed_writer_release(struct packed_writer *w);

#endif

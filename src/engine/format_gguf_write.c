#include "engine/format_gguf_write.h"

#include "base/buf.h"
#include "base/seam.h"
#include "engine/format.h"
#include "engine/format_place.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { VERSION = 3, ALIGNMENT_DEFAULT = 32, PART_SUFFIX_LEN = 5 };
static const size_t header_len_max = (size_t)1 << 30; /* Vocabularies take a few megabytes. */

struct gguf_writer {
    const struct gguf_contents *contents;
    char path[PATH_MAX], part[PATH_MAX];
    int fd;
    uint64_t alignment, file_size;
    size_t at;     /* The tensor being written. */
    uint64_t done; /* Bytes of it. */
    bool committed;
};

/* --- the header ------------------------------------------------------------------------------- */

static void add_number(struct buf *b, uint64_t bits, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) buf_add_char(b, (char)(bits >> (8 * i)));
}

static void add_string(struct buf *b, struct slice s)
{
    add_number(b, s.len, 8);
    buf_add_slice(b, s);
}

static void add_array(struct buf *b, const struct checkpoint_value *v)
{
    add_number(b, v->item, 4);
    add_number(b, v->n, 8);
    if (v->item == VALUE_STRING)
        for (uint64_t i = 0; i < v->n; i++) add_string(b, v->strings[i]);
    else
        buf_add(b, v->items, (size_t)v->n * value_type_size(v->item));
}

static void add_value(struct buf *b, const struct checkpoint_value *v)
{
    float f32 = (float)v->f; /* Exact: it was read from an F32. */
    uint64_t bits = 0;
    add_string(b, v->key);
    add_number(b, v->type, 4);
    switch (v->type) {
    case VALUE_STRING: add_string(b, v->string); return;
    case VALUE_ARRAY: add_array(b, v); return;
    case VALUE_BOOL: bits = v->b; break;
    case VALUE_F32: memcpy(&bits, &f32, sizeof f32); break;
    case VALUE_F64: memcpy(&bits, &v->f, sizeof v->f); break;
    default: bits = v->u; /* Signed ones by their low bytes. */
    }
    add_number(b, bits, value_type_size(v->type));
}

static uint64_t align_up(uint64_t n, uint64_t alignment)
{
    return (n + alignment - 1) & ~(alignment - 1);
}

/* Sizes the tensor and adds its record; *offset moves behind it. */
static int add_tensor(struct buf *b, const struct gguf_writer *w, const struct checkpoint_tensor *t,
                      uint64_t *offset, struct err *err)
{
    /* A path is all that format_size wants of a checkpoint, for its messages. */
    struct checkpoint named = { .path = (char *)(uintptr_t)w->path };
    struct checkpoint_tensor sized = *t;
    if (!t->usable)
        return err_set(err, ERR_UNSUPPORTED_FORMAT,
                       "%s: tensor %.*s is of type %s, which is not written", w->path,
                       SLICE_FMT(t->name), t->type_name);
    TRY(format_size(&named, &sized, 0, err));
    add_string(b, t->name);
    add_number(b, (uint64_t)t->n_dims, 4);
    for (int i = t->n_dims - 1; i >= 0; i--) add_number(b, t->dims[i], 8); /* Innermost first. */
    add_number(b, (uint64_t)dtype_info(t->dtype)->ggml_id, 4);
    add_number(b, *offset, 8);
    if (sized.size > INT64_MAX / 2 - *offset)
        return err_set(err, ERR_LIMIT, "%s would have more than 2^62 bytes", w->path);
    *offset = align_up(*offset + sized.size, w->alignment);
    return 0;
}

static uint64_t tensor_size(const struct checkpoint_tensor *t)
{
    uint64_t rows = 1;
    size_t row = 0;
    for (int i = 0; i < t->n_dims - 1; i++) rows *= t->dims[i];
    bool ok = dtype_row_bytes(&row, t->dtype, t->n_dims ? t->dims[t->n_dims - 1] : 1);
    assert(ok); /* add_tensor has seen it. */
    return rows * row;
}

static int find_alignment(struct gguf_writer *w, struct err *err)
{
    w->alignment = ALIGNMENT_DEFAULT;
    for (size_t i = 0; i < w->contents->n_values; i++) {
        const struct checkpoint_value *v = &w->contents->values[i];
        if (!slice_is(v->key, "general.alignment")) continue;
        if (v->type != VALUE_U32 || v->u == 0 || v->u > FORMAT_ALIGNMENT_MAX ||
            (v->u & (v->u - 1)) != 0)
            return err_set(err, ERR_INVALID_VALUE,
                           "%s: general.alignment must be a u32, a power of two from 1 to %d",
                           w->path, FORMAT_ALIGNMENT_MAX);
        w->alignment = v->u;
    }
    return 0;
}

/* The header with its padding; sets file_size. */
static int make_header(struct buf *b, struct gguf_writer *w, struct err *err)
{
    const struct gguf_contents *c = w->contents;
    uint64_t offset = 0;
    TRY(find_alignment(w, err));
    buf_add_str(b, "GGUF");
    add_number(b, VERSION, 4);
    add_number(b, c->n_tensors, 8);
    add_number(b, c->n_values, 8);
    for (size_t i = 0; i < c->n_values; i++) add_value(b, &c->values[i]);
    for (size_t i = 0; i < c->n_tensors; i++) TRY(add_tensor(b, w, &c->tensors[i], &offset, err));
    while (!b->failed && b->len % w->alignment != 0) buf_add_char(b, '\0');
    TRY(buf_check(b, w->path, err));
    w->file_size = b->len + offset;
    return 0;
}

/* Names are looked up when the file is read, so no two may be equal. */
static int check_names(const struct gguf_writer *w, struct err *err)
{
    const struct gguf_contents *c = w->contents;
    struct map names;
    uint32_t first;
    int rc = 0;
    if (c->n_values > CHECKPOINT_VALUES_MAX || c->n_tensors > CHECKPOINT_TENSORS_MAX)
        return err_set(err, ERR_LIMIT, "%s: at most %d values and %d tensors are written", w->path,
                       CHECKPOINT_VALUES_MAX, CHECKPOINT_TENSORS_MAX);
    for (int pass = 0; pass < 2 && rc == 0; pass++) {
        size_t n = pass ? c->n_tensors : c->n_values;
        size_t len_max = pass ? FORMAT_TENSOR_NAME_LEN_MAX : FORMAT_KEY_LEN_MAX;
        map_init(&names);
        if (map_reserve(&names, n) < 0)
            rc = err_set(err, ERR_NO_MEMORY, "%s: no memory for the index", w->path);
        for (size_t i = 0; i < n && rc == 0; i++) {
            struct slice name = pass ? c->tensors[i].name : c->values[i].key;
            if (!format_name_ok(name) || name.len > len_max || map_get(&names, name, &first))
                rc = err_set(err, ERR_INVALID_VALUE,
                             "%s: the name %.*s is there twice, too long or no name", w->path,
                             SLICE_FMT(name));
            else
                rc = map_put(&names, name, (uint32_t)i); /* Cannot fail: there is room. */
        }
        map_release(&names);
    }
    return rc;
}

/* --- the file --------------------------------------------------------------------------------- */

static bool same_file(int fd, const char *path)
{
    struct stat a, b;
    return fstat(fd, &a) == 0 && stat(path, &b) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

/* Locks, empties and sizes the part. */
static int open_part(struct gguf_writer *w, struct err *err)
{
    w->fd = seams.open(w->part, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (w->fd < 0) return err_errno(err, errno, "creating %s", w->part);
    /* Another writer may have renamed what we have just opened: then it is not the part. */
    if (flock(w->fd, LOCK_EX | LOCK_NB) < 0 || !same_file(w->fd, w->part)) {
        (void)seams.close(w->fd); /* Nothing was written. */
        w->fd = -1;
        return err_set(err, ERR_BUSY, "another process is writing %s", w->path);
    }
    if (ftruncate(w->fd, 0) < 0) return err_errno(err, errno, "emptying %s", w->part);
    int rc = w->file_size ? fallocate(w->fd, 0, 0, (off_t)w->file_size) : 0;
    if (rc < 0 && errno != EOPNOTSUPP && errno != ENOSYS)
        return err_errno(err, errno, "making room for the %.1f MB of %s",
                         (double)w->file_size / 1e6, w->part);
    return 0;
}

static int set_paths(struct gguf_writer *w, const char *path, struct err *err)
{
    if (strlen(path) + PART_SUFFIX_LEN >= sizeof w->path)
        return err_set(err, ERR_LIMIT, "the path %s is too long", path);
    (void)snprintf(w->path, sizeof w->path, "%s", path); /* Both fit, as was just checked. */
    memcpy(w->part, w->path, sizeof w->part);
    memcpy(w->part + strlen(path), ".part", PART_SUFFIX_LEN + 1);
    return 0;
}

int gguf_writer_open(struct gguf_writer **ret, const char *path,
                     const struct gguf_contents *contents, struct err *err)
{
    struct buf header;
    struct gguf_writer *w = mem_calloc(1, sizeof *w);
    if (!w) return err_set(err, ERR_NO_MEMORY, "%s: no memory to write it", path);
    w->contents = contents;
    w->fd = -1;
    buf_init(&header, header_len_max);
    int rc = set_paths(w, path, err);
    if (rc == 0) rc = check_names(w, err);
    if (rc == 0) rc = make_header(&header, w, err);
    if (rc == 0) rc = open_part(w, err);
    if (rc == 0) rc = file_write_all(w->fd, header.ptr, header.len, w->part, err);
    buf_release(&header);
    if (rc < 0) {
        gguf_writer_close(w);
        return rc;
    }
    *ret = w;
    return 0;
}

uint64_t gguf_writer_file_size(const struct gguf_writer *w)
{
    return w->file_size;
}

int gguf_writer_add(struct gguf_writer *w, const void *bytes, size_t len, struct err *err)
{
    static const char zeros[FORMAT_ALIGNMENT_MAX];
    assert(!w->committed && w->at < w->contents->n_tensors);
    uint64_t size = tensor_size(&w->contents->tensors[w->at]);
    assert(len <= size - w->done);
    TRY(file_write_all(w->fd, bytes, len, w->part, err));
    w->done += len;
    if (w->done < size) return 0;
    w->at++;
    w->done = 0;
    return file_write_all(w->fd, zeros, (size_t)(align_up(size, w->alignment) - size), w->part,
                          err);
}

/* So that the rename itself survives a power cut, where the file system can promise that. The file
 * is whole by now, so a failure here is none of the caller's. */
static void sync_folder(const char *path)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    (void)snprintf(folder, sizeof folder, "%.*s", slash > path ? (int)(slash - path) : 1,
                   slash ? path : "."); /* Shorter than a path that fits. */
    int fd = seams.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (fd < 0) return;
    (void)seams.fsync(fd);
    (void)seams.close(fd);
}

int gguf_writer_commit(struct gguf_writer *w, struct err *err)
{
    assert(!w->committed && w->at == w->contents->n_tensors);
    if (seams.fsync(w->fd) < 0) return err_errno(err, errno, "writing %s to disk", w->part);
    if (seams.rename(w->part, w->path) < 0)
        return err_errno(err, errno, "renaming %s to %s", w->part, w->path);
    w->committed = true;
    sync_folder(w->path);
    return 0;
}

void gguf_writer_close(struct gguf_writer *w)
{
    if (!w) return;
    if (w->fd >= 0 && !w->committed) (void)seams.unlink(w->part); /* It is of no use. */
    if (w->fd >= 0) (void)seams.close(w->fd);                     /* Synced in commit. */
    mem_free(w);
}

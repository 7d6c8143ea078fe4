#include "models/packed.h"

#include "base/pool.h"
#include "base/seam.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* The table of a file; names are views into it. */
enum { ARENA_MAX = PACKED_TENSORS_MAX * (int)sizeof(struct packed_tensor) + (1 << 16) };

/* ---- which matrices, and where ---- */

static int count_matrix(void *ctx, struct weight *w)
{
    struct packed *p = ctx;
    p->n += (w->uses & WEIGHT_MATRIX) != 0;
    return 0;
}

struct place_job {
    struct packed *p;
    size_t i;
    struct err *err;
};

static int place_matrix(void *ctx, struct weight *w)
{
    struct place_job *j = ctx;
    struct packed *p = j->p;
    if (!(w->uses & WEIGHT_MATRIX)) return 0;
    TRY(weight_measure(w, p->f32, j->err));
    uint64_t at = (p->size + PACKED_ALIGN - 1) / PACKED_ALIGN * PACKED_ALIGN;
    p->weights[j->i] = w;
    p->tensors[j->i++] = (struct packed_tensor){ .name = slice_of(w->name),
                                                 .dtype = w->packed_dtype,
                                                 .m = (uint64_t)w->dims[0],
                                                 .k = (uint64_t)w->dims[1],
                                                 .offset = at,
                                                 .size = w->packed_size };
    p->size = at + w->packed_size;
    return 0;
}

int packed_init(struct packed *ret, struct arch_model *net, const struct model_arch *arch, bool f32,
                struct err *err)
{
    struct packed p = { .f32 = f32 };
    struct place_job job = { .p = &p, .err = err };
    TRY(arch_each_weight(net, arch, count_matrix, &p));
    p.weights = mem_calloc(p.n, sizeof(struct weight *));
    p.tensors = mem_calloc(p.n, sizeof *p.tensors);
    int rc = p.weights && p.tensors ? 0 : err_set(err, ERR_NO_MEMORY, "no memory for a table");
    if (rc == 0) rc = arch_each_weight(net, arch, place_matrix, &job);
    if (rc < 0) {
        packed_release(&p);
        return rc;
    }
    *ret = p;
    return 0;
}

void packed_release(struct packed *p)
{
    if (p->map) (void)seams.unmap(p->map, p->map_size); /* Ours: valid. */
    mem_free(p->weights);
    mem_free(p->tensors);
    *p = (struct packed){ 0 };
}

/* The block has come to lie at `base`. */
static void point(struct packed *p, const char *base)
{
    for (size_t i = 0; i < p->n; i++) p->weights[i]->packed = base + p->tensors[i].offset;
}

/* A table is read row by row for as long as the model lives; a vector is read already or soon. */
static void let_go(const struct weight *w, const struct checkpoint *c)
{
    if (w->uses == WEIGHT_MATRIX) checkpoint_let_go(c, w->data, w->size);
}

/* ---- from a file ---- */

static bool same_tensor(const struct packed_tensor *a, const struct packed_tensor *b)
{
    return slice_eq(a->name, b->name) && a->dtype == b->dtype && a->m == b->m && a->k == b->k &&
           a->offset == b->offset && a->size == b->size;
}

static int map_file(struct slice *ret, const char *path, struct err *err)
{
    struct stat st;
    int fd = seams.open(path, O_RDONLY | O_NONBLOCK, 0), rc = 0;
    if (fd < 0)
        return errno == ENOENT ? err_set(err, ERR_NOT_FOUND, "there is no %s", path)
                               : err_errno(err, errno, "opening %s", path);
    if (seams.fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size == 0) {
        rc = err_set(err, ERR_FORMAT, "%s is no file with packed weights", path);
    } else {
        ret->len = (size_t)st.st_size;
        ret->ptr = seams.map_file(fd, ret->len);
        if (!ret->ptr) rc = err_errno(err, errno, "mapping %s", path);
    }
    (void)seams.close(fd); /* Nothing was written. */
    return rc;
}

static void unmap(struct slice bytes)
{
    (void)seams.unmap((void *)(uintptr_t)bytes.ptr, bytes.len); /* Ours: valid. */
}

/* Maps the file and reads its table; `bytes` is to be unmapped. */
static int open_file(struct packed_file *ret, struct slice *ret_bytes, struct arena *a,
                     const char *path, const struct checkpoint *c, struct err *err)
{
    struct slice bytes;
    struct checkpoint_key key = checkpoint_key(c);
    TRY(map_file(&bytes, path, err));
    int rc = packed_file_read(ret, a, bytes, path, err);
    const struct checkpoint_key *k = &ret->key;
    if (rc == 0 && (k->size != key.size || k->mtime_ns != key.mtime_ns || k->header != key.header))
        rc = err_set(err, ERR_UNSUPPORTED_FORMAT,
                     "%s belongs to another model, or the model has changed since", path);
    if (rc < 0)
        unmap(bytes);
    else
        *ret_bytes = bytes;
    return rc;
}

static int check_fits(const struct packed *p, const struct packed_file *f, const char *path,
                      struct err *err)
{
    bool same = f->n_tensors == p->n && f->data.len == p->size;
    for (size_t i = 0; same && i < p->n; i++) same = same_tensor(&f->tensors[i], &p->tensors[i]);
    if (same) return 0;
    return err_set(err, ERR_UNSUPPORTED_FORMAT, "%s holds other matrices than the model has", path);
}

/* Large pages come one fault each, small ones in clusters of 16 at best. */
enum { FAULTS_PER_PIECE = 2 };

static long faults_so_far(void)
{
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) == 0 ? usage.ru_minflt + usage.ru_majflt : 0;
}

struct copy_job {
    char *to;
    struct slice from;
};

static void copy_share(void *ctx, int thread, int n_threads)
{
    const struct copy_job *j = ctx;
    size_t from, to;
    pool_share(&from, &to, j->from.len, PACKED_PIECE, thread, n_threads);
    memcpy(j->to + from, j->from.ptr + from, to - from);
}

/* Small pages cost more at every token than a copy does once: the file is only a source then, and
 * its pages in memory are the kernel's to take back. Without memory for it the mapping stays. */
static void copy_block(struct packed *p, struct slice *data, struct pool *pool)
{
    struct copy_job job = { .to = seams.map(data->len), .from = *data };
    if (!job.to) return;
    if (pool)
        pool_run(pool, copy_share, &job);
    else
        copy_share(&job, 0, 1);
    (void)seams.unmap(p->map, p->map_size); /* Ours: valid. */
    p->map = job.to;
    p->map_size = data->len;
    data->ptr = job.to;
}

int packed_map(struct packed *p, const char *path, const struct checkpoint *c, struct pool *pool,
               struct err *err)
{
    struct slice bytes = { 0 };
    struct packed_file file = { 0 };
    struct arena arena;
    assert(!p->f32 && !p->map);
    arena_init(&arena, ARENA_MAX);
    int rc = open_file(&file, &bytes, &arena, path, c, err);
    if (rc < 0) {
        arena_release(&arena);
        return rc;
    }
    p->map = (void *)(uintptr_t)bytes.ptr;
    p->map_size = bytes.len;
    (void)seams.advise(p->map, p->map_size, MADV_HUGEPAGE); /* Where the file system can. */
    rc = check_fits(p, &file, path, err);
    long faults = faults_so_far();
    if (rc == 0) rc = packed_file_verify(&file, pool, path, err);
    faults = faults_so_far() - faults;
    arena_release(&arena);
    if (rc < 0) {
        unmap(bytes);
        p->map = NULL;
        return rc;
    }
    if (faults > FAULTS_PER_PIECE * (long)file.n_pieces) copy_block(p, &file.data, pool);
    point(p, file.data.ptr);
    for (size_t i = 0; i < p->n; i++) let_go(p->weights[i], c);
    return 0;
}

int packed_probe(uint64_t *ret_bytes, const char *path, const struct checkpoint *c, struct err *err)
{
    struct slice bytes = { 0 };
    struct packed_file file = { 0 };
    struct arena arena;
    arena_init(&arena, ARENA_MAX);
    int rc = open_file(&file, &bytes, &arena, path, c, err);
    arena_release(&arena);
    if (rc < 0) return rc;
    *ret_bytes = bytes.len;
    unmap(bytes);
    return 0;
}

/* ---- in memory ---- */

static int tell(const struct packed_progress *progress, uint64_t done, uint64_t total,
                struct err *err)
{
    if (!progress->fn || progress->fn(progress->ctx, done, total)) return 0;
    return err_set(err, ERR_CANCELLED, "loading was cancelled");
}

int packed_make(struct packed *p, const struct checkpoint *c, const struct weight_options *how,
                const struct packed_progress *progress, struct err *err)
{
    assert(!p->map && how->f32 == p->f32);
    if (p->size == 0) return 0;
    char *block = seams.map((size_t)p->size);
    if (!block)
        return err_set(err, ERR_NO_MEMORY, "no memory for %llu bytes of packed weights",
                       (unsigned long long)p->size);
    p->map = block;
    p->map_size = (size_t)p->size;
    point(p, block);
    for (size_t i = 0; i < p->n; i++) {
        const struct weight *w = p->weights[i];
        weight_pack(w, how, block + p->tensors[i].offset, 0, kernel_panels(w->dims[0]));
        let_go(w, c);
        TRY(tell(progress, p->tensors[i].offset + p->tensors[i].size, p->size, err));
    }
    return 0;
}

/* ---- into a file ---- */

static int write_matrix(struct packed_writer *writer, const struct weight *w,
                        const struct weight_options *how, char *part, size_t part_size,
                        struct err *err)
{
    int panels = kernel_panels(w->dims[0]);
    size_t panel = w->packed_size / (size_t)panels;
    int at_once = (int)(part_size / panel);
    for (int from = 0; from < panels; from += at_once) {
        int to = panels - from < at_once ? panels : from + at_once;
        weight_pack(w, how, part, from, to);
        TRY(packed_writer_add(writer, part, (size_t)(to - from) * panel, err));
    }
    return 0;
}

/* Room for the largest panel, and for several of the usual ones. */
static size_t part_size_of(const struct packed *p)
{
    size_t size = PACKED_PIECE;
    for (size_t i = 0; i < p->n; i++) {
        const struct weight *w = p->weights[i];
        size_t panel = w->packed_size / (size_t)kernel_panels(w->dims[0]);
        if (panel > size) size = panel;
    }
    return size;
}

static int write_all(struct packed_writer *writer, const struct packed *p,
                     const struct checkpoint *c, const struct weight_options *how,
                     const struct packed_progress *progress, char *part, struct err *err)
{
    static const char zeros[PACKED_ALIGN];
    size_t part_size = part_size_of(p);
    uint64_t at = 0;
    for (size_t i = 0; i < p->n; i++) {
        TRY(packed_writer_add(writer, zeros, (size_t)(p->tensors[i].offset - at), err));
        TRY(write_matrix(writer, p->weights[i], how, part, part_size, err));
        let_go(p->weights[i], c);
        at = p->tensors[i].offset + p->tensors[i].size;
        TRY(tell(progress, at, p->size, err));
    }
    return packed_writer_finish(writer, err);
}

int packed_write(const struct packed *p, const struct checkpoint *c,
                 const struct weight_options *how, const struct packed_progress *progress, int fd,
                 const char *name, struct err *err)
{
    assert(!p->f32 && !how->f32);
    struct packed_file f = { .key = checkpoint_key(c), .tensors = p->tensors, .n_tensors = p->n };
    struct packed_writer writer;
    char *part = mem_alloc(part_size_of(p));
    if (!part) return err_set(err, ERR_NO_MEMORY, "no memory to pack %s", name);
    int rc = packed_writer_begin(&writer, fd, name, &f, p->size, err);
    if (rc == 0) rc = write_all(&writer, p, c, how, progress, part, err);
    packed_writer_release(&writer);
    mem_free(part);
    return rc;
}

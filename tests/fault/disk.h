/* disk - a disk in memory behind the seams, under /sim/: what is written and what is synced are
 * kept apart, so that the power can be cut at each operation (fault/power_cut.h), and each call can
 * fail.
 *
 *     disk_begin(NULL);                            empty
 *     disk.fault = (struct disk_fault){ .call = DISK_SYNC, .countdown = 3, .error = EIO };
 *     the_thing_under_test("/sim/x");
 *     disk_end();                                  the real thing again
 *
 * Every change is in disk.ops. A sync that fails loses what it was to keep: it stays readable, and
 * no later sync will write it (that is what Linux does). One thread at a time.
 */
#ifndef TIRO_TESTS_FAULT_DISK_H
#define TIRO_TESTS_FAULT_DISK_H

#include "base/seam.h"
#include "fault/disk_fault.h"
#include "fault/disk_image.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

enum { DISK_FDS_MAX = 16, DISK_SHARED_MAX = 16, DISK_FD_0 = 1 << 20, DISK_NO_FILE = -2 };

static struct {
    struct disk_image now; /* what programs see */
    int fds[DISK_FDS_MAX]; /* the file; DISK_FOLDER; DISK_NO_FILE when closed */
    struct disk_op *ops;
    size_t n_ops, ops_capacity;
    struct disk_fault fault;
    _Atomic bool is_well;     /* no fault any more; may be set while others use the disk */
    size_t calls[DISK_CALLS]; /* how many there were */
    size_t room;              /* bytes of all files; 0: any number */
    void *shared[DISK_SHARED_MAX];
} disk;

/* ---- The record ---- */

static inline struct disk_op *disk_record(enum disk_change change, int file)
{
    if (disk.n_ops == disk.ops_capacity) {
        disk.ops_capacity = disk.ops_capacity ? disk.ops_capacity * 2 : 256;
        disk.ops = realloc(disk.ops, disk.ops_capacity * sizeof *disk.ops);
        assert(disk.ops);
    }
    struct disk_op *op = &disk.ops[disk.n_ops++];
    *op = (struct disk_op){ .change = change, .file = file };
    return op;
}

/* ---- The calls ---- */

static inline bool disk_fails(enum disk_call call)
{
    struct disk_fault *f = &disk.fault;
    disk.calls[call]++;
    if (disk.is_well || f->call != call || (f->countdown == 0 && !f->forever)) return false;
    if (f->countdown > 0 && --f->countdown > 0) return false;
    f->hits++;
    errno = f->error;
    return true;
}

static inline bool disk_has(const char *path)
{
    return strncmp(path, "/sim", 4) == 0;
}

static inline int *disk_fd(int fd)
{
    return fd >= DISK_FD_0 && fd < DISK_FD_0 + DISK_FDS_MAX ? &disk.fds[fd - DISK_FD_0] : NULL;
}

static inline struct disk_bytes *disk_file(int fd)
{
    int *slot = disk_fd(fd);
    assert(slot && *slot >= 0);
    return &disk.now.files[*slot];
}

static inline int disk_open(const char *path, int flags, mode_t mode)
{
    if (!disk_has(path)) return seams_real.open(path, flags, mode);
    if (disk_fails(DISK_OPEN)) return -1;
    int fd = 0, file = DISK_FOLDER;
    if (!(flags & O_DIRECTORY)) {
        struct disk_name *slot = disk_find(&disk.now, path);
        errno = ENOENT;
        if (!slot && !(flags & O_CREAT)) return -1;
        if (!slot) {
            assert(disk.now.n_files < DISK_FILES_MAX);
            struct disk_op *op = disk_record(DISK_MADE, disk.now.n_files++);
            memcpy(op->name, path, strlen(path) + 1);
            disk_name_change(&disk.now, op);
            slot = disk_find(&disk.now, path);
        }
        file = slot->file;
    }
    while (disk.fds[fd] != DISK_NO_FILE) fd++;
    assert(fd < DISK_FDS_MAX);
    disk.fds[fd] = file;
    return DISK_FD_0 + fd;
}

static inline int disk_close(int fd)
{
    int *slot = disk_fd(fd);
    if (!slot) return seams_real.close(fd);
    assert(*slot != DISK_NO_FILE);
    *slot = DISK_NO_FILE;
    return 0;
}

static inline ssize_t disk_pread(int fd, void *buf, size_t len, off_t at)
{
    if (!disk_fd(fd)) return seams_real.pread(fd, buf, len, at);
    struct disk_bytes *b = disk_file(fd);
    size_t from = (size_t)at, n = from < b->len ? b->len - from : 0;
    if (n > len) n = len;
    if (disk_fails(DISK_READ)) {
        if (disk.fault.error) return -1;
        n = n > 1 ? n / 2 : n;
    }
    if (n) memcpy(buf, b->ptr + from, n);
    return (ssize_t)n;
}

static inline size_t disk_used(void)
{
    size_t used = 0;
    for (int i = 0; i < DISK_NAMES_MAX; i++)
        if (disk.now.names[i].name[0]) used += disk.now.files[disk.now.names[i].file].len;
    return used;
}

/* A write that fails may have got half-way. */
static inline ssize_t disk_pwrite(int fd, const void *buf, size_t len, off_t at)
{
    if (!disk_fd(fd)) return seams_real.pwrite(fd, buf, len, at);
    struct disk_bytes *b = disk_file(fd);
    size_t end = (size_t)at + len, grown = end > b->len ? end - b->len : 0, n = len;
    bool fails = disk_fails(DISK_WRITE);
    if (fails && len > 1) n = len / 2;
    if (disk.room && grown && disk_used() + grown > disk.room) {
        errno = ENOSPC;
        return -1;
    }
    struct disk_op *op = disk_record(DISK_WROTE, *disk_fd(fd));
    op->at = (size_t)at;
    op->len = n;
    op->bytes = malloc(n ? n : 1);
    assert(op->bytes);
    memcpy(op->bytes, buf, n);
    disk_put(b, (size_t)at, buf, n);
    if (fails) errno = disk.fault.error;
    return fails && disk.fault.error ? -1 : (ssize_t)n;
}

static inline int disk_ftruncate(int fd, off_t len)
{
    if (!disk_fd(fd)) return seams_real.ftruncate(fd, len);
    if (disk_fails(DISK_TRUNCATE)) return -1;
    disk_record(DISK_CUT, *disk_fd(fd))->len = (size_t)len;
    disk_set_len(disk_file(fd), (size_t)len);
    return 0;
}

static inline int disk_sync(int fd)
{
    bool fails = disk_fails(DISK_SYNC);
    int saved = errno;
    (void)disk_record(fails ? DISK_LOST : DISK_SYNCED, *disk_fd(fd));
    errno = saved;
    return fails ? -1 : 0;
}

static inline int disk_fsync(int fd)
{
    return disk_fd(fd) ? disk_sync(fd) : seams_real.fsync(fd);
}

static inline int disk_fdatasync(int fd)
{
    return disk_fd(fd) ? disk_sync(fd) : seams_real.fdatasync(fd);
}

static inline int disk_stat(const char *path, struct stat *st)
{
    if (!disk_has(path)) return seams_real.stat(path, st);
    if (disk_fails(DISK_STAT)) return -1;
    struct disk_name *slot = disk_find(&disk.now, path);
    errno = ENOENT;
    if (!slot) return -1;
    *st = (struct stat){ .st_mode = S_IFREG | 0600,
                         .st_size = (off_t)disk.now.files[slot->file].len };
    return 0;
}

static inline int disk_fstat(int fd, struct stat *st)
{
    if (!disk_fd(fd)) return seams_real.fstat(fd, st);
    if (disk_fails(DISK_STAT)) return -1;
    *st = (struct stat){ .st_mode = S_IFREG | 0600, .st_size = (off_t)disk_file(fd)->len };
    return 0;
}

static inline int disk_unlink(const char *path)
{
    if (!disk_has(path)) return seams_real.unlink(path);
    if (disk_fails(DISK_UNLINK)) return -1;
    errno = ENOENT;
    if (!disk_find(&disk.now, path)) return -1;
    struct disk_op *op = disk_record(DISK_REMOVED, DISK_FOLDER);
    memcpy(op->name, path, strlen(path) + 1);
    disk_name_change(&disk.now, op);
    return 0;
}

static inline int disk_rename(const char *from, const char *to)
{
    if (!disk_has(from)) return seams_real.rename(from, to);
    if (disk_fails(DISK_RENAME)) return -1;
    errno = ENOENT;
    if (!disk_find(&disk.now, from)) return -1;
    struct disk_op *op = disk_record(DISK_RENAMED, DISK_FOLDER);
    memcpy(op->name, from, strlen(from) + 1);
    memcpy(op->to, to, strlen(to) + 1);
    disk_name_change(&disk.now, op);
    return 0;
}

/* Memory that no power cut leaves: what it shows of a file is not kept. */
static inline void *disk_map_shared(int fd, size_t size, off_t at)
{
    if (!disk_fd(fd)) return seams_real.map_shared(fd, size, at);
    int i = 0;
    while (i < DISK_SHARED_MAX && disk.shared[i]) i++;
    assert(i < DISK_SHARED_MAX);
    return disk.shared[i] = calloc(1, size);
}

static inline int disk_unmap(void *ptr, size_t size)
{
    for (int i = 0; i < DISK_SHARED_MAX; i++) {
        if (disk.shared[i] != ptr) continue;
        free(ptr);
        disk.shared[i] = NULL;
        return 0;
    }
    return seams_real.unmap(ptr, size);
}

static inline int disk_lock(int fd, int type, off_t at, off_t len)
{
    if (!disk_fd(fd)) return seams_real.lock(fd, type, at, len);
    return disk_fails(DISK_LOCK) ? -1 : 0;
}

/* ---- Beginning and end ---- */

/* With a copy of the image; NULL: empty. Nothing of it is in the record. */
static inline void disk_begin(const struct disk_image *image)
{
    memset(&disk, 0, sizeof disk);
    if (image) disk_image_copy(&disk.now, image);
    for (int i = 0; i < DISK_FDS_MAX; i++) disk.fds[i] = DISK_NO_FILE;
    seams.open = disk_open, seams.close = disk_close;
    seams.pread = disk_pread, seams.pwrite = disk_pwrite;
    seams.ftruncate = disk_ftruncate, seams.lock = disk_lock;
    seams.fsync = disk_fsync, seams.fdatasync = disk_fdatasync;
    seams.stat = disk_stat, seams.fstat = disk_fstat;
    seams.unlink = disk_unlink, seams.rename = disk_rename;
    seams.map_shared = disk_map_shared, seams.unmap = disk_unmap;
}

/* Whether every file was closed. */
static inline bool disk_end(void)
{
    bool closed = true;
    for (int i = 0; i < DISK_FDS_MAX; i++) closed = closed && disk.fds[i] == DISK_NO_FILE;
    disk_image_release(&disk.now);
    disk_forget(disk.ops, disk.n_ops);
    memset(&disk, 0, sizeof disk);
    seams = seams_real;
    return closed;
}

#endif

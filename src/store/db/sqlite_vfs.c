#include "store/db/sqlite_vfs.h"

#include "base/seam.h"
#include "store/db/sqlite_memory.h"
#include "store/db/sqlite_shm.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Where SQLite's own layer locks, so that other programs and we keep apart. */
enum {
    PENDING_AT = 0x40000000,
    RESERVED_AT = PENDING_AT + 1,
    SHARED_AT = PENDING_AT + 2,
    SHARED_LEN = 510,
    ALL_LEN = SHARED_AT + SHARED_LEN - PENDING_AT,
};

/* 1970-01-01 in SQLite's Julian days, in milliseconds. */
static const sqlite3_int64 unix_epoch_ms = 210866760000000;

struct vfs_file {
    sqlite3_file base;
    int fd;
    int level;              /* SQLITE_LOCK_NONE to SQLITE_LOCK_EXCLUSIVE */
    bool name_lasts;        /* Its folder was synced since it was opened, whoever made it. */
    const char *path;       /* SQLite's, until the file is closed */
    struct sqlite_shm *shm; /* of a database in write-ahead mode; else NULL */
};

static _Thread_local int last_errno; /* What xGetLastError tells. */

static struct vfs_file *of(sqlite3_file *file)
{
    return (struct vfs_file *)file;
}

static int failed(int code)
{
    last_errno = errno;
    return code;
}

static bool disk_is_full(void)
{
    return errno == ENOSPC || errno == EDQUOT;
}

/* ---- Bytes ---- */

static int vfs_read(sqlite3_file *file, void *buf, int len, sqlite3_int64 at)
{
    char *to = buf;
    while (len > 0) {
        ssize_t n = seams.pread(of(file)->fd, to, (size_t)len, at);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return failed(SQLITE_IOERR_READ);
        if (n == 0) {
            memset(to, 0, (size_t)len);
            return SQLITE_IOERR_SHORT_READ; /* Beyond the end: SQLite counts on zeros. */
        }
        to += n;
        at += n;
        len -= (int)n;
    }
    return SQLITE_OK;
}

static int vfs_write(sqlite3_file *file, const void *buf, int len, sqlite3_int64 at)
{
    const char *from = buf;
    while (len > 0) {
        ssize_t n = seams.pwrite(of(file)->fd, from, (size_t)len, at);
        if (n < 0 && errno == EINTR) continue;
        if (n == 0) errno = ENOSPC;
        if (n <= 0) return failed(disk_is_full() ? SQLITE_FULL : SQLITE_IOERR_WRITE);
        from += n;
        at += n;
        len -= (int)n;
    }
    return SQLITE_OK;
}

static int vfs_truncate(sqlite3_file *file, sqlite3_int64 len)
{
    int rc;
    do rc = seams.ftruncate(of(file)->fd, len);
    while (rc < 0 && errno == EINTR);
    return rc < 0 ? failed(SQLITE_IOERR_TRUNCATE) : SQLITE_OK;
}

int sqlite_vfs_sync_folder(const char *path)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    int len = !slash ? 1 : slash == path ? 1 : (int)(slash - path);
    int n = snprintf(folder, sizeof folder, "%.*s", len, slash ? path : ".");
    if (n < 0 || (size_t)n >= sizeof folder) {
        errno = ENAMETOOLONG;
        return -1;
    }
    int fd = seams.open(folder, O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0) return -1;
    int rc = seams.fsync(fd), saved = errno;
    (void)seams.close(fd); /* Nothing was written through it. */
    errno = saved;
    return rc;
}

/* Data and what is needed to reach it, the size above all: a new name needs its folder as well. */
static int vfs_sync(sqlite3_file *file, int flags)
{
    struct vfs_file *f = of(file);
    (void)flags;
    if (seams.fdatasync(f->fd) < 0) return failed(SQLITE_IOERR_FSYNC);
    if (f->name_lasts) return SQLITE_OK;
    if (sqlite_vfs_sync_folder(f->path) < 0) return failed(SQLITE_IOERR_DIR_FSYNC);
    f->name_lasts = true;
    return SQLITE_OK;
}

static int vfs_size(sqlite3_file *file, sqlite3_int64 *ret)
{
    struct stat st;
    if (seams.fstat(of(file)->fd, &st) < 0) return failed(SQLITE_IOERR_FSTAT);
    *ret = st.st_size;
    return SQLITE_OK;
}

static int vfs_close(sqlite3_file *file)
{
    return seams.close(of(file)->fd) < 0 ? failed(SQLITE_IOERR_CLOSE) : SQLITE_OK;
}

/* ---- Locks ---- */

static int lock_bytes(struct vfs_file *f, int type, off_t at, off_t len)
{
    if (seams.lock(f->fd, type, at, len) == 0) return SQLITE_OK;
    if (errno == EAGAIN || errno == EACCES) return SQLITE_BUSY;
    return failed(type == F_UNLCK ? SQLITE_IOERR_UNLOCK : SQLITE_IOERR_LOCK);
}

static int lock_shared(struct vfs_file *f)
{
    int rc = lock_bytes(f, F_RDLCK, PENDING_AT, 1); /* Whoever writes keeps new readers out. */
    if (rc != SQLITE_OK) return rc;
    rc = lock_bytes(f, F_RDLCK, SHARED_AT, SHARED_LEN);
    int unlocked = lock_bytes(f, F_UNLCK, PENDING_AT, 1);
    return rc != SQLITE_OK ? rc : unlocked;
}

static int lock_exclusive(struct vfs_file *f)
{
    if (f->level < SQLITE_LOCK_PENDING) {
        int rc = lock_bytes(f, F_WRLCK, PENDING_AT, 1);
        if (rc != SQLITE_OK) return rc;
        f->level = SQLITE_LOCK_PENDING;
    }
    return lock_bytes(f, F_WRLCK, SHARED_AT, SHARED_LEN);
}

static int vfs_lock(sqlite3_file *file, int level)
{
    struct vfs_file *f = of(file);
    int rc;
    if (level <= f->level) return SQLITE_OK;
    if (level == SQLITE_LOCK_SHARED) {
        rc = lock_shared(f);
    } else if (level == SQLITE_LOCK_RESERVED) {
        rc = lock_bytes(f, F_WRLCK, RESERVED_AT, 1);
    } else {
        rc = lock_exclusive(f);
    }
    if (rc == SQLITE_OK) f->level = level;
    return rc;
}

static int vfs_unlock(sqlite3_file *file, int level)
{
    struct vfs_file *f = of(file);
    if (level >= f->level) return SQLITE_OK;
    int rc;
    if (level == SQLITE_LOCK_SHARED) {
        rc = f->level > SQLITE_LOCK_RESERVED ? lock_bytes(f, F_RDLCK, SHARED_AT, SHARED_LEN)
                                             : SQLITE_OK;
        if (rc == SQLITE_OK) rc = lock_bytes(f, F_UNLCK, PENDING_AT, SHARED_AT - PENDING_AT);
    } else {
        rc = lock_bytes(f, F_UNLCK, PENDING_AT, ALL_LEN);
    }
    if (rc == SQLITE_OK) f->level = level;
    return rc;
}

/* Whether another writes, found by trying to be it. */
static int vfs_check_reserved(sqlite3_file *file, int *ret)
{
    struct vfs_file *f = of(file);
    *ret = 0;
    if (f->level >= SQLITE_LOCK_RESERVED) {
        *ret = 1;
        return SQLITE_OK;
    }
    int rc = lock_bytes(f, F_WRLCK, RESERVED_AT, 1);
    *ret = rc == SQLITE_BUSY;
    if (rc == SQLITE_OK) return lock_bytes(f, F_UNLCK, RESERVED_AT, 1);
    return rc == SQLITE_BUSY ? SQLITE_OK : rc;
}

/* ---- What the disk is like ---- */

static int vfs_control(sqlite3_file *file, int what, void *arg)
{
    (void)file;
    (void)what;
    (void)arg;
    return SQLITE_NOTFOUND;
}

static int vfs_sector(sqlite3_file *file)
{
    (void)file;
    return SQLITE_VFS_SECTOR;
}

static int vfs_characteristics(sqlite3_file *file)
{
    (void)file;
    return 0;
}

/* ---- The log's index, which all who have the database open share ---- */

static int shm_result(int rc)
{
    return rc == SQLITE_OK || rc == SQLITE_BUSY ? rc : failed(rc);
}

static int vfs_shm_map(sqlite3_file *file, int region, int size, int extend, void volatile **ret)
{
    struct vfs_file *f = of(file);
    *ret = NULL;
    if (!f->shm) {
        int rc = sqlite_shm_open(&f->shm, f->path);
        if (rc != SQLITE_OK) return shm_result(rc);
    }
    return shm_result(sqlite_shm_map(f->shm, region, size, extend, ret));
}

static int vfs_shm_lock(sqlite3_file *file, int first, int n, int flags)
{
    return shm_result(sqlite_shm_lock(of(file)->shm, first, n, flags));
}

static void vfs_shm_barrier(sqlite3_file *file)
{
    (void)file;
    __sync_synchronize();
}

static int vfs_shm_unmap(sqlite3_file *file, int remove)
{
    sqlite_shm_close(of(file)->shm, remove);
    of(file)->shm = NULL;
    return SQLITE_OK;
}

static const sqlite3_io_methods methods = {
    .iVersion = 2, /* no mappings of the database itself */
    .xClose = vfs_close,
    .xRead = vfs_read,
    .xWrite = vfs_write,
    .xTruncate = vfs_truncate,
    .xSync = vfs_sync,
    .xFileSize = vfs_size,
    .xLock = vfs_lock,
    .xUnlock = vfs_unlock,
    .xCheckReservedLock = vfs_check_reserved,
    .xFileControl = vfs_control,
    .xSectorSize = vfs_sector,
    .xDeviceCharacteristics = vfs_characteristics,
    .xShmMap = vfs_shm_map,
    .xShmLock = vfs_shm_lock,
    .xShmBarrier = vfs_shm_barrier,
    .xShmUnmap = vfs_shm_unmap,
};

/* ---- Names ---- */

static int vfs_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags,
                    int *ret_flags)
{
    struct vfs_file *f = of(file);
    (void)vfs;
    *f = (struct vfs_file){ .fd = -1, .path = path };
    errno = EINVAL;
    if (!path) return failed(SQLITE_CANTOPEN); /* A temporary file: they are kept in memory. */
    int how = flags & SQLITE_OPEN_READWRITE ? O_RDWR : O_RDONLY;
    if (flags & SQLITE_OPEN_CREATE) how |= O_CREAT;
    if (flags & SQLITE_OPEN_EXCLUSIVE) how |= O_EXCL;
    do f->fd = seams.open(path, how, 0600); /* What people wrote is in it. */
    while (f->fd < 0 && errno == EINTR);
    if (f->fd < 0) return failed(disk_is_full() ? SQLITE_FULL : SQLITE_CANTOPEN);
    f->base.pMethods = &methods;
    if (ret_flags) *ret_flags = flags;
    return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *path, int sync_folder)
{
    (void)vfs;
    if (seams.unlink(path) < 0)
        return failed(errno == ENOENT ? SQLITE_IOERR_DELETE_NOENT : SQLITE_IOERR_DELETE);
    if (sync_folder && sqlite_vfs_sync_folder(path) < 0) return failed(SQLITE_IOERR_DIR_FSYNC);
    return SQLITE_OK;
}

/* An empty log or journal is none. Only "there is no such file" may mean that there is none: what
 * was committed is in it. */
static int vfs_access(sqlite3_vfs *vfs, const char *path, int flags, int *ret)
{
    struct stat st;
    (void)vfs;
    (void)flags;
    *ret = 0;
    if (seams.stat(path, &st) == 0)
        *ret = !S_ISREG(st.st_mode) || st.st_size > 0;
    else if (errno != ENOENT && errno != ENOTDIR)
        return failed(SQLITE_IOERR_ACCESS);
    return SQLITE_OK;
}

/* The log lies beside the file itself, so links are followed first. */
static int vfs_full_path(sqlite3_vfs *vfs, const char *path, int size, char *ret)
{
    char real[PATH_MAX], here[PATH_MAX];
    int n;
    (void)vfs;
    if (realpath(path, real)) {
        n = snprintf(ret, (size_t)size, "%s", real);
    } else if (path[0] == '/') {
        n = snprintf(ret, (size_t)size, "%s", path);
    } else {
        if (!getcwd(here, sizeof here)) return failed(SQLITE_CANTOPEN);
        n = snprintf(ret, (size_t)size, "%s/%s", here, path);
    }
    errno = ENAMETOOLONG;
    return n < 0 || n >= size ? failed(SQLITE_CANTOPEN) : SQLITE_OK;
}

/* ---- Clock and dice ---- */

static int vfs_random(sqlite3_vfs *vfs, int len, char *ret)
{
    (void)vfs;
    random_bytes_fill(ret, (size_t)len);
    return len;
}

static int vfs_sleep(sqlite3_vfs *vfs, int us)
{
    struct timespec t = { .tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000L };
    (void)vfs;
    (void)nanosleep(&t, NULL); /* A signal may end it early. */
    return us;
}

static int vfs_time(sqlite3_vfs *vfs, sqlite3_int64 *ret)
{
    (void)vfs;
    *ret = unix_epoch_ms + (sqlite3_int64)(wall_ns() / 1000000);
    return SQLITE_OK;
}

static int vfs_last_error(sqlite3_vfs *vfs, int size, char *text)
{
    (void)vfs;
    (void)size;
    (void)text;
    return last_errno;
}

int sqlite_vfs_register(struct err *err)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static bool known;
    static sqlite3_vfs vfs = {
        .iVersion = 2,
        .szOsFile = sizeof(struct vfs_file),
        .mxPathname = PATH_MAX,
        .zName = SQLITE_VFS,
        .xOpen = vfs_open,
        .xDelete = vfs_delete,
        .xAccess = vfs_access,
        .xFullPathname = vfs_full_path,
        .xRandomness = vfs_random,
        .xSleep = vfs_sleep,
        .xGetLastError = vfs_last_error,
        .xCurrentTimeInt64 = vfs_time,
    };
    (void)pthread_mutex_lock(&lock); /* Fails only on misuse. */
    if (!known) {
        sqlite_memory_use();
        known = sqlite3_vfs_register(&vfs, 0) == SQLITE_OK;
    }
    bool ok = known;
    (void)pthread_mutex_unlock(&lock);
    return ok ? 0 : err_set(err, ERR_NO_MEMORY, "no memory for SQLite");
}

#include "store/db/sqlite_shm.h"

#include "base/seam.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>

/* Where SQLite's own layer locks. */
enum {
    LOCKS_AT = 120,
    PRESENCE_AT = LOCKS_AT + SQLITE_SHM_NLOCK, /* Held for reading by all who have it. */
    REGIONS_MAX = 1024,                        /* of 4,096 pages of the log each */
    PAGE = 4096,
};

struct sqlite_shm {
    int fd, size; /* of a region */
    void *regions[REGIONS_MAX];
    int n;
    char path[PATH_MAX];
};

static int lock_bytes(struct sqlite_shm *shm, int type, int at, int n)
{
    if (seams.lock(shm->fd, type, at, n) == 0) return SQLITE_OK;
    return errno == EAGAIN || errno == EACCES ? SQLITE_BUSY : SQLITE_IOERR_SHMLOCK;
}

/* Alone, what is in it is of processes that are gone. */
static int join(struct sqlite_shm *shm)
{
    int rc = lock_bytes(shm, F_WRLCK, PRESENCE_AT, 1);
    if (rc == SQLITE_OK && seams.ftruncate(shm->fd, 0) < 0) return SQLITE_IOERR_SHMOPEN;
    if (rc != SQLITE_OK && rc != SQLITE_BUSY) return rc;
    return lock_bytes(shm, F_RDLCK, PRESENCE_AT, 1);
}

int sqlite_shm_open(struct sqlite_shm **ret, const char *database)
{
    struct sqlite_shm *shm = mem_calloc(1, sizeof *shm);
    if (!shm) return SQLITE_IOERR_NOMEM;
    int n = snprintf(shm->path, sizeof shm->path, "%s-shm", database);
    errno = ENAMETOOLONG;
    shm->fd = n < 0 || (size_t)n >= sizeof shm->path
                  ? -1
                  : seams.open(shm->path, O_RDWR | O_CREAT, 0600);
    int rc = shm->fd < 0 ? SQLITE_CANTOPEN : join(shm);
    if (rc == SQLITE_OK) {
        *ret = shm;
        return SQLITE_OK;
    }
    int saved = errno;
    sqlite_shm_close(shm, false);
    errno = saved;
    return rc;
}

/* A byte on each page, so that a full disk shows here and not as a signal at the first use. */
static int make_room(struct sqlite_shm *shm, off_t from, off_t to)
{
    for (off_t at = from / PAGE * PAGE; at < to; at += PAGE) {
        ssize_t n;
        do n = seams.pwrite(shm->fd, "", 1, at + PAGE - 1);
        while (n < 0 && errno == EINTR);
        if (n != 1) return errno == ENOSPC || errno == EDQUOT ? SQLITE_FULL : SQLITE_IOERR_SHMSIZE;
    }
    return SQLITE_OK;
}

static int map_next(struct sqlite_shm *shm, bool extend, bool *there)
{
    struct stat st;
    off_t from = (off_t)shm->n * shm->size, to = from + shm->size;
    if (seams.fstat(shm->fd, &st) < 0) return SQLITE_IOERR_SHMSIZE;
    *there = st.st_size >= to;
    if (!*there && !extend) return SQLITE_OK;
    if (!*there) {
        int rc = make_room(shm, st.st_size, to);
        if (rc != SQLITE_OK) return rc;
    }
    void *region = shm->n < REGIONS_MAX ? seams.map_shared(shm->fd, (size_t)shm->size, from) : NULL;
    if (!region) return SQLITE_IOERR_SHMMAP;
    shm->regions[shm->n++] = region;
    *there = true;
    return SQLITE_OK;
}

int sqlite_shm_map(struct sqlite_shm *shm, int region, int size, bool extend, void volatile **ret)
{
    shm->size = size;
    while (shm->n <= region) {
        bool there;
        int rc = map_next(shm, extend, &there);
        if (rc != SQLITE_OK) return rc;
        if (!there) return SQLITE_OK;
    }
    *ret = shm->regions[region];
    return SQLITE_OK;
}

int sqlite_shm_lock(struct sqlite_shm *shm, int first, int n, int flags)
{
    int type = flags & SQLITE_SHM_UNLOCK ? F_UNLCK : flags & SQLITE_SHM_SHARED ? F_RDLCK : F_WRLCK;
    return lock_bytes(shm, type, LOCKS_AT + first, n);
}

void sqlite_shm_close(struct sqlite_shm *shm, bool remove)
{
    if (!shm) return;
    for (int i = 0; i < shm->n; i++) (void)seams.unmap(shm->regions[i], (size_t)shm->size);
    if (remove) (void)seams.unlink(shm->path);    /* What stays is cleared by the next one. */
    if (shm->fd >= 0) (void)seams.close(shm->fd); /* With it go the locks. */
    mem_free(shm);
}

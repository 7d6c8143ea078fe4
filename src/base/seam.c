#include "base/seam.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Blocks of this size are weights, keys and values, activations: read in long streams, for which
 * pages of 4 KiB cost up to four fifths of the speed where they are mapped twice (virtual machines;
 * docs/perf/0006). */
enum { HUGE_FROM = 2 << 20 };

static void *real_map(size_t size)
{
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) return NULL;
    if (size >= HUGE_FROM) (void)madvise(p, size, MADV_HUGEPAGE); /* Without them it is slower. */
    return p;
}

static void *real_map_file(int fd, size_t size)
{
    void *p = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    return p == MAP_FAILED ? NULL : p;
}

static void *real_map_shared(int fd, size_t size, off_t at)
{
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, at);
    return p == MAP_FAILED ? NULL : p;
}

static int real_open(const char *path, int flags, mode_t mode)
{
    return open(path, flags | O_CLOEXEC, mode);
}

static int real_fstat(int fd, struct stat *st)
{
    return fstat(fd, st);
}

static int real_stat(const char *path, struct stat *st)
{
    return stat(path, st);
}

/* Of the open file, not of the process: closing another descriptor of it lets nothing go. */
static int real_lock(int fd, int type, off_t at, off_t len)
{
    struct flock range = { .l_type = (short)type, .l_start = at, .l_len = len };
    return fcntl(fd, F_OFD_SETLK, &range);
}

static uint64_t clock_ns(clockid_t id)
{
    struct timespec ts;
    int rc = clock_gettime(id, &ts);
    assert(rc == 0);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static uint64_t real_now_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

static uint64_t real_wall_ns(void)
{
    return clock_ns(CLOCK_REALTIME);
}

static void real_random(void *buf, size_t len)
{
    randombytes_buf(buf, len);
}

#define REAL                                                                                \
    {                                                                                       \
        .alloc = malloc, .realloc = realloc, .free = free, .map = real_map,                 \
        .map_file = real_map_file, .map_shared = real_map_shared, .unmap = munmap,          \
        .advise = madvise, .open = real_open, .close = close, .read = read, .write = write, \
        .pread = pread, .pwrite = pwrite, .recvmsg = recvmsg, .sendmsg = sendmsg,           \
        .fstat = real_fstat, .stat = real_stat, .ftruncate = ftruncate, .lock = real_lock,  \
        .fsync = fsync, .fdatasync = fdatasync, .rename = rename, .unlink = unlink,         \
        .now_ns = real_now_ns, .wall_ns = real_wall_ns, .random = real_random,              \
    }

const struct seams seams_real = REAL;
struct seams seams = REAL;

void *mem_alloc(size_t size)
{
    return seams.alloc(size ? size : 1);
}

void *mem_calloc(size_t count, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(count, size, &total)) return NULL;
    void *p = mem_alloc(total);
    if (p) memset(p, 0, total ? total : 1);
    return p;
}

void *mem_realloc(void *ptr, size_t size)
{
    return seams.realloc(ptr, size ? size : 1);
}

void mem_free(void *ptr)
{
    if (ptr) seams.free(ptr);
}

char *mem_strndup(const char *s, size_t len)
{
    char *copy = mem_alloc(len + 1);
    if (!copy) return NULL;
    memcpy(copy, s, len);
    copy[len] = '\0';
    return copy;
}

uint64_t now_ns(void)
{
    return seams.now_ns();
}

uint64_t wall_ns(void)
{
    return seams.wall_ns();
}

void random_bytes_fill(void *buf, size_t len)
{
    seams.random(buf, len);
}

int file_write_all(int fd, const void *buf, size_t len, const char *path, struct err *err)
{
    const char *p = buf;
    while (len > 0) {
        ssize_t n = seams.write(fd, p, len);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return err_errno(err, errno, "writing %s", path);
        if (n == 0) return err_set(err, ERR_IO, "writing %s: the system took no bytes", path);
        p += n;
        len -= (size_t)n;
    }
    return 0;
}

static int read_all(int fd, char *buf, size_t len, const char *path, struct err *err)
{
    size_t got = 0;
    while (got < len) {
        ssize_t n = seams.read(fd, buf + got, len - got);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return err_errno(err, errno, "reading %s", path);
        if (n == 0) return err_set(err, ERR_IO, "reading %s: it shrank while being read", path);
        got += (size_t)n;
    }
    return 0;
}

int file_read_all(char **ret, size_t *ret_len, const char *path, size_t len_max, struct err *err)
{
    int fd = seams.open(path, O_RDONLY, 0);
    if (fd < 0) return err_errno(err, errno, "opening %s", path);
    int rc;
    char *buf = NULL;
    struct stat st;
    if (seams.fstat(fd, &st) < 0) {
        rc = err_errno(err, errno, "reading %s", path);
        goto out;
    }
    if (!S_ISREG(st.st_mode)) {
        rc = err_set(err, ERR_FORMAT, "%s is not a regular file", path);
        goto out;
    }
    if ((uint64_t)st.st_size > len_max) {
        rc = err_set(err, ERR_LIMIT, "%s has %lld bytes; at most %zu are read", path,
                     (long long)st.st_size, len_max);
        goto out;
    }
    size_t len = (size_t)st.st_size;
    buf = mem_alloc(len + 1);
    if (!buf) {
        rc = err_set(err, ERR_NO_MEMORY, "reading %s: no memory for %zu bytes", path, len);
        goto out;
    }
    rc = read_all(fd, buf, len, path, err);
    if (rc < 0) goto out;
    buf[len] = '\0';
    *ret = buf;
    *ret_len = len;
    buf = NULL;
out:
    mem_free(buf);
    (void)seams.close(fd); /* Nothing was written. */
    return rc;
}

int file_replace(const char *path, const void *buf, size_t len, mode_t mode, struct err *err)
{
    char part[PATH_MAX];
    int n = snprintf(part, sizeof part, "%s.part", path);
    if (n < 0 || (size_t)n >= sizeof part)
        return err_set(err, ERR_LIMIT, "the path %s is too long", path);
    int fd = seams.open(part, O_WRONLY | O_CREAT | O_TRUNC, mode);
    if (fd < 0) return err_errno(err, errno, "creating %s", part);
    int rc = file_write_all(fd, buf, len, part, err);
    if (rc == 0 && seams.fsync(fd) < 0) rc = err_errno(err, errno, "writing %s to disk", part);
    if (seams.close(fd) < 0 && rc == 0) rc = err_errno(err, errno, "closing %s", part);
    if (rc == 0 && seams.rename(part, path) < 0)
        rc = err_errno(err, errno, "renaming %s to %s", part, path);
    if (rc < 0) (void)seams.unlink(part); /* The first failure is the one to report. */
    return rc;
}

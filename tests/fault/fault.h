/* fault - makes the n-th call through a seam fail, or fixes the clock and the dice.
 *
 *     for (int n = 1;; n++) {
 *         fault_start(FAULT_ALLOC, n, ENOMEM);
 *         int rc = the_thing_under_test();
 *         if (!fault_stop()) break;              nothing was left to fail
 *         assert_true(rc < 0);
 *     }
 *
 * One thread of one test at a time.
 */
#ifndef TIRO_TESTS_FAULT_H
#define TIRO_TESTS_FAULT_H

#include "base/seam.h"

#include <errno.h>
#include <stdbool.h>

enum fault_kind { FAULT_ALLOC, FAULT_OPEN, FAULT_READ, FAULT_WRITE, FAULT_FSYNC, FAULT_RENAME };

static struct {
    enum fault_kind kind;
    int countdown, error;
    bool hit;
} fault;

static inline bool fault_now(enum fault_kind kind)
{
    if (fault.kind != kind || fault.countdown == 0 || --fault.countdown > 0) return false;
    fault.hit = true;
    errno = fault.error;
    return true;
}

static inline void *fault_alloc(size_t size)
{
    return fault_now(FAULT_ALLOC) ? NULL : seams_real.alloc(size);
}

static inline void *fault_realloc(void *ptr, size_t size)
{
    return fault_now(FAULT_ALLOC) ? NULL : seams_real.realloc(ptr, size);
}

static inline int fault_open(const char *path, int flags, mode_t mode)
{
    return fault_now(FAULT_OPEN) ? -1 : seams_real.open(path, flags, mode);
}

static inline ssize_t fault_read(int fd, void *buf, size_t len)
{
    return fault_now(FAULT_READ) ? -1 : seams_real.read(fd, buf, len);
}

static inline ssize_t fault_write(int fd, const void *buf, size_t len)
{
    return fault_now(FAULT_WRITE) ? -1 : seams_real.write(fd, buf, len);
}

static inline int fault_fsync(int fd)
{
    return fault_now(FAULT_FSYNC) ? -1 : seams_real.fsync(fd);
}

static inline int fault_rename(const char *from, const char *to)
{
    return fault_now(FAULT_RENAME) ? -1 : seams_real.rename(from, to);
}

/* The n-th call of that kind (from 1) fails with `error` in errno; later ones work again. */
static inline void fault_start(enum fault_kind kind, int n, int error)
{
    fault.kind = kind;
    fault.countdown = n;
    fault.error = error;
    fault.hit = false;
    seams.alloc = fault_alloc;
    seams.realloc = fault_realloc;
    seams.open = fault_open;
    seams.read = fault_read;
    seams.write = fault_write;
    seams.fsync = fault_fsync;
    seams.rename = fault_rename;
}

/* Back to the real thing; whether the fault happened. */
static inline bool fault_stop(void)
{
    seams = seams_real;
    return fault.hit;
}

#endif

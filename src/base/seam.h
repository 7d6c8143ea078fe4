/* seam - the only way code on the request path reaches memory, files, clocks and randomness, so
 * that a test can fail the n-th call, fix the clock or seed the dice.
 *
 * The functions below call through `seams`, one table of pointers that starts as the real thing.
 * Tests replace members (tests/fault/fault.h); the program never does. They follow the calls they
 * stand for: -1 with errno set on failure.
 */
#ifndef TIRO_BASE_SEAM_H
#define TIRO_BASE_SEAM_H

#include "base/err.h"

#include <stdint.h>
#include <sys/types.h>

struct stat;
struct msghdr;

struct seams {
    void *(*alloc)(size_t size);
    void *(*realloc)(void *ptr, size_t size);
    void (*free)(void *ptr);
    void *(*map)(size_t size);                          /* Zeroed anonymous pages, or NULL. */
    void *(*map_file)(int fd, size_t size);             /* Read-only private mapping, or NULL. */
    void *(*map_shared)(int fd, size_t size, off_t at); /* Shared with other processes, or NULL. */
    int (*unmap)(void *ptr, size_t size);
    int (*advise)(void *ptr, size_t size, int advice); /* madvise */
    int (*open)(const char *path, int flags, mode_t mode);
    int (*close)(int fd);
    ssize_t (*read)(int fd, void *buf, size_t len);
    ssize_t (*write)(int fd, const void *buf, size_t len);
    ssize_t (*pread)(int fd, void *buf, size_t len, off_t at);
    ssize_t (*pwrite)(int fd, const void *buf, size_t len, off_t at);
    ssize_t (*recvmsg)(int fd, struct msghdr *msg, int flags);
    ssize_t (*sendmsg)(int fd, const struct msghdr *msg, int flags);
    int (*fstat)(int fd, struct stat *st);
    int (*stat)(const char *path, struct stat *st);
    int (*ftruncate)(int fd, off_t len);
    /* F_RDLCK, F_WRLCK or F_UNLCK on bytes of an open file, which holds until it is closed; never
     * waits: EAGAIN when another has them. */
    int (*lock)(int fd, int type, off_t at, off_t len);
    int (*fsync)(int fd);
    int (*fdatasync)(int fd);
    int (*rename)(const char *from, const char *to);
    int (*unlink)(const char *path);
    uint64_t (*now_ns)(void);  /* CLOCK_MONOTONIC: deadlines, durations, limits. */
    uint64_t (*wall_ns)(void); /* CLOCK_REALTIME: what people read. */
    void (*random)(void *buf, size_t len);
};

extern struct seams seams;
extern const struct seams seams_real;

/* mem_alloc: at least 1 byte, 16-byte aligned, contents undefined; NULL when there is none. */
void *mem_alloc(size_t size);
/* Zeroed, and the product is checked. */
void *mem_calloc(size_t count, size_t size);
void *mem_realloc(void *ptr, size_t size);
void mem_free(void *ptr);
char *mem_strndup(const char *s, size_t len);

uint64_t now_ns(void);
uint64_t wall_ns(void);
void random_bytes_fill(void *buf, size_t len);

/* All of `len`, retried on EINTR and short writes. */
int file_write_all(int fd, const void *buf, size_t len, const char *path, struct err *err) MUST_USE;
/* The whole file into fresh memory (caller frees with mem_free), at most `len_max` bytes; *ret_len
 * excludes the NUL put behind it. */
int file_read_all(char **ret, size_t *ret_len, const char *path, size_t len_max,
                  struct err *err) MUST_USE;
/* Writes beside `path`, fsyncs and renames over it: the old contents or the new, never a part. */
int file_replace(const char *path, const void *buf, size_t len, mode_t mode,
                 struct err *err) MUST_USE;

#endif

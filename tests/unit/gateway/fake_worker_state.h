/* fake_worker_state - what a fake worker keeps, notes and says. See fake_worker.h. */
#ifndef TIRO_TESTS_FAKE_WORKER_STATE_H
#define TIRO_TESTS_FAKE_WORKER_STATE_H

#include "base/seam.h"
#include "proto/conn.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { FAKE_JOBS_MAX = 4096, FAKE_EMBD = 8, FAKE_LOOK_MS = 2 };

struct fake_job {
    uint64_t id, at_ms;
    uint32_t kind, n, choice_n, sent, size, delay_ms, dimensions, index;
    int64_t crash_after, hold;
    bool used, counted, hang, fail, calls;
};

struct fake_worker {
    struct conn conn;
    struct fake_job jobs[FAKE_JOBS_MAX];
    char path[512];
    bool embed, quitting;
};

static uint64_t fake_now_ms(void)
{
    return now_ns() / 1000000;
}

static void fake_log(const struct fake_worker *w, const char *what, uint64_t id)
{
    char path[600], line[64];
    (void)snprintf(path, sizeof path, "%s.log", w->path);
    int n = snprintf(line, sizeof line, "%s %llu\n", what, (unsigned long long)id);
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0) return;
    if (write(fd, line, (size_t)n) != n) abort();
    close(fd);
}

static bool fake_may_go(const struct fake_worker *w)
{
    char path[600];
    (void)snprintf(path, sizeof path, "%s.go", w->path);
    return access(path, F_OK) == 0;
}

/* The number behind "name=" in `text`. */
static int64_t fake_word(struct slice text, const char *name, int64_t otherwise)
{
    size_t at = slice_find(text, slice_of(name));
    if (at == text.len) return otherwise;
    char number[24];
    (void)snprintf(number, sizeof number, "%.*s", (int)(text.len - at - strlen(name)),
                   text.ptr + at + strlen(name));
    return strtoll(number, NULL, 10);
}

static bool fake_has(struct slice text, const char *word)
{
    return slice_find(text, slice_of(word)) < text.len;
}

#define FAKE_SAY(w, kind, ...)                                            \
    do {                                                                  \
        struct err say_err_ = { 0 };                                      \
        if (conn_queue(&(w)->conn, (kind), __VA_ARGS__, &say_err_) < 0) { \
            fprintf(stderr, "fake worker: %s\n", say_err_.text);          \
            abort();                                                      \
        }                                                                 \
    } while (0)

#endif

/* asking - whole requests to a service with a real store, and what their answers say. */
#ifndef TIRO_TESTS_ASKING_H
#define TIRO_TESTS_ASKING_H

#include "unit/test.h"

#include "unit/api/fake_store.h"

#include <stdio.h>

static const struct principal ann = { SLICE("t1"), SLICE("p1"), SLICE("u1"), SLICE("k1") };
static const struct principal others[] = {
    { SLICE("t2"), SLICE("p1"), SLICE("u1"), SLICE("k1") }, /* another tenant */
    { SLICE("t1"), SLICE("p2"), SLICE("u1"), SLICE("k1") }, /* another project */
};

static struct fake_service service;
static char *last; /* what the last call answered */
static uint64_t now_s = 1700000000;

static inline uint64_t asking_wall_ns(void)
{
    return now_s * 1000000000u;
}

static inline const char *ask(const struct principal *who, const char *method, const char *path,
                              const char *body)
{
    struct fake f;
    fake_ask(&f, &service, who, method, path, body);
    assert_true(f.over);
    mem_free(last);
    last = mem_strndup(f.trace.ptr, f.trace.len);
    fake_release(&f);
    return last;
}

static inline void says(const char *part)
{
    if (!strstr(last, part)) fail_msg("'%s' is not in: %s", part, last);
}

static inline void says_not(const char *part)
{
    if (strstr(last, part)) fail_msg("'%s' is in: %s", part, last);
}

/* The text that begins with `prefix`, to its quotation mark. */
static inline void take(char ret[64], const char *prefix)
{
    const char *at = strstr(last, prefix);
    assert_non_null(at);
    (void)snprintf(ret, 64, "%.*s", (int)strcspn(at, "\""), at);
}

static inline int asking_setup(void **state)
{
    (void)state;
    fake_service_open(&service);
    seams.wall_ns = asking_wall_ns;
    now_s = 1700000000;
    return 0;
}

static inline int asking_teardown(void **state)
{
    (void)state;
    mem_free(last);
    last = NULL;
    seams = seams_real;
    fake_service_close(&service);
    return 0;
}

/* A JSON string of n letters in `ret`, behind `before` and before `after`. */
static inline const char *letters(char *ret, size_t size, const char *before, size_t n,
                                  const char *after)
{
    size_t k = (size_t)snprintf(ret, size, "%s", before);
    assert_true(k + n + strlen(after) < size);
    memset(ret + k, 'a', n);
    (void)snprintf(ret + k + n, size - k - n, "%s", after);
    return ret;
}

/* Statements with numbers, run as a job. */
struct asking_fill {
    struct store_job job;
    const char *sql;
    int64_t n;
};

static inline int asking_run(struct store_job *job, struct db *db, struct err *err)
{
    struct asking_fill *f = (struct asking_fill *)job;
    int n = db_exec(db, f->sql, DB_ARGS(DB_INT(f->n)), err);
    return n < 0 ? n : 0;
}

static inline void asking_done(struct store_job *job, int rc, const struct err *err)
{
    (void)job;
    assert_ok(rc, err);
}

/* `sql` with ?1: how many. */
static inline void fill_table(const char *sql, int64_t n)
{
    struct asking_fill f = { { .run = asking_run, .done = asking_done }, sql, n };
    store_submit(service.service.store, &f.job);
    store_wait(service.service.store);
}

#endif

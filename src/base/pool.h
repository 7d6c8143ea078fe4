/* pool - the worker threads of one engine: enter together, meet at barriers, leave together.
 *
 *     static void work(void *ctx, int thread, int n_threads) { ... pool_barrier(pool, thread); }
 *     pool_run(pool, work, ctx);      the caller is thread 0; returns when all are done
 *
 * Barriers spin for a while and then sleep on a futex; when runnable threads exceed cores the spin
 * shrinks, so an oversubscribed machine slows down instead of stopping. With one thread nothing is
 * atomic. Owner: one thread calls pool_run at a time.
 */
#ifndef TIRO_BASE_POOL_H
#define TIRO_BASE_POOL_H

#include "base/err.h"

struct pool;

enum { POOL_THREADS_MAX = 256 };

/* n_threads in 1..POOL_THREADS_MAX; 0 means one per core of this process's affinity mask. */
int pool_open(struct pool **ret, int n_threads, struct err *err) MUST_USE;
void pool_close(struct pool *p); /* NULL is fine. */
int pool_size(const struct pool *p);
void pool_run(struct pool *p, void (*fn)(void *ctx, int thread, int n_threads), void *ctx);
/* Only inside fn, by every thread the same number of times. */
void pool_barrier(struct pool *p, int thread);

/* The half-open share of `count` items that `thread` of `n_threads` takes, in whole `grain`s. */
static inline void pool_share(size_t *ret_from, size_t *ret_to, size_t count, size_t grain,
                              int thread, int n_threads)
{
    size_t grains = (count + grain - 1) / grain, t = (size_t)thread, n = (size_t)n_threads;
    size_t from = grains * t / n * grain, to = grains * (t + 1) / n * grain;
    *ret_from = from < count ? from : count;
    *ret_to = to < count ? to : count;
}

#endif

#include "base/pool.h"

#include "base/seam.h"

#include <assert.h>
#include <errno.h>
#include <immintrin.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A wait spins for about as long as sleeping and being woken would take (30 to 90 us of `pause`,
 * which takes 40 cycles on some processors and 140 on others), then sleeps: never more than twice
 * the cost of knowing beforehand. Shortening the spin where a wait had to sleep was tried: one
 * disturbance and all later barriers slept. With more threads than cores someone always has to
 * sleep: then at once. */
enum { CACHE_LINE = 64, SPINS = 2000, SPINS_CROWDED = 20 };

/* A counter threads wait on to change; on a cache line of its own. */
struct event {
    _Alignas(CACHE_LINE) _Atomic uint32_t value;
    _Atomic uint32_t sleepers;
};

struct thread {
    struct pool *pool;
    int index;
    pthread_t id;
};

struct pool {
    int n_threads;
    size_t size; /* Of this block, in bytes. */
    int spins;
    bool closing;
    void (*fn)(void *ctx, int thread, int n_threads);
    void *ctx;
    struct event start;                       /* Counts pool_run calls. */
    struct event round;                       /* Counts barriers passed. */
    _Alignas(CACHE_LINE) _Atomic int arrived; /* At the current barrier. */
    struct thread threads[];
};

static void futex_wait(_Atomic uint32_t *word, uint32_t expected)
{
    /* EAGAIN and EINTR both mean: look again. */
    (void)syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, NULL, NULL, 0);
}

static void event_wait(struct event *e, uint32_t seen, int spins)
{
    for (int i = 0; i < spins; i++) {
        if (atomic_load_explicit(&e->value, memory_order_acquire) != seen) return;
        _mm_pause();
    }
    atomic_fetch_add(&e->sleepers, 1);
    while (atomic_load(&e->value) == seen) futex_wait(&e->value, seen);
    atomic_fetch_sub(&e->sleepers, 1);
}

static void event_advance(struct event *e)
{
    atomic_fetch_add(&e->value, 1);
    if (atomic_load(&e->sleepers) > 0)
        (void)syscall(SYS_futex, &e->value, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0);
}

void pool_barrier(struct pool *p, int thread)
{
    assert(thread >= 0 && thread < p->n_threads);
    if (p->n_threads == 1) return;
    uint32_t seen = atomic_load_explicit(&p->round.value, memory_order_relaxed);
    if (atomic_fetch_add(&p->arrived, 1) + 1 == p->n_threads) {
        atomic_store_explicit(&p->arrived, 0, memory_order_relaxed);
        event_advance(&p->round);
    } else {
        event_wait(&p->round, seen, p->spins);
    }
}

static void *thread_main(void *arg)
{
    struct thread *t = arg;
    struct pool *p = t->pool;
    for (uint32_t seen = 0;; seen++) {
        event_wait(&p->start, seen, p->spins);
        if (p->closing) return NULL;
        p->fn(p->ctx, t->index, p->n_threads);
        pool_barrier(p, t->index);
    }
}

static int cores(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) < 0) return 1;
    int n = CPU_COUNT(&set);
    return n < 1 ? 1 : n;
}

int pool_open(struct pool **ret, int n_threads, struct err *err)
{
    assert(n_threads >= 0 && n_threads <= POOL_THREADS_MAX);
    int n_cores = cores();
    if (n_threads == 0) n_threads = n_cores < POOL_THREADS_MAX ? n_cores : POOL_THREADS_MAX;
    size_t size = sizeof(struct pool) + (size_t)n_threads * sizeof(struct thread);
    /* Pages, because malloc promises no cache line. */
    struct pool *p = seams.map(size);
    if (!p) return err_set(err, ERR_NO_MEMORY, "no memory for %d threads", n_threads);
    p->size = size;
    p->spins = n_threads <= n_cores ? SPINS : SPINS_CROWDED;
    p->n_threads = n_threads;
    for (int i = 1; i < n_threads; i++) {
        p->threads[i] = (struct thread){ .pool = p, .index = i };
        int rc = pthread_create(&p->threads[i].id, NULL, thread_main, &p->threads[i]);
        if (rc != 0) {
            p->n_threads = i;
            pool_close(p);
            return err_errno(err, rc, "starting thread %d of %d", i + 1, n_threads);
        }
    }
    *ret = p;
    return 0;
}

void pool_close(struct pool *p)
{
    if (!p) return;
    p->closing = true;
    event_advance(&p->start);
    for (int i = 1; i < p->n_threads; i++) {
        int rc = pthread_join(p->threads[i].id, NULL);
        assert(rc == 0);
    }
    (void)seams.unmap(p, p->size); /* A mapping of our own: cannot fail. */
}

int pool_size(const struct pool *p)
{
    return p->n_threads;
}

void pool_run(struct pool *p, void (*fn)(void *ctx, int thread, int n_threads), void *ctx)
{
    p->fn = fn;
    p->ctx = ctx;
    if (p->n_threads > 1) event_advance(&p->start);
    fn(ctx, 0, p->n_threads);
    pool_barrier(p, 0);
}

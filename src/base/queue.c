#include "base/queue.h"

#include "base/seam.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <time.h>

struct queue {
    pthread_mutex_t lock; /* Protects all below. */
    pthread_cond_t filled;
    size_t cap, from, len; /* items[from], items[from + 1] ... modulo cap */
    void *items[];
};

int queue_open(struct queue **ret, size_t cap)
{
    assert(cap > 0 && cap < SIZE_MAX / sizeof(void *) / 2);
    struct queue *q = mem_alloc(sizeof *q + cap * sizeof(void *));
    if (!q) return -ERR_NO_MEMORY;
    *q = (struct queue){ .cap = cap };
    pthread_condattr_t attr;
    int rc = pthread_condattr_init(&attr) || pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) ||
             pthread_cond_init(&q->filled, &attr) || pthread_mutex_init(&q->lock, NULL);
    assert(rc == 0); /* None of them fails on Linux with valid arguments. */
    (void)pthread_condattr_destroy(&attr);
    *ret = q;
    return 0;
}

void queue_close(struct queue *q)
{
    if (!q) return;
    (void)pthread_mutex_destroy(&q->lock);
    (void)pthread_cond_destroy(&q->filled);
    mem_free(q);
}

static void lock(struct queue *q)
{
    int rc = pthread_mutex_lock(&q->lock);
    assert(rc == 0);
}

static void unlock(struct queue *q)
{
    int rc = pthread_mutex_unlock(&q->lock);
    assert(rc == 0);
}

bool queue_try_push(struct queue *q, void *item)
{
    assert(item);
    lock(q);
    bool room = q->len < q->cap;
    if (room) q->items[(q->from + q->len++) % q->cap] = item;
    unlock(q);
    if (room) (void)pthread_cond_signal(&q->filled); /* Cannot fail. */
    return room;
}

static void *take(struct queue *q)
{
    if (q->len == 0) return NULL;
    void *item = q->items[q->from];
    q->from = (q->from + 1) % q->cap;
    q->len--;
    return item;
}

void *queue_try_pop(struct queue *q)
{
    lock(q);
    void *item = take(q);
    unlock(q);
    return item;
}

void *queue_pop(struct queue *q, int64_t timeout_ms)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until); /* Always there on Linux. */
    if (timeout_ms > 0) {
        until.tv_sec += timeout_ms / 1000;
        until.tv_nsec += timeout_ms % 1000 * 1000000;
        if (until.tv_nsec >= 1000000000) {
            until.tv_sec++;
            until.tv_nsec -= 1000000000;
        }
    }
    lock(q);
    int rc = 0;
    while (q->len == 0 && rc == 0)
        rc = timeout_ms < 0 ? pthread_cond_wait(&q->filled, &q->lock)
                            : pthread_cond_timedwait(&q->filled, &q->lock, &until);
    assert(rc == 0 || rc == ETIMEDOUT);
    void *item = take(q);
    unlock(q);
    return item;
}

size_t queue_len(struct queue *q)
{
    lock(q);
    size_t len = q->len;
    unlock(q);
    return len;
}

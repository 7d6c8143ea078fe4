/* Pool and queue; also run under ThreadSanitizer. */
#include "unit/test.h"

#include "base/pool.h"
#include "base/queue.h"

#include <pthread.h>
#include <stdatomic.h>

enum { ROUNDS = 200, THREADS_MAX = 8 };

struct relay {
    struct pool *pool;
    int cells[THREADS_MAX]; /* plain on purpose: barriers must order them */
    _Atomic int runs;
};

/* Each round every thread reads what its neighbour wrote in the last. */
static void pass_around(void *ctx, int thread, int n_threads)
{
    struct relay *relay = ctx;
    atomic_fetch_add(&relay->runs, 1);
    for (int round = 0; round < ROUNDS; round++) {
        int seen = relay->cells[(thread + 1) % n_threads];
        pool_barrier(relay->pool, thread);
        relay->cells[thread] = seen + 1;
        pool_barrier(relay->pool, thread);
    }
}

/* With more threads than this machine has cores, too. */
static void test_barriers_order_memory(void **state)
{
    (void)state;
    for (int n = 1; n <= THREADS_MAX; n++) {
        struct relay relay = { 0 };
        struct err err;
        assert_ok(pool_open(&relay.pool, n, &err), &err);
        assert_int_equal(pool_size(relay.pool), n);
        for (int run = 1; run <= 5; run++) {
            pool_run(relay.pool, pass_around, &relay);
            assert_int_equal(relay.runs, n * run);
            for (int i = 0; i < n; i++) assert_int_equal(relay.cells[i], ROUNDS * run);
        }
        pool_close(relay.pool);
    }
}

static void test_default_is_a_thread_per_core(void **state)
{
    (void)state;
    struct pool *pool;
    struct err err;
    assert_ok(pool_open(&pool, 0, &err), &err);
    assert_in_range(pool_size(pool), 1, POOL_THREADS_MAX);
    pool_close(pool);
    pool_close(NULL);
}

static void test_shares_cover_everything_once(void **state)
{
    (void)state;
    for (size_t count = 0; count < 100; count++)
        for (size_t grain = 1; grain < 20; grain += 5)
            for (int n = 1; n < 9; n++) {
                size_t expected = 0;
                for (int t = 0; t < n; t++) {
                    size_t from, to;
                    pool_share(&from, &to, count, grain, t, n);
                    assert_int_equal(from, expected);
                    assert_true(from == count || from % grain == 0);
                    expected = to;
                }
                assert_int_equal(expected, count);
            }
}

static void test_queue_is_bounded_and_in_order(void **state)
{
    (void)state;
    struct queue *q;
    int items[4];
    assert_int_equal(queue_open(&q, 3), 0);
    assert_null(queue_try_pop(q));
    assert_null(queue_pop(q, 1));
    for (int lap = 0; lap < 5; lap++) {
        for (int i = 0; i < 3; i++) assert_true(queue_try_push(q, &items[i]));
        assert_false(queue_try_push(q, &items[3]));
        assert_int_equal(queue_len(q), 3);
        for (int i = 0; i < 3; i++) assert_ptr_equal(queue_pop(q, -1), &items[i]);
    }
    queue_close(q);
}

enum { PUSHES = 2000 };

static void *push_all(void *arg)
{
    static char item;
    for (int i = 0; i < PUSHES;) i += queue_try_push(arg, &item);
    return NULL;
}

static void test_queue_between_threads_loses_nothing(void **state)
{
    (void)state;
    struct queue *q;
    pthread_t a, b;
    assert_int_equal(queue_open(&q, 16), 0);
    assert_int_equal(pthread_create(&a, NULL, push_all, q), 0);
    assert_int_equal(pthread_create(&b, NULL, push_all, q), 0);
    for (int i = 0; i < 2 * PUSHES; i++) assert_non_null(queue_pop(q, -1));
    assert_null(queue_try_pop(q));
    assert_int_equal(pthread_join(a, NULL), 0);
    assert_int_equal(pthread_join(b, NULL), 0);
    queue_close(q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_barriers_order_memory),
        cmocka_unit_test(test_default_is_a_thread_per_core),
        cmocka_unit_test(test_shares_cover_everything_once),
        cmocka_unit_test(test_queue_is_bounded_and_in_order),
        cmocka_unit_test(test_queue_between_threads_loses_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

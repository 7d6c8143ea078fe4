/* bandwidth - how fast this machine reads memory, with 1 thread, 2, ... up to all cores.
 *
 *     bandwidth [THREADS_MAX [MEGABYTES]]
 *
 * Each thread sums its own part of a block that must be far larger than the caches (1,024 MB). The
 * figure is the best of some passes, because anything else that runs can only lower it. Prints a
 * JSON array of {"threads", "gb_per_s"} (1 GB = 10^9 bytes): what decoding, which reads every
 * weight once a token, can at best be measured against. */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { THREADS_MAX = 64, PASSES = 12, LANES = 32, MEGABYTES = 1024 };

struct part {
    const uint64_t *from;
    size_t n; /* a multiple of LANES */
    uint64_t sum;
    pthread_barrier_t *barrier;
    double start[PASSES], end[PASSES];
};

/* Eight independent sums of four lanes: enough to hide the latency of an addition. */
typedef uint64_t lanes __attribute__((vector_size(32), aligned(8), may_alias));

static inline __attribute__((always_inline)) uint64_t sum_lanes(const uint64_t *from, size_t n)
{
    lanes s0 = { 0 }, s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
    for (const lanes *p = (const lanes *)from, *end = p + n / 4; p < end; p += 8) {
        s0 += p[0], s1 += p[1], s2 += p[2], s3 += p[3];
        s4 += p[4], s5 += p[5], s6 += p[6], s7 += p[7];
    }
    lanes sum = s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7;
    return sum[0] + sum[1] + sum[2] + sum[3];
}

#ifdef __x86_64__
__attribute__((target("avx2"))) static uint64_t sum_avx2(const uint64_t *from, size_t n)
{
    return sum_lanes(from, n);
}
#endif

static uint64_t sum_of(const uint64_t *from, size_t n)
{
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx2")) return sum_avx2(from, n);
#endif
    return sum_lanes(from, n);
}

static double seconds(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t); /* Cannot fail. */
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void *work(void *ctx)
{
    struct part *p = ctx;
    for (int i = 0; i < PASSES; i++) {
        (void)pthread_barrier_wait(p->barrier);
        p->start[i] = seconds();
        p->sum += sum_of(p->from, p->n);
        p->end[i] = seconds();
    }
    return NULL;
}

/* From the first thread's start to the last one's end: each reads the clock itself, because a
 * thread that only watched could be late and see less time than there was. */
static double pass_seconds(const struct part *parts, int n_threads, int pass)
{
    double start = parts[0].start[pass], end = parts[0].end[pass];
    for (int t = 1; t < n_threads; t++) {
        if (parts[t].start[pass] < start) start = parts[t].start[pass];
        if (parts[t].end[pass] > end) end = parts[t].end[pass];
    }
    return end - start;
}

/* GB/s of the best pass; 0 when threads cannot be had. */
static double measure(const uint64_t *block, size_t n, int n_threads, uint64_t *checksum)
{
    pthread_t threads[THREADS_MAX];
    static struct part parts[THREADS_MAX];
    pthread_barrier_t barrier;
    size_t each = n / (size_t)n_threads / LANES * LANES;
    double best = 0, bytes = (double)(each * (size_t)n_threads * sizeof *block);
    if (pthread_barrier_init(&barrier, NULL, (unsigned)n_threads) != 0) return 0;
    for (int t = 0; t < n_threads; t++) {
        parts[t] = (struct part){ .from = block + each * (size_t)t,
                                  .n = each,
                                  .barrier = &barrier };
        if (pthread_create(&threads[t], NULL, work, &parts[t]) != 0) exit(1);
    }
    for (int t = 0; t < n_threads; t++) {
        (void)pthread_join(threads[t], NULL);
        *checksum += parts[t].sum;
    }
    for (int i = 0; i < PASSES; i++) {
        double rate = bytes / 1e9 / pass_seconds(parts, n_threads, i);
        if (rate > best) best = rate;
    }
    (void)pthread_barrier_destroy(&barrier);
    return best;
}

int main(int argc, char **argv)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    long threads_max = argc > 1 ? strtol(argv[1], NULL, 10) : cores;
    long megabytes = argc > 2 ? strtol(argv[2], NULL, 10) : MEGABYTES;
    if (threads_max < 1 || threads_max > THREADS_MAX || megabytes < 1 || megabytes > 1 << 16) {
        fprintf(stderr, "usage: bandwidth [THREADS 1-%d [MEGABYTES]]\n", THREADS_MAX);
        return 2;
    }
    size_t bytes = (size_t)megabytes << 20;
    uint64_t checksum = 0, *block = aligned_alloc(1 << 21, (bytes + (1 << 21) - 1) >> 21 << 21);
    if (!block) {
        fprintf(stderr, "bandwidth: no memory for %ld MB\n", megabytes);
        return 1;
    }
    (void)madvise(block, bytes,
                  MADV_HUGEPAGE); /* The most that memory gives; as the engine does. */
    memset(block, 1, bytes);      /* Real pages: untouched ones are all the same zero page. */
    printf("[");
    for (int t = 1; t <= threads_max; t *= 2)
        printf("%s{\"threads\": %d, \"gb_per_s\": %.2f}", t > 1 ? ", " : "", t,
               measure(block, bytes / sizeof *block, t, &checksum));
    printf("]\n");
    fprintf(stderr, "checksum %llx\n", (unsigned long long)checksum); /* The sums are used. */
    free(block);
    return 0;
}

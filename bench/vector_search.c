/* Searches of one vector store of N chunks (default 100,000) with vectors of D dimensions (default
 * 384) and W words each (default 250, of a vocabulary whose k-th word is k times rarer than its
 * first): time to build, memory, and the time of a search with words and vector, of vectors alone,
 * and of a filter that lets a tenth through. One thread.
 *
 *     vector_search_bench [N [D [W]]]
 */
#include "base/seam.h"
#include "index/index.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { VOCABULARY = 100000, CHUNKS_A_FILE = 50, SEARCHES = 101, TEXT_MAX = 1 << 16 };

static uint64_t state = 1;

static double dice(void)
{
    state = state * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (double)(state >> 11) / (double)(1ull << 53);
}

static unsigned word(void)
{
    return (unsigned)exp(dice() * log(VOCABULARY));
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void write_text(char *text, int n_words)
{
    size_t len = 0;
    for (int i = 0; i < n_words && len + 16 < TEXT_MAX; i++)
        len += (size_t)snprintf(text + len, TEXT_MAX - len, "word%u ", word());
}

static void build(struct index *index, uint32_t n, uint32_t dimensions, int n_words)
{
    float *vector = mem_calloc(dimensions, sizeof *vector);
    char *text = mem_alloc(TEXT_MAX);
    struct err err;
    int rc = vector && text ? 0 : -1;
    for (uint32_t i = 0; rc == 0 && i < n; i++) {
        uint64_t file = 1 + i / CHUNKS_A_FILE;
        struct index_attribute a = { SLICE("tenth"),
                                     { .kind = INDEX_TRUTH, .number = file % 10 == 0 } };
        write_text(text, n_words);
        for (uint32_t k = 0; k < dimensions; k++) vector[k] = (float)(dice() - 0.5);
        struct collection_chunk chunk = { file, i % CHUNKS_A_FILE, slice_of(text), vector };
        rc = index_add(index, 1, dimensions, &chunk, 1, &err);
        if (rc == 0) rc = index_set_file(index, 1, file, true, &a, 1, &err);
    }
    if (rc < 0) exit(1);
    mem_free(vector);
    mem_free(text);
}

static void measure(const struct index *index, const char *what, uint32_t dimensions,
                    double text_weight, bool filtered)
{
    double times[SEARCHES];
    float *vector = mem_calloc(dimensions, sizeof *vector);
    struct index_value yes = { .kind = INDEX_TRUTH, .number = 1 };
    struct filter_step step = { FILTER_EQ, SLICE("tenth"), &yes, 1, 0 };
    for (int i = 0; vector && i < SEARCHES; i++) {
        char text[200];
        struct search_hit hits[10];
        struct err err;
        uint32_t n;
        (void)snprintf(text, sizeof text, "word1 word2 word%u word%u word%u word%u word%u word%u",
                       word(), word(), word(), word(), word(), word()); /* Short. */
        for (uint32_t k = 0; k < dimensions; k++) vector[k] = (float)(dice() - 0.5);
        struct search_query query = { slice_of(text_weight > 0 ? text : ""), vector };
        struct search s = { .queries = &query,
                            .n_queries = 1,
                            .dimensions = dimensions,
                            .filter = &step,
                            .n_filter = filtered,
                            .vector_weight = 0.7,
                            .text_weight = text_weight,
                            .n_max = 10 };
        uint64_t start = now_ns();
        if (collection_search(index_find(index, 1), hits, &n, &s, &err) < 0) exit(1);
        times[i] = (double)(now_ns() - start) / 1e6;
    }
    qsort(times, SEARCHES, sizeof *times, by_value);
    printf("%-28s median %6.2f ms   p90 %6.2f   most %6.2f\n", what, times[SEARCHES / 2],
           times[SEARCHES * 9 / 10], times[SEARCHES - 1]);
    mem_free(vector);
}

int main(int argc, char **argv)
{
    uint32_t n = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 100000;
    uint32_t dimensions = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 384;
    int n_words = argc > 3 ? (int)strtol(argv[3], NULL, 10) : 250;
    struct index index;
    index_init(&index, (size_t)64 << 30);
    uint64_t start = now_ns();
    build(&index, n, dimensions, n_words);
    printf("%u chunks of %u dimensions and %d words: built in %.1f s, %zu MiB\n", n, dimensions,
           n_words, (double)(now_ns() - start) / 1e9, index.bytes >> 20);
    measure(&index, "words and vectors", dimensions, 0.3, false);
    measure(&index, "vectors", dimensions, 0, false);
    measure(&index, "both, a tenth of the files", dimensions, 0.3, true);
    index_release(&index);
    return 0;
}

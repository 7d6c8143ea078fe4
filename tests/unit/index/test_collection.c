/* A collection against a plain one: every chunk scored by itself, in doubles, from the
 * definitions. */
#include "index/collection.h"
#include "index/dot.h"
#include "index/index.h"
#include "index/words.h"

#include "unit/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { DIMENSIONS = 40, CHUNKS = 600, FILES = 30, VOCABULARY = 50 };

static uint64_t state = 1;

static uint32_t dice(uint32_t n)
{
    state = state * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (uint32_t)(state >> 33) % n;
}

static void fill(float *vector)
{
    for (int i = 0; i < DIMENSIONS; i++) vector[i] = (float)dice(2001) / 1000 - 1;
}

struct chunk {
    uint64_t file;
    uint32_t number;
    float vector[DIMENSIONS];
    char text[400];
    int counts[VOCABULARY], n_words;
};

static struct chunk chunks[CHUNKS];

static void make_chunks(void)
{
    state = 7;
    for (uint32_t i = 0; i < CHUNKS; i++) {
        struct chunk *c = &chunks[i];
        *c = (struct chunk){ .file = 100 + i % FILES, .number = i / FILES };
        fill(c->vector);
        int n = 5 + (int)dice(30), len = 0;
        for (int k = 0; k < n; k++) {
            uint32_t word = dice(VOCABULARY) * dice(VOCABULARY) / VOCABULARY; /* Low ones more. */
            c->counts[word]++;
            c->n_words++;
            len += snprintf(c->text + len, sizeof c->text - (size_t)len, "w%u ", word);
        }
    }
}

static bool passes(uint64_t file)
{
    return file % 3 != 0;
}

static void add_all(struct collection *c)
{
    struct err err = { 0 };
    collection_init(c);
    for (int i = 0; i < CHUNKS; i++) {
        struct collection_chunk chunk = { chunks[i].file, chunks[i].number,
                                          slice_of(chunks[i].text), chunks[i].vector };
        assert_int_equal(collection_add(c, &chunk, DIMENSIONS, &err), 0);
    }
    for (uint64_t f = 100; f < 100 + FILES; f++) {
        struct index_attribute a = { SLICE("third"),
                                     { .kind = INDEX_TRUTH, .number = !passes(f) } };
        assert_int_equal(collection_set_file(c, f, true, &a, 1, &err), 0);
    }
}

/* BM25 as a share of its best, and the cosine, by the book. */
static double expected(const struct chunk *c, const int *query, int n_query, const float *vector,
                       double vector_weight, double text_weight, bool (*is_there)(uint64_t file))
{
    double n = 0, words = 0, score = 0, most = 0, dot = 0, a = 0, b = 0;
    for (int i = 0; i < CHUNKS; i++)
        if (is_there(chunks[i].file)) n++, words += chunks[i].n_words;
    for (int q = 0; q < n_query; q++) {
        double df = 0, tf = c->counts[query[q]];
        for (int i = 0; i < CHUNKS; i++)
            df += is_there(chunks[i].file) && chunks[i].counts[query[q]] > 0;
        double idf = log(1 + (n - df + 0.5) / (df + 0.5));
        score += idf * tf * 2.2 / (tf + 1.2 * (1 - 0.75 + 0.75 * c->n_words / (words / n)));
        most += idf * 2.2;
    }
    for (int i = 0; i < DIMENSIONS; i++) {
        dot += (double)c->vector[i] * vector[i];
        a += (double)c->vector[i] * c->vector[i];
        b += (double)vector[i] * vector[i];
    }
    double cosine = dot / sqrt(a * b);
    return (vector_weight * (cosine > 0 ? cosine : 0) + text_weight * score / most) /
           (vector_weight + text_weight);
}

static bool everyone(uint64_t file)
{
    (void)file;
    return true;
}

static bool but_removed(uint64_t file)
{
    return file % 2 == 0;
}

static struct chunk *find(const struct search_hit *h)
{
    for (int i = 0; i < CHUNKS; i++)
        if (chunks[i].file == h->file && chunks[i].number == h->number) return &chunks[i];
    fail_msg("no such chunk: %llu %u", (unsigned long long)h->file, h->number);
    return NULL;
}

/* Scores are right, in order, and none that was left out is better than the last that was not. */
static void compare(const struct collection *c, double vector_weight, double text_weight,
                    bool filtered, bool (*is_there)(uint64_t file))
{
    static const int words[] = { 3, 17, 30 };
    float vector[DIMENSIONS];
    struct err err = { 0 };
    struct search_hit hits[SEARCH_RESULTS_MAX];
    uint32_t n;
    fill(vector);
    struct search_query query = { SLICE("w3 W17, w30? w3"), vector };
    struct index_value no = { .kind = INDEX_TRUTH };
    struct filter_step step = { FILTER_EQ, SLICE("third"), &no, 1, 0 };
    struct search s = { .queries = &query,
                        .n_queries = 1,
                        .dimensions = DIMENSIONS,
                        .filter = &step,
                        .n_filter = filtered ? 1 : 0,
                        .vector_weight = vector_weight,
                        .text_weight = text_weight,
                        .n_max = 20 };
    assert_int_equal(collection_search(c, hits, &n, &s, &err), 0);
    assert_int_equal(n, 20);
    for (uint32_t i = 0; i < n; i++) {
        double right = expected(find(&hits[i]), words, 3, vector, vector_weight, text_weight,
                                is_there);
        assert_true(fabs(right - (double)hits[i].score) < 0.004);
        assert_true(i == 0 || hits[i].score <= hits[i - 1].score);
        assert_true(is_there(hits[i].file) && (!filtered || passes(hits[i].file)));
    }
    for (int k = 0; k < CHUNKS; k++) {
        bool hit = false;
        if (!is_there(chunks[k].file) || (filtered && !passes(chunks[k].file))) continue;
        for (uint32_t i = 0; i < n; i++)
            hit = hit || (hits[i].file == chunks[k].file && hits[i].number == chunks[k].number);
        double score = expected(&chunks[k], words, 3, vector, vector_weight, text_weight, is_there);
        assert_true(hit || score < (double)hits[n - 1].score + 0.004);
    }
}

static void test_scores_are_those_of_the_book(void **unused)
{
    (void)unused;
    struct collection c;
    make_chunks();
    add_all(&c);
    compare(&c, 1, 0, false, everyone);
    compare(&c, 0, 1, false, everyone);
    compare(&c, 0.7, 0.3, false, everyone);
    compare(&c, 0.7, 0.3, true, everyone);
    collection_release(&c);
}

/* Removing counts at once, and is the same before and after memory has been given back. */
static void test_removed_files_are_as_if_never_there(void **unused)
{
    (void)unused;
    struct collection c;
    make_chunks();
    add_all(&c);
    for (uint64_t f = 101; f < 100 + FILES; f += 2) collection_remove(&c, f);
    collection_remove(&c, 12345);
    compare(&c, 0.5, 0.5, false, but_removed);
    compare(&c, 0, 1, true, but_removed);
    collection_release(&c);
}

static void test_tidying_changes_nothing_but_memory(void **unused)
{
    (void)unused;
    struct index index;
    struct err err = { 0 };
    index_init(&index, 1 << 30);
    make_chunks();
    for (uint64_t round = 0; round < 6; round++) /* Enough slots for it to be worth it. */
        for (int i = 0; i < CHUNKS; i++) {
            struct collection_chunk chunk = { chunks[i].file + round * 1000, chunks[i].number,
                                              slice_of(chunks[i].text), chunks[i].vector };
            assert_int_equal(index_add(&index, 1, DIMENSIONS, &chunk, 1, &err), 0);
        }
    for (uint64_t f = 100; f < 100 + FILES; f++)
        assert_int_equal(index_set_file(&index, 1, f, true, NULL, 0, &err), 0);
    size_t before = index.bytes;
    for (uint64_t round = 1; round < 6; round++)
        for (uint64_t f = 100; f < 100 + FILES; f++) index_remove_file(&index, 1, f + round * 1000);
    assert_true(index.bytes < before);
    assert_true(index_find(&index, 1)->n_slots < CHUNKS * 3);
    compare(index_find(&index, 1), 0.7, 0.3, false, everyone);
    assert_int_equal(index.bytes, collection_bytes(index_find(&index, 1)));
    index_release(&index);
}

static void test_files_are_found_once_they_are_visible(void **unused)
{
    (void)unused;
    struct collection c;
    struct err err = { 0 };
    struct search_hit hits[10];
    uint32_t n;
    float vector[4] = { 1, 2, 3, 4 };
    struct collection_chunk chunk = { 5, 0, SLICE("one two"), vector };
    struct search_query query = { SLICE("two"), vector };
    struct search s = { .queries = &query,
                        .n_queries = 1,
                        .dimensions = 4,
                        .vector_weight = 1,
                        .text_weight = 1,
                        .n_max = 10 };
    collection_init(&c);
    assert_int_equal(collection_search(&c, hits, &n, &s, &err), 0);
    assert_int_equal(n, 0);
    assert_int_equal(collection_add(&c, &chunk, 4, &err), 0);
    assert_int_equal(collection_search(&c, hits, &n, &s, &err), 0);
    assert_int_equal(n, 0);
    assert_int_equal(collection_set_file(&c, 5, true, NULL, 0, &err), 0);
    assert_int_equal(collection_search(&c, hits, &n, &s, &err), 0);
    assert_int_equal(n, 1);
    s.dimensions = 3;
    assert_int_equal(collection_search(&c, hits, &n, &s, &err), -ERR_INVALID_VALUE);
    assert_int_equal(collection_add(&c, &chunk, 5, &err), -ERR_INVALID_VALUE);
    assert_int_equal(collection_add(&c, &chunk, DOT_DIMENSIONS_MAX + 1, &err), -ERR_LIMIT);
    vector[2] = NAN;
    assert_int_equal(collection_add(&c, &chunk, 4, &err), -ERR_INVALID_VALUE);
    collection_release(&c);
}

static void test_memory_has_a_bound(void **unused)
{
    (void)unused;
    struct index index;
    struct err err = { 0 };
    int rc = 0;
    index_init(&index, 256 << 10);
    make_chunks();
    assert_int_equal(index_set_file(&index, 2, 9, true, NULL, 0, &err), 0);
    for (int i = 0; rc == 0 && i < 100 * CHUNKS; i++) {
        struct collection_chunk chunk = { chunks[i % CHUNKS].file, (uint32_t)i,
                                          slice_of(chunks[i % CHUNKS].text),
                                          chunks[i % CHUNKS].vector };
        rc = index_add(&index, 1, DIMENSIONS, &chunk, 1, &err);
    }
    assert_int_equal(rc, -ERR_LIMIT);
    assert_null(index_find(&index, 1)); /* All of it, so that nobody takes a part for the whole. */
    assert_non_null(index_find(&index, 2));
    assert_true(index.bytes < 256 << 10);
    index_release(&index);
    assert_int_equal(index.bytes, 0);
}

static void test_dots_are_the_same_on_every_processor(void **unused)
{
    (void)unused;
    enum { ROWS = 7, WIDTH = 416 };
    static int8_t rows[ROWS * WIDTH];
    static int16_t query[WIDTH];
    int32_t fast[ROWS], plain[ROWS];
    for (int extreme = 0; extreme < 2; extreme++) {
        for (size_t i = 0; i < sizeof rows; i++)
            rows[i] = extreme ? -127 : (int8_t)(dice(255) - 127);
        for (int i = 0; i < WIDTH; i++) query[i] = extreme ? 2047 : (int16_t)(dice(4095) - 2047);
        dot_rows(fast, rows, ROWS, WIDTH, query);
        dot_rows_plain(plain, rows, ROWS, WIDTH, query);
        assert_memory_equal(fast, plain, sizeof fast);
    }
}

static void test_words(void **unused)
{
    static const struct {
        const char *text, *words;
    } cases[] = {
        { "", "" },
        { "Hello, World!", "hello|world" },
        { "don't stop", "don't|stop" },
        { "'quoted' end.", "quoted|end" },
        { "3.14 and 1,000 but 5, 6.", "3.14|and|1,000|but|5|6" },
        { "snake_case x-ray", "snake_case|x|ray" },
        { "STRASSE stra\u00dfe", "strasse|strasse" },
        { "caf\u00e9 cafe\u0301", "cafe\u0301|cafe\u0301" },
        { "\ufb01ne \uff21", "fine|a" },
        { "\u6771\u4eac2020", "\u6771|\u4eac|2020" },
        { "a\xff"
          "b \xe2\x82",
          "a|b" },
        { "\u0301 -- ...", "" },
    };
    (void)unused;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct words w;
        struct slice word;
        char all[200] = "";
        size_t len = 0;
        words_init(&w, slice_of(cases[i].text));
        while (words_next(&w, &word))
            len += (size_t)snprintf(all + len, sizeof all - len, "%s%.*s", len ? "|" : "",
                                    SLICE_FMT(word));
        assert_string_equal(all, cases[i].words);
    }
}

static void test_filters(void **unused)
{
    (void)unused;
    const struct index_attribute file[] = {
        { SLICE("name"), { .kind = INDEX_TEXT, .text = SLICE("bread") } },
        { SLICE("size"), { .kind = INDEX_NUMBER, .number = 7 } },
        { SLICE("done"), { .kind = INDEX_TRUTH, .number = 1 } },
    };
    const struct index_value bread = { .kind = INDEX_TEXT, .text = SLICE("bread") };
    const struct index_value brea = { .kind = INDEX_TEXT, .text = SLICE("brea") };
    const struct index_value seven = { .kind = INDEX_NUMBER, .number = 7 };
    const struct index_value one = { .kind = INDEX_NUMBER, .number = 1 };
    const struct index_value yes = { .kind = INDEX_TRUTH, .number = 1 };
    const struct {
        struct filter_step step;
        bool passes;
    } cases[] = {
        { { FILTER_EQ, SLICE("name"), &bread, 1, 0 }, true },
        { { FILTER_NE, SLICE("name"), &bread, 1, 0 }, false },
        { { FILTER_GT, SLICE("name"), &brea, 1, 0 }, true },
        { { FILTER_LT, SLICE("name"), &brea, 1, 0 }, false },
        { { FILTER_GTE, SLICE("size"), &seven, 1, 0 }, true },
        { { FILTER_LTE, SLICE("size"), &seven, 1, 0 }, true },
        { { FILTER_GT, SLICE("size"), &seven, 1, 0 }, false },
        { { FILTER_GT, SLICE("size"), &brea, 1, 0 }, false }, /* Of two kinds. */
        { { FILTER_EQ, SLICE("done"), &one, 1, 0 }, false },  /* Likewise. */
        { { FILTER_EQ, SLICE("done"), &yes, 1, 0 }, true },
        { { FILTER_EQ, SLICE("none"), &one, 1, 0 }, false },
        { { FILTER_NE, SLICE("none"), &one, 1, 0 }, true },
        { { FILTER_NIN, SLICE("none"), &one, 1, 0 }, true },
        { { FILTER_IN, SLICE("name"), &bread, 0, 0 }, false },
    };
    struct err err = { 0 };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(filter_check(&cases[i].step, 1, &err), 0);
        assert_int_equal(filter_passes(&cases[i].step, 1, file, 3), cases[i].passes);
    }
    /* (name = bread and size > 7) or done */
    const struct filter_step steps[] = {
        { FILTER_EQ, SLICE("name"), &bread, 1, 0 }, { FILTER_GT, SLICE("size"), &seven, 1, 0 },
        { .op = FILTER_AND, .n_below = 2 },         { FILTER_EQ, SLICE("done"), &yes, 1, 0 },
        { .op = FILTER_OR, .n_below = 2 },
    };
    assert_int_equal(filter_check(steps, 5, &err), 0);
    assert_true(filter_passes(steps, 5, file, 3));
    assert_false(filter_passes(steps, 3, file, 3));
    assert_true(filter_passes(NULL, 0, file, 3));
    assert_int_equal(filter_check(steps, 2, &err), -ERR_INVALID_VALUE);     /* Two answers. */
    assert_int_equal(filter_check(steps + 2, 1, &err), -ERR_INVALID_VALUE); /* Nothing to take. */
    assert_int_equal(filter_check(steps, FILTER_STEPS_MAX + 1, &err), -ERR_LIMIT);
}

/* A table of numbers against a list, with many removals. */
static void test_numbers(void **unused)
{
    (void)unused;
    enum { N = 300 };
    uint32_t places[N] = { 0 }, place;
    struct numbers n;
    numbers_init(&n);
    for (int i = 0; i < 20000; i++) {
        uint32_t k = 1 + dice(N - 1);
        if (dice(3)) {
            assert_int_equal(numbers_put(&n, k, (uint32_t)i + 1), 0);
            places[k] = (uint32_t)i + 1;
        } else {
            numbers_remove(&n, k);
            places[k] = 0;
        }
        k = 1 + dice(N - 1);
        assert_int_equal(numbers_get(&n, k, &place), places[k] != 0);
        if (places[k]) assert_int_equal(place, places[k]);
    }
    numbers_release(&n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scores_are_those_of_the_book),
        cmocka_unit_test(test_removed_files_are_as_if_never_there),
        cmocka_unit_test(test_tidying_changes_nothing_but_memory),
        cmocka_unit_test(test_files_are_found_once_they_are_visible),
        cmocka_unit_test(test_memory_has_a_bound),
        cmocka_unit_test(test_dots_are_the_same_on_every_processor),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_filters),
        cmocka_unit_test(test_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

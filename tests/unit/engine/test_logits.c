/* Draws from vocabularies of several chunks against distributions worked out in double by sorting;
 * the same token with and without the head's help, by whatever kernels. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/seam.h"
#include "engine/constraint.h"
#include "engine/logprobs.h"
#include "engine/random.h"
#include "engine/sampler.h"

enum { V = 1000, CHUNKS = (V + HEAD_CHUNK - 1) / HEAD_CHUNK, DRAWS = 30000 };

static struct kernels best, ref;
static struct sampler_scratch *scratch, *plain;
static float logits[V];

/* A few likely tokens far apart, many unlikely ones, ties, and some that cannot be. */
static void fill(uint64_t seed)
{
    for (uint32_t i = 0; i < V; i++) {
        double u = random_unit(seed, 0, i), v = random_unit(seed, 1, i);
        logits[i] = (float)(v < 0.02 ? 6 * u + 4 : 5 * u);
        if (i % 5 == 0) logits[i] = roundf(logits[i]);
    }
    for (uint32_t i = 0; i < 8; i++)
        logits[(int)(random_unit(seed, 2, i) * V)] = i % 2 ? -INFINITY : NAN;
}

static int setup(void **state)
{
    (void)state;
    struct err err;
    kernels_select(&best, kernel_isa_detect());
    kernels_select(&ref, 0);
    if (sampler_scratch_open(&plain, V, &ref, &err) < 0) return -1;
    return sampler_scratch_open(&scratch, V, &best, &err);
}

static int teardown(void **state)
{
    (void)state;
    sampler_scratch_close(scratch);
    sampler_scratch_close(plain);
    return 0;
}

/* ---- What should come ---- */

struct rank {
    int token;
    double weight;
};

static int by_weight(const void *x, const void *y)
{
    const struct rank *a = x, *b = y;
    if (a->weight != b->weight) return a->weight > b->weight ? -1 : 1;
    return a->token - b->token;
}

/* Probabilities after bias, temperature, top_k, top_p and min_p, by their definitions. */
static void expected(double *probability, const struct sampling *p)
{
    struct rank ranks[V];
    float x[V], highest = -INFINITY;
    double sum = 0, reached = 0;
    int n = 0, kept = 0;
    memcpy(x, logits, sizeof x);
    for (int i = 0; i < p->n_logit_bias; i++) x[p->logit_bias[i].token] += p->logit_bias[i].bias;
    for (int i = 0; i < V; i++) highest = x[i] > highest ? x[i] : highest;
    for (int i = 0; i < V; i++)
        if (x[i] > -INFINITY)
            ranks[n++] = (struct rank){ i, exp(((double)x[i] - (double)highest) / p->temperature) };
    qsort(ranks, (size_t)n, sizeof *ranks, by_weight);
    if (p->top_k > 0 && p->top_k < n) n = p->top_k;
    for (int i = 0; i < n; i++) sum += ranks[i].weight;
    while (kept < n && (kept == 0 || reached < p->top_p * sum || p->top_p == 1))
        reached += ranks[kept++].weight;
    while (ranks[kept - 1].weight < p->min_p * ranks[0].weight * (1 - 1e-6)) kept--;
    memset(probability, 0, V * sizeof *probability);
    sum = 0;
    for (int i = 0; i < kept; i++) sum += ranks[i].weight;
    for (int i = 0; i < kept; i++) probability[ranks[i].token] = ranks[i].weight / sum;
}

static int32_t pick(struct sampler_scratch *s, const struct sampling *p, struct logits_row row,
                    uint32_t choice)
{
    int32_t token = -1;
    struct sampler_input in = { .params = p, .row = row, .choice = choice };
    assert_int_equal(sampler_pick(s, &token, &in), 0);
    return token;
}

/* Pearson's chi-squared over the tokens that should come often, the others together. */
static void check_distribution(const struct sampling *p)
{
    static int counts[V];
    static double probability[V];
    double chi = 0, rare = 0;
    int n_rare = 0, cells = 0;
    memset(counts, 0, sizeof counts);
    expected(probability, p);
    for (uint32_t i = 0; i < DRAWS; i++)
        counts[pick(scratch, p, (struct logits_row){ .logits = logits }, i)]++;
    for (int i = 0; i < V; i++) {
        double want = probability[i] * DRAWS;
        if (want == 0 && counts[i] > 0) fail_msg("token %d came %d times", i, counts[i]);
        if (want < 10) {
            rare += want;
            n_rare += counts[i];
            continue;
        }
        chi += (counts[i] - want) * (counts[i] - want) / want;
        cells++;
    }
    if (rare >= 10) chi += (n_rare - rare) * (n_rare - rare) / rare;
    double most = cells + 5 * sqrt(2.0 * cells + 2); /* Fixed seeds: no luck involved. */
    if (chi > most) fail_msg("chi squared %g over %d cells", chi, cells);
}

static const struct logit_bias biases[] = { { 3, 5 }, { 300, -3 }, { 301, 4 }, { V - 1, 6 } };

/* Every kind of request: greedy, all of the vocabulary, and what narrows it, alone and together. */
static struct sampling request(int kind)
{
    struct sampling p = sampling_default();
    p.seed = 77 + (uint64_t)kind;
    p.temperature = kind % 3 == 0 ? 1 : kind % 3 == 1 ? 0.4 : 1.7;
    switch (kind / 3 % 9) {
    case 1: p.min_p = 0.05; break;
    case 2: p.top_k = 3; break;
    case 3: p.top_k = 40; break; /* More than there are chunks. */
    case 4: p.top_p = 0.9; break;
    case 5: p.top_p = 0.999; break;
    case 6: p.top_k = 4, p.top_p = 0.8; break;
    case 7: p.top_p = 0.95, p.min_p = 0.02; break;
    case 8: p.top_k = 3, p.min_p = 0.3; break;
    default: break;
    }
    if (kind >= 27) p.logit_bias = biases, p.n_logit_bias = 4;
    return p;
}

enum { KINDS = 54 };

static void test_distributions(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        struct sampling p = request(kind);
        fill(5 + (uint64_t)kind % 4);
        check_distribution(&p);
    }
}

/* ---- One token, however it is found ---- */

static void gather(struct head *h, const struct kernels *k)
{
    for (int32_t c = 0; c < CHUNKS; c++) head_gather(h, k, logits, 1, V, c);
}

static void test_head_changes_nothing(void **state)
{
    (void)state;
    float max[CHUNKS], sum[CHUNKS], scale;
    struct head head = { .scales = &scale, .max = max, .sum = sum };
    for (uint32_t i = 0; i < 4000; i++) {
        struct sampling p = request((int)i % KINDS);
        if (i % 7 == 0) p.temperature = 0;
        if (i % 11 == 0) p.typical_p = 0.7;
        fill(i);
        scale = i % 5 == 0 ? 1 : sampling_head_scale(&p); /* Also a sum that nobody asked for. */
        gather(&head, i % 2 ? &best : &ref);
        struct logits_row row = { .logits = logits, .max = max, .sum = sum, .scale = scale };
        int32_t want = pick(plain, &p, (struct logits_row){ .logits = logits }, i);
        assert_int_equal(pick(scratch, &p, row, i), want);
        struct top_logprob top[2][7];
        float a = logprobs_of(sampler_scratch_logits(scratch), &row, want, top[0], 7);
        row.max = NULL;
        float b = logprobs_of(sampler_scratch_logits(plain), &row, want, top[1], 7);
        assert_memory_equal(&a, &b, sizeof a);
        assert_memory_equal(top[0], top[1], sizeof top[0]);
    }
}

static void test_greedy_and_ties(void **state)
{
    (void)state;
    struct sampling p = sampling_default();
    p.temperature = 0;
    for (int i = 0; i < V; i++) logits[i] = (float)(i % 3);
    assert_int_equal(pick(scratch, &p, (struct logits_row){ .logits = logits }, 0), 2);
    logits[V - 1] = logits[V - 2] = 9;
    assert_int_equal(pick(scratch, &p, (struct logits_row){ .logits = logits }, 0), V - 2);
    logits[V - 2] = NAN;
    assert_int_equal(pick(scratch, &p, (struct logits_row){ .logits = logits }, 0), V - 1);
    p.temperature = 1e-300; /* As good as greedy. */
    assert_int_equal(pick(scratch, &p, (struct logits_row){ .logits = logits }, 0), V - 1);
    for (int i = 0; i < V; i++) logits[i] = -INFINITY;
    logits[700] = -1e30f;
    p.temperature = 1;
    for (uint32_t i = 0; i < 50; i++)
        assert_int_equal(pick(scratch, &p, (struct logits_row){ .logits = logits }, i), 700);
}

static void test_logprobs_are_exact(void **state)
{
    (void)state;
    fill(3);
    struct logits_row row = { .logits = logits };
    struct top_logprob top[20];
    double sum = 0;
    for (int i = 0; i < V; i++)
        if (logits[i] > -INFINITY) sum += exp((double)logits[i]);
    float got = logprobs_of(sampler_scratch_logits(scratch), &row, 500, top, 20);
    assert_true(fabs((double)got - ((double)logits[500] - log(sum))) < 2e-6);
    for (int i = 0; i < 20; i++) {
        int better = 0;
        for (int t = 0; t < V; t++)
            better += logits[t] > logits[top[i].token] ||
                      (logits[t] == logits[top[i].token] && t < top[i].token);
        assert_int_equal(better, i);
        assert_true(fabs((double)top[i].logprob - ((double)logits[top[i].token] - log(sum))) <
                    2e-6);
    }
}

/* A mask that leaves few tokens, in chunks of their own, and all of some chunks. */
static void test_constraint(void **state)
{
    (void)state;
    static const int32_t set[] = { 5, 6, 511, 512, V - 1 };
    static const int32_t first[] = { 0 };
    struct constraint *c = constraint_allow_open(set, 5, first, 0);
    int seen = 0;
    for (int i = 0; i < V; i++) logits[i] = i == 300 ? 50 : 1;
    for (uint32_t i = 0; i < 300; i++) {
        struct sampling p = request((int)(i % 27));
        struct sampler_input in = { .params = &p, .row = { .logits = logits }, .constraint = c };
        int32_t token;
        in.choice = i;
        p.min_p = 0;
        p.top_k = i % 2 ? 0 : 5;
        p.top_p = 1;
        assert_int_equal(sampler_pick(scratch, &token, &in), 0);
        for (int k = 0; k < 5; k++) seen |= (token == set[k]) << k;
        assert_true(token != 300);
    }
    assert_int_equal(seen, 31);
    constraint_close(c);
}

static size_t allocs_left;

static void *failing_alloc(size_t size)
{
    return allocs_left-- == 0 ? NULL : seams_real.alloc(size);
}

static void test_no_memory(void **state)
{
    (void)state;
    struct err err;
    seams.alloc = failing_alloc;
    for (size_t k = 0;; k++) {
        struct sampler_scratch *s;
        allocs_left = k;
        int r = sampler_scratch_open(&s, V, &ref, &err);
        if (r == 0) {
            sampler_scratch_close(s);
            assert_true(k >= 9);
            break;
        }
        assert_int_equal(r, -ERR_NO_MEMORY);
    }
    seams = seams_real;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_distributions),   cmocka_unit_test(test_head_changes_nothing),
        cmocka_unit_test(test_greedy_and_ties), cmocka_unit_test(test_logprobs_are_exact),
        cmocka_unit_test(test_constraint),      cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}

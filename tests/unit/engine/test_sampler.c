/* Each stage against its definition worked out by hand, the dice against published vectors. */
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

enum { V = 10, DRAWS = 20000 };

static struct kernels kernels;
static struct sampler_scratch *scratch;
/* Softmax: 0.5 0.25 0.125 0.0625 and so on; shuffled so that ids are not ranks. */
static float logits[V];
static const int rank_of[V] = { 3, 7, 0, 9, 1, 4, 8, 2, 6, 5 };

static int setup(void **state)
{
    (void)state;
    struct err err;
    kernels_select(&kernels, kernel_isa_detect());
    for (int i = 0; i < V; i++) logits[i] = (float)(-rank_of[i] * 0.6931471805599453);
    return sampler_scratch_open(&scratch, V, &kernels, &err);
}

static int teardown(void **state)
{
    (void)state;
    sampler_scratch_close(scratch);
    return 0;
}

static void histogram(int *counts, const struct sampling *p)
{
    int32_t tokens[DRAWS + 1] = { 0 };
    for (int i = 0; i < V; i++) counts[i] = 0;
    for (int i = 0; i < DRAWS; i++) {
        int32_t t;
        struct sampler_input in = {
            .params = p, .row.logits = logits, .tokens = tokens, .n_tokens = 1 + i, .n_prompt = 1
        };
        assert_int_equal(sampler_pick(scratch, &t, &in), 0);
        counts[rank_of[t]]++;
    }
}

/* The draws follow p[rank], and what has p 0 never comes. Fixed seed: no luck involved. */
static void expect(const struct sampling *p, const double *probability)
{
    int counts[V];
    histogram(counts, p);
    for (int r = 0; r < V; r++) {
        double want = probability[r] * DRAWS, sd = sqrt(want + 1);
        if (fabs(counts[r] - want) > 4 * sd)
            fail_msg("rank %d came %d times, expected %g", r, counts[r], want);
        if (probability[r] == 0) assert_int_equal(counts[r], 0);
    }
}

static void geometric(double *p, int n, double ratio)
{
    double sum = 0;
    for (int r = 0; r < V; r++) sum += p[r] = r < n ? pow(ratio, r) : 0;
    for (int r = 0; r < V; r++) p[r] /= sum;
}

static void test_plain_and_temperature(void **state)
{
    (void)state;
    double p[V];
    struct sampling s = sampling_default();
    geometric(p, V, 0.5);
    expect(&s, p);
    s.temperature = 2;
    geometric(p, V, sqrt(0.5));
    expect(&s, p);
    s.temperature = 0.5;
    geometric(p, V, 0.25);
    expect(&s, p);
}

static void test_truncations(void **state)
{
    (void)state;
    double p[V];
    struct sampling s = sampling_default();
    s.top_k = 3;
    geometric(p, 3, 0.5);
    expect(&s, p);
    s = sampling_default();
    s.top_p = 0.7; /* 0.5 is not enough, 0.75 is */
    geometric(p, 2, 0.5);
    expect(&s, p);
    s.top_p = 0;
    geometric(p, 1, 0.5);
    expect(&s, p);
    s = sampling_default();
    s.min_p = 0.2; /* 1, 1/2, 1/4 */
    geometric(p, 3, 0.5);
    expect(&s, p);
    s = sampling_default();
    s.temperature = 2; /* top_k and top_p together, after temperature */
    s.top_k = 5;
    s.top_p = 0.6;
    geometric(p, 5, sqrt(0.5)); /* 0.356 0.252 ... */
    geometric(p, 2, sqrt(0.5));
    expect(&s, p);
}

static void test_typical(void **state)
{
    (void)state;
    /* Entropy of the geometric distribution is nearly 2 ln 2 = 1.386, surprise of rank r is
     * (r + 1) ln 2: rank 1 is nearest, then 0 and 2 (each ln 2 away; truncation decides). */
    double p[V] = { 0 };
    struct sampling s = sampling_default();
    s.typical_p = 0.2;
    p[1] = 1;
    expect(&s, p);
    s.typical_p = 0.8;
    double three[V];
    geometric(three, 3, 0.5);
    expect(&s, three);
}

static void test_greedy(void **state)
{
    (void)state;
    int counts[V];
    struct sampling s = sampling_default();
    s.temperature = 0;
    histogram(counts, &s);
    assert_int_equal(counts[0], DRAWS);
    float flat[V] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 };
    int32_t t;
    struct sampler_input in = { .params = &s, .row.logits = flat, .n_tokens = 0 };
    assert_int_equal(sampler_pick(scratch, &t, &in), 0);
    assert_int_equal(t, 0);
}

static void test_bias(void **state)
{
    (void)state;
    int counts[V];
    struct sampling s = sampling_default();
    struct logit_bias bias[] = { { 2, -100 } }; /* id 2 is rank 0 */
    s.logit_bias = bias;
    s.n_logit_bias = 1;
    histogram(counts, &s);
    assert_int_equal(counts[0], 0);
    bias[0] = (struct logit_bias){ 3, 100 }; /* the least likely */
    histogram(counts, &s);
    assert_int_equal(counts[9], DRAWS);
}

static int32_t greedy_after(const struct sampling *s, const float *l, const int32_t *tokens, int n,
                            int n_prompt)
{
    int32_t t;
    struct sampler_input in = {
        .params = s, .row.logits = l, .tokens = tokens, .n_tokens = n, .n_prompt = n_prompt
    };
    assert_int_equal(sampler_pick(scratch, &t, &in), 0);
    return t;
}

static void test_penalties(void **state)
{
    (void)state;
    struct sampling s = sampling_default();
    s.temperature = 0;
    float l[V] = { 4.0f, 3.5f, 3.0f, -1 };
    int32_t tokens[] = { 0, 1, 1, 0 };
    s.repetition_penalty = 2; /* 4 -> 2, 3.5 -> 1.75: id 2 wins */
    assert_int_equal(greedy_after(&s, l, tokens, 4, 4), 2);
    s.repeat_last_n = 1; /* only id 0 is in the window */
    assert_int_equal(greedy_after(&s, l, tokens, 4, 4), 1);
    s = sampling_default();
    s.temperature = 0;
    s.presence_penalty = 0.75; /* the prompt does not count */
    assert_int_equal(greedy_after(&s, l, tokens, 4, 4), 0);
    assert_int_equal(greedy_after(&s, l, tokens, 4, 3), 1);
    s.presence_penalty = 0;
    s.frequency_penalty = 0.6; /* twice id 1: 2.3; once each after: 3.4, 2.9 */
    assert_int_equal(greedy_after(&s, l, tokens, 4, 0), 2); /* 2.8 2.3 3.0 */
    assert_int_equal(greedy_after(&s, l, tokens, 2, 0), 0); /* 3.4 2.9 3.0 */
    float negative[V] = { -1, -1.5f, -9, -9, -9, -9, -9, -9, -9, -9 };
    s = sampling_default();
    s.temperature = 0;
    s.repetition_penalty = 2; /* -1 -> -2 */
    assert_int_equal(greedy_after(&s, negative, tokens, 1, 1), 1);
    /* The scratch is clean again. */
    assert_int_equal(greedy_after(&s, negative, tokens, 0, 0), 0);
}

static void test_constraint(void **state)
{
    (void)state;
    static const int32_t set[] = { 3, 5 }, prefix[] = { 7, 1 };
    struct constraint *c = constraint_allow_open(set, 2, prefix, 2);
    struct sampling s = sampling_default();
    s.temperature = 0;
    assert_int_equal(constraint_forced(c), 7);
    assert_int_equal(constraint_accept(c, 5), -ERR_INVALID_VALUE);
    assert_int_equal(constraint_accept(c, 7), 0);
    assert_int_equal(constraint_accept(c, 1), 0);
    assert_int_equal(constraint_forced(c), CONSTRAINT_FREE);
    struct sampler_input in = { .params = &s, .row.logits = logits, .constraint = c };
    int32_t t;
    assert_int_equal(sampler_pick(scratch, &t, &in), 0);
    assert_int_equal(t, 5); /* rank 4 beats rank 9 */
    s.temperature = 1;
    for (int i = 0; i < 200; i++) {
        in.choice = (uint32_t)i;
        assert_int_equal(sampler_pick(scratch, &t, &in), 0);
        assert_true(t == 3 || t == 5);
        assert_int_equal(constraint_accept(c, t), 0);
    }
    struct constraint *twin = constraint_copy(c);
    constraint_rollback(twin, 201);
    assert_int_equal(constraint_forced(twin), 1);
    assert_int_equal(constraint_forced(c), CONSTRAINT_FREE);
    constraint_close(twin);
    constraint_close(c);
    static const int32_t nothing[] = { V + 5 };
    c = constraint_allow_open(nothing, 1, NULL, 0);
    in.constraint = c;
    assert_int_equal(sampler_pick(scratch, &t, &in), -ERR_INTERNAL);
    s.temperature = 0;
    assert_int_equal(sampler_pick(scratch, &t, &in), -ERR_INTERNAL);
    constraint_close(c);
}

static void test_nan_is_an_error(void **state)
{
    (void)state;
    float bad[V];
    for (int i = 0; i < V; i++) bad[i] = NAN;
    struct sampling s = sampling_default();
    int32_t t;
    struct sampler_input in = { .params = &s, .row.logits = bad };
    assert_int_equal(sampler_pick(scratch, &t, &in), -ERR_INTERNAL);
    s.temperature = 0;
    assert_int_equal(sampler_pick(scratch, &t, &in), -ERR_INTERNAL);
}

static void refuse(struct sampling s, const char *param)
{
    struct err err;
    assert_int_equal(sampling_check(&s, V, &err), -ERR_INVALID_VALUE);
    assert_string_equal(err.param, param);
}

static void test_check(void **state)
{
    (void)state;
    struct err err;
    struct sampling s = sampling_default();
    assert_int_equal(sampling_check(&s, V, &err), 0);
#define REFUSE(member, value) (s = sampling_default(), s.member = (value), refuse(s, #member))
    REFUSE(temperature, -1);
    REFUSE(temperature, NAN);
    REFUSE(temperature, INFINITY);
    REFUSE(top_p, 1.5);
    REFUSE(min_p, -0.1);
    REFUSE(typical_p, 2);
    REFUSE(repetition_penalty, 0);
    REFUSE(top_k, -1);
    static const struct logit_bias out[] = { { V, 1 } }, big[] = { { 0, 101 } };
    s = sampling_default();
    s.n_logit_bias = 1;
    s.logit_bias = out;
    refuse(s, "logit_bias");
    s.logit_bias = big;
    refuse(s, "logit_bias");
}

static void test_philox_vectors(void **state)
{
    (void)state;
    /* Random123's kat_vectors, philox4x32 10 rounds. */
    static const uint32_t cases[][10] = {
        { 0, 0, 0, 0, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8 },
        { ~0u, ~0u, ~0u, ~0u, ~0u, ~0u, 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd },
        { 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0, 0xd16cfe09,
          0x94fdcceb, 0x5001e420, 0x24126ea1 },
    };
    for (size_t i = 0; i < 3; i++) {
        uint32_t out[4];
        random_philox(out, cases[i], cases[i] + 4);
        assert_memory_equal(out, cases[i] + 6, sizeof out);
    }
    double sum = 0;
    for (uint32_t i = 0; i < 10000; i++) {
        double u = random_unit(42, i % 7, i);
        assert_true(u >= 0 && u < 1);
        sum += u;
    }
    assert_true(fabs(sum / 10000 - 0.5) < 0.01);
    assert_true(random_unit(1, 0, 5) != random_unit(2, 0, 5));
    assert_true(random_unit(1, 0, 5) != random_unit(1, 1, 5));
    assert_true(random_unit(1, 0, 5) != random_unit(1, 0, 6));
}

static float logprobs(const float *l, int32_t token, struct top_logprob *top, int32_t n_top)
{
    struct logits_row row = { .logits = l };
    return logprobs_of(sampler_scratch_logits(scratch), &row, token, top, n_top);
}

static void test_logprobs(void **state)
{
    (void)state;
    struct top_logprob top[4];
    double norm = 0;
    for (int i = 0; i < V; i++) norm += pow(0.5, i);
    float lp = logprobs(logits, 4, top, 4); /* id 4 is rank 1 */
    assert_true(fabs((double)lp - log(0.5 / norm)) < 1e-6);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(rank_of[top[i].token], i);
        assert_true(fabs((double)top[i].logprob - log(pow(0.5, i) / norm)) < 1e-6);
    }
    float flat[V] = { 0 };
    (void)logprobs(flat, 0, top, 3);
    for (int i = 0; i < 3; i++) assert_int_equal(top[i].token, i);
}

static void test_large_vocabulary(void **state)
{
    (void)state;
    enum { BIG = 50000 };
    struct sampler_scratch *big;
    struct err err;
    static float l[BIG];
    for (int i = 0; i < BIG; i++) l[i] = (float)(random_unit(9, 0, (uint32_t)i) * 4);
    assert_int_equal(sampler_scratch_open(&big, BIG, &kernels, &err), 0);
    struct sampling s = sampling_default();
    s.top_k = 100;
    s.top_p = 0.9;
    struct sampler_input in = { .params = &s, .row.logits = l };
    for (int i = 0; i < 20; i++) {
        int32_t t;
        int better = 0;
        in.choice = (uint32_t)i;
        assert_int_equal(sampler_pick(big, &t, &in), 0);
        for (int j = 0; j < BIG; j++) better += l[j] > l[t];
        assert_true(better < 100);
    }
    s.top_k = 0;
    s.top_p = 0.999; /* nearly everything: the prefix has to grow */
    int32_t t;
    assert_int_equal(sampler_pick(big, &t, &in), 0);
    sampler_scratch_close(big);
}

static int by_weight(const void *x, const void *y)
{
    const struct candidate *a = x, *b = y;
    return a->weight > b->weight ? -1 : a->weight < b->weight;
}

/* Reaching a sum by selection keeps what sorting would. */
static void test_reach_against_sorting(void **state)
{
    (void)state;
    struct candidate items[300], sorted[300];
    for (uint32_t round = 0; round < 2000; round++) {
        int32_t n = 1 + (int32_t)(random_unit(round, 1, 0) * 299), want = 0;
        double total = 0, sum = 0;
        for (int32_t i = 0; i < n; i++) {
            /* Exact in binary, so that the order of adding is no matter; all different. */
            double w = (double)(1 + (i * 7919) % 307) / 512;
            items[i] = (struct candidate){ .id = i, .logit = (float)w, .weight = w };
            total += w;
        }
        memcpy(sorted, items, sizeof sorted);
        qsort(sorted, (size_t)n, sizeof *sorted, by_weight);
        double enough = round % 50 == 0   ? total
                        : round % 50 == 1 ? 0
                                          : random_unit(round, 2, 0) * total;
        do sum += sorted[want++].weight;
        while (want < n && sum < enough);
        struct sample s = { .items = items, .n = n };
        candidates_reach(&s, enough);
        assert_int_equal(s.n, want);
        for (int32_t i = 0; i < want; i++) assert_true(items[i].weight >= sorted[want - 1].weight);
    }
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_plain_and_temperature),
        T(test_truncations),
        T(test_typical),
        T(test_greedy),
        T(test_bias),
        T(test_penalties),
        T(test_constraint),
        T(test_nan_is_an_error),
        T(test_check),
        T(test_philox_vectors),
        T(test_logprobs),
        T(test_reach_against_sorting),
        T(test_large_vocabulary),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The time of a step by its rows, and what is decided by it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "engine/pace.h"

static void test_learns_and_interpolates(void **state)
{
    (void)state;
    struct pace p = { 0 };
    assert_int_equal(pace_decode_ns(&p, 5), 0);
    pace_decode(&p, 4, 1000);
    assert_int_equal(pace_decode_ns(&p, 4), 1000);
    assert_int_equal(pace_decode_ns(&p, 1), 1000); /* Not known to be shorter. */
    assert_int_equal(pace_decode_ns(&p, 4 + PACE_GUESS_ROWS), 2000);
    pace_decode(&p, 8, 1400);
    assert_int_equal(pace_decode_ns(&p, 6), 1200);
    pace_decode(&p, 8, 1800);
    assert_int_equal(pace_decode_ns(&p, 8), 1500);
    pace_decode(&p, PACE_ROWS_MAX + 1, 9000); /* Beyond the table counts as its end. */
    assert_int_equal(pace_decode_ns(&p, PACE_ROWS_MAX), 9000);
    assert_int_equal(pace_decode_ns(&p, 2 * PACE_ROWS_MAX), 9000);
    p = (struct pace){ 0 };
    pace_decode(&p, 1, 1000);
    pace_decode(&p, 9, 800); /* Noise: never less than for fewer rows in between. */
    assert_int_equal(pace_decode_ns(&p, 5), 1000);
}

static void test_rows_of_prompts(void **state)
{
    (void)state;
    struct pace p = { 0 };
    assert_int_equal(pace_prompt_rows(&p, 0, 1000), INT32_MAX);
    pace_prefill(&p, 0, PACE_PROMPT_ROWS - 1, 5000); /* Too few to tell. */
    assert_int_equal(pace_prompt_rows(&p, 0, 1000), INT32_MAX);
    pace_prefill(&p, 0, 100, 1000);
    assert_int_equal(pace_prompt_rows(&p, 0, 1000), 100);
    pace_decode(&p, 3, 400);
    assert_int_equal(pace_prompt_rows(&p, 3, 1000), 60);
    assert_int_equal(pace_prompt_rows(&p, 3, 400), 0);
    pace_prefill(&p, 3, 100, 1400); /* 1000 of it are the prompt's: nothing new. */
    assert_int_equal(pace_prompt_rows(&p, 0, 1000), 100);
    pace_prefill(&p, 3, 100, 600); /* No more than half is the others'. */
    assert_int_equal(p.prompt_row_ns, (3 * 10 + 3) / 4);
}

static void test_draft_lengths(void **state)
{
    (void)state;
    struct pace p = { 0 };
    assert_int_equal(pace_draft(&p, 1, 1, 0.5, 7), 7); /* Nothing known: try. */
    pace_decode(&p, 1, 1000);
    pace_decode(&p, 9, 1001); /* Rows are free. */
    assert_int_equal(pace_draft(&p, 1, 1, 0.9, 8), 8);
    assert_int_equal(pace_draft(&p, 1, 1, 0.9, 0), 0);
    pace_decode(&p, 9, 1000 * 4 * 8); /* Now 9 rows take about 9 times one. */
    assert_true(pace_decode_ns(&p, 9) > 8000);
    assert_int_equal(pace_draft(&p, 1, 1, 0.9, 8), 0);
    p = (struct pace){ 0 };
    for (int32_t n = 1; n <= 16; n++) pace_decode(&p, n, 1000 + 200 * (uint64_t)n);
    int32_t sure = pace_draft(&p, 1, 1, 0.95, 15), unsure = pace_draft(&p, 1, 1, 0.5, 15);
    assert_true(unsure > 0 && sure > unsure && sure < 15);
    /* Beside seven others a row is worth less. */
    assert_true(pace_draft(&p, 8, 8, 0.5, 8) < unsure || unsure == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_learns_and_interpolates),
        cmocka_unit_test(test_rows_of_prompts),
        cmocka_unit_test(test_draft_lengths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

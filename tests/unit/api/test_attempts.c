/* How often something may be tried: the burst, the time to wait, and a flood of other names. */
#include "unit/test.h"

#include "api/attempts.h"

#include <stdio.h>

static struct attempts a;
static const uint64_t ms = 1000 * 1000;
static const struct attempts_limit three = { 'x', 3, 1000 };

static void test_burst_and_refill(void **state)
{
    (void)state;
    uint64_t now = 5000 * ms;
    struct slice name = SLICE("ann");
    a = (struct attempts){ 0 };
    for (int i = 0; i < 3; i++) assert_int_equal(attempts_take(&a, &three, name, now), 0);
    assert_int_equal(attempts_take(&a, &three, name, now), 1000);
    assert_int_equal(attempts_take(&a, &three, name, now + 999 * ms), 1);
    assert_int_equal(attempts_take(&a, &three, name, now + 1000 * ms), 0);
    assert_int_equal(attempts_take(&a, &three, name, now + 1000 * ms), 1000);
    /* All of it after three steps, and no more than that. */
    for (int i = 0; i < 3; i++)
        assert_int_equal(attempts_take(&a, &three, name, now + 90000 * ms), 0);
    assert_true(attempts_take(&a, &three, name, now + 90000 * ms) > 0);
}

static void test_kinds_and_names_are_apart(void **state)
{
    (void)state;
    static const struct attempts_limit other = { 'y', 3, 1000 };
    a = (struct attempts){ 0 };
    for (int i = 0; i < 3; i++) assert_int_equal(attempts_take(&a, &three, SLICE("ann"), ms), 0);
    assert_true(attempts_take(&a, &three, SLICE("ann"), ms) > 0);
    assert_int_equal(attempts_take(&a, &three, SLICE("bob"), ms), 0);
    assert_int_equal(attempts_take(&a, &other, SLICE("ann"), ms), 0);
}

static void test_given_back(void **state)
{
    (void)state;
    a = (struct attempts){ 0 };
    for (int i = 0; i < 100; i++) {
        assert_int_equal(attempts_take(&a, &three, SLICE("ann"), ms), 0);
        attempts_give_back(&a, &three, SLICE("ann"), ms);
    }
    attempts_give_back(&a, &three, SLICE("ann"), ms); /* Never more than the burst. */
    for (int i = 0; i < 3; i++) assert_int_equal(attempts_take(&a, &three, SLICE("ann"), ms), 0);
    assert_true(attempts_take(&a, &three, SLICE("ann"), ms) > 0);
}

/* Who is being guessed at is not forgotten for a flood of names that were tried once. */
static void test_flood(void **state)
{
    (void)state;
    char name[32];
    a = (struct attempts){ 0 };
    for (int i = 0; i < 3; i++) assert_int_equal(attempts_take(&a, &three, SLICE("ann"), ms), 0);
    for (int i = 0; i < 20 * ATTEMPTS_SLOTS; i++) {
        (void)snprintf(name, sizeof name, "flood-%d", i);
        (void)attempts_take(&a, &three, slice_of(name), ms); /* Some share a slot. */
    }
    assert_true(attempts_take(&a, &three, SLICE("ann"), ms) > 0);
}

static void test_ours(void **state)
{
    (void)state;
    a = (struct attempts){ 0 };
    for (int i = 0; i < 10; i++)
        assert_int_equal(attempts_take(&a, &attempts_of_account, SLICE("ann"), ms), 0);
    uint32_t wait = attempts_take(&a, &attempts_of_account, SLICE("ann"), ms);
    assert_true(wait > 0 && wait <= 60 * 1000);
    for (int i = 0; i < 60; i++)
        assert_int_equal(attempts_take(&a, &attempts_of_address, SLICE("::1/64"), ms), 0);
    assert_true(attempts_take(&a, &attempts_of_address, SLICE("::1/64"), ms) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_burst_and_refill),
        cmocka_unit_test(test_kinds_and_names_are_apart),
        cmocka_unit_test(test_given_back),
        cmocka_unit_test(test_flood),
        cmocka_unit_test(test_ours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

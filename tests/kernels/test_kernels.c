/* Every kernel this program can run (RUNNABLE_ISA: what the CPU has, or all when the intrinsics are
 * emulated) against the reference of its slot, then the reference against the truth.
 * `kernels_test --time [SLOT]` measures instead; `kernels_test SLOT` checks one slot. */
#include "check.h"
#include "truth.h"

#include <stdio.h>

static check_fn *const checks[KERNEL_SLOT_COUNT] = {
#define X(name, member, type) [KERNEL_##name] = check_##type,
    KERNEL_SLOTS(X)
#undef X
};

static const struct kernel *reference_of(enum kernel_slot slot)
{
    for (size_t i = 0; i < kernel_registry_len; i++)
        if (kernel_registry[i]->slot == slot && kernel_registry[i]->isa == 0)
            return kernel_registry[i];
    fail_msg("%s has no reference", kernel_slot_name(slot));
    return NULL;
}

/* Calls fn for each kernel this program can run, of the slots whose name begins with `only`. */
static void each_kernel(const char *only, void (*fn)(const struct check *c))
{
    uint32_t isa = RUNNABLE_ISA;
    struct check c;
    kernels_select(&c.refs, 0);
    for (size_t i = 0; i < kernel_registry_len; i++) {
        c.kernel = kernel_registry[i];
        if ((c.kernel->isa & isa) != c.kernel->isa) {
            printf("not run: %s\n", check_name(&c));
            continue;
        }
        if (strncmp(kernel_slot_name(c.kernel->slot), only, strlen(only)) != 0) continue;
        c.ref = reference_of(c.kernel->slot);
        fn(&c);
    }
}

static void check_one(const struct check *c)
{
    checks[c->kernel->slot](c);
}

static void time_one(const struct check *c)
{
    time_linear(c);
    time_rows(c);
}

static const char *only_slot = "";

static void test_kernels_equal_reference(void **state)
{
    (void)state;
    each_kernel(only_slot, check_one);
}

static void test_select_takes_the_highest_rank_allowed(void **state)
{
    (void)state;
    struct kernels none, all;
    kernels_select(&none, 0);
    kernels_select(&all, RUNNABLE_ISA);
    assert_ptr_equal(none.linear[DTYPE_Q4_1], reference_of(KERNEL_LINEAR_Q4_1)->fn.linear);
    if (all.isa & ISA_AVX2) assert_ptr_not_equal(all.linear[DTYPE_Q4_1], none.linear[DTYPE_Q4_1]);
    assert_ptr_equal(all.upsample, none.upsample);
    assert_null(all.linear[DTYPE_I32]);
    assert_string_equal(kernel_slot_name(KERNEL_LINEAR_Q6_K), "LINEAR_Q6_K");
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--time") == 0) {
        each_kernel(argc > 2 ? argv[2] : "", time_one);
        return 0;
    }
    if (argc > 1) only_slot = argv[1];
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_select_takes_the_highest_rank_allowed),
        cmocka_unit_test(test_kernels_equal_reference),
        cmocka_unit_test(test_dequant_golden),
        cmocka_unit_test(test_linear_truth),
        cmocka_unit_test(test_functions_truth),
        cmocka_unit_test(test_halves_truth),
        cmocka_unit_test(test_attention_truth),
        cmocka_unit_test(test_rows_truth),
        cmocka_unit_test(test_pictures_truth),
        cmocka_unit_test(test_dtypes),
        cmocka_unit_test(test_encode_golden),
        cmocka_unit_test(test_encode_edges),
    };
    return cmocka_run_group_tests_name("kernels", tests, NULL, NULL);
}

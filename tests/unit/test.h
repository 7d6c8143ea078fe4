/* test - what every cmocka program includes, in the order cmocka wants. */
#ifndef TIRO_TESTS_TEST_H
#define TIRO_TESTS_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"

/* A call that must succeed; prints the error's text when it does not. */
#define assert_ok(call, err)                                    \
    do {                                                        \
        int ok_rc_ = (call);                                    \
        if (ok_rc_ < 0) fail_msg("%s: %s", #call, (err)->text); \
    } while (0)

/* A call that must fail with this code and a text that contains `part`. */
#define assert_fails(call, expected, err, part)                                     \
    do {                                                                            \
        int fails_rc_ = (call);                                                     \
        if (fails_rc_ != -(expected))                                               \
            fail_msg("%s: gave %d, not -%s", #call, fails_rc_, err_name(expected)); \
        if (!strstr((err)->text, (part)))                                           \
            fail_msg("%s: '%s' does not say '%s'", #call, (err)->text, (part));     \
    } while (0)

#endif

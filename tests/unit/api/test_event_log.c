/* Events by number: what is there, what is gone, and that nothing else is given. */
#include "unit/test.h"

#include "api/event_log.h"
#include "fault/fault.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add(struct event_log *log, uint64_t number)
{
    char json[32];
    (void)snprintf(json, sizeof json, "{\"n\":%llu}", (unsigned long long)number);
    event_log_add(log, number, "t", slice_of(json));
}

static void assert_gives(const struct event_log *log, uint64_t number, const char *text)
{
    struct slice got;
    assert_true(event_log_get(&got, log, number));
    if (!slice_is(got, text)) fail_msg("%.*s, not %s", SLICE_FMT(got), text);
}

#define EVENT(n) "event: t\ndata: {\"n\":" #n "}\n\n"

static void test_gives_from_any_number(void **state)
{
    struct event_log log;
    (void)state;
    event_log_init(&log, 5);
    assert_gives(&log, 5, "");
    for (uint64_t i = 5; i < 8; i++) add(&log, i);
    assert_gives(&log, 5, EVENT(5) EVENT(6) EVENT(7));
    assert_gives(&log, 6, EVENT(6) EVENT(7));
    assert_gives(&log, 7, EVENT(7));
    assert_gives(&log, 8, "");
    assert_gives(&log, 100, "");
    struct slice got;
    assert_false(event_log_get(&got, &log, 4));
    event_log_release(&log);
}

static void test_drops_below_a_number(void **state)
{
    struct event_log log;
    struct slice got;
    (void)state;
    event_log_init(&log, 0);
    for (uint64_t i = 0; i < 4; i++) add(&log, i);
    event_log_drop(&log, 2);
    assert_false(event_log_get(&got, &log, 1));
    assert_gives(&log, 2, EVENT(2) EVENT(3));
    add(&log, 4);
    assert_gives(&log, 3, EVENT(3) EVENT(4));
    event_log_drop(&log, 9);
    assert_false(event_log_get(&got, &log, 4));
    add(&log, 5);
    assert_gives(&log, 5, EVENT(5));
    event_log_release(&log);
}

static void test_another_number_begins_anew(void **state)
{
    struct event_log log;
    struct slice got;
    (void)state;
    event_log_init(&log, 0);
    add(&log, 0);
    add(&log, 7);
    assert_false(event_log_get(&got, &log, 0));
    assert_gives(&log, 7, EVENT(7));
    event_log_release(&log);
}

static void test_is_bounded(void **state)
{
    enum { EVENT_BYTES = 1 << 20, N = 40 };
    struct event_log log;
    struct slice got;
    char *json = malloc(EVENT_BYTES);
    (void)state;
    memset(json, 'x', EVENT_BYTES);
    event_log_init(&log, 0);
    for (uint64_t i = 0; i < N; i++) {
        event_log_add(&log, i, "t", (struct slice){ json, EVENT_BYTES });
        assert_true(log.text.len <= EVENT_LOG_BYTES_MAX);
        assert_true(event_log_get(&got, &log, i)); /* The newest is always there. */
        assert_true(got.len > EVENT_BYTES);
    }
    assert_false(event_log_get(&got, &log, 0));
    /* One that is too large is gone at once, and so is what came before. */
    char *huge = malloc(EVENT_LOG_BYTES_MAX);
    memset(huge, 'x', EVENT_LOG_BYTES_MAX);
    event_log_add(&log, N, "t", (struct slice){ huge, EVENT_LOG_BYTES_MAX });
    assert_false(event_log_get(&got, &log, N));
    assert_gives(&log, N + 1, "");
    free(huge);
    free(json);
    event_log_release(&log);
}

static void test_without_memory_nothing_is_wrong(void **state)
{
    (void)state;
    for (int n = 1;; n++) {
        struct event_log log;
        struct slice got;
        event_log_init(&log, 0);
        fault_start(FAULT_ALLOC, n, ENOMEM);
        for (uint64_t i = 0; i < 200; i++) add(&log, i);
        bool hit = fault_stop();
        /* Whatever is there is whole: the newest events without a gap. */
        assert_int_equal(log.end, 200);
        assert_gives(&log, 199, EVENT(199));
        assert_true(event_log_get(&got, &log, log.first));
        event_log_release(&log);
        if (!hit) break;
        assert_true(n < 50);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gives_from_any_number),
        cmocka_unit_test(test_drops_below_a_number),
        cmocka_unit_test(test_another_number_begins_anew),
        cmocka_unit_test(test_is_bounded),
        cmocka_unit_test(test_without_memory_nothing_is_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Each kind of stored thing has its setting keep_NAME, and each such setting its kind. */
#include "unit/test.h"

#include "cmd/settings.h"
#include "store/retention.h"

#include <stdlib.h>
#include <string.h>

static struct settings settings;
static int64_t days[RETENTION_KINDS_MAX];
static struct err err;

static int64_t days_of(const char *name)
{
    for (size_t i = 0; i < retention_registry_len; i++)
        if (strcmp(retention_registry[i]->name, name) == 0) return days[i];
    fail_msg("no kind %s", name);
    return -1;
}

static void load(const char *conversations)
{
    (void)setenv("TIRO_KEEP_CONVERSATIONS", conversations, 1);
    assert_ok(settings_load(&settings, "/nowhere", &err), &err);
}

static int teardown(void **state)
{
    (void)state;
    (void)unsetenv("TIRO_KEEP_CONVERSATIONS");
    settings_release(&settings);
    return 0;
}

static void test_values(void **state)
{
    (void)state;
    load("90");
    assert_true(retention_registry_len <= RETENTION_KINDS_MAX);
    assert_ok(settings_retention(&settings, days, &err), &err);
    assert_int_equal(days_of("conversations"), 90);
    assert_int_equal(days_of("completions"), 30);
    assert_int_equal(days_of("backups"), 7);
    assert_int_equal(days_of("ledger"), RETENTION_FOREVER);
}

static void test_what_is_no_time(void **state)
{
    (void)state;
    load("soon");
    assert_fails(settings_retention(&settings, days, &err), ERR_INVALID_VALUE, &err,
                 "keep_conversations is 'soon' (from environment)");
}

static void test_every_setting_has_a_kind(void **state)
{
    (void)state;
    load("1");
    size_t n = 0;
    for (int i = 0; i < SETTING_COUNT; i++) {
        if (strncmp(setting_rows[i].name, "keep_", 5) != 0) continue;
        (void)days_of(setting_rows[i].name + 5);
        n++;
    }
    assert_int_equal(n, retention_registry_len);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_values, teardown),
        cmocka_unit_test_teardown(test_what_is_no_time, teardown),
        cmocka_unit_test_teardown(test_every_setting_has_a_kind, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

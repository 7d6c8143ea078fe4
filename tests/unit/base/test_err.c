/* Errors, slices, files and logging. */
#include "unit/test.h"

#include "base/log.h"
#include "base/slice.h"
#include "base/utf8.h"
#include "fault/fault.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void test_the_table_is_whole(void **state)
{
    (void)state;
    for (int code = ERR_NONE + 1; code < ERR_COUNT; code++) {
        assert_non_null(err_name((enum err_code)code));
        assert_non_null(err_api_type((enum err_code)code));
        assert_in_range(err_http_status((enum err_code)code), 400, 599);
    }
    assert_true(err_is_callers(ERR_INVALID_VALUE));
    assert_false(err_is_callers(ERR_INTERNAL));
}

static void test_texts_are_bounded_and_valid(void **state)
{
    (void)state;
    struct err err;
    char big[3000];
    memset(big, 0xE2, sizeof big);
    big[sizeof big - 1] = '\0';
    assert_int_equal(err_param(&err, ERR_INVALID_VALUE, big, "bad: %s", big), -ERR_INVALID_VALUE);
    assert_true(utf8_valid(err.text, strlen(err.text)));
    assert_true(utf8_valid(err.param, strlen(err.param)));
    assert_int_equal(err_set(&err, ERR_IO, "inner"), -ERR_IO);
    assert_int_equal(err_context(&err, "file %s", "x"), -ERR_IO);
    assert_string_equal(err.text, "file x: inner");
    assert_int_equal(err_errno(&err, ENOSPC, "writing %s", "f"), -ERR_NO_SPACE);
    assert_string_equal(err.text, "writing f: No space left on device");
    assert_int_equal(err_set(NULL, ERR_IO, "nobody asks"), -ERR_IO);
}

static void test_numbers_in_slices(void **state)
{
    (void)state;
    int64_t i;
    uint64_t u;
    assert_true(slice_to_i64(&i, SLICE("-9223372036854775808")) && i == INT64_MIN);
    assert_true(slice_to_i64(&i, SLICE("9223372036854775807")) && i == INT64_MAX);
    assert_true(slice_to_u64(&u, SLICE("18446744073709551615")) && u == UINT64_MAX);
    static const char *const bad[] = {
        "", "-", "+5", "5 ", " 5", "0x5", "1.0", "9223372036854775808", "-9223372036854775809"
    };
    for (size_t n = 0; n < sizeof bad / sizeof *bad; n++)
        assert_false(slice_to_i64(&i, slice_of(bad[n])));
    assert_false(slice_to_u64(&u, SLICE("18446744073709551616")));
    assert_true(slice_eq(slice_trim(SLICE(" \t a b\r\n")), SLICE("a b")));
    assert_true(slice_is_ascii(SLICE("")) && slice_is_ascii(SLICE("a\x7F\n")));
    assert_false(slice_is_ascii(SLICE("a\x80")));
    assert_int_equal(slice_find(SLICE("abcabd"), SLICE("abd")), 3);
    assert_int_equal(slice_find(SLICE("abc"), SLICE("x")), 3);
    assert_true(slice_eq_nocase(SLICE("HoSt"), SLICE("host")));
    assert_true(slice_ends(SLICE("a.gguf"), SLICE(".gguf")));
    assert_true(slice_hash(SLICE("a")) != slice_hash(SLICE("b")));
}

static char dir[] = "/tmp/tiro-test-XXXXXX";

static int make_dir(void **state)
{
    (void)state;
    return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
    (void)state;
    return rmdir(dir);
}

/* Whatever fails, the old contents or the new stand there, and no part beside them. */
static void test_replacing_a_file_is_all_or_nothing(void **state)
{
    (void)state;
    char path[64], part[80];
    struct err err;
    snprintf(path, sizeof path, "%s/file", dir);
    snprintf(part, sizeof part, "%s.part", path);
    assert_ok(file_replace(path, "old", 3, 0600, &err), &err);
    static const enum fault_kind kinds[] = { FAULT_OPEN, FAULT_WRITE, FAULT_FSYNC, FAULT_RENAME };
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        fault_start(kinds[k], 1, ENOSPC);
        int rc = file_replace(path, "new!", 4, 0600, &err);
        assert_true(fault_stop());
        assert_int_equal(rc, -ERR_NO_SPACE);
        char *text;
        size_t len;
        assert_ok(file_read_all(&text, &len, path, 100, &err), &err);
        assert_string_equal(text, "old");
        mem_free(text);
        assert_int_equal(access(part, F_OK), -1);
    }
    assert_ok(file_replace(path, "new!", 4, 0600, &err), &err);
    char *text;
    size_t len;
    assert_fails(file_read_all(&text, &len, path, 3, &err), ERR_LIMIT, &err, "at most 3");
    assert_ok(file_read_all(&text, &len, path, 4, &err), &err);
    assert_int_equal(len, 4);
    assert_string_equal(text, "new!");
    mem_free(text);
    fault_start(FAULT_READ, 1, EINTR);
    assert_ok(file_read_all(&text, &len, path, 4, &err), &err);
    assert_true(fault_stop());
    mem_free(text);
    assert_int_equal(unlink(path), 0);
    assert_fails(file_read_all(&text, &len, path, 4, &err), ERR_NOT_FOUND, &err, path);
    assert_fails(file_read_all(&text, &len, dir, 4, &err), ERR_FORMAT, &err, "not a regular file");
}

static uint64_t fixed_wall(void)
{
    return 1700000000123000000u;
}

/* What a log call writes on stderr. */
static void logged(char *out, size_t size, enum log_format format)
{
    int fds[2], saved = dup(STDERR_FILENO);
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(dup2(fds[1], STDERR_FILENO), STDERR_FILENO);
    seams.wall_ns = fixed_wall;
    log_setup(LOG_INFO, format, "test");
    log_debug("not shown");
    log_info("it happened", LOG_STR("name", "a\"\n\x1b[2J"), LOG_INT("n", -3), LOG_F64("s", 0.5));
    seams = seams_real;
    assert_int_equal(dup2(saved, STDERR_FILENO), STDERR_FILENO);
    ssize_t n = read(fds[0], out, size - 1);
    assert_true(n > 0);
    out[n] = '\0';
    close(fds[0]);
    close(fds[1]);
    close(saved);
}

static void test_a_logged_name_cannot_forge_a_line(void **state)
{
    (void)state;
    char line[512];
    logged(line, sizeof line, LOG_TEXT);
    assert_string_equal(line, "22:13:20 test: it happened name=a\"??[2J n=-3 s=0.5\n");
    logged(line, sizeof line, LOG_JSON);
    assert_string_equal(
        line, "{\"time\":\"2023-11-14T22:13:20.123Z\",\"level\":\"info\",\"who\":\"test\","
              "\"event\":\"it happened\",\"name\":\"a\\\"\\n\\u001b[2J\",\"n\":-3,"
              "\"s\":0.5}\n");
    enum log_level level;
    assert_true(log_level_of(&level, "warn") && level == LOG_WARN);
    assert_false(log_level_of(&level, "loud"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_table_is_whole),
        cmocka_unit_test(test_texts_are_bounded_and_valid),
        cmocka_unit_test(test_numbers_in_slices),
        cmocka_unit_test(test_replacing_a_file_is_all_or_nothing),
        cmocka_unit_test(test_a_logged_name_cannot_forge_a_line),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}

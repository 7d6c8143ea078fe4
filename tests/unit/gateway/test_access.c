/* Host, Origin and keys, without a socket. */
#include "unit/test.h"

#include "gateway/access.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct http_parser head(const char *lines)
{
    struct http_parser p;
    struct err err = { 0 };
    enum http_event event;
    char text[1024];
    int n = snprintf(text, sizeof text, "GET / HTTP/1.1\r\n%s\r\n", lines);
    struct slice in = { text, (size_t)n };
    http_parser_init(&p, 0);
    assert_ok(http_parser_feed(&p, &event, &in, &err), &err);
    assert_int_equal(event, HTTP_HEAD);
    return p;
}

static struct access *open_access(bool loopback, const char *key_file)
{
    struct err err = { 0 };
    struct access *a;
    struct access_options options = { .loopback = loopback, .api_key_file = key_file };
    assert_ok(access_open(&a, &options, &err), &err);
    return a;
}

static int check_origin(const struct access *a, const char *lines)
{
    struct err err = { 0 };
    struct http_parser p = head(lines);
    int rc = access_check_origin(a, &p, &err);
    http_parser_release(&p);
    return rc;
}

static void test_hosts_and_origins(void **state)
{
    (void)state;
    struct access *a = open_access(true, NULL);
    static const char *const good[] = {
        "Host: localhost\r\n",
        "Host: 127.0.0.1:1\r\n",
        "Host: [::1]:1\r\n",
        "Host: 127.255.0.3\r\n",
        "Host: localhost:1\r\nOrigin: http://localhost:1\r\n",
        "Host: 127.0.0.1:1\r\nOrigin: http://localhost:2\r\n",
    };
    static const char *const bad[] = {
        "Host: example\r\n",
        "Host: localhost.example\r\n",
        "Host: 127.0.0.1.example\r\n",
        "Host: 127.0.0.1.1\r\n",
        "Host: 127.0.0\r\n",
        "Host: 127.0.0.\r\n",
        "Host: 127...\r\n",
        "Host: 127.0.0.1234\r\n",
        "Host: 126.0.0.1\r\n",
        "Host: [::]\r\n",
        "Host: [::127.0.0.1]\r\n",
        "Host: localhost\r\nOrigin: http://example\r\n",
        "Host: localhost\r\nOrigin: localhost\r\n",
        "Host: localhost\r\nOrigin: null\r\n",
        "Host: localhost\r\nOrigin:\r\n",
        "Host: localhost\r\nOrigin: ftp://localhost\r\n",
        "Host: localhost\r\nOrigin: http://example/http://localhost\r\n",
        "Host: localhost\r\nOrigin: http://localhost.example\r\n",
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (check_origin(a, good[i]) != 0) fail_msg("refused: %s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (check_origin(a, bad[i]) != -ERR_ORIGIN) fail_msg("taken: %s", bad[i]);
    access_close(a);
}

static char path[64];

static void write_keys(const char *text)
{
    (void)snprintf(path, sizeof path, "/tmp/tiro-test-keys-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static int check_key(const struct access *a, const char *lines, struct principal *who)
{
    struct err err = { 0 };
    char with_host[512];
    (void)snprintf(with_host, sizeof with_host, "Host: a\r\n%s", lines);
    struct http_parser p = head(with_host);
    int rc = access_check_key(a, &p, who, &err);
    http_parser_release(&p);
    return rc;
}

static void test_keys(void **state)
{
    (void)state;
    struct principal who;
    write_keys("# comment\r\none-key\r\n\r\n two-key \nthree-key");
    struct access *a = open_access(false, path);
    unlink(path);
    assert_true(access_has_keys(a));
    assert_int_equal(check_key(a, "Authorization: Bearer one-key\r\n", &who), 0);
    assert_true(slice_is(who.key, "key-1"));
    assert_int_equal(check_key(a, "Authorization: BEARER   two-key\r\n", &who), 0);
    assert_true(slice_is(who.key, "key-2"));
    assert_int_equal(check_key(a, "api-key: three-key\r\n", &who), 0);
    assert_int_equal(check_key(a, "x-api-key: two-key\r\n", &who), 0);
    assert_true(slice_is(who.key, "key-2"));
    assert_int_equal(check_key(a, "x-api-key: two-ke\r\n", &who), -ERR_API_KEY_INVALID);
    assert_int_equal(check_key(a, "x-api-key:\r\n", &who), -ERR_API_KEY_MISSING);
    assert_int_equal(check_key(a, "api-key: one-key\r\nx-api-key: x\r\n", &who),
                     -ERR_API_KEY_INVALID);
    assert_int_equal(check_key(a, "api-key: three-ke\r\n", &who), -ERR_API_KEY_INVALID);
    assert_int_equal(check_key(a, "api-key: three-key2\r\n", &who), -ERR_API_KEY_INVALID);
    assert_int_equal(check_key(a, "api-key: # comment\r\n", &who), -ERR_API_KEY_INVALID);
    assert_int_equal(check_key(a, "", &who), -ERR_API_KEY_MISSING);
    assert_int_equal(check_key(a, "Authorization: Bearer\r\n", &who), -ERR_API_KEY_MISSING);
    assert_int_equal(check_key(a, "Authorization: Bearerone-key\r\n", &who), -ERR_API_KEY_MISSING);
    assert_int_equal(check_key(a, "Authorization: Bearer x\r\napi-key: one-key\r\n", &who),
                     -ERR_API_KEY_INVALID);
    access_close(a);
}

static void test_bad_key_files(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct access *a;
    struct access_options options = { .loopback = true, .api_key_file = path };
    static const struct {
        const char *text;
        enum err_code code;
        const char *says;
    } rows[] = {
        { "", ERR_INVALID_VALUE, "no key" },
        { "#a\n\n", ERR_INVALID_VALUE, "no key" },
        { "two words\n", ERR_INVALID_VALUE, "key number 1" },
        { "good\nk\xc3\xa9y\n", ERR_INVALID_VALUE, "key number 2" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        write_keys(rows[i].text);
        assert_fails(access_open(&a, &options, &err), (int)rows[i].code, &err, rows[i].says);
        unlink(path);
    }
    options.api_key_file = "/nonexistent/keys";
    assert_fails(access_open(&a, &options, &err), ERR_NOT_FOUND, &err, "/nonexistent/keys");
}

static void test_without_keys(void **state)
{
    (void)state;
    struct principal who;
    struct access *a = open_access(false, NULL);
    assert_true(access_is_guarded(a));
    assert_int_equal(check_key(a, "", &who), -ERR_API_KEY_MISSING);
    assert_int_equal(check_key(a, "api-key: any\r\n", &who), -ERR_API_KEY_MISSING);
    access_close(a);
    a = open_access(true, NULL);
    assert_false(access_is_guarded(a));
    assert_int_equal(check_key(a, "api-key: any\r\n", &who), 0);
    access_close(a);
    struct err err = { 0 };
    struct access_options strict = { .loopback = true, .require_sign_in = true };
    assert_ok(access_open(&a, &strict, &err), &err);
    assert_true(access_is_guarded(a));
    assert_int_equal(check_key(a, "", &who), -ERR_API_KEY_MISSING);
    access_close(a);
}

/* Beyond loopback any name is as good, unless some are named; addresses always are. */
static void test_hosts_beyond_loopback(void **state)
{
    (void)state;
    static const char *const names[] = { "chat.example" };
    struct access_options options = { .loopback = false };
    struct err err = { 0 };
    struct access *a;
    assert_ok(access_open(&a, &options, &err), &err);
    assert_int_equal(check_origin(a, "Host: rebound.example\r\nOrigin: http://evil\r\n"), 0);
    access_close(a);
    options.allow_hosts = names;
    options.n_allow_hosts = 1;
    assert_ok(access_open(&a, &options, &err), &err);
    static const char *const good[] = { "Host: chat.example\r\n", "Host: CHAT.example:8080\r\n",
                                        "Host: 192.0.2.7:8080\r\n", "Host: [2001:db8::1]:1\r\n",
                                        "Host: localhost:8080\r\n" };
    static const char *const bad[] = { "Host: rebound.example\r\n", "Host: chat.example.evil\r\n",
                                       "Host: 192.0.2.7.evil\r\n", "Host: xchat.example\r\n" };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (check_origin(a, good[i]) != 0) fail_msg("refused: %s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (check_origin(a, bad[i]) != -ERR_ORIGIN) fail_msg("taken: %s", bad[i]);
    access_close(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hosts_and_origins),     cmocka_unit_test(test_keys),
        cmocka_unit_test(test_bad_key_files),         cmocka_unit_test(test_without_keys),
        cmocka_unit_test(test_hosts_beyond_loopback),
    };
    unsetenv("TIRO_API_KEY");
    return cmocka_run_group_tests(tests, NULL, NULL);
}

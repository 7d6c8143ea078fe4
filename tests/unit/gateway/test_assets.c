/* The page goes out gzipped only to those who take that. */
#include "unit/test.h"

#include "gateway/assets.h"

#include <string.h>

static void gzip_is_sent_to_those_who_take_it(void **state)
{
    static const char *const yes[] = {
        "gzip", "GZip",   "gzip, deflate, br, zstd",    "br;q=1.0, gzip;q=0.8, *;q=0.1",
        "*",    "x-gzip", " deflate ,\tgzip ; q=0.001", "identity, *;q=0.5",
    };
    (void)state;
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
        if (!assets_gzip_accepted(slice_of(yes[i]))) fail_msg("%s", yes[i]);
}

static void others_get_it_plain(void **state)
{
    static const char *const no[] = {
        "",  "identity", "deflate, br", "gzip;q=0", "gzip; q=0.000, *", "*;q=0", "gzipped",
        ",", ";;,",      "q=gzip",      "gzi",      "*;q=0, identity",
    };
    (void)state;
    for (size_t i = 0; i < sizeof no / sizeof *no; i++)
        if (assets_gzip_accepted(slice_of(no[i]))) fail_msg("%s", no[i]);
    assert_false(assets_gzip_accepted((struct slice){ 0 }));
}

/* Empty in a build without the page. */
static void each_file_has_a_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < assets_len; i++) {
        const struct asset *a = &assets[i];
        assert_ptr_equal(assets_find(slice_of(a->path)), a);
        assert_true(a->plain || a->gz);
        assert_true(!a->plain == !a->plain_len && !a->gz == !a->gz_len);
        if (a->gz) assert_true(a->gz_len > 2 && a->gz[0] == 0x1f && a->gz[1] == 0x8b);
        if (a->plain) assert_false(a->plain[0] == 0x1f && a->plain[1] == 0x8b);
        if (a->plain && a->gz) assert_true(a->gz_len < a->plain_len);
        assert_true(a->forever == (strncmp(a->path, "/part-", 6) == 0));
    }
    assert_null(assets_find(SLICE("/nothing")));
}

/* What the table says of the assembled bytes is true: each begins as its kind does, and its last
 * byte is there. */
static void the_bytes_are_the_files(void **state)
{
    (void)state;
    unsigned sum = 0;
    for (size_t i = 0; i < assets_len; i++) {
        const struct asset *a = &assets[i];
        if (a->plain) sum += a->plain[a->plain_len - 1];
        if (a->gz) sum += a->gz[a->gz_len - 1];
        if (strcmp(a->type, "application/zip") == 0) assert_memory_equal(a->plain, "PK", 2);
        if (strncmp(a->type, "text/html", 9) == 0 && a->plain)
            assert_memory_equal(a->plain, "<!doctype html>", 15);
    }
    assert_true(assets_len == 0 || sum > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gzip_is_sent_to_those_who_take_it),
        cmocka_unit_test(others_get_it_plain),
        cmocka_unit_test(each_file_has_a_form),
        cmocka_unit_test(the_bytes_are_the_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

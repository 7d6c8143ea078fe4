/* The page goes out gzipped only to those who take that. */
#include "unit/test.h"

#include "gateway/assets.h"

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
static void each_file_has_both_forms(void **state)
{
    (void)state;
    for (size_t i = 0; i < assets_len; i++) {
        const struct asset *a = &assets[i];
        assert_ptr_equal(assets_find(slice_of(a->path)), a);
        assert_true(a->plain_len > 0 && a->gz_len > 2);
        assert_true(a->gz[0] == 0x1f && a->gz[1] == 0x8b);
        assert_false(a->plain[0] == 0x1f);
    }
    assert_null(assets_find(SLICE("/nothing")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gzip_is_sent_to_those_who_take_it),
        cmocka_unit_test(others_get_it_plain),
        cmocka_unit_test(each_file_has_both_forms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

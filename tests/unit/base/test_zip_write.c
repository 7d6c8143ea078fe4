/* zip_write: what it writes, base/zip.h reads; the same files give the same bytes. */
#include "unit/test.h"

#include "base/zip.h"
#include "base/zip_write.h"

static struct err err;

static int gather(void *ctx, const void *bytes, size_t len, struct err *e)
{
    (void)e;
    buf_add(ctx, bytes, len);
    return 0;
}

static void expect(struct slice archive, const char *name, struct slice bytes, uint16_t method)
{
    struct zip_entry e;
    struct buf out;
    buf_init(&out, 1 << 20);
    assert_ok(zip_find(&e, archive, "x.epub", name, &err), &err);
    assert_int_equal(e.method, method);
    assert_ok(zip_extract(&e, archive, "x.epub", gather, &out, &err), &err);
    assert_true(slice_eq(buf_slice(&out), bytes));
    buf_release(&out);
}

static char large[200000];

static void make(struct buf *out, size_t max)
{
    struct zip_archive zip;
    buf_init(out, max);
    zip_begin(&zip, out);
    zip_add(&zip, "mimetype", SLICE("application/epub+zip"), ZIP_STORED);
    zip_add(&zip, "a/large", (struct slice){ large, sizeof large }, ZIP_DEFLATED);
    zip_add(&zip, "a/empty", (struct slice){ 0 }, ZIP_DEFLATED);
    zip_add(&zip, "stored", (struct slice){ 0 }, ZIP_STORED);
    zip_end(&zip);
}

static void files_come_back(void **state)
{
    (void)state;
    struct buf out, again;
    for (size_t i = 0; i < sizeof large; i++) large[i] = (char)(i * i / 97);
    make(&out, 1 << 20);
    assert_ok(buf_check(&out, "the archive", &err), &err);
    expect(buf_slice(&out), "mimetype", SLICE("application/epub+zip"), 0);
    expect(buf_slice(&out), "a/large", (struct slice){ large, sizeof large }, 8);
    expect(buf_slice(&out), "a/empty", SLICE(""), 8);
    expect(buf_slice(&out), "stored", SLICE(""), 0);
    /* Who looks at the first bytes only finds what an EPUB has there. */
    assert_memory_equal(out.ptr + 30, "mimetypeapplication/epub+zip", 28);
    make(&again, 1 << 20);
    assert_true(slice_eq(buf_slice(&again), buf_slice(&out)));
    buf_release(&again);
    buf_release(&out);
}

/* One byte less than it needs, and as many. */
static void a_limit_is_a_failure(void **state)
{
    (void)state;
    struct buf out;
    make(&out, 1 << 20);
    size_t len = out.len;
    buf_release(&out);
    make(&out, len - 1);
    assert_true(out.failed);
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_come_back),
        cmocka_unit_test(a_limit_is_a_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* zip: the one file asked for, exactly, or a refusal. */
#include "unit/test.h"

#include "base/buf.h"
#include "base/zip.h"
#include "support/guarded.h"
#include "support/zip_writer.h"

static struct err err;
static char content[5000];

static int gather(void *ctx, const void *bytes, size_t len, struct err *e)
{
    (void)e;
    buf_add(ctx, bytes, len);
    return 0;
}

static int take(struct buf *out, struct slice archive, const char *name)
{
    struct zip_entry e;
    TRY(zip_find(&e, archive, "x.whl", name, &err));
    return zip_extract(&e, archive, "x.whl", gather, out, &err);
}

static void make(struct buf *b, bool deflate)
{
    struct zip_writer w;
    buf_init(b, 1 << 20);
    zip_begin(&w, b);
    zip_add(&w, "pkg/__init__.py", SLICE("print('never run')"), deflate);
    zip_add(&w, "pkg/model.gguf", (struct slice){ content, sizeof content }, deflate);
    zip_add(&w, "pkg/empty", SLICE(""), deflate);
    zip_end(&w);
}

static void files_come_out(void **state)
{
    (void)state;
    for (int deflate = 0; deflate <= 1; deflate++) {
        struct buf b, out;
        make(&b, deflate);
        buf_init(&out, 1 << 20);
        assert_ok(take(&out, buf_slice(&b), "pkg/model.gguf"), &err);
        assert_int_equal(out.len, sizeof content);
        assert_memory_equal(out.ptr, content, sizeof content);
        buf_reset(&out);
        assert_ok(take(&out, buf_slice(&b), "pkg/empty"), &err);
        assert_int_equal(out.len, 0);
        assert_fails(take(&out, buf_slice(&b), "model.gguf"), ERR_FORMAT, &err, "no model.gguf");
        assert_fails(take(&out, buf_slice(&b), "pkg/model.ggu"), ERR_FORMAT, &err, "there is no");
        buf_release(&out);
        buf_release(&b);
    }
}

/* Every prefix and every flipped bit: never a fault, and never wrong contents that pass. */
static void damage_is_noticed(void **state)
{
    (void)state;
    for (int deflate = 0; deflate <= 1; deflate++) {
        struct buf b, out;
        struct guarded g;
        make(&b, deflate);
        buf_init(&out, 1 << 20);
        guarded_init(&g, b.len);
        for (size_t len = 0; len < b.len; len++) {
            buf_reset(&out);
            struct slice cut = guarded_copy(&g, (struct slice){ b.ptr, len });
            if (take(&out, cut, "pkg/model.gguf") == 0)
                fail_msg("a prefix of %zu bytes passed", len);
        }
        size_t step = deflate ? 1 : 7; /* Stored contents are long and all alike. */
        for (size_t bit = 0; bit < 8 * b.len; bit += step) {
            buf_reset(&out);
            struct slice bad = guarded_copy(&g, buf_slice(&b));
            ((char *)(uintptr_t)bad.ptr)[bit / 8] ^= (char)(1 << bit % 8);
            if (take(&out, bad, "pkg/model.gguf") < 0) continue;
            assert_int_equal(out.len, sizeof content);
            assert_memory_equal(out.ptr, content, sizeof content);
        }
        guarded_release(&g);
        buf_release(&out);
        buf_release(&b);
    }
}

static void twice_is_refused(void **state)
{
    struct buf b, out;
    struct zip_writer w;
    (void)state;
    buf_init(&b, 1 << 20);
    buf_init(&out, 1 << 20);
    zip_begin(&w, &b);
    zip_add(&w, "m", SLICE("one"), false);
    zip_add(&w, "m", SLICE("two"), false);
    zip_end(&w);
    assert_fails(take(&out, buf_slice(&b), "m"), ERR_FORMAT, &err, "m is there twice");
    buf_release(&out);
    buf_release(&b);
}

/* A bomb stops at the size its directory states, long before memory or disk are full. */
static void bombs_stop(void **state)
{
    enum { BIG = 8 << 20, STATED = 1000 };
    struct buf b, out;
    struct zip_writer w;
    char *zeros = calloc(1, BIG);
    (void)state;
    assert_non_null(zeros);
    buf_init(&b, 1 << 20);
    buf_init(&out, 1 << 20);
    zip_begin(&w, &b);
    w.stated_size = STATED;
    zip_add(&w, "m", (struct slice){ zeros, BIG }, true);
    zip_end(&w);
    assert_fails(take(&out, buf_slice(&b), "m"), ERR_FORMAT, &err, "larger than");
    assert_true(out.len <= STATED);
    free(zeros);
    buf_release(&out);
    buf_release(&b);
}

/* Names are compared, never used: a traversal (CVE-2024-45436) has no path to take. */
static void regression_traversal_names_are_only_compared(void **state)
{
    struct buf b, out;
    struct zip_writer w;
    (void)state;
    buf_init(&b, 1 << 20);
    buf_init(&out, 1 << 20);
    zip_begin(&w, &b);
    zip_add(&w, "../../../../tmp/evil", SLICE("evil"), false);
    zip_add(&w, "m", SLICE("good"), false);
    zip_end(&w);
    assert_ok(take(&out, buf_slice(&b), "m"), &err);
    assert_true(slice_is(buf_slice(&out), "good"));
    buf_release(&out);
    buf_release(&b);
}

int main(void)
{
    for (size_t i = 0; i < sizeof content; i++) content[i] = (char)(i * i >> 3);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_come_out),
        cmocka_unit_test(damage_is_noticed),
        cmocka_unit_test(twice_is_refused),
        cmocka_unit_test(bombs_stop),
        cmocka_unit_test(regression_traversal_names_are_only_compared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

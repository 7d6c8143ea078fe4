/* The rows of files: whose they are, when they end, what names a blob, the quota on both sides. */
#include "unit/test.h"

#include "base/seam.h"
#include "store/file_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SHA_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define SHA_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static const struct principal me = { SLICE("t1"), SLICE("p1"), SLICE("u1"), SLICE("k1") };
static const struct principal my_other = { SLICE("t1"), SLICE("p1"), SLICE("u2"), SLICE("k2") };
static const struct principal neighbour = { SLICE("t1"), SLICE("p2"), SLICE("u1"), SLICE("k1") };
static const struct principal stranger = { SLICE("t2"), SLICE("p1"), SLICE("u1"), SLICE("k1") };

static struct db *db;
static struct arena arena;
static struct err err;
static int64_t now = 1000;

static uint64_t fixed_wall_ns(void)
{
    return (uint64_t)now * 1000000000u;
}

static int set_up(void **state)
{
    (void)state;
    seams.wall_ns = fixed_wall_ns;
    arena_init(&arena, 1 << 20);
    return db_open(&db, "sqlite::memory:", &err);
}

static int tear_down(void **state)
{
    (void)state;
    db_close(db);
    arena_release(&arena);
    seams = seams_real;
    return 0;
}

static int add(const struct principal *owner, const char *id, const char *sha256, uint64_t bytes,
               int64_t expires_at)
{
    struct file_row row = { .id = slice_of(id),
                            .filename = SLICE("a \"b\".txt"),
                            .purpose = SLICE("user_data"),
                            .sha256 = slice_of(sha256),
                            .status = SLICE("processed"),
                            .bytes = bytes,
                            .created_at = now,
                            .expires_at = expires_at };
    return file_add(db, owner, &row, &err);
}

static void test_a_file_is_found_by_its_project_alone(void **state)
{
    (void)state;
    struct file_row row;
    assert_ok(add(&me, "file-1", SHA_A, 5, 0), &err);
    assert_fails(add(&me, "file-1", SHA_A, 5, 0), ERR_EXISTS, &err, "");
    assert_ok(file_find(&row, db, &my_other, SLICE("file-1"), &arena, &err), &err);
    assert_true(slice_is(row.filename, "a \"b\".txt") && slice_is(row.purpose, "user_data"));
    assert_true(slice_is(row.sha256, SHA_A) && slice_is(row.status, "processed"));
    assert_int_equal(row.bytes, 5);
    assert_int_equal(row.created_at, 1000);
    const struct principal *others[] = { &neighbour, &stranger };
    for (size_t i = 0; i < 2; i++) {
        assert_fails(file_find(&row, db, others[i], SLICE("file-1"), &arena, &err), ERR_NOT_FOUND,
                     &err, "No such File object: file-1");
        assert_fails(file_delete(db, others[i], SLICE("file-1"), &err), ERR_NOT_FOUND, &err,
                     "No such File object: file-1");
    }
    assert_ok(file_find(&row, db, &me, SLICE("file-1"), &arena, &err), &err);
}

static void expect_named(const char *sha256, bool expected)
{
    bool named;
    assert_ok(file_names_blob(&named, db, slice_of(sha256), &err), &err);
    assert_int_equal(named, expected);
}

/* What has lost its last name since the last question: "A", "AB" ... */
static void expect_loose(const char *expected)
{
    struct slice *loose;
    size_t n;
    assert_ok(loose_blobs_take(&loose, &n, db, &arena, &err), &err);
    assert_int_equal(n, strlen(expected));
    for (size_t i = 0; i < n; i++)
        assert_true(slice_is(loose[i], expected[i] == 'A' ? SHA_A : SHA_B));
}

static void test_a_blob_is_named_until_its_last_row_goes(void **state)
{
    (void)state;
    assert_ok(add(&stranger, "file-2", SHA_A, 5, 0), &err);
    assert_ok(file_delete(db, &me, SLICE("file-1"), &err), &err);
    expect_loose("");
    expect_named(SHA_A, true);
    assert_ok(file_delete(db, &stranger, SLICE("file-2"), &err), &err);
    expect_named(SHA_A, false);
    expect_loose("A");
    expect_loose("");
    assert_true(db_exec(db,
                        "INSERT INTO upload_parts(" OWNER_NAMES ", id, upload_id, sha256, bytes, "
                        "created_at) VALUES (?1, ?2, ?3, ?4, 'part_1', 'upload_1', ?5, 7, 0)",
                        DB_ARGS(OWNER_ARGS(&me), DB_TEXT(SLICE(SHA_B))), &err) == 1);
    expect_named(SHA_B, true);
}

static void test_a_file_ends(void **state)
{
    (void)state;
    struct file_row row;
    assert_ok(add(&me, "file-3", SHA_A, 1, 1010), &err);
    assert_ok(add(&me, "file-4", SHA_B, 1, 1020), &err);
    assert_ok(add(&me, "file-5", SHA_B, 1, 1010), &err);
    now = 1009;
    assert_ok(file_find(&row, db, &me, SLICE("file-3"), &arena, &err), &err);
    assert_int_equal(row.expires_at, 1010);
    assert_ok(files_expire(db, now, &err), &err);
    expect_named(SHA_A, true);
    now = 1010;
    assert_fails(file_find(&row, db, &me, SLICE("file-3"), &arena, &err), ERR_NOT_FOUND, &err, "");
    assert_fails(file_delete(db, &me, SLICE("file-3"), &err), ERR_NOT_FOUND, &err, "file-3");
    assert_ok(file_find(&row, db, &me, SLICE("file-4"), &arena, &err), &err);
    assert_ok(files_expire(db, now, &err), &err);
    expect_loose("A"); /* Of B there is still file-4. */
    assert_ok(files_expire(db, now, &err), &err);
    expect_loose("");
}

static void test_the_quota_counts_files_and_parts_of_the_project(void **state)
{
    (void)state;
    /* Of mine there are file-4 with 1 byte and a part with 7. */
    assert_ok(add(&neighbour, "file-6", SHA_A, 1000, 0), &err);
    assert_ok(file_check_quota(db, &me, 12, 20, &err), &err);
    assert_fails(file_check_quota(db, &me, 13, 20, &err), ERR_LIMIT, &err, "have 8 bytes");
    assert_fails(file_check_quota(db, &me, 0, 7, &err), ERR_LIMIT, &err, "over 7");
    assert_fails(file_check_quota(db, &me, UINT64_MAX, 20, &err), ERR_LIMIT, &err, "");
    assert_ok(file_check_quota(db, &me, UINT64_MAX, 0, &err), &err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_file_is_found_by_its_project_alone),
        cmocka_unit_test(test_a_blob_is_named_until_its_last_row_goes),
        cmocka_unit_test(test_a_file_ends),
        cmocka_unit_test(test_the_quota_counts_files_and_parts_of_the_project),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

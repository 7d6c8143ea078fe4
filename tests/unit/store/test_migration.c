/* From an old schema to a new one: rows stay, a copy of before lies beside, and what cannot be done
 * changes nothing. */
#include "fault/disk.h"
#include "fault/power_cut.h"
#include "store/migration.h"

#include <stdio.h>

#include "unit/test.h"

static const char url[] = "sqlite:/sim/tiro.db";
static const char backup_url[] = "sqlite:/sim/tiro.db.schema-1.backup";

static const struct migration notes = { 1, "CREATE TABLE notes (seq SERIAL_KEY, body BYTES);" };
static const struct migration titles = {
    2, "ALTER TABLE notes ADD COLUMN title TEXT; UPDATE notes SET title = 'none';"
};
static const struct migration wrong = { 2,
                                        "UPDATE notes SET body = NULL; UPDATE nowhere SET x = 1;" };
static const struct migration *const old_steps[] = { &notes };
static const struct migration *const new_steps[] = { &notes, &titles };
static const struct migration *const wrong_steps[] = { &notes, &wrong };

static int opens(struct db **db, const char *at, const struct migration *const *steps, size_t n,
                 struct err *err)
{
    return db_open_to(db, at, steps, n, err);
}

static int64_t number(struct db *db, const char *sql)
{
    struct err err = { 0 };
    int64_t n;
    assert_ok(db_one_int(&n, -1, db, sql, DB_NO_ARGS, &err), &err);
    return n;
}

/* A database of the old schema with two rows. */
static void old_database(void)
{
    struct err err = { 0 };
    struct db *db;
    assert_ok(opens(&db, url, old_steps, 1, &err), &err);
    assert_ok(db_exec(db, "INSERT INTO notes(body) VALUES (?1), (?2)",
                      DB_ARGS(DB_BYTES(SLICE("one")), DB_BYTES(SLICE("two"))), &err),
              &err);
    db_close(db);
}

static void an_upgrade_keeps_rows_and_a_backup(void **state)
{
    struct err err = { 0 };
    struct db *db;
    (void)state;
    disk_begin(NULL);
    old_database();
    assert_ok(opens(&db, url, new_steps, 2, &err), &err);
    assert_int_equal(number(db, "SELECT count(*) FROM notes WHERE title = 'none'"), 2);
    assert_int_equal(number(db, "SELECT number FROM schema_version"), 2);
    db_close(db);
    assert_null(disk_find(&disk.now, "/sim/tiro.db.schema-1.backup.part"));
    assert_ok(opens(&db, backup_url, old_steps, 1, &err), &err);
    assert_int_equal(number(db, "SELECT count(*) FROM notes"), 2);
    db_close(db);
    assert_true(disk_end());
}

/* The first schema is no upgrade. */
static void a_new_database_has_no_backup(void **state)
{
    struct err err = { 0 };
    struct db *db;
    (void)state;
    disk_begin(NULL);
    assert_ok(opens(&db, url, new_steps, 2, &err), &err);
    db_close(db);
    assert_non_null(disk_find(&disk.now, "/sim/tiro.db"));
    assert_null(disk_find(&disk.now, "/sim/tiro.db.schema-1.backup"));
    assert_null(disk_find(&disk.now, "/sim/tiro.db-wal"));
    assert_true(disk_end());
}

/* The bytes of the database before and after. */
static void assert_unchanged(const struct disk_bytes *before)
{
    const struct disk_bytes *now = &disk.now.files[disk_find(&disk.now, "/sim/tiro.db")->file];
    assert_int_equal(now->len, before->len);
    assert_memory_equal(now->ptr, before->ptr, before->len);
}

static void keep(struct disk_bytes *to)
{
    const struct disk_bytes *now = &disk.now.files[disk_find(&disk.now, "/sim/tiro.db")->file];
    *to = (struct disk_bytes){ 0 };
    disk_put(to, 0, now->ptr, now->len);
}

static void a_newer_database_is_refused(void **state)
{
    struct err err = { 0 };
    struct db *db;
    struct disk_bytes before;
    (void)state;
    disk_begin(NULL);
    assert_ok(opens(&db, url, new_steps, 2, &err), &err);
    db_close(db);
    keep(&before);
    assert_fails(opens(&db, url, old_steps, 1, &err), ERR_UNSUPPORTED_FORMAT, &err,
                 "of a newer Tiro (its schema is 2, this program's is 1)");
    assert_unchanged(&before);
    free(before.ptr);
    assert_true(disk_end());
}

static void a_failing_step_leaves_the_old_schema(void **state)
{
    struct err err = { 0 };
    struct db *db;
    (void)state;
    disk_begin(NULL);
    old_database();
    assert_fails(opens(&db, url, wrong_steps, 2, &err), ERR_IO, &err,
                 "step 2 of the database's schema");
    assert_ok(opens(&db, url, old_steps, 1, &err), &err);
    assert_int_equal(number(db, "SELECT count(*) FROM notes WHERE body IS NOT NULL"), 2);
    db_close(db);
    assert_true(disk_end());
}

/* No room for the backup: nothing is upgraded, and no part of one stays. */
static void without_room_there_is_no_upgrade(void **state)
{
    struct err err = { 0 };
    struct db *db;
    (void)state;
    disk_begin(NULL);
    old_database();
    disk.room = disk_used() + (36 << 10); /* The log's index takes 32 KiB of it. */
    assert_fails(opens(&db, url, new_steps, 2, &err), ERR_NO_SPACE, &err,
                 "the backup before the upgrade");
    assert_null(disk_find(&disk.now, "/sim/tiro.db.schema-1.backup.part"));
    assert_null(disk_find(&disk.now, "/sim/tiro.db.schema-1.backup"));
    disk.room = 0;
    assert_ok(opens(&db, url, old_steps, 1, &err), &err);
    db_close(db);
    assert_true(disk_end());
}

/* At every operation of an upgrade: before it or after it, rows are whole, and a database of the
 * new schema has its backup. */
static void the_power_goes_in_an_upgrade(void **state)
{
    static struct power_cut cut;
    struct disk_image start, after;
    struct err err = { 0 };
    struct db *db;
    (void)state;
    disk_begin(NULL);
    old_database();
    disk_image_copy(&start, &disk.now);
    assert_true(disk_end());
    disk_begin(&start);
    assert_ok(opens(&db, url, new_steps, 2, &err), &err);
    db_close(db);
    struct disk_op *ops = disk.ops;
    size_t n_ops = disk.n_ops, n_old = 0, n_new = 0;
    disk.ops = NULL;
    disk.n_ops = 0;
    assert_true(disk_end());
    power_cut_begin(&cut, &start);
    for (size_t k = 0; k <= n_ops; k++) {
        power_cut_to(&cut, ops, k);
        for (int mode = POWER_CUT_NOTHING; mode <= POWER_CUT_TORN; mode++) {
            power_cut_image(&after, &cut, ops, mode, k);
            disk_begin(&after);
            bool is_new = opens(&db, url, old_steps, 1, &err) < 0;
            if (is_new) {
                assert_int_equal(err.code, ERR_UNSUPPORTED_FORMAT);
                assert_ok(opens(&db, url, new_steps, 2, &err), &err);
            }
            assert_int_equal(number(db, "SELECT count(*) FROM notes WHERE body IS NOT NULL"), 2);
            db_close(db);
            if (is_new) {
                assert_ok(opens(&db, backup_url, old_steps, 1, &err), &err);
                assert_int_equal(number(db, "SELECT count(*) FROM notes"), 2);
                db_close(db);
            }
            *(is_new ? &n_new : &n_old) += 1;
            assert_true(disk_end());
            disk_image_release(&after);
        }
    }
    power_cut_end(&cut);
    disk_image_release(&start);
    disk_forget(ops, n_ops);
    assert_true(n_old > 0 && n_new > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_upgrade_keeps_rows_and_a_backup),
        cmocka_unit_test(a_new_database_has_no_backup),
        cmocka_unit_test(a_newer_database_is_refused),
        cmocka_unit_test(a_failing_step_leaves_the_old_schema),
        cmocka_unit_test(without_room_there_is_no_upgrade),
        cmocka_unit_test(the_power_goes_in_an_upgrade),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* A real file beside other programs: SQLite's own layer reads it while we write, and keeps us out
 * while it writes; a second server is refused; nobody else may read what people wrote. */
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/seam.h"

#include "unit/test.h"

static char dir[] = "/tmp/tiro-sqlite-file-XXXXXX", path[64], link_path[64], url[80], link_url[80];

static int make_dir(void **state)
{
    (void)state;
    memcpy(dir + strlen(dir) - 6, "XXXXXX", 6);
    if (!mkdtemp(dir)) return -1;
    (void)snprintf(path, sizeof path, "%s/a.db", dir);
    (void)snprintf(link_path, sizeof link_path, "%s/b.db", dir);
    (void)snprintf(url, sizeof url, "sqlite:%s", path);
    (void)snprintf(link_url, sizeof link_url, "sqlite:%s", link_path);
    return 0;
}

static int remove_dir(void **state)
{
    char command[80];
    (void)state;
    seams = seams_real;
    (void)snprintf(command, sizeof command, "rm -r %s", dir);
    return system(command);
}

static struct db *opened(const char *at)
{
    struct db *db;
    struct err err = { 0 };
    assert_ok(db_open(&db, at, &err), &err);
    return db;
}

static void run(struct db *db, const char *sql)
{
    struct err err = { 0 };
    assert_ok(db_exec(db, sql, DB_NO_ARGS, &err), &err);
}

/* Another program, with the layer that SQLite brings along. */
static sqlite3 *other(void)
{
    sqlite3 *handle;
    assert_int_equal(sqlite3_open_v2(path, &handle, SQLITE_OPEN_READWRITE, "unix"), SQLITE_OK);
    return handle;
}

static int first_column(void *ret, int n, char **values, char **names)
{
    (void)names;
    if (n > 0 && values[0]) *(int *)ret = (int)strtol(values[0], NULL, 10);
    return 0;
}

static int asked(sqlite3 *handle, const char *sql)
{
    int n = -1;
    assert_int_equal(sqlite3_exec(handle, sql, first_column, &n, NULL), SQLITE_OK);
    return n;
}

static void others_read_while_we_write(void **state)
{
    struct db *db = opened(url);
    (void)state;
    run(db, "CREATE TABLE n (i BIGINT)");
    sqlite3 *reader = other();
    for (int i = 1; i <= 50; i++) {
        run(db, "INSERT INTO n VALUES (1)");
        assert_int_equal(asked(reader, "SELECT count(*) FROM n"), i);
    }
    assert_int_equal(sqlite3_close(reader), SQLITE_OK);
    run(db, "INSERT INTO n VALUES (1)");
    reader = other();
    assert_int_equal(asked(reader, "SELECT count(*) FROM n"), 51);
    db_close(db); /* The other one has it still: the log stays, */
    assert_int_equal(asked(reader, "SELECT count(*) FROM n"), 51);
    assert_int_equal(sqlite3_close(reader), SQLITE_OK);
    db = opened(url); /* and whoever is last puts it in its place. */
    struct err err = { 0 };
    int64_t n;
    assert_ok(db_one_int(&n, -1, db, "SELECT count(*) FROM n", DB_NO_ARGS, &err), &err);
    assert_int_equal(n, 51);
    db_close(db);
}

/* It waits for a second, then says so; nothing is broken by it. */
static void others_keep_us_from_writing(void **state)
{
    struct db *db = opened(url);
    struct err err = { 0 };
    (void)state;
    run(db, "CREATE TABLE n (i BIGINT)");
    sqlite3 *writer = other();
    assert_int_equal(
        sqlite3_exec(writer, "BEGIN IMMEDIATE; INSERT INTO n VALUES (1)", NULL, NULL, NULL),
        SQLITE_OK);
    assert_fails(db_exec(db, "INSERT INTO n VALUES (2)", DB_NO_ARGS, &err), ERR_BUSY, &err,
                 "locked");
    assert_false(db_is_broken(db));
    assert_int_equal(sqlite3_exec(writer, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    run(db, "INSERT INTO n VALUES (2)");
    assert_int_equal(asked(writer, "SELECT sum(i) FROM n"), 3);
    assert_int_equal(sqlite3_close(writer), SQLITE_OK);
    db_close(db);
}

/* One who reads for long keeps the log from being emptied, which is said and made up for. */
static void a_long_reader(void **state)
{
    struct db *db = opened(url);
    struct err err = { 0 };
    (void)state;
    run(db, "CREATE TABLE n (i BIGINT)");
    sqlite3 *reader = other();
    assert_int_equal(sqlite3_exec(reader, "BEGIN; SELECT * FROM n", NULL, NULL, NULL), SQLITE_OK);
    run(db, "INSERT INTO n VALUES (1)");
    assert_fails(db_erase(db, &err), ERR_BUSY, &err, "empty its log");
    assert_false(db_is_broken(db));
    assert_int_equal(sqlite3_exec(reader, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    assert_ok(db_erase(db, &err), &err);
    assert_int_equal(sqlite3_close(reader), SQLITE_OK);
    db_close(db);
}

static void one_server_at_a_time(void **state)
{
    struct db *first = opened(url), *second;
    struct db_report report;
    struct err err = { 0 };
    (void)state;
    assert_int_equal(symlink(path, link_path), 0);
    assert_fails(db_open(&second, url, &err), ERR_BUSY, &err, "another Tiro server");
    assert_fails(db_open(&second, link_url, &err), ERR_BUSY, &err, "another Tiro server");
    assert_ok(db_examine(&report, url, &err), &err);
    assert_true(report.exists && report.in_use && report.schema > 0 && report.bytes > 0);
    db_close(first);
    db_close(opened(link_url));
    assert_ok(db_examine(&report, url, &err), &err);
    assert_false(report.in_use);
}

static void only_its_owner_may_read(void **state)
{
    static const char *const suffixes[] = { "", "-wal", "-shm" };
    struct db *db = opened(url);
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        char name[80];
        struct stat st;
        (void)snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
        assert_int_equal(stat(name, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
    }
    db_close(db);
}

/* ---- What cannot be opened ---- */

static void put(const void *bytes, size_t len)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static size_t taken(char *bytes, size_t size)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t n = fread(bytes, 1, size, file);
    assert_int_equal(fclose(file), 0);
    return n;
}

/* Refused in these words, and not a byte is changed. */
static void assert_refused(const char *words)
{
    static char before[1 << 20], after[1 << 20];
    struct db *db;
    struct err err = { 0 };
    size_t n = taken(before, sizeof before);
    assert_fails(db_open(&db, url, &err), ERR_FORMAT, &err, words);
    assert_non_null(strstr(err.text, path));
    assert_int_equal(taken(after, sizeof after), n);
    assert_memory_equal(before, after, n);
}

static void what_is_no_database(void **state)
{
    (void)state;
    put("This is a letter, not a database; it is long enough to be one.", 62);
    assert_refused("file is not a database");
}

static void a_database_of_another_program(void **state)
{
    sqlite3 *handle;
    (void)state;
    assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
    assert_int_equal(sqlite3_exec(handle, "CREATE TABLE theirs (i)", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(handle), SQLITE_OK);
    assert_refused("a database of another program");
}

/* What someone put into the file to be run is not run. */
static void a_trigger_in_the_file(void **state)
{
    (void)state;
    struct db *db = opened(url);
    run(db, "CREATE TABLE n (i BIGINT)");
    db_close(db);
    sqlite3 *handle = other();
    assert_int_equal(sqlite3_exec(handle,
                                  "CREATE TRIGGER t AFTER INSERT ON n BEGIN DELETE FROM n; END",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_close(handle), SQLITE_OK);
    assert_refused("triggers or views");
}

/* Garbage in the middle of any page, the first included. */
static void a_damaged_database(void **state)
{
    static char whole[1 << 20];
    (void)state;
    struct db *db = opened(url);
    run(db, "CREATE TABLE n (text TEXT)");
    for (int i = 0; i < 50; i++) run(db, "INSERT INTO n VALUES (hex(zeroblob(300)))");
    db_close(db);
    size_t len = taken(whole, sizeof whole);
    assert_true(len > 10 * 4096);
    for (size_t page = 0; page < len / 4096; page++) {
        char damaged[sizeof whole];
        memcpy(damaged, whole, len);
        memset(damaged + page * 4096 + (page ? 0 : 100), 0xa5, 64);
        put(damaged, len);
        struct err err = { 0 };
        int rc = db_open(&db, url, &err);
        if (rc == 0) fail_msg("page %zu is damaged, and nobody noticed", page + 1);
        assert_int_equal(err.code, ERR_FORMAT);
    }
}

static int no_open(const char *name, int flags, mode_t mode)
{
    if ((flags & O_ACCMODE) == O_RDONLY || !strstr(name, "a.db"))
        return seams_real.open(name, flags, mode);
    errno = EACCES;
    return -1;
}

static void a_database_that_may_not_be_written(void **state)
{
    struct db *db;
    struct err err = { 0 };
    (void)state;
    db_close(opened(url));
    seams.open = no_open;
    assert_fails(db_open(&db, url, &err), ERR_IO, &err, "Permission denied");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(others_read_while_we_write, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(others_keep_us_from_writing, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(a_long_reader, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(one_server_at_a_time, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(only_its_owner_may_read, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(what_is_no_database, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(a_database_of_another_program, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(a_trigger_in_the_file, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(a_damaged_database, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(a_database_that_may_not_be_written, make_dir, remove_dir),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

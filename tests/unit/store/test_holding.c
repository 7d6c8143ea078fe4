/* Who leaves leaves nothing: a row of two people in every table that has an owner, whatever tables
 * there are, and all of one's are gone while the other's stay. And what is taken along. */
#include "unit/store/backend.h"

#include "base/buf.h"
#include "base/json.h"
#include "store/holding.h"
#include "store/migration.h"
#include "store/people_table.h"

#include <fcntl.h>

enum { TABLES_MAX = 64, SQL_MAX = 8192 };

static const struct principal ann = { SLICE("t"), SLICE("ann"), SLICE("ann"), SLICE("k") };
static const struct principal bob = { SLICE("t"), SLICE("bob"), SLICE("bob"), SLICE("k") };
static struct db *db;
static struct err err;
static char tables[TABLES_MAX][64];
static size_t n_tables;

/* The account itself is no holding: its row goes last; a link is its maker's until it is used. */
static bool is_account(const char *table)
{
    return strcmp(table, "people") == 0 || strcmp(table, "people_links") == 0;
}

/* INSERT of a row with something in every column, out of "CREATE TABLE name (a TEXT ...)". */
static void insert(const char *table, struct slice columns, const struct principal *owner)
{
    char sql[SQL_MAX];
    struct buf names, values;
    struct db_value args[64];
    size_t n = 0;
    static char texts[64][64];
    buf_init(&names, SQL_MAX);
    buf_init(&values, SQL_MAX);
    while (columns.len) {
        size_t end = 0, depth = 0;
        for (; end < columns.len && (depth > 0 || columns.ptr[end] != ','); end++)
            depth += columns.ptr[end] == '(' ? 1 : columns.ptr[end] == ')' ? (size_t)-1 : 0;
        struct slice column = slice_trim((struct slice){ columns.ptr, end });
        size_t step = end < columns.len ? end + 1 : end;
        columns = (struct slice){ columns.ptr + step, columns.len - step };
        size_t len = slice_find(column, SLICE(" "));
        struct slice name = { column.ptr, len };
        struct slice type = slice_trim((struct slice){ column.ptr + len, column.len - len });
        if (slice_starts(type, SLICE("SERIAL_KEY")) || slice_starts(name, SLICE("UNIQUE")) ||
            slice_starts(name, SLICE("PRIMARY")) || slice_starts(name, SLICE("FOREIGN")))
            continue;
        /* Text that is JSON, too. */
        (void)snprintf(texts[n], sizeof texts[n], "\"%.*s-%zu\"", SLICE_FMT(owner->project), n);
        if (slice_is(name, "tenant_id"))
            args[n] = DB_TEXT(owner->tenant);
        else if (slice_is(name, "project_id"))
            args[n] = DB_TEXT(owner->project);
        else if (slice_is(name, "status") && slice_starts(type, SLICE("BIGINT")))
            args[n] = DB_INT(4); /* A batch that is over. */
        else if (slice_is(name, "store_seq"))
            args[n] = DB_INT(owner == &ann ? 1 : 2); /* Of the vector store made before. */
        else if (slice_starts(type, SLICE("BIGINT")))
            args[n] = DB_INT(1);
        else if (slice_starts(type, SLICE("BYTES")))
            args[n] = DB_BYTES(slice_of(texts[n]));
        else if (slice_starts(type, SLICE("TEXT")))
            args[n] = DB_TEXT(slice_of(texts[n]));
        else
            args[n] = DB_REAL(0.5);
        buf_printf(&names, "%s%.*s", n ? ", " : "", SLICE_FMT(name));
        buf_printf(&values, "%s?%zu", n ? ", " : "", n + 1);
        n++;
    }
    (void)snprintf(sql, sizeof sql, "INSERT INTO %s(%s) VALUES (%s)", table, buf_str(&names),
                   buf_str(&values));
    if (db_exec(db, sql, args, n, &err) < 0) fail_msg("%s: %s", sql, err.text);
    buf_release(&names);
    buf_release(&values);
}

/* Every table of the migrations that has an owner, with a row of each of the two. */
static void fill(void)
{
    n_tables = 0;
    for (size_t i = 0; i < migration_registry_len; i++) {
        struct slice sql = slice_of(migration_registry[i]->sql);
        static const struct slice create = { "CREATE TABLE ", 13 };
        for (size_t at; (at = slice_find(sql, create)) < sql.len;) {
            sql = (struct slice){ sql.ptr + at + create.len, sql.len - at - create.len };
            struct slice whole = { sql.ptr, slice_find(sql, SLICE(";")) };
            size_t open = slice_find(whole, SLICE("("));
            if (slice_find(whole, SLICE("tenant_id")) == whole.len) continue;
            assert_true(n_tables < TABLES_MAX);
            (void)snprintf(tables[n_tables], sizeof tables[0], "%.*s",
                           (int)slice_trim((struct slice){ whole.ptr, open }).len, whole.ptr);
            struct slice columns = { whole.ptr + open + 1, whole.len - open - 2 };
            insert(tables[n_tables], columns, &ann);
            insert(tables[n_tables], columns, &bob);
            n_tables++;
        }
    }
    assert_true(n_tables >= 15);
}

static int64_t rows_of(const char *table, const struct principal *owner)
{
    char sql[200];
    int64_t n;
    (void)snprintf(sql, sizeof sql, "SELECT COUNT(*) FROM %s WHERE " OWNED_BY("?1", "?2"), table);
    assert_ok(db_one_int(&n, -1, db, sql, DB_ARGS(OWNED_ARGS(owner)), &err), &err);
    return n;
}

static void test_all_of_one_goes(void **state)
{
    (void)state;
    int64_t open;
    assert_ok(db_open(&db, backend_url, &err), &err);
    assert_ok(db_begin(db, &err), &err);
    fill();
    for (size_t i = 0; i < n_tables; i++) assert_int_equal(rows_of(tables[i], &ann), 1);
    assert_ok(holdings_erase(&open, db, &ann, &err), &err);
    assert_int_equal(open, 0);
    for (size_t i = 0; i < n_tables; i++) {
        if (!is_account(tables[i]) && rows_of(tables[i], &ann) != 0)
            fail_msg("a row in %s is left: write src/store/holding/%s.c", tables[i], tables[i]);
        assert_int_equal(rows_of(tables[i], &bob), 1);
    }
    db_rollback(db);
    db_close(db);
}

/* One that is at work is cancelled, and stays until it has ended. */
static void test_open_batches(void **state)
{
    (void)state;
    int64_t open, status;
    assert_ok(db_open(&db, backend_url, &err), &err);
    assert_ok(db_begin(db, &err), &err);
    fill();
    assert_true(db_exec(db, "UPDATE batches SET status = 2", DB_NO_ARGS, &err) == 2);
    assert_ok(holdings_erase(&open, db, &ann, &err), &err);
    assert_int_equal(open, 1);
    assert_ok(db_one_int(&status, 0, db, "SELECT status FROM batches WHERE project_id = 'ann'",
                         DB_NO_ARGS, &err),
              &err);
    assert_int_equal(status, 6);
    assert_ok(db_one_int(&status, 0, db, "SELECT status FROM batches WHERE project_id = 'bob'",
                         DB_NO_ARGS, &err),
              &err);
    assert_int_equal(status, 2);
    assert_true(db_exec(db, "UPDATE batches SET status = 7", DB_NO_ARGS, &err) == 2);
    assert_ok(holdings_erase(&open, db, &ann, &err), &err);
    assert_int_equal(open, 0);
    db_rollback(db);
    db_close(db);
}

static void test_export(void **state)
{
    (void)state;
    json_t *root;
    char *text, path[] = "/tmp/tiro-export-XXXXXX";
    size_t len;
    static const struct json_limits limits = { 1 << 20, 64, 100000 };
    assert_ok(db_open(&db, backend_url, &err), &err);
    assert_ok(db_begin(db, &err), &err);
    fill();
    assert_true(db_exec(db, "UPDATE completions SET open_body = '{\"a\":1'", DB_NO_ARGS, &err) ==
                2);
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_ok(holdings_write(fd, db, &ann, &err), &err);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    assert_ok(holdings_write(fd, db, &ann, &err), &err); /* Once more: in its place. */
    assert_ok(file_read_all(&text, &len, path, 1 << 20, &err), &err);
    assert_ok(json_read(&root, (struct slice){ text, len }, &limits, "the export", &err), &err);
    for (size_t i = 0; i < holding_registry_len; i++) {
        const struct holding *h = holding_registry[i];
        if (!h->select) continue;
        const json_t *rows = json_object_get(root, h->name);
        size_t n = strcmp(h->name, "sign_ins") == 0 ? 2 : 1;
        if (json_array_size(rows) != n) fail_msg("%s has not %zu", h->name, n);
    }
    assert_true(slice_find((struct slice){ text, len }, SLICE("bob")) == len);
    json_decref(root);
    mem_free(text);
    (void)close(fd);
    (void)unlink(path);
    db_rollback(db);
    db_close(db);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        BACKEND_TEST(test_all_of_one_goes),
        BACKEND_TEST(test_open_batches),
        BACKEND_TEST(test_export),
    };
    return backend_run(tests, sizeof tests / sizeof *tests);
}

/* backend - the same tests on every database that stands behind store/db.h.
 *
 *     static const struct CMUnitTest tests[] = { BACKEND_TEST(test_rows), ... };
 *     return backend_run(tests, sizeof tests / sizeof *tests);
 *
 * Each test gets an empty database at backend_url: a file of SQLite's, or a schema of its own in
 * the PostgreSQL whose URL is TIRO_TEST_POSTGRES (tools/postgres.sh starts one, as tools/test.sh
 * does; without it those tests are skipped). For one test program: its state is its own.
 */
#ifndef TIRO_TESTS_STORE_BACKEND_H
#define TIRO_TESTS_STORE_BACKEND_H

#include "unit/test.h"

#include "base/seam.h"
#include "store/db.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char backend_dir[64], backend_schema[64], backend_url[600];
static bool backend_is_postgres;

/* A statement past Tiro's back-end. */
__attribute__((unused)) static void backend_aside(const char *sql)
{
    PGconn *pg = PQconnectdb(getenv("TIRO_TEST_POSTGRES"));
    (void)PQsetErrorVerbosity(pg, PQERRORS_TERSE);
    PQclear(PQexec(pg, "SET client_min_messages = warning"));
    PGresult *result = PQexec(pg, sql);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        fail_msg("%s: %s", sql, PQerrorMessage(pg));
    PQclear(result);
    PQfinish(pg);
}

static int backend_setup_postgres(void)
{
    static int n;
    char sql[128];
    const char *server = getenv("TIRO_TEST_POSTGRES");
    if (!server) return 0;
    (void)snprintf(backend_schema, sizeof backend_schema, "t_%d_%d", (int)getpid(), ++n);
    (void)snprintf(sql, sizeof sql, "CREATE SCHEMA %s", backend_schema);
    backend_aside(sql);
    (void)snprintf(backend_url, sizeof backend_url,
                   "%s&options=-csearch_path%%3D%s&application_name=%s", server, backend_schema,
                   backend_schema);
    return 0;
}

static int backend_setup(void **state)
{
    (void)state;
    if (backend_is_postgres) return backend_setup_postgres();
    (void)snprintf(backend_dir, sizeof backend_dir, "/tmp/tiro-backend-XXXXXX");
    if (!mkdtemp(backend_dir)) return -1;
    (void)snprintf(backend_url, sizeof backend_url, "sqlite:%s/a.db", backend_dir);
    return 0;
}

static int backend_teardown(void **state)
{
    (void)state;
    char text[256];
    seams = seams_real;
    if (backend_is_postgres) {
        (void)snprintf(text, sizeof text, "DROP SCHEMA %s CASCADE", backend_schema);
        if (getenv("TIRO_TEST_POSTGRES")) backend_aside(text);
        return 0;
    }
    (void)snprintf(text, sizeof text, "rm -r %s", backend_dir);
    return system(text);
}

static void backend_skip(void **state)
{
    (void)state;
    puts("no TIRO_TEST_POSTGRES: see tools/postgres.sh");
    skip();
}

#define BACKEND_TEST(f) cmocka_unit_test_setup_teardown(f, backend_setup, backend_teardown)

__attribute__((unused)) static int backend_run_postgres(const struct CMUnitTest *tests, size_t n)
{
    static const struct CMUnitTest none[] = { cmocka_unit_test(backend_skip) };
    backend_is_postgres = true;
    if (!getenv("TIRO_TEST_POSTGRES"))
        return _cmocka_run_group_tests("postgres", none, 1, NULL, NULL);
    return _cmocka_run_group_tests("postgres", tests, n, NULL, NULL);
}

__attribute__((unused)) static int backend_run(const struct CMUnitTest *tests, size_t n)
{
    backend_is_postgres = false;
    int rc = _cmocka_run_group_tests("sqlite", tests, n, NULL, NULL);
    return rc + backend_run_postgres(tests, n);
}

#endif

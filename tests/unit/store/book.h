/* book - jobs as the server has them, in small, and the proof that each happened once or
 * not at all.
 *
 * Job `n` leaves a mark with its number; what else it does follows from the number. A check reads
 * everything and holds it against the marks, and these against what was acknowledged.
 */
#ifndef TIRO_TESTS_STORE_BOOK_H
#define TIRO_TESTS_STORE_BOOK_H

#include "store/ledger.h"
#include "store/store.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "unit/test.h"

enum { BOOK_MAX = 512, BOOK_BODY_MAX = 9000 };

enum book_kind { BOOK_SETUP, BOOK_APPEND, BOOK_DELETE, BOOK_COUNT, BOOK_LEDGER, BOOK_BAD };

static const struct principal book_owner = {
    .tenant = { "t", 1 }, .project = { "p", 1 }, .user = { "u", 1 }, .key = { "k", 1 }
};

static inline enum book_kind book_kind_of(int n)
{
    static const enum book_kind kinds[] = { BOOK_APPEND, BOOK_COUNT,  BOOK_APPEND, BOOK_LEDGER,
                                            BOOK_LEDGER, BOOK_DELETE, BOOK_COUNT,  BOOK_BAD };
    return n == 0 ? BOOK_SETUP : kinds[n % 8];
}

/* Of an item that job n appends; some fill several pages. */
static inline size_t book_body_len(int n)
{
    return n % 16 == 2 ? (size_t)BOOK_BODY_MAX : 100 + (size_t)n * 37 % 900;
}

static inline int book_append(struct db *db, int n, struct err *err)
{
    char id[32], body[BOOK_BODY_MAX];
    (void)snprintf(id, sizeof id, "item-%d", n);
    memset(body, 'a' + n % 26, sizeof body);
    return db_exec(db,
                   "INSERT INTO items(list_id, part, id, " OWNER_NAMES ", type, body) "
                   "VALUES ('conv_1', 0, ?1, ?2, ?3, ?4, ?5, 'message', ?6)",
                   DB_ARGS(DB_TEXT(slice_of(id)), OWNER_ARGS(&book_owner),
                           DB_TEXT(((struct slice){ body, book_body_len(n) }))),
                   err);
}

/* The first of two jobs with the same id counts. */
static inline int book_ledger(struct db *db, int n, struct err *err)
{
    char id[32];
    (void)snprintf(id, sizeof id, "req-%d", n / 8);
    struct ledger_row row = { .id = slice_of(id),
                              .endpoint = SLICE("/v1/x"),
                              .model = SLICE("m"),
                              .status = 200,
                              .prompt_tokens = 3 };
    return ledger_add(db, &book_owner, &row, err);
}

static inline int book_effect(struct db *db, int n, struct err *err)
{
    char id[32];
    switch (book_kind_of(n)) {
    case BOOK_SETUP:
        TRY(db_exec(db, "CREATE TABLE IF NOT EXISTS marks (job BIGINT NOT NULL)", DB_NO_ARGS, err));
        TRY(db_exec(db, "CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, n BIGINT)",
                    DB_NO_ARGS, err));
        return db_exec(db, "INSERT INTO counters VALUES ('c', 0) ON CONFLICT DO NOTHING",
                       DB_NO_ARGS, err);
    case BOOK_APPEND: return book_append(db, n, err);
    case BOOK_DELETE: /* What the job five before has appended, or the one three before. */
        (void)snprintf(id, sizeof id, "item-%d", n % 16 == 5 ? n - 5 : n - 3);
        return db_exec(db, "DELETE FROM items WHERE id = ?1", DB_ARGS(DB_TEXT(slice_of(id))), err);
    case BOOK_BAD:
    case BOOK_COUNT:
        return db_exec(db, "UPDATE counters SET n = n + 1 WHERE name = 'c'", DB_NO_ARGS, err);
    case BOOK_LEDGER: return book_ledger(db, n, err);
    }
    return 0;
}

/* What the job does in its transaction. */
static inline int book_run(struct db *db, int n, struct err *err)
{
    TRY(book_effect(db, n, err));
    TRY(db_exec(db, "INSERT INTO marks VALUES (?1)", DB_ARGS(DB_INT(n)), err));
    return book_kind_of(n) == BOOK_BAD ? err_set(err, ERR_INVALID_VALUE, "changed its mind") : 0;
}

/* ---- The check ---- */

struct book_found {
    bool mark[BOOK_MAX], item[BOOK_MAX], ledger[BOOK_MAX];
    int64_t count;
};

/* Each row's first column is `prefix` and a number, or a number; none comes twice. */
static inline void book_read(bool *found, struct db *db, const char *sql, const char *prefix)
{
    struct db_rows rows;
    struct err err = { 0 };
    int rc;
    assert_ok(db_query(&rows, db, sql, DB_NO_ARGS, &err), &err);
    while ((rc = db_next(&rows, &err)) > 0) {
        struct slice text = db_text(&rows, 0);
        int64_t n;
        assert_true(slice_starts(text, slice_of(prefix)));
        text = (struct slice){ text.ptr + strlen(prefix), text.len - strlen(prefix) };
        assert_true(slice_to_i64(&n, text) && n >= 0 && n < BOOK_MAX);
        if (found[n]) fail_msg("%s%" PRId64 " is there twice", prefix, n);
        found[n] = true;
    }
    assert_ok(rc, &err);
}

static inline void book_whole(struct db *db)
{
    struct db_rows rows;
    struct err err = { 0 };
    assert_ok(db_query(&rows, db, "PRAGMA integrity_check", DB_NO_ARGS, &err), &err);
    assert_int_equal(db_next(&rows, &err), 1);
    if (!slice_is(db_text(&rows, 0), "ok"))
        fail_msg("integrity_check: %.*s", (int)db_text(&rows, 0).len, db_text(&rows, 0).ptr);
    db_rows_close(&rows);
}

static inline bool book_find(struct book_found *f, struct db *db)
{
    struct err err = { 0 };
    int64_t n;
    *f = (struct book_found){ 0 };
    book_whole(db);
    assert_ok(db_one_int(&n, 0, db, "SELECT count(*) FROM sqlite_schema WHERE name = 'marks'",
                         DB_NO_ARGS, &err),
              &err);
    if (n == 0) return false;
    book_read(f->mark, db, "SELECT job FROM marks", "");
    book_read(f->item, db, "SELECT id FROM items", "item-");
    book_read(f->ledger, db, "SELECT id FROM ledger", "req-");
    assert_ok(db_one_int(&f->count, -1, db, "SELECT n FROM counters", DB_NO_ARGS, &err), &err);
    assert_ok(db_one_int(&n, 0, db,
                         "SELECT count(*) FROM items WHERE body <> replace(hex(zeroblob("
                         "length(body))), '00', substr(body, 1, 1)) OR length(body) < 100",
                         DB_NO_ARGS, &err),
              &err);
    assert_int_equal(n, 0); /* Each body is one letter, to its end. */
    return true;
}

/* Of `n` jobs, `acked` (NULL: none) were acknowledged. */
static inline void book_check(struct db *db, int n, const bool *acked)
{
    static struct book_found f;
    bool item[BOOK_MAX] = { false }, ledger[BOOK_MAX] = { false };
    int64_t count = 0;
    bool any = book_find(&f, db);
    for (int i = 0; i < BOOK_MAX; i++) {
        if (i < n && acked && acked[i] && !f.mark[i])
            fail_msg("job %d was acknowledged and is lost", i);
        if (i >= n && f.mark[i]) fail_msg("job %d was never given", i);
        if (!f.mark[i]) continue;
        enum book_kind kind = book_kind_of(i);
        if (kind == BOOK_BAD) fail_msg("job %d failed and is there", i);
        if (kind == BOOK_APPEND) item[i] = true;
        if (kind == BOOK_DELETE) item[i % 16 == 5 ? i - 5 : i - 3] = false;
        if (kind == BOOK_LEDGER) ledger[i / 8] = true;
        count += kind == BOOK_COUNT;
    }
    if (!any) return;
    assert_int_equal(f.count, count);
    assert_memory_equal(f.item, item, sizeof item);
    assert_memory_equal(f.ledger, ledger, sizeof ledger);
}

#endif

#include "store/usage.h"

#include "base/buf.h"

#include <assert.h>

enum { SQL_MAX = 8192, ARGS_MAX = USAGE_NAMES_MAX + 8 };

/* A line of a batch is BATCH/REQUEST_ID in the ledger. */
#define IN_BATCH "id LIKE 'batch%/%'"
#define EMBEDS   "(endpoint = '/v1/embeddings' OR endpoint LIKE '/v1/vector_stores%')"

static const struct {
    enum usage_by by;
    const char *column;
} columns[] = {
    { USAGE_PROJECT, "project_id" }, { USAGE_USER, "user_id" },      { USAGE_KEY, "key_id" },
    { USAGE_MODEL, "model" },        { USAGE_ENDPOINT, "endpoint" },
};

enum { COLUMNS = sizeof columns / sizeof *columns };

struct statement {
    struct buf sql;
    struct db_value args[ARGS_MAX];
    size_t n;
};

static void only(struct statement *s, const char *column, const struct usage_names *names)
{
    if (names->n == 0) return;
    buf_printf(&s->sql, " AND %s IN (", column);
    for (size_t i = 0; i < names->n; i++) {
        s->args[s->n++] = DB_TEXT(names->items[i]);
        buf_printf(&s->sql, i ? ", ?%zu" : "?%zu", s->n);
    }
    buf_add_str(&s->sql, ")");
}

static void write(struct statement *s, const struct usage_query *q, const struct principal *owner)
{
    const struct db_value fixed[] = { DB_INT(q->start), DB_INT(q->end),
                                      /* One bucket, if not by time. */
                                      DB_INT(q->by & USAGE_TIME ? q->width : INT64_MAX),
                                      OWNED_ARGS(owner), DB_INT(q->all_projects) };
    s->n = sizeof fixed / sizeof *fixed;
    memcpy(s->args, fixed, sizeof fixed);
    buf_add_str(&s->sql, "SELECT (created_at - ?1) / ?3");
    for (size_t i = 0; i < COLUMNS; i++)
        buf_printf(&s->sql, ", %s", q->by & columns[i].by ? columns[i].column : "''");
    buf_printf(&s->sql, ", %s",
               q->by & USAGE_BATCH ? "CASE WHEN " IN_BATCH " THEN 1 ELSE 0 END" : "0");
    buf_add_str(&s->sql, ", COUNT(*), SUM(prompt_tokens), SUM(cached_tokens), "
                         "SUM(completion_tokens), SUM(core_us) FROM ledger "
                         "WHERE created_at >= ?1 AND created_at < ?2 AND tenant_id = ?4 AND "
                         "(project_id = ?5 OR ?6 = 1)");
    only(s, "project_id", &q->projects);
    only(s, "user_id", &q->users);
    only(s, "key_id", &q->keys);
    only(s, "model", &q->models);
    if (q->kind)
        buf_add_str(&s->sql, q->kind == USAGE_EMBEDDINGS ? " AND " EMBEDS : " AND NOT " EMBEDS);
    if (q->batch) buf_add_str(&s->sql, q->batch > 0 ? " AND " IN_BATCH : " AND NOT " IN_BATCH);
    buf_add_str(&s->sql, " GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 1, 2, 3, 4, 5, 6, 7");
    if (q->limit == 0) return;
    s->args[s->n++] = DB_INT(q->limit);
    buf_printf(&s->sql, " LIMIT ?%zu", s->n);
}

int usage_query(struct db_rows *ret, struct db *db, const struct principal *owner,
                const struct usage_query *q, struct err *err)
{
    struct statement s = { .n = 0 };
    assert(q->width > 0 || !(q->by & USAGE_TIME));
    if (q->projects.n + q->users.n + q->keys.n + q->models.n > USAGE_NAMES_MAX)
        return err_set(err, ERR_LIMIT,
                       "At most %d projects, users, keys and models together can be asked for.",
                       USAGE_NAMES_MAX);
    buf_init(&s.sql, SQL_MAX);
    write(&s, q, owner);
    int rc = s.sql.failed ? err_set(err, ERR_NO_MEMORY, "There is no memory for the request.")
                          : db_query(ret, db, buf_str(&s.sql), s.args, s.n, err);
    buf_release(&s.sql);
    return rc;
}

int usage_next(struct usage_row *ret, struct db_rows *rows, struct err *err)
{
    int rc = db_next(rows, err), at = 0;
    if (rc <= 0) return rc;
    ret->bucket = db_int(rows, at++);
    ret->project = db_text(rows, at++);
    ret->user = db_text(rows, at++);
    ret->key = db_text(rows, at++);
    ret->model = db_text(rows, at++);
    ret->endpoint = db_text(rows, at++);
    ret->batch = db_int(rows, at++) != 0;
    uint64_t *const sums[] = { &ret->requests, &ret->prompt_tokens, &ret->cached_tokens,
                               &ret->completion_tokens, &ret->core_us };
    for (size_t i = 0; i < sizeof sums / sizeof *sums; i++) *sums[i] = (uint64_t)db_int(rows, at++);
    return 1;
}

/* usage - sums over the ledger: by time, project, user, key, model, endpoint, or none of these.
 *
 *     struct usage_query q = { .start = day, .end = now, .width = 86400, .by = USAGE_TIME };
 *     struct db_rows rows;
 *     struct usage_row row;
 *     TRY(usage_query(&rows, db, principal, &q, err));
 *     while ((rc = usage_next(&row, &rows, err)) > 0) ...
 *
 * A project sees its own, an owner of the server all. Rows are in the order of what they are summed
 * by.
 */
#ifndef TIRO_STORE_USAGE_H
#define TIRO_STORE_USAGE_H

#include "store/owner.h"

enum { USAGE_NAMES_MAX = 50, USAGE_DAY_S = 86400 };

/* What sums are made by; bits. */
enum usage_by {
    USAGE_TIME = 1,
    USAGE_PROJECT = 2,
    USAGE_USER = 4,
    USAGE_KEY = 8,
    USAGE_MODEL = 16,
    USAGE_ENDPOINT = 32,
    USAGE_BATCH = 64,
};

enum usage_kind {
    USAGE_ALL,
    USAGE_COMPLETIONS, /* all that is no embedding */
    USAGE_EMBEDDINGS,
};

/* Only these; n 0: all. */
struct usage_names {
    const struct slice *items;
    size_t n;
};

struct usage_query {
    int64_t start, end; /* unix seconds; end: not any more */
    int64_t width;      /* of a bucket, with USAGE_TIME */
    unsigned by;        /* USAGE_... */
    enum usage_kind kind;
    struct usage_names projects, users, keys, models;
    bool all_projects; /* of the tenant; else the caller's own */
    int batch;         /* 0: all; 1: only lines of batches; -1: none of them */
    int limit;         /* of rows; 0: none */
};

struct usage_row {
    int64_t bucket; /* start + bucket * width; 0 without USAGE_TIME */
    /* "" where nothing is summed by it; until the next row. */
    struct slice project, user, key, model, endpoint;
    bool batch;
    uint64_t requests, prompt_tokens, cached_tokens, completion_tokens, core_us;
};

/* -ERR_LIMIT: more than USAGE_NAMES_MAX names in all. */
int usage_query(struct db_rows *ret, struct db *db, const struct principal *owner,
                const struct usage_query *q, struct err *err) MUST_USE;
/* As db_next. */
int usage_next(struct usage_row *ret, struct db_rows *rows, struct err *err) MUST_USE;

#endif

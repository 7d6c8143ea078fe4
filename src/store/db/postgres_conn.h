/* postgres_conn - a connection to PostgreSQL: made, kept, lost and made again; statements sent and
 * awaited, each with a deadline.
 *
 * A session holds the advisory lock of its schema, so that one process at a time has it: what
 * another session of ours began is over, one way or the other, once the lock is ours again.
 *
 * The URL's password, and libpq's texts that quote the URL, appear in no error.
 */
#ifndef TIRO_STORE_POSTGRES_CONN_H
#define TIRO_STORE_POSTGRES_CONN_H

#include "base/buf.h"
#include "store/db.h"

#include <libpq-fe.h>

enum {
    POSTGRES_VERSION_MIN = 130000,
    POSTGRES_ARGS_MAX = 64,
    POSTGRES_KEPT_MAX = 256,       /* Statements kept prepared. */
    POSTGRES_STATEMENT_MS = 30000, /* The server ends a statement that takes longer; */
    POSTGRES_ANSWER_MS = 40000,    /* one that does not even say so is given up. */
    POSTGRES_LOCK_MS = 10000,      /* How long a new session waits for the lock of an old one's. */
    POSTGRES_RETRY_MS = 100,
};

struct postgres_kept {
    char *key; /* Kinds of values and text; owned; NULL: free. */
    unsigned number;
};

struct postgres_conn {
    PGconn *pg;
    char *url;
    bool lost;                                    /* Only postgres_connect helps. */
    struct postgres_kept kept[POSTGRES_KEPT_MAX]; /* By the key's hash. */
    unsigned n_prepared;
    struct buf text; /* Of a key or a statement. */
};

int postgres_conn_init(struct postgres_conn *c, const char *url, struct err *err) MUST_USE;
void postgres_conn_release(struct postgres_conn *c);
/* Once; over whatever connection there was. */
int postgres_connect(struct postgres_conn *c, struct err *err) MUST_USE;
/* Runs a statement; `doing` completes "the database could not ...". With no values it may be several,
 * of which the last result is given. Release with PQclear. */
int postgres_run(PGresult **ret, struct postgres_conn *c, const char *sql,
                 const struct db_value *args, size_t n_args, const char *doing,
                 struct err *err) MUST_USE;
/* The same without deadlines, values and result. */
int postgres_script(struct postgres_conn *c, const char *sql, const char *doing,
                    struct err *err) MUST_USE;

#endif

/* usage_report - the ledger's sums as one table: GET /v1/tiro/usage, and tiro usage without a
 * server.
 *
 *     {"object":"list","start":..,"end":..,"data":[{"day":"2026-11-28","model":"m","requests":3,
 *      "input_tokens":..,"cached_tokens":..,"output_tokens":..,"core_seconds":..}]}
 */
#ifndef TIRO_API_USAGE_REPORT_H
#define TIRO_API_USAGE_REPORT_H

#include "base/buf.h"
#include "store/usage.h"

enum { USAGE_REPORT_ROWS_MAX = 10000, USAGE_REPORT_BYTES_MAX = 16 << 20 };

/* "day", "model", "key", "endpoint", "user", "project": a bit of usage_by; 0: none of these. */
unsigned usage_report_by(struct slice name);
/* -ERR_LIMIT: more rows than USAGE_REPORT_ROWS_MAX. Sets the query's width and limit. */
int usage_report_write(struct buf *out, struct db *db, const struct principal *owner,
                       struct usage_query *q, struct err *err) MUST_USE;

#endif

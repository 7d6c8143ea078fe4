/* metrics - what /metrics tells Prometheus. Counters and histograms of the one loop thread. */
#ifndef TIRO_GATEWAY_METRICS_H
#define TIRO_GATEWAY_METRICS_H

#include "base/buf.h"
#include "base/slice.h"

#include <stdint.h>

enum { METRICS_BUCKETS = 14, METRICS_ROWS_MAX = 512, METRICS_LABEL_MAX = 96 };

struct metrics_histogram {
    uint64_t buckets[METRICS_BUCKETS + 1]; /* The last: above every bound. */
    uint64_t count;
    double sum;
};

struct metrics_requests {
    char endpoint[METRICS_LABEL_MAX]; /* "POST /v1/chat/completions": from our tables only. */
    int status;
    uint64_t count;
};

struct metrics {
    struct metrics_requests *requests; /* n of them, at most METRICS_ROWS_MAX */
    size_t n_requests;
    uint64_t prompt_tokens, cached_tokens, completion_tokens;
    uint64_t connections_accepted, connections_refused, connections_open;
    uint64_t streams_open, calls_open;
    uint64_t parse_errors, disconnects, stalls, timeouts;
    uint64_t worker_starts, worker_crashes, requests_retried, requests_overloaded;
    uint64_t ledger_rows, ledger_failures, ledger_owed;
    struct metrics_histogram duration, first_token, between_tokens, ledger;
};

void metrics_init(struct metrics *m);
void metrics_release(struct metrics *m);
/* `endpoint` must come from a table of ours, not from a client. */
void metrics_request(struct metrics *m, const char *endpoint, int status, double seconds);
void metrics_observe(struct metrics_histogram *h, double seconds);
/* Prometheus text format 0.0.4. */
void metrics_write(const struct metrics *m, struct buf *out);
/* One sample of a gauge or counter with its HELP and TYPE. */
void metrics_write_value(struct buf *out, const char *name, const char *type, const char *help,
                         double value);
/* A label's value: quotes, backslashes and line ends escaped. */
void metrics_write_label(struct buf *out, struct slice value);

#endif

#include "gateway/metrics.h"

#include "base/seam.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

/* Seconds. From one decode step of a small model to a long prefill. */
static const double bounds[METRICS_BUCKETS] = { 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                                0.25,  0.5,    1,     2.5,  5,     10,   60 };

void metrics_init(struct metrics *m)
{
    *m = (struct metrics){ 0 };
}

void metrics_release(struct metrics *m)
{
    mem_free(m->requests);
    metrics_init(m);
}

void metrics_observe(struct metrics_histogram *h, double seconds)
{
    size_t i = 0;
    while (i < METRICS_BUCKETS && seconds > bounds[i]) i++;
    h->buckets[i]++;
    h->count++;
    h->sum += seconds;
}

void metrics_request(struct metrics *m, const char *endpoint, int status, double seconds)
{
    metrics_observe(&m->duration, seconds);
    for (size_t i = 0; i < m->n_requests; i++)
        if (m->requests[i].status == status && strcmp(m->requests[i].endpoint, endpoint) == 0) {
            m->requests[i].count++;
            return;
        }
    if (m->n_requests == METRICS_ROWS_MAX) return;
    struct metrics_requests *rows = mem_realloc(m->requests, (m->n_requests + 1) * sizeof *rows);
    if (!rows) return; /* A count is not worth a failed request. */
    m->requests = rows;
    struct metrics_requests *row = &rows[m->n_requests++];
    *row = (struct metrics_requests){ .status = status, .count = 1 };
    (void)snprintf(row->endpoint, sizeof row->endpoint, "%s", endpoint); /* Cut is fine. */
}

void metrics_write_label(struct buf *out, struct slice value)
{
    for (size_t i = 0; i < value.len; i++) {
        char c = value.ptr[i];
        if (c == '\n') {
            buf_add_str(out, "\\n");
            continue;
        }
        if (c == '"' || c == '\\') buf_add_char(out, '\\');
        buf_add_char(out, c);
    }
}

static void write_head(struct buf *out, const char *name, const char *type, const char *help)
{
    buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

void metrics_write_value(struct buf *out, const char *name, const char *type, const char *help,
                         double value)
{
    write_head(out, name, type, help);
    buf_printf(out, "%s %.17g\n", name, value);
}

static void write_histogram(struct buf *out, const char *name, const char *help,
                            const struct metrics_histogram *h)
{
    uint64_t below = 0;
    write_head(out, name, "histogram", help);
    for (size_t i = 0; i < METRICS_BUCKETS; i++) {
        below += h->buckets[i];
        buf_printf(out, "%s_bucket{le=\"%g\"} %" PRIu64 "\n", name, bounds[i], below);
    }
    buf_printf(out, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n%s_sum %.9g\n%s_count %" PRIu64 "\n", name,
               h->count, name, h->sum, name, h->count);
}

void metrics_write(const struct metrics *m, struct buf *out)
{
    const struct {
        const char *name, *type, *help;
        uint64_t value;
    } rows[] = {
        { "tiro_prompt_tokens_total", "counter", "Tokens of prompts.", m->prompt_tokens },
        { "tiro_cached_tokens_total", "counter", "Tokens of prompts found in the prefix cache.",
          m->cached_tokens },
        { "tiro_completion_tokens_total", "counter", "Tokens generated.", m->completion_tokens },
        { "tiro_connections_total", "counter", "Connections accepted.", m->connections_accepted },
        { "tiro_connections_refused_total", "counter", "Connections refused: too many open.",
          m->connections_refused },
        { "tiro_connections_open", "gauge", "Connections now open.", m->connections_open },
        { "tiro_requests_open", "gauge", "Requests now being answered.", m->calls_open },
        { "tiro_streams_open", "gauge", "Answers now being streamed.", m->streams_open },
        { "tiro_http_errors_total", "counter", "Requests that were not HTTP as we take it.",
          m->parse_errors },
        { "tiro_disconnects_total", "counter", "Clients that left before their answer was whole.",
          m->disconnects },
        { "tiro_write_stalls_total", "counter", "Connections cut because the client did not read.",
          m->stalls },
        { "tiro_request_timeouts_total", "counter", "Requests that took too long to arrive.",
          m->timeouts },
        { "tiro_worker_starts_total", "counter", "Worker processes started.", m->worker_starts },
        { "tiro_worker_crashes_total", "counter", "Worker processes that ended by themselves.",
          m->worker_crashes },
        { "tiro_requests_retried_total", "counter", "Requests given to a second worker.",
          m->requests_retried },
        { "tiro_requests_overloaded_total", "counter", "Requests refused because of a full queue.",
          m->requests_overloaded },
        { "tiro_ledger_rows_total", "counter", "Rows written to the ledger.", m->ledger_rows },
        { "tiro_ledger_failures_total", "counter", "Rows the ledger did not take.",
          m->ledger_failures },
        { "tiro_ledger_owed", "gauge", "Rows to be tried again.", m->ledger_owed },
    };
    write_head(out, "tiro_requests_total", "counter", "Requests answered.");
    for (size_t i = 0; i < m->n_requests; i++) {
        buf_add_str(out, "tiro_requests_total{endpoint=\"");
        metrics_write_label(out, slice_of(m->requests[i].endpoint));
        buf_printf(out, "\",status=\"%d\"} %" PRIu64 "\n", m->requests[i].status,
                   m->requests[i].count);
    }
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        metrics_write_value(out, rows[i].name, rows[i].type, rows[i].help, (double)rows[i].value);
    write_histogram(out, "tiro_request_seconds", "From a request's first byte to its answer's end.",
                    &m->duration);
    write_histogram(out, "tiro_time_to_first_token_seconds",
                    "From a request's first byte to its first token.", &m->first_token);
    write_histogram(out, "tiro_time_between_tokens_seconds", "Between two tokens of one choice.",
                    &m->between_tokens);
    write_histogram(out, "tiro_ledger_seconds", "From a row's handing over to its being on disk.",
                    &m->ledger);
}

#include "api/usage_report.h"

#include "base/json.h"

#include <time.h>

static const struct {
    const char *name;
    enum usage_by by;
} columns[] = {
    { "day", USAGE_TIME }, { "project", USAGE_PROJECT }, { "user", USAGE_USER },
    { "key", USAGE_KEY },  { "model", USAGE_MODEL },     { "endpoint", USAGE_ENDPOINT },
};

enum { COLUMNS = sizeof columns / sizeof *columns, DAY_SIZE = 16 };

unsigned usage_report_by(struct slice name)
{
    for (size_t i = 0; i < COLUMNS; i++)
        if (slice_is(name, columns[i].name)) return columns[i].by;
    return 0;
}

/* "2026-11-28", in UTC */
static struct slice day_text(char out[DAY_SIZE], int64_t seconds)
{
    struct tm tm;
    time_t t = (time_t)seconds;
    if (!gmtime_r(&t, &tm)) return SLICE("?"); /* No clock says so. */
    return (struct slice){ out, strftime(out, DAY_SIZE, "%Y-%m-%d", &tm) };
}

static void write_row(struct json_writer *w, const struct usage_query *q,
                      const struct usage_row *row)
{
    char day[DAY_SIZE];
    const struct slice names[COLUMNS] = { day_text(day, q->start + row->bucket * q->width),
                                          row->project,
                                          row->user,
                                          row->key,
                                          row->model,
                                          row->endpoint };
    json_object_begin(w);
    for (size_t i = 0; i < COLUMNS; i++) {
        if (!(q->by & columns[i].by)) continue;
        json_key(w, columns[i].name);
        json_slice(w, names[i]);
    }
    json_key(w, "requests");
    json_uint(w, row->requests);
    json_key(w, "input_tokens");
    json_uint(w, row->prompt_tokens);
    json_key(w, "cached_tokens");
    json_uint(w, row->cached_tokens);
    json_key(w, "output_tokens");
    json_uint(w, row->completion_tokens);
    json_key(w, "core_seconds");
    json_double(w, (double)row->core_us / 1e6);
    json_object_end(w);
}

static int write_rows(struct json_writer *w, struct db_rows *rows, const struct usage_query *q,
                      struct err *err)
{
    struct usage_row row;
    int n = 0, rc;
    while ((rc = usage_next(&row, rows, err)) > 0) {
        if (n++ == USAGE_REPORT_ROWS_MAX) {
            db_rows_close(rows);
            return err_set(err, ERR_LIMIT,
                           "The table would have more than %d rows. Ask for less time, or sum by "
                           "less.",
                           USAGE_REPORT_ROWS_MAX);
        }
        write_row(w, q, &row);
    }
    return rc;
}

int usage_report_write(struct buf *out, struct db *db, const struct principal *owner,
                       struct usage_query *q, struct err *err)
{
    struct json_writer w;
    struct db_rows rows;
    q->width = USAGE_DAY_S;
    q->limit = USAGE_REPORT_ROWS_MAX + 1;
    if (q->by & USAGE_TIME) q->start = q->start / USAGE_DAY_S * USAGE_DAY_S; /* Whole days. */
    TRY(usage_query(&rows, db, owner, q, err));
    buf_reset(out);
    json_writer_init(&w, out);
    json_object_begin(&w);
    json_key(&w, "object");
    json_str(&w, "list");
    json_key(&w, "start");
    json_int(&w, q->start);
    json_key(&w, "end");
    json_int(&w, q->end);
    json_key(&w, "data");
    json_array_begin(&w);
    int rc = write_rows(&w, &rows, q, err);
    json_array_end(&w);
    json_object_end(&w);
    if (rc == 0 && out->failed)
        rc = err_set(err, ERR_NO_MEMORY, "There is no memory for the table.");
    return rc;
}

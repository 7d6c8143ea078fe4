#include "api/event_log.h"

#include "base/seam.h"

enum { ENDS_MIN = 64 };

void event_log_init(struct event_log *log, uint64_t next)
{
    *log = (struct event_log){ .first = next, .end = next };
    buf_init(&log->text, EVENT_LOG_BYTES_MAX);
}

void event_log_release(struct event_log *log)
{
    buf_release(&log->text);
    mem_free(log->ends);
    event_log_init(log, log->end);
}

static bool has_room(struct event_log *log)
{
    size_t n = (size_t)(log->end - log->first);
    if (n < log->cap) return true;
    size_t cap = log->cap ? 2 * log->cap : ENDS_MIN;
    size_t *ends = mem_realloc(log->ends, cap * sizeof *ends);
    if (!ends) return false;
    log->ends = ends;
    log->cap = cap;
    return true;
}

static void write(struct buf *out, const char *type, struct slice json)
{
    buf_add_str(out, "event: ");
    buf_add_str(out, type);
    buf_add_str(out, "\ndata: ");
    buf_add_slice(out, json);
    buf_add_str(out, "\n\n");
}

static void forget_all(struct event_log *log, uint64_t next)
{
    buf_reset(&log->text);
    log->first = log->end = next;
}

void event_log_add(struct event_log *log, uint64_t number, const char *type, struct slice json)
{
    size_t framing = sizeof "event: \ndata: \n\n";
    if (number != log->end) forget_all(log, number);
    if (log->text.len + json.len + strlen(type) + framing > EVENT_LOG_BYTES_MAX)
        event_log_drop(log, log->first + (log->end - log->first + 1) / 2);
    if (has_room(log)) write(&log->text, type, json);
    if (log->text.failed || log->cap == 0 || (size_t)(log->end - log->first) == log->cap) {
        forget_all(log, number + 1);
        return;
    }
    log->ends[log->end - log->first] = log->text.len;
    log->end++;
}

void event_log_drop(struct event_log *log, uint64_t number)
{
    if (number <= log->first) return;
    if (number >= log->end) {
        forget_all(log, log->end);
        return;
    }
    size_t n = (size_t)(number - log->first), bytes = log->ends[n - 1];
    size_t left = (size_t)(log->end - number);
    buf_consume(&log->text, bytes);
    for (size_t i = 0; i < left; i++) log->ends[i] = log->ends[i + n] - bytes;
    log->first = number;
}

bool event_log_get(struct slice *ret, const struct event_log *log, uint64_t number)
{
    if (number < log->first) return false;
    *ret = (struct slice){ 0 };
    if (number >= log->end) return true;
    size_t from = number == log->first ? 0 : log->ends[number - log->first - 1];
    struct slice all = buf_slice(&log->text);
    *ret = (struct slice){ all.ptr + from, all.len - from };
    return true;
}

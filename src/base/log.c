#include "base/log.h"

#include "base/json.h"
#include "base/seam.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { WHO_MAX = 64, LINE_MAX_BYTES = 8192 };

/* Set up once before threads start; the lock keeps lines whole. */
static struct {
    enum log_level level;
    enum log_format format;
    char who[WHO_MAX];
    pthread_mutex_t lock;
} logger = { .level = LOG_INFO, .lock = PTHREAD_MUTEX_INITIALIZER };

static const char *const level_names[] = { "debug", "info", "warn", "error", "off" };

void log_setup(enum log_level level, enum log_format format, const char *who)
{
    logger.level = level;
    logger.format = format;
    (void)snprintf(logger.who, sizeof logger.who, "%s", who); /* A long name is cut. */
}

bool log_level_of(enum log_level *ret, const char *name)
{
    for (int i = LOG_DEBUG; i <= LOG_OFF; i++)
        if (slice_is(slice_of(name), level_names[i])) {
            *ret = (enum log_level)i;
            return true;
        }
    return false;
}

static void timestamp(char out[40])
{
    uint64_t ns = wall_ns();
    time_t seconds = (time_t)(ns / 1000000000u);
    struct tm tm;
    char head[24];
    (void)gmtime_r(&seconds, &tm); /* Fails only for years beyond an int. */
    (void)strftime(head, sizeof head, "%Y-%m-%dT%H:%M:%S", &tm);
    (void)snprintf(out, 40, "%s.%03uZ", head, (unsigned)(ns / 1000000u % 1000u));
}

static void write_json(struct buf *line, enum log_level level, const char *event,
                       const struct log_field *fields)
{
    char time[40];
    timestamp(time);
    struct json_writer w;
    json_writer_init(&w, line);
    json_object_begin(&w);
    json_key(&w, "time");
    json_str(&w, time);
    json_key(&w, "level");
    json_str(&w, level_names[level]);
    json_key(&w, "who");
    json_str(&w, logger.who);
    json_key(&w, "event");
    json_str(&w, event);
    for (const struct log_field *f = fields; f->key; f++) {
        json_key(&w, f->key);
        if (f->kind == LOG_FIELD_STR) json_slice(&w, f->s);
        if (f->kind == LOG_FIELD_INT) json_int(&w, f->i);
        if (f->kind == LOG_FIELD_F64) json_double(&w, f->f);
    }
    json_object_end(&w);
}

/* Control characters would let a logged name forge a line or drive the terminal. */
static void add_plain(struct buf *line, struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        buf_add_char(line, c < 0x20 || c == 0x7F ? '?' : (char)c);
    }
}

static void write_text(struct buf *line, enum log_level level, const char *event,
                       const struct log_field *fields)
{
    char time[40];
    timestamp(time);
    /* A progress bar may stand in this line of the terminal; it is drawn anew. */
    if (isatty(STDERR_FILENO)) buf_add_str(line, "\r\x1b[K");
    buf_printf(line, "%.8s %s%s%s: %s", time + 11, logger.who, level == LOG_INFO ? "" : " ",
               level == LOG_INFO ? "" : level_names[level], event);
    for (const struct log_field *f = fields; f->key; f++) {
        buf_printf(line, " %s=", f->key);
        if (f->kind == LOG_FIELD_STR) add_plain(line, f->s);
        if (f->kind == LOG_FIELD_INT) buf_printf(line, "%lld", (long long)f->i);
        if (f->kind == LOG_FIELD_F64) buf_printf(line, "%.6g", f->f);
    }
}

void log_line(enum log_level level, const char *event, const struct log_field *fields)
{
    if (level < logger.level || logger.level == LOG_OFF) return;
    struct buf line;
    buf_init(&line, LINE_MAX_BYTES);
    if (logger.format == LOG_JSON) {
        write_json(&line, level, event, fields);
    } else {
        write_text(&line, level, event, fields);
    }
    if (line.failed) { /* Too long: the event alone is still worth a line. */
        buf_reset(&line);
        write_text(&line, level, event, &(struct log_field){ .key = NULL });
    }
    buf_add_char(&line, '\n');
    (void)pthread_mutex_lock(&logger.lock);
    ssize_t n = write(STDERR_FILENO, buf_str(&line), line.len);
    (void)n; /* There is nowhere else to complain. */
    (void)pthread_mutex_unlock(&logger.lock);
    buf_release(&line);
}

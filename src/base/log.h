/* log - structured lines on stderr: text for people, JSON lines for machines.
 *
 *     log_info("request done", LOG_STR("request", id), LOG_INT("tokens", n), LOG_F64("s", s));
 *
 * Never a prompt, an answer or a key: fields carry shapes, counts and ids. Any thread.
 */
#ifndef TIRO_BASE_LOG_H
#define TIRO_BASE_LOG_H

#include "base/slice.h"

#include <stdint.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_OFF };
enum log_format { LOG_TEXT, LOG_JSON };

struct log_field {
    const char *key; /* NULL ends the list */
    enum { LOG_FIELD_STR, LOG_FIELD_INT, LOG_FIELD_F64 } kind;
    struct slice s;
    int64_t i;
    double f;
};

#define LOG_STR(k, v)   ((struct log_field){ .key = (k), .kind = LOG_FIELD_STR, .s = slice_of(v) })
#define LOG_SLICE(k, v) ((struct log_field){ .key = (k), .kind = LOG_FIELD_STR, .s = (v) })
#define LOG_INT(k, v)   ((struct log_field){ .key = (k), .kind = LOG_FIELD_INT, .i = (int64_t)(v) })
#define LOG_F64(k, v)   ((struct log_field){ .key = (k), .kind = LOG_FIELD_F64, .f = (v) })

/* `who` ("gateway", "text smollm2-135m") stands in every line; copied. */
void log_setup(enum log_level level, enum log_format format, const char *who);
/* "debug" "info" "warn" "error" "off" */
bool log_level_of(enum log_level *ret, const char *name);
void log_line(enum log_level level, const char *event, const struct log_field *fields);

#define LOG_AT(level, ...)         LOG_AT_(level, __VA_ARGS__, (struct log_field){ .key = NULL })
#define LOG_AT_(level, event, ...) log_line(level, event, (const struct log_field[]){ __VA_ARGS__ })
#define log_debug(...)             LOG_AT(LOG_DEBUG, __VA_ARGS__)
#define log_info(...)              LOG_AT(LOG_INFO, __VA_ARGS__)
#define log_warn(...)              LOG_AT(LOG_WARN, __VA_ARGS__)
#define log_error(...)             LOG_AT(LOG_ERROR, __VA_ARGS__)

#endif

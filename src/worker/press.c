#include "worker/press.h"

#include "base/log.h"
#include "base/seam.h"
#include "press/press.h"
#include "proto/press.h"
#include "worker/errand.h"
#include "worker/sandbox.h"

#include <unistd.h>

static int end_of(int rc)
{
    switch (-rc) {
    case 0: return PRESS_GOOD;
    case ERR_JSON:
    case ERR_INVALID_VALUE: return PRESS_BAD_BOOK;
    case ERR_TOO_LARGE:
    case ERR_LIMIT: return PRESS_TOO_LARGE;
    case ERR_NO_MEMORY: return PRESS_NO_MEMORY;
    case ERR_UNSUPPORTED_FORMAT: return PRESS_NO_LIBRARY;
    default: return PRESS_BROKEN;
    }
}

static int make(struct buf *out, const struct press_format *format, struct arena *arena,
                struct err *err)
{
    struct slice json;
    struct press_book book;
    TRY(errand_map_input(&json, "the book", err));
    TRY(press_book_read(&book, json, arena, err));
    TRY(format->write(out, &book, err));
    return file_write_all(STDOUT_FILENO, out->ptr, out->len, "the file", err);
}

int worker_press(const char *name)
{
    const struct press_format *format = press_format_find(name);
    const struct errand_limits limits = { PRESS_MEMORY_MAX, PRESS_CPU_S, PRESS_FILES_MAX };
    struct sandbox box;
    struct arena arena;
    struct buf out;
    struct err err = { 0 };
    log_setup(LOG_WARN, LOG_TEXT, "press worker");
    if (!format || errand_set_limits(&limits) < 0) {
        log_error("a book cannot be made a file", LOG_STR("format", name),
                  LOG_STR("why", format ? "no limits can be set" : "no such format"));
        return PRESS_BROKEN;
    }
    int rc = format->prepare ? format->prepare(&err) : 0;
    if (rc == 0) {
        sandbox_enter(&box, &(struct sandbox_needs){ .readable = format->readable });
        arena_init(&arena, PRESS_ARENA_MAX);
        buf_init(&out, PRESS_BYTES_MAX);
        rc = make(&out, format, &arena, &err);
        buf_release(&out);
        arena_release(&arena);
    }
    if (rc < 0) log_warn("a book was not made a file", LOG_STR("why", err.text));
    return end_of(rc);
}

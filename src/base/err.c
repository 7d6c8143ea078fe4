#include "base/err.h"

#include "base/utf8.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

struct err_row {
    const char *name, *api_code, *api_type;
    int status;
};

static const struct err_row rows[ERR_COUNT] = { [ERR_NONE] = { "NONE", NULL, "server_error", 200 },
#define X(id, code, http, type) \
    [ERR_##id] = { .name = #id, .api_code = code, .api_type = type, .status = http },
                                                ERR_TABLE(X)
#undef X
};

static void set_text(struct err *err, const char *fmt, va_list args)
{
    char raw[ERR_TEXT_MAX];
    (void)vsnprintf(raw, sizeof raw, fmt, args); /* A cut text is still a text. */
    utf8_sanitize(err->text, sizeof err->text, raw, strlen(raw));
}

int err_set_(struct err *err, enum err_code code, const char *fmt, ...)
{
    assert(code > ERR_NONE && code < ERR_COUNT);
    if (err) {
        va_list args;
        va_start(args, fmt);
        set_text(err, fmt, args);
        va_end(args);
        err->code = code;
        err->param[0] = '\0';
    }
    return -(int)code;
}

int err_param_(struct err *err, enum err_code code, const char *param, const char *fmt, ...)
{
    assert(code > ERR_NONE && code < ERR_COUNT);
    if (err) {
        va_list args;
        va_start(args, fmt);
        set_text(err, fmt, args);
        va_end(args);
        err->code = code;
        utf8_sanitize(err->param, sizeof err->param, param, strlen(param));
    }
    return -(int)code;
}

int err_context_(struct err *err, const char *fmt, ...)
{
    if (!err) return -(int)ERR_INTERNAL;
    assert(err->code != ERR_NONE);
    char old[ERR_TEXT_MAX], head[ERR_TEXT_MAX];
    memcpy(old, err->text, sizeof old);
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(head, sizeof head, fmt, args);
    va_end(args);
    char raw[2 * ERR_TEXT_MAX + sizeof ": "];
    (void)snprintf(raw, sizeof raw, "%s: %s", head, old);
    utf8_sanitize(err->text, sizeof err->text, raw, strlen(raw));
    return -(int)err->code;
}

static enum err_code code_of_errno(int saved_errno)
{
    switch (saved_errno) {
    case ENOENT: return ERR_NOT_FOUND;
    case EACCES:
    case EPERM:
    case EROFS: return ERR_PERMISSION;
    case ENOSPC:
    case EDQUOT: return ERR_NO_SPACE;
    case ENOMEM: return ERR_NO_MEMORY;
    case EEXIST: return ERR_EXISTS;
    case EADDRINUSE:
    case EBUSY: return ERR_BUSY;
    case ETIMEDOUT: return ERR_TIMEOUT;
    default: return ERR_IO;
    }
}

int err_errno_(struct err *err, int saved_errno, const char *fmt, ...)
{
    enum err_code code = code_of_errno(saved_errno);
    if (err) {
        char head[ERR_TEXT_MAX], why[128];
        va_list args;
        va_start(args, fmt);
        (void)vsnprintf(head, sizeof head, fmt, args);
        va_end(args);
        (void)err_set(err, code, "%s: %s", head, strerror_r(saved_errno, why, sizeof why));
    }
    return -(int)code;
}

static const struct err_row *row(enum err_code code)
{
    assert(code >= ERR_NONE && code < ERR_COUNT);
    return &rows[code];
}

const char *err_name(enum err_code code)
{
    return row(code)->name;
}

const char *err_api_code(enum err_code code)
{
    return row(code)->api_code;
}

const char *err_api_type(enum err_code code)
{
    return row(code)->api_type;
}

int err_http_status(enum err_code code)
{
    return row(code)->status;
}

bool err_is_callers(enum err_code code)
{
    int status = err_http_status(code);
    return status >= 400 && status < 500;
}

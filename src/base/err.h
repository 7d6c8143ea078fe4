/* err - the one table of errors, and how a failure travels.
 *
 * A function that can fail on outside input returns 0 or -ERR_*. Functions at a boundary take
 * `struct err *err` last and describe the failure there: what was wrong, where (file, tensor,
 * field) and what would be right. Outputs are untouched on failure. Misuse asserts instead.
 *
 *     int thing_open(struct thing **ret, const char *path, struct err *err)
 *     {
 *         if (strlen(path) > PATH_LEN_MAX)
 *             return err_set(err, ERR_LIMIT, "the path is longer than %d bytes", PATH_LEN_MAX);
 *         TRY(thing_read(ret, path, err));
 *         return 0;
 *     }
 */
#ifndef TIRO_BASE_ERR_H
#define TIRO_BASE_ERR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#define MUST_USE               __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

/* X(name, `code` in API errors or NULL, HTTP status, `type` in API errors) */
#define ERR_TABLE(X)                                                                      \
    /* The request is wrong. */                                                           \
    X(INVALID_VALUE, "invalid_value", 400, "invalid_request_error")                       \
    X(INVALID_TYPE, "invalid_type", 400, "invalid_request_error")                         \
    X(MISSING_PARAMETER, "missing_required_parameter", 400, "invalid_request_error")      \
    X(UNKNOWN_PARAMETER, "unknown_parameter", 400, "invalid_request_error")               \
    X(UNSUPPORTED_PARAMETER, "unsupported_parameter", 400, "invalid_request_error")       \
    X(UNSUPPORTED_VALUE, "unsupported_value", 400, "invalid_request_error")               \
    X(DECIMAL_BELOW_MIN, "decimal_below_min_value", 400, "invalid_request_error")         \
    X(DECIMAL_ABOVE_MAX, "decimal_above_max_value", 400, "invalid_request_error")         \
    X(INTEGER_BELOW_MIN, "integer_below_min_value", 400, "invalid_request_error")         \
    X(INTEGER_ABOVE_MAX, "integer_above_max_value", 400, "invalid_request_error")         \
    X(STRING_TOO_SHORT, "string_below_min_length", 400, "invalid_request_error")          \
    X(STRING_TOO_LONG, "string_above_max_length", 400, "invalid_request_error")           \
    X(ARRAY_TOO_SHORT, "array_below_min_length", 400, "invalid_request_error")            \
    X(ARRAY_TOO_LONG, "array_above_max_length", 400, "invalid_request_error")             \
    X(JSON, "invalid_json", 400, "invalid_request_error")                                 \
    X(TEMPLATE, "template_error", 400, "invalid_request_error")                           \
    X(CONTEXT_LENGTH, "context_length_exceeded", 400, "invalid_request_error")            \
    X(PREVIOUS_NOT_FOUND, "previous_response_not_found", 400, "invalid_request_error")    \
    X(HTTP_SYNTAX, "bad_request", 400, "invalid_request_error")                           \
    X(API_KEY_MISSING, NULL, 401, "invalid_request_error")                                \
    X(API_KEY_INVALID, "invalid_api_key", 401, "invalid_request_error")                   \
    X(SIGN_IN, "sign_in_failed", 401, "invalid_request_error")                            \
    X(ORIGIN, "forbidden_origin", 403, "invalid_request_error")                           \
    X(PERMISSION, "permission_denied", 403, "invalid_request_error")                      \
    X(NOT_FOUND, NULL, 404, "invalid_request_error")                                      \
    X(MODEL_NOT_FOUND, "model_not_found", 404, "invalid_request_error")                   \
    X(METHOD, "method_not_supported", 405, "invalid_request_error")                       \
    X(TIMEOUT, "request_timeout", 408, "invalid_request_error")                           \
    X(TOO_LARGE, "request_too_large", 413, "invalid_request_error")                       \
    X(MEDIA_TYPE, "unsupported_media_type", 415, "invalid_request_error")                 \
    X(EXPECT, "expectation_failed", 417, "invalid_request_error")                         \
    X(HEADERS_TOO_LARGE, "request_header_fields_too_large", 431, "invalid_request_error") \
    X(RATE_LIMIT, "rate_limit_exceeded", 429, "requests")                                 \
    /* The server cannot, now or at all. */                                               \
    X(INTERNAL, "internal_error", 500, "server_error")                                    \
    X(NO_MEMORY, "out_of_memory", 503, "server_error")                                    \
    X(OVERLOADED, "server_overloaded", 503, "server_error")                               \
    X(NOT_READY, "model_loading", 503, "server_error")                                    \
    X(WORKER_LOST, "worker_lost", 503, "server_error")                                    \
    X(SHUTTING_DOWN, "server_shutting_down", 503, "server_error")                         \
    X(DEADLINE, "deadline_exceeded", 503, "server_error")                                 \
    /* Files, models and the machine. */                                                  \
    X(FORMAT, "malformed_file", 503, "server_error")                                      \
    X(UNSUPPORTED_FORMAT, "unsupported_file", 503, "server_error")                        \
    X(LIMIT, "limit_exceeded", 400, "invalid_request_error")                              \
    X(IO, "io_error", 503, "server_error")                                                \
    X(NO_SPACE, "insufficient_storage", 503, "server_error")                              \
    X(EXISTS, "already_exists", 409, "invalid_request_error")                             \
    X(BUSY, "busy", 503, "server_error")                                                  \
    X(CHECKSUM, "checksum_mismatch", 503, "server_error")                                 \
    X(PROTOCOL, "protocol_error", 500, "server_error")                                    \
    X(CANCELLED, "cancelled", 499, "invalid_request_error")                               \
    X(END, NULL, 500, "server_error")   /* End of stream: an answer, not a failure. */    \
    X(AGAIN, NULL, 500, "server_error") /* Nothing now, call again: likewise. */

enum err_code {
    ERR_NONE = 0,
#define X(name, code, status, type) ERR_##name,
    ERR_TABLE(X)
#undef X
        ERR_COUNT
};

enum { ERR_TEXT_MAX = 768, ERR_PARAM_MAX = 128 };

struct err {
    enum err_code code;
    char param[ERR_PARAM_MAX]; /* The request field, e.g. "messages[0].role"; "" when none. */
    char text[ERR_TEXT_MAX];   /* A sentence for a person; always valid UTF-8. */
};

/* Describes the failure in *err (NULL is fine) and returns -code, for `return err_set(...)`. */
#define err_set(err, code, ...) err_negative(err_set_(err, code, __VA_ARGS__))
/* As err_set, and names the request field at fault. */
#define err_param(err, code, param, ...) err_negative(err_param_(err, code, param, __VA_ARGS__))
/* Puts "context: " before the text already there; returns -err->code. */
#define err_context(err, ...) err_negative(err_context_(err, __VA_ARGS__))
/* From errno of a failed system call: ENOSPC, EACCES ... become their codes; the text says what
 * was tried and strerror's words. */
#define err_errno(err, saved_errno, ...) err_negative(err_errno_(err, saved_errno, __VA_ARGS__))

int err_set_(struct err *err, enum err_code code, const char *fmt, ...) PRINTF_LIKE(3, 4);
int err_param_(struct err *err, enum err_code code, const char *param, const char *fmt, ...)
    PRINTF_LIKE(4, 5);
int err_context_(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);
int err_errno_(struct err *err, int saved_errno, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Lets the compiler see that a failure is negative, so that it knows which outputs are set. */
static inline int err_negative(int rc)
{
    if (rc >= 0) __builtin_unreachable();
    return rc;
}

const char *err_name(enum err_code code);     /* "INVALID_VALUE" */
const char *err_api_code(enum err_code code); /* "invalid_value", or NULL */
const char *err_api_type(enum err_code code); /* "invalid_request_error" */
int err_http_status(enum err_code code);
/* Whether the fault is the caller's (4xx). */
bool err_is_callers(enum err_code code);

/* Returns from the calling function when `call` fails. */
#define TRY(call)                                \
    do {                                         \
        int try_result_ = (call);                \
        if (try_result_ < 0) return try_result_; \
    } while (0)

#endif

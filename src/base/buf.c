#include "base/buf.h"

#include "base/seam.h"

#include <assert.h>
#include <stdio.h>

enum { CAP_MIN = 64 };

void buf_init(struct buf *b, size_t max)
{
    *b = (struct buf){ .max = max };
}

void buf_release(struct buf *b)
{
    mem_free(b->ptr);
    *b = (struct buf){ .max = b->max };
}

void buf_reset(struct buf *b)
{
    b->len = 0;
    b->failed = false;
    if (b->ptr) b->ptr[0] = '\0';
}

char *buf_reserve(struct buf *b, size_t len)
{
    if (b->failed || len > b->max - b->len) {
        b->failed = true;
        return NULL;
    }
    size_t need = b->len + len + 1;
    if (need > b->cap) {
        size_t cap = b->cap ? 2 * b->cap : CAP_MIN;
        if (cap < need) cap = need;
        char *ptr = mem_realloc(b->ptr, cap);
        if (!ptr) {
            b->failed = true;
            return NULL;
        }
        b->ptr = ptr;
        b->cap = cap;
    }
    return b->ptr + b->len;
}

void buf_commit(struct buf *b, size_t len)
{
    assert(b->len + len < b->cap);
    b->len += len;
    b->ptr[b->len] = '\0';
}

void buf_add(struct buf *b, const void *bytes, size_t len)
{
    char *to = buf_reserve(b, len);
    if (!to) return;
    if (len) memcpy(to, bytes, len);
    buf_commit(b, len);
}

void buf_add_slice(struct buf *b, struct slice s)
{
    buf_add(b, s.ptr, s.len);
}

void buf_add_str(struct buf *b, const char *s)
{
    buf_add(b, s, strlen(s));
}

void buf_add_char(struct buf *b, char c)
{
    buf_add(b, &c, 1);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    assert(n >= 0);
    char *to = buf_reserve(b, (size_t)n);
    if (to) {
        (void)vsnprintf(to, (size_t)n + 1, fmt, again); /* Sized just above. */
        buf_commit(b, (size_t)n);
    }
    va_end(again);
}

void buf_consume(struct buf *b, size_t len)
{
    assert(len <= b->len);
    if (len == 0) return;
    memmove(b->ptr, b->ptr + len, b->len - len);
    b->len -= len;
    b->ptr[b->len] = '\0';
}

struct slice buf_slice(const struct buf *b)
{
    return (struct slice){ b->ptr, b->len };
}

const char *buf_str(const struct buf *b)
{
    return b->ptr ? b->ptr : "";
}

int buf_check(const struct buf *b, const char *what, struct err *err)
{
    if (!b->failed) return 0;
    return err_set(err, ERR_LIMIT, "%s is longer than %zu bytes, or there is no memory for it",
                   what, b->max);
}

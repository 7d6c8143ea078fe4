/* buf - a growing byte buffer that cannot be made without its maximum.
 *
 *     struct buf b;
 *     buf_init(&b, 4 << 20);
 *     buf_add(&b, s, len);
 *     buf_printf(&b, "%d", n);
 *     if (buf_check(&b, "the answer", err) < 0) ...
 *     buf_release(&b);
 *
 * Additions after a failure do nothing; `failed` stays until reset, so a writer checks once. The
 * bytes are always followed by a NUL that `len` does not count.
 */
#ifndef TIRO_BASE_BUF_H
#define TIRO_BASE_BUF_H

#include "base/err.h"
#include "base/slice.h"

struct buf {
    char *ptr; /* NULL until the first byte. */
    size_t len, cap, max;
    bool failed;
};

void buf_init(struct buf *b, size_t max);
void buf_release(struct buf *b);
void buf_reset(struct buf *b); /* Empties it and keeps the memory. */
void buf_add(struct buf *b, const void *bytes, size_t len);
void buf_add_slice(struct buf *b, struct slice s);
void buf_add_str(struct buf *b, const char *s);
void buf_add_char(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Room for `len` more bytes, to be written there and then committed; NULL on failure. */
char *buf_reserve(struct buf *b, size_t len);
void buf_commit(struct buf *b, size_t len);
/* Drops `len` bytes from the front. */
void buf_consume(struct buf *b, size_t len);
struct slice buf_slice(const struct buf *b);
const char *buf_str(const struct buf *b); /* NUL-terminated, "" when empty */
int buf_check(const struct buf *b, const char *what, struct err *err) MUST_USE;

#endif

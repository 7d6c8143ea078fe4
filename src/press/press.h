/* press - a book as a file: a format in press/format/ that ends in a descriptor.
 *
 *     const struct press_format press_format_epub = { .name = "epub", .write = write_epub };
 *
 * The build finds it. It runs in a process of its own, behind walls (worker/press.h), which reads
 * the book as JSON:
 *
 *     {"id": "book_...", "title": "...", "language": "English", "modified": 1700000000,
 *      "chapters": [{"title": "...", "scenes": ["text", ...]}, ...]}
 *
 * Texts are people's and models'. press_book_read cleans them once for all formats: characters that
 * XML 1.0 forbids, controls and noncharacters are left out; lines end in LF, without spaces at
 * either end; no more than one space or one empty line follows another. What they mean says
 * press/text.h. The same book gives the same bytes.
 */
#ifndef TIRO_PRESS_PRESS_H
#define TIRO_PRESS_PRESS_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

#include <stdint.h>

enum {
    PRESS_CHAPTERS_MAX = 1000,
    PRESS_ARENA_MAX = 256 << 20,
};

struct press_chapter {
    struct slice title; /* one line, never empty */
    struct slice *scenes;
    size_t n_scenes;
};

struct press_book {
    struct slice id;
    struct slice title; /* one line, never empty */
    const struct press_language *language;
    int64_t modified; /* Unix seconds */
    struct press_chapter *chapters;
    size_t n_chapters;
};

struct press_format {
    const char *name;
    /* Before the walls stand: finds what `write` needs. -ERR_UNSUPPORTED_FORMAT: it is not
     * installed. NULL: nothing. */
    int (*prepare)(struct err *err);
    const char *const *readable; /* files and folders, ended by NULL; NULL: none */
    int (*write)(struct buf *out, const struct press_book *book, struct err *err);
};

extern const struct press_format *const press_format_registry[];
extern const size_t press_format_registry_len;

const struct press_format *press_format_find(const char *name); /* NULL: none */

/* -ERR_JSON, -ERR_INVALID_VALUE, -ERR_LIMIT, -ERR_NO_MEMORY. All of it lies in the arena. */
int press_book_read(struct press_book *ret, struct slice json, struct arena *arena,
                    struct err *err) MUST_USE;

/* "2026-11-28T22:00:00Z" */
enum { PRESS_TIME_SIZE = 40 };
void press_time(char ret[PRESS_TIME_SIZE], int64_t unix_seconds);

#endif

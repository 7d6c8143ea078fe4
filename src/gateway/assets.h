/* assets - the chat page and its files, built into the program.
 *
 * cmake/web.cmake bundles web/ and writes them as the array below. A program built without the page
 * (the array is empty) has a plain one that says so.
 */
#ifndef TIRO_GATEWAY_ASSETS_H
#define TIRO_GATEWAY_ASSETS_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

struct asset {
    const char *path; /* As requested: "/", "/app.js" */
    const char *type; /* "text/html; charset=utf-8" */
    const char *etag; /* Quoted; of the content. Weak: it stands for both forms. */
    bool forever;     /* The path holds a hash of the content: never asked for again. */
    /* At least one form: large files are gzipped only, what gzip makes no smaller is plain only. */
    const unsigned char *plain, *gz;
    size_t plain_len, gz_len;
};

/* assets_len of them; generated. */
extern const struct asset assets[];
extern const size_t assets_len;

/* The file at a path, or NULL. */
const struct asset *assets_find(struct slice path);

/* Whether an Accept-Encoding header takes gzip; an absent or empty one does not. */
bool assets_gzip_accepted(struct slice accept_encoding);

/* What "/" answers in a program without the page: HTML, not compressed. */
extern const char assets_plain_page[];

#endif

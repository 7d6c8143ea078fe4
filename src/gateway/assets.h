/* assets - the chat page and its files, built into the program.
 *
 * cmake/web.cmake bundles web/ and writes them as the array below. A program built without the page
 * (the array is empty) has a plain one that says so.
 */
#ifndef TIRO_GATEWAY_ASSETS_H
#define TIRO_GATEWAY_ASSETS_H

#include "base/slice.h"

#include <stddef.h>

struct asset {
    const char *path; /* As requested: "/", "/app.js" */
    const char *type; /* "text/html; charset=utf-8" */
    const char *etag; /* Quoted; of the content. */
    const unsigned char *gz;
    size_t gz_len;
};

/* assets_len of them; generated. */
extern const struct asset assets[];
extern const size_t assets_len;

/* The file at a path, or NULL. */
const struct asset *assets_find(struct slice path);

/* What "/" answers in a program without the page: HTML, not compressed. */
extern const char assets_plain_page[];

#endif

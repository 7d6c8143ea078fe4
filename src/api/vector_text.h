/* vector_text - the text of a file that is to be searched. */
#ifndef TIRO_API_VECTOR_TEXT_H
#define TIRO_API_VECTOR_TEXT_H

#include "api/service.h"
#include "store/file_table.h"

struct vector_text;

struct vector_text_options {
    struct service *service;
    const struct file_row *file;
    size_t bytes_max; /* beyond: -ERR_TOO_LARGE */
    /* Once, from the loop. `text` is the receiver's (mem_free); NULL: `err`. */
    void (*done)(void *user, char *text, size_t len, const struct err *err);
    void *user;
};

int vector_text_begin(struct vector_text **ret, const struct vector_text_options *options,
                      struct err *err) MUST_USE;
void vector_text_cancel(struct vector_text *t); /* `done` is not called any more. */

#endif

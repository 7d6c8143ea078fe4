/* multipart_head - what a multipart body says of itself and of its parts, read from whole lines. */
#ifndef TIRO_API_MULTIPART_HEAD_H
#define TIRO_API_MULTIPART_HEAD_H

#include "api/multipart.h"

/* The boundary that a content type of multipart/form-data names. */
int multipart_boundary(struct slice *ret, struct slice content_type, struct err *err) MUST_USE;
/* `head` is its lines, each with its CRLF, without the empty one. Strings are views into it;
 * quoted ones are unescaped there. */
int multipart_read_head(struct multipart_part *ret, char *head, size_t len,
                        struct err *err) MUST_USE;

#endif

/* download - what an answer's file is called where it is kept (RFC 6266, RFC 8187).
 *
 *     download_header(call, title, "epub");
 *
 * The title may be anything: path separators, reserved characters, controls and marks of direction
 * are left out, and no name begins with a dot. Programs that know only ASCII get '_' for the rest.
 */
#ifndef TIRO_API_DOWNLOAD_H
#define TIRO_API_DOWNLOAD_H

#include "api/call.h"

enum {
    DOWNLOAD_NAME_MAX = 150,    /* bytes, without the extension */
    DOWNLOAD_HEADER_MAX = 1024, /* all of it */
};

/* Content-Disposition: attachment; filename="..."; filename*=UTF-8''... */
void download_header(struct call *call, struct slice title, const char *extension);
/* Its value; the buffer is empty. */
void download_write(struct buf *out, struct slice title, const char *extension);

#endif

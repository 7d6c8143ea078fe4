/* blob - bytes on disk under their own sha256: DATA/files/ab/abcdef..., written once and never
 * changed.
 *
 * The same bytes are there once, however many files (store/file_table.h) have them. A blob is synced
 * and in place before blob_finish returns; a row that names it is written after, and it is removed
 * after the last row is gone, so that a crash leaves at most bytes that no row names.
 *
 * Nothing here touches the database; any thread.
 */
#ifndef TIRO_STORE_BLOB_H
#define TIRO_STORE_BLOB_H

#include "base/err.h"
#include "base/slice.h"

#include <stdint.h>

enum { BLOB_NAME_SIZE = 65, BLOB_PATH_SIZE = 4200 };

struct blob {
    char sha256[BLOB_NAME_SIZE];
    uint64_t bytes;
};

struct blob_writer;

/* -ERR_NO_SPACE when the disk is full. */
int blob_open(struct blob_writer **ret, const char *data_dir, struct err *err) MUST_USE;
int blob_write(struct blob_writer *w, struct slice bytes, struct err *err) MUST_USE;
/* Ends the writer, also when it fails. */
int blob_finish(struct blob *ret, struct blob_writer *w, struct err *err) MUST_USE;
void blob_abort(struct blob_writer *w); /* NULL is fine. */
uint64_t blob_written(const struct blob_writer *w);

/* Where the bytes are; nothing is looked at. */
void blob_path(char ret[BLOB_PATH_SIZE], const char *data_dir, struct slice sha256);
/* A descriptor to read from. */
int blob_read(int *ret_fd, const char *data_dir, struct slice sha256, struct err *err) MUST_USE;
/* One that is not there is fine. */
int blob_remove(const char *data_dir, struct slice sha256, struct err *err) MUST_USE;

#endif

/* blob - bytes on disk under their own sha256: DATA/files/ab/abcdef..., written once and never
 * changed.
 *
 *     TRY(blob_open(&w, data_dir, err));
 *     TRY(blob_write(w, bytes, err));          as often as there are bytes; on failure blob_abort
 *     TRY(blob_finish(&blob, w, err));
 *     ... a row that names blob.sha256 is written (store/file_table.h), or that fails ...
 *     blob_let_go(&blob);                      in either case, after the commit
 *
 * The same bytes are there once, however many files (store/file_table.h) have them. A blob is
 * synced and in place before blob_finish returns; a row that names it is written after, and it is
 * removed after the last row is gone, so that a crash leaves at most bytes that no row names: the
 * next start removes them (api/blobs.h).
 *
 * Who has just written a blob holds it: blob_remove leaves it, so that it cannot take away what
 * another upload of the same bytes is about to name.
 *
 * While it grows it lies in files/part/, removed it lies in files/gone/; no name of outside is ever
 * part of a path. Nothing here touches the database; any thread, a writer one at a time.
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
/* Ends the writer, also when it fails; holds the blob when it does not. */
int blob_finish(struct blob *ret, struct blob_writer *w, struct err *err) MUST_USE;
void blob_abort(struct blob_writer *w); /* NULL is fine. */
uint64_t blob_written(const struct blob_writer *w);
/* Once for each blob_finish that succeeded. */
void blob_let_go(const struct blob *blob);

/* Where the bytes are; nothing is looked at. */
void blob_path(char ret[BLOB_PATH_SIZE], const char *data_dir, struct slice sha256);
/* A descriptor to read from; -ERR_NOT_FOUND. */
int blob_read(int *ret_fd, const char *data_dir, struct slice sha256, struct err *err) MUST_USE;
/* Takes it out of its place, which is quick; one that is held, or not there, is left. Only where
 * a committed transaction has seen that no row names it. Its bytes go with blob_empty. */
int blob_remove(const char *data_dir, struct slice sha256, struct err *err) MUST_USE;

/* Frees the bytes of what was removed; this may take long. */
int blob_empty(const char *data_dir, struct err *err) MUST_USE;
/* At start, before anything is written: removes what an earlier process left unfinished. */
int blob_clean(const char *data_dir, struct err *err) MUST_USE;
/* Calls `each` with the sha256 of every blob there is; its failure ends the walk. */
int blob_walk(const char *data_dir, int (*each)(void *ctx, struct slice sha256, struct err *err),
              void *ctx, struct err *err) MUST_USE;

#endif

/* format_gguf_write - writes a GGUF file (version 3) as a stream, in bounded memory.
 *
 *     struct gguf_writer *w;
 *     TRY(gguf_writer_open(&w, "out.gguf", &contents, err));
 *     for each tensor of contents, in its order, in portions of any size:
 *         rc = gguf_writer_add(w, bytes, len, err);
 *     if (rc == 0) rc = gguf_writer_commit(w, err);
 *     gguf_writer_close(w);
 *
 * Everything goes to "out.gguf.part" (locked, its whole size reserved at once, so that a full disk
 * is met at the start). Only commit, after an fsync, renames it: a reader sees the old file or the
 * new one, never a part. Close without commit removes the part. Owner: one thread.
 *
 * The limits are those of engine/format.h, so that what is written can be read again.
 */
#ifndef TIRO_ENGINE_FORMAT_GGUF_WRITE_H
#define TIRO_ENGINE_FORMAT_GGUF_WRITE_H

#include "models/checkpoint.h"

/* The caller's, and not changed, until close. */
struct gguf_contents {
    const struct checkpoint_value *values; /* "general.alignment", if there, is honoured */
    size_t n_values;
    /* name, dtype, n_dims and dims count; data and size do not. */
    const struct checkpoint_tensor *tensors;
    size_t n_tensors;
};

struct gguf_writer;

/* Writes the header. ERR_INVALID_VALUE for contents that no reader takes (doubled names, rows that
 * are no whole blocks), ERR_BUSY when another process writes the same file. */
int gguf_writer_open(struct gguf_writer **ret, const char *path,
                     const struct gguf_contents *contents, struct err *err) MUST_USE;
/* Of the file that will be there after commit. */
uint64_t gguf_writer_file_size(const struct gguf_writer *w);
/* The next bytes of the current tensor; they may not reach beyond its end (asserted). */
int gguf_writer_add(struct gguf_writer *w, const void *bytes, size_t len, struct err *err) MUST_USE;
/* When all tensors are there to the last byte (asserted). */
int gguf_writer_commit(struct gguf_writer *w, struct err *err) MUST_USE;
void gguf_writer_close(struct gguf_writer *w); /* NULL is fine. */

#endif

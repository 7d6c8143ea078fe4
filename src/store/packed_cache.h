/* packed_cache - the folder with the packed weights of models, which make later starts quick:
 * ENTRY.packed for the model whose file or folder is called ENTRY. All of it can be made again.
 *
 *     TRY(packed_cache_path(path, sizeof path, dir, "/data/models/x.gguf", err));
 *     TRY(packed_cache_make_room(dir, path, bytes, bytes_max, err));
 *     ... someone writes a PART file beside it, which is renamed ...
 *
 * Which file belongs to which version of a model is written in it (models/packed_file.h).
 */
#ifndef TIRO_STORE_PACKED_CACHE_H
#define TIRO_STORE_PACKED_CACHE_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

enum {
    PACKED_CACHE_FILES_MAX = 4096,     /* Looked at; a folder with more is somebody else's. */
    PACKED_CACHE_PART_AGE_S = 60 * 60, /* A PART file older than that belongs to nobody. */
};

struct packed_cache_use {
    size_t n_files;
    uint64_t bytes;
};

int packed_cache_path(char *ret, size_t size, const char *dir, const char *model_path,
                      struct err *err) MUST_USE;
/* A name beside `path` that nobody else writes to: it holds the process and a number. */
int packed_cache_part(char *ret, size_t size, const char *path, uint64_t number,
                      struct err *err) MUST_USE;
/* Creates the folder. */
int packed_cache_make(const char *dir, struct err *err) MUST_USE;
/* An absent folder holds nothing. */
struct packed_cache_use packed_cache_measure(const char *dir);
/* Removes what was left unfinished and then, while more than bytes_max would lie there with `bytes`
 * more at `path`, the files that were used least lately. -ERR_NO_SPACE: too large for any room. */
int packed_cache_make_room(const char *dir, const char *path, uint64_t bytes, uint64_t bytes_max,
                           struct err *err) MUST_USE;
/* It was used: it is removed later than others. */
void packed_cache_touch(const char *path);
/* Of the model whose file or folder is at model_path; absent is fine. Returns the bytes freed. */
uint64_t packed_cache_remove(const char *dir, const char *model_path);

#endif

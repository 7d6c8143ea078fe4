/* marker - what is known of a model that was pulled: .ENTRY.tiro.json beside it in the models
 * folder, with source and the size, time and sha256 of each file.
 *
 * The marker saves reading gigabytes again: while size and time of every file agree, the hashes are
 * taken as still true. It guards against accidents, not against someone who can write the folder.
 */
#ifndef TIRO_STORE_MARKER_H
#define TIRO_STORE_MARKER_H

#include "base/err.h"

#include <stddef.h>

struct marker_file {
    const char *path; /* below the entry; "" for a single file */
    const char *sha256;
};

/* `entry` is a file or folder name in `models`. */
int marker_write(const char *models, const char *entry, const char *source,
                 const struct marker_file *files, size_t n, struct err *err) MUST_USE;
/* Whether there is a marker and every file of it has the size and time it states. */
bool marker_agrees(const char *models, const char *entry);
/* The sha256 of the weights, from a marker that agrees: of the single file, or of a folder's
 * model.safetensors; false when there is none. */
bool marker_sha256(char ret[65], const char *models, const char *entry);
int marker_remove(const char *models, const char *entry, struct err *err) MUST_USE;

#endif

/* library - the models on this machine: files and folders in <data>/models, under the names people
 * gave them. A model's name is its file name without .gguf or .safetensors, or its folder's name.
 * The folder of a LoRA adapter (adapter_config.json, adapter_model.safetensors) is called
 * MODEL:NAME, after the model that it is for.
 *
 *     struct library lib;
 *     TRY(library_read(&lib, &paths, err));
 *     for (size_t i = 0; i < lib.n; i++) puts(lib.models[i].name);
 *     library_release(&lib);
 *
 * What was pulled and checked has a marker beside it (.NAME.tiro.json: sizes, times and sha256 of
 * its files). `verified` says that the marker is there and that sizes and times still agree.
 */
#ifndef TIRO_STORE_LIBRARY_H
#define TIRO_STORE_LIBRARY_H

#include "base/err.h"
#include "store/paths.h"

#include <stdint.h>

enum { LIBRARY_MODELS_MAX = 4096, LIBRARY_NAME_MAX = 200 };

struct library_model {
    char name[LIBRARY_NAME_MAX + 1];
    char path[PATH_MAX];
    uint64_t bytes;  /* of all its files */
    int64_t mtime_s; /* of the newest */
    bool folder, verified;
    bool adapter; /* Of the model that its name begins with, up to the last ':'. */
};

struct library {
    struct library_model *models; /* sorted by name */
    size_t n;
};

/* An absent models folder is an empty library. */
int library_read(struct library *ret, const struct store_paths *paths, struct err *err) MUST_USE;
void library_release(struct library *lib);

/* From what a person typed to a path that exists: a name of the library (with or without ending),
 * else a path. ERR_MODEL_NOT_FOUND says what to type next (tiro pull, when the catalogue knows it).
 */
int library_resolve(char *ret, size_t size, const struct store_paths *paths, const char *what,
                    struct err *err) MUST_USE;
/* Fills *ret for the model called `name`; ERR_MODEL_NOT_FOUND. */
int library_find(struct library_model *ret, const struct store_paths *paths, const char *name,
                 struct err *err) MUST_USE;
/* Of a file, or of all files of a model's folder; 0 when there is nothing. */
uint64_t library_bytes(const char *path);
/* Deletes the model's file or folder, its marker and what is left of its downloads. */
int library_remove(const struct store_paths *paths, const char *name, struct err *err) MUST_USE;

/* Deletes a file or folder, at most `depth` levels down, following no links. Absent is fine. */
int library_remove_tree(const char *path, int depth, struct err *err) MUST_USE;

/* Whether a name may be used for a file or folder: 1..LIBRARY_NAME_MAX bytes of UTF-8, no slash, no
 * control character, no dot in front. */
bool library_name_ok(const char *name);

#endif

/* paths - where Tiro keeps its data: --data, else $TIRO_DATA, else $XDG_DATA_HOME/tiro, else
 * ~/.local/share/tiro.
 *
 *     struct store_paths paths;
 *     TRY(store_paths_init(&paths, args_get(args, "data"), err));    touches no file
 *     TRY(store_paths_make(&paths, err));                            creates data and models
 */
#ifndef TIRO_STORE_PATHS_H
#define TIRO_STORE_PATHS_H

#include "base/err.h"

#include <limits.h>

struct store_paths {
    char data[PATH_MAX];   /* Absolute, without a slash at its end. */
    char models[PATH_MAX]; /* data/models */
};

/* `data` NULL or "" takes the environment's. */
int store_paths_init(struct store_paths *ret, const char *data, struct err *err) MUST_USE;
/* Creates both folders (0700 for what is new) and says plainly when it may not. */
int store_paths_make(const struct store_paths *paths, struct err *err) MUST_USE;
/* folder/name into out[size]; ERR_LIMIT when too long. */
int store_path_join(char *out, size_t size, const char *folder, const char *name,
                    struct err *err) MUST_USE;

#endif

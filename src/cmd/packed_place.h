/* packed_place - where the settings have packed weights kept, for commands that use them. */
#ifndef TIRO_CMD_PACKED_PLACE_H
#define TIRO_CMD_PACKED_PLACE_H

#include "base/err.h"
#include "store/paths.h"

#include <stdint.h>

struct packed_place {
    char dir[PATH_MAX]; /* "": none are kept. */
    uint64_t bytes_max;
};

int packed_place_find(struct packed_place *ret, const struct store_paths *paths,
                      struct err *err) MUST_USE;
/* The file of the model at model_path, whether it is there or not; "" when none are kept. */
int packed_place_file(char *ret, size_t size, const struct store_paths *paths,
                      const char *model_path, struct err *err) MUST_USE;

#endif

#include "cmd/packed_place.h"

#include "cmd/settings.h"
#include "store/packed_cache.h"

int packed_place_find(struct packed_place *ret, const struct store_paths *paths, struct err *err)
{
    struct settings settings;
    TRY(settings_load(&settings, paths->data, err));
    int rc = settings_packed_dir(&settings, paths->data, ret->dir, sizeof ret->dir, &ret->bytes_max,
                                 err);
    settings_release(&settings);
    return rc;
}

int packed_place_file(char *ret, size_t size, const struct store_paths *paths,
                      const char *model_path, struct err *err)
{
    struct packed_place place;
    TRY(packed_place_find(&place, paths, err));
    ret[0] = '\0';
    return place.dir[0] ? packed_cache_path(ret, size, place.dir, model_path, err) : 0;
}

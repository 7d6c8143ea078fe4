#include "api/backend.h"

const struct backend_model *backend_find(struct backend *backend, struct slice id)
{
    const struct backend_model *models;
    size_t n = backend->ops->models(backend, &models);
    for (size_t i = 0; i < n; i++)
        if (slice_is(id, models[i].id)) return &models[i];
    return NULL;
}

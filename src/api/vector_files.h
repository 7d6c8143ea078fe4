/* vector_files - the work behind vector stores (api/runner/vector_files.c): files become chunks and
 * vectors, what was deleted goes from tables and index, stores expire. */
#ifndef TIRO_API_VECTOR_FILES_H
#define TIRO_API_VECTOR_FILES_H

#include "api/service.h"

struct vector_index;

/* Files were attached, or removed: look at once. */
void vector_files_kick(struct service *service);
/* NULL: the server ends. */
struct vector_index *vector_files_index(struct service *service);

#endif

/* upload_object - the upload as clients see it. */
#ifndef TIRO_API_UPLOAD_OBJECT_H
#define TIRO_API_UPLOAD_OBJECT_H

#include "api/file_object.h"
#include "store/upload_table.h"

enum { UPLOAD_SECONDS = 60 * 60 };           /* it may take so long */
#define UPLOAD_BYTES_MAX ((uint64_t)8 << 30) /* of the whole */
enum { UPLOAD_PART_BYTES_MAX = 64 << 20 };

extern const struct field upload_answer[];

/* As JSON text in the arena. `file`: what it became; NULL: nothing yet. */
int upload_object_text(struct slice *ret, const struct upload_row *row, const struct file_row *file,
                       struct arena *arena, struct err *err) MUST_USE;

#endif

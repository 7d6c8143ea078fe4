/* batch_object - a batch as clients see it. */
#ifndef TIRO_API_BATCH_OBJECT_H
#define TIRO_API_BATCH_OBJECT_H

#include "api/field.h"
#include "store/batch_table.h"

void batch_object_write(struct json_writer *w, const struct batch_row *row);
/* As a text of its own, in the arena. */
int batch_object_text(struct slice *ret, const struct batch_row *row, struct arena *arena,
                      struct err *err) MUST_USE;
const char *batch_status_name(enum batch_status status);

extern const struct field batch_answer[];

#endif

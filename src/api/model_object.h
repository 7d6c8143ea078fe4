/* model_object - how the API shows a model: OpenAI's four keys, and ours under "tiro". */
#ifndef TIRO_API_MODEL_OBJECT_H
#define TIRO_API_MODEL_OBJECT_H

#include "api/backend.h"
#include "api/field.h"
#include "base/json.h"

void model_object_write(struct json_writer *w, const struct backend_model *model);

extern const struct field model_answer[];

#endif

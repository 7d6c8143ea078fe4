/* vector_values - what clients say of vector stores and their files in JSON, checked: attributes,
 * metadata, filters; and from there to the index's messages.
 */
#ifndef TIRO_API_VECTOR_VALUES_H
#define TIRO_API_VECTOR_VALUES_H

#include "api/field.h"
#include "proto/bodies.h"

enum {
    LABELS_MAX = 16,    /* attributes, or pairs of metadata, of one object */
    LABEL_KEY_MAX = 64, /* characters */
    LABEL_VALUE_MAX = 512,
    VECTOR_FILTER_DEPTH_MAX = 16, /* and, or in each other */
};

extern const char vector_attributes_schema[], vector_metadata_schema[], vector_filter_schema[];

/* An object of at most LABELS_MAX texts, or, as attributes, numbers and truths as well; it stands
 * at `path`. *ret is its JSON text in the arena, "{}" without an object. */
int vector_metadata_text(struct slice *ret, const json_t *object, const char *path,
                         struct arena *arena, struct err *err) MUST_USE;
int vector_attributes_text(struct slice *ret, const json_t *object, const char *path,
                           struct arena *arena, struct err *err) MUST_USE;
/* From such a text to the index's. */
int vector_attributes_read(struct msg_attribute **ret, uint32_t *ret_n, struct slice json,
                           struct arena *arena, struct err *err) MUST_USE;

/* A comparison, or and/or over further ones. Texts lie in the arena. NULL: no steps. */
int vector_filter_read(struct msg_filter_step **ret, uint32_t *ret_n, const json_t *filter,
                       const char *path, struct arena *arena, struct err *err) MUST_USE;

#endif

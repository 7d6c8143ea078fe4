/* format_place - what the formats share: sizing tensors, and giving them their bytes.
 *
 * A format describes each tensor (name, type, dims), sizes it with format_size, notes where the
 * file says its data are in an extent, and places all of them at the end with format_place.
 */
#ifndef TIRO_ENGINE_FORMAT_PLACE_H
#define TIRO_ENGINE_FORMAT_PLACE_H

#include "models/checkpoint.h"

/* The place of tensor `tensor` (an index into c->tensors) in the data part of a file. */
struct format_extent {
    uint64_t offset;
    uint32_t tensor;
};

/* From type and dims to n_elements and size, with every product checked. An unusable type's values
 * take `value_bytes` each. */
int format_size(const struct checkpoint *c, struct checkpoint_tensor *t, unsigned value_bytes,
                struct err *err) MUST_USE;

/* Points each tensor at its bytes in `data`; refuses what lies outside or overlaps, and when
 * `dense` also gaps and bytes that belong to no tensor. Sorts the extents. */
int format_place(struct checkpoint *c, struct slice data, struct format_extent *extents, size_t n,
                 bool dense, struct err *err) MUST_USE;

/* Whether an outside name may be used: not empty, UTF-8, without control characters. */
bool format_name_ok(struct slice name);

#endif

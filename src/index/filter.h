/* filter - which files a search may find: comparisons of their attributes, joined by and and or.
 *
 * A filter is a list of steps in the order of a calculator with a stack: a comparison pushes its
 * answer, `and` and `or` take `n_below` answers and push one. So nothing recurses, however deep
 * people nest.
 *
 * A text compares with texts by its bytes, a number with numbers, a truth with truths; values of
 * two kinds are never equal, and none is greater. What a file has no attribute for is equal to
 * nothing: it passes only ne and nin.
 */
#ifndef TIRO_INDEX_FILTER_H
#define TIRO_INDEX_FILTER_H

#include "base/err.h"
#include "base/slice.h"

#include <stdint.h>

enum { FILTER_STEPS_MAX = 256, FILTER_VALUES_MAX = 256, ATTRIBUTES_MAX = 16 };

enum index_value_kind { INDEX_TEXT, INDEX_NUMBER, INDEX_TRUTH, INDEX_VALUE_KINDS };

struct index_value {
    uint32_t kind; /* enum index_value_kind */
    struct slice text;
    double number; /* of TRUTH: 0 or 1 */
};

struct index_attribute {
    struct slice key;
    struct index_value value;
};

enum filter_op {
    FILTER_EQ,
    FILTER_NE,
    FILTER_GT,
    FILTER_GTE,
    FILTER_LT,
    FILTER_LTE,
    FILTER_IN,
    FILTER_NIN,
    FILTER_AND,
    FILTER_OR,
    FILTER_OPS
};

struct filter_step {
    uint32_t op; /* enum filter_op */
    struct slice key;
    const struct index_value *values; /* n of them: one, except for IN and NIN */
    uint32_t n_values;
    uint32_t n_below; /* AND, OR: answers taken, at least one */
};

/* Whether the steps leave exactly one answer: -ERR_INVALID_VALUE. */
int filter_check(const struct filter_step *steps, size_t n, struct err *err) MUST_USE;
/* Steps have been checked; none at all let everything through. */
bool filter_passes(const struct filter_step *steps, size_t n,
                   const struct index_attribute *attributes, size_t n_attributes);

#endif

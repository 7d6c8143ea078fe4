/* json_number - numbers between bounds, as automata over decimal digits.
 *
 * Canonical writing: no zeros in front; a fraction of at most JSON_NUMBER_FRACTION_MAX digits; an
 * exponent only where Python's json.dumps writes one, and anywhere if there are no bounds. Without
 * an exponent there are at most JSON_NUMBER_INTEGER_MAX digits before the point, so that readers
 * with 64 bits can hold what has none behind it; the whole range of 64 bits is for bounds that name
 * it.
 *
 * Bounds are compared as decimals. What is at least a bound as a decimal is so when both are
 * rounded to doubles; for an exclusive one, the digits are limited so that rounding cannot make
 * both equal.
 */
#ifndef TIRO_GRAMMAR_JSON_NUMBER_H
#define TIRO_GRAMMAR_JSON_NUMBER_H

#include "grammar/build.h"

#define JSON_INTEGER_LAST INT64_C(999999999999999999)

enum {
    JSON_NUMBER_INTEGER_MAX = 18,
    JSON_NUMBER_FRACTION_MAX = 21, /* What json.dumps needs: 0.0001 and 16 digits more. */
    JSON_MULTIPLE_RULES_MAX = 4096,
    JSON_MULTIPLE_MAX = 10000,
};

struct json_integers {
    int64_t min, max;
    int64_t multiple; /* Of this one only; 0 or 1: all. */
};

/* -inf and inf: no bound. */
struct json_numbers {
    double min, max;
    bool min_excluded, max_excluded;
};

extern const struct json_integers json_integer_any;
extern const struct json_numbers json_number_any;

/* grammar_never if there are none. */
int32_t json_integer_write(struct grammar_builder *b, const struct json_integers *range);
int32_t json_number_write(struct grammar_builder *b, const struct json_numbers *range);

/* Whether json_integer_write takes no more than JSON_MULTIPLE_RULES_MAX rules for this. */
bool json_multiple_fits(int64_t multiple);

#endif

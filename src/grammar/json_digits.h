/* json_digits - natural numbers between bounds, digit by digit; the parts json_number.h is made
 * of. */
#ifndef TIRO_GRAMMAR_JSON_DIGITS_H
#define TIRO_GRAMMAR_JSON_DIGITS_H

#include "grammar/build.h"

enum { DIGITS_MAX = 20 }; /* Of a uint64_t. */

/* min .. max (both included) in decimal without zeros in front, multiples of `multiple` only. */
int32_t digits_between(struct grammar_builder *b, uint64_t min, uint64_t max, uint64_t multiple);
/* min .. max times any digit. */
int32_t digits_any(struct grammar_builder *b, int32_t min, int32_t max);
int32_t digits_from_to(struct grammar_builder *b, char first, char last); /* One of them. */

#endif

/* json_text - JSON values as canonical text; json_schema.h says which that is. */
#ifndef TIRO_GRAMMAR_JSON_TEXT_H
#define TIRO_GRAMMAR_JSON_TEXT_H

#include "base/buf.h"

#include <jansson.h>

enum {
    JSON_TEXT_DEPTH_MAX = 128,   /* Lists and objects within one another. */
    JSON_DOUBLE_DIGITS_MAX = 17, /* Of a double, so that it reads back. */
};

/* Whether `value` is no deeper than `max`: this and what is below recurse. */
bool json_text_depth_fits(const json_t *value, int max);

void json_text_content(struct buf *out, struct slice s); /* Of a string, without the quotes. */
void json_text_string(struct buf *out, struct slice s);

/* The shortest decimal that reads back as a double: 0.d1d2d3 * 10^(exponent + 1), without its
 * sign. */
struct json_decimal {
    char digits[JSON_DOUBLE_DIGITS_MAX]; /* No zeros at the end, but for 0 itself. */
    int n, exponent;
};

void json_decimal_of(struct json_decimal *ret, double value);
/* As Python's repr: the shortest digits that read back, with an exponent from 1e16 and below
 * 1e-4. */
void json_text_double(struct buf *out, double value);
/* Not deeper than JSON_TEXT_DEPTH_MAX. */
void json_text_value(struct buf *out, const json_t *value);

struct slice json_text_slice(const json_t *string); /* The bytes of a JSON string. */

#endif

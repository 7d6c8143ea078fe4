/* json_build - turns text that json_scan has found good into jansson's values.
 *
 * Not by jansson's own reader: where memory runs out, that one (2.14) goes on with half a token and
 * writes past its buffers.
 */
#ifndef TIRO_BASE_JSON_BUILD_H
#define TIRO_BASE_JSON_BUILD_H

#include "base/json.h"

/* -ERR_JSON for a key that stands twice, an integer beyond 64 bits or a number that no double
 * holds; -ERR_NO_MEMORY. */
int json_build(json_t **ret, struct slice text, const char *what, struct err *err) MUST_USE;

#endif

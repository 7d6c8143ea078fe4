/* json_scan - is this text strict JSON within limits? Asked before jansson sees a byte.
 *
 * One pass, no recursion, no allocation: depth and nodes are bounded however hostile the text.
 */
#ifndef TIRO_BASE_JSON_SCAN_H
#define TIRO_BASE_JSON_SCAN_H

#include "base/json.h"

/* -ERR_JSON naming line, column and reason, or -ERR_TOO_LARGE over size_max. */
int json_scan(struct slice text, const struct json_limits *limits, const char *what,
              struct err *err) MUST_USE;

#endif

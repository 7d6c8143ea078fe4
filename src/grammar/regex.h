/* regex - from a regular expression to the texts that match it.
 *
 * The common core of ECMA 262 (with u), PCRE and Python: literals, escapes (\d \w \s \b is refused,
 * \xhh \uhhhh \u{h} \p{L} and the other general categories), classes, groups (capturing ones only
 * group; look-around and back-references are refused by name), | * + ? {m,n} with lazy forms (the
 * same language), ^ and $ where they can stand. \d \w are ASCII as in ECMA; \s is ECMA's.
 */
#ifndef TIRO_GRAMMAR_REGEX_H
#define TIRO_GRAMMAR_REGEX_H

#include "grammar/build.h"

enum { REGEX_BYTES_MAX = 64 << 10 };

struct regex_options {
    /* True: the whole text must match. False: as a search, anything may stand around it unless
     * ^ or $ says no (JSON Schema's `pattern`). */
    bool whole;
    /* Characters are written as in a JSON string (json_schema.h's shortest escapes). */
    bool json;
};

/* The expression, or -ERR_INVALID_VALUE with the offset and the reason, -ERR_LIMIT. */
int32_t regex_write(struct grammar_builder *b, struct slice pattern,
                    const struct regex_options *options, struct err *err) MUST_USE;

#endif

/* regex - from a regular expression to the texts that match it.
 *
 * The common core of ECMA 262 (with u), PCRE and Python: literals, escapes (\d \w \s, \xhh \uhhhh
 * \u{h}, \p{L} and the other general categories), classes, groups (capturing ones only group), |
 * * + ? {m,n} with lazy forms (the same language), (?i) and (?s), ^ and $ (\A and \z). \d \w are
 * ASCII, and \s and the line ends that . leaves out are ECMA's. What is no regular language
 * (look-around, back-references, \b, possessive and atomic groups) and what the dialects read
 * differently (`{,5}`, `[]`) is refused by name. docs/grammar-language.md is the reference.
 */
#ifndef TIRO_GRAMMAR_REGEX_H
#define TIRO_GRAMMAR_REGEX_H

#include "grammar/build.h"

enum {
    REGEX_BYTES_MAX = 64 << 10,
    REGEX_DEPTH_MAX = 200,      /* Groups within groups. */
    REGEX_ANCHORS_MAX = 64,     /* Each may double what is behind it. */
    REGEX_COUNT_MAX = 1 << 30,  /* In {m,n}. */
    REGEX_RANGES_MAX = 1 << 18, /* Of all classes together; \p{L} has about 650. */
    REGEX_WORK_MAX = 8 << 20,   /* Rows of Unicode's tables looked at, for \p and (?i). */
};

struct regex_options {
    /* True: the whole text must match. False: as a search, anything may stand around it unless
     * ^ or $ says no (JSON Schema's `pattern`). */
    bool whole;
    /* Characters are written as in a JSON string (json_schema.h's shortest escapes). */
    bool json;
    bool ignore_case, dot_all; /* As if the pattern began with (?i), (?s). */
};

/* The expression, or -ERR_INVALID_VALUE with the offset and the reason, -ERR_LIMIT. */
int32_t regex_write(struct grammar_builder *b, struct slice pattern,
                    const struct regex_options *options, struct err *err) MUST_USE;

#endif

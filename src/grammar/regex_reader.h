/* regex_reader - the state of one regular expression being read: regex.c has groups and counts,
 * regex_class.c escapes and classes, regex_node.c what characters become. */
#ifndef TIRO_GRAMMAR_REGEX_READER_H
#define TIRO_GRAMMAR_REGEX_READER_H

#include "base/buf.h"
#include "grammar/array.h"
#include "grammar/char_set.h"
#include "grammar/char_tables.h"
#include "grammar/regex.h"
#include "grammar/regex_part.h"

enum { REGEX_CHARACTER_MAX = 8 }; /* Bytes: \u001f and a NUL fit. */

struct regex_flags {
    bool ignore_case, dot_all;
};

/* A group that is open: what was read of it lies at the end of both lists. */
struct regex_group {
    size_t items_from, alts_from; /* In regex.items, regex.alts. */
    size_t at;                    /* Of its bracket. */
    struct regex_flags flags;     /* Those outside, which come back behind it. */
};

struct regex {
    struct grammar_builder *b;
    struct slice text;
    size_t at; /* <= text.len */
    bool json;
    struct regex_flags flags;
    ARRAY(struct regex_part) items, alts;           /* Of sequences; of alternatives. */
    struct regex_group groups[REGEX_DEPTH_MAX + 1]; /* groups[0] is the pattern itself. */
    size_t depth, n_anchors, n_ranges;
    struct buf literal;        /* Characters not yet an item. */
    struct char_set set, part; /* Of the class being read; of a negated escape in it. */
    struct char_tables tables;
    struct err *err;
};

/* -ERR_INVALID_VALUE: "regular expression, offset N: ..." */
#define regex_bad(r, at, ...) err_negative(regex_bad_(r, at, __VA_ARGS__))
int regex_bad_(struct regex *r, size_t at, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* The character at r->at, which moves behind it. */
int regex_character(struct regex *r, uint32_t *ret) MUST_USE;
/* The escape at r->at ('\'): 0 and a character, or 1 and r->set has got what it stands for. */
int regex_escape(struct regex *r, uint32_t *ret, bool in_class) MUST_USE;
/* The class at r->at ('[') into r->set. */
int regex_class(struct regex *r) MUST_USE;
/* Adds what differs from a member of r->set in case alone, if that is to be ignored. */
void regex_cases(struct regex *r);
/* Into r->set: what . matches. */
void regex_dot(struct regex *r);

/* One character out of r->set. */
int regex_set_node(struct regex *r, int32_t *ret) MUST_USE;
/* The character as it stands in the text; returns the bytes. */
size_t regex_character_text(const struct regex *r, char out[REGEX_CHARACTER_MAX], uint32_t c);
/* Any text at all. */
int regex_anything(struct regex *r, int32_t *ret) MUST_USE;

#endif

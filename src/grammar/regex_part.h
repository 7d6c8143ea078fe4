/* regex_part - what a part of a regular expression matches, by where it must stand.
 *
 * An anchor says nothing about the text of its part but about what surrounds it: nothing before
 * (^), nothing behind ($). So a part is up to four languages, one for each demand, and sequences
 * and alternatives of parts are made language by language: `(^|,)x` is x at the beginning or ,x
 * anywhere. A part without anchors has only the first and costs one expression.
 */
#ifndef TIRO_GRAMMAR_REGEX_PART_H
#define TIRO_GRAMMAR_REGEX_PART_H

#include "grammar/build.h"

/* Demands; a variant of a part is a sum of them. */
enum { PART_BEGIN = 1, PART_END = 2, PART_VARIANTS = 4 };

struct regex_part {
    int32_t node[PART_VARIANTS]; /* Expressions; those not in `has` are not set. */
    uint8_t has;                 /* Bit v: there are texts of variant v. */
    uint8_t empty;               /* Bit v: the empty text is one of them. */
    uint32_t anchor_at;          /* Where in the pattern the first anchor stands. */
};

/* Without anchors; `empty`: the empty text is among its texts. */
struct regex_part regex_part_plain(int32_t node, bool empty);
struct regex_part regex_part_anchor(struct grammar_builder *b, int demand, uint32_t at);
bool regex_part_is_plain(const struct regex_part *p);
/* One behind the other. Without a variant: an anchor of theirs can never hold. */
struct regex_part regex_part_seq(struct grammar_builder *b, const struct regex_part *x,
                                 const struct regex_part *y);
/* One of n > 0. -ERR_NO_MEMORY. */
int regex_part_alt(struct regex_part *ret, struct grammar_builder *b,
                   const struct regex_part *parts, size_t n) MUST_USE;
/* The whole text, or with `around` before and behind it where no anchor forbids. */
int32_t regex_part_text(struct grammar_builder *b, const struct regex_part *p, int32_t around,
                        bool whole);

#endif

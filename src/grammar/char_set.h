/* char_set - a set of characters as ranges, while a class is being read.
 *
 *     struct char_set s = { 0 };
 *     char_set_add(&s, 'a', 'z');
 *     char_set_negate(&s);
 *     if (s.failed) ...                 no memory: checked once, at the end
 *     char_set_release(&s);
 *
 * Characters are U+0000 .. U+10FFFF; surrogates may be members and match nothing.
 */
#ifndef TIRO_GRAMMAR_CHAR_SET_H
#define TIRO_GRAMMAR_CHAR_SET_H

#include "grammar/build.h"

#define CHAR_MAX_POINT 0x10FFFFu

struct char_set {
    struct grammar_range *at; /* len of them, ascending and apart once tidied; owned. */
    size_t len, cap;
    bool failed;
};

void char_set_release(struct char_set *s);
void char_set_reset(struct char_set *s); /* Empties it and keeps the memory. */
void char_set_add(struct char_set *s, uint32_t first, uint32_t last);
void char_set_add_set(struct char_set *s, const struct char_set *other);
/* Ascending, and no two ranges that touch. */
void char_set_tidy(struct char_set *s);
/* All other characters; tidied. */
void char_set_negate(struct char_set *s);
/* Takes these away; tidied. */
void char_set_remove(struct char_set *s, uint32_t first, uint32_t last);
/* Of a tidied set. */
bool char_set_has(const struct char_set *s, uint32_t c);

#endif

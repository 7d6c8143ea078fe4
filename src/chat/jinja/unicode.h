/* unicode - what Python knows of characters: classes and case. */
#ifndef TIRO_CHAT_JINJA_UNICODE_H
#define TIRO_CHAT_JINJA_UNICODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { UNICODE_CASE_MAX = 3 }; /* Code points that one can become. */

bool unicode_is_space(uint32_t c);     /* str.isspace */
bool unicode_is_printable(uint32_t c); /* str.isprintable */
bool unicode_is_word(uint32_t c);      /* \w */
bool unicode_is_alpha(uint32_t c);
bool unicode_is_decimal(uint32_t c);
bool unicode_is_digit(uint32_t c);
bool unicode_is_numeric(uint32_t c);
bool unicode_is_upper(uint32_t c);
bool unicode_is_lower(uint32_t c);
bool unicode_is_title(uint32_t c);
static inline bool unicode_is_cased(uint32_t c)
{
    return unicode_is_upper(c) || unicode_is_lower(c) || unicode_is_title(c);
}
/* Whether it is skipped when looking for the letters around a sigma. */
bool unicode_is_case_ignorable(uint32_t c);

enum unicode_case { CASE_LOWER, CASE_UPPER, CASE_TITLE };
/* Full mapping without context; returns how many code points. */
size_t unicode_map(uint32_t out[UNICODE_CASE_MAX], uint32_t c, enum unicode_case to);

#endif

/* str - operations on strings that filters and methods share. All carry provenance. */
#ifndef TIRO_CHAT_JINJA_STR_H
#define TIRO_CHAT_JINJA_STR_H

#include "chat/jinja/builtin.h"
#include "chat/jinja/unicode.h"

enum str_style {
    STYLE_UPPER,
    STYLE_LOWER,
    STYLE_CAPITALIZE,
    STYLE_TITLE,
    STYLE_SWAPCASE,
    STYLE_FOLD
};

int str_restyle(struct render *r, struct value *ret, const struct str *s,
                enum str_style style) MUST_USE;
/* left fill, s, right fill */
int str_pad(struct render *r, struct value *ret, const struct str *s, size_t left, size_t right,
            const struct str *fill) MUST_USE;
int str_center(struct render *r, struct value *ret, const struct str *s, int64_t width,
               const struct str *fill) MUST_USE;
/* What a text operation made of markup is markup again. */
int str_like(struct render *r, struct value *ret, const struct str *origin) MUST_USE;

#endif

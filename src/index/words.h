/* words - the words of a text as the lexical index counts them.
 *
 *     struct words words;
 *     words_init(&words, text);
 *     while (words_next(&words, &word)) ...       valid until the next call
 *
 * A word is a run of letters, marks, digits and underscores; an apostrophe or full stop between
 * letters, and a full stop or comma between digits, is inside it (Unicode's rules for word
 * boundaries, WB4 to WB13b, without those for Hebrew and Katakana). Characters of scripts that are
 * written without spaces (Han, Kana, Thai, Lao, Khmer, Myanmar, Tibetan) are words of their own.
 *
 * Words come case-folded and in compatibility decomposition, so that ﬁ is fi, STRASSE is straße and
 * full-width letters are ordinary ones. Ill-formed bytes separate. A word beyond WORD_BYTES_MAX is
 * cut, on both sides of a search alike.
 */
#ifndef TIRO_INDEX_WORDS_H
#define TIRO_INDEX_WORDS_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum { WORD_BYTES_MAX = 256 };

struct words {
    struct slice text;
    size_t at;
    char word[WORD_BYTES_MAX];
    size_t len;
};

void words_init(struct words *w, struct slice text);
bool words_next(struct words *w, struct slice *ret);

#endif

/* vocabulary - the tokens of one tokenizer, arranged so that a grammar finds those that may come.
 *
 * A trie over the bytes of all tokens; control tokens lie behind GRAMMAR_TOKEN_BYTE. Tokens made of
 * nothing but plain characters (grammar_plain) are also kept as bitmaps by their number of
 * characters, so that inside a string they cost nothing. Tokens without bytes, unused ones and the
 * end tokens are in neither: ends are allowed by grammar_accepts alone.
 *
 * Immutable once open: any number of threads.
 */
#ifndef TIRO_GRAMMAR_VOCABULARY_H
#define TIRO_GRAMMAR_VOCABULARY_H

#include "base/err.h"
#include "engine/tokenizer.h"

struct vocabulary;

int vocabulary_open(struct vocabulary **ret, const struct tokenizer *t, struct err *err) MUST_USE;
void vocabulary_close(struct vocabulary *v); /* NULL is fine. */
const struct tokenizer *vocabulary_tokenizer(const struct vocabulary *v);

#endif

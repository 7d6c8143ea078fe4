/* expect - what a grammar lets come next, in words: for errors and `tiro grammar`.
 *
 *     buf_add_str(&text, "expected ");
 *     grammar_expected(&text, g, state);         expected "true", "false" or '0' to '9'
 */
#ifndef TIRO_GRAMMAR_EXPECT_H
#define TIRO_GRAMMAR_EXPECT_H

#include "base/buf.h"
#include "grammar/grammar.h"

enum { EXPECT_ITEMS_MAX = 8, EXPECT_TEXT_MAX = 40 /* Bytes of one item. */ };

/* Under the grammar's lock; `state` is alive. */
void grammar_expected(struct buf *out, struct grammar *g, int32_t state);

#endif

/* constrain - a sequence that may only write what a grammar lets through: engine/constraint.h.
 *
 *     struct constraint *c;
 *     TRY(grammar_constrain(&c, grammar, vocabulary, err));      takes its own reference
 *     request->constraint = c;
 *
 * Masks are kept with the grammar, by state, and shared by all that use it. A stretch that can only
 * go one way comes as tokens as the tokenizer itself would write it (constraint_forced), without a
 * mask; no_jump: only where a single token is allowed. grammar_constrain finds the first mask,
 * which may be the dearest: call it where nobody waits for tokens.
 */
#ifndef TIRO_GRAMMAR_CONSTRAIN_H
#define TIRO_GRAMMAR_CONSTRAIN_H

#include "engine/constraint.h"
#include "grammar/grammar.h"
#include "grammar/vocabulary.h"

struct grammar_constrain_options {
    const struct vocabulary *vocabulary; /* Outlives the constraint. */
    bool no_jump;
};

int grammar_constrain(struct constraint **ret, struct grammar *g,
                      const struct grammar_constrain_options *options, struct err *err) MUST_USE;

#endif

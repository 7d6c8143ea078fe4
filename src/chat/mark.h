/* mark - control tokens in the text of an answer, told apart from the same characters written out.
 *
 *     "\xff[TOOL_CALLS]\xff[{"name": ...        the token, as engine/answer.h shows it with `marks`
 *     "[TOOL_CALLS][{"name": ...                a model that only quotes it
 *
 * Whether <tool_call> is a control token is the vocabulary's business: what a format calls by its
 * text becomes a marked text once, when a model is opened; from then on it is compared as bytes.
 */
#ifndef TIRO_CHAT_MARK_H
#define TIRO_CHAT_MARK_H

#include "base/arena.h"
#include "engine/tokenizer.h"
#include "grammar/build.h"

enum { MARK_BYTE = 0xff };

static inline bool mark_is(char c)
{
    return (unsigned char)c == MARK_BYTE;
}

static inline bool mark_is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* `text` with those of `tokens` (NULL-terminated, or NULL) that are control tokens of `t` (NULL:
 * none is) marked. ptr is NULL without memory. */
struct slice mark_text(struct arena *a, struct slice text, const char *const *tokens,
                       const struct tokenizer *t);
/* The expression of a marked text. */
int32_t mark_grammar(struct grammar_builder *b, struct slice marked);
/* Any characters before it: ordinary text is never taken for a control token, so with one at the
 * beginning these are any characters at all. */
int32_t mark_until(struct grammar_builder *b, struct slice marked);
/* Any characters, control tokens excepted. */
int32_t mark_any(struct grammar_builder *b);
/* Any white space as JSON has it. */
int32_t mark_space(struct grammar_builder *b, int32_t max);

/* What a growing text is, of the texts that may come: the number of the one it is, MARK_PART if it
 * is the beginning of one, else MARK_NONE. Empty ones among them never come. */
enum { MARK_NONE = -1, MARK_PART = -2 };
int mark_match(struct slice text, const struct slice *texts, size_t n);

#endif

/* reasoning - what a model thinks before it answers, told apart from the answer.
 *
 *     <think>\n ... \n</think>\n\n the answer
 *
 * Only at the beginning: a mark further on is text. A template may have written the opening mark
 * itself, at the end of the prompt. White space inside and behind the marks is theirs. Thoughts
 * that never end are thoughts. Models with channels (tool_format/gpt_oss.c) do it another way.
 */
#ifndef TIRO_CHAT_REASONING_H
#define TIRO_CHAT_REASONING_H

#include "base/buf.h"
#include "chat/mark.h"

struct reply;

/* The marks of one model. */
struct thinking {
    struct slice open, close; /* Marked texts; close.len 0: it does not think. */
    struct slice open_text;   /* As a prompt shows it. */
};

enum reasoning_state {
    REASONING_MAYBE, /* The opening mark may come. */
    REASONING_ON,
    REASONING_OVER, /* White space behind the closing mark. */
    REASONING_OFF,  /* The answer. */
};

struct reasoning {
    const struct thinking *marks;
    struct reply *reply;
    enum reasoning_state state;
    bool begun;       /* Something was thought. */
    struct buf held;  /* White space, then what may become a mark. */
    uint64_t held_at; /* Which bytes of the answer that is. */
};

/* Where the bytes of the answer proper go. */
typedef void (*reasoning_rest)(void *reply, char c, uint64_t at);

/* The marks that the template's text names, if any. -ERR_NO_MEMORY */
int thinking_find(struct thinking *ret, struct arena *a, struct slice source,
                  const struct tokenizer *t) MUST_USE;
/* Whether a prompt ends within the model's thoughts. */
bool thinking_is_open(const struct thinking *t, struct slice prompt);
/* Thoughts, as long as the model likes, before what it is held to: in `node`, behind which nothing
 * may come that the grammar does not know. */
int32_t thinking_grammar(struct grammar_builder *b, const struct thinking *t, bool open,
                         int32_t node);

/* `marks` NULL: it does not think. */
void reasoning_init(struct reasoning *s, const struct thinking *marks, bool open,
                    struct reply *reply);
void reasoning_read(struct reasoning *s, char c, uint64_t at, reasoning_rest rest);
void reasoning_end(struct reasoning *s, reasoning_rest rest);

#endif

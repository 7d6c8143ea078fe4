/* evaluation_ask - a question as a request of the API, and its answer as a result. */
#ifndef TIRO_API_EVALUATION_ASK_H
#define TIRO_API_EVALUATION_ASK_H

#include "base/buf.h"
#include "eval/result.h"

struct evaluation_asking {
    struct slice model;
    const struct eval_item *item;
    bool chat; /* EVAL_CODE: ask in words, as one asks a model that chats */
};

enum { EVALUATION_ANSWER_TOKENS = 512 };

/* The body; returns the path. */
struct slice evaluation_ask(struct buf *body, const struct evaluation_asking *asking);
/* From the body of a 200. Strings lie in the arena. */
int evaluation_hear(struct eval_result *ret, const struct evaluation_asking *asking,
                    struct slice body, struct arena *arena, struct err *err) MUST_USE;

#endif

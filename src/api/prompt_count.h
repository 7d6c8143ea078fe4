/* prompt_count - the answer to how many tokens a prompt would have; nothing is generated. */
#ifndef TIRO_API_PROMPT_COUNT_H
#define TIRO_API_PROMPT_COUNT_H

#include "api/backend.h"

struct prompt_count {
    const char *object;             /* of the answer; NULL: it has no such member */
    void (*place)(struct err *err); /* names the field of the request that is wrong; or NULL */
};

/* Of the prompt in `message`, whose kind and grammar this sets. The call is answered with
 * {"object": ..., "input_tokens": n}. */
int prompt_count_begin(struct call *call, const char *model, struct msg_request *message,
                       const struct prompt_count *as, struct err *err) MUST_USE;

#endif

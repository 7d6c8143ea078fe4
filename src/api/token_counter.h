/* token_counter - how many tokens each part of a long text has for a model, part by part: a window
 * of small requests, so that others' are not held up.
 *
 * Parts are those of chunker_segment. Their size may depend on what the model is, which is known
 * once it has answered a first question: `plan`.
 */
#ifndef TIRO_API_TOKEN_COUNTER_H
#define TIRO_API_TOKEN_COUNTER_H

#include "api/chunker.h"
#include "api/service.h"

struct token_counter;

struct token_counter_options {
    struct service *service;
    const struct principal *principal; /* Lives as long as the counter, */
    const char *model;                 /* as do these: */
    struct slice text;                 /* not empty */
    int32_t priority;
    /* The model is there and puts `n_special` tokens around each text; says how many bytes a part
     * may have, 4 or more, or fails, which is then told by done. */
    int (*plan)(void *user, uint32_t n_special, size_t *ret_bytes, struct err *err);
    /* Once, from the loop, unless it is closed before; n segments, in order, until it is closed. */
    void (*done)(void *user, const struct chunker_segment *segments, size_t n,
                 const struct err *err);
    void *user;
};

int token_counter_open(struct token_counter **ret, const struct token_counter_options *options,
                       struct err *err) MUST_USE;
void token_counter_close(struct token_counter *c); /* NULL is fine. */

#endif

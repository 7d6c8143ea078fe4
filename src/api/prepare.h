/* prepare - what a prompt needs that is not in the request: what came before it, the items that it
 * refers to, the texts of its files. When that is there the endpoint is run again:
 *
 *     if (!call->prepared && needs_something(req))
 *         return prepare_begin(call, &(struct prepare_options){ .endpoint = &endpoint_x }, err);
 *     ... call->prepared->files ...
 *
 * The second time call->body is the request with its references resolved, and all of it lives until
 * the handler returns.
 */
#ifndef TIRO_API_PREPARE_H
#define TIRO_API_PREPARE_H

#include "api/endpoint.h"

struct prepared {
    json_t *history; /* items before the request's own; never NULL */
    json_t *files;   /* texts (api/prompt_files.h); never NULL */
};

struct prepare_options {
    const struct endpoint *endpoint;
    const char *list;                          /* the body's member with the items: "input" */
    struct slice previous_id, conversation_id; /* ptr NULL: none */
    bool indirect;                             /* as in struct responses_ask */
};

/* Fails when nothing was begun. */
int prepare_begin(struct call *call, const struct prepare_options *options,
                  struct err *err) MUST_USE;

#endif

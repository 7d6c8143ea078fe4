/* chat_answer - the answer of POST /v1/chat/completions, whole or as chunks.
 *
 *     TRY(chat_request_fill(&message, &tools, req, model, call, err));
 *     return chat_answer_begin(&(struct chat_answer_options){ ... }, model, call, err);
 *
 * A choice is told apart by the worker into thoughts, content and calls of tools; here they find
 * their place in the JSON, in the newer shape or in that of functions.
 */
#ifndef TIRO_API_CHAT_ANSWER_H
#define TIRO_API_CHAT_ANSWER_H

#include "api/completion_keep.h"
#include "api/reply.h"
#include "api/tools.h"

struct chat_answer_options {
    const struct msg_request *request; /* needed until begin returns */
    struct tools tools;
    bool stream, wants_usage;
    bool flex;                    /* its tier, which the answer says */
    struct completion_keep *keep; /* NULL: not kept. Taken over where begin does not fail. */
};

/* Sends the request and lets its events answer the call. */
int chat_answer_begin(const struct chat_answer_options *o, const struct backend_model *model,
                      struct call *call, struct err *err) MUST_USE;

/* How the documents describe a whole answer, and a chunk. */
extern const struct field chat_answer_fields[], chat_chunk_fields[];

#endif

/* anthropic_answer - the answer of POST /v1/messages: a list of blocks, whole or as events.
 *
 *     message_start, (content_block_start, content_block_delta.., content_block_stop)..,
 *     message_delta, message_stop
 *
 * Thoughts, text and calls are blocks in the order in which they come. */
#ifndef TIRO_API_ANTHROPIC_ANSWER_H
#define TIRO_API_ANTHROPIC_ANSWER_H

#include "api/reply.h"

/* Sends the request, needed until this returns, and lets its events answer the call. */
int anthropic_answer_begin(const struct msg_request *request, bool stream,
                           const struct backend_model *model, struct call *call,
                           struct err *err) MUST_USE;

/* How the documents describe a whole answer, and an event. */
extern const struct field anthropic_answer_fields[], anthropic_event_fields[];

#endif

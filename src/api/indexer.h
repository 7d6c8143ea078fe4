/* indexer - the index of vector stores, as endpoints and runners reach it: in a process of its own
 * (gateway/index_process.h), which begins with the first message and may die at any time. What it
 * held is lost then, and `life` grows; whoever filled it fills it again (api/vector_index.h).
 *
 * One loop thread; no answer is given from inside send.
 */
#ifndef TIRO_API_INDEXER_H
#define TIRO_API_INDEXER_H

#include "base/err.h"
#include "proto/bodies.h"
#include "proto/message.h"

struct indexer;

/* A message that waits for its answer; in the sender's memory. */
struct indexer_call {
    /* Exactly one of the answers is not NULL; the call is the sender's again. */
    void (*done)(struct indexer_call *call, const struct msg_indexed *indexed,
                 const struct msg_found *found, const struct err *err);
    /* The indexer's own. */
    struct indexer_call *next, **at;
    uint64_t id;
};

struct indexer_ops {
    /* MSG_INDEX or MSG_SEARCH, copied; its id is set here. */
    int (*send)(struct indexer *indexer, struct indexer_call *call, enum message_kind kind,
                const void *message, struct err *err);
    void (*cancel)(struct indexer *indexer, struct indexer_call *call); /* No answer comes. */
};

struct indexer {
    const struct indexer_ops *ops;
    uint64_t life; /* What was sent in an earlier life is gone. */
};

#endif

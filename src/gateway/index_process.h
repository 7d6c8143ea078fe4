/* index_process - the worker that keeps the index of vector stores: started when it is needed, and
 * again when it has died.
 *
 * Two deaths that follow each other closely put the next start off, up to INDEX_BACKOFF_MAX_MS;
 * what is asked meanwhile fails at once, as what was asked of the dead one does.
 */
#ifndef TIRO_GATEWAY_INDEX_PROCESS_H
#define TIRO_GATEWAY_INDEX_PROCESS_H

#include "api/indexer.h"
#include "gateway/gateway.h"

#include <uv.h>

enum {
    INDEX_BACKOFF_MIN_MS = 100,
    INDEX_BACKOFF_MAX_MS = 5 * 1000,
    INDEX_HEALTHY_MS = 30 * 1000, /* Alive for so long: earlier deaths are forgotten. */
};
/* What it may take in memory, unless the gateway's options say so. */
#define INDEX_BYTES_DEFAULT (UINT64_C(1) << 30)

struct index_process;

int index_process_open(struct index_process **ret, uv_loop_t *loop,
                       const struct gateway_options *gateway, struct err *err) MUST_USE;
struct indexer *index_process_indexer(struct index_process *p);
/* Ends the worker and fails what waits for it; the loop frees it. NULL is fine. */
void index_process_close(struct index_process *p);

#endif

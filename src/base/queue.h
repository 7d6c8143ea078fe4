/* queue - a bounded queue of pointers between threads; full is an answer, never a wait.
 *
 * Any thread may push, one thread pops. Order is first in, first out.
 */
#ifndef TIRO_BASE_QUEUE_H
#define TIRO_BASE_QUEUE_H

#include "base/err.h"

#include <stdint.h>

struct queue;

int queue_open(struct queue **ret, size_t cap) MUST_USE; /* -ERR_NO_MEMORY */
void queue_close(struct queue *q);                       /* NULL is fine; items are the caller's. */
bool queue_try_push(struct queue *q, void *item);        /* false: full. item must not be NULL. */
void *queue_try_pop(struct queue *q);                    /* NULL: empty. */
/* Waits at most timeout_ms (-1: for ever) for an item. */
void *queue_pop(struct queue *q, int64_t timeout_ms);
size_t queue_len(struct queue *q);

#endif

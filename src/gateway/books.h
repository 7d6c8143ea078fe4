/* books - the ledger's row of every request that used a model (store/ledger.h), on disk before its
 * answer ends.
 *
 *     if (books_wants(&call)) entry = books_enter(books, &call, "/v1/embeddings", 200, settled, x);
 *     ... settled(x, err): err NULL: the row is on disk; else answer with it ...
 *     books_leave(entry);                  nobody waits any more; the row is written all the same
 *
 * The row is the call's: its id, principal and stats. A row that could not be written is owed: it
 * is tried again after the next one that could, with the status 503 where that was the answer. At
 * most BOOKS_OWED_MAX are; the rest is lost with an error in the log, as are all when the process
 * ends before the disk is well again. None of them has been told to a client.
 *
 * Owner: the loop.
 */
#ifndef TIRO_GATEWAY_BOOKS_H
#define TIRO_GATEWAY_BOOKS_H

#include "api/service.h"
#include "gateway/metrics.h"

enum { BOOKS_OWED_MAX = 1000 };

struct books;
struct books_entry;

/* The service's store may be gone later: then no row can be written. */
int books_open(struct books **ret, const struct service *service, struct metrics *metrics,
               struct err *err) MUST_USE;
/* After the store has ended. NULL is fine. */
void books_close(struct books *books);

/* Whether the call used a model, and has no row of its endpoint's own making. */
bool books_wants(const struct call *call);
/* `settled` is called once, later, from the loop; with it NULL nobody waits. Strings are copied.
 * NULL: no memory, or no store: a failure that is counted already. */
struct books_entry *books_enter(struct books *books, const struct call *call, const char *endpoint,
                                int status, void (*settled)(void *user, const struct err *err),
                                void *user);
/* `settled` is not called any more. NULL is fine. */
void books_leave(struct books_entry *entry);

#endif

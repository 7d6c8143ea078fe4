/* starter - the first run: from an empty machine to models that answer.
 *
 * When the library is empty, the small chat model and the embedding model are fetched before the
 * server starts; the better chat model follows behind. A note in the data directory remembers that
 * it is still wanted, so that an interrupted download goes on at the next start, and a model that
 * someone removed stays removed.
 */
#ifndef TIRO_CMD_STARTER_H
#define TIRO_CMD_STARTER_H

#include "base/err.h"
#include "store/paths.h"

#include <stdbool.h>

struct gateway;
struct starter;

/* Fetches the starter models into an empty library, with progress on stderr. Fails, saying what is
 * missing and how to bring a file by hand, when the chat model cannot be had. */
int starter_first_run(const struct store_paths *paths, struct err *err) MUST_USE;
/* Whether the better model is still wanted. */
bool starter_is_wanted(const struct store_paths *paths);
/* Fetches it on a thread of its own; when complete and verified it joins `g` as the default. */
int starter_follow(struct starter **ret, const struct store_paths *paths, struct gateway *g,
                   struct err *err) MUST_USE;
void starter_stop(struct starter *s); /* Interrupts it and waits; NULL is fine. */

#endif

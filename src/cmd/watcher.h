/* watcher - a running server keeps up with its models folder: what is pulled, copied in, replaced
 * or deleted while it serves joins or leaves it within seconds.
 *
 * A thread of its own looks at the folder's time every second and reads it again for some time
 * after it has changed, since a folder that is being copied fills without its parent noticing.
 */
#ifndef TIRO_CMD_WATCHER_H
#define TIRO_CMD_WATCHER_H

#include "base/err.h"
#include "store/library.h"

struct gateway;
struct watcher;

/* "text", "embed" or "adapter": what its worker is for, as far as that is known without reading. */
const char *watcher_kind_of(const struct library_model *m);

/* `known` is what `g` was started with; it is copied. `paths` stays until watcher_stop. */
int watcher_start(struct watcher **ret, const struct store_paths *paths,
                  const struct library *known, struct gateway *g, struct err *err) MUST_USE;
void watcher_stop(struct watcher *w); /* Waits for it; NULL is fine. */

#endif

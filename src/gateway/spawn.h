/* spawn - this program started again as a worker: without our key, our files, our terminal. */
#ifndef TIRO_GATEWAY_SPAWN_H
#define TIRO_GATEWAY_SPAWN_H

#include <uv.h>

/* `program`: NULL is this one. `fd` becomes the worker's descriptor 3, and stays ours as well.
 * Returns libuv's 0 or negative code. */
int spawn_worker(uv_loop_t *loop, uv_process_t *process, const char *program, const char *kind,
                 int fd, uv_exit_cb on_end);

#endif

/* control - one server per data directory, and how others find it.
 *
 * <data>/tiro.lock is locked (an open-file lock) by the server as long as it lives and says where
 * it is: {"pid":1,"url":"http://127.0.0.1:8080"}. The kernel lets go of the lock however the server
 * ends, so the lock, not the file, says whether one runs. <data>/tiro.sock speaks the same HTTP.
 */
#ifndef TIRO_GATEWAY_CONTROL_H
#define TIRO_GATEWAY_CONTROL_H

#include "base/err.h"

#include <limits.h>
#include <stdint.h>

enum { CONTROL_URL_MAX = 256, CONTROL_PATH_MAX = 64, CONTROL_FILE_MAX = 4096 };

struct control {
    int lock_fd, dir_fd;
    char socket_path[CONTROL_PATH_MAX]; /* Of any length of data directory: by way of dir_fd. */
};

/* Takes the lock. -ERR_BUSY, with the other's pid and address, when a server has it. */
int control_open(struct control *ret, const char *data_dir, struct err *err) MUST_USE;
/* Tells others where we are. */
int control_publish(struct control *c, const char *url, struct err *err) MUST_USE;
void control_close(struct control *c);

/* Of the server that has the lock; -ERR_NOT_FOUND when none has. */
int control_find(int64_t *ret_pid, char ret_url[CONTROL_URL_MAX], const char *data_dir,
                 struct err *err) MUST_USE;
/* A path to <data>/tiro.sock short enough for a socket address; *ret_dir_fd must stay open. */
int control_socket_path(int *ret_dir_fd, char ret_path[CONTROL_PATH_MAX], const char *data_dir,
                        struct err *err) MUST_USE;

#endif

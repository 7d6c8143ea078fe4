#include "gateway/control.h"

#include "base/json.h"
#include "base/seam.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

static int lock_path(char ret[PATH_MAX], const char *data_dir, struct err *err)
{
    int n = snprintf(ret, PATH_MAX, "%s/tiro.lock", data_dir);
    if (n < 0 || n >= PATH_MAX)
        return err_set(err, ERR_LIMIT, "the data directory's path is too long");
    return 0;
}

int control_socket_path(int *ret_dir_fd, char ret_path[CONTROL_PATH_MAX], const char *data_dir,
                        struct err *err)
{
    int fd = seams.open(data_dir, O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0) return err_errno(err, errno, "the data directory %s", data_dir);
    /* Socket addresses hold 107 bytes; a data directory's path may be longer. */
    int n = snprintf(ret_path, CONTROL_PATH_MAX, "/proc/self/fd/%d/tiro.sock", fd);
    assert(n > 0 && n < CONTROL_PATH_MAX);
    *ret_dir_fd = fd;
    return 0;
}

/* What the lock file says; parts that cannot be read stay 0 and "". */
static void read_lock_file(int64_t *ret_pid, char ret_url[CONTROL_URL_MAX], int fd)
{
    char text[CONTROL_FILE_MAX];
    json_t *root;
    ssize_t n = pread(fd, text, sizeof text, 0);
    *ret_pid = 0;
    ret_url[0] = '\0';
    if (n <= 0 || json_read(&root, (struct slice){ text, (size_t)n }, &json_limits_request,
                            "tiro.lock", NULL) < 0)
        return;
    const char *url = json_string_value(json_object_get(root, "url"));
    *ret_pid = json_integer_value(json_object_get(root, "pid"));
    if (url) (void)snprintf(ret_url, CONTROL_URL_MAX, "%s", url); /* Written by us: it fits. */
    json_decref(root);
}

/* A lock of the open file, asked for (F_OFD_SETLK) or asked about (F_OFD_GETLK): the latter takes
 * nothing, so that whoever looks for a server is never in the way of one that starts. */
static int lock(int fd, int command, struct flock *ret)
{
    *ret = (struct flock){ .l_type = F_WRLCK, .l_whence = SEEK_SET };
    return fcntl(fd, command, ret);
}

int control_open(struct control *ret, const char *data_dir, struct err *err)
{
    char path[PATH_MAX], url[CONTROL_URL_MAX];
    int64_t pid;
    struct control c = { .lock_fd = -1, .dir_fd = -1 };
    struct flock held;
    TRY(lock_path(path, data_dir, err));
    TRY(control_socket_path(&c.dir_fd, c.socket_path, data_dir, err));
    c.lock_fd = seams.open(path, O_RDWR | O_CREAT, 0600);
    int rc = 0;
    if (c.lock_fd < 0) {
        rc = err_errno(err, errno,
                       "cannot write in the data directory (%s); make it writable, or give another "
                       "with --data",
                       path);
    } else if (lock(c.lock_fd, F_OFD_SETLK, &held) < 0) {
        int why = errno;
        read_lock_file(&pid, url, c.lock_fd);
        rc = why == EAGAIN || why == EACCES
                 ? err_set(err, ERR_BUSY,
                           "a server (process %" PRId64 ") already runs here: %s; stop it, or give "
                           "another directory with --data",
                           pid, url)
                 : err_errno(err, why, "locking %s", path);
    }
    if (rc < 0) {
        c.socket_path[0] = '\0'; /* It is the other server's. */
        control_close(&c);
        return rc;
    }
    *ret = c;
    return 0;
}

int control_publish(struct control *c, const char *url, struct err *err)
{
    struct buf text;
    struct json_writer w;
    buf_init(&text, CONTROL_FILE_MAX);
    json_writer_init(&w, &text);
    json_object_begin(&w);
    json_key(&w, "pid");
    json_int(&w, getpid());
    json_key(&w, "url");
    json_str(&w, url);
    json_object_end(&w);
    buf_add_char(&text, '\n');
    int rc = buf_check(&text, "tiro.lock", err);
    if (rc == 0 && (ftruncate(c->lock_fd, 0) < 0 || lseek(c->lock_fd, 0, SEEK_SET) < 0))
        rc = err_errno(err, errno, "writing tiro.lock");
    if (rc == 0) rc = file_write_all(c->lock_fd, text.ptr, text.len, "tiro.lock", err);
    if (rc == -ERR_NO_SPACE)
        rc = err_context(err, "the disk of the data directory is full; delete something, or give "
                              "another directory with --data");
    buf_release(&text);
    return rc;
}

void control_close(struct control *c)
{
    if (c->socket_path[0]) (void)seams.unlink(c->socket_path); /* The lock is what counts. */
    if (c->lock_fd >= 0) (void)seams.close(c->lock_fd);
    if (c->dir_fd >= 0) (void)seams.close(c->dir_fd);
    *c = (struct control){ .lock_fd = -1, .dir_fd = -1 };
}

int control_find(int64_t *ret_pid, char ret_url[CONTROL_URL_MAX], const char *data_dir,
                 struct err *err)
{
    char path[PATH_MAX];
    TRY(lock_path(path, data_dir, err));
    int fd = seams.open(path, O_RDONLY, 0);
    if (fd < 0 && errno != ENOENT) return err_errno(err, errno, "opening %s", path);
    struct flock lock_held;
    bool held = fd >= 0 && lock(fd, F_OFD_GETLK, &lock_held) == 0 && lock_held.l_type != F_UNLCK;
    if (held) read_lock_file(ret_pid, ret_url, fd);
    if (fd >= 0) (void)seams.close(fd); /* Only read from. */
    if (!held)
        return err_set(err, ERR_NOT_FOUND,
                       "no server runs with the data directory %s; start one "
                       "with: tiro serve",
                       data_dir);
    return 0;
}

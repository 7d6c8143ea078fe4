/* An answer whose bytes come from a file: one piece is read beside the loop, sent, and the next one
 * follows when the client has taken it. */
#include "base/log.h"
#include "base/seam.h"
#include "gateway/http_internal.h"

#include <unistd.h>

enum { PIECE = 256 << 10 };

struct http_file {
    uv_fs_t read;
    struct http_exchange *x; /* NULL: it has ended, and the reading is the last to know. */
    int fd;
    uint64_t at, bytes;
    bool reading;
    char piece[PIECE];
};

static void read_next(struct http_file *f);

static void release(struct http_file *f)
{
    (void)seams.close(f->fd); /* Read only. */
    mem_free(f);
}

static void on_read(uv_fs_t *read)
{
    struct http_file *f = read->data;
    ssize_t n = read->result;
    uv_fs_req_cleanup(read);
    f->reading = false;
    if (!f->x) {
        release(f);
        return;
    }
    struct http_exchange *x = f->x;
    if (n <= 0) { /* The length is out: only the end of the connection can say that this failed. */
        log_error("a file could not be read",
                  LOG_STR("why", n < 0 ? uv_strerror((int)n) : "it is shorter than it was"));
        http_conn_close(x->conn);
        return;
    }
    f->at += (uint64_t)n;
    struct slice part = { f->piece, (size_t)n };
    http_conn_send(x->conn, &part, 1);
    if (x->conn->closing) return;
    if (f->at == f->bytes)
        http_exchange_end(x);
    else if (!x->conn->pending)
        read_next(f);
}

static void read_next(struct http_file *f)
{
    uint64_t left = f->bytes - f->at;
    uv_buf_t to = uv_buf_init(f->piece, (unsigned)(left < PIECE ? left : PIECE));
    f->read.data = f;
    f->reading = true;
    /* Always 0 with a callback. */
    (void)uv_fs_read(f->x->conn->server->o.loop, &f->read, f->fd, &to, 1, (int64_t)f->at, on_read);
}

struct http_file *http_file_open(struct http_exchange *x, int fd, uint64_t bytes)
{
    struct http_file *f = mem_alloc(sizeof *f);
    if (!f) {
        (void)seams.close(fd); /* Read only. */
        return NULL;
    }
    f->x = x;
    f->fd = fd;
    f->at = 0;
    f->bytes = bytes;
    f->reading = false;
    if (!x->conn->closing) read_next(f);
    return f;
}

void http_file_drained(struct http_file *f)
{
    if (!f->reading && f->at < f->bytes) read_next(f);
}

void http_file_close(struct http_file *f)
{
    if (!f) return;
    f->x = NULL;
    if (!f->reading) release(f);
}

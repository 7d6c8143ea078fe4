/* fake_packer - a worker of the kind that packs, without a model: six bytes are the packed weights.
 *
 * Words in the model's path say how it ends when the file is there: pack-error, pack-crash; else it
 * reports the file. It notes "pack" in <model path>.log.
 */
#ifndef TIRO_TESTS_FAKE_PACKER_H
#define TIRO_TESTS_FAKE_PACKER_H

#include "unit/gateway/fake_worker.h"

static void fake_pack(struct fake_worker *w, const struct msg_load *load)
{
    char part[512];
    (void)snprintf(w->path, sizeof w->path, "%.*s", SLICE_FMT(load->path));
    (void)snprintf(part, sizeof part, "%.*s", SLICE_FMT(load->packed));
    struct slice path = slice_of(w->path);
    int fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, "packed", 6) != 6) abort();
    fake_log(w, "pack", 0);
    if (fake_has(path, "pack-crash")) abort();
    if (fake_has(path, "pack-error")) {
        FAKE_SAY(w, MSG_ERROR, &(struct msg_error){ .code = ERR_NO_SPACE, .text = SLICE("full") });
        return;
    }
    struct err err = { 0 };
    struct msg_artefact m = { .name = slice_of(part), .bytes = 6 };
    if (conn_queue_fd(&w->conn, MSG_ARTEFACT, &m, fd, &err) < 0) abort();
}

/* One job, then the end; the exit status. */
static int fake_packer_main(int fd)
{
    static struct fake_worker w;
    struct err err = { 0 };
    struct arena arena;
    struct message_any any;
    int shared;
    arena_init(&arena, 1 << 20);
    if (conn_init(&w.conn, fd, NULL, &err) < 0) return 1;
    FAKE_SAY(&w, MSG_HELLO,
             &(struct msg_hello){ .protocol = MSG_PROTOCOL_VERSION,
                                  .kind = WORKER_PACK,
                                  .pid = (uint32_t)getpid() });
    for (bool done = false; !done;) {
        if (conn_flush(&w.conn, &err) < 0) return 1;
        struct pollfd p = { .fd = fd, .events = POLLIN };
        (void)poll(&p, 1, -1);
        if (conn_read(&w.conn, &err) < 0) return 1;
        if (conn_next(&w.conn, &any, &arena, &shared, &err) < 0) continue;
        if (any.kind != MSG_LOAD) abort();
        fake_pack(&w, any.body);
        done = true;
    }
    int rc = conn_flush(&w.conn, &err) < 0;
    conn_release(&w.conn);
    arena_release(&arena);
    return rc;
}

#endif
